"""A whole reading of one cluster: discovery, then every list page by page, then the record of what was had."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple, Protocol, TypeVar
from urllib.parse import quote

import msgspec

from linter.model import Problem
from linter.sources import Artifact, Limits
from linter.sources.collection import Collected, Record, Refused, encode
from linter.sources.live import PREFIX, ApiError, ClusterError, Kind, Live
from linter.sources.live.pages import PageArtifact

_WORKERS: Final = 4
_PAGE: Final = 500
_RESTARTS: Final = 3
_BUSY: Final = frozenset({429, 500, 502, 503, 504})
_TRIES: Final = 3

_Answer = TypeVar("_Answer")


class Client(Protocol):
    """What answers requests: `kubectl`, or the API itself. `name` is the cluster's, for people."""

    name: str

    def get(self, path: str) -> bytes:
        """Return the answer to a GET. Raises `ApiError`, or `ClusterError` when the cluster cannot be read at all."""


class _Meta(msgspec.Struct):
    continue_: str = msgspec.field(default="", name="continue")


class _Page(msgspec.Struct):
    metadata: _Meta = msgspec.field(default_factory=_Meta)
    items: list[msgspec.Raw] | None = None


class _Version(msgspec.Struct):
    version: str = ""


class _Group(msgspec.Struct):
    name: str = ""
    versions: list[_Version] = []
    preferred: _Version = msgspec.field(default_factory=_Version, name="preferredVersion")


class _Groups(msgspec.Struct):
    groups: list[_Group] = []


class _Resource(msgspec.Struct):
    name: str = ""
    namespaced: bool = False
    verbs: list[str] = []


class _Resources(msgspec.Struct):
    resources: list[_Resource] = []


class _Name(msgspec.Struct):
    name: str = ""


class _Named(msgspec.Struct):
    metadata: _Name = msgspec.field(default_factory=_Name)


class _Served(NamedTuple):
    """A kind that the cluster serves: where (`/api/v1` or `/apis/GROUP/VERSION`), and whether in namespaces."""

    kind: Kind
    base: str
    namespaced: bool


class _Had(NamedTuple):
    """What came of asking for one kind."""

    pages: tuple[tuple[str, bytes], ...] = ()
    collected: Collected | None = None
    refused: Refused | None = None


def client(context: str, live: Live, limit: int, environment: Mapping[str, str]) -> Client:
    """Return the client for a context; for none, the service account of the pod that this runs in, if it does."""
    from linter.sources.live import inpod  # noqa: PLC0415 - a kubeconfig needs no TLS of ours

    if not context and inpod.inside_pod(environment):
        return inpod.InPod(environment, live.timeout, limit)
    from linter.sources.live.kubectl import Kubectl  # noqa: PLC0415 - as above

    return Kubectl(context, live.timeout, limit)


def read(number: int, argument: str, live: Live, limits: Limits) -> Iterator[Artifact | Problem]:
    """Yield the artifacts of the cluster that `argument` names, or one fatal problem when it cannot be read."""
    context = argument.removeprefix(PREFIX)
    if context and (not context.isprintable() or context != context.strip()):
        yield Problem(argument, "names no context", "choose one of `kubectl config get-contexts`", fatal=True)
        return
    try:
        source = client(context, live, limits.file_bytes, os.environ)
        pages, record = Reading(source, live).run()
    except ClusterError as error:
        yield Problem(argument, error.message, error.remedy, fatal=True)
        return
    for path, data in pages:
        yield PageArtifact(f"{PREFIX}{path}", number, data, limits=limits)
    yield PageArtifact(f"{PREFIX}{source.name}/collection.json", number, encode(record), limits=limits)


