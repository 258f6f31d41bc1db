"""What becomes of the credentials of a secret that a fix edits: each stays, stays under another key, or is gone."""

from collections import Counter
from collections.abc import Iterator

from linter.inventory.records import PullSecret
from linter.secret import shown

_Credential = tuple[str, str]


def fate(before: PullSecret, after: PullSecret | None) -> Iterator[tuple[bool, str]]:
    """Tell of every entry with a credential whether it stays, as (stays, line); the line names no credential."""
    left = _entries(after) if after is not None else []
    exact = Counter((key, credential) for key, credential, _ in left)
    present = {key for key, _, _ in left}
    for key, credential, live in _entries(before):
        what = f"entry {shown(key)} of {_named(before)}"
        if exact[(key, credential)]:
            exact[(key, credential)] -= 1
            yield True, what
            continue
        other = next((name for name, same, _ in left if same == credential), None)
        if other == key:
            yield True, f"{what}, written once"
        elif other is not None:
            yield True, f"{what}, as {shown(other)}"
        elif key in present:
            yield False, f"the former credential of {what}" if live else f"the overridden credential of {what}"
        else:
            yield False, what


def _entries(secret: PullSecret) -> list[tuple[str, _Credential, bool]]:
    """Every entry with a credential: key, credential, and whether readers get to see it."""
    entries = secret.payload.entries if secret.payload is not None else ()
    return [
        (entry.key, (entry.username, entry.password), entry.live)
        for entry in entries
        if entry.username or entry.password
    ]


def _named(secret: PullSecret) -> str:
    where = f" in namespace {secret.namespace}" if secret.namespace else ""
    return f"Secret {secret.name}{where}"
