"""Small scans of every shape that a proof must understand, and edits of all kinds in them."""

import base64
import itertools
import json
from typing import Any, NamedTuple

from hypothesis import strategies as st

from linter.inventory import Inventory
from linter.model import Applicability, Edit, Fix, Op, Route
from linter.secret import Sensitive

NAMES = ("one", "two", "three", "pull-secret")
SPACES = ("", "apps", "shop", "openshift-config")
ACCOUNTS = ("default", "builder")
KEYS = (
    *("quay.io", "quay.io/team", "https://quay.io/", "quay.io/team/app", "*.example.com", "r.example.com:80"),
    *("https://index.docker.io/v1/", "docker.io", "index.docker.io", "docker.io/team", "hub.docker.com"),
)
IMAGES = (
    *("quay.io/team/app:1", "quay.io/team-b/app", "quay.io/other", "r.example.com/a/b", "r.example.com:80/a/b:2"),
    *("nginx", "team/app:2", "docker.io/team/app", "index.docker.io/library/nginx", "localhost/app", "r.example.com"),
    *("UPPER/case", "${IMAGE}", "quay.io/team/app@sha256:" + "a" * 64),
)
_Step = tuple[Op, Route, Any]
JSON_TYPE, CFG_TYPE = "kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"
EXCLUDED = "openshift.io/image.excludeSecret"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class Words(NamedTuple):
    """What a scan is made of: few words, so that things meet."""

    names: tuple[str, ...] = NAMES
    spaces: tuple[str, ...] = SPACES
    keys: tuple[str, ...] = KEYS
    images: tuple[str, ...] = IMAGES


_ANY = Words()
_HUB = Words(("one", "two"), ("apps",), KEYS[6:9], ("nginx", "team/app:2"))
_IMPORTED = Words(("one", "two"), ("apps",), KEYS[:3], IMAGES[:2])
_NODE = Words(("pull-secret",), ("openshift-config", "apps"), KEYS[:2], IMAGES[:3])

_GOOD = {"auth": encoded("user:pass")}
_ENTRIES = st.sampled_from(
    [_GOOD, _GOOD, {"auth": encoded("robot:other")}, {"username": "user", "password": "pass"}, {}, {}, {"auth": "%"}]
)


def payloads(words: Words) -> st.SearchStrategy[str]:
    """Payloads, most of them in good order."""
    auths = st.lists(st.tuples(st.sampled_from(words.keys), _ENTRIES), max_size=3).map(
        lambda pairs: "{" + ",".join(f"{json.dumps(key)}:{json.dumps(entry)}" for key, entry in pairs) + "}"
    )
    wrapped = auths.map('{{"auths":{}}}'.format)
    broken = st.sampled_from(["{}", '{"auths":[]}', "not json", "ENC[AES256_GCM,data:x]"])
    return st.one_of(wrapped, wrapped, wrapped, auths, broken)


@st.composite
def _secrets(draw: st.DrawFn, words: Words) -> dict[str, Any]:
    kind, key = draw(
        st.sampled_from(
            [
                *[(JSON_TYPE, ".dockerconfigjson")] * 4,
                (CFG_TYPE, ".dockercfg"),
                ("Opaque", ".dockerconfigjson"),
                (JSON_TYPE, "config.json"),
                ("Opaque", "token"),
            ]
        )
    )
    found = _object(draw, words, "v1", "Secret", draw(st.sampled_from(words.names)))
    if draw(st.integers(0, 5)) == 0:
        found["metadata"]["annotations"] = {EXCLUDED: "true"}
    return {**found, "type": kind, "data": {key: encoded(draw(payloads(words)))}}


def _object(draw: st.DrawFn, words: Words, api: str, kind: str, name: str, **more: Any) -> dict[str, Any]:
    space = draw(st.sampled_from(words.spaces))
    metadata = {"name": name, "namespace": space} if space else {"name": name}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **more}


def _links(draw: st.DrawFn, words: Words) -> list[dict[str, str]]:
    return [{"name": name} for name in draw(st.lists(st.sampled_from(words.names), max_size=3))]


@st.composite
def _accounts(draw: st.DrawFn, words: Words) -> dict[str, Any]:
    return _object(
        draw, words, "v1", "ServiceAccount", draw(st.sampled_from(ACCOUNTS)), imagePullSecrets=_links(draw, words)
    )


