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


def in_a_row(text: str) -> list[Any]:
    """Values of JSON that stand one after the other."""
    values, at = [], 0
    while at < len(text.rstrip()):
        value, at = json.JSONDecoder().raw_decode(text, at)
        values.append(value)
        at += 1
    return values


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


@pytest.mark.parametrize("number", [".nan", "-.inf", "1e999"])
@pytest.mark.parametrize("beside", ["", "---\n- {{ x }}\n", "# regcred: ignore[RC307]\n"], ids=["", "text", "kept"])
def test_a_number_that_json_does_not_have_is_judged_alike(number: str, beside: str, tmp_path: Path) -> None:
    config = f"{{auths: {{quay.io: {{auth: {leaks.AUTH}, since: {number}}}}}}}"
    values = {"config": config, "number": f"{{a: {number}}}", "bare": number, "list": f"[{number}]"}
    head = "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/dockerconfigjson\n"
    files = {"v.yaml": f"pull_secret: {config}\n", "w.yaml": f"pull_secret: {leaks.GOOD}\nx: {number}\n"}
    for name, value in values.items():
        files[f"{name}.yaml"] = f"{head}metadata: {{name: {name}}}\ndata: {{.dockerconfigjson: {value}}}\n"
    source = put(tmp_path / "m", {name: f"{text}{beside}".encode() for name, text in files.items()})
    target = collect(source, tmp_path / "out.tar.gz", "--redact")
    said = layers(b"\n".join(members(target).values()))
    assert leaks.AUTH not in said
    assert "quay.io" in said
    before = judged(run(source))
    assert judged(run(target)) == before
    assert {code for code, *_ in before} >= {"", "RC101", "RC701"}


@pytest.mark.parametrize("value", ["none", "true", "e30", "e30=", "aGVsbG8K/w==", "H4sIAAAAAAAA/6uuBQA="])
@pytest.mark.parametrize("field", ["data", "stringData"])
def test_base64_of_no_text_or_of_next_to_nothing_is_judged_alike(value: str, field: str, tmp_path: Path) -> None:
    """Also where the other field overrides it, or is overridden by it."""
    head = "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/dockerconfigjson\nmetadata: {name: "
    other = f"stringData: {{.dockerconfigjson: '{leaks.GOOD}'}}"
    if field == "stringData":
        other = f"data: {{.dockerconfigjson: {leaks.b64(leaks.GOOD)}}}"
    held = f"{field}: {{.dockerconfigjson: '{value}'}}\n"
    source = tmp_path / "secrets.yaml"
    source.write_text(f"{head}alone}}\n{held}---\n{head}both}}\n{held}{other}\n")
    target = collect(source, tmp_path / "out.tar.gz", "--redact")
    before = judged(run(source))
    assert judged(run(target)) == before
    assert "RC116" in {code for code, *_ in before} or (field, value) == ("data", "e30")  # where it is no base64


def test_a_key_stays_the_address_that_it_is(tmp_path: Path) -> None:
    """Whatever digits are a credential; what stands where a port would goes all the same."""
    hosts = ["[2001:db8::5]:5000", "[::1]", "https://[fe80::5]/v2/", "[::ffff:10.0.0.5]:443", "fd00::7/a"]
    hosts += [f"[2001:db8::5]:{leaks.PASSWORD}", f"2001:db8::{leaks.PASSWORD}"]
    weak = {host: {"username": "user", "password": "5" if at else "5000"} for at, host in enumerate(hosts)}
    source = tmp_path / "secret.yaml"
    source.write_text(leaks.secret(json.dumps({"auths": weak})))
    target = collect(source, tmp_path / "out.tar.gz", "--redact")
    document = json.loads(members(target)["secret.yaml"])
    auths = json.loads(base64.b64decode(document["data"][".dockerconfigjson"]))["auths"]
    assert list(auths)[:5] == hosts[:5]
    assert leaks.PASSWORD not in json.dumps(auths)
    assert {entry["password"] for entry in auths.values()}.isdisjoint({"5", "5000"})


@pytest.mark.parametrize("pair", ["username:password", "admin:password"])
def test_a_field_keeps_its_name_where_that_is_a_password_too(pair: str, tmp_path: Path) -> None:
    source = tmp_path / "variables.yaml"
    entries = f"{{quay.io: {{username: robot, password: {leaks.PASSWORD}}}}}"
    weak = json.dumps({"auths": {"example.com": {"auth": leaks.b64(pair)}}})
    source.write_text(f"a_pull_secret: {{auths: {entries}}}\nb_pull_secret: '{weak}'\n")
    target = collect(source, tmp_path / "out.tar.gz", "--redact")
    assert leaks.PASSWORD not in layers(members(target)["variables.yaml"])
    assert judged(run(target)) == judged(run(source))


