"""Edits on plain data: what an edit means, said once, for files (as the oracle) and clusters (as the result)."""

import base64
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from linter.errors import FixError
from linter.fix.merge import merged
from linter.model import Edit, Op, Route
from linter.record import NamedTuple
from linter.secret import Sensitive

if TYPE_CHECKING:
    from linter.fix.tree import Node

_CORE = "tag:yaml.org,2002:"


class Tagged(NamedTuple):
    """A scalar or collection under a tag that plain data does not know; equal when tag and content are."""

    tag: str
    value: Any


def plain(value: Any) -> Any:
    """Return the value of an edit as plain data: a Sensitive is revealed, here and nowhere else in this package."""
    if isinstance(value, Sensitive):
        return value.reveal()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def ordered(edits: Sequence[Edit]) -> list[Edit]:
    """Sort edits so that they can be applied one by one, though all their routes mean the same original.

    What adds or replaces comes first, then the renaming of keys, then removals from the end of every list forwards.
    """
    if len(edits) == 1:
        return [*edits]
    known: dict[object, Edit] = {}
    for edit in _together(edits):
        known.setdefault((edit[:4], _hashable(edit.value)), edit)
    unique = list(known.values())
    renames = [edit for edit in unique if edit.op is Op.RENAME]
    removals = [edit for edit in unique if edit.op is Op.REMOVE]
    others = [edit.route for edit in unique if edit.op is not Op.REMOVE]
    changed = {route[:depth] for route in others for depth in range(len(route) + 1)}
    if any(edit.route in changed for edit in removals):
        raise FixError("the edits contradict each other: one removes what another changes")
    renames.sort(key=lambda edit: len(edit.route), reverse=True)
    names: dict[Route, str] = {}
    for edit in renames:
        new = str(plain(edit.value))
        if edit.route and new != edit.route[-1]:
            names.setdefault(edit.route, new)
    moved = [edit._replace(route=_renamed(edit.route, names)) for edit in removals]
    moved.sort(
        key=lambda edit: [
            (isinstance(step, int), step if isinstance(step, int) else 0, str(step)) for step in edit.route
        ]
    )
    return [edit for edit in unique if edit.op not in (Op.RENAME, Op.REMOVE)] + renames + moved[::-1]


def _together(edits: Sequence[Edit]) -> Sequence[Edit]:
    """The edits, of which those that change different stretches of one payload are one."""
    payloads: dict[tuple[object, ...], dict[str, Edit]] = {}
    for edit in edits:
        if edit.op is Op.PAYLOAD and edit.base is not None:
            payloads.setdefault((*edit[:4], edit.base), {})[str(plain(edit.value))] = edit
    crowded = {place: texts for place, texts in payloads.items() if len(texts) > 1}
    if not crowded:
        return edits
    found = [edit for edit in edits if edit.op is not Op.PAYLOAD or (*edit[:4], edit.base) not in crowded]
    for texts in crowded.values():
        edit = next(iter(texts.values()))
        text = merged(edit.base.reveal(), texts) if edit.base is not None else None
        if text is None:
            raise FixError(f"the edits contradict each other: two change the same part of {pointer(edit.route)}")
        found.append(edit._replace(value=Sensitive(text)))
    return found


