"""Laws of `regcred resolve` over generated images and secrets: it never raises, and it agrees with the lookup."""

import base64
import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linter.credentials import Consumer, PullSecret, key_matches, lookup, normalise_key
from linter.documents import Document
from linter.inventory import Inventory, build
from linter.model import Scope
from linter.resolve import Question, answers, data, text
from linter.resolve.near import SURE, near_miss
from linter.resolve.nearkeys import NearKeys
from linter.settings import Settings

TYPE = "kubernetes.io/dockerconfigjson"


def _base64(content: str) -> str:
    return base64.b64encode(content.encode("utf-8", "surrogatepass")).decode()


def _entry(user: str = "user", password: str = "pass") -> dict[str, str]:
    return {"username": user, "password": password, "auth": _base64(f"{user}:{password}")}


HOSTS = ["quay.io", "docker.io", "index.docker.io", "example.com", "example.com:5000", "a.b.example.com"]
KEYS = st.one_of(
    st.sampled_from([*HOSTS, "https://quay.io/v1/", "*.example.com", "quay.io/team", "hub.docker.com"]),
    st.text(max_size=20),
)
TEXT = st.text(max_size=8)
ENTRY: st.SearchStrategy[Any] = st.one_of(
    st.fixed_dictionaries({}, optional={"username": TEXT, "password": TEXT, "auth": TEXT.map(_base64), "email": TEXT}),
    st.builds(_entry, TEXT, TEXT),
    st.sampled_from([None, "text", 3, []]),
)
PAYLOAD = st.one_of(
    st.dictionaries(KEYS, ENTRY, max_size=5).map(lambda auths: json.dumps({"auths": auths})),
    st.dictionaries(KEYS, ENTRY, max_size=3).map(json.dumps),
    st.text(max_size=40),
)
IMAGE = st.one_of(
    st.builds("{}/{}:1".format, st.sampled_from(HOSTS), st.sampled_from(["team/app", "team-b/app", "app"])),
    st.sampled_from(["nginx", "acme/app", "UPPER/app", "quay.io/x@sha256:" + "0" * 64]),
    st.text(min_size=1, max_size=20),
)
KIND = st.sampled_from([TYPE, TYPE, TYPE, "kubernetes.io/dockercfg", "Opaque"])


def _inventory(payloads: list[tuple[str, str]]) -> Inventory:
    objects: list[Any] = []
    for number, (kind, payload) in enumerate(payloads):
        key = ".dockercfg" if kind.endswith("cfg") else ".dockerconfigjson"
        metadata = {"name": f"s{number}", "namespace": "shop"}
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind}
        objects.append({**body, "data": {key: _base64(payload)}})
    listed = [{"name": f"s{number}"} for number in range(len(payloads))]
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "shop"}}
    objects.append({**account, "imagePullSecrets": listed})
    return build("", Scope.CLUSTER, [Document("scan.yaml", number, body) for number, body in enumerate(objects)])


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(IMAGE, st.lists(st.tuples(KIND, PAYLOAD), max_size=3), st.sampled_from(["kubelet", "importer"]))
def test_the_verdict_agrees_with_the_lookup(image: str, payloads: list[tuple[str, str]], consumer: str) -> None:
    inventory = _inventory(payloads)
    found = answers([inventory], Question(image=image, namespace="shop", consumer=consumer), Settings())
    assert len(found) == 1
    told = found[0]
    secrets = [
        PullSecret(one.name, one.type, {one.data_key or "": one.decoded.reveal().encode("utf-8", "surrogatepass")})
        for one in inventory.secrets
        if one.payload is not None and one.decoded is not None
    ]
    if told.verdict == "unknown":
        assert told.summary
        return
    truth = lookup(image, secrets, consumer=Consumer(consumer))
    assert (told.verdict == "bad-image") == (truth.error == "image")
    assert (told.verdict == "refused") == (truth.error == "keyring")
    assert [offer.secret for offer in told.offers] == [one.secret for one in truth.candidates]
    assert told.ambiguous == truth.ambiguous
    if told.verdict in ("credential", "doubtful"):
        assert any(one.username and one.password for one in truth.candidates)
    if told.verdict in ("anonymous", "uncovered"):
        assert not truth.candidates
    assert told.verdict.works or told.summary


