"""The database of a history. A call is stored in one transaction: whole, or not at all."""

import errno
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, bindparam, create_engine, delete, event, func, insert, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from linter import files
from linter.clock import now
from linter.errors import HistoryError, NoHistoryError, UsageError
from linter.excerpts import scrub
from linter.history import rows, schema
from linter.history.address import NO_URL, Address
from linter.history.changes import Changes, blindness, changes
from linter.history.damage import DamagedError, number_in
from linter.history.records import Known, Observation, Recorded, Saved, State, Story
from linter.history.schema import finding, result, scan, series, stretch
from linter.model import Seen, Severity, Trend
from linter.stopping import HELD

_PATIENCE: Final = 60  # seconds that a writer waits for another one
_AT_ONCE: Final = 0.1  # seconds of them that the database waits itself, and hears of nothing meanwhile
_AGAIN: Final = 0.05
_CHUNK: Final = 1_000  # rows that one statement names; SQLite takes 32,766
_LOOK: Final = "SELECT count(*) FROM sqlite_master"  # takes the lock of a reader, which BEGIN leaves for later
_READING: Final = "regcred_reading"
_OTHER: Final = "name another file, or put a copy from before in its place"
_LOCKED: Final = "is locked"
_REMEDIES: Final = (
    (_LOCKED, "another call writes into it: try again when that has ended"),
    ("is full", "make room on its disk"),
    ("readonly", "allow yourself to write to it and to its folder"),
    ("not a database", _OTHER),
    ("malformed", _OTHER),
    ("no such", _OTHER),
)
"""What SQLite says, and what to do about it."""
_YOUNG: Final = 86_400
"""Seconds for which a result can be taken up: what it says of credentials that expire is then still nearly true."""


class Store:
    """An open history. Close it, or use it in a `with`."""

    def __init__(self, where: Address, *, create: bool = True) -> None:
        self._where = where
        if where.file and not create and not os.path.exists(where.file):
            remedy = f"`regcred check --history {where.shown}` begins one"
            raise HistoryError(f"{where.shown}: there is no history; {remedy}")
        begun = bool(where.file) and not os.path.lexists(where.file)
        if where.file:
            _usable(where, writing=create)
        self._engine = _engine(where)
        try:
            with self._transaction("opened", reading=True) as connection:
                current = schema.found_version(connection) == schema.VERSION
            if not current:
                with self._transaction("brought up to date") as connection:
                    schema.upgrade(connection, where.shown)
        except BaseException:
            self.close()
            if begun:
                _forget(where.file)
            raise

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def record(
        self, observations: Iterable[Observation], save: Callable[[Recorded], Saved | None] | None = None
    ) -> Recorded:
        """Store the scans of one call, or of a part of one. Raises `HistoryError`, and then nothing of it is stored.

        `save` may return a result that is kept with them, for `saved`. Results that are too old for that go.
        """
        seen: dict[tuple[str, str], Seen] = {}
        trends = []
        with self._transaction("written") as connection:
            connection.execute(delete(result).where(result.c.time <= now() - _YOUNG))
            for observation in observations:
                number = _series(connection, observation.series)
                made = _record(connection, number, observation)
                for identity in observation.sightings:
                    one = made.after[identity]
                    standing = Seen(one.first, one.since, one.reopened, identity in made.fresh)
                    seen[observation.series, identity] = standing
                trends.append(rows.trend(connection, number, observation.series))
            recorded = Recorded(seen, Trend(tuple(trends)))
            kept = save(recorded) if save is not None else None
            if kept is not None:
                _save(connection, kept)
        return recorded

    def saved(self, key: str) -> bytes | None:
        """Return the result that was kept under a key, None where there is none, or none young enough."""
        with self._transaction("read", reading=True) as connection:
            young = (result.c.key == key) & (result.c.time > now() - _YOUNG)
            data = connection.execute(select(result.c.data).where(young)).scalar()
        return bytes(data) if data is not None else None

    def trends(self, names: Iterable[str]) -> Trend:
        """Return how the clusters of these names stand, as `record` does; those that are not held are left out."""
        with self._transaction("read", reading=True) as connection:
            every = select(series.c.id).where(series.c.name == bindparam("name"))
            held = [(name, connection.execute(every, {"name": _plain(name)}).scalar()) for name in names]
            here = ((name, int(number)) for name, number in held if number is not None)
            return Trend(tuple(rows.trend(connection, number, name) for name, number in here))

    def stories(self, names: Sequence[str] = ()) -> tuple[Story, ...]:
        """Tell of every cluster, or of those named. Raises `UsageError` for a name that the history does not hold."""
        with self._transaction("read", reading=True) as connection:
            every = {str(row.name): int(row.id) for row in connection.execute(select(series).order_by(series.c.name))}
            for name in names:
                if name not in every:
                    held = ", ".join(every) or "no cluster yet"
                    raise UsageError(f"{self._where.shown}: the history holds no cluster {name!r}; it holds {held}")
            return tuple(rows.story(connection, every[name], name) for name in names or every)

    @contextmanager
    def _transaction(self, doing: str, *, reading: bool = False) -> Iterator[Connection]:
        engine = self._engine.execution_options(**{_READING: reading})
        try:
            with HELD if self._where.file else nullcontext():  # another machine may let one wait
                connection = engine.connect()
            try:
                begun = connection.begin()
                if not reading:
                    schema.lock(connection)
                yield connection
                if self._where.file and not reading:
                    _patiently(connection, "COMMIT")
                with HELD:
                    begun.commit()  # of a file, nothing is left to do
            finally:
                with HELD:
                    connection.close()  # what is not committed is undone
        except (KeyboardInterrupt, SystemExit) as stop:
            _let_go(stop)
            raise
        except (SQLAlchemyError, UnicodeError) as error:
            reason = scrub(self._where.clean(str(getattr(error, "orig", None) or type(error).__name__)))
            remedy = next((f": {remedy}" for said, remedy in _REMEDIES if said in reason), "")
            raise HistoryError(f"{self._where.shown}: the history cannot be {doing}: {reason}{remedy}") from None
        except DamagedError as error:
            raise HistoryError(f"{self._where.shown}: the history cannot be {doing}: {error}: {_OTHER}") from None


