"""Stories of clusters, for people at a terminal and for programs."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from linter.history.records import Known, State, Story
from linter.loglines import commandless_json
from linter.model import ObjectRef, Resolved, Severity

_BARS: Final = "▁▂▃▄▅▆▇█"
_SHOWN: Final = 20


def as_text(stories: Sequence[Story], now: int) -> str:
    """Return what `regcred trend` prints: each cluster with its chart, what is there and what is gone."""
    if not stories:
        return "The history holds no scan yet.\n"
    return "\n\n".join("\n".join(_lines(story, now)) for story in stories) + "\n"


def _lines(story: Story, now: int) -> Iterator[str]:
    points = story.trend.points
    newest = points[-1]
    levels = ", ".join(_counted(getattr(newest, one.label), one) for one in sorted(Severity, reverse=True))
    yield f"{_plain(story.trend.cluster)}: {newest.open} open ({levels}), {newest.suppressed} suppressed"
    yield f"  scans      {story.scans}, {day(story.began)} to {day(newest.time)}"
    mean = story.trend.mean_time_to_resolve
    took = f", mean time to resolve {span(mean)}" if mean is not None else ""
    yield f"  resolved   {story.resolved}, reopened {story.reopened}{took}"
    yield f"  last scan  {newest.new} new, {newest.reopened} reopened, {newest.resolved} resolved"
    counts = [point.open for point in points]
    yield f"  open       {chart(counts)}  {min(counts)} to {max(counts)}"
    if story.present:
        yield "  age     state       rule                             object"
    for one in story.present[:_SHOWN]:
        yield _row(one, now)
    if len(story.present) > _SHOWN:
        yield f"  and {len(story.present) - _SHOWN:,} more (--format json lists all)"
    if story.trend.resolved:
        yield "  gone since the scan before:"
    for gone in story.trend.resolved[:_SHOWN]:
        what = f"{gone.code} {gone.name}  {gone.object}"
        yield f"    {_plain(what)}, after {span(gone.resolved - gone.since)}"
    if len(story.trend.resolved) > _SHOWN:
        yield f"    and {len(story.trend.resolved) - _SHOWN:,} more"


def _counted(number: int, severity: Severity) -> str:
    """`4 errors`; `info` has no plural."""
    return f"{number:,} {severity.label}{'s' if number != 1 and severity is not Severity.INFO else ''}"


def _row(one: Known, now: int) -> str:
    it = one.sighting
    state = it.severity.label if one.state is State.OPEN else str(one.state)
    back = f", reopened {one.reopened}x" if one.reopened else ""
    rule = _plain(f"{it.code} {it.name}")
    where = f"{_plain(str(it.object))}  (first seen {day(one.first)}{back})"
    return f"  {span(now - one.since):<7} {state:<11} {rule:<32} {where}"


def chart(counts: Sequence[int], width: int = 60) -> str:
    """Return one bar for each count, the last `width` of them; nothing open is the lowest bar."""
    shown = counts[-width:]
    top = max(shown, default=0)
    return "".join(_BARS[round(count * (len(_BARS) - 1) / top) if top else 0] for count in shown)


def span(seconds: int) -> str:
    """Return `40d`, `5h` or `12m`: the largest unit that fits."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{max(seconds, 0)}s"


def utc(seconds: int) -> str:
    """Return Unix seconds as RFC 3339."""
    from datetime import UTC, datetime  # noqa: PLC0415 - only trends need it

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(seconds: int) -> str:
    """Return the day of Unix seconds, in UTC."""
    return utc(seconds)[:10]


def _plain(text: str) -> str:
    """Text that steers no terminal."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def as_json(stories: Iterable[Story], now: int) -> str:
    """Return the stories as one JSON document: points and resolved as in the JSON report, and all that is present."""
    tree = {"schema": 1, "time": utc(now), "clusters": [_story(story) for story in stories]}
    return commandless_json(json.dumps(tree, indent=2)) + "\n"


def _story(story: Story) -> dict[str, Any]:
    trend = story.trend
    return {
        "cluster": trend.cluster,
        "scans": story.scans,
        "resolvedTotal": story.resolved,
        "reopenedTotal": story.reopened,
        "meanTimeToResolve": trend.mean_time_to_resolve,
        "points": [{**point._asdict(), "time": utc(point.time)} for point in trend.points],
        "present": [_known(one) for one in story.present],
        "resolved": [_resolved(one) for one in trend.resolved],
    }


def _known(one: Known) -> dict[str, Any]:
    it = one.sighting
    return {
        "identity": it.identity,
        "code": it.code,
        "name": it.name,
        "severity": it.severity.label,
        "object": _object(it.object),
        "state": str(one.state),
        "first": utc(one.first),
        "since": utc(one.since),
        "last": utc(one.last),
        "reopened": one.reopened,
    }


def _resolved(one: Resolved) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": one.name,
        "severity": one.severity.label,
        "object": _object(one.object),
        "first": utc(one.first),
        "since": utc(one.since),
        "resolved": utc(one.resolved),
        "reopened": one.reopened,
    }


def _object(ref: ObjectRef) -> dict[str, str]:
    return {"apiVersion": ref.api_version, "kind": ref.kind, "namespace": ref.namespace, "name": ref.name}
