"""Manifests for clusters: whole objects, generated links kept, credentials where they must be and nowhere else."""

import base64
import json
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linter.fix.manifests import FixDir, build
from linter.fix.naming import file_name
from linter.fix.write import write_new
from linter.model import (
    Affected,
    Applicability,
    Edit,
    Finding,
    Fix,
    Impact,
    Location,
    ObjectRef,
    Op,
    Route,
    Sensitive,
    Severity,
)

CANARY = base64.b64encode(b"user:Zk7-canary").decode()
PAYLOAD = json.dumps({"auths": {"quay.io": {"auth": CANARY}}})
CODE = base64.b64encode(PAYLOAD.encode()).decode()
TYPE = "kubernetes.io/dockerconfigjson"


def thing(kind: str, name: str, namespace: str = "team", number: int = 0, path: str = "d.yaml", **body: Any) -> Any:
    metadata = {
        "name": name,
        "namespace": namespace,
        "uid": "u",
        "resourceVersion": "1",
        "creationTimestamp": "2024-01-01T00:00:00Z",
        "generation": 2,
        "selfLink": "/x",
        "managedFields": [{}],
        "labels": {"on": "yes"},
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": f'{{"data":"{CODE}"}}'},
        **body.pop("metadata", {}),
    }
    whole = {"apiVersion": "v1", "kind": kind, "metadata": metadata, **body, "status": {"x": 1}}
    route: Route = ("items", number)
    return SimpleNamespace(
        path=path,
        document=0,
        route=route,
        api_version="v1",
        kind=kind,
        namespace=namespace,
        name=name,
        body=whole,
        identified=True,
    )


def finding(item: Any, *edits: tuple[Op, Route, Any], how: str = "safe", cluster: str = "", **more: Any) -> Finding:
    made = tuple(Edit(op, item.path, item.document, (*item.route, *route), value) for op, route, value in edits)
    ref = ObjectRef("v1", item.kind, item.namespace, item.name)
    fix = Fix(Applicability(how), "the repair", made)
    return Finding("RC301", "n", Severity.ERROR, f"what is wrong with {item.name}", ref, Location(item.path), fix=fix,
                   cluster=cluster, **more)  # fmt: skip


def link(item: Any, name: str = "new", **more: Any) -> Finding:
    return finding(item, (Op.APPEND, ("imagePullSecrets",), {"name": name}), **more)


def account(number: int = 0, **more: Any) -> Any:
    lists = {
        "imagePullSecrets": [{"name": "default-dockercfg-abcde"}],
        "secrets": [{"name": "default-dockercfg-abcde"}],
    }
    return thing("ServiceAccount", "default", number=number, **(lists | more))


def secret(number: int = 1, name: str = "pull", **body: Any) -> Any:
    return thing("Secret", name, number=number, **({"type": TYPE, "data": {".dockerconfigjson": CODE}} | body))


def only(made: FixDir, ending: str) -> tuple[str, Any]:
    """Return the one file whose path ends so, and what it means."""
    (path,) = [path for path in made.files if path.endswith(ending)]
    return path, yaml.safe_load(made.files[path].text)


def test_a_service_account_is_whole_and_clean() -> None:
    made = build([account()], [link(account())], unsafe=False)
    assert list(made.files) == ["README.md", "team/01-serviceaccount-default.yaml", "team/kustomization.yaml"]
    assert made.files["team/01-serviceaccount-default.yaml"].text == (
        "# RC301 n: what is wrong with default\n"
        "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: default\n  namespace: team\n"
        '  labels:\n    "on": "yes"\n'
        "imagePullSecrets:\n- name: default-dockercfg-abcde\n- name: new\n"
        "secrets:\n- name: default-dockercfg-abcde\n"
    )
    assert only(made, "kustomization.yaml")[1]["resources"] == ["01-serviceaccount-default.yaml"]
    assert "oc secrets link --for=pull -n team default new" in made.files["README.md"].text
    apply = "kubectl apply --server-side --force-conflicts --field-manager=regcred -k team"
    assert apply in made.files["README.md"].text


def test_the_objects_given_are_not_changed() -> None:
    item = account()
    before = json.dumps(item.body)
    build([item], [link(item)], unsafe=False)
    assert json.dumps(item.body) == before


def test_a_generated_link_is_never_dropped() -> None:
    item = account()
    made = build([item], [finding(item, (Op.REMOVE, ("imagePullSecrets", 0), None))], unsafe=False)
    assert not made.files
    assert "generated" in made.refused[0][1]


