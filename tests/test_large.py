"""A file that is read in windows because of its size, through the command: findings, places, excerpts, limits."""

import json
from pathlib import Path

import pytest

from linter import cli

FILLER = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "f", "namespace": "n"},
    "data": {"a": "x" * 90_000},
}
PAYLOAD = "eyJhdXRocyI6IHsicXVheS5pbyI6IHsiYXV0aCI6ICJkWE5sY2pwd1lYTnoifX0="
BROKEN = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "broken", "namespace": "n", "uid": "u", "resourceVersion": "1"},
    "type": "kubernetes.io/dockerconfigjson",
    "data": {".dockerconfigjson": PAYLOAD},
}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of 9 MB, one of whose last items is a pull secret with a defect."""
    folder = tmp_path_factory.mktemp("large")
    text = json.dumps({"apiVersion": "v1", "items": [FILLER] * 100 + [BROKEN, FILLER], "kind": "List"}, indent=4)
    (folder / "all.json").write_text(text, encoding="utf-8")
    return folder


def test_findings_stand_at_their_place_and_show_no_credential(
    large: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(large)
    assert cli.run(["check", "all.json", "--format", "json"]) == 1
    result = json.loads(capsys.readouterr().out)
    (finding,) = [one for one in result["findings"] if one["name"] == "invalid-json"]
    lines = Path("all.json").read_text(encoding="utf-8").split("\n")
    assert ".dockerconfigjson" in lines[finding["location"]["line"] - 1]
    assert result["scan"]["objects"] == {"Secret": 1}
    assert cli.run(["check", "all.json", "--format", "text"]) == 1
    text = capsys.readouterr().out
    assert f"all.json:{finding['location']['line']}" in text
    assert "dXNlcj" not in text
    assert PAYLOAD not in text


def test_what_sops_has_signed_is_not_offered_for_repair(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "a", "namespace": "n"},
        "imagePullSecrets": [{"name": "x"}, {"name": "x"}],
    }
    ciphered = {**FILLER, "sops": {"mac": "ENC[AES256_GCM,data:a,type:str]"}}
    own = {**account, "metadata": {"name": "b", "namespace": "n"}, "sops": ciphered["sops"]}
    for name, items, signed in (
        ("plain.json", [ciphered, account], {}),
        ("item.json", [account, own], {}),
        ("signed.json", [account], {"sops": ciphered["sops"]}),
    ):
        tree = {"apiVersion": "v1", "items": [FILLER] * 100 + items, "kind": "List", **signed}
        Path(name).write_text(json.dumps(tree), encoding="utf-8")
    names = ["plain.json", "item.json", "signed.json"]
    cli.run(["check", *names, "--select", "RC307", "--fix", "--format", "json"])
    said = capsys.readouterr()
    left = json.loads(said.out)["findings"]
    assert [one["location"]["path"] for one in left] == ["item.json", "signed.json"]
    assert [one["object"]["name"] for one in left] == ["b", "a"]
    assert "SOPS signs the whole document" in said.err
    assert [Path(name).read_text(encoding="utf-8").count('"x"') for name in names] == [1, 3, 2]


def test_settings_bound_what_is_held(
    large: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(large)
    (large / "limits.yaml").write_text("limits: {file: 50 KiB}\n", encoding="utf-8")
    cli.run(["check", "all.json", "--config", "limits.yaml"])
    told = capsys.readouterr()
    assert "is larger than 51200 bytes" in told.out + told.err
    assert "`limits`" in told.out + told.err


@pytest.fixture(scope="module")
def large_yaml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of 9 MB, one of whose last items is a pull secret with a defect, and another that is accepted."""
    folder = tmp_path_factory.mktemp("large-yaml")
    filler = "- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: f\n  data:\n    a: " + "x" * 90_000 + "\n"
    secret = (
        "- apiVersion: v1\n  kind: Secret\n  metadata:\n    name: NAME\n    namespace: n\n    uid: u\n"
        f"  type: kubernetes.io/dockerconfigjson\n  data:\n    .dockerconfigjson: {PAYLOAD}\n"
    )
    accepted = "# regcred: ignore[invalid-json] of an operator\n" + secret.replace("NAME", "accepted")
    items = [filler] * 100 + [secret.replace("NAME", "broken"), filler, accepted, filler]
    text = "".join(["apiVersion: v1\nitems:\n", *items, "kind: List\n"])
    (folder / "all.yaml").write_text(text, encoding="utf-8")
    return folder


