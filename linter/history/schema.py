"""The tables of a history and the steps that lead to them. A new database takes every step, an old one those it lacks.

A step is never changed once it was released: what comes later is a further step.
"""

from collections.abc import Callable
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    insert,
    inspect,
    select,
    text,
    update,
)

from linter.errors import HistoryError
from linter.history.damage import DamagedError

_meta = MetaData()
_ID = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only for INTEGER

version = Table("regcred_history", _meta, Column("version", Integer, nullable=False))

series = Table(
    "regcred_series",
    _meta,
    Column("id", _ID, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("blindness", Text, nullable=False),  # JSON: what the newest scan could not judge, hashed by namespace
)

scan = Table(
    "regcred_scan",
    _meta,
    Column("id", _ID, primary_key=True),
    Column("series", _ID, ForeignKey("regcred_series.id"), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("scope", String(16), nullable=False),
    Column("inputs", Text, nullable=False),  # JSON: what was named on the command line
    Column("error", Integer, nullable=False),
    Column("warning", Integer, nullable=False),
    Column("info", Integer, nullable=False),
    Column("suppressed", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("reopened", Integer, nullable=False),
    Column("resolved", Integer, nullable=False),
    Index("regcred_scan_series", "series", "id"),
)

finding = Table(
    "regcred_finding",
    _meta,
    Column("id", _ID, primary_key=True),
    Column("series", _ID, ForeignKey("regcred_series.id"), nullable=False),
    Column("identity", String(16), nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("api_version", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("namespace", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("last_scan", _ID, ForeignKey("regcred_scan.id"), nullable=False),
    Column("reopened", Integer, nullable=False),
    Column("resolved", BigInteger, nullable=False),  # 0 unless it is
    Column("resolved_scan", _ID, ForeignKey("regcred_scan.id"), nullable=True),
    UniqueConstraint("series", "identity"),
)

_later = MetaData()
# Tables of later steps name those of earlier ones as text only, so that each step can be taken for itself.
stretch = Table(
    "regcred_stretch",
    _later,
    Column("id", _ID, primary_key=True),
    Column("series", _ID, nullable=False),
    Column("finding", _ID, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("resolved", BigInteger, nullable=False),
    Index("regcred_stretch_series", "series"),
)

_results = MetaData()
result = Table(
    "regcred_result",
    _results,
    Column("key", String(64), primary_key=True),  # what was judged, with which settings, by which version: hashed
    Column("place", Text, nullable=False),  # the argument, as reports show it
    Column("time", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),  # the masked result as JSON, packed: for a call that is taken up
    Index("regcred_result_place", "place"),
)


def _first(connection: Connection) -> None:
    """Make series, scans and findings."""
    _meta.create_all(connection)


def _second(connection: Connection) -> None:
    """Keep every stretch that ended, for the mean time to resolve; those that can still be told are taken over."""
    _later.create_all(connection)
    ended = select(finding.c.series, finding.c.id, finding.c.since, finding.c.resolved).where(finding.c.resolved > 0)
    connection.execute(insert(stretch).from_select(["series", "finding", "since", "resolved"], ended))


def _third(connection: Connection) -> None:
    """Keep the newest result of each input for a day, so that a call that was interrupted can be taken up."""
    _results.create_all(connection)


STEPS: Final[tuple[Callable[[Connection], None], ...]] = (_first, _second, _third)
VERSION: Final = len(STEPS)
_LOCK: Final = 7_240_118  # any number, as long as every writer of a history takes the same


def lock(connection: Connection) -> None:
    """Let one writer at a time go on. SQLite has done so already (BEGIN IMMEDIATE)."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def found_version(connection: Connection) -> int:
    """The version of the tables, 0 where there are none. Raises `DamagedError`."""
    if not inspect(connection).has_table(version.name):
        return 0
    found = connection.execute(select(version.c.version)).scalars().all()
    if len(found) != 1 or type(found[0]) is not int or found[0] < 1:
        raise DamagedError(version.name, "version")
    return found[0]


def upgrade(connection: Connection, shown: str) -> None:
    """Take the steps that are missing. Raises `HistoryError` for tables of a later version."""
    found = found_version(connection)
    if found > VERSION:
        raise HistoryError(
            f"{shown}: this history was written by a later version of regcred "
            f"(schema {found}, this one knows {VERSION}): upgrade regcred"
        )
    for number, step in enumerate(STEPS[found:], start=found + 1):
        step(connection)
        if number == 1:
            connection.execute(insert(version).values(version=1))
        else:
            connection.execute(update(version).values(version=number))
