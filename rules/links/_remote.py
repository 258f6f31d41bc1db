"""Kustomizations that fetch a part of what they build: nobody sees what such a part holds."""

import posixpath
from collections.abc import Iterator

from linter.rule import Context, KubeObject, dig, lazy

_REMOTE = lazy(
    r"(?i)^[a-z][a-z0-9+.-]*::|://|^[\w.-]+@[\w.-]+:|^(?:[a-z0-9-]+\.)+[a-z]{2,}/[\w.-]+/[\w.-]+|\?(?:ref|version|timeout)="
)
"""What kustomize takes for an address: a scheme, a login, a host with an owner and a repository, a revision."""
_FIELDS = ("resources", "bases", "components")


class Remote:
    """The kustomizations of a scan that name a resource on another host, or a chart of one."""

    def __init__(self, context: Context) -> None:
        inventory = context.inventory
        self._seen = frozenset(place for item in inventory.objects for place in _with_folders(item.path))
        self._fetching: dict[str, str] = {}
        for item in inventory.of_kinds(frozenset({"Kustomization", "Component"})):
            if self._fetches(item):
                for place in _places(item):
                    self._fetching.setdefault(place, item.path)

    def beside(self, item: KubeObject) -> str:
        """Return the path of one that builds the file of `item`, or stands beside it or above; "" for none."""
        return next((self._fetching[place] for place in _with_folders(item.path) if place in self._fetching), "")

    def _fetches(self, item: KubeObject) -> bool:
        """Whether a part is on another host: what is in the scan is called like a host at times."""
        folder = posixpath.dirname(item.path)
        named = (one for one in _named(item) if posixpath.normpath(posixpath.join(folder, one)) not in self._seen)
        return any(map(_REMOTE.search, named)) or _inflates(item)


def _inflates(item: KubeObject) -> bool:
    """Whether a kustomization fetches a chart; one without `repo` lies beside it."""
    for field in ("helmCharts", "helmChartInflationGenerator"):
        charts = dig(item.body, field)
        for chart in charts if isinstance(charts, list) else ():
            if dig(chart, "repo") or dig(chart, "chartRepo"):
                return True
    return False


def _with_folders(path: str) -> Iterator[str]:
    """A path and the folders above it, "." at last."""
    while path not in ("", "/"):
        yield path
        path = posixpath.dirname(path)
    yield "."


def _places(item: KubeObject) -> Iterator[str]:
    """The folder of a kustomization, and what it names."""
    folder = posixpath.dirname(item.path)
    yield folder or "."
    yield from (posixpath.normpath(posixpath.join(folder, name)) for name in _named(item))


def _named(item: KubeObject) -> Iterator[str]:
    for field in _FIELDS:
        entries = dig(item.body, field)
        yield from (one for one in (entries if isinstance(entries, list) else ()) if isinstance(one, str))