def test_yaml_is_judged_piece_by_piece(
    large_yaml: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(large_yaml)
    (large_yaml / "limits.yaml").write_text("limits: {file: 1 MiB}\n", encoding="utf-8")
    results = []
    for more in ((), ("--config", "limits.yaml")):
        assert cli.run(["check", "all.yaml", "--format", "json", *more]) == 1
        results.append(json.loads(capsys.readouterr().out))
    for result in results:
        (finding,) = [one for one in result["findings"] if one["name"] == "invalid-json"]
        lines = Path("all.yaml").read_text(encoding="utf-8").split("\n")
        assert ".dockerconfigjson" in lines[finding["location"]["line"] - 1]
        assert "broken" in lines[finding["location"]["line"] - 6]
        assert [one["finding"]["name"] for one in result["suppressed"]] == ["invalid-json"]
        assert not result["coverage"]["problems"]
    assert results[0]["findings"] == results[1]["findings"]
    cli.run(["check", "all.yaml", "--config", "limits.yaml"])
    assert "dXNlcj" not in capsys.readouterr().out


def test_an_edit_in_yaml_that_is_too_large_is_refused_with_the_remedy(
    large_yaml: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    account = "- apiVersion: v1\n  kind: ServiceAccount\n  metadata:\n    name: a\n  imagePullSecrets:\n"
    links = "  - name: x\n  - name: x\n"
    text = (large_yaml / "all.yaml").read_text(encoding="utf-8").replace("items:\n", f"items:\n{account}{links}", 1)
    Path("all.yaml").write_text(text, encoding="utf-8")
    Path("limits.yaml").write_text("limits: {file: 1 MiB}\n", encoding="utf-8")
    cli.run(["check", "all.yaml", "--select", "RC307", "--fix", "--config", "limits.yaml"])
    told = capsys.readouterr()
    assert "too large to be edited: raise `file` under `limits`" in told.out + told.err
    assert Path("all.yaml").read_text(encoding="utf-8") == text
    cli.run(["check", "all.yaml", "--select", "RC307", "--fix"])
    assert Path("all.yaml").read_text(encoding="utf-8") == text.replace(links, "  - name: x\n")


def _damaged(form: str) -> str:
    """A list of 9 MB, whose one account that lists a pull secret stands where it cannot be read."""
    filler = json.dumps(FILLER | {"data": {"a": "x" * 90_000}}, indent=4)
    meta = {"name": "pull", "namespace": "shop", "uid": "u"}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "kubernetes.io/dockerconfigjson"}
    secret["data"] = {".dockerconfigjson": "eyJhdXRocyI6eyJxdWF5LmlvIjp7ImF1dGgiOiJkWE5sY2pwd1lYTnoifX19"}
    other = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {**meta, "name": "builder"}}
    account = json.dumps({**other, "metadata": {**meta, "name": "app"}, "LISTED": [{"name": "pull"}]}, indent=4)
    account = account.replace("LISTED", "imagePullSecrets")
    before, after = account.split('"imagePullSecrets"')
    damage = {
        "sound": account,
        "an item": f'{before}"a": tru, "imagePullSecrets"{after}',
        "no comma": f'{before}"a": 1}} "imagePullSecrets"{after}',
        "no end": f'{before}"imagePullSecrets": [{{"name": "pull"}}',
        "not one that lists it": f'{before}"a": tru, "secrets"{after.replace("pull", "other")}',
    }[form]
    items = [json.dumps(one, indent=4) for one in (other, secret)] + [filler] * 100 + [damage]
    text = '{"apiVersion": "v1", "kind": "List", "items": [\n' + ",\n".join(items)
    return text if form == "no end" else f"{text},\n{filler}\n]}}\n"


@pytest.mark.parametrize(
    ("form", "unused"),
    [("sound", []), ("an item", []), ("no comma", []), ("no end", []), ("not one that lists it", ["pull"])],
)
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_secret_that_a_damaged_part_mentions_is_not_called_unused(
    form: str,
    unused: list[str],
    jobs: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("all.json").write_text(_damaged(form), encoding="utf-8")
    Path("other.json").write_text(json.dumps({**FILLER, "kind": "Pod"}), encoding="utf-8")
    cli.run(["check", ".", "--select", "RC301", "--jobs", jobs, "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    assert [one["object"]["name"] for one in told["findings"]] == unused
    assert bool(told["coverage"]["problems"]) is (form != "sound")


def test_so_it_is_with_damaged_items_of_yaml(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("limits.yaml").write_text("limits: {file: 1 MiB}\n", encoding="utf-8")
    meta = "  metadata:\n    name: NAME\n    namespace: n\n    uid: v\n"
    filler = "- apiVersion: v1\n  kind: ConfigMap\n" + meta + "  data:\n    a: " + "x" * 90_000 + "\n"
    account = "- apiVersion: v1\n  kind: ServiceAccount\n" + meta
    secret = f"- apiVersion: v1\n  kind: Secret\n{meta}  type: kubernetes.io/dockerconfigjson\n"
    secret += "  data:\n    .dockerconfigjson: eyJhdXRocyI6eyJxdWF5LmlvIjp7ImF1dGgiOiJkWE5sY2pwd1lYTnoifX19\n"
    told = {}
    for name in ("pull", "another"):
        damaged = account.replace("NAME", "app") + f"  a: b: c\n  imagePullSecrets:\n  - name: {name}\n"
        items = [filler] * 100 + [account.replace("NAME", "builder"), secret.replace("NAME", "pull"), damaged]
        Path("all.yaml").write_text("".join(["apiVersion: v1\nitems:\n", *items, "kind: List\n"]), encoding="utf-8")
        cli.run(["check", "all.yaml", "--select", "RC301", "--config", "limits.yaml", "--format", "json"])
        told[name] = json.loads(capsys.readouterr().out)
        assert "an item of its list could not be read" in str(told[name]["coverage"]["problems"])
    found = {name: [one["object"]["name"] for one in result["findings"]] for name, result in told.items()}
    assert found == {"pull": [], "another": ["pull"]}
