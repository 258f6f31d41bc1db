"""The record of a reading: which kinds were read in full in which namespaces, and which were refused.

It travels as an object beside the lists it tells of, live and in a collected dump alike, so that whoever judges them
knows what absence proves: `apiVersion: regcred/v1`, `kind: Collection`.
"""

import os
import time
from collections.abc import Sequence
from typing import Any, Final

from linter import __version__
from linter.record import NamedTuple

API_VERSION: Final = "regcred/v1"
KIND: Final = "Collection"
FILES: Final = "files"
"""The scope of a record that stands beside files taken as they were: it says where they are from, and no more."""


class Collected(NamedTuple):
    """A kind that was read in full in `namespaces`: `("*",)` is all of them, `("",)` goes for kinds outside any."""

    group: str
    kind: str
    resource: str
    namespaces: tuple[str, ...]
    objects: int


class Refused(NamedTuple):
    """A kind that could not be read in `namespaces`. `why` is `forbidden` or `failed`, `message` the server's words."""

    group: str
    kind: str
    namespaces: tuple[str, ...]
    why: str
    message: str

    def sentence(self) -> str:
        """Say what could not be read, where, and why."""
        group = f" ({self.group})" if self.group else ""
        spaces = [space for space in self.namespaces if space not in ("", "*")]
        more = f" and {len(spaces) - 5} more" if len(spaces) > 5 else ""
        plural = "s" if len(spaces) > 1 else ""
        where = f" in namespace{plural} {', '.join(spaces[:5])}{more}" if spaces else ""
        if "*" in self.namespaces:
            where = " in all namespaces"
        how = "may not be listed" if self.why == "forbidden" else "could not be listed"
        return f"{self.kind}{group}{where} {how}" + (f": {self.message}" if self.message else "")


class Record(NamedTuple):
    """What one reading had. `limit` names the namespaces that it was limited to, `redacted` tells that secrets are.

    `scope` is `cluster`, or `files` where files were taken as they were: what they hold they say themselves.
    """

    name: str
    scope: str
    collected: tuple[Collected, ...]
    refused: tuple[Refused, ...]
    limit: tuple[str, ...] = ()
    redacted: bool = False


def encode(record: Record) -> bytes:
    """Return the record as a JSON object."""
    import json  # noqa: PLC0415 - only who collects writes one

    body = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": record.name},
        "tool": f"regcred {__version__}",
        "taken": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(taken())),
        "scope": record.scope,
        "redacted": record.redacted,
        "limit": list(record.limit),
        "collected": [one._asdict() for one in record.collected],
        "refused": [one._asdict() for one in record.refused],
    }
    return json.dumps(body, indent=1, ensure_ascii=False).encode() + b"\n"


def decode(body: dict[str, Any]) -> Record:
    """Return the record that an object holds. What is not of the right shape counts as absent."""
    metadata = body.get("metadata")
    return Record(
        name=_text(metadata.get("name")) if isinstance(metadata, dict) else "",
        scope=_text(body.get("scope")),
        collected=tuple(
            Collected(
                _text(row.get("group")),
                _text(row.get("kind")),
                _text(row.get("resource")),
                _texts(row.get("namespaces")),
                row["objects"] if isinstance(row.get("objects"), int) else 0,
            )
            for row in _rows(body.get("collected"))
        ),
        refused=tuple(
            Refused(
                _text(row.get("group")),
                _text(row.get("kind")),
                _texts(row.get("namespaces")),
                _text(row.get("why")),
                _text(row.get("message")),
            )
            for row in _rows(body.get("refused"))
        ),
        limit=_texts(body.get("limit")),
        redacted=body.get("redacted") is True,
    )


def is_record(kind: str, api_version: str) -> bool:
    """Tell whether an object of this kind and version is the record of a reading."""
    return kind == KIND and api_version == API_VERSION


def taken() -> int:
    """Return when the reading is said to be taken, in seconds since 1970: now, or `SOURCE_DATE_EPOCH`."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "").strip()
    return int(fixed) if fixed.isdecimal() and len(fixed) < 12 else int(time.time())


def _rows(value: Any) -> Sequence[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(filter(lambda one: isinstance(one, str), value)) if isinstance(value, list) else ()