WORDS = """\
apiVersion: v1
kind: Secret
metadata: {{name: pull-secret, namespace: openshift-team}}
type: kubernetes.io/dockerconfigjson
data: {{.dockerconfigjson: {strong}}}
---
apiVersion: v1
kind: Secret
metadata: {{name: weak, namespace: other}}
type: kubernetes.io/dockerconfigjson
data: {{.dockerconfigjson: {weak}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: openshift-team, annotations: {{image.openshift.io/triggers: "[]"}}}}
spec:
  template:
    spec:
      imagePullSecrets: [{{name: pull-secret}}, {{name: pull-secret}}]
      containers:
      - name: web
        image: registry.example.com:5000/openshift/web:1
        env: [{{name: NOTE, value: "log in with {word}, or as user:{word}@"}}]
---
a_pull_secret: {{auths: {{registry.example.com: {{username: "{word}", password: "{word}", auth: {pair}}}}}}}
"""
TEMPLATE = """\
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  {{- if .Values.x }}
  namespace: openshift-team
  {{- end }}
"""


@pytest.mark.parametrize(
    "word",
    [
        "metadata", "imagePullSecrets", "Deployment", "kubernetes.io", "registry", "registry.example.com",
        "pull-secret", "openshift-team", "5000", "team", "web", "ab", "p", "1",
    ],
)  # fmt: skip
def test_a_credential_that_is_an_ordinary_word_changes_no_name(word: str, tmp_path: Path) -> None:
    pair = leaks.b64(f"{word}:{word}")
    strong = json.dumps({"auths": {"registry.example.com:5000": {"auth": leaks.AUTH}}})
    weak = json.dumps({"auths": {"q.example.com": {"username": word, "password": word, "auth": pair}}})
    text = WORDS.format(word=word, strong=leaks.b64(strong), weak=leaks.b64(weak), pair=pair)
    source = put(tmp_path / "m", {"all.yaml": text.encode(), "template.yaml": TEMPLATE.encode()})
    target = collect(source, tmp_path / "out.tar.gz", "--redact")
    before = judged(run(source))
    assert judged(run(target)) == before
    assert {code for code, *_ in before} >= {"RC307", "RC701"}
    written, template = (one.decode() for name, one in sorted(members(target).items()) if name.endswith(".yaml"))
    assert "metadata:\n" in template
    _, secret, deployment, variable = in_a_row(written)
    entry = json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))["auths"]["q.example.com"]
    assert variable["a_pull_secret"]["auths"]["registry.example.com"] == entry
    assert word not in entry.values()
    assert base64.b64decode(entry["auth"]).decode() == f"{entry['username']}:{entry['password']}"
    note = deployment["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"]
    assert (word in note) == (len(word) < 4)


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


@pytest.mark.parametrize("password", [leaks.PASSWORD, "hunter2", "Zx9!", "ab", "7", "%", "'\\/"])
def test_equal_credentials_stay_equal_between_objects(password: str, tmp_path: Path) -> None:
    entry = {"username": "shop-robot-user", "password": password, "auth": leaks.b64(f"shop-robot-user:{password}")}
    payload = json.dumps({"auths": {"q.example.com": entry}})
    held = {"config.json": payload, "pull_secret": payload, "password": password, "passphrase": password}
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": held}
    variables = {"pull_secret": payload, "other_pull_secret": json.loads(payload), "password": password}
    generator: dict[str, Any] = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
    generator["secretGenerator"] = [{"name": "made", "literals": [f".dockerconfigjson={payload}"]}]
    source = tmp_path / "all.yaml"
    documents = [leaks.secret(payload), *(f"{json.dumps(one)}\n" for one in (settings, variables, generator))]
    source.write_text("---\n".join(documents))
    text = members(collect(source, tmp_path / "out.tar.gz", "--redact"))["all.yaml"].decode()
    first, second, third, fourth = in_a_row(text)
    config = json.loads(base64.b64decode(first["data"][".dockerconfigjson"]))
    assert config["auths"].keys() == {"q.example.com"}
    made = config["auths"]["q.example.com"]
    assert made["password"] != password
    assert base64.b64decode(made["auth"]).decode() == f"{made['username']}:{made['password']}"
    assert [json.loads(second["data"][name]) for name in ("config.json", "pull_secret")] == [config, config]
    assert {second["data"][name] for name in ("password", "passphrase")} == {third["password"]} == {made["password"]}
    assert json.loads(third["pull_secret"]) == third["other_pull_secret"] == config
    assert fourth["secretGenerator"][0]["literals"] == [f".dockerconfigjson={json.dumps(config)}"]


@pytest.mark.parametrize("pair", ["username:password", 'robot:"', "robot:$$"])
def test_an_auth_that_holds_no_credential_stays_wherever_it_stands(pair: str, tmp_path: Path) -> None:
    auth = leaks.b64(pair)
    config = {"auths": {"q.example.com": {"auth": auth}}}
    source = tmp_path / "all.yaml"
    source.write_text(f"{leaks.secret(json.dumps(config))}---\npull_secret: {json.dumps(config)}\nauth: {auth}\n")
    target = collect(source, tmp_path / "out.tar.gz", "--redact")
    secret, variables = in_a_row(members(target)["all.yaml"].decode())
    assert json.loads(base64.b64decode(secret["data"][".dockerconfigjson"])) == config
    assert variables == {"pull_secret": config, "auth": auth}
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