class Reading:
    """One reading. `pause` waits between tries, in seconds."""

    def __init__(self, source: Client, live: Live, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._client = source
        self._live = live
        self._pause = pause
        self._lock = threading.Lock()
        self._spaces: tuple[str, ...] | None = None

    def run(self) -> tuple[list[tuple[str, bytes]], Record]:
        """Return named pages and the record of them. Raises `ClusterError` when the cluster cannot be read."""
        with ThreadPoolExecutor(_WORKERS) as pool:
            groups = self._groups()
            kinds = list(self._live.kinds)
            names = list(dict.fromkeys(kind.group for kind in kinds))
            served: dict[tuple[str, str], _Served] = {}
            unknown: list[Refused] = []
            for found, refused in pool.map(lambda name: self._discover(name, groups), names):
                served.update({(one.kind.group, one.kind.kind): one for one in found})
                unknown.extend(refused)
            wanted = [served[kind.group, kind.kind] for kind in kinds if (kind.group, kind.kind) in served]
            if self._live.namespaces:
                # The namespaces are known by name; who may read only these may seldom list them all.
                wanted = [one for one in wanted if (one.kind.group, one.kind.kind) != ("", "Namespace")]
            had = list(pool.map(self._kind, wanted))
        had.extend(self._singles(groups))
        collected = tuple(one.collected for one in had if one.collected is not None)
        withheld = (*unknown, *(one.refused for one in had if one.refused is not None))
        if not collected:
            raise ClusterError(
                "nothing that pulls depend on may be listed" if withheld else "nothing was found to read",
                "ask for the right to list secrets, service accounts and pods, or name your namespaces with -n",
            )
        record = Record(self._client.name, "cluster", collected, withheld, tuple(self._live.namespaces))
        return [page for one in had for page in one.pages], record

    # Discovery

    def _groups(self) -> Mapping[str, tuple[str, ...]] | str:
        """Return the API groups with their versions, the preferred one first; a sentence when they may not be seen."""
        try:
            found = self._decode(self._get("/apis"), _Groups)
        except ApiError as error:
            return error.message
        return {
            group.name: tuple(
                dict.fromkeys(filter(None, [group.preferred.version, *(one.version for one in group.versions)]))
            )
            for group in found.groups
        }

    def _discover(
        self, name: str, groups: Mapping[str, tuple[str, ...]] | str
    ) -> tuple[list[_Served], list[Refused]]:
        """Return the kinds of one group that are served and can be listed, and those of which that is not known."""
        missing = [kind for kind in self._live.kinds if kind.group == name]
        if name and isinstance(groups, str):
            return [], [Refused(name, kind.kind, ("*",), "failed", groups) for kind in missing]
        versions = groups.get(name, ()) if name and not isinstance(groups, str) else ("v1",)
        found: list[_Served] = []
        for version in versions:
            base = f"/apis/{quote(name)}/{quote(version)}" if name else "/api/v1"
            try:
                resources = self._decode(self._get(base), _Resources).resources
            except ApiError as error:
                if error.status == 404:
                    continue
                why = "forbidden" if error.status == 403 else "failed"
                return found, [Refused(name, kind.kind, ("*",), why, error.message) for kind in missing]
            by_name = {one.name: one for one in resources}
            for kind in list(missing):
                resource = by_name.get(kind.resource)
                if resource is not None and "list" in resource.verbs:
                    found.append(_Served(kind, base, resource.namespaced))
                    missing.remove(kind)
            if not missing:
                break
        return found, []

    # Lists

    def _kind(self, one: _Served) -> _Had:
        """Read one kind everywhere, or in the namespaces asked for, or in those where it may be listed."""
        if one.namespaced and self._live.namespaces:
            return self._each(one, tuple(self._live.namespaces))
        where = "*" if one.namespaced else ""
        try:
            pages, count = self._list(one, "")
        except ApiError as error:
            if error.status == 403 and one.namespaced:
                spaces = self._visible()
                if spaces:
                    return self._each(one, spaces)
            return _Had(refused=_refusal(one, (where,), error)) if error.status not in (404, 405) else _Had()
        return _Had(tuple(pages), Collected(one.kind.group, one.kind.kind, one.kind.resource, (where,), count))

    def _each(self, one: _Served, spaces: tuple[str, ...]) -> _Had:
        pages: list[tuple[str, bytes]] = []
        count = 0
        had: list[str] = []
        not_had: list[str] = []
        last = ApiError(0, "")
        for space in spaces:
            try:
                found, number = self._list(one, space)
            except ApiError as error:
                if error.status in (404, 405):
                    continue
                not_had.append(space)
                last = error
                continue
            pages.extend(found)
            count += number
            had.append(space)
        kind = one.kind
        collected = Collected(kind.group, kind.kind, kind.resource, tuple(had), count) if had else None
        return _Had(tuple(pages), collected, _refusal(one, tuple(not_had), last) if not_had else None)

    def _visible(self) -> tuple[str, ...]:
        """Return the namespaces that may be listed: all, or on OpenShift the user's own projects. Asked for once."""
        with self._lock:
            if self._spaces is None:
                self._spaces = ()
                for path in ("/api/v1/namespaces", "/apis/project.openshift.io/v1/projects"):
                    try:
                        found = [page for page, _, _ in self._pages(path, "", _PAGE)]
                    except ApiError:
                        continue
                    names = [self._decode(bytes(raw), _Named).metadata.name for page in found for raw in page]
                    self._spaces = tuple(sorted(filter(None, names)))
                    break
            return self._spaces

    def _list(self, one: _Served, space: str) -> tuple[list[tuple[str, bytes]], int]:
        """Return the named pages of one list, and how many objects they hold. Raises `ApiError`."""
        inside = f"/namespaces/{quote(space, safe='')}" if space else ""
        path = f"{one.base}{inside}/{one.kind.resource}"
        size = _PAGE
        while True:
            try:
                pages: list[tuple[str, bytes]] = []
                count = 0
                for items, data, page in self._pages(path, one.kind.query, size):
                    if items or page > 1:
                        pages.append((f"{self._client.name}{path}?page={page}", data))
                    count += len(items)
            except ApiError as error:
                if error.status != 413 or size == 1:
                    raise
                size = max(1, size // 10)
            else:
                return pages, count

    def _pages(self, path: str, query: str, size: int) -> list[tuple[list[msgspec.Raw], bytes, int]]:
        """Read a list to its end; from the start again when its snapshot is gone meanwhile (410). Raises `ApiError`."""
        for attempt in range(_RESTARTS + 1):
            found: list[tuple[list[msgspec.Raw], bytes, int]] = []
            token = ""
            try:
                while True:
                    words = [query, f"limit={size}", f"continue={quote(token, safe='')}" if token else ""]
                    data = self._get(f"{path}?{'&'.join(filter(None, words))}")
                    page = self._decode(data, _Page)
                    found.append((page.items or [], data, len(found) + 1))
                    if not page.metadata.continue_ or page.metadata.continue_ == token:
                        return found
                    token = page.metadata.continue_
            except ApiError as error:
                if error.status != 410 or attempt == _RESTARTS:
                    raise
        raise ApiError(410, "")  # the loop has returned or raised before

    def _singles(self, groups: Mapping[str, tuple[str, ...]] | str) -> Iterator[_Had]:
        """Read single objects that count for every namespace, where only some are read: OpenShift's global secret."""
        if not self._live.namespaces or isinstance(groups, str) or "config.openshift.io" not in groups:
            return
        for path in self._live.single:
            if path.split("/")[4] in self._live.namespaces:
                continue
            try:
                data = self._get(path)
            except ApiError as error:
                if error.status != 404:
                    space = path.split("/")[4]
                    yield _Had(refused=Refused("", "Secret", (space,), _why(error), error.message))
                continue
            yield _Had(((f"{self._client.name}{path}", data),))

    # Requests

    def _get(self, path: str) -> bytes:
        """Ask once more when the server is busy. Raises `ApiError` or `ClusterError`."""
        for attempt in range(1, _TRIES + 1):
            try:
                return self._client.get(path)
            except ApiError as error:
                if error.status not in _BUSY or attempt == _TRIES:
                    raise
                self._pause(attempt)
        raise ApiError(503, "")  # the loop has returned or raised before

    @staticmethod
    def _decode(data: bytes, form: type[_Answer]) -> _Answer:
        try:
            return msgspec.json.decode(data, type=form)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ApiError(502, "the answer is not what the API gives") from None


def _why(error: ApiError) -> str:
    return "forbidden" if error.status == 403 else "failed"


def _refusal(one: _Served, spaces: tuple[str, ...], error: ApiError) -> Refused:
    return Refused(one.kind.group, one.kind.kind, spaces, _why(error), error.message)
