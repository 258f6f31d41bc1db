"""What is offered where no edit can be made, and what a fix is said to do to pulls, builds, imports and entries."""

import base64
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from linter import diffs
from linter.__main__ import main

GOOD = base64.b64encode(b'{"auths":{"quay.io":{"auth":"dXNlcjpwYXNz"}}}').decode()
OPAQUE = f"""apiVersion: v1
kind: Secret
metadata: {{name: robot, namespace: shop}}
type: Opaque
data:
  .dockerconfigjson: {GOOD}
"""
ACCOUNT = """apiVersion: v1
kind: ServiceAccount
metadata: {name: builder, namespace: shop}
imagePullSecrets:
- name: robot
"""
BUILD = """apiVersion: build.openshift.io/v1
kind: BuildConfig
metadata: {name: app, namespace: shop}
spec:
  strategy:
    sourceStrategy:
      from: {kind: DockerImage, name: quay.io/shop/base:1}
"""


def check(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[dict[str, Any], str]:
    file = Path(words[0] if Path(words[0]).is_dir() else Path(words[0]).parent) / "result.out"
    main(["check", *words, "--format", f"json={file}", "--fail-on", "never"])
    return json.loads(file.read_text()), capsys.readouterr().err


def fix_of(result: dict[str, Any], code: str) -> dict[str, Any]:
    return next(one["fix"] for one in result["findings"] if one["code"] == code and one["fix"])


SOPS = ACCOUNT + "- name: robot\nsops: {mac: 'ENC[AES256_GCM,data:abc,tag:def,type:str]'}\n"
RENDERED = "---\n# Source: shop/templates/secret.yaml\n" + OPAQUE
BUILT = OPAQUE.replace(
    "{name: robot, namespace: shop}",
    "\n  name: robot\n  annotations:\n    config.kubernetes.io/origin: |\n      path: base/secret.yaml",
)
TAGGED = OPAQUE.replace("Opaque", "kubernetes.io/dockerconfigjson").replace(GOOD, f"!!binary {GOOD}")
SHARED = """apiVersion: v1
kind: List
items:
- &one
  apiVersion: v1
  kind: ServiceAccount
  metadata: {name: a, namespace: shop}
  imagePullSecrets: [{name: robot}, {name: robot}]
- <<: *one
  metadata: {name: b, namespace: shop}
"""
LENT = """apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: web, namespace: shop}
  spec:
    containers:
    - name: web
      image: quay.io/shop/web:1
      imagePullSecrets:
      - name: &pull robot
- apiVersion: v1
  kind: ServiceAccount
  metadata: {name: robot, namespace: shop}
  imagePullSecrets: [{name: *pull}]
"""


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        (SOPS, "RC307", "sops edit"),
        (RENDERED, "RC111", "shop/templates/secret.yaml"),
        (BUILT, "RC111", "kustomize"),
        (TAGGED, "RC101", "!!binary"),
        (TAGGED.replace("!!binary", "&a !<tag:yaml.org,2002:binary>"), "RC101", "!!binary"),
        (SHARED, "RC307", "alias"),
        (LENT, "RC312", "anchor that is used elsewhere"),
    ],
    ids=["sops", "helm", "kustomize", "tag", "tag-in-full", "alias", "anchor"],
)
def test_no_edit_is_offered_where_none_can_be_made(
    text: str, code: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text)
    result, told = check(capsys, str(file), "--fix", "--unsafe-fixes", "--select", code)
    assert file.read_text() == text
    assert reason in fix_of(result, code)["obstacle"]
    assert reason in told
    main(["check", str(file), "--fail-on", "never", "--select", code])
    shown = " ".join(capsys.readouterr().out.split())
    assert "not applied by --fix" in shown
    assert "can be fixed safely" not in shown


TWICE = ACCOUNT + "- name: robot\n"
DOUBLED = """apiVersion: v1
kind: Secret
metadata: {name: robot, namespace: shop}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: '{"auths":{"quay.io":{"auth":"dXNlcjpwYXNz"},"quay.io":{"auth":"dXNlcjpwYXNz"}}}'
data:
  more: !!binary AAAA
"""
PARTLY_FILLED = """apiVersion: template.openshift.io/v1
kind: Template
metadata: {name: shop}
parameters: [{name: TAG, value: "1"}]
objects:
- apiVersion: v1
  kind: ServiceAccount
  metadata: {name: builder}
  imagePullSecrets:
  - name: robot
  - name: robot
- apiVersion: v1
  kind: Pod
  metadata: {name: web}
  spec: {containers: [{name: web, image: "quay.io/shop/web:${TAG}"}]}
"""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (DOUBLED, "RC201"),
        (PARTLY_FILLED, "RC307"),
        (f"{TWICE}---\n{SOPS.replace('builder', 'other')}", "RC307"),
        (f"{TWICE}{RENDERED}", "RC307"),
        (f"{TWICE}---\n{BUILT}", "RC307"),
    ],
    ids=["tag", "parameter", "sops", "helm", "kustomize"],
)
def test_a_mark_of_what_stands_beside_it_keeps_no_edit_out(
    text: str, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text)
    result, _ = check(capsys, str(file), "--fix", "--select", code)
    assert file.read_text() != text
    assert all(one["fix"]["obstacle"] for one in result["findings"])


