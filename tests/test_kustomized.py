"""What kustomizations change in the objects that they build: what a patch takes away is not judged, all else is."""

import json
from pathlib import Path

import pytest

from tests.commons import calls, quiet

CONFIG = '{"auths":{"quay.io/team":{"auth":"dXNlcjpwYXNz"}}}'
SECRET = f"""\
apiVersion: v1
kind: Secret
metadata: {{name: regcred}}
type: kubernetes.io/dockerconfigjson
stringData: {{.dockerconfigjson: '{CONFIG}'}}
"""
UNTYPED = SECRET.replace("type: kubernetes.io/dockerconfigjson\n", "")
BARE = SECRET.partition("stringData")[0]
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      serviceAccountName: app
      imagePullSecrets: [{name: gone}]
      containers: [{name: web, image: 'quay.io/team/web:1'}]
"""
ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: app}\n"
LIST = "/spec/template/spec/imagePullSecrets"
OWN = "path: /imagePullSecrets"


def _merged(pod_spec: str, kind: str = "Deployment", name: str = "web") -> str:
    head = f"apiVersion: apps/v1, kind: {kind}, metadata: {{name: {name}}}"
    return f"{{{head}, spec: {{template: {{spec: {pod_spec}}}}}}}"


def _patched(patch: str, *, target: str = "", resources: str = "secret.yaml, web.yaml, account.yaml") -> str:
    """A kustomization with one patch, inline."""
    head = f"resources: [{resources}]\npatches:\n- patch: |-\n    "
    return head + patch.replace("\n", "\n    ") + (f"\n  target: {target}\n" if target else "\n")


def _judged(tmp_path: Path, kustomization: str, **files: str) -> tuple[set[str], list[str]]:
    """The codes found in a folder, and the sentences of its coverage; what stands in clear is left out."""
    found = {"secret": SECRET, "web": DEPLOYMENT, "account": ACCOUNT, "kustomization": kustomization, **files}
    for name, text in found.items():
        file = tmp_path / f"{name.replace('__', '/')}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    words = ("check", str(tmp_path), "--ignore", "RC701", "--ignore", "RC301", "--format", "json")
    result = json.loads(quiet(*words)[1])
    assert not result["coverage"]["problems"]
    return {one["code"] for one in result["findings"]}, [one["message"] for one in result["coverage"]["not_evaluated"]]


@pytest.mark.parametrize(
    "kustomization",
    [
        _patched(f"- op: remove\n  path: {LIST}", target="{kind: Deployment}"),
        _patched(f"- op: replace\n  path: {LIST}/0/name\n  value: regcred", target="{kind: Deployment, name: web}"),
        _patched(f"- {{op: add, path: {LIST}, value: [{{name: regcred}}]}}", target="{kind: Deployment|StatefulSet}"),
        _patched("- {op: replace, path: /spec/template, value: {spec: {}}}", target="{name: .*}"),
        _patched(f"- {{op: move, from: {LIST}, path: /metadata/annotations/x}}", target="{group: apps}"),
        _patched(_merged("{imagePullSecrets: null}")),
        _patched(_merged("{imagePullSecrets: [{name: gone, $patch: delete}]}")),
        _patched(_merged("{imagePullSecrets: [{name: regcred}, {$patch: replace}]}", name="any"), target="{name: web}"),
        f"resources: [web.yaml]\npatchesStrategicMerge:\n- '{_merged('{imagePullSecrets: null}')}\n\n  '\n",
        "resources: [web.yaml]\npatchesJson6902:\n- {target: {kind: Deployment, name: web}, path: operations.yaml}\n",
        "resources: [web.yaml]\npatches: [{path: merged.yaml}]\n",
        "resources: [web.yaml]\ncomponents: [part]\n",
        "resources: [web.yaml]\nreplacements:\n- source: {kind: Secret, fieldPath: metadata.name}\n  targets:\n"
        "  - {select: {kind: Deployment}, fieldPaths: ['spec.template.spec.imagePullSecrets.[name=gone].name']}\n",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps}\n"
        "spec:\n  path: ./apps\n  patches:\n  - target: {kind: Deployment}\n"
        f"    patch: |\n      - {{op: remove, path: {LIST}}}\n",
    ],
)
def test_a_name_that_a_patch_takes_away_is_not_called_missing(kustomization: str, tmp_path: Path) -> None:
    codes, coverage = _judged(
        tmp_path,
        kustomization,
        operations=f"- op: remove\n  path: {LIST}\n",
        merged=_merged("{imagePullSecrets: null}"),
        part__kustomization="apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
        + _patched(f"- {{op: remove, path: {LIST}}}", target="{kind: Deployment}", resources=""),
    )
    assert "RC303" not in codes
    assert any("whether Secret gone exists could not be judged: a patch of" in one for one in coverage)


@pytest.mark.parametrize(
    "kustomization",
    [
        "resources: [web.yaml]\n",
        _patched(f"- {{op: add, path: {LIST}/-, value: {{name: regcred}}}}", target="{kind: Deployment}"),
        _patched(f"- {{op: add, path: {LIST}/0, value: {{name: regcred}}}}", target="{kind: Deployment}"),
        _patched(f"- {{op: test, path: {LIST}, value: []}}", target="{kind: Deployment}"),
        _patched(f"- {{op: remove, path: {LIST}/1}}", target="{kind: Deployment}"),
        _patched(f"- {{op: remove, path: {LIST}}}", target="{kind: StatefulSet}"),
        _patched(f"- {{op: remove, path: {LIST}}}", target="{kind: Deployment, name: api}"),
        _patched("- {op: remove, path: /spec/template/spec/serviceAccountName}", target="{kind: Deployment}"),
        _patched(_merged("{imagePullSecrets: [{name: regcred}]}")),
        _patched(_merged("{imagePullSecrets: null}", name="api")),
        _patched(_merged("{imagePullSecrets: null}"), resources="secret.yaml"),
        "resources: [web.yaml]\npatches: [{path: absent.yaml, target: {kind: Deployment}}]\n",
    ],
)
def test_a_name_that_every_patch_leaves_is_missing(kustomization: str, tmp_path: Path) -> None:
    assert "RC303" in _judged(tmp_path, kustomization)[0]


def test_the_list_of_an_account_is_replaced_by_a_patch_that_is_merged(tmp_path: Path) -> None:
    account = f"{ACCOUNT}imagePullSecrets: [{{name: absent}}]\n"
    patch = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: app}, imagePullSecrets: [{name: regcred}]}"
    web = DEPLOYMENT.replace("gone", "regcred")
    assert "RC303" in _judged(tmp_path, "resources: [account.yaml]\n", account=account, web=web)[0]
    codes, coverage = _judged(tmp_path, _patched(patch), account=account, web=web)
    assert not codes
    assert "a patch of" in " ".join(coverage)


@pytest.mark.parametrize("secret", [UNTYPED, BARE, SECRET.replace(CONFIG, "{]")])
@pytest.mark.parametrize(
    "patch",
    [
        "{kind: Secret, metadata: {name: regcred}, type: kubernetes.io/dockerconfigjson, stringData: {x: y}}",
        "- {op: replace, path: /data, value: {}}\n- {op: add, path: /type, value: kubernetes.io/dockerconfigjson}",
    ],
)
def test_a_secret_that_a_patch_completes_is_not_judged_by_its_file(secret: str, patch: str, tmp_path: Path) -> None:
    web = DEPLOYMENT.replace("gone", "regcred")
    before, _ = _judged(tmp_path, "resources: [secret.yaml]\n", secret=secret, web=web)
    assert before & {"RC102", "RC111", "RC112"}
    codes, coverage = _judged(tmp_path, _patched(patch, target="{kind: Secret}"), secret=secret, web=web)
    assert not codes
    assert any("kustomization.yaml changes it: what is built tells" in one for one in coverage)
    metadata = "{kind: Secret, metadata: {name: regcred, labels: {a: b}}}"
    assert _judged(tmp_path, _patched(metadata), secret=secret, web=web)[0] == before


@pytest.mark.parametrize(
    "patch",
    ["{kind: Secret, metadata: {name: regcred}, stringData: {x: y}}", "- {op: add, path: /stringData/x, value: y}"],
)
def test_a_patch_of_another_key_leaves_the_payload_to_be_judged(patch: str, tmp_path: Path) -> None:
    files = {"secret": SECRET.replace(CONFIG, "{]"), "web": DEPLOYMENT.replace("gone", "regcred")}
    assert "RC102" in _judged(tmp_path, _patched(patch, target="{kind: Secret}"), **files)[0]
    patch = patch.replace("x: y", ".dockerconfigjson: y").replace("/x", "/.dockerconfigjson")
    assert "RC102" not in _judged(tmp_path, _patched(patch, target="{kind: Secret}"), **files)[0]


@pytest.mark.parametrize("field", ["patches: [{path: %s}]", "patchesStrategicMerge: [%s]"])
def test_a_file_that_is_a_patch_is_no_secret_of_its_own(field: str, tmp_path: Path) -> None:
    web = DEPLOYMENT.replace("gone", "regcred")
    overlay = f"resources: [..]\n{field % 'patch.yaml'}\n"
    files = {"prod__kustomization": overlay, "prod__patch": UNTYPED, "web": web}
    codes, coverage = _judged(tmp_path, "resources: [secret.yaml, web.yaml, account.yaml]\n", **files)
    assert not codes
    assert any("kustomization.yaml puts it into another Secret as a patch" in one for one in coverage)
    files["prod__kustomization"] = "resources: [.., patch.yaml]\n"
    assert "RC111" in _judged(tmp_path, "resources: [secret.yaml, web.yaml, account.yaml]\n", **files)[0]


def test_a_credential_in_clear_is_told_of_in_a_patch_as_anywhere(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("patches: [{path: patch.yaml}]\n", encoding="utf-8")
    (tmp_path / "patch.yaml").write_text(UNTYPED, encoding="utf-8")
    result = json.loads(quiet("check", str(tmp_path), "--format", "json")[1])
    assert [(one["code"], one["location"]["line"]) for one in result["findings"]] == [("RC701", 4)]


def test_an_account_that_a_patch_names_instead_is_not_called_missing(tmp_path: Path) -> None:
    web = DEPLOYMENT.replace("gone", "regcred").replace("serviceAccountName: app", "serviceAccountName: other")
    where = "/spec/template/spec"
    patch = f"- {{op: replace, path: {where}/serviceAccountName, value: app}}"
    assert "RC308" in _judged(tmp_path, "resources: [web.yaml]\n", web=web)[0]
    assert _judged(tmp_path, _patched(patch, target="{kind: Deployment}"), web=web)[0] == set()
    patch = f"- {{op: add, path: {where}/priority, value: 1}}"
    assert "RC308" in _judged(tmp_path, _patched(patch, target="{kind: Deployment}"), web=web)[0]


def test_a_list_that_a_patch_completes_masks_nothing_for_certain(tmp_path: Path) -> None:
    files = {
        "account": f"{ACCOUNT}imagePullSecrets: [{{name: regcred}}]\n",
        "web": DEPLOYMENT.replace("gone", "more"),
        "more": SECRET.replace("regcred", "more").replace("quay.io/team", "ghcr.io/team"),
    }
    patch = f"- {{op: add, path: {LIST}/-, value: {{name: regcred}}}}"
    assert "RC305" in _judged(tmp_path, "resources: [web.yaml]\n", **files)[0]
    assert "RC305" not in _judged(tmp_path, _patched(patch, target="{kind: Deployment}"), **files)[0]
    assert "RC305" in _judged(tmp_path, _patched(patch, target="{kind: Job}"), **files)[0]


def test_what_one_kustomization_moves_into_a_namespace_is_there_together(tmp_path: Path) -> None:
    files = {
        "base__secret": SECRET.replace("name: regcred", "name: regcred, namespace: build"),
        "base__web": DEPLOYMENT.replace("name: web}", "name: web, namespace: shop}", 1).replace("gone", "regcred"),
        "base__kustomization": "resources: [secret.yaml, web.yaml]\n",
        "secret": "",
        "web": "",
    }
    prod = "resources: [../base]\n"
    assert "RC304" in _judged(tmp_path, "resources: []\n", **files, prod__kustomization=prod)[0]
    prod += "namespace: prod\n"
    assert "RC304" not in _judged(tmp_path, "resources: []\n", **files, prod__kustomization=prod)[0]


def test_a_secret_that_a_patch_names_is_there(tmp_path: Path) -> None:
    patch = "- {op: replace, path: /metadata/name, value: gone}"
    assert "RC303" in _judged(tmp_path, "resources: [secret.yaml]\n")[0]
    assert "RC303" not in _judged(tmp_path, _patched(patch, target="{kind: Secret}"))[0]


def _images(tmp_path: Path, image: str, *, base: str = "", prod: str = "resources: [..]\n", **files: str) -> list[str]:
    """The images of a scan whose one workload has this one in its file."""
    found = {
        "web": DEPLOYMENT.replace("quay.io/team/web:1", image),
        "kustomization": f"resources: [web.yaml]\n{base}",
        "prod__kustomization": prod,
        **files,
    }
    for name, text in found.items():
        file = tmp_path / f"{name.replace('__', '/')}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    result = json.loads(quiet("check", str(tmp_path), "--format", "json")[1])
    told = [one["message"] for one in result["coverage"]["not_evaluated"]]
    images = [one["image"] for one in result["pulls"]["resolved"]]
    return images or [one for one in told if "which image is built" in one]


@pytest.mark.parametrize(
    ("image", "entry", "built"),
    [
        ("app", "{name: app, newName: quay.io/team/web}", "quay.io/team/web"),
        ("app:1", "{name: app, newName: quay.io/team/web}", "quay.io/team/web:1"),
        ("app:1", "{name: app, newName: quay.io/team/web, newTag: 2}", "quay.io/team/web:2"),
        ("app:1", "{name: app, newTag: v2}", "app:v2"),
        ("h.org:5000/app:1", "{name: 'h.org:5000/app', newName: h.org/app}", "h.org/app:1"),
        ("app:1", f"{{name: app, digest: 'sha256:{'a' * 64}'}}", f"app@sha256:{'a' * 64}"),
        (f"app@sha256:{'a' * 64}", "{name: app, newTag: v2}", "app:v2"),
        ("app2:1", "{name: app, newName: quay.io/team/web}", "app2:1"),
        ("team/app:1", "{name: app, newName: quay.io/team/web}", "team/app:1"),
        ("app/web:1", "{name: app, newName: quay.io/team/web}", "app/web:1"),
        ("app:1", "{newName: quay.io/team/web}", "app:1"),
    ],
)
def test_the_image_that_is_built_counts(image: str, entry: str, built: str, tmp_path: Path) -> None:
    assert _images(tmp_path / "inner", image, base=f"images: [{entry}]\n") == [built]
    assert _images(tmp_path / "outer", image, prod=f"resources: [..]\nimages: [{entry}]\n") == [built]
    part = f"apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nimages: [{entry}]\n"
    assert _images(tmp_path / "part", image, base="components: [part]\n", part__kustomization=part) == [built]


def test_build_files_change_an_image_one_after_the_other(tmp_path: Path) -> None:
    prod = "resources: [..]\nimages: [{name: b, newTag: v1}]\n"
    assert _images(tmp_path, "a", base="images: [{name: a, newName: b}]\n", prod=prod) == ["b:v1"]


def test_an_image_that_has_several_names_is_not_judged(tmp_path: Path) -> None:
    prod = "resources: [..]\nimages: [{name: a, newName: quay.io/prod/a}]\n"
    told = "which image is built of a:1 is not known: kustomizations give it several names"
    assert _images(tmp_path, "a:1", prod=prod, test__kustomization="resources: [..]\n") == [told]
    flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: f}\n"
    flux += "spec: {images: [%s]}\n"
    other = prod.replace(": a,", ": x,")
    assert _images(tmp_path, "a:1", prod=other, test__kustomization="", flux=flux % "") == ["a:1"]
    assert _images(tmp_path, "a:1", test__kustomization="", flux=flux % "{name: a, newTag: v2}") == [told]


@pytest.mark.parametrize("many", [40])
def test_build_files_that_meet_again_and_again_cost_little(many: int, tmp_path: Path) -> None:
    layers = {
        f"l{number}{side}__kustomization": f"resources: [../l{number - 1}a, ../l{number - 1}b]\n"
        for number in range(1, many)
        for side in "ab"
    }
    first = {f"l0{side}__kustomization": "resources: [..]\nimages: [{name: a, newTag: x}]\n" for side in "ab"}
    assert len(_images(tmp_path, "a:1", **first, **layers)) == 1


def test_a_port_is_that_of_the_image_that_is_built(tmp_path: Path) -> None:
    files = {
        "secret": SECRET.replace("quay.io/team", "h.org"),
        "web": DEPLOYMENT.replace("gone", "regcred").replace("quay.io/team/web", "h.org:5000/web"),
    }
    entry = "resources: [web.yaml]\nimages: [{name: 'h.org:5000/web', newName: h.org/web}]\n"
    assert _judged(tmp_path, "resources: [web.yaml]\n", **files)[0] == {"RC208"}
    assert _judged(tmp_path, entry, **files)[0] == set()
    files["web"] = files["web"].replace("h.org:5000/web:1", "web")
    entry = "resources: [web.yaml]\nimages: [{name: web, newName: 'h.org:5000/web'}]\n"
    assert _judged(tmp_path, entry, **files)[0] == {"RC208"}


def test_a_fix_is_proved_with_the_image_that_is_built(tmp_path: Path) -> None:
    files = {
        "account": f"{ACCOUNT}imagePullSecrets: [{{name: regcred}}]\n",
        "web": DEPLOYMENT.replace("gone", "more").replace("quay.io/team/web:1", "web"),
        "more": SECRET.replace("regcred", "more").replace("quay.io/team", "ghcr.io/team"),
    }
    entry = "resources: [web.yaml]\nimages: [{name: web, newName: quay.io/team/web}]\n"
    assert _judged(tmp_path, entry, **files)[0] == {"RC305"}
    result = json.loads(quiet("check", str(tmp_path), "--select", "RC305", "--format", "json")[1])
    proof = result["findings"][0]["fix"]["proof"]
    assert len(proof["repaired"]) == 1
    assert not proof["broken"]


@pytest.mark.parametrize(
    ("kustomization", "verdict"),
    [
        ("resources: [web.yaml, account.yaml]\n", "uncovered"),
        (_patched(f"- {{op: add, {OWN}, value: [{{name: regcred}}]}}", target="{kind: ServiceAccount}"), "unknown"),
        (_patched(f"- {{op: add, path: {LIST}, value: [{{name: regcred}}]}}", target="{kind: Deployment}"), "unknown"),
        (_patched(_merged("{serviceAccountName: other}")), "unknown"),
        (_patched("- {op: add, path: /metadata/labels, value: {a: b}}", target="{kind: Deployment}"), "uncovered"),
        (_patched("- {op: add, path: /secrets, value: [{name: x}]}", target="{kind: ServiceAccount}"), "uncovered"),
        (_patched(_merged("{serviceAccountName: other}", name="api")), "uncovered"),
    ],
)
def test_no_pull_is_said_to_fail_that_a_patch_may_repair(kustomization: str, verdict: str, tmp_path: Path) -> None:
    web = DEPLOYMENT.replace("      imagePullSecrets: [{name: gone}]\n", "")
    _judged(tmp_path, kustomization, web=web)
    result = json.loads(quiet("check", str(tmp_path), "--format", "json")[1])
    (pull,) = result["pulls"]["resolved"]
    assert pull["verdict"] == verdict


def _overlays(folder: Path, count: int) -> str:
    """A base of secrets, and as many overlays of it, of which each patches one."""
    head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
    files = {"base/kustomization.yaml": f"resources: [{', '.join(f's{at}.yaml' for at in range(count))}]\n"}
    for at in range(count):
        files[f"base/s{at}.yaml"] = SECRET.replace("regcred", f"s{at}")
        target = f"{{kind: Secret, name: s{at}}}"
        patch = _patched("- {op: add, path: /type, value: x}", target=target, resources="../base")
        files[f"o{at}/kustomization.yaml"] = head + patch
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return str(folder)


def test_overlays_of_a_base_cost_what_their_number_is_worth(tmp_path: Path) -> None:
    one, four = _overlays(tmp_path / "one", 30), _overlays(tmp_path / "four", 120)
    assert calls("check", four) < 4.2 * calls("check", one)


SEALED = """\
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: sealed}
spec:
  encryptedData: {config.json: AgBy3i4OJSWK}
  template: {type: kubernetes.io/dockerconfigjson}
"""


@pytest.mark.parametrize(
    ("place", "codes"),
    [("/spec/encryptedData/.dockerconfigjson", []), ("/metadata/labels/a", ["RC112"])],
)
def test_no_key_is_missed_that_a_patch_gives_to_a_generator(place: str, codes: list[str], tmp_path: Path) -> None:
    patch = _patched(f"- {{op: add, path: {place}, value: x}}", target="{kind: SealedSecret}", resources="sealed.yaml")
    (tmp_path / "sealed.yaml").write_text(SEALED, encoding="utf-8")
    head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
    (tmp_path / "kustomization.yaml").write_text(head + patch, encoding="utf-8")
    result = json.loads(quiet("check", str(tmp_path), "--format", "json")[1])
    assert [one["code"] for one in result["findings"]] == codes
