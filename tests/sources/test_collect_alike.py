"""What a redacted collection keeps: whatever is judged, which credentials are equal, and names that look like some."""

import base64
import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "layouts"))
sys.path.insert(0, str(Path(__file__).parent))

import test_leaks as leaks
from collected import collect, in_a_row, judged, layers, members, put, run


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