def _let_go(stop: BaseException) -> None:
    """Free the statement that was stopped: while it lives its connection is not closed, and its journal stays."""
    import gc  # noqa: PLC0415 - only what is stopped needs it
    import traceback  # noqa: PLC0415 - as above

    with HELD:
        traceback.clear_frames(stop.__traceback__)
        gc.collect()


def _usable(where: Address, *, writing: bool) -> None:
    """Raise `NoHistoryError` for a file that SQLite would refuse without saying why, or only after all is judged.

    `writing` tells that more than what is there will be wanted of it.
    """
    there = os.path.exists(where.file)
    folder = os.path.dirname(os.path.realpath(where.file))
    code = 0
    if os.path.isdir(where.file):
        code = errno.EISDIR
    elif not os.path.isdir(folder):
        code = errno.ENOTDIR if os.path.lexists(folder) else errno.ENOENT
    elif there and not os.access(where.file, os.R_OK):
        code = errno.EACCES
    elif writing and not all(os.access(path, os.W_OK) for path in (folder, *[where.file] * there)):
        # What is written goes through a journal, which stands beside the file.
        read_only = hasattr(os, "statvfs") and os.statvfs(folder).f_flag & os.ST_RDONLY
        code = errno.EROFS if read_only else errno.EACCES
    if there and not code and not os.path.isfile(where.file):
        raise NoHistoryError(f"{where.shown}: the history cannot be opened: it is no regular file: name another")
    if code:
        reason = files.reason(OSError(code, os.strerror(code)))
        raise NoHistoryError(f"{where.shown}: the history cannot be opened: {reason}")


def _forget(file: str) -> None:
    """Remove a database that was begun and holds nothing."""
    with suppress(OSError):
        if not os.path.getsize(file):
            os.unlink(file)


def _engine(where: Address) -> Engine:
    if where.file:
        url = URL.create("sqlite", database=where.file)
        engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": _AT_ONCE})
        # The driver's own idea of when a transaction begins would leave reads outside it.
        event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
        event.listen(engine, "begin", _begin)
        return engine
    try:
        url = make_url(where.url)
    except (ArgumentError, ValueError):
        raise UsageError(NO_URL) from None
    return create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 10})


def _begin(connection: Connection) -> None:
    reading = connection.get_execution_options().get(_READING)
    _patiently(connection, *(("BEGIN", _LOOK) if reading else ("BEGIN IMMEDIATE",)))


def _patiently(connection: Connection, *statements: str) -> None:
    """Execute statements that others may make wait. What asks to end is heard of meanwhile, but not in the midst."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            with HELD:
                for statement in statements:
                    connection.exec_driver_sql(statement)
                return
        except OperationalError as error:
            if _LOCKED not in str(error.orig) or time.monotonic() > end:
                raise
        if len(statements) > 1:  # the first of them has begun a transaction that stands, or was taken back
            connection.connection.rollback()
        time.sleep(_AGAIN)


def _plain(text: str) -> str:
    """Text that every database can hold: neither lone surrogates nor NUL."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")


def _save(connection: Connection, kept: Saved) -> None:
    """Keep a result in place of the one before it."""
    place = _plain(kept.place)
    connection.execute(delete(result).where((result.c.place == place) | (result.c.key == kept.key)))
    connection.execute(insert(result).values(key=kept.key, place=place, time=now(), data=kept.data))


