"""The mirrors that a cluster configures, and which of them an image is looked for on."""

from collections.abc import Iterator
from operator import itemgetter

from linter.rule import Context, KubeObject, NamedTuple, Route, dig, group, text
from rules.registries._needs import Need, above

_FIELDS = {
    ("operator.openshift.io", "ImageContentSourcePolicy"): ("repositoryDigestMirrors", True),
    ("config.openshift.io", "ImageContentPolicy"): ("repositoryDigestMirrors", True),
    ("config.openshift.io", "ImageDigestMirrorSet"): ("imageDigestMirrors", True),
    ("config.openshift.io", "ImageTagMirrorSet"): ("imageTagMirrors", False),
}


class Mirror(NamedTuple):
    """One mirror of one source; `digests` tells whether it is for digests or for tags."""

    item: KubeObject
    route: Route
    source: str
    mirror: str
    digests: bool

    def image(self, need: Need) -> str:
        """Return the repository on the mirror of an image that this mirror is for."""
        host = need.registry if self.source.startswith("*.") else self.source
        return self.mirror + need.target[len(host) :]


class Mirrors:
    """The mirrors of a cluster by what they are for: digests or tags, of a repository, of all below it, or of hosts."""

    def __init__(self, context: Context) -> None:
        self._found: dict[tuple[bool, str], list[tuple[int, Mirror]]] = {}
        for number, mirror in enumerate(_mirrors(context)):
            self._found.setdefault((mirror.digests, mirror.source), []).append((number, mirror))

    def __bool__(self) -> bool:
        return bool(self._found)

    def of(self, need: Need) -> list[Mirror]:
        """Return those for the image of a need, in the order in which they stand."""
        host, digests = need.registry, "@" in need.image
        hosts = (f"*{host[at:]}" for at, sign in enumerate(host) if sign == ".")
        sources = [*(source for source in above(need.target) if not source.startswith("*.")), *hosts]
        found = [one for source in sources for one in self._found.get((digests, source), ())]
        return [mirror for _, mirror in sorted(found, key=itemgetter(0))]


def _mirrors(context: Context) -> Iterator[Mirror]:
    for item in context.inventory.objects:
        field, digests = _FIELDS.get((group(item.api_version), item.kind), ("", False))
        listed = dig(item.body, "spec", field) if field else None
        for index, entry in enumerate(listed if isinstance(listed, list) else []):
            source, mirrors = text(dig(entry, "source")), dig(entry, "mirrors")
            for number, mirror in enumerate(mirrors if source and isinstance(mirrors, list) else []):
                if text(mirror):
                    yield Mirror(item, ("spec", field, index, "mirrors", number), source, text(mirror), digests)
