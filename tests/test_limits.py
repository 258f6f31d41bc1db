"""The bounds that settings move, through the command: at the bound, over it, raised; and those that cannot be."""

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from linter import cli
from linter.sources import Artifact, Limits

LINKS = "imagePullSecrets:\n- name: x\n- name: x\n"
ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a, namespace: b}\n"
SAID = ("--config", "settings", "--fail-on", "info")
Judge = Callable[..., dict[str, Any]]


@pytest.fixture
def judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Judge:
    """Judge with `limits`; what came of it as JSON, with its exit code under "code"."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str, limits: str = "") -> dict[str, Any]:
        Path("settings").write_text(f"limits: {{{limits}}}\n")
        code = cli.run(["check", *words, *SAID, "--scope", "manifests", "--format", "json"])
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return {**found, "code": code}

    return run


def told(result: dict[str, Any]) -> list[str]:
    return [f"{one['path']}: {one['message']}: {one['remedy']}" for one in result["coverage"]["problems"]]


def found(result: dict[str, Any]) -> list[tuple[str, int | None]]:
    """Where a link stands twice."""
    at = [one["location"] for one in result["findings"] if one["code"] == "RC307"]
    return [(one["path"], one["line"]) for one in at]


def nested(depth: int, form: str) -> str:
    """A service account whose document nests `depth` deep, in one of the forms that are read in ways of their own."""
    inner = depth - 1
    if form == "json":
        body = '{"a":' * inner + "1" + "}" * inner
        links = '"imagePullSecrets": [{"name": "x"}, {"name": "x"}]'
        meta = '"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a", "namespace": "b"}'
        return f'{{{meta}, "x": {body}, {links}}}'
    if form == "block":
        return ACCOUNT + "x:\n" + "".join(f"{' ' * n}a:\n" for n in range(1, inner)) + " " * inner + "a: 1\n" + LINKS
    if form == "aliases":
        half = inner // 2
        first = "[" * half + "1" + "]" * half
        return f"{ACCOUNT}x: &x {first}\ny: {'[' * (inner - half)}*x{']' * (inner - half)}\n{LINKS}"
    return f"{ACCOUNT}x: {'[' * inner}1{']' * inner}\n{LINKS}"


@pytest.mark.parametrize("form", ["json", "block", "flow", "aliases"])
@pytest.mark.parametrize(("depth", "limits"), [(200, ""), (12, "depth: 12"), (300, "depth: 300"), (400, "depth: 400")])
def test_depth(judge: Judge, form: str, depth: int, limits: str) -> None:
    name = "a.json" if form == "json" else "a.yaml"
    Path(name).write_text(nested(depth, form))
    Path("b.yaml").write_text(ACCOUNT.replace("name: a", "name: c") + LINKS)
    at = judge(".", limits=limits)
    assert not told(at)
    assert sorted(path for path, line in found(at) if line) == [name, "b.yaml"]
    Path(name).write_text(nested(depth + 1, form))
    over = judge(".", limits=limits)
    (said,) = told(over)
    assert said.startswith(f"{name}: could not be read: found values nested too deeply: ")
    assert "raise `depth` under `limits`" in said
    assert [path for path, _ in found(over)] == ["b.yaml"]


def test_depth_in_archives_windows_and_other_processes(judge: Judge) -> None:
    """The bound goes wherever documents are read: members, lists beyond 8 MiB, workers."""
    deep = {"kind": "ServiceAccount", **json.loads(nested(240, "json"))}
    filler = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "f"}, "data": {"a": "x" * 9_000_000}}
    large = json.dumps({"apiVersion": "v1", "kind": "List", "items": [filler, deep]})
    Path("in").mkdir()
    Path("in", "large.json").write_text(large)
    for number in range(3):
        filling = "".join(f"# {'x' * 98}\n" for _ in range(10_000))
        Path("in", f"{number}.yaml").write_text(nested(240, "flow").replace("name: a", f"name: a{number}") + filling)
    with zipfile.ZipFile("in.zip", "w") as archive:
        archive.writestr("a.yaml", nested(240, "flow"))
    for words in (("in", "in.zip"), ("in", "in.zip", "--jobs", "2")):
        refused = judge(*words)
        assert len([one for one in told(refused) if "`depth` under `limits`" in one]) == 5
        assert not found(refused)
        read = judge(*words, limits="depth: 250")
        assert not told(read)
        assert len(found(read)) == 5
        assert all(line for _, line in found(read))


def crowded(count: int, form: str) -> str:
    """A text of so many documents, items or objects, one of which names a pull secret twice."""
    names = [{"name": "x"}, {"name": "x"}]
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"}, "imagePullSecrets": names}
    passed = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    if form == "documents":
        return ACCOUNT + LINKS + "---\nkind: ConfigMap\n" * (count - 1)
    if form == "directives":
        return "%YAML 1.1\n---\n" + ACCOUNT + LINKS + "---\nkind: ConfigMap\n" * (count - 1)
    if form == "values":
        return json.dumps(account) + json.dumps(passed) * (count - 1)
    if form == "template":  # it is an object itself
        objects = [account] + [passed] * (count - 2)
        return json.dumps({"apiVersion": "template.openshift.io/v1", "kind": "Template", "objects": objects})
    listed = {"apiVersion": "v1", "kind": "List", "items": [account] + [passed] * (count - 1)}
    if form == "list of json":
        return json.dumps(listed)
    if form == "list of yaml, its kind last":
        return yaml.safe_dump({"apiVersion": "v1", "items": listed["items"], "kind": "List"}, sort_keys=False)
    return yaml.safe_dump(listed)


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize(
    "form",
    ["documents", "directives", "values", "template", "list of json", "list of yaml", "list of yaml, its kind last"],
)
def test_objects(judge: Judge, monkeypatch: pytest.MonkeyPatch, form: str, *, large: bool) -> None:
    """Documents, items and objects, those passed over included; in what is read whole, and in windows."""
    if large:
        monkeypatch.setattr(Limits, "__new__", partial(Limits.__new__, window_bytes=100))
    name = "a.json" if "json" in form or form in ("values", "template") else "a.yaml"
    listed = "list" in form
    Path("b.yaml").write_text(ACCOUNT + LINKS)
    bound = 200 + listed  # a list is a document too, where its items are read one by one
    Path(name).write_text(crowded(200, form))
    at = judge(name, "b.yaml", limits=f"objects: {bound}")
    assert at["code"] == 1
    assert not told(at)
    assert len(found(at)) == 2
    Path(name).write_text(crowded(201 + listed, form))
    assert (Artifact(name, 0, limits=Limits(), file=name).windows() is not None) is large
    for words in ((name, "b.yaml"), (name, "b.yaml", "--jobs", "2")):
        over = judge(*words, limits=f"objects: {bound}")
        assert over["code"] == 3
        (said,) = told(over)
        assert said.startswith(f"{name}: holds more than {bound} documents and items of lists: split it")
        assert "raise `objects` under `limits`" in said
        assert [path for path, _ in found(over)] == ["b.yaml"]
    with zipfile.ZipFile("a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(name)
        archive.write("b.yaml")
    packed = judge("a.zip", limits=f"objects: {bound}")
    assert [one.partition(": ")[0] for one in told(packed)] == [f"a.zip!/{name}"]
    assert [path for path, _ in found(packed)] == ["a.zip!/b.yaml"]


@pytest.mark.parametrize("form", ["json", "block", "flow", "aliases"])
def test_the_deepest_is_repaired(judge: Judge, form: str) -> None:
    """Whatever may be read can also be followed by all that comes after."""
    name = "a.json" if form == "json" else "a.yaml"
    Path(name).write_text(nested(400, form))
    judge(".", "--fix", limits="depth: 400")
    assert Path(name).read_text().count("x") < nested(400, form).count("x")
    assert not found(judge(".", limits="depth: 400"))


@pytest.mark.parametrize(
    "words", [("--scope=cluster", "--fix-dir=out"), ("--format=html=out",), ("--format=sarif=out",), ("--history=out",)]
)
def test_the_deepest_goes_to_every_output(judge: Judge, words: tuple[str, ...]) -> None:
    Path("a.yaml").write_text(nested(400, "flow"))
    Path("settings").write_text("limits: {depth: 400}")
    assert cli.run(["check", ".", *SAID, *words]) == 1
    assert Path("out").exists()


def copies(values: int) -> str:
    """A document whose aliases stand for so many values."""
    return f"{ACCOUNT}x: &x [{', '.join(['1'] * 9)}]\ny: [{', '.join(['*x'] * (values // 10))}]\n{LINKS}"


@pytest.mark.parametrize("form", ["json", "yaml"])
@pytest.mark.parametrize("packed", ["", ".gz", ".tar", ".zip"])
def test_a_list_of_small_items_may_be_larger_than_the_largest_file(judge: Judge, form: str, packed: str) -> None:
    """However small that is: it is read in windows, and the bound is that of an item."""
    items: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": f"a{at}", "namespace": "b", "labels": {}}}
        for at in range(100)
    ]
    items[99]["imagePullSecrets"] = [{"name": "x"}, {"name": "x"}]
    write = json.dumps if form == "json" else partial(yaml.safe_dump, sort_keys=False)

    def put(many: list[dict[str, Any]]) -> str:
        data = write({"apiVersion": "v1", "kind": "List", "items": many}).encode()
        name = f"all.{form}{packed}"
        if packed == ".zip":
            with zipfile.ZipFile(name, "w") as archive:
                archive.writestr(f"all.{form}", data)
        elif packed == ".tar":
            with tarfile.open(name, "w") as tar:
                member = tarfile.TarInfo(f"all.{form}")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
        else:
            Path(name).write_bytes(gzip.compress(data) if packed else data)
        return name

    found = judge(put(items), limits="file: 2000")
    assert told(found) == []
    assert [one["code"] for one in found["findings"]] == ["RC307"]
    items[50]["metadata"]["labels"] = {"large": "x" * 9000}
    problem = told(judge(put(items), limits="file: 2000"))[0]
    assert "is larger than 2000 bytes" in problem
    assert "raise `file` under `limits` in the settings" in problem


def test_aliases(judge: Judge) -> None:
    Path("a.yaml").write_text(copies(50))
    assert found(judge("a.yaml", limits="aliases: 50")) == [("a.yaml", 8)]
    Path("b.yaml").write_text(copies(60).replace("name: a", "name: c"))
    over = judge(".", limits="aliases: 50")
    (said,) = told(over)
    assert said.startswith("b.yaml: could not be read: found aliases that expand without bound: ")
    assert "`aliases` under `limits`" in said
    assert found(over) == [("a.yaml", 8)]
    assert len(found(judge(".", limits="aliases: 60"))) == 2
    Path("b.yaml").write_text(ACCOUNT + "x: &x 1\ny: *x\n")
    assert told(judge("b.yaml", limits="aliases: 0"))
    many = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
    many += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 7))
    Path("b.yaml").write_text(ACCOUNT.replace("name: a", "name: c") + many + LINKS)
    assert told(judge("b.yaml"))
    assert len(found(judge("b.yaml", limits="aliases: 20000000"))) == 1


def packed(kind: str, members: dict[str, str]) -> None:
    """Write `a.KIND`."""
    if kind == "zip":
        with zipfile.ZipFile("a.zip", "w") as archive:
            for name, text in members.items():
                archive.writestr(name, text)
        return
    with tarfile.open(f"a.{kind}", "w:gz" if kind == "tar.gz" else "w") as tar:
        for name, text in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_members(judge: Judge, kind: str) -> None:
    accounts = {f"{n}.yaml": ACCOUNT.replace("name: a", f"name: a{n}") + LINKS for n in range(5)}
    packed(kind, accounts)
    Path("b.yaml").write_text(ACCOUNT.replace("name: a", "name: c") + LINKS)
    at = judge(f"a.{kind}", "b.yaml", limits="members: 5")
    assert at["code"] == 1
    assert not told(at)
    assert len(found(at)) == 6
    over = judge(f"a.{kind}", "b.yaml", limits="members: 4")
    assert over["code"] == 3
    (said,) = told(over)
    assert said.startswith(f"a.{kind}: unpacks to more than 4 files; the 4 files before were read: ")
    assert "raise `members` under `limits`" in said
    assert len(found(over)) == 5


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_archive(judge: Judge, kind: str) -> None:
    packed(kind, {"a.yaml": "# " + "x" * 99_998, "b.yaml": ACCOUNT + LINKS})
    at = judge(f"a.{kind}", limits="archive: 128 KiB")
    assert not told(at)
    assert found(at) == [(f"a.{kind}!/b.yaml", 6)]
    over = judge(f"a.{kind}", limits="archive: 64 KiB")
    assert over["code"] == 3
    (said,) = told(over)
    assert said.startswith(f"a.{kind}: unpacks to more than 65536 bytes")
    assert "raise `archive` under `limits`" in said


def bomb_of_tar() -> None:
    """Write a tar of 290 MB that packs to a thousandth: zeros, and a file to judge behind them."""
    zeros = gzip.compress(bytes(10_000_000))
    first, last = tarfile.TarInfo("a.bin"), tarfile.TarInfo("b.yaml")
    first.size, last.size = 290_000_000 // 512 * 512, len(ACCOUNT + LINKS)
    rest = bytes(first.size - 28 * 10_000_000)
    end = last.tobuf() + (ACCOUNT + LINKS).encode().ljust(512, b"\0") + bytes(1024)
    whole = [gzip.compress(first.tobuf()), *[zeros] * 28, gzip.compress(rest), gzip.compress(end)]
    Path("a.tar.gz").write_bytes(b"".join(whole))


def bomb_of_zip() -> None:
    """Write a zip of 42 files of 7 MB, and one to judge behind them."""
    comment = "#" * 7_000_000
    with zipfile.ZipFile("a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(42):
            archive.writestr(f"{number}.yaml", comment)
        archive.writestr("b.yaml", ACCOUNT + LINKS)


@pytest.mark.parametrize(("make", "name"), [(bomb_of_tar, "a.tar.gz"), (bomb_of_zip, "a.zip")])
def test_ratio(judge: Judge, make: Callable[[], None], name: str) -> None:
    make()
    Path("c.yaml").write_text(ACCOUNT.replace("name: a", "name: c") + LINKS)
    over = judge(name, "c.yaml")
    assert over["code"] == 3
    (said,) = told(over)
    assert said.startswith(f"{name}: unpacks to more than 400 times its size")
    assert "raise `ratio` under `limits`" in said
    assert found(over) == [("c.yaml", 6)]
    raised = judge(name, "c.yaml", limits="ratio: 2000")
    assert raised["code"] == 1
    assert not told(raised)
    assert found(raised) == [(f"{name}!/b.yaml", 6), ("c.yaml", 6)]


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ("depth: 401", "limits.depth: 401 is greater than the maximum of 400. How deep"),
        ("depth: 100000", "as deep as it can be judged and edited"),
        ("depth: 9", "limits.depth: 9 is less than the minimum of 10."),
        ("depth: 1 KiB", "limits.depth: ••• is not of type 'integer'"),
        ("ratio: 0", "limits.ratio: 0 is less than the minimum of 1."),
        ("objects: 0", "limits.objects: 0 is less than the minimum of 1."),
        ("members: -1", "limits.members: -1 is less than the minimum of 1."),
        ("aliases: true", "limits.aliases: True is not of type 'integer'"),
        ("member: 5", "there is no setting 'member' in limits: did you mean 'members'?"),
    ],
)
def test_a_bound_that_cannot_be_is_refused(
    limits: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".regcred.yaml").write_text(f"limits:\n  {limits}\n")
    assert cli.run(["check", "."]) == 2
    error = capsys.readouterr().err
    assert ".regcred.yaml:2: " in error
    assert said in error


def test_collecting_obeys_them(judge: Judge, capsys: pytest.CaptureFixture[str]) -> None:
    packed("zip", {f"{n}.yaml": ACCOUNT.replace("name: a", f"name: a{n}") + LINKS for n in range(5)})
    Path(".regcred.yaml").write_text("limits: {members: 4}\n")
    assert cli.run(["collect", "a.zip", "-o", "out.tar.gz"]) == 3
    assert "unpacks to more than 4 files" in capsys.readouterr().err
    assert not Path("out.tar.gz").exists()
    Path(".regcred.yaml").write_text("limits: {members: 5, depth: 400}\n")
    assert cli.run(["collect", "a.zip", "-o", "out.tar.gz"]) == 0
    capsys.readouterr()
    assert len(found(judge("out.tar.gz"))) == 5
    Path("deep.yaml").write_text(nested(300, "flow").replace("name: a", "name: deep"))
    assert cli.run(["collect", "deep.yaml", "-o", "deep.tar.gz", "--redact"]) == 0
    capsys.readouterr()
    assert len(found(judge("deep.tar.gz", limits="depth: 400"))) == 1


PROGRAMS = {
    "kustomize": f"cat <<END\n{ACCOUNT}{LINKS}END\n",
    "helm": "cat <<END\n---\n# Source: shop/templates/web.yaml\n"
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  imagePullSecrets:\n  - name: typo\n  - name: typo\n"
    "  containers: [{name: web, image: quay.io/shop/web:1}]\nEND\n",
}
TEMPLATE = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  imagePullSecrets:
  - name: {{ .Values.pullSecret }}
  - name: {{ .Values.pullSecret }}
  containers: [{name: web, image: quay.io/shop/web:1}]
"""


