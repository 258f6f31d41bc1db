"""Who pulls what with which secrets, as results tell it; and the diffs of fixes that stand in them."""

import json
from pathlib import Path
from typing import Any

import pytest

from linter import results
from linter.__main__ import main

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "examples" / "cluster.yaml"


def saved(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    main(["check", *words, "--format", "json", "--fail-on", "never"])
    tree: dict[str, Any] = json.loads(capsys.readouterr().out)
    return tree


def by_image(tree: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(pull["who"][0]["kind"], pull["image"]): pull for pull in tree["pulls"]["resolved"]}


def test_every_pull_of_the_sample_is_resolved(capsys: pytest.CaptureFixture[str]) -> None:
    tree = saved(capsys, str(SAMPLE))
    found = by_image(tree)
    assert tree["pulls"]["total"] == len(found) == 8
    assert [pull["fails"] for pull in tree["pulls"]["resolved"]] == [True] * 5 + [False] * 3
    web = found["Deployment", "quay.io/shop/storefront:2.4"]
    assert (web["account"], web["source"], web["secrets"], web["verdict"]) == ("web", "account", [], "uncovered")
    assert web["commands"] == [
        "oc secrets link web quay-robot --for=pull -n shop",
        "oc rollout restart deployment/storefront -n shop",
    ]
    ledger = found["Deployment", "registry.access.redhat.com/ubi9/ubi:9.4"]
    assert [(use["name"], use["state"]) for use in ledger["secrets"]] == [("registries", "fatal")]
    missing = found["Deployment", "lab.example.com/lab/notebook:latest"]
    assert (missing["source"], missing["secrets"][0]["state"]) == ("own", "missing")
    imported = found["ImageStream", "lab.example.com/lab/notebook:latest"]
    assert (imported["account"], imported["source"], imported["works"]) == ("", "namespace", True)
    assert [use["key"] for use in imported["secrets"]] == ["lab.example.com"]
    good = found["Deployment", "quay.io/repository-main/api:1"]
    assert [(use["name"], use["key"]) for use in good["secrets"]] == [("tidy-pull", "quay.io/repository-main")]
    assert not good["commands"]


def manifests(number: int, account: str = "robot") -> str:
    items = [{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": "team"}}]
    items += [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": f"web-{at}", "namespace": "team"},
            "spec": {"template": {"spec": {"serviceAccountName": account, "containers": [{"image": "quay.io/a/b:1"}]}}},
        }
        for at in range(number)
    ]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def test_those_who_pull_in_the_same_way_are_told_once(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "list.json"
    file.write_text(manifests(60))
    tree = saved(capsys, str(file))
    (pull,) = tree["pulls"]["resolved"]
    assert (tree["pulls"]["total"], pull["amount"]) == (60, 60)
    assert 0 < len(pull["who"]) < 60


def test_lists_of_their_own_are_told_apart_by_kind(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """What is to be done is done to the object itself: a name alone does not tell which."""
    spec = {"imagePullSecrets": [{"name": "ghcr.io"}], "containers": [{"image": "quay.io/a/b:1"}]}
    items: list[dict[str, Any]] = []
    for host in ("quay.io", "ghcr.io"):
        data = {".dockerconfigjson": json.dumps({"auths": {host: {"auth": "dXNlcjpwYXNz"}}})}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": host, "namespace": "team"}}
        items.append({**secret, "type": "kubernetes.io/dockerconfigjson", "stringData": data})
    for kind in ("Deployment", "StatefulSet"):
        item = {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "web", "namespace": "team"}}
        items.append({**item, "spec": {"template": {"spec": spec}}})
    (tmp_path / "list.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    pulls = saved(capsys, str(tmp_path / "list.json"))["pulls"]["resolved"]
    assert [(pull["amount"], pull["change"]) for pull in pulls] == [
        (1, "add quay.io to the imagePullSecrets of Deployment web"),
        (1, "add quay.io to the imagePullSecrets of StatefulSet web"),
    ]


def test_what_is_resolved_is_bounded_and_what_is_not_is_counted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linter.pulls._WORK", 4)
    tree = saved(capsys, str(SAMPLE))
    assert tree["pulls"]["total"] == 8
    assert 0 < len(tree["pulls"]["resolved"]) < 4
    assert all(pull["fails"] for pull in tree["pulls"]["resolved"][:1])


def test_other_formats_resolve_nothing_and_make_no_diff(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("nobody asked for it")

    monkeypatch.setattr("linter.pulls.pulls", refuse)
    monkeypatch.setattr("linter.diffs.attach", refuse)
    assert main(["check", str(SAMPLE), "--format", "text", "--fail-on", "never"]) == 0


def test_a_fix_shows_its_diff_and_no_credential(capsys: pytest.CaptureFixture[str]) -> None:
    diffs = {one["code"]: one["fix"]["diff"] for one in saved(capsys, str(SAMPLE))["findings"] if one["fix"]}
    assert "+  imagePullSecrets:\n+  - name: quay-robot" in diffs["RC302"]
    assert '+    "lab.example.com:80": {' in diffs["RC401"]
    assert all("•••" in diffs[code] for code in ("RC106", "RC202", "RC401"))
    for diff in diffs.values():
        assert not any(word in diff for word in ("user:pass", "example-pass", "ZXhhbXBsZS1wYXNz"))


def test_diffs_are_bounded(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a%d, namespace: t}\n"
    for at in range(12):
        padding = "# " + "x" * (200_000 if at == 0 else 90_000)
        (tmp_path / f"{at}.yaml").write_text(account % at + "imagePullSecrets: [{name: p}, {name: p}]\n" + padding)
    found = saved(capsys, str(tmp_path), "--select", "RC307")["findings"]
    shown = [one["object"]["name"] for one in found if one["fix"].get("diff")]
    assert len(found) == 12
    assert 1 <= len(shown) <= 4
    assert "a0" not in shown


def test_a_run_names_its_baseline_and_what_is_gone(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file, known = tmp_path / "cluster.yaml", tmp_path / "known.txt"
    file.write_bytes(SAMPLE.read_bytes())
    assert main(["baseline", str(file), "-o", str(known)]) == 0
    capsys.readouterr()
    file.write_text(file.read_text().replace("- name: lab-registry-key-2", "- name: lab-registry-key-1"))
    tree = saved(capsys, str(file), "--baseline", str(known))
    assert tree["baseline"] == {"path": str(known), "gone": 1}
    assert tree["findings"] == []
    assert results.parse(json.dumps(tree).encode(), "saved").baseline == (str(known), 1)
    assert "baseline" not in saved(capsys, str(file))


def test_a_saved_result_renders_the_same_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    first, again, result = (str(tmp_path / name) for name in ("first.html", "again.html", "result.json"))
    checked = ["check", "examples/cluster.yaml", "--fail-on", "never"]
    assert main([*checked, "--format", f"html={first}", "--format", f"json={result}"]) == 0
    assert main(["report", result, "--format", f"html={again}"]) == 0
    assert Path(again).read_text(encoding="utf-8") == Path(first).read_text(encoding="utf-8")
