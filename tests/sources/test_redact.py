"""A redacted collection: no credential of the cluster is in it, and rules that need none find the same."""

import base64
import io
import json
import random
import re
import sys
import tarfile
import urllib.parse
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linter import engine
from linter.collecting import Collection, pack
from linter.collecting.redact import Redaction, redact
from linter.collecting.surrogates import Surrogates
from linter.credentials import decode_auth
from linter.credentials.base64go import CredentialError
from linter.sources.collection import Collected, Record

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "layouts"))

import test_leaks as leaks
from cluster import Cluster, Object

RULES = Path(__file__).parent.parent / "rules"
PULL = "kubernetes.io/dockerconfigjson"


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def jwt(**claims: Any) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256", "kid": "signing-key-7"}, claims)]
    signed = [*parts, b"signature-of-the-issuer"]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in signed)


def collection(objects: list[Object]) -> Collection:
    """Arrange objects as a reading gives them."""
    plural = {"Namespace": "namespaces"}
    lists: dict[tuple[str, str, str, str], list[Object]] = {}
    kinds: dict[tuple[str, str], int] = {}
    for item in objects:
        version, kind = item["apiVersion"], item["kind"]
        group = version.rpartition("/")[0]
        resource = plural.get(kind, kind.lower() + "s")
        body = {name: value for name, value in item.items() if name not in ("apiVersion", "kind")}
        lists.setdefault((version, kind, resource, item["metadata"].get("namespace", "")), []).append(body)
        kinds[group, kind] = kinds.get((group, kind), 0) + 1
    collected = tuple(
        Collected(group, kind, kind.lower() + "s", ("*",), count) for (group, kind), count in kinds.items()
    )
    return Collection(Record("prod", "cluster", collected, ()), lists)


def findings(one: Collection) -> list[tuple[str, ...]]:
    result = engine.run(engine.Request(("-",), stdin=io.BytesIO(pack([one]))))
    assert not result.run.problems
    assert result.run.scans[0].recognised.startswith("collection")
    told = [
        (found.code, found.object.kind, found.object.namespace, found.object.name, found.key)
        for found in result.run.findings
    ]
    told += [
        ("", entry.reason, entry.object.namespace, entry.object.name, "")
        for entry in result.run.not_evaluated
        if entry.object is not None
    ]
    return sorted(told)