def test_secrets_come_first_and_are_private() -> None:
    items = [account(), secret()]
    change = finding(items[1], (Op.PAYLOAD, ("data", ".dockerconfigjson"), Sensitive(PAYLOAD.replace("quay", "kuai"))))
    made = build(items, [link(items[0]), change], unsafe=False)
    path, body = only(made, "secret-pull.yaml")
    assert path == "team/01-secret-pull.yaml"
    assert made.files[path].mode == 0o600
    assert made.files[path].carries_credential
    assert "kuai.io" in base64.b64decode(body["data"][".dockerconfigjson"]).decode()
    others = "".join(file.text for name, file in made.files.items() if name != path)
    assert CANARY not in others
    assert CODE not in others


@pytest.mark.parametrize("immutable", [True, False])
def test_what_cannot_change_in_place_is_deleted_and_created(*, immutable: bool) -> None:
    item = secret(immutable=True) if immutable else secret(type="Opaque")
    edit: tuple[Op, Route, Any] = (Op.SET, ("data", "x"), "eA==") if immutable else (Op.SET, ("type",), TYPE)
    made = build([item], [finding(item, edit)], unsafe=False)
    path, body = only(made, "pull.yaml")
    assert path == "team/delete-and-create/01-secret-pull.yaml"
    assert body["type"] == TYPE
    assert not [name for name in made.files if name.endswith("kustomization.yaml")]
    readme = made.files["README.md"].text
    assert readme.index("kubectl delete secret/pull -n team") < readme.index(f"kubectl create -f {path} -n team")


def test_without_credentials_no_file_carries_one() -> None:
    items = [account(), secret(), secret(2, "typeless", type="Opaque")]
    findings = [
        link(items[0]),
        finding(items[1], (Op.PAYLOAD, ("data", ".dockerconfigjson"), Sensitive(PAYLOAD))),
        finding(items[2], (Op.SET, ("type",), TYPE)),
    ]
    made = build(items, findings, unsafe=False, credentials=False)
    everything = "".join(file.text for file in made.files.values())
    assert CANARY not in everything
    assert CODE not in everything
    assert not any(file.carries_credential for file in made.files.values())
    assert "| kubectl replace -f - -n team && rm " in everything
    assert '.type = "kubernetes.io/dockerconfigjson"' in everything
    assert only(made, "default.yaml")[0] == "team/01-serviceaccount-default.yaml"


def test_generated_objects_point_to_their_source() -> None:
    owned = secret(metadata={"ownerReferences": [{"kind": "SealedSecret", "name": "pull"}]})
    kept = secret(2, "x-dockercfg-abcde", metadata={"annotations": {"openshift.io/token-secret.name": "t"}})
    synced = secret(3, "y", metadata={"labels": {"reconcile.external-secrets.io/managed": "true"}})
    findings = [finding(item, (Op.SET, ("data", "x"), "eA==")) for item in (owned, kept, synced)]
    made = build([owned, kept, synced], findings, unsafe=False)
    assert list(made.files) == ["README.md"]
    assert "change SealedSecret pull instead" in made.files["README.md"].text
    assert "change its ExternalSecret" in made.files["README.md"].text
    assert len(made.refused) == 3


@pytest.mark.parametrize(("kind", "version"), [("Build", "build.openshift.io/v1"), ("TaskRun", "tekton.dev/v1")])
def test_what_never_changes_once_it_is_made_gets_no_manifest(kind: str, version: str) -> None:
    proofs: list[object] = []
    item = thing(kind, "app-1", spec={"strategy": {}})
    item.api_version = version
    change = finding(item, (Op.SET, ("spec", "strategy", "x"), 1))
    made = build([item], [change], unsafe=False, prove=lambda fixes: str(proofs.append(fixes)))
    assert list(made.files) == ["README.md"]
    assert "never changes once it" in made.files["README.md"].text
    assert not proofs
    item.identified = False  # a file that makes one can still be changed
    assert not build([item], [change], unsafe=False).refused


def test_clusters_get_a_folder_each() -> None:
    one, two = account(path="a.yaml"), account(path="b.yaml")
    made = build([one, two], [link(one, cluster="east"), link(two, cluster="../West")], unsafe=False)
    folders = {path.partition("/")[0] for path in made.files} - {"README.md"}
    assert folders == {"east", file_name("../West")}


def test_fixes_not_offered_and_fixes_that_collide() -> None:
    item = account()
    findings = [
        link(item, how="unsafe"),
        link(item, how="display"),
        finding(item, (Op.SET, ("x",), 1)),
        finding(item, (Op.SET, ("x",), 2)),
    ]
    made = build([item], findings, unsafe=False)
    assert only(made, "default.yaml")[1]["x"] == 1
    assert len(made.refused) == 3
    assert "unsafe-fixes" in made.files["README.md"].text


