"""A payload that was judged and in which a stretch of one host map changes: only the entries there are judged again.

A fix of one entry says how the whole payload reads afterwards, and a secret may hold a thousand.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from linter.credentials.jsontext import JsonNode, JsonSyntaxError, fold_name, parse_json
from linter.credentials.payload import Entry, Payload, read_entry

__all__ = ["reexamine"]

_BLANKS: Final = " \t\r\n"
_DEEP: Final = 100
"""So many brackets may open in what is new: beyond, how deep they stand would have to be counted."""


def reexamine(old: Payload, start: int, end: int, new: str) -> tuple[Payload, tuple[Entry, ...]] | None:
    """Judge `old` with its characters `start` to `end` replaced by `new`; return which entries are not as before, too.

    All other entries are the same objects. For who wants to know what a reader gets: where entries and errors stand in
    the new text is not told. None where only `examine` can tell, among others where readers refuse what is new, where
    an entry is named twice, or where something changes outside the entries.
    """
    node = _host_map(old)
    if node is None or not (node.start < start and end < node.end) or new.count("{") + new.count("[") > _DEEP:
        return None
    members = node.members
    first = bisect_left(members, start, key=lambda member: member[3].end)
    after = bisect_left(members, end, key=lambda member: member[1])
    left = node.start + 1
    if first:
        comma = old.text.find(",", members[first - 1][3].end)
        if comma < 0 or comma >= start:
            first -= 1
            left = members[first][1]
        else:
            left = comma + 1
    right = members[after][1] if after < len(members) else node.end - 1
    part = (old.text[left:start] + new + old.text[end:right]).rstrip(_BLANKS)
    if after < len(members):
        if part and (part[-1] != "," or not part[:-1].strip(_BLANKS)):
            return None  # a comma is lacking, or there is one without an entry before it
        part = part[:-1]
    elif not part:
        return None
    fresh = _entries(part)
    if fresh is None:
        return None
    names = {entry.key for entry in (*old.entries[:first], *old.entries[after:])}
    entries = (*old.entries[:first], *fresh, *old.entries[after:])
    if len(names.union(entry.key for entry in fresh)) != len(entries):
        return None
    errors = tuple(error for error in old.errors if error.entry in names)
    error = errors[0] if errors else None
    text = old.text[:start] + new + old.text[end:]
    return old._replace(text=text, entries=entries, errors=errors, error=error, root=None), fresh


def _host_map(old: Payload) -> JsonNode | None:
    """The one host map of a payload each of whose entries is named once, and in which all errors are; else None."""
    if old.form != "dockerconfigjson" or old.shape != "ok" or old.root is None or "\ufffd" in old.text:
        return None
    if any(error.entry is None for error in old.errors):
        return None
    maps = [value for name, _, _, value in old.root.members if fold_name(name) == "auths"]
    if len(maps) != 1 or len(maps[0].members) != len(old.entries) or not all(entry.live for entry in old.entries):
        return None
    return maps[0]


def _entries(part: str) -> tuple[Entry, ...] | None:
    """The entries that a stretch of a host map names, without the comma behind them; None where it is refused."""
    node = parse_json("{" + part + "}")
    if isinstance(node, JsonSyntaxError) or (part.strip(_BLANKS) and not node.members):
        return None
    found = [read_entry(key, (start, end), value) for key, start, end, value in node.members]
    fresh = tuple(entry._replace(live=True) for entry in found if entry is not None)
    return fresh if len(fresh) == len(found) else None