@pytest.mark.parametrize("damage", ["", '"a":\\"b",', '"a" "b",'])
def test_no_edit_is_offered_in_json_that_cannot_be_read_whole(
    damage: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Some of it is judged all the same: YAML takes more for a text, and a list gives the items that are whole."""
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a", "namespace": "shop"}}
    links = {"imagePullSecrets": [{"name": "robot"}, {"name": "robot"}]}
    file = tmp_path / "a.json"
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": [{**account, **links}]}, indent=1)
    file.write_text(text.replace('"kind": "List",', f'"kind": "List",\n{damage}'))
    before = file.read_text()
    result, told = check(capsys, str(file), "--fix", "--select", "duplicate-link")
    if not damage:
        assert file.read_text() != before
        return
    assert file.read_text() == before
    for finding in result["findings"]:
        assert finding["fix"]["obstacle"] == "the text cannot be parsed as JSON at line 4: mend that first"
        assert "not repaired: remove the repetition of robot: the text cannot be parsed as JSON at line 4" in told
    assert bool(result["findings"]) is damage.startswith('"a":')


def test_standard_input_is_shown_a_diff_and_promised_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(OPAQUE.encode())))
    main(["check", "-", "--diff", "--fail-on", "never"])
    output = capsys.readouterr().out
    assert "+type: kubernetes.io/dockerconfigjson" in output
    assert "standard input cannot be edited in place" in " ".join(output.split())


def test_a_build_is_part_of_the_proof(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text("---\n".join((OPAQUE, ACCOUNT, BUILD)))
    result, _ = check(capsys, str(tmp_path))
    proof = fix_of(result, "RC111")["proof"]
    assert proof["repaired"] == ["shop/BuildConfig/app builds with quay.io/shop/base:1"]
    assert proof["broken"] == proof["removed"] == []
    assert proof["kept"] == ["entry quay.io of Secret robot in namespace shop"]


def test_every_entry_is_named_as_kept_or_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    payload = (
        '{"auths":{"quay.io/v2":{"auth":"dXNlcjpwYXNz"},"r.example.com":{"auth":"YTpi"},"r.example.com":'
        '{"auth":"YTpj"},"https://user:canary@hub.example.com/x?y":{"auth":"YTpk"}}}'
    )
    text = OPAQUE.replace("Opaque", "kubernetes.io/dockerconfigjson").replace(
        GOOD, base64.b64encode(payload.encode()).decode()
    )
    (tmp_path / "a.yaml").write_text(text)
    result, told = check(capsys, str(tmp_path), "--diff", "--unsafe-fixes", "--select", "RC201,RC205")
    where = "of Secret robot in namespace shop"
    assert fix_of(result, "RC201")["proof"]["removed"] == [f"the overridden credential of entry r.example.com {where}"]
    renamed = [one["fix"]["proof"] for one in result["findings"] if one["code"] == "RC205"]
    assert f"entry quay.io/v2 {where}, as quay.io" in [line for proof in renamed for line in proof["kept"]]
    assert not any(proof["removed"] for proof in renamed)
    assert "canary" not in json.dumps(result) + told


def test_the_summary_of_a_fix_covers_every_scan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("east", "west"):
        listed = [OPAQUE.replace("robot", "robot", 1), ACCOUNT, BUILD]
        items = "".join("- " + "  ".join(one.splitlines(keepends=True)) for one in listed)
        (tmp_path / f"{name}.yaml").write_text("apiVersion: v1\nkind: List\nitems:\n" + items)
    paths = [str(tmp_path / f"{name}.yaml") for name in ("east", "west")]
    _, told = check(capsys, *paths, "--scope", "cluster", "--fix")
    assert "2 pulls, builds or imports from failing to working; none the other way" in told
    assert "not the cluster: --fix-dir" in told


def test_every_cluster_has_its_own_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("east", "west"):
        item = "- " + "  ".join(OPAQUE.replace("robot", name).splitlines(keepends=True))
        (tmp_path / f"{name}.yaml").write_text("apiVersion: v1\nkind: List\nitems:\n" + item)
    folder = tmp_path / "fixes"
    check(capsys, "east.yaml", "west.yaml", "--scope", "cluster", "--fix-dir", "fixes")
    readmes = {path.relative_to(folder).parent: path.read_text() for path in folder.rglob("README.md")}
    assert len(readmes) == 3
    first = readmes.pop(Path())
    for place, text in readmes.items():
        assert f"`{place}/README.md`" in first
        own, other = ("east", "west") if "east" in str(place) else ("west", "east")
        assert f"kubectl delete secret/{own} -n shop" in text
        assert f"secret/{other}" not in text
        assert text.startswith(f"# Repairs of {own}")
        made = next(
            line.split("kubectl create -f ")[1].split()[0] for line in text.splitlines() if "&& kubectl create" in line
        )
        assert (folder / place / made).is_file()


@pytest.mark.parametrize(
    ("labels", "kept"),
    [
        ("argocd.argoproj.io/instance: store", "the Argo CD application store"),
        ("kustomize.toolkit.fluxcd.io/name: store", "the Flux Kustomization store"),
    ],
)
def test_what_a_tool_keeps_is_named(labels: str, kept: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(OPAQUE.replace("shop}", f"shop, labels: {{{labels}}}}}"))
    folder = tmp_path / "fixes"
    check(capsys, str(file), "--scope", "cluster", "--fix-dir", str(folder))
    assert f"by {kept}" in (folder / "README.md").read_text()


def test_a_build_file_is_no_object_of_a_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kustomization.yaml").write_text(
        "secretGenerator:\n- name: robot\n  files: [.dockerconfigjson=config.json]\n"
    )
    folder = tmp_path / "fixes"
    result, _ = check(capsys, str(tmp_path), "--fix-dir", str(folder))
    assert fix_of(result, "RC117")["applicability"] == "safe"
    assert not list(folder.rglob("*kustomization-*.yaml"))


def test_a_removal_that_takes_a_comment_along_is_not_called_safe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(ACCOUNT + "- name: robot # why it is here\n")
    result, told = check(capsys, str(file), "--fix", "--select", "RC307")
    assert fix_of(result, "RC307")["applicability"] == "unsafe"
    assert fix_of(result, "RC307")["summary"].endswith("; a comment inside goes with it")
    assert "nothing was changed" in told
    check(capsys, str(file), "--fix", "--unsafe-fixes", "--select", "RC307")
    assert file.read_text() == ACCOUNT


def test_what_is_said_of_a_field_beside_its_dash_goes_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It speaks of no other field of the item, however many are removed."""
    items = [(name, f"- namespace: shop # of {name}\n  name: {name}\n") for name in ("x", "y")]
    head = ACCOUNT.partition("- name")[0]
    for number in (1, 2):
        file = tmp_path / "a.yaml"
        file.write_text(head + "".join(text for _, text in items[:number]))
        result, told = check(capsys, str(file), "--fix", "--select", "RC312")
        assert {one["fix"]["applicability"] for one in result["findings"]} == {"unsafe"}
        assert "nothing was changed" in told
        check(capsys, str(file), "--fix", "--unsafe-fixes", "--select", "RC312")
        assert file.read_text() == head + "".join(f"- name: {name}\n" for name, _ in items[:number])


def test_a_value_that_takes_a_comment_along_is_not_called_safe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The text of a config takes the place of a mapping, and of what its author wrote inside."""
    file = tmp_path / "a.yaml"
    config = "\n    auths:\n      quay.io: {auth: dXNlcjpwYXNz}\n"
    text = OPAQUE.replace("Opaque", "kubernetes.io/dockerconfigjson").replace("data", "stringData")
    mended = text.replace(GOOD, json.dumps('{"auths": {"quay.io": {"auth": "dXNlcjpwYXNz"}}}'))
    for comment, safe in (("    # it stays\n", True), ("      # it goes\n", False)):
        first, rest = config.split("auths:")
        inside = f"\n{comment}    auths:{rest}" if safe else f"{first}auths:\n{comment}{rest[1:]}"
        file.write_text(text.replace(f" {GOOD}\n", inside))
        result, told = check(capsys, str(file), "--fix", "--select", "RC101")
        if safe:
            assert not result["findings"]
            continue
        assert fix_of(result, "RC101")["applicability"] == "unsafe"
        assert fix_of(result, "RC101")["summary"].endswith("; a comment inside goes with it")
        assert "nothing was changed" in told
        check(capsys, str(file), "--fix", "--unsafe-fixes", "--select", "RC101")
        assert file.read_text() == mended


def test_a_repair_reports_what_a_check_of_the_repaired_files_would(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only some reports show is made once, of the last result, however many rounds there were."""
    asked: list[int] = []
    attach = diffs.attach
    monkeypatch.setattr(diffs, "attach", lambda *words: asked.append(1) or attach(*words))
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(OPAQUE + "---\n" + ACCOUNT + "- name: robot\n---\n" + BUILD)
    told = []
    for more in (("--fix",), ()):
        asked.clear()
        main(["check", "a.yaml", *more, "--format", "json=out.json", "--format", "html=out.html", "--fail-on", "never"])
        assert len(asked) == 1
        told.append(json.loads(Path("out.json").read_text()))
        told[-1].pop("time", None)
        told[-1]["tool"].pop("time", None)
    assert "2 fixes in 1 file" in capsys.readouterr().err
    assert told[0] == told[1]
    assert "pulls" in told[0]
