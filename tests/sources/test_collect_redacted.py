"""What a redacted collection holds no more: credentials, wherever they stand, and repairs that would write them."""

import base64
import json
import sys
import tarfile
import urllib.parse
from pathlib import Path
from typing import Any

import pytest

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
from cluster import Cluster
from collected import OBJECTS, aligned, collect, judged, layers, members, put, run
from writers import LAYOUTS

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


@pytest.mark.parametrize("field", ["data", "stringData"])
@pytest.mark.parametrize("head", ["", "1.1;AES256", "1.2;AES256;dev;"])
def test_of_what_ansible_vault_has_encrypted_only_its_own_words_stay(field: str, head: str, tmp_path: Path) -> None:
    source = tmp_path / "vault.yaml"
    value = f"$ANSIBLE_VAULT;{head}36626364"  # as where line breaks got lost
    source.write_text(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: pull, namespace: team}\n"
        f"type: kubernetes.io/dockerconfigjson\n{field}: {{.dockerconfigjson: {value}}}\n"
    )
    target = collect(source, tmp_path / "out.tar.gz", "--redact")
    assert "36626364" not in layers(members(target)["vault.yaml"])
    assert judged(run(target)) == judged(run(source))


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
    monkeypatch.setattr("linter.collecting.pieces._LARGE", 1)
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
