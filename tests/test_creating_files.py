"""The files beside the manifests that are read for what they create, and the comments in manifests that tell of it."""

from pathlib import Path

import pytest

from tests.creating import COMMAND, DEPLOYMENT, project, said

_PULL = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\ndata:\n  .dockerconfigjson: {{ config | b64encode }}\n"
_BY_VARIABLE = 'resource "kubernetes_secret" "a" {\n  metadata {\n    name = var.pull\n  }\n}\n'
_DEFAULT = 'variable "pull" {\n  default = "%s"\n}\n'


@pytest.mark.parametrize("end", [".j2", ".tpl", ".tmpl", ".template", ".erb", ".in", ".example", ".sample", ".dist"])
def test_a_secret_in_a_file_of_which_manifests_are_made_is_listed_under_coverage(tmp_path: Path, end: str) -> None:
    found, shown = said(str(project(tmp_path, {f"templates/pull.yaml{end}": _PULL % "ghcr-secret"})))
    assert not found
    assert f"pull.yaml{end}, which was not read, may make it" in " ".join(shown.split())
    assert said(str(tmp_path), "--jobs", "2") == (found, shown)


@pytest.mark.parametrize("end", [".j2", ".example"])
def test_another_object_of_such_a_file_changes_nothing(tmp_path: Path, end: str) -> None:
    other = _PULL % "another-secret" + "---\n" + DEPLOYMENT
    assert said(str(project(tmp_path, {f"templates/pull.yaml{end}": other})))[0]


_REMARKED = (
    "# kubectl create secret docker-registry %s \\\n#   --docker-server=ghcr.io\n" + DEPLOYMENT,
    DEPLOYMENT.replace("}]\n      cont", "}]  # oc create secret docker-registry %s\n      cont"),
    DEPLOYMENT + "# ${KUBECTL} create secret generic %s --type=kubernetes.io/dockerconfigjson\n",
)


@pytest.mark.parametrize("text", _REMARKED)
def test_a_comment_in_a_manifest_may_tell_how_a_secret_is_created(tmp_path: Path, text: str) -> None:
    assert said(str(project(tmp_path, {"k8s/web.yaml": text % "another-secret"})))[0]
    found, shown = said(str(project(tmp_path, {"k8s/web.yaml": text % "ghcr-secret"})))
    assert not found
    assert "k8s/web.yaml says how it is created" in " ".join(shown.split())
    assert said(str(tmp_path), "--jobs", "2") == (found, shown)


def test_a_file_of_comments_alone_may_tell_it_too(tmp_path: Path) -> None:
    remark = "# Made by hand:\n#   kubectl create secret docker-registry %s \\\n#     --docker-server=ghcr.io\n"
    assert said(str(project(tmp_path, {"k8s/pull.yaml": remark % "another-secret"})))[0]
    found, shown = said(str(project(tmp_path, {"k8s/pull.yaml": remark % "ghcr-secret"})))
    assert not found
    assert "k8s/pull.yaml says how it is created" in " ".join(shown.split())


@pytest.mark.parametrize(
    "remark",
    [
        "# kubectl delete secret ghcr-secret",
        "# kind: Secret\n# metadata: {name: ghcr-secret}",
        "# create ghcr-secret",
        "# oc secrets link default ghcr-secret",
    ],
)
def test_other_comments_in_a_manifest_change_nothing(tmp_path: Path, remark: str) -> None:
    assert said(str(project(tmp_path, {"k8s/web.yaml": f"{remark}\n{DEPLOYMENT}"})))[0]


def test_a_variable_of_terraform_may_have_its_value_in_another_file_of_the_folder(tmp_path: Path) -> None:
    files = {"infra/main.tf": _BY_VARIABLE, "infra/variables.tf": _DEFAULT % "another", "variables.tf": _DEFAULT}
    assert said(str(project(tmp_path, {**files, "variables.tf": _DEFAULT % "ghcr-secret"})))[0]
    found, shown = said(str(project(tmp_path, {"infra/variables.tf": _DEFAULT % "ghcr-secret"})))
    assert not found
    assert "infra/variables.tf creates" in " ".join(shown.split())


def test_neither_excluded_nor_ignored_scripts_are_read_nor_links(tmp_path: Path) -> None:
    outside = tmp_path / "outside.sh"
    outside.write_text(COMMAND % "ghcr-secret")
    tree = project(tmp_path / "tree", {})
    (tree / "linked.sh").symlink_to(outside)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/create.sh").write_text(COMMAND % "ghcr-secret")
    (tree / ".github").mkdir()
    (tree / ".github/workflows").symlink_to(tmp_path / "folder")
    (tree / ".gitlab").symlink_to(tmp_path / "folder")
    assert said(str(tree))[0]
    (tree / "create.sh").write_text(COMMAND % "ghcr-secret")
    assert not said(str(tree))[0]
    settings = tmp_path / ".regcred.yaml"
    settings.write_text("exclude: ['*.sh']\n")
    assert said(str(tree), "--config", str(settings))[0]
    (tree / ".git").mkdir()
    (tree / ".gitignore").write_text("create.sh\n")
    assert said(str(tree))[0]


@pytest.mark.parametrize(("end", "other"), [(".rst", ".sh"), (".tf", ".sh"), (".go", ".sh.j2"), (".py", ".adoc")])
def test_a_folder_full_of_files_of_one_kind_leaves_room_for_others(tmp_path: Path, end: str, other: str) -> None:
    tree = project(tmp_path, {f"a/{number:04}{end}": "nothing" for number in range(1001)})
    assert said(str(tree))[0]
    assert not said(str(project(tmp_path, {f"a/b/create{other}": COMMAND % "ghcr-secret"})))[0]


def test_files_that_are_named_alone_bring_no_scripts(tmp_path: Path) -> None:
    tree = project(tmp_path, {"k8s/create.sh": COMMAND % "ghcr-secret"})
    assert said(str(tree / "k8s/web.yaml"), str(tree / "k8s/secret.yaml"))[0]
