"""Dumps, folders, archives and standard input in a collection: judged as they were; redacted, without credentials."""

import gzip
import io
import json
import sys
import urllib.parse
from pathlib import Path

import pytest

from linter.__main__ import main

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "layouts"))
sys.path.insert(0, str(Path(__file__).parent))

import test_leaks as leaks
from cluster import Cluster
from collected import OBJECTS, RULES, aligned, collect, judged, layers, members, put, run
from writers import LAYOUTS


@pytest.mark.parametrize("redacted", [False, True], ids=["as it is", "redacted"])
@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_is_judged_as_before(name: str, redacted: bool, tmp_path: Path) -> None:
    source = put(tmp_path / "dump", LAYOUTS[name].write(OBJECTS))
    before = run(source)
    after = run(collect(source, tmp_path / "out.tar.gz", *(["--redact"] if redacted else [])))
    assert judged(after) == judged(before)
    (was,), (scan,) = before.scans, after.scans
    assert (scan.scope, scan.proves, scan.objects) == (was.scope, was.proves, was.objects)
    assert scan.recognised.endswith("credentials replaced") is redacted
    assert not after.problems


@pytest.mark.parametrize("name", ["velero", "kubectl-yaml"])
def test_an_archive_and_a_pipe_are_taken_too(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = LAYOUTS[name].write(OBJECTS)
    before = run(put(tmp_path / "dump", files))
    first = collect(tmp_path / "dump", tmp_path / "first.tar.gz")
    assert judged(run(collect(first, tmp_path / "second.tar.gz", "--redact"))) == judged(before)

    class Pipe:
        buffer = io.BytesIO(first.read_bytes())

    monkeypatch.setattr("sys.stdin", Pipe)
    assert judged(run(collect("-", tmp_path / "third.tar.gz", "--redact"))) == judged(before)
    if len(files) == 1:
        (data,) = files.values()
        Pipe.buffer = io.BytesIO(gzip.compress(data))
        assert judged(run(collect("-", tmp_path / "fourth.tar.gz", "--redact"))) == judged(before)


def test_files_of_a_folder_keep_their_places_to_each_other(tmp_path: Path) -> None:
    names = ("account.yaml", "base/account.yaml", "kustomization.yaml", "a.json", "pods/web/pod.yaml")
    source = put(tmp_path / "shop", {f"shop/{name}": b"apiVersion: v1\nkind: ServiceAccount\n" for name in names})
    held = {name for name in members(collect(source / "shop", tmp_path / "out.tar.gz")) if "collection" not in name}
    assert held == {*names}


def test_a_collection_is_redacted_afterwards(tmp_path: Path) -> None:
    """A file that says itself what it holds goes on saying it, and that it is redacted now."""
    folder = "regcred-collection"
    record = {"apiVersion": "regcred/v1", "kind": "Collection", "metadata": {"name": "prod"}, "scope": "cluster"}
    rows = [("", "Secret", "secrets"), ("", "ServiceAccount", "serviceaccounts"), ("", "Pod", "pods")]
    record["collected"] = [
        {"group": group, "kind": kind, "resource": resource, "namespaces": ["*"], "objects": 1}
        for group, kind, resource in rows
    ]
    record["refused"] = [
        {"group": "apps", "kind": "Deployment", "namespaces": ["*"], "why": "forbidden", "message": "no hunter2hunter2"}
    ]
    files = {f"{folder}/collection.json": json.dumps(record).encode()}
    held = {"apiVersion": "v1", "kind": "SecretList", "items": [one for one in OBJECTS if one["kind"] == "Secret"]}
    payload = json.dumps({"auths": {"q.example.com": {"username": "me", "password": "hunter2hunter2"}}})
    held["items"].append(
        {
            "metadata": {"name": "mine", "namespace": "team"},
            "type": "kubernetes.io/dockerconfigjson",
            "data": {".dockerconfigjson": leaks.b64(payload)},
        }
    )
    files[f"{folder}/core/secrets/team.list.json"] = json.dumps(held).encode()
    source = put(tmp_path / "dump", files)
    target = collect(source, tmp_path / "out.tar.gz", "--redact")
    assert sorted(members(target)) == sorted(files)
    said = json.loads(members(target)[f"{folder}/collection.json"])
    assert said["redacted"] is True
    assert said["collected"] == record["collected"]
    assert b"hunter2" not in b"".join(members(target).values())
    assert judged(run(target)) == judged(run(source))
    assert "collected from prod by regcred, credentials replaced" in run(target).scans[0].recognised


@pytest.mark.parametrize("family", sorted(path.name for path in RULES.iterdir() if path.is_dir()))
def test_the_examples_of_every_rule_are_judged_alike(family: str, tmp_path: Path) -> None:
    seen = 0
    for number, path in enumerate(sorted((RULES / family).rglob("*.yaml"))):
        before = run(path)
        after = run(collect(path, tmp_path / f"{number}.tar.gz", "--redact"))
        assert judged(after) == judged(before), path
        seen += 1
    assert seen > 10


@pytest.mark.parametrize("name", leaks.CASES)
def test_a_canary_is_gone_and_the_rest_is_judged_alike(name: str, tmp_path: Path) -> None:
    source = tmp_path / "case.yaml"
    source.write_text(leaks.CASES[name])
    target = collect(source, tmp_path / "out.tar.gz", "--redact")
    said = layers(b"\n".join(members(target).values()))
    auth = leaks.AUTH
    forms = [
        *leaks.forms(),
        leaks.USER,
        urllib.parse.quote(leaks.PASSWORD),
        leaks.PASSWORD[::-1],
        auth[: len(auth) // 2][::-1] + auth[len(auth) // 2 :][::-1],
        *aligned(leaks.PASSWORD),
    ]
    for form in forms:
        assert form not in said, form
    assert judged(run(target)) == judged(run(source))


def test_a_url_is_collected_too(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    store = fsspec.filesystem("memory")
    store.pipe("/collected/case.json", LAYOUTS["kubectl-json"].write(OBJECTS)["all.json"])
    try:
        target = collect("memory://collected/case.json", tmp_path / "out.tar.gz", "--redact")
    finally:
        store.rm("/collected", recursive=True)
    assert "case.json" in members(target)
    assert judged(run(target)) == judged(run(put(tmp_path / "dump", LAYOUTS["kubectl-json"].write(OBJECTS))))


def test_what_is_left_out_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "dump", {"a.yaml": b"kind: Pod\n", "b.log": b"x", "c.yaml": b"kind: Secret\n\xfa"})
    collect(source, tmp_path / "out.tar.gz", "--redact")
    said = capsys.readouterr().err
    assert f"out.tar.gz: 2 files of {source}" in said
    assert "left out: 1 (not YAML or JSON)" in said
    assert f"not taken: {source}/c.yaml: could not be read" in said
    assert main(["collect", str(tmp_path / "none"), "-o", str(tmp_path / "x.tar.gz")]) == 3
    (tmp_path / "empty").mkdir()
    assert main(["collect", str(tmp_path / "empty"), "-o", str(tmp_path / "x.tar.gz")]) == 3
    assert "nothing to judge was found in it" in capsys.readouterr().err
    assert not (tmp_path / "x.tar.gz").exists()


@pytest.mark.parametrize("redacted", [False, True], ids=["as it is", "redacted"])
def test_several_dumps_stay_several_clusters(
    redacted: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    east = put(tmp_path / "east", LAYOUTS["velero"].write(OBJECTS))
    west = put(tmp_path / "west", LAYOUTS["must-gather"].write(OBJECTS))
    words = ["--redact"] if redacted else []
    target = tmp_path / "out.tar.gz"
    assert main(["collect", str(east), str(west), "-o", str(target), *words]) == 0
    both = run(target)
    assert [scan.name.rpartition("/")[2] for scan in both.scans] == ["1-east", "must-gather.local.55"]
    assert judged(both) == sorted(judged(run(east)) + judged(run(west)))


@pytest.mark.parametrize("redacted", [False, True], ids=["as it is", "redacted"])
def test_lists_of_kubectl_and_manifests_are_told_apart_from_what_is_beside_them(
    redacted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    east = put(tmp_path / "east", LAYOUTS["velero"].write(OBJECTS))
    north = put(tmp_path / "north", LAYOUTS["kubectl-json"].write(Cluster(2).objects))
    (south,) = put(tmp_path / "south", LAYOUTS["kubectl-yaml"].write(Cluster(3).objects)).iterdir()
    (piped,) = LAYOUTS["cluster-info-stdout"].write(Cluster(4).objects).values()
    account = b"apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\nimagePullSecrets: [{name: x}, {name: x}]\n"
    mine = put(tmp_path / "mine", {"deploy/a.yaml": account})
    stream = type("In", (), {"buffer": io.BytesIO(piped)})
    monkeypatch.setattr("sys.stdin", stream)
    target = tmp_path / "out.tar.gz"
    words = ["--redact"] if redacted else []
    assert main(["collect", *map(str, (east, north, mine, south)), "-", "-o", str(target), *words]) == 0
    found = run(target)
    assert [scan.name.rpartition("/")[2] for scan in found.scans] == [
        "manifests",
        "1-east",
        "2-north",
        "4-all.yaml",
        "5-input",
    ]
    assert "3-mine/regcred-collection/files/deploy/a.yaml" in members(target)
    assert "4-all.yaml/regcred-collection/files/all.yaml" in members(target)
    (tmp_path / "piped.json").write_bytes(piped)
    alone = (east, north, mine, south, tmp_path / "piped.json")
    assert judged(found) == sorted(row for one in alone for row in judged(run(one)))
    again = tmp_path / "again.tar.gz"
    assert main(["collect", str(target), str(east), "-o", str(again), *words]) == 0
    assert len(run(again).scans) == len(found.scans) + 1


def test_what_is_a_dump_in_part_only_is_collected_by_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    east = put(tmp_path / "east", LAYOUTS["velero"].write(OBJECTS))
    mixed = put(tmp_path / "mixed", {f"a/{name}": data for name, data in LAYOUTS["velero"].write(OBJECTS).items()})
    put(mixed, {f"b/{name}": data for name, data in LAYOUTS["must-gather"].write(OBJECTS).items()})
    put(mixed, {"c/x.yaml": b"apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n"})
    assert main(["collect", str(east), str(mixed), "-o", str(tmp_path / "x.tar.gz")]) == 2
    assert "not all of it is a dump of a cluster, so it can share a file with nothing" in capsys.readouterr().err


def test_a_dump_is_known_whatever_part_of_it_is_named(tmp_path: Path) -> None:
    source = put(tmp_path / "dump", LAYOUTS["must-gather"].write(OBJECTS))
    inside = next(path for path in source.rglob("namespaces"))
    before = run(inside)
    after = run(collect(inside, tmp_path / "out.tar.gz"))
    assert judged(after) == judged(before)
    assert after.scans[0].scope == before.scans[0].scope
    assert not any(str(tmp_path.name) in name for name in members(tmp_path / "out.tar.gz"))
