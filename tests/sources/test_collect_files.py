"""Dumps, folders, archives and standard input in a collection: judged as they were; redacted, without credentials."""

import base64
import gzip
import io
import json
import lzma
import re
import shutil
import signal
import stat
import subprocess
import sys
import tarfile
import time
import urllib.parse
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from linter import engine
from linter.__main__ import main
from linter.collecting.documents import Redacted
from linter.collecting.redact import Redaction
from linter.model import Applicability, Finding, Run
from linter.sources import Limits

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "layouts"))

sys.path.insert(0, str(Path(__file__).parent))

import test_leaks as leaks
import test_redact as planting
import yaml
import zstandard
from cluster import Cluster
from writers import LAYOUTS, Files

RULES = Path(__file__).parent.parent / "rules"
OBJECTS = Cluster(1).objects


def put(root: Path, files: Files) -> Path:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def collect(source: Path | str, target: Path, *words: str) -> Path:
    assert main(["collect", str(source), "-o", str(target), *words]) == 0
    return target


def run(*paths: Path, **more: Any) -> Run:
    return engine.run(engine.Request(tuple(map(str, paths)), **more)).run


def judged(result: Run) -> list[tuple[str, ...]]:
    told = [
        (one.code, str(one.severity), one.object.kind, one.object.namespace, one.object.name, one.key)
        for one in (*result.findings, *(hidden.finding for hidden in result.suppressed))
    ]
    told += [
        ("", one.reason, one.object.kind, one.object.namespace, one.object.name, "")
        for one in result.not_evaluated
        if one.object is not None
    ]
    return sorted(told)


