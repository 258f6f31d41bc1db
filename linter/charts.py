"""Helm charts that were not rendered: which files are templates of one, and one note for a chart."""

from collections import Counter
from collections.abc import Iterable, Iterator

from linter.model import Location, NotEvaluated

_CHART = "Chart.yaml"


def noted(templated: Iterable[NotEvaluated], paths: Iterable[str]) -> Iterator[NotEvaluated]:
    """Yield the entries, those of a chart's templates as one. `paths` are all that were read; subcharts count along."""
    folders = {path.rpartition("/")[0] for path in paths if path.rpartition("/")[2] == _CHART}
    counts: Counter[str] = Counter()
    for entry in templated:
        folder = _chart_of(entry.location.path, folders) if entry.location is not None else None
        if folder is None:
            yield entry
        else:
            counts[folder] += 1
    for folder, count in sorted(counts.items()):
        files = "1 template" if count == 1 else f"{count} templates"
        how = "which check --render does for charts in folders" if "!/" in folder else "which check --render does"
        message = f"{files} of a Helm chart, skipped: no YAML before they are rendered, {how}"
        yield NotEvaluated("templated", message, None, Location(f"{folder}/{_CHART}" if folder else _CHART, line=1))


def templates(paths: Iterable[str]) -> Iterator[str]:
    """Yield those of `paths`, which are all that were read, that stand among the templates of a chart."""
    known = tuple(paths)
    folders = {path.rpartition("/")[0] for path in known if path.rpartition("/")[2] == _CHART}
    if folders:
        yield from (path for path in known if "templates/" in path and _chart_of(path, folders) is not None)


def _chart_of(path: str, folders: set[str]) -> str | None:
    """The folder of the outermost chart in whose `templates`, or in whose subcharts' `templates`, a file stands."""
    steps = path.split("/")
    for end in range(len(steps)):
        folder = "/".join(steps[:end])
        if folder in folders and "templates" in steps[end:-1]:
            return folder
    return None
