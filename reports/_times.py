"""Times as every format writes them: UTC, whole seconds, RFC 3339; and ages for people."""

import time
from typing import Final

from linter.model import Seen

_LAST: Final = 253402300799  # the end of the year 9999, the last that RFC 3339 can write


def utc(seconds: int) -> str:
    """Return Unix seconds as `2026-11-28T01:34:21Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(min(max(seconds, 0), _LAST)))


def age(seconds: int) -> str:
    """Return `40 days`, `5 hours` or `12 minutes`: the largest unit that fits."""
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            number = seconds // size
            return f"{number:,} {unit}{'' if number == 1 else 's'}"
    return "less than a minute"


def standing(seen: Seen, now: int) -> str:
    """Return `first 2026-08-12, reopened 2 times, 33 days old` for a scan at `now`; what is new is said to be."""
    back = f", reopened {'once' if seen.reopened == 1 else f'{seen.reopened} times'}" if seen.reopened else ""
    old = "new in this scan" if seen.new else f"{age(max(now - seen.since, 0))} old"
    return f"first {utc(seen.first)[:10]}{back}, {old}"
