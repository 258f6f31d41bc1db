"""From bytes to documents, objects and positions: what cannot matter is dropped unparsed, what is broken is said.

`read` gives the documents of one artifact as plain data, `Positions` finds lines and columns afterwards, on demand.
"""

import gc
from _thread import allocate_lock  # `threading` is not loaded for one lock
from typing import Any

from linter.documents.positions import Positions, Span
from linter.documents.text import DecodeProblem, SourceText, decode, encode
from linter.model import Problem
from linter.record import NamedTuple
from linter.sources import Limits


class Document(NamedTuple):
    """One YAML document or JSON value that could matter.

    `number` counts every document of the artifact from 0, dropped and broken ones too. `data` is dict, list, str, int,
    float, bool or None all the way down; aliased collections are one shared object, so treat it as read-only. The
    `managedFields` of objects may be left out. `passed` are the indexes of a list's items that were not read, because
    they cannot matter or are damaged: `None` stands in their place.
    """

    path: str
    number: int
    data: Any
    passed: frozenset[int] = frozenset()


class Templated(NamedTuple):
    """A document that is no YAML before a template engine has run; `line` counts from 1."""

    path: str
    line: int
    reason: str


class Reading(NamedTuple):
    """All that one artifact holds: `skipped` counts documents dropped unparsed because they cannot matter.

    `logs` tells that container logs stand between the documents, as `kubectl cluster-info dump` prints them.
    """

    documents: tuple[Document, ...] = ()
    problems: tuple[Problem, ...] = ()
    skipped: int = 0
    templated: tuple[Templated, ...] = ()
    logs: bool = False


def read(path: str, data: bytes, *, limits: Limits | None = None) -> Reading:
    """Read the documents of one artifact. Never raises for what the bytes hold: each defect is a `Problem`."""
    from linter.documents.reader import read_bytes  # noqa: PLC0415 - parsers are loaded when something is read

    return read_bytes(path, data, limits or Limits())


__all__ = [
    "DecodeProblem",
    "Document",
    "Limits",
    "Positions",
    "Reading",
    "SourceText",
    "Span",
    "Templated",
    "decode",
    "encode",
    "read",
]


class _Collector:
    """Who wants the cyclic garbage collector off, counted: threads of one process may, each for its own time."""

    def __init__(self) -> None:
        self.lock = allocate_lock()
        self.users = 0
        self.was_on = False


_collector = _Collector()


class collector_off:  # noqa: N801 - used as a function; a generator would cost more than many a document
    """Keep the cyclic garbage collector from walking a growing heap meanwhile.

    `old`: what was made meanwhile counts as old afterwards, else all of it is walked as soon as the collector is back.
    """

    __slots__ = ("_old",)

    def __init__(self, *, old: bool = False) -> None:
        self._old = old

    def __enter__(self) -> None:
        with _collector.lock:
            if not _collector.users:
                _collector.was_on = gc.isenabled()
                gc.disable()
            _collector.users += 1

    def __exit__(self, *_: object) -> None:
        with _collector.lock:
            _collector.users -= 1
            if not _collector.users and _collector.was_on:
                if self._old:
                    gc.freeze()
                    gc.unfreeze()
                gc.enable()
