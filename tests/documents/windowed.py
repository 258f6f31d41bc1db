"""What the tests of windows share: generated lists and objects, how they are written, and what was found in them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st

from linter.documents.kinds import KINDS, may_make_secrets
from linter.sources import Artifact
from linter.taking import Taken

Make = Callable[[bytes, int], Artifact]

TEXTS = st.sampled_from(
    [
        '"',
        "\\",
        "}",
        "},",
        "]}",
        "{",
        "\n",
        '"kind": "Secret"',
        "a",
        "é",
        "\u2028",
        "\U0001f40b",
        "\\u006bind",
        "quay.io",
        "",
    ]
)
SCALARS = st.one_of(
    TEXTS, st.integers(-5, 2**70), st.booleans(), st.none(), st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(TEXTS, st.just("kind"), st.just("items")), inner, max_size=3),
    ),
    max_leaves=6,
)
WRITTEN = st.sampled_from(
    ["Secret", "Pod", "Image", "ConfigMap", "CustomResourceDefinition", "Node", "List", "Template", "XSecret", 3, None]
)
OBJECTS = st.fixed_dictionaries(
    {},
    optional={
        "kind": WRITTEN,
        "apiVersion": st.sampled_from(["v1", "apps/v1", "image.openshift.io/v1", "config.openshift.io/v1", 1]),
        "metadata": st.fixed_dictionaries(
            {"name": st.sampled_from(["a", "b"])},
            optional={"managedFields": VALUES, "annotations": VALUES, "labels": VALUES},
        ),
        "spec": VALUES,
        "imagePullSecrets": VALUES,
        "data": VALUES,
        "items": st.lists(VALUES, max_size=2),
    },
)


def shuffled(value: dict[str, Any], order: list[int]) -> dict[str, Any]:
    return dict(sorted(value.items(), key=lambda pair: order[hash(pair[0]) % len(order)]))


LISTS = st.builds(
    shuffled,
    st.fixed_dictionaries(
        {"items": st.lists(st.one_of(OBJECTS, OBJECTS, VALUES), max_size=6)},
        optional={
            "kind": st.sampled_from(["List", "List", "SecretList", "PodList", "Pod"]),
            "apiVersion": st.just("v1"),
            "metadata": VALUES,
        },
    ),
    st.lists(st.integers(0, 9), min_size=4, max_size=4),
)
STYLES = st.sampled_from([(4, True), (2, False), (None, True), (None, False), (0, False), ("\t", True)])


def written(value: Any, style: tuple[int | str | None, bool], *, crlf: bool, escaped: bool) -> str:
    text = json.dumps(value, indent=style[0], ensure_ascii=style[1])
    if crlf:
        text = text.replace("\n", "\r\n")
    return text.replace('"kind"', '"\\u006bind"') if escaped else text


def told(taken: Taken) -> list[tuple[Any, ...]]:
    """What was found, in words that can be compared."""
    return [
        (one.number, item.kind, item.api_version, item.namespace, item.name, item.route, item.listed, pruned(item.body))
        for one, found in taken.documents
        for item in found
    ]


def counts(row: tuple[Any, ...]) -> bool:
    """Whether an object is of a kind, and of an API, that some rule reads."""
    _, kind, version, *_ = row
    return may_make_secrets(kind) or (kind in KINDS and KINDS[kind] in version)


def pruned(body: Any) -> Any:
    """A body as text, without what nobody reads, in which NaN is equal to itself."""
    metadata = body.get("metadata")
    if isinstance(metadata, dict):
        body = {**body, "metadata": {key: metadata[key] for key in metadata if key != "managedFields"}}
    return repr(body)


SECRET = '{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "NAME"}, "data": {".dockerconfigjson": "e30="}}'


START = "==== START logs for container a of pod b/c ===="


def listed(*names: str, indent: int | None = 4) -> str:
    items = [json.loads(SECRET.replace("NAME", name)) for name in names]
    return json.dumps({"apiVersion": "v1", "items": items, "kind": "List"}, indent=indent)


def names(taken: Taken) -> list[str]:
    return [item.name for _, found in taken.documents for item in found]


def called(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> list[Any]:
    """What a method is called with from now on: its first argument each time."""
    first: list[Any] = []
    method = getattr(owner, name)

    def noted(self: Any, argument: Any) -> Any:
        first.append(argument)
        return method(self, argument)

    monkeypatch.setattr(owner, name, noted)
    return first
