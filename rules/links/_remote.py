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
    """The kustomizations of a scan that name a resource on another host, or a chart."""

    def __init__(self, context: Context) -> None:
        objects = context.inventory.of_kinds(frozenset({"Kustomization", "Component"}))
        self._known = [item for item in objects if _fetches(item)]

    def beside(self, item: KubeObject) -> str:
        """Return the path of one that builds the file of `item`, or stands beside it or above; "" for none."""
        return next((one.path for one in self._known if _reaches(one, item.path)), "")


def _fetches(item: KubeObject) -> bool:
    charts = (dig(item.body, field) for field in ("helmCharts", "helmChartInflationGenerator"))
    return any(map(_REMOTE.search, _named(item))) or any(isinstance(one, list) and one for one in charts)


def _named(item: KubeObject) -> Iterator[str]:
    for field in _FIELDS:
        entries = dig(item.body, field)
        yield from (one for one in (entries if isinstance(entries, list) else ()) if isinstance(one, str))


def _reaches(item: KubeObject, path: str) -> bool:
    folder = posixpath.dirname(item.path)
    places = [folder, *(posixpath.normpath(posixpath.join(folder, name)) for name in _named(item))]
    return any(not place or place in (path, ".") or path.startswith(f"{place}/") for place in places)
