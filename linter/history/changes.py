"""From what is known and what a scan saw to what is known afterwards: pure, so that its laws can be tested.

A finding is resolved only by a scan that would have seen it: of the same scope, over at least the inputs of the scan
that saw it last, with its rule, its file read whole, its object judged and not withheld. Anything less changes nothing.
"""

import hashlib
import posixpath
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from linter.history.records import Known, Observation, Sighting, State
from linter.model import ObjectRef, Scope


class Changes(NamedTuple):
    """What a scan changes. `after` holds every finding that it saw or resolved, as it is known from now on.

    `new` were never seen before, `reopened` had been resolved, `resolved` are gone, `fresh` were not open before.
    """

    after: Mapping[str, Known]
    new: frozenset[str]
    reopened: frozenset[str]
    resolved: frozenset[str]
    fresh: frozenset[str]


def changes(known: Mapping[str, Known], seen: Observation, before: Mapping[str, str]) -> Changes:
    """Tell what `seen` changes of the findings that are `known`; `before` is the `blindness` of the scan before."""
    after: dict[str, Known] = {}
    reopened, resolved, fresh = set(), set(), set()
    for identity, sighting in seen.sightings.items():
        old = known.get(identity)
        after[identity] = _met(old, sighting, seen)
        if old is not None and old.state is State.RESOLVED and not sighting.suppressed:
            reopened.add(identity)
        if not sighting.suppressed and (old is None or old.state is not State.OPEN):
            fresh.add(identity)
    blind = blindness(seen)
    for identity, old in known.items():
        if identity in seen.sightings or old.state is State.RESOLVED:
            continue
        if _gone(old, seen) and _sighted(old, blind, before):
            after[identity] = old._replace(state=State.RESOLVED, resolved=seen.time)
            resolved.add(identity)
    new = frozenset(seen.sightings.keys() - known.keys())
    return Changes(after, new, frozenset(reopened), frozenset(resolved), frozenset(fresh))


def _met(old: Known | None, sighting: Sighting, seen: Observation) -> Known:
    state = State.SUPPRESSED if sighting.suppressed else State.OPEN
    now = Known(sighting, state, seen.time, seen.time, seen.time, inputs=seen.inputs, scope=seen.scope)
    if old is None:
        return now
    back = old.state is State.RESOLVED
    return now._replace(
        first=old.first,
        since=seen.time if back else old.since,
        reopened=old.reopened + (back and not sighting.suppressed),
    )


def _gone(old: Known, seen: Observation) -> bool:
    """Whether the scan would have seen the finding, were it there."""
    it = old.sighting
    if it.code not in seen.rules or old.scope is not seen.scope:
        return False
    if it.path in seen.unread or any(it.path.startswith(f"{path}!/") for path in seen.unread):  # a damaged archive
        return False
    if any(_covers(entry.object, old) and (not entry.codes or it.code in entry.codes) for entry in seen.withheld):
        return False
    if seen.scope is Scope.MANIFESTS and not within(old.inputs, seen.inputs):
        return False
    return seen.judged(it.object, it.path)


def _covers(ref: ObjectRef, old: Known) -> bool:
    """Whether what is withheld is the finding's object, or a whole kind, namespace or scan that it belongs to."""
    it = old.sighting.object
    return ref.kind in ("", it.kind) and ref.namespace in ("", it.namespace) and ref.name in ("", it.name)


def _sighted(old: Known, blind: Mapping[str, str], before: Mapping[str, str]) -> bool:
    """Whether the namespace is seen as well as when the finding was seen last: else its cause may just be hidden."""
    namespace = old.sighting.object.namespace
    if namespace not in blind:
        return True
    return old.latest and before.get(namespace) == blind[namespace]


def blindness(seen: Observation) -> dict[str, str]:
    """By namespace, a short hash of the objects that no rule could judge (redacted, encrypted, …)."""
    hidden: dict[str, set[str]] = defaultdict(set)
    for entry in seen.withheld:
        if not entry.codes and entry.object.name:
            hidden[entry.object.namespace].add(f"{entry.object.kind}/{entry.object.name}")
    return {
        namespace: hashlib.sha256("\n".join(sorted(names)).encode("utf-8", "surrogatepass")).hexdigest()[:12]
        for namespace, names in hidden.items()
    }


def within(inner: Iterable[str], outer: Iterable[str]) -> bool:
    """Whether every path of `inner` is one of `outer` or lies below one."""
    roots = [posixpath.normpath(path.replace("\\", "/")) for path in outer]
    return all(any(_below(posixpath.normpath(path.replace("\\", "/")), root) for root in roots) for path in inner)


def _below(path: str, root: str) -> bool:
    if root == ".":
        return not path.startswith(("/", "../")) and path != ".."
    return path == root or path.startswith((root.rstrip("/") + "/", f"{root}!/"))  # `!/` leads into an archive