def _series(connection: Connection, name: str) -> int:
    """The number of a cluster, made when it is new; the caller holds the lock."""
    plain = _plain(name)
    found = connection.execute(select(series.c.id).where(series.c.name == plain)).scalar()
    if found is None:
        made = insert(series).values(name=plain, blindness="{}").returning(series.c.id)
        found = connection.execute(made).scalar_one()
    return int(found)


def _record(connection: Connection, number: int, seen: Observation) -> Changes:
    newest = connection.execute(
        select(scan.c.id, scan.c.time).where(scan.c.series == number).order_by(scan.c.id.desc()).limit(1)
    ).first()
    if newest is not None:  # a clock that was put back does not turn the order of scans around
        seen = seen._replace(time=max(seen.time, number_in(newest.time, "regcred_scan", "time", rows.LAST)))
    known = rows.known(connection, number, newest.id if newest is not None else 0)
    before = rows.blind(connection, number)
    made = changes({identity: one for identity, (_, one) in known.items()}, seen, before)
    after = {**{identity: one for identity, (_, one) in known.items()}, **made.after}
    this = _insert_scan(connection, number, seen, made, after)
    _write(connection, number, this, made, known)
    blind = json.dumps({_plain(space): value for space, value in blindness(seen).items()}, sort_keys=True)
    connection.execute(update(series).where(series.c.id == number).values(blindness=blind))
    return made


def _insert_scan(
    connection: Connection, number: int, seen: Observation, made: Changes, after: Mapping[str, Known]
) -> int:
    states = Counter(one.state for one in after.values())
    levels = Counter(one.sighting.severity for one in after.values() if one.state is State.OPEN)
    row = connection.execute(
        insert(scan)
        .values(
            series=number,
            time=seen.time,
            scope=str(seen.scope),
            inputs=json.dumps([_plain(path) for path in seen.inputs]),
            error=levels[Severity.ERROR],
            warning=levels[Severity.WARNING],
            info=levels[Severity.INFO],
            suppressed=states[State.SUPPRESSED],
            new=len(made.new),
            reopened=len(made.reopened),
            resolved=len(made.resolved),
        )
        .returning(scan.c.id)
    )
    return int(row.scalar_one())


def _write(
    connection: Connection, number: int, this: int, made: Changes, known: Mapping[str, tuple[int, Known]]
) -> None:
    """Write the findings of a scan: those that are new, those that changed, those just met again, what ended."""
    rows = {identity: row for identity, (row, _) in known.items()}
    fresh, changed, ended, met = [], [], [], []
    time = 0
    for identity, one in made.after.items():
        if identity in known and _same(one, known[identity][1]):
            met.append(rows[identity])
            time = one.last
            continue
        values = _values(one)
        gone = identity in made.resolved
        values["resolved_scan"] = this if gone else None
        if identity not in rows:
            fresh.append({**values, "series": number, "identity": identity, "last_scan": this})
            continue
        changed.append({**values, "row": rows[identity], "last_scan": None if gone else this})
        if gone:
            ended.append(
                {"series": number, "finding": rows[identity], "since": one.since, "resolved": one.resolved}
            )
    if fresh:
        connection.execute(insert(finding), fresh)
    if changed:
        names = [name for name in changed[0] if name not in ("row", "last_scan")]
        last = bindparam("v_last_scan", type_=finding.c.last_scan.type)
        connection.execute(
            update(finding)
            .where(finding.c.id == bindparam("row"))
            .values({name: bindparam(f"v_{name}") for name in names})
            .values(last_scan=func.coalesce(last, finding.c.last_scan)),
            [{("row" if name == "row" else f"v_{name}"): value for name, value in one.items()} for one in changed],
        )
    if ended:
        connection.execute(insert(stretch), ended)
    for start in range(0, len(met), _CHUNK):
        some = finding.c.id.in_(met[start : start + _CHUNK])
        connection.execute(update(finding).where(some).values(last=time, last_scan=this))


def _same(one: Known, old: Known) -> bool:
    """Whether nothing is new but that the finding was met again."""
    return one.state is not State.RESOLVED and one == old._replace(
        last=one.last, inputs=one.inputs, scope=one.scope, latest=one.latest
    )


def _values(one: Known) -> dict[str, Any]:
    it = one.sighting
    return {
        "code": _plain(it.code),
        "name": _plain(it.name),
        "severity": int(it.severity),
        "api_version": _plain(it.object.api_version),
        "kind": _plain(it.object.kind),
        "namespace": _plain(it.object.namespace),
        "object": _plain(it.object.name),
        "path": _plain(it.path),
        "state": str(one.state),
        "first": one.first,
        "since": one.since,
        "last": one.last,
        "reopened": one.reopened,
        "resolved": one.resolved,
    }