@st.composite
def _workloads(draw: st.DrawFn, words: Words) -> dict[str, Any]:
    images = draw(st.lists(st.sampled_from(words.images), min_size=1, max_size=3))
    spec: dict[str, Any] = {"containers": [{"name": f"c{at}", "image": image} for at, image in enumerate(images)]}
    if draw(st.booleans()):
        spec["imagePullSecrets"] = _links(draw, words)
    if draw(st.booleans()):
        spec["serviceAccountName"] = draw(st.sampled_from(ACCOUNTS))
    name = f"app-{draw(st.integers(0, 3))}"
    if draw(st.booleans()):
        return _object(draw, words, "apps/v1", "Deployment", name, spec={"template": {"spec": spec}})
    pod = _object(draw, words, "v1", "Pod", name, spec=spec)
    if draw(st.booleans()):
        pod["metadata"]["uid"] = "6f1c9c9e-0000-4000-8000-000000000001"
    return pod


@st.composite
def _streams(draw: st.DrawFn, words: Words) -> dict[str, Any]:
    images = draw(st.lists(st.sampled_from(words.images), min_size=1, max_size=3))
    tags = [{"name": str(at), "from": {"kind": "DockerImage", "name": image}} for at, image in enumerate(images)]
    name = f"stream-{draw(st.integers(0, 3))}"
    return _object(draw, words, "image.openshift.io/v1", "ImageStream", name, spec={"tags": tags})


@st.composite
def _builds(draw: st.DrawFn, words: Words) -> dict[str, Any]:
    image = draw(st.sampled_from(words.images))
    strategy: dict[str, Any] = {}
    if draw(st.booleans()):
        strategy["from"] = {"kind": "DockerImage", "name": image}
    if draw(st.booleans()):
        strategy["pullSecret"] = {"name": draw(st.sampled_from(words.names))}
    spec = {"strategy": {"dockerStrategy": strategy}, "source": {"dockerfile": f"FROM {image}"}}
    return _object(draw, words, "build.openshift.io/v1", "BuildConfig", f"build-{draw(st.integers(0, 3))}", spec=spec)


@st.composite
def scans(draw: st.DrawFn) -> tuple[Words, list[dict[str, Any]]]:
    """The objects of a scan, and the words that it is made of."""
    words = draw(st.sampled_from([_ANY, _ANY, _HUB, _IMPORTED, _NODE]))
    makers = ((_secrets, 6), (_accounts, 3), (_workloads, 5), (_streams, 3), (_builds, 2))
    items = [item for make, most in makers for item in draw(st.lists(make(words), max_size=most))]
    return words, items or [draw(_secrets(words))]


def _held(space: str, name: str) -> dict[str, Any]:
    """A Secret of the crowd: those of one name differ in their namespace and content alone."""
    user = {"apps": "user", "shop": "robot"}[space]
    host = {"a": "quay.io", "b": "quay.io/team", "c": "ghcr.io", "d": "r.example.com"}[name]
    entries = {host: {"auth": encoded(f"{user}-{name}:pass")}, "empty.example.com": {}}
    entries["shared.example.com"] = {"auth": encoded(f"{name}:pass")}
    entries["*.*.ecr.*.amazonaws.com"] = {"auth": encoded("AWS:pass")}
    entries["near.example.com:8443" if space == "apps" else "far.example.com"] = {"auth": encoded("user:pass")}
    payload: dict[str, Any] = {"auths": entries, **({"credsStore": "desktop"} if space == "apps" else {})}
    kept = {"openshift.io/image.excludeSecret": "true"} if (space, name) == ("shop", "a") else {}
    metadata = {"name": name, "namespace": space, "annotations": kept}
    kind, key, text = (CFG_TYPE, ".dockercfg", entries) if name == "d" else (JSON_TYPE, ".dockerconfigjson", payload)
    data = {key: encoded(json.dumps(text))}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind, "data": data}


