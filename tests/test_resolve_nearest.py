"""The name that is meant by one that no Secret has: found by an index, it is what a look at every name finds."""

import re
from difflib import get_close_matches

from hypothesis import example, given
from hypothesis import strategies as st

from linter.documents import Document
from linter.inventory import build
from linter.model import Scope
from linter.resolve.names import Whereabouts, whereabouts

_HASH = re.compile(r"-[bcdfghkmt2456789]{10}$")
_WORDS = ["pull", "pul", "llup", "quay", "key", "k", "7f4hkd2b9m", "1", "12", "21"]
_NAMES = st.one_of(
    st.lists(st.sampled_from(_WORDS), min_size=1, max_size=4).map("-".join),
    st.text("ab-1", min_size=1, max_size=9),
    st.integers(196, 204).map(lambda length: "a" * length + "b"),  # difflib takes what is common in them for junk
)
_Held = set[tuple[str, str]]


def _slowly(held: _Held, namespace: str, name: str) -> Whereabouts:
    """The first name that is this one but for words before or after it, else the closest of all."""
    known = {other for space, other in held if not space or not namespace or space == namespace}
    bare = _HASH.sub("", name)
    stems = ((other, _HASH.sub("", other)) for other in sorted(known))
    longer = [other for other, stem in stems if f"-{stem}".endswith(f"-{bare}") or f"{stem}-".startswith(f"{bare}-")]
    near = [*longer, *get_close_matches(name, known, n=1, cutoff=0.7), ""]
    elsewhere = sorted({space for space, other in held if other == name and space not in ("", namespace)})
    return Whereabouts(near[0], tuple(elsewhere))


@given(st.sets(st.tuples(st.sampled_from(["shop", "team", ""]), _NAMES), max_size=14), st.lists(_NAMES, max_size=6))
@example({("shop", "pull-12"), ("shop", "pull-21"), ("", "pull-1")}, ["pul-12", "llup-12", "12-pull", "quay"])
def test_the_name_that_is_meant(held: _Held, wanted: list[str]) -> None:
    objects = [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, **({"namespace": space} if space else {})}}
        for space, name in sorted(held)
    ]
    inventory = build("", Scope.MANIFESTS, [Document("scan", number, body) for number, body in enumerate(objects)])
    for namespace in ("shop", "", "other"):
        for name in wanted * 2:
            if (namespace, name) not in held:
                assert whereabouts(inventory, namespace, name) == _slowly(held, namespace, name)