def held(one: Collection) -> str:
    """Everything in the file, with each run of base64 decoded beside it at every alignment, three layers deep."""
    with tarfile.open(fileobj=io.BytesIO(pack([one]))) as archive:
        said = "\n".join(f"{member.name}\n{archive.extractfile(member).read().decode()}" for member in archive)  # type: ignore[union-attr]
    layer = said
    for _ in range(3):
        parts = [
            run[start:].replace("+", "-").replace("/", "_")
            for run in set(re.findall(r"[A-Za-z0-9+/_-]{8,}", layer))
            for start in range(4)
        ]
        layer = "\n".join(base64.urlsafe_b64decode(part[: len(part) // 4 * 4]).decode("latin-1") for part in parts)
        said += "\n" + layer
    return said


def forms(password: str, user: str) -> list[str]:
    auth = b64(f"{user}:{password}").rstrip("=")
    middle = len(auth) // 2
    return [
        password,
        urllib.parse.quote(password, safe=""),
        json.dumps(password)[1:-1],
        b64(password).rstrip("="),
        b64(f"x{password}")[4:].rstrip("=")[:-1],
        b64(f"xy{password}")[4:].rstrip("=")[:-1],
        auth,
        auth[::-1],
        auth[middle:],
        auth[middle:] + auth[:middle],
        auth[:middle][::-1] + auth[middle:][::-1],
    ]


class Planted:
    """A cluster with secrets of every shape; `credentials` are the user names and passwords in it."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.credentials: list[tuple[str, str]] = []
        cluster = Cluster(seed)
        self.objects = cluster.objects
        for number, payload in enumerate(self.payloads()):
            self.add(f"made-{number}", payload)

    def pair(self) -> tuple[str, str]:
        signs = "abcdefghkmnpqrstuvwyzABCDEFGHJKLMNPQRSTUVWYZ23456789"
        tail = self.random.choice(["", "", "!", "#+", ' "q', "\\z", "ü"])
        user = "".join(self.random.choices(signs, k=9))
        found = user, "".join(self.random.choices(signs, k=self.random.randint(14, 40))) + tail
        self.credentials.append(found)
        return found

    def auth(self) -> str:
        user, password = self.pair()
        return b64(f"{user}:{password}")

    def payloads(self) -> list[str]:
        auth, (user, password) = self.auth, self.pair()
        same, other = auth(), auth()
        day = 24 * 3600
        expired, short = jwt(exp=1_600_000_000), jwt(iat=4_000_000_000, exp=4_000_000_000 + day // 2)
        ecr = b64(json.dumps({"payload": "cipher-text-of-the-token", "expiration": 1_600_000_000}))
        for token in (expired, short, ecr):
            self.credentials.append(("AWS", token))

        def config(entries: Any, **more: Any) -> str:
            return json.dumps({"auths": entries, **more}, indent=self.random.choice([None, 1, 2]))

        return [
            config({"quay.io": {"auth": same}, "https://quay.io": {"auth": same}}),
            config({"quay.io": {"auth": same}, "quay.io/": {"auth": other}}),
            config({"a.example.com": {"username": user, "password": password, "auth": b64(f"{user}:{password}")}}),
            config({"b.example.com": {"username": user, "password": password, "auth": auth()}}),
            config({"c.example.com": {"username": user, "password": password + "\n"}}),
            config({"c.example.com": {"auth": b64(f"{user}:{password}\n")}}),
            config({"d.example.com": {"auth": "b3Blb=", "email": "you@example.com"}}),
            config({"d.example.com": {"username": user, "password": "changeme"}}),
            config({"d.example.com": {"username": user, "password": "${TOKEN}"}}),
            config({"d.example.com": {"auth": b64(password)}}),
            config({"d.example.com": {"auth": f"{user}:{password}"}}),
            config({"d.example.com": {"auth": "$AUTH"}}),
            config({"harbor.example.com": {"username": "robot", "password": password}}),
            config({"e.example.com": {}}),
            config({"e.example.com": {"auth": ""}}),
            config({"e.example.com": {"auth": auth(), "email": 3}}),
            config({"e.example.com": auth()}),
            config({"e.example.com": {"auth": [auth()]}}),
            config({"f.example.com": {"identitytoken": password}}),
            config({}, credsStore="desktop"),
            config({}, credHelpers={"quay.io": "ecr-login"}),
            config({"g.example.com": {"username": user, "password": expired}}),
            config({"g.example.com": {"username": user, "password": short}}),
            config({"123456789012.dkr.ecr.eu-west-1.amazonaws.com": {"auth": b64(f"AWS:{ecr}")}}),
            config({f"https://{user}:{password}@h.example.com": {"auth": auth()}, "*.example.com": {"auth": auth()}}),
            json.dumps({"quay.io": {"auth": auth()}}),
            json.dumps(config({"quay.io": {"auth": auth()}})),
            b64(config({"quay.io": {"auth": auth()}})),
            "\ufeff" + config({"quay.io": {"auth": auth()}}),
            config({"quay.io": {"auth": auth()}}).replace('"', "'"),
            config({"quay.io": {"auth": auth()}}).replace("}}", ",}}"),
            config({"quay.io": {"auth": auth()}})[:-4],
            f"auths:\n  quay.io:\n    username: {user}\n    password: {self.pair()[0]}\n",
            "{}",
            "",
        ]

    def add(self, name: str, payload: str) -> None:
        user, password = self.credentials[0]
        secret: Object = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": "team", "uid": name, "resourceVersion": "1"},
            "type": PULL,
            "data": {".dockerconfigjson": b64(payload)},
        }
        if name.endswith("0"):
            secret["metadata"]["annotations"] = {
                "kubectl.kubernetes.io/last-applied-configuration": json.dumps(secret) + "\n"
            }
        plain = {**secret, "metadata": {**secret["metadata"], "name": f"{name}-db", "annotations": {}}}
        plain |= {"type": "Opaque", "data": {"password": b64(password), "user": b64(user)}}
        inside = b64(f"xy{password}z")
        note = f"login as {user} with {password} ({b64(password)}, {inside}, {urllib.parse.quote(password)})"
        note += f" at https://{user}:x{password}@q"
        held: Object = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"{name}-map", "namespace": "team", "annotations": {"note": note}},
            "data": {
                "config": f'{{"auths": {{"q": {{"auth": "{b64(f"{user}:{password}")}"}}}}}}',
                "more": b64(payload),
                "note": note,
            },
        }
        spec = {"containers": [{"name": "c", "image": "alpine", "args": [note], "env": [{"name": "X", "value": note}]}]}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "team"}, "spec": spec}
        pod["status"] = {"message": note}
        self.objects += [secret, plain, held, pod]


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.integers(1, 10**6))
def test_the_same_is_found_and_no_credential_is_left(seed: int) -> None:
    planted = Planted(seed)
    original = collection(planted.objects)
    (redacted,) = redact([original])
    assert redacted.record.redacted
    said = held(redacted)
    for user, password in planted.credentials:
        for form in forms(password, user):
            assert form not in said, form
    assert findings(redacted) == findings(original)


class _Plain(yaml.CSafeLoader):
    """YAML whose points in time stay text, as in JSON."""


_Plain.yaml_implicit_resolvers = {
    sign: [one for one in found if one[0] != "tag:yaml.org,2002:timestamp"]
    for sign, found in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def example(text: bytes) -> list[Object]:
    """Return the objects of a manifest; none where no cluster could hold them."""
    try:
        documents = [one for one in yaml.load_all(text, Loader=_Plain) if isinstance(one, dict)]
    except yaml.YAMLError:
        return []
    objects = [item for one in documents for item in (one["items"] if isinstance(one.get("items"), list) else [one])]
    whole = [one for one in objects if isinstance(one, dict) and isinstance(one.get("metadata"), dict)]
    try:
        return [json.loads(json.dumps(one)) for one in whole if one.get("kind") and one.get("apiVersion")]
    except TypeError:
        return []


@pytest.mark.parametrize("family", sorted(path.name for path in RULES.iterdir() if path.is_dir()))
def test_the_examples_of_every_rule_are_judged_alike(family: str) -> None:
    judged = 0
    for path in sorted((RULES / family).rglob("*.yaml")):
        objects = example(path.read_bytes())
        if not objects:
            continue
        original = collection(objects)
        (redacted,) = redact([original])
        assert findings(redacted) == findings(original), path
        judged += 1
    assert judged > 10


@pytest.mark.parametrize("name", leaks.CASES)
def test_a_canary_is_gone(name: str) -> None:
    objects = example(leaks.CASES[name].encode())
    if not objects:
        pytest.skip("no cluster could hold it")
    original = collection(objects)
    (redacted,) = redact([original])
    said = held(redacted)
    for form in leaks.forms():
        assert form not in said
    assert findings(redacted) == findings(original)


def test_equal_stays_equal_and_each_run_has_its_own_key() -> None:
    objects = Planted(3).objects
    first, second = redact([collection(objects)]), redact([collection(objects)])
    assert pack(first) != pack(second)


@pytest.mark.parametrize("auth", ["dXNlcjpw!YXNz", "dXNlcjpwYXNzd", "bm9jb2xvbg==", "dXNlcjpw YXNz", "(dXNlcjpwYXNz"])
def test_an_auth_that_cannot_be_decoded_has_one_surrogate_that_cannot_be_either(auth: str) -> None:
    made = Surrogates()
    first, other = made.auth(auth), made.auth(auth.translate({ord("N"): "M", ord("v"): "w"}))
    assert auth != first != other
    assert made.auth(auth) == first
    assert made.auth(f"{auth}\n") == f"{first}\n"
    assert isinstance(decode_auth(auth), CredentialError)
    assert isinstance(decode_auth(first), CredentialError)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_short_credentials_stay_apart(length: int) -> None:
    made = Surrogates()
    values = [str(number).zfill(length) for number in range(10**length if length < 3 else 300)]
    assert len({made.secret(value) for value in values}) == len(values)


@given(
    st.lists(st.text("ab.", min_size=5, max_size=21).map("7a7{}".format), min_size=1, max_size=12),
    st.lists(st.text("ab. c", max_size=9), max_size=12),
)
def test_every_known_credential_goes_however_they_overlap(credentials: list[str], between: list[str]) -> None:
    """Credentials that begin alike, or stand in each other, in one text."""
    redaction = Redaction()
    credentials = [one for one in credentials if one == one.strip()]
    for one in credentials:
        redaction.made.secret(one)
    known = [one for one in credentials if redaction.made.known.get(one)]
    text = "".join(f"{space}_{one}" for one, space in zip(known, [*between, *[""] * len(known)], strict=False))
    clean = redaction.scrubber.text(text)
    assert len(clean) == len(text)
    for one in known:
        assert one not in clean