def _hashable(value: Any) -> object:
    """What is equal for equal values, and can be looked up."""
    if isinstance(value, dict):
        return dict, frozenset((key, _hashable(item)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return isinstance(value, list), tuple(map(_hashable, value))
    return value


def _renamed(route: Route, names: Mapping[Route, str]) -> Route:
    """A route once the keys on its way have their new `names`, which are by the route of each key as it was."""
    if not names:
        return route
    return (*(names.get(route[:depth], route[depth - 1]) for depth in range(1, len(route))), *route[-1:])


def apply_to_data(data: Any, edits: Sequence[Edit]) -> Any:
    """Return `data` with the edits of one document applied; only what changes is copied, `data` itself is untouched."""
    copy = Copy(data)
    for edit in ordered(edits):
        copy.apply(edit)
    return copy.data


class Copy:
    """Data that edits change one after the other. What was given stays: a part is copied once, before it changes."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self._own: dict[int, Any] = {}
        self._members: dict[int, dict[object, list[Any]]] = {}

    def apply(self, edit: Edit) -> None:
        """Make one edit, whose route means the data as they are now."""
        self.data = self._apply(self.data, edit.route, edit)

    def _owned(self, part: Any) -> Any:
        """The part itself where it is a copy already, else a copy of it."""
        if id(part) in self._own:
            return part
        copy: Any = [*part] if isinstance(part, list) else {**part}
        self._own[id(copy)] = copy
        return copy

    def _apply(self, data: Any, rest: Route, edit: Edit) -> Any:
        if not rest:
            if edit.op is Op.SET:
                return plain(edit.value)
            if edit.op is Op.APPEND:
                return self._appended(data, edit)
            if edit.op is Op.PAYLOAD:
                return payload_text(edit, data)
            raise FixError("the root of a document cannot be removed or renamed")
        step = rest[0]
        if isinstance(data, list):
            return self._apply_list(data, step, rest, edit)
        if data is None and edit.op in (Op.SET, Op.APPEND):
            data = {}
        if isinstance(data, Tagged) or not isinstance(data, dict):
            raise FixError(f"no mapping at the place to edit: {pointer(edit.route)}")
        return self._apply_map(data, str(step), rest, edit)

    def _apply_list(self, data: list[Any], step: str | int, rest: Route, edit: Edit) -> list[Any]:
        if not isinstance(step, int):
            raise FixError(f"a list stands where a key was expected: {pointer(edit.route)}")
        if not 0 <= step < len(data):
            if edit.op is Op.REMOVE and len(rest) == 1:
                return data
            raise FixError(f"the list has no such item: {pointer(edit.route)}")
        if len(rest) == 1 and edit.op is Op.RENAME:
            raise FixError("a list item has no name to change")
        copy: list[Any] = self._owned(data)
        self._members.pop(id(copy), None)
        if len(rest) == 1 and edit.op is Op.REMOVE:
            del copy[step]
        else:
            copy[step] = self._apply(copy[step], rest[1:], edit)
        return copy

    def _apply_map(self, data: dict[Any, Any], step: str, rest: Route, edit: Edit) -> dict[Any, Any]:
        if len(rest) == 1 and edit.op is Op.RENAME:
            name = str(plain(edit.value))
            if step not in data and name in data:
                return data
            if step not in data or (name in data and name != step):
                raise FixError(f"the key is absent, or the new name is taken: {pointer(edit.route)}")
            return {name if key == step else key: value for key, value in data.items()}
        if step not in data and edit.op is Op.REMOVE:
            return data
        if step not in data and edit.op not in (Op.SET, Op.APPEND):
            raise FixError(f"the key is absent: {pointer(edit.route)}")
        copy: dict[Any, Any] = self._owned(data)
        if len(rest) == 1 and edit.op is Op.REMOVE:
            del copy[step]
        else:
            copy[step] = self._apply(copy.get(step), rest[1:], edit)
        return copy

    def _appended(self, data: Any, edit: Edit) -> list[Any]:
        value = plain(edit.value)
        if data is not None and not isinstance(data, list):
            raise FixError(f"no list at the place to append to: {pointer(edit.route)}")
        copy: list[Any] = self._owned([] if data is None else data)
        if id(copy) not in self._members:
            table = self._members[id(copy)] = {}
            for item in copy:
                table.setdefault(_outline(item), []).append(item)
        alike = self._members[id(copy)].setdefault(_outline(value), [])
        if not any(same(item, value) for item in alike):
            copy.append(value)
            alike.append(value)
        return copy


def _outline(value: Any) -> object:
    """What is equal for values that are the `same`, found without looking deeper than one level."""
    if isinstance(value, dict):
        return dict, frozenset((key, _outline_of_leaf(item)) for key, item in value.items())
    return _outline_of_leaf(value)


def _outline_of_leaf(value: Any) -> object:
    return (type(value), value) if isinstance(value, (str, int, bool)) else type(value)


def encoded(route: Route) -> bool:
    """Tell whether the scalar at the route is base64: under `data`, save the clear-text `data` of a secret template."""
    return len(route) >= 2 and route[-2] == "data" and route[-3:-2] != ("template",)


def payload_text(edit: Edit, old: Any) -> str:
    """Return a scalar's new content for a PAYLOAD edit: clear text, or base64 wrapped as the old one was.

    The API server skips line breaks in base64 and refuses spaces, so text whose breaks a plain or folded scalar had
    turned into spaces gets them back.
    """
    text = str(plain(edit.value))
    if not isinstance(old, str):
        raise FixError(f"no payload at the place to edit: {pointer(edit.route)}")
    if not encoded(edit.route):
        return text + "\n" if old.endswith("\n") and not text.endswith("\n") else text
    try:
        code = base64.b64encode(text.encode("utf-8")).decode("ascii")
    except UnicodeError:
        raise FixError("the payload holds characters that cannot be encoded") from None
    lines = old.split()
    if len(lines) > 1 and len(lines[0]) >= 16 and all(len(line) == len(lines[0]) for line in lines[:-1]):
        width = len(lines[0])
        code = "\n".join(code[at : at + width] for at in range(0, len(code), width))
    return code + "\n" if old.endswith("\n") else code


def pointer(route: Route) -> str:
    """Return the route as people read it, as in `/data/.dockerconfigjson`."""
    return "".join(f"/{step}" for step in route) or "/"


def same(one: Any, other: Any) -> bool:
    """Compare deeply, telling true from 1 and 1 from 1.0, and meeting shared or circular data only once."""
    seen: set[tuple[int, int]] = set()
    stack = [(one, other)]
    while stack:
        left, right = stack.pop()
        if left is right or (id(left), id(right)) in seen:
            continue
        if type(left) is not type(right) or not _alike(left, right):
            return False
        seen.add((id(left), id(right)))
        if isinstance(left, Tagged):
            stack.append((left.value, right.value))
        elif isinstance(left, dict):
            stack.extend((value, right[key]) for key, value in left.items())
        elif isinstance(left, list):
            stack.extend(zip(left, right, strict=True))
    return True


def _alike(left: Any, right: Any) -> bool:
    """Compare two values of one type without their contents."""
    if isinstance(left, Tagged):
        return bool(left.tag == right.tag)
    if isinstance(left, dict):
        return bool(left.keys() == right.keys())
    if isinstance(left, list):
        return len(left) == len(right)
    return bool(left == right) or (isinstance(left, float) and math.isnan(left) and math.isnan(right))


def to_data(node: "Node | None", memo: dict[int, Any] | None = None) -> Any:
    """Return the plain data of a tree, merge keys resolved, aliases shared; mapping keys are the text of the file."""
    if node is None:
        return None
    memo = {} if memo is None else memo
    if id(node) in memo:
        return memo[id(node)]
    if node.kind == "alias":
        return to_data(node.target, memo)
    if node.kind == "scalar":
        return scalar_data(node)
    if node.tag and not node.tag.startswith(_CORE) and node.tag != "!":
        holder: Any = {}
        memo[id(node)] = Tagged(node.tag, holder)
        holder["content"] = _collection(node, memo, {} if node.kind == "map" else [])
        return memo[id(node)]
    found: Any = {} if node.kind == "map" else []
    memo[id(node)] = found
    return _collection(node, memo, found)


def _collection(node: "Node", memo: dict[int, Any], found: Any) -> Any:
    if node.kind == "seq":
        for item in node.items:  # a generator would take a call more of each level
            found.append(to_data(item, memo))
        return found
    merged: dict[str, Any] = {}
    for key, value in node.pairs:
        content = to_data(value, memo)
        if key.kind == "scalar" and key.value == "<<" and not key.style:
            for source in reversed(content if isinstance(content, list) else [content]):
                merged.update(source if isinstance(source, dict) else {})
        elif key.kind == "scalar":
            found[key.value] = content
        else:
            found[f"? complex key {to_data(key, memo)!r}"] = content
    for name, content in merged.items():
        found.setdefault(name, content)
    return found


def scalar_data(node: "Node") -> Any:
    """Return a scalar's value as YAML 1.1 reads it, dates as text: what Kubernetes' own reader makes of it."""
    if node.tag and node.tag != "!":
        known = node.tag in (_CORE + "str", "!!str")
        return node.value if known else Tagged(node.tag, node.value)
    if node.style or not node.implicit:
        return node.value
    return resolve(node.value)


def resolve(value: str) -> Any:
    """Return what a plain scalar means in YAML 1.1."""
    import yaml  # noqa: PLC0415

    tag = _resolver().resolve(yaml.ScalarNode, value, (True, False)).removeprefix(_CORE)
    if tag not in ("int", "float", "bool", "null"):
        return value
    if tag == "null":
        return None
    node = yaml.ScalarNode(_CORE + tag, value)
    try:
        return getattr(yaml.constructor.SafeConstructor(), f"construct_yaml_{tag}")(node)
    except (ValueError, KeyError, IndexError):
        return value


_RESOLVERS: list[Any] = []


def _resolver() -> Any:
    if not _RESOLVERS:
        import yaml  # noqa: PLC0415

        _RESOLVERS.append(yaml.resolver.Resolver())
    return _RESOLVERS[0]