def test_restarts_and_commands_of_findings() -> None:
    item = account()
    web = Affected(ObjectRef("apps/v1", "Deployment", "team", "web"))
    made = build([item], [link(item, impact=Impact((web, web)), commands=("oc whoami",))], unsafe=False)
    readme = made.files["README.md"].text
    assert readme.count("kubectl rollout restart deployment/web -n team") == 1
    assert "oc whoami" not in readme  # the folder holds the repair: to do it once more may undo it


HOSTILE = [
    "../../x",
    "a" * 300,
    "é✓",
    "con",
    "NUL.yaml",
    "-rf",
    "x;rm -rf /",
    "$(id)",
    "a\nb",
    "`x`",
    ".",
    "",
    "A",
    "a",
    "\x1b[2J",
    "CON",
    "nul",
    "aux.yaml",
    "com1.",
    "LPT9 .txt",
    "x.",
    "x..",
    "x ",
    " x",
    "X",
    "x",
    "é" * 200,
    "路" * 100,
    "a" * 79 + ".b",
    "readme.md",
    "README.md",
    "kustomization.yaml",
    "b\\c",
    "C:",
]
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{at}" for port in ("com", "lpt") for at in range(10))}


def portable(path: str) -> None:
    """Fail for what some file system takes for another name, a device, or does not take."""
    for part in path.split("/"):
        assert re.fullmatch(r"[a-zA-Z0-9.-]{1,120}", part)
        assert part.strip(".-") == part
        assert part.partition(".")[0].lower() not in DEVICES


def apart(paths: Iterable[str]) -> None:
    """Fail where a file or folder would be taken for another one where case says nothing."""
    parts = [path.split("/") for path in paths]
    every = {"/".join(steps[:end]) for steps in parts for end in range(1, len(steps) + 1)}
    assert len({one.lower() for one in every}) == len(every)


def test_hostile_names(tmp_path: Path) -> None:
    names = [name for name in HOSTILE if name]
    items = [account(number=at, metadata={"name": name, "namespace": name}) for at, name in enumerate(names)]
    for item, name in zip(items, names, strict=True):
        item.name = item.namespace = name
    made = build(items, [link(item, item.name) for item in items], unsafe=False)
    paths = [path for path in made.files if "serviceaccount" in path]
    assert len({path.lower() for path in paths}) == len(names)
    for path in made.files:
        portable(path)
    apart(made.files)
    readme = made.files["README.md"].text
    assert "-n '$(id)' '$(id)' '$(id)'" in readme
    assert "-n -rf -- -rf -rf" in readme
    assert all(char.isprintable() or char == "\n" for char in readme)
    write_new(str(tmp_path / "out"), {path: (file.text.encode(), file.mode) for path, file in made.files.items()})
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out").rglob("*") if path.is_dir()}
    assert modes == {0o700}


def test_hostile_names_of_clusters() -> None:
    """Each has its folder, whatever a dump is called, and its README is its own."""
    items = [account(number=at, path=f"{at}.yaml") for at in range(len(HOSTILE))]
    found = [link(item, cluster=name) for item, name in zip(items, HOSTILE, strict=True)]
    made = build(items, found, unsafe=False)
    for path in made.files:
        portable(path)
    apart(made.files)
    assert len([path for path in made.files if path.endswith("/README.md")]) == len(HOSTILE)
    assert len([path for path in made.files if "serviceaccount" in path]) == len(HOSTILE)


@settings(max_examples=300)
@given(st.text(max_size=400))
@example("aux.")
@example("CON .yaml")
def test_any_name_is_made_one_that_every_file_system_takes(name: str) -> None:
    made = file_name(name)
    portable(made)
    assert made == made.lower()
    assert len(made.encode()) <= 100
    assert file_name(made) == made  # and the same is made of it again


def test_names_stay_where_they_can() -> None:
    assert file_name("my-secret.v1") == "my-secret.v1"
    assert len({file_name(name) for name in HOSTILE}) == len(HOSTILE)


def test_the_result_does_not_depend_on_order() -> None:
    items = [account(), secret(), thing("Deployment", "web", number=2, spec={"template": {"spec": {}}})]
    findings = [
        link(items[0]),
        finding(items[1], (Op.SET, ("data", "x"), "eA==")),
        finding(items[2], (Op.APPEND, ("spec", "template", "spec", "imagePullSecrets"), {"name": "pull"})),
    ]
    assert build(items, findings, unsafe=False).files == build(items[::-1], findings[::-1], unsafe=False).files