def members(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as opened:
        return {one.name: opened.extractfile(one).read() for one in opened}  # type: ignore[union-attr]


def layers(said: bytes) -> str:
    """Text, and what each run of base64 in it decodes to at every alignment, three layers deep."""
    text = said.decode("utf-8", "replace")
    layer = text
    for _ in range(3):
        found = []
        for encoded in re.findall(r"[A-Za-z0-9+/_-]{8,}", layer):
            plain = encoded.replace("-", "+").replace("_", "/")
            for start in range(4):
                part = plain[start:]
                found.append(base64.b64decode(part[: len(part) // 4 * 4]).decode("latin-1"))
        layer = "\n".join(found)
        text += "\n" + layer
    return text


def aligned(secret: str) -> Iterator[str]:
    """A secret in base64 as it stands inside something longer, at each of the three places."""
    for lead in range(3):
        encoded = base64.b64encode(b"\0" * lead + secret.encode()).decode()
        yield encoded[4 if lead else 0 :].rstrip("=")[:-1]


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


SCATTERED = """\
# a remark with the password {password}
apiVersion: v1
kind: Secret
metadata: {{name: pull, namespace: team}}
type: kubernetes.io/dockerconfigjson
data: {{.dockerconfigjson: {payload}}}
---
imageCredentials:
  registry: q.example.com
  username: {user}
  password: {other}
global:
  dockerConfig: {{auths: {{q.example.com: {{auth: {auth}}}}}}}
note: "see https://{user}:{password}@q.example.com/ and {encoded}"
---
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
secretGenerator:
  - name: made
    literals: ["token={other}"]
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: settings, namespace: team}}
data:
  url: {quoted}
  half: {half}
---
apiVersion: v1
kind: Secret
metadata: {{name: {{{{ .Release.Name }}}}-pull}}
data:
  {{{{- if .Values.x }}}}
  .dockerconfigjson: {payload}
  password: {other}
  {{{{ end }}}}
"""


def test_a_credential_is_gone_wherever_it_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    user, password, other = leaks.USER, leaks.PASSWORD, "ein-anderes-4711-geheimnis"
    source = tmp_path / "scattered.yaml"
    source.write_text(
        SCATTERED.format(
            user=user,
            password=password,
            other=other,
            payload=leaks.b64(leaks.GOOD),
            auth=leaks.AUTH,
            encoded=leaks.b64(f"x{leaks.AUTH}"),
            quoted=urllib.parse.quote(f"/?p={password}", safe=""),
            half=leaks.b64(f"ab{password}"),
        )
    )
    target = collect(source, tmp_path / "out.tar.gz", "--redact")
    assert f"kept as text, with values replaced: {source}" in capsys.readouterr().err
    text = members(target)["scattered.yaml"]
    said = layers(text)
    for secret in (password, other):
        for form in (secret, urllib.parse.quote(secret), secret[::-1], secret[:14], *aligned(secret)):
            assert form not in said, form
    assert leaks.AUTH not in said
    assert b"q.example.com" in text
    assert b"{{- if" in text
    assert judged(run(target)) == judged(run(source))


def test_base64_that_is_damaged_anywhere_is_judged_alike(tmp_path: Path) -> None:
    entry = '{\n      "username": "user-of-ours", "password": "hunter2[]{}=example"\n    }'
    config = f'{{\n  "auths": {{\n    "quay.io": {entry}\n  }}\n}}\n'
    values = []
    for text in (config, config.replace("  }\n}", "  ],\n}"), config.replace('"auths"', "'auths'")):
        whole = base64.b64encode(text.encode()).decode()
        for at in range(0, len(whole), 3):
            values += [whole[:at] + whole[at + 1 :], f"{whole[:at]}!{whole[at:]}", f"{whole[:at]}A{whole[at:]}"]
        values.append("\n".join(whole[at : at + 76] for at in range(0, len(whole) - 6, 76)))
    items = [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": f"s{number}"},
            "type": "kubernetes.io/dockerconfigjson",
            "data": {".dockerconfigjson": value},
        }
        for number, value in enumerate(values)
    ]
    listed = {"apiVersion": "v1", "kind": "List", "items": items}
    source = put(tmp_path / "m", {"all.json": json.dumps(listed).encode()})
    target = collect(source, tmp_path / "out.tar.gz", "--redact")
    before, after = run(source), run(target)
    assert judged(after) == judged(before)
    assert {one.code for one in before.findings} >= {"RC101", "RC102"}
    assert any("is damaged as well" in one.detail for one in after.findings)
    said = layers(next(data for name, data in members(target).items() if name.endswith("all.json")))
    # Signs of what cannot be parsed stay where they are; letters and digits do not.
    parts = [word[at : at + 5] for word in ("hunter2", "example", "user-of-ours") for at in range(len(word) - 4)]
    assert not [part for part in parts if part in said]


def test_nobody_can_try_passwords_on_a_redacted_file(tmp_path: Path) -> None:
    """Surrogates are drawn with a key of the run: the same password looks different in each, and no hash is kept."""
    source = tmp_path / "secret.yaml"
    payload = {"auths": {host: {"username": "u", "password": "hunter2"} for host in ("a.example.com", "b.example.com")}}
    payload["auths"]["c.example.com"] = {"username": "u", "password": "hunter3"}
    source.write_text(leaks.secret(json.dumps(payload)))
    drawn = set()
    for number in range(4):
        target = collect(source, tmp_path / f"{number}.tar.gz", "--redact")
        document = json.loads(members(target)["secret.yaml"])
        auths = json.loads(base64.b64decode(document["data"][".dockerconfigjson"]))["auths"]
        first, second, third = (auths[f"{host}.example.com"]["password"] for host in "abc")
        assert first == second != third
        assert len(first) == len("hunter2")
        drawn.add(first)
        assert len(members(target)) == 2
    assert len(drawn) == 4


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_no_credential_of_a_whole_cluster_is_left(form: str, tmp_path: Path) -> None:
    """Secrets of every shape, with what stands in them written into annotations, arguments, variables and settings."""
    planted = planting.Planted(11)
    listed = {"apiVersion": "v1", "kind": "List", "items": planted.objects}
    source = tmp_path / f"all.{form}"
    source.write_text(json.dumps(listed) if form == "json" else yaml.safe_dump(listed, allow_unicode=True))
    target = collect(source, tmp_path / "out.tar.gz", "--redact")
    said = layers(b"\n".join(members(target).values()))
    for user, password in planted.credentials:
        for one in planting.forms(password, user):
            assert one not in said, one
    assert judged(run(target)) == judged(run(source))


def test_equal_credentials_stay_equal_between_objects(tmp_path: Path) -> None:
    payload = json.dumps({"auths": {"q.example.com": {"username": "shop-robot-user", "password": leaks.PASSWORD}}})
    held = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"config.json": payload}}
    generator: dict[str, Any] = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
    generator["secretGenerator"] = [{"name": "made", "literals": [f".dockerconfigjson={payload}"]}]
    source = tmp_path / "all.yaml"
    source.write_text("---\n".join([leaks.secret(payload), json.dumps(held) + "\n", json.dumps(generator)]))
    text = members(collect(source, tmp_path / "out.tar.gz", "--redact"))["all.yaml"].decode()
    values, at = [], 0
    while at < len(text.rstrip()):
        value, at = json.JSONDecoder().raw_decode(text, at)
        values.append(value)
        at += 1
    first, second, third = values
    redacted = json.loads(base64.b64decode(first["data"][".dockerconfigjson"]))
    assert json.loads(second["data"]["config.json"]) == redacted
    assert third["secretGenerator"][0]["literals"] == [f".dockerconfigjson={json.dumps(redacted)}"]
    assert redacted["auths"].keys() == {"q.example.com"}
    assert redacted["auths"]["q.example.com"]["password"] != leaks.PASSWORD


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


# The file


def test_the_file_is_private_and_whole_or_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "dump", LAYOUTS["velero"].write(OBJECTS))
    target = collect(source, tmp_path / "out.tar.gz")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with tarfile.open(target) as opened:
        assert {one.mode for one in opened} == {0o600}
    before = target.read_bytes()
    assert main(["collect", str(source), "-o", str(target)]) == 2
    assert "--force" in capsys.readouterr().err
    assert target.read_bytes() == before
    damaged = tmp_path / "damaged.tar.gz"
    damaged.write_bytes(before[: len(before) // 2])
    for words in ([], ["--redact"]):
        assert main(["collect", str(damaged), "-o", str(target), "--force", *words]) == 3
        assert "nothing was written" in capsys.readouterr().err
    assert target.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["damaged.tar.gz", "dump", "out.tar.gz"]


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


@pytest.mark.parametrize("layout", ["kubectl-json", "cluster-info", "support-bundle"])
def test_a_large_list_is_redacted_as_a_small_one(layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few items at a time: the same bytes, and what the last item gives away is gone from the first."""
    redaction = Redaction()
    # What cannot be decoded gets other signs each time.
    objects = [one for one in Cluster(1).objects if one["metadata"]["name"] != "broken"]
    last = objects[-1] | {"metadata": {**objects[-1]["metadata"], "annotations": {"url": "x"}}}
    told = {"name": "A", "value": "see user:told-by-the-last-item"}
    for item in objects:
        if item["kind"] == "Pod":
            item["spec"] = {**item["spec"], "containers": [{**item["spec"]["containers"][0], "env": [told]}]}
    secret = next(one for one in objects if one["kind"] == "Secret")
    entry = {"auths": {"late.example": {"username": "user", "password": "told-by-the-last-item"}}}
    value = base64.b64encode(json.dumps(entry).encode()).decode()
    late = {**secret, "metadata": {**secret["metadata"], "name": "late"}, "data": {".dockerconfigjson": value}}
    files = LAYOUTS[layout].write([*objects, last, late] if layout == "kubectl-json" else objects)
    wanted = {path: data for path, data in files.items() if path.endswith(".json")}
    small = {path: Redacted(path, data, redaction, Limits()) for path, data in wanted.items()}
    monkeypatch.setattr("linter.collecting.documents._LARGE", 1)
    monkeypatch.setattr("linter.collecting.documents._SOME", 2)
    large = {path: Redacted(path, data, redaction, Limits()) for path, data in wanted.items()}
    for path in wanted:
        written = b"".join(large[path].written())
        assert written == b"".join(small[path].written())
        assert json.loads(written) is not None
        assert layout != "kubectl-json" or b"told-by-the-last-item" not in written


ACCOUNT = """\
# regcred: ignore[RC301] above, hunter2-example
# the robot's password is hunter2-example
apiVersion: v1
kind: ServiceAccount
metadata: {name: a, annotations: {"note": "it's # regcred: ignore[RC101] no comment"}}
imagePullSecrets:
- name: x
- name: x  # regcred: ignore[RC307] hunter2-example
---
# regcred: ignore[duplicate-link]
# hunter2-example
- name: a
"""
PODS = """\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ServiceAccount  # regcred: ignore[RC307] of all of it: hunter2-example
  metadata: {name: b}
  imagePullSecrets: &links
  - name: x
  - {name: x}
  - &again
    name: x
- kind: ServiceAccount
  apiVersion: v1
  metadata:
    name: c
  imagePullSecrets:
  # regcred: ignore[duplicate-link,hunter2-example] the next, not the one after it
  # hunter2-example
  - name: y
  - name: z  # regcred: ignore[RC307]
  - name: z
  -  # regcred: ignore[RC307] hunter2-example
    name: y
  - name: y
"""


def test_comments_that_accept_findings_stay_without_their_reasons(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"a.yaml": ACCOUNT, "b.yaml": PODS, "c.yaml": PODS.replace("\n", "\r\n").replace("name: b", "name: d")}
    files["e.yaml"] = f"a: {{{{ b }}}}  # regcred: ignore[RC307]\n---\n{PODS.replace('name: b', 'name: g')}"
    files["d.yaml"] = f"---\n{PODS.replace('name: b', 'name: e').replace('name: c', 'name: f')}---\n{ACCOUNT}"
    source = put(tmp_path / "m", {name: text.encode() for name, text in files.items()})
    target = tmp_path / "out.tar.gz"
    collect(source, target, "--redact")
    said = capsys.readouterr().err
    assert f"  left out: the reasons of 3 comments that accept findings, of {source}/a.yaml" in said.splitlines()
    kept = b"".join(members(target).values())
    assert b"hunter2" not in kept
    assert b"robot's" not in kept
    before, after = run(source), run(target)
    assert judged(after) == judged(before)

    def shown(result: Run) -> tuple[Any, ...]:
        return (
            sorted((*told(one.finding), one.by) for one in result.suppressed),
            sorted(map(told, result.findings)),
            sorted((one.path.rpartition("/")[2], one.line) for one in result.problems if "nothing" in one.message),
        )

    def told(one: Finding) -> tuple[Any, ...]:
        return one.code, one.location.path.rpartition("/")[2], one.location.line, one.object.name

    assert shown(after) == shown(before)
    assert before.suppressed
    assert {one.reason for one in after.suppressed} == {"its reason was left out by regcred collect --redact"}


@pytest.mark.parametrize(
    "text",
    [
        "kind: ServiceAccount  # regcred: ignore\n",  # without a name
        "kind: ServiceAccount  # regcred: ignore[hunter2]\n",
        "x: &x\n  a: 1\nmetadata:\n  name: a\n  # c\n  <<: *x  # regcred: ignore[RC307]\n",  # a merge
        "a: b  # regcred: ignore[RC307]\rc: d\n",
    ],
)
def test_comments_that_cannot_be_kept_are_told(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = put(tmp_path / "m", {"a.yaml": text.encode()})
    collect(source, tmp_path / "out.tar.gz", "--redact")
    said = capsys.readouterr().err.splitlines()
    assert f"  left out: a comment that accepts findings, of {source}/a.yaml: check reports them again" in said


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


# Repairs of what is redacted


def test_no_repair_writes_a_surrogate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "dump", LAYOUTS["velero"].write(OBJECTS))
    target = collect(source, tmp_path / "out.tar.gz", "--redact")
    before = {one.fingerprint: one.fix for one in run(source).findings}
    after = run(target).findings
    withheld = [one for one in after if one.fix is not None and one.fix.obstacle.startswith("the credentials of this")]
    assert withheld
    for one in after:
        was = before[one.fingerprint]
        if one in withheld:
            assert one.fix is not None
            assert one.fix.applicability is Applicability.DISPLAY
            assert not one.fix.edits
            assert "make this repair from the original" in one.fix.summary
            assert was is not None
        elif was is not None:
            assert one.fix is not None
            assert (one.fix.summary, len(one.fix.edits)) == (was.summary, len(was.edits))
    capsys.readouterr()
    assert main(["check", str(target), "--fix-dir", str(tmp_path / "fixes"), "--unsafe-fixes", "--format", "json"]) == 1
    said = capsys.readouterr().err
    assert "not written: " in said
    assert "the credentials of this input are surrogates" in said
    for path in (tmp_path / "fixes").rglob("*.yaml"):
        assert "kind: Secret" not in path.read_text()


def test_a_file_out_of_a_redacted_collection_is_not_repaired_either(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "case.yaml"
    source.write_text(leaks.secret(leaks.GOOD, kind="Opaque"))
    assert main(["check", str(source), "--diff", "--unsafe-fixes"]) == 1
    assert "+type: kubernetes.io/dockerconfigjson" in capsys.readouterr().out
    with tarfile.open(collect(source, tmp_path / "out.tar.gz", "--redact")) as opened:
        opened.extractall(tmp_path / "unpacked", filter="data")
    content = (tmp_path / "unpacked" / "case.yaml").read_bytes()
    assert main(["check", str(tmp_path / "unpacked"), "--fix", "--unsafe-fixes"]) == 1
    assert "not repaired: " in capsys.readouterr().err
    assert (tmp_path / "unpacked" / "case.yaml").read_bytes() == content


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
@pytest.mark.parametrize("redacted", [False, True], ids=["as it is", "redacted"])
def test_a_disk_that_is_full_keeps_nothing(redacted: bool, tmp_path: Path) -> None:
    """A file may grow to 1 KiB here: the writing ends in the middle."""
    source = put(tmp_path / "dump", LAYOUTS["velero"].write(OBJECTS))
    target = tmp_path / "out.tar.gz"
    words = [sys.executable, "-m", "linter", "collect", str(source), "-o", str(target), *(["--redact"] * redacted)]
    done = subprocess.run(
        ["sh", "-c", 'ulimit -f 1; exec "$@"', "sh", *words], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert f"{target}: cannot be written: File too large" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["dump"]


@pytest.mark.parametrize("ended", [signal.SIGTERM, signal.SIGINT])
def test_what_is_stopped_leaves_nothing(ended: signal.Signals, tmp_path: Path) -> None:
    """The standard input stays open, so it waits with a file that has begun."""
    words = [sys.executable, "-m", "linter", "collect", "-", "-o", str(tmp_path / "out.tar.gz")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        for _ in range(3000):
            if list(tmp_path.iterdir()) or process.poll() is not None:
                break
            time.sleep(0.02)
        assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o600]
        process.send_signal(ended)
        process.communicate(timeout=60)
    assert process.returncode in (128 + ended, -ended)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", ["yaml", "yaml.xz", "yaml.gz", "tar.zst"])
def test_what_is_too_large_to_be_held_is_taken_piece_by_piece(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("linter.collecting.files.Limits", lambda: Limits(file_bytes=2000, window_bytes=500))
    data = b"---\n".join(b"kind: ServiceAccount\nmetadata: {name: a%d}\n" % number for number in range(200))
    packed = {"yaml": data, "yaml.xz": lzma.compress(data), "yaml.gz": gzip.compress(data)}
    if form == "tar.zst":
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w") as archive:
            member = tarfile.TarInfo("all.yaml")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        packed[form] = zstandard.compress(file.getvalue())
    source = tmp_path / f"all.{form}"
    source.write_bytes(packed[form])
    target = tmp_path / "out.tar.gz"
    assert main(["collect", str(source), "-o", str(target)]) == 0
    assert data in members(target).values()
    capsys.readouterr()
    main(["collect", str(source), "--redact", "-o", str(target), "--force"])
    said = capsys.readouterr().err
    assert "is larger than 2000 bytes" in said
    assert "without --redact" in said


@pytest.mark.parametrize("form", ["xz", "gz"])
def test_of_a_large_file_that_is_cut_off_nothing_is_written(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("linter.collecting.files.Limits", lambda: Limits(file_bytes=2000, window_bytes=500))
    data = b"---\n".join(b"kind: ServiceAccount\nmetadata: {name: a%d}\n" % (number * 7919) for number in range(2000))
    whole = {"xz": lzma.compress, "gz": gzip.compress}[form](data)
    source, target = tmp_path / f"all.yaml.{form}", tmp_path / "out.tar.gz"
    source.write_bytes(whole[: len(whole) * 2 // 3])
    assert main(["collect", str(source), "-o", str(target)]) == 3
    assert "it was cut off" in capsys.readouterr().err
    assert not target.exists()


@pytest.mark.parametrize("form", ["tar.gz", "zip"])
def test_of_a_large_member_that_is_damaged_nothing_is_written(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("linter.collecting.files.Limits", lambda: Limits(file_bytes=2000, window_bytes=500))
    data = b"---\n".join(b"kind: ServiceAccount\nmetadata: {name: a%d}\n" % (number * 7919) for number in range(60_000))
    source, target = tmp_path / f"in.{form}", tmp_path / "out.tar.gz"
    if form == "zip":
        with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("all.yaml", data)
    else:
        with tarfile.open(source, "w:gz") as archive:
            member = tarfile.TarInfo("all.yaml")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    whole = source.read_bytes()
    at = len(whole) * 3 // 4
    source.write_bytes(whole[:at] if form != "zip" else whole[:at] + bytes(64) + whole[at + 64 :])
    assert main(["collect", str(source), "-o", str(target)]) == 3
    assert "nothing was written" in capsys.readouterr().err
    assert not target.exists()


@pytest.mark.parametrize("words", [(), ("--redact",)])
@pytest.mark.parametrize("size", [100, 300_000])
def test_a_member_that_is_damaged_early_is_left_out_and_named(
    tmp_path: Path, size: int, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Small or read in pieces: a part of it would look like all of it."""
    data = b"---\n".join(b"kind: ServiceAccount\nmetadata: {name: a%d}\n" % (number * 7919) for number in range(size))
    source, target = tmp_path / "in.zip", tmp_path / "out.tar.gz"
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("large.yaml", data)
        packed.writestr("small.yaml", "kind: ServiceAccount\nmetadata: {name: b}\n")
    whole = bytearray(source.read_bytes())
    at = 60 if size == 100 else 20_000
    whole[at : at + 40] = bytes(40)
    source.write_bytes(whole)
    assert main(["collect", str(source), "-o", str(target), *words]) == 0
    assert "large.yaml: is damaged" in capsys.readouterr().err
    assert [name for name in members(target) if name.endswith(".yaml")] == ["small.yaml"]
