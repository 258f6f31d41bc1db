"""Rows of a history as records. A database may be written by others: what it holds is checked before it is used."""

import json
from typing import Any, Final

from sqlalchemy import Connection, func, select
from sqlalchemy.engine import Row

from linter.history.damage import MOST, DamagedError, number_in
from linter.history.records import Known, Sighting, State, Story
from linter.history.schema import finding, scan, series, stretch
from linter.model import ClusterTrend, ObjectRef, Resolved, Scope, Severity, TrendPoint

_POINTS: Final = 100
LAST: Final = 253402300799
"""The last second that is written as a date: the end of the year 9999."""
_TEXTS: Final = ("identity", "code", "name", "api_version", "kind", "namespace", "object", "path")
_STATES: Final = frozenset(map(str, State))
_SEVERITIES: Final = frozenset(map(int, Severity))


def _json(value: Any, table: str, column: str) -> Any:
    try:
        return json.loads(value)
    except (TypeError, ValueError, RecursionError):
        raise DamagedError(table, column) from None


def _inputs(value: Any) -> tuple[str, ...]:
    found = _json(value, "regcred_scan", "inputs")
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise DamagedError("regcred_scan", "inputs")
    return tuple(found)


def blind(connection: Connection, number: int) -> dict[str, str]:
    """Return the `blindness` of a cluster's newest scan."""
    value = connection.execute(select(series.c.blindness).where(series.c.id == number)).scalar_one()
    found = _json(value, "regcred_series", "blindness")
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise DamagedError("regcred_series", "blindness")
    return found


def _scope(value: Any) -> Scope:
    try:
        return Scope(value)
    except ValueError:
        raise DamagedError("regcred_scan", "scope") from None


def known(connection: Connection, number: int, newest: int) -> dict[str, tuple[int, Known]]:
    """Every finding of a cluster with its row, by identity."""
    inputs: dict[str, tuple[str, ...]] = {}
    query = (
        select(finding, scan.c.inputs, scan.c.scope)
        .join(scan, finding.c.last_scan == scan.c.id)
        .where(finding.c.series == number)
    )
    found = {}
    for row in connection.execute(query):
        if row.inputs not in inputs:
            inputs[row.inputs] = _inputs(row.inputs)
        latest = row.last_scan == newest
        found[row.identity] = (row.id, _one(row, inputs[row.inputs], _scope(row.scope), latest=latest))
    return found


def _one(
    row: Row[Any], inputs: tuple[str, ...] = (), scope: Scope = Scope.MANIFESTS, *, latest: bool = True
) -> Known:
    _sound(row)
    ref = ObjectRef(row.api_version, row.kind, row.namespace, row.object)
    state = State(row.state)
    sighting = Sighting(
        row.identity, row.code, row.name, Severity(row.severity), ref, row.path, state is State.SUPPRESSED
    )
    return Known(
        sighting, state, row.first, row.since, row.last, row.reopened, row.resolved, inputs, scope, latest=latest
    )


def _sound(row: Row[Any]) -> None:
    """Raise `DamagedError` unless a finding holds what a history has written."""
    for column in _TEXTS:
        if type(getattr(row, column)) is not str:
            raise DamagedError("regcred_finding", column)
    for column in ("first", "since", "last", "resolved"):
        number_in(getattr(row, column), "regcred_finding", column, LAST)
    number_in(row.reopened, "regcred_finding", "reopened")
    if row.state not in _STATES:
        raise DamagedError("regcred_finding", "state")
    if row.severity not in _SEVERITIES:
        raise DamagedError("regcred_finding", "severity")


def _point(row: Row[Any]) -> TrendPoint:
    values = (getattr(row, field) for field in TrendPoint._fields)
    return TrendPoint(
        *(
            number_in(value, "regcred_scan", field, LAST if field == "time" else MOST)
            for field, value in zip(TrendPoint._fields, values, strict=True)
        )
    )


def trend(connection: Connection, number: int, name: str) -> ClusterTrend:
    """Return how a cluster stood in its newest scans, and what of it is gone since the one before the last."""
    rows = connection.execute(
        select(scan).where(scan.c.series == number).order_by(scan.c.id.desc()).limit(_POINTS)
    ).all()
    points = tuple(map(_point, reversed(rows)))
    gone: list[Resolved] = []
    if rows:
        found = connection.execute(
            select(finding)
            .where(finding.c.series == number, finding.c.resolved_scan == rows[0].id)
            .order_by(finding.c.severity.desc(), finding.c.code, finding.c.identity)
        )
        for row in found:
            one = _one(row)
            it = one.sighting
            gone.append(
                Resolved(it.code, it.name, it.severity, it.object, one.first, one.since, one.resolved, one.reopened)
            )
    mean = connection.execute(
        select(func.count(), func.sum(stretch.c.resolved - stretch.c.since)).where(stretch.c.series == number)
    ).one()
    return ClusterTrend(name, points, tuple(gone), max(int(mean[1]), 0) // int(mean[0]) if mean[0] else None)


def story(connection: Connection, number: int, name: str) -> Story:
    """Return a cluster over all its time."""
    present = connection.execute(
        select(finding)
        .where(finding.c.series == number, finding.c.state != str(State.RESOLVED))
        .order_by(finding.c.since, finding.c.severity.desc(), finding.c.code, finding.c.identity)
    ).all()
    scans, began = connection.execute(
        select(func.count(), func.min(scan.c.time)).where(scan.c.series == number)
    ).one()
    ended = connection.execute(select(func.count()).where(stretch.c.series == number)).scalar_one()
    again = connection.execute(select(func.sum(finding.c.reopened)).where(finding.c.series == number)).scalar()
    began = number_in(began or 0, "regcred_scan", "time", LAST)
    over_time = trend(connection, number, name)
    return Story(over_time, tuple(map(_one, present)), scans, began, ended, int(again or 0))