def test_what_is_built_obeys_them(judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build file, what a chart needs, and values, wherever they stand: read as far as the settings allow."""
    for name, body in PROGRAMS.items():
        Path("bin").mkdir(exist_ok=True)
        Path("bin", name).write_text(f"#!/bin/sh\n{body}")
        Path("bin", name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    deep = f"x: {'[' * 250}1{']' * 250}\n"
    for name, text in {
        "in/k/kustomization.yaml": f"resources: [web.yaml]\n{deep}",
        "in/k/web.yaml": ACCOUNT,
        "in/chart/Chart.yaml": f"apiVersion: v2\nname: shop\nversion: 0.1.0\n{deep}"
        "dependencies: [{name: lib, repository: 'file://../gone'}]\n",
        "in/chart/values.yaml": f"pullSecret: typo\n{deep}",
        "in/chart/templates/web.yaml": TEMPLATE,
    }.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    usual = judge("in", "--render")
    assert sorted(path for path, _ in found(usual)) == ["in/chart/templates/web.yaml"]
    raised = judge("in", "--render", limits="depth: 300")
    assert [path for path, _ in found(raised)] == ["in/k (kustomize build)"]
    (said,) = told(raised)
    assert said.startswith("in/chart/Chart.yaml: was not rendered, because it names what does not exist here: file://")
    Path("in/chart/Chart.yaml").write_text("apiVersion: v2\nname: shop\nversion: 0.1.0\n")
    for limits, there in (("", False), ("depth: 300", True)):
        (pod,) = (one for one in judge("in/chart", "--render", limits=limits)["findings"] if one["code"] == "RC307")
        places = [one["location"]["path"] for one in pod["related"] if one["location"]]
        assert ("in/chart/values.yaml" in places) is there