def _vectors() -> list[dict[str, Any]]:
    path = Path(__file__).parent / "vectors" / "keyring.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def test_every_recorded_answer_is_explained_or_said_to_be_unknown() -> None:
    """The real consumers' answers: an explanation may withhold its verdict (placeholders, templates), never differ."""
    decided = 0
    for case in _vectors():
        if case["node"] or any(len(secret["data"]) != 1 for secret in case["secrets"]):
            continue
        objects = [_object(number, secret) for number, secret in enumerate(case["secrets"])]
        names = [{"name": item["metadata"]["name"]} for item in objects]
        metadata = {"name": "default", "namespace": "shop"}
        objects.append({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, "imagePullSecrets": names})
        inventory = build("", Scope.CLUSTER, [Document("scan", number, body) for number, body in enumerate(objects)])
        question = Question(image=case["image"], namespace="shop", consumer=case["mode"])
        if not case["image"]:
            continue
        told = answers([inventory], question, Settings())[0]
        if told.verdict == "unknown":
            continue
        decided += 1
        error = {"refused": "keyring", "bad-image": "image"}.get(told.verdict)
        assert error == case["expect"].get("error"), case["id"]
        if error is None:
            assert bool(told.offers) == case["expect"]["found"], case["id"]
            assert told.lookup == case["expect"]["lookup"], case["id"]
    assert decided > 1000


def _object(number: int, secret: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": f"s{number:03}", "namespace": "shop"}
    data = {key: _base64(value) for key, value in secret["data"].items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": secret["type"], "data": data}


@settings(max_examples=300, deadline=None)
@given(KEYS, IMAGE)
def test_a_near_miss_names_a_key_that_matches(key: str, image: str) -> None:
    """What is proposed instead is believed only because the consumer's matcher takes it."""
    truth = lookup(image, [], consumer=Consumer.KUBELET)
    if truth.reference is None:
        return
    near = near_miss(key, truth.reference)
    if near is not None and near.instead:
        payload = json.dumps({"auths": {near.instead: _entry()}}).encode("utf-8", "surrogatepass")
        found = lookup(image, [PullSecret("s", TYPE, {".dockerconfigjson": payload})], consumer=Consumer.KUBELET)
        assert found.found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(IMAGE, st.lists(st.tuples(KIND, PAYLOAD), max_size=3))
def test_nothing_that_is_generated_makes_it_raise(image: str, payloads: list[tuple[str, str]]) -> None:
    inventory = _inventory(payloads)
    for consumer in ("kubelet", "importer", "containers"):
        found = answers([inventory], Question(image=image, namespace="shop", consumer=consumer), Settings())
        assert text.render(found)
        assert text.render_overview(found)
        assert json.loads(data.render(found))["answers"]


NEAR_HOSTS = ["quay.io", "docker.io", "r.example.com:5000", "a.example.com", "b.example.com", "example.com", "hub"]
NEAR_PATHS = ["", "/team", "/team/app", "/library/nginx:1", "/hub/app", "/quay.io/team/app", "/v1", "/Team/app"]
LOOKUPS = st.builds(str.__add__, st.sampled_from(NEAR_HOSTS), st.sampled_from(NEAR_PATHS))
SLIPS = st.tuples(
    st.integers(0, 24),
    st.integers(0, 3),
    st.sampled_from(["", *"abxQ.:/*?[]@ \"", "//", "5000", "https://", "/v2/", "u:p@", ":latest", "\u0130", "sub."]),
)


def _slipped(key: str, slips: list[tuple[int, int, str]]) -> str:
    for at, gone, more in slips:
        key = key[:at] + more + key[at + gone :]
    return key


NEAR_KEYS = st.builds(_slipped, LOOKUPS, st.lists(SLIPS, max_size=3))


@settings(max_examples=400, deadline=None)
@given(st.lists(NEAR_KEYS, max_size=8), st.builds(_slipped, LOOKUPS, st.lists(SLIPS, max_size=1)))
def test_no_key_that_nearly_matches_is_passed_over(keys: list[str], target: str) -> None:
    index = NearKeys(keys)
    for place, key in enumerate(keys):
        sure = near_miss(key, target, typos=False)
        if sure is not None and sure.rank <= 1:
            assert place in index.meant(target, typos=False)
        near = near_miss(key, target)
        if near is not None and not key_matches(normalise_key(key), target):
            assert place in index.meant(target) or (near.rank > SURE and place in index.of_host(target))
