"""What becomes of the credentials of a secret that a fix edits: each stays, stays under another key, or is gone."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate

from linter.credentials import Entry
from linter.inventory.records import PullSecret
from linter.secret import shown

_Credential = tuple[str, str]
_Row = tuple[str, _Credential, bool]
"""An entry with a credential: key, credential, and whether readers get to see it."""


Told = tuple[bool, str, str]
"""Whether a credential stays, the line that says so, and how it would read were it in no other entry; "" where it is in
none, or goes with its key."""


def fate(before: PullSecret, after: PullSecret | None) -> Iterator[Told]:
    """Tell of every entry with a credential whether it stays; the lines name no credential."""
    left = _entries(after) if after is not None else []
    yield from _told(_entries(before), left, lambda: left, _named(before))


class Fates:
    """What becomes of one secret's entries, asked for many fixes: those that a fix does not touch are told of once."""

    def __init__(self, secret: PullSecret) -> None:
        self._secret = secret
        self._entries = _written(secret)
        self._unique = _keys_are_unique(self._entries)
        named = _named(secret)
        self._lines = [_line(entry.key, named) for entry in self._entries if _has_credential(entry)]
        self._rows = [0, *accumulate(map(_has_credential, self._entries))]

    def after(self, after: PullSecret | None) -> Iterator[Told]:
        """Yield what `fate` tells."""
        new = _written(after) if after is not None else ()
        head, tail = self._shared(new)
        end = len(self._entries) - tail
        yield from ((True, line, "") for line in self._lines[: self._rows[head]])
        touched = _rows(new[head : len(new) - tail])
        rows = _rows(self._entries[head:end])
        yield from _told(rows, touched, lambda: _rows(new), _named(self._secret))
        yield from ((True, line, "") for line in self._lines[self._rows[end] :])

    def _shared(self, new: tuple[Entry, ...]) -> tuple[int, int]:
        """How many entries at the beginning and at the end are the same objects; none where a key comes twice."""
        old = self._entries
        least = min(len(old), len(new))
        head = next((at for at, one in enumerate(new[:least]) if old[at] is not one), least)
        tail = next((at for at in range(least - head) if old[-1 - at] is not new[-1 - at]), least - head)
        return (head, tail) if head + tail and self._unique and _keys_are_unique(new) else (0, 0)


def _told(
    old: list[_Row], new: list[_Row], left: Callable[[], list[_Row]], named: str
) -> Iterator[Told]:
    """Tell of the entries `old`; those that have their keys afterwards are among `new`, all that are left in `left`."""
    exact = Counter((key, credential) for key, credential, _ in new)
    present = {key for key, _, _ in new}
    for key, credential, live in old:
        what = _line(key, named)
        if exact[(key, credential)]:
            exact[(key, credential)] -= 1
            yield True, what, ""
            continue
        former = f"the {'former' if live else 'overridden'} credential of {what}" if key in present else ""
        other = next((name for name, same, _ in left() if same == credential), None)
        if other == key:
            yield True, f"{what}, written once", ""
        elif other is not None:
            yield True, f"{what}, as {shown(other)}", former
        else:
            yield False, former or what, ""


def _entries(secret: PullSecret) -> list[_Row]:
    return _rows(_written(secret))


def _written(secret: PullSecret) -> tuple[Entry, ...]:
    return secret.payload.entries if secret.payload is not None else ()


def _rows(entries: Iterable[Entry]) -> list[_Row]:
    return [(entry.key, (entry.username, entry.password), entry.live) for entry in entries if _has_credential(entry)]


def _has_credential(entry: Entry) -> bool:
    return bool(entry.username or entry.password)


def _keys_are_unique(entries: tuple[Entry, ...]) -> bool:
    return len({entry.key for entry in entries}) == len(entries)


def _line(key: str, named: str) -> str:
    return f"entry {shown(key)} of {named}"


def _named(secret: PullSecret) -> str:
    where = f" in namespace {secret.namespace}" if secret.namespace else ""
    return f"Secret {secret.name}{where}"
