"""Times as every format writes them: UTC, whole seconds, RFC 3339."""

from datetime import UTC, datetime
from typing import Final

_LAST: Final = 253402300799  # the end of the year 9999, the last that RFC 3339 can write


def utc(seconds: int) -> str:
    """Return Unix seconds as `2026-11-28T01:34:21Z`."""
    return datetime.fromtimestamp(min(max(seconds, 0), _LAST), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
