"""A file that is read in windows because of its size, through the command: findings, places, excerpts, limits."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from linter import cli
from linter.engine import finish

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


def test_an_excerpt_hides_what_stands_in_its_line_whatever_ends_other_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    secret = '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{"name":"hunter2-hunter2"}}'
    account = (
        '{"imagePullSecrets":\r[\r{"name":"a"},{"name":"a"}],\r'
        '"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}}'
    )
    filler = (json.dumps(FILLER) + ",\n") * 100
    text = f'{{"apiVersion":"v1","kind":"List","items":[\n{filler}{secret},\r{account}\n]}}\n'
    Path("all.json").write_bytes(text.encode())
    told = _told(capsys, "all.json", "--select", "RC307")
    assert [one["name"] for one in told["findings"]] == ["duplicate-link"]
    assert "imagePullSecrets" in json.dumps(told)
    assert "hunter2" not in json.dumps(told)


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


def _told(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    cli.run(["check", *words, "--format", "json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def _names(told: dict[str, Any]) -> list[str]:
    return [one["object"]["name"] for one in told["findings"]]


SOUND = "eyJhdXRocyI6eyJxdWF5LmlvIjp7ImF1dGgiOiJkWE5sY2pwd1lYTnoifX19"


def _secrets(*names: str, space: str = "n") -> str:
    """Pull secrets, and an account that lists none: a secret that nothing mentions is unlinked."""
    found = [f"apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: a, namespace: {space}}}\n"]
    found += [
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: {space}}}\n"
        f"type: kubernetes.io/dockerconfigjson\ndata: {{.dockerconfigjson: {SOUND}}}\n"
        for name in names
    ]
    return "---\n".join(found)


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_a_list_that_is_read_again_counts_once(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kind of a list may stand after its items, which then are those of a list of another kind."""
    monkeypatch.chdir(tmp_path)
    Path("limits.yaml").write_text("limits: {objects: 150}\n", encoding="utf-8")
    plain = {"apiVersion": "v1", "kind": "Secret", "data": {"a": "x" * 90_000}}
    items = [{**plain, "metadata": {"name": f"s-{number}"}} for number in range(100)]
    items[7] |= {"data": {".dockerconfigjson": PAYLOAD}, "type": "kubernetes.io/dockerconfigjson"}
    tree = {"apiVersion": "v1", "items": items, "kind": "SecretList"}
    text = json.dumps(tree, indent=4) if form == "json" else yaml.dump(tree, Dumper=yaml.CSafeDumper, width=10**6)
    Path(f"all.{form}").write_text(text, encoding="utf-8")
    told = _told(capsys, f"all.{form}", "--select", "RC102", "--config", "limits.yaml")
    assert not told["coverage"]["problems"]
    assert _names(told) == ["s-7"]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_holds_too_much_and_is_too_large_is_searched_for_names(
    jobs: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("limits.yaml").write_text("limits: {file: 5 MiB, objects: 50}\n", encoding="utf-8")
    Path("secrets.yaml").write_text(_secrets("one", "two"), encoding="utf-8")
    items = [{**FILLER, "data": {"use": "one", "a": "x" * 90_000}}] * 100
    Path("big.json").write_text(json.dumps({"apiVersion": "v1", "items": items, "kind": "List"}), encoding="utf-8")
    told = _told(capsys, ".", "--select", "RC301", "--config", "limits.yaml", "--jobs", jobs)
    assert ["more than 50" in one["message"] for one in told["coverage"]["problems"]] == [True]
    assert _names(told) == ["two"]


def test_what_has_items_and_is_no_list_is_searched_whole_by_several_processes_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("secrets.yaml").write_text(_secrets("one", "two", "three"), encoding="utf-8")
    for name in ("one", "two"):
        odd = {"apiVersion": "x/v1", "kind": "Foo", "items": [{"a": "x" * 90_000}] * 100, "use": name}
        Path(f"{name}.json").write_text(json.dumps(odd, indent=1), encoding="utf-8")
    assert [_names(_told(capsys, ".", "--select", "RC301", "--jobs", jobs)) for jobs in ("1", "2")] == [["three"]] * 2


def test_a_name_and_its_namespace_may_stand_in_two_stretches_of_what_is_damaged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("secrets.yaml").write_text(_secrets("one", "two"), encoding="utf-8")
    other = {**FILLER, "metadata": {"name": "f", "namespace": "other"}}
    user = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"use": "one", "z": "x" * 9_000_000}}
    user["metadata"] = {"name": "u", "namespace": "n"}
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": [other, user]}, indent=4)
    Path("all.json").write_text(text.replace('"kind": "List"', '"kind" "List"'), encoding="utf-8")
    told = _told(capsys, ".", "--select", "RC301")
    assert told["coverage"]["problems"]
    assert _names(told) == ["two"]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_is_gone_when_a_copy_looks_for_places_is_told(
    jobs: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spaces = [f"n{number:04d}" for number in range(1200)]
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: SPACE}\n"
    pod += "spec: {imagePullSecrets: [{name: SECRET}]}\n"
    pods = [pod.replace("SPACE", space).replace("SECRET", f"s-{space}") for space in spaces]
    Path("pods.yaml").write_text("---\n".join(pods), encoding="utf-8")
    for number, space in enumerate(spaces):
        at = "gone.yaml" if number == 3 else "secrets.yaml"
        with Path(at).open("a", encoding="utf-8") as written:
            written.write(_secrets(f"s-{space}", space="elsewhere").partition("---\n")[2] + "---\n")
    places = finish.located

    def later(*words: Any) -> Any:
        Path("gone.yaml").unlink(missing_ok=True)
        return places(*words)

    monkeypatch.setattr(finish, "located", later)
    told = _told(capsys, ".", "gone.yaml", "--select", "RC304", "--jobs", jobs)
    assert len(told["findings"]) == len(spaces)
    assert ["gone.yaml" in one["path"] for one in told["coverage"]["problems"]] == [True]
