"""How findings stood over time, as charts: open findings by severity, one step a scan, a chart for each cluster."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from linter.model import ClusterTrend, Finding, Run, TrendPoint
from reports._phrases import count, object_name
from reports._times import utc

WIDTH: Final = 1000
HEIGHT: Final = 150
_CHARTS: Final = 24
_RESOLVED: Final = 40
_DAY: Final = 24 * 3600


class Layer(NamedTuple):
    """The area of one severity, as the path of its outline."""

    severity: str
    path: str


class Chart(NamedTuple):
    """One cluster over time. `scans` are rows of a table: when, open, new, reopened, resolved."""

    title: str
    summary: str
    layers: tuple[Layer, ...]
    top: int
    first: str
    last: str
    scans: tuple[tuple[str, int, int, int, int], ...]
    resolved: tuple[tuple[str, str, str, str], ...]
    left: int


class Changes(NamedTuple):
    """What the newest scans changed: findings new, come back, and gone."""

    new: int
    reopened: int
    resolved: int


def charts(run: Run) -> tuple[Chart, ...]:
    """Return a chart for every cluster with a history; none where no history was kept."""
    clusters = run.trend.clusters if run.trend is not None else ()
    return tuple(_chart(cluster) for cluster in clusters[:_CHARTS] if cluster.points)


def changes(run: Run) -> Changes | None:
    """Return what the newest scan of every cluster changed; None where there was none before it."""
    clusters = run.trend.clusters if run.trend is not None else ()
    newest = [cluster.points[-1] for cluster in clusters if len(cluster.points) > 1]
    if not newest:
        return None
    return Changes(
        sum(point.new for point in newest),
        sum(point.reopened for point in newest),
        sum(point.resolved for point in newest),
    )


def age(finding: Finding, now: int) -> str:
    """Say since when a finding is known and how long it has been open, "" without a history."""
    seen = finding.seen
    if seen is None:
        return ""
    since = f"first seen {utc(seen.first)[:10]}"
    again = f", back since {utc(seen.since)[:10]}" if seen.reopened else ""
    times = f", reopened {count(seen.reopened, 'time')}" if seen.reopened else ""
    opened = f", open for {duration(now - seen.since)}" if now > seen.since else ""
    return f"{since}{again}{opened}{times}"


def duration(seconds: int) -> str:
    """Return a length of time in days, or in hours when it is short."""
    if seconds >= 2 * _DAY:
        return count(seconds // _DAY, "day")
    return count(max(seconds // 3600, 1), "hour")


def _chart(cluster: ClusterTrend) -> Chart:
    points = cluster.points
    top = max(*(point.open for point in points), 1)
    newest = points[-1]
    mean = cluster.mean_time_to_resolve
    parts = [count(len(points), "scan"), f"{newest.open:,} open now"]
    parts += [f"resolved after {duration(mean)} on average"] if mean is not None else []
    return Chart(
        title=cluster.cluster or "Manifests",
        summary=", ".join(parts),
        layers=_layers(points, top),
        top=top,
        first=utc(points[0].time)[:10],
        last=utc(newest.time)[:10],
        scans=tuple(
            (utc(one.time)[:16].replace("T", " "), one.open, one.new, one.reopened, one.resolved)
            for one in reversed(points)
        ),
        resolved=tuple(
            (one.code, one.name, object_name(one.object), f"after {duration(one.resolved - one.since)}")
            for one in cluster.resolved[:_RESOLVED]
        ),
        left=max(len(cluster.resolved) - _RESOLVED, 0),
    )


def _layers(points: Sequence[TrendPoint], top: int) -> tuple[Layer, ...]:
    """Stack the severities, the worst at the bottom. What was found stays as it is until the next scan."""
    begin, end = points[0].time, points[-1].time
    span = max(end - begin, 1)
    places = [round(WIDTH * (point.time - begin) / span) for point in points]
    # One scan alone, and the newest, are as wide as a reader can see.
    places = [min(place, WIDTH - 12) for place in places]
    stops = [*places[1:], WIDTH]
    low = [0] * len(points)
    layers = []
    for severity in ("error", "warning", "info"):
        high = [below + getattr(point, severity) for below, point in zip(low, points, strict=True)]
        if high != low:
            upper = [(x, y) for at, y in enumerate(high) for x in (places[at], stops[at])]
            lower = [(x, y) for at, y in enumerate(low) for x in (places[at], stops[at])]
            outline = [f"{x} {HEIGHT - round(y * HEIGHT / top)}" for x, y in (*upper, *reversed(lower))]
            layers.append(Layer(severity, f"M{'L'.join(outline)}Z"))
        low = high
    return tuple(layers)