def crowd() -> list[dict[str, Any]]:
    """Objects that are alike but for one thing each: name, content, namespace, account, order, whose list it is."""
    images = ["quay.io/team/app:1", "quay.io/other", "ghcr.io/a/b", "r.example.com/a", "empty.example.com/a"]
    images += ["shared.example.com/a", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a", "a.b.ecr.c.amazonaws.com/a"]
    images += ["near.example.com/a"]
    node = {"auths": {"empty.example.com": {"auth": encoded("node:pass")}}}
    item = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "pull-secret", "namespace": "openshift-config"}}
    data = {".dockerconfigjson": encoded(json.dumps(node))}
    items: list[dict[str, Any]] = [{**item, "type": JSON_TYPE, "data": data}]
    for space in ("apps", "shop"):
        items += [_held(space, name) for name in "abcd"]
        for account, names in (("default", "ab"), ("builder", "aca" if space == "apps" else "cb")):
            item = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account, "namespace": space}}
            items.append({**item, "imagePullSecrets": [{"name": name} for name in names]})
        lists: list[str | None] = [None, "", "ab", "ac", "ba", "a", "az", "ay", "z", "dab"]
        for number, (listed, account) in enumerate(itertools.product(lists, ("default", "builder", "gone"))):
            spec: dict[str, Any] = {"serviceAccountName": account}
            spec["containers"] = [{"name": f"c{at}", "image": image} for at, image in enumerate(images)]
            if listed is not None:
                spec["imagePullSecrets"] = [{"name": name} for name in listed]
            metadata: dict[str, Any] = {"name": f"app-{number}", "namespace": space}
            item = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}
            items.append({**item, "spec": {"template": {"spec": spec}}})
            live = {**metadata, "uid": f"6f1c9c9e-0000-4000-8000-0000000000{number:02}"}
            live["ownerReferences"] = [{"kind": "ReplicaSet", "name": "set", "controller": True}]
            items.append({"apiVersion": "v1", "kind": "Pod", "metadata": live, "spec": spec})
        tags = [{"name": str(at), "from": {"kind": "DockerImage", "name": image}} for at, image in enumerate(images)]
        item = {"apiVersion": "image.openshift.io/v1", "kind": "ImageStream", "spec": {"tags": tags}}
        items.append({**item, "metadata": {"name": "stream", "namespace": space}})
    return items


@st.composite
def invented(draw: st.DrawFn, words: Words, inventory: Inventory) -> Fix:
    """A change that some repair could make: of payloads, types, annotations, names and links."""
    chosen = draw(st.lists(st.sampled_from(inventory.objects), min_size=1, max_size=3, unique_by=id))
    edits = []
    for item in chosen:
        choices = _edits(draw, words, item.kind, item.body)
        places = st.lists(st.sampled_from(range(len(choices))), min_size=1, max_size=2, unique=True)
        for op, route, value in [choices[at] for at in draw(places)] if choices else ():
            edits.append(Edit(op, item.path, item.document, (*item.route, *route), value))
    return Fix(Applicability.SAFE, "a change", tuple(edits))


def _edits(
    draw: st.DrawFn, words: Words, kind: str, body: dict[str, Any]
) -> list[tuple[Op, tuple[str | int, ...], Any]]:
    name = draw(st.sampled_from(words.names))
    if kind == "Secret":
        key = next(iter(body["data"]))
        found: list[_Step] = [
            (Op.PAYLOAD, ("data", key), Sensitive(draw(payloads(words)))),
            (Op.PAYLOAD, ("data", key), Sensitive(draw(payloads(words)))),
            (Op.RENAME, ("data", key), draw(st.sampled_from([".dockerconfigjson", ".dockercfg", "config.json"]))),
            (Op.SET, ("type",), draw(st.sampled_from([JSON_TYPE, CFG_TYPE, "Opaque"]))),
            (Op.SET, ("metadata", "name"), name),
            (Op.SET, ("metadata", "annotations"), {EXCLUDED: "true"}),
        ]
        if "annotations" in body["metadata"]:
            found.append((Op.REMOVE, ("metadata", "annotations"), None))
        return found
    if kind == "ServiceAccount":
        return _list_edits(("imagePullSecrets",), body["imagePullSecrets"], name)
    if kind in ("Pod", "Deployment"):
        route: Route = ("spec",) if kind == "Pod" else ("spec", "template", "spec")
        spec = body["spec"] if kind == "Pod" else body["spec"]["template"]["spec"]
        image = (Op.SET, (*route, "containers", 0, "image"), draw(st.sampled_from(words.images)))
        return [*_list_edits((*route, "imagePullSecrets"), spec.get("imagePullSecrets", []), name), image]
    if kind == "ImageStream":
        return [(Op.SET, ("spec", "tags", 0, "from", "name"), draw(st.sampled_from(words.images)))]
    if kind == "BuildConfig":
        return [(Op.SET, ("spec", "strategy", "dockerStrategy", "pullSecret"), {"name": name})]
    return []


def _list_edits(route: Route, listed: list[Any], name: str) -> list[_Step]:
    found: list[_Step] = [(Op.APPEND, route, {"name": name})]
    if listed:
        found += [(Op.REMOVE, (*route, number), None) for number in range(len(listed))]
        found += [(Op.SET, (*route, 0, "name"), name)]
    return found
