"""A whole reading of one cluster: discovery, then every list page by page, then the record of what was had."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple
from urllib.parse import quote

from linter.model import Problem
from linter.sources import Artifact, Limits
from linter.sources.collection import Collected, Record, Refused, encode
from linter.sources.live import PREFIX, ApiError, ClusterError, Kind, Live
from linter.sources.live.answers import Groups, Listed, Named, Resources, Spaces
from linter.sources.live.asking import Asking, Client, decode
from linter.sources.live.pages import Page, PageArtifact

_WORKERS: Final = 4
_PAGE: Final = 500
_RESTARTS: Final = 3


_Groups = Mapping[str, tuple[str, ...]] | str
"""The versions of each API group, or why they are not known."""


class _Served(NamedTuple):
    """A kind that the cluster serves: where (`/api/v1` or `/apis/GROUP/VERSION`), and whether in namespaces."""

    kind: Kind
    base: str
    namespaced: bool


class _Part(NamedTuple):
    """What came of asking for one kind."""

    pages: tuple[Page, ...] = ()
    collected: Collected | None = None
    refused: Refused | None = None


class Had(NamedTuple):
    """What a reading had. `lost` says why it ended early, None when it did not."""

    pages: tuple[Page, ...]
    record: Record
    lost: ClusterError | None = None


def client(context: str, live: Live, limit: int, environment: Mapping[str, str]) -> Client:
    """Return the client for a context; for none, the service account of the pod that this runs in, if it does."""
    from linter.sources.live import inpod  # noqa: PLC0415 - a kubeconfig needs no TLS of ours

    if not context and inpod.inside_pod(environment):
        return inpod.InPod(environment, live.timeout, limit)
    from linter.sources.live.kubectl import Kubectl, program  # noqa: PLC0415 - as above

    if not context and inpod.in_cluster(environment) and program() is None:
        raise ClusterError(
            f"this pod has no service account token ({inpod.mount(environment)}/token)",
            "set automountServiceAccountToken, or name the folder of a projected one in REGCRED_SERVICE_ACCOUNT_DIR",
        )
    return Kubectl(context, live.timeout, limit)


def named(argument: str) -> str:
    """Return the context that `cluster:CONTEXT` names. Raises `ClusterError` for what can be none."""
    context = argument.removeprefix(PREFIX)
    if context and (not context.isprintable() or context != context.strip()):
        raise ClusterError("names no context", "choose one of `kubectl config get-contexts`")
    return context


def read(
    number: int, argument: str, live: Live, limits: Limits, told: Callable[[float, str], None] | None = None
) -> Iterator[Artifact | Problem]:
    """Yield the artifacts of the cluster that `argument` names, and a fatal problem when it is not read to its end."""
    try:
        source = client(named(argument), live, limits.file_bytes, os.environ)
        had = Reading(source, live, told=told).run()
    except ClusterError as error:
        yield Problem(argument, error.message, error.remedy, fatal=True)
        return
    for page in had.pages:
        yield PageArtifact(page, f"{PREFIX}{page.path}", number, limits=limits)
    record = Page(f"{source.name}/collection.json", encode(had.record))
    yield PageArtifact(record, f"{PREFIX}{record.path}", number, limits=limits)
    if had.lost is not None:
        yield Problem(argument, f"it was lost while it was read: {had.lost.message}", had.lost.remedy, fatal=True)


class Reading:
    """One reading. `pause` waits between tries, in seconds; `told` hears the share that is read and what comes next."""

    def __init__(
        self,
        source: Client,
        live: Live,
        *,
        pause: Callable[[float], object] | None = None,
        told: Callable[[float, str], None] | None = None,
    ) -> None:
        self._asking = Asking(source, pause=pause)
        self._live = live
        self._told = told
        self._lock = threading.Lock()
        self._heard = threading.Lock()
        self._spaces: tuple[str, ...] | None = None
        self._done = 0
        self._steps = 1

    def run(self) -> Had:
        """Return pages and the record of them. Raises `ClusterError` when nothing of the cluster can be read."""
        with ThreadPoolExecutor(_WORKERS) as pool:
            try:
                groups, had, unknown = self._lists(pool)
            except BaseException:
                self._asking.give_up()  # else the pool waits for what is being asked
                raise
        had.extend(self._singles(groups, had))
        collected = tuple(one.collected for one in had if one.collected is not None)
        withheld = (*unknown, *(one.refused for one in had if one.refused is not None))
        if not collected:
            raise self._asking.lost or ClusterError(
                f"nothing that pulls depend on may be listed ({withheld[0].sentence()})"
                if withheld
                else "nothing was found to read",
                "ask for the right to list secrets, service accounts and pods, or name your namespaces with -n",
            )
        record = Record(self._asking.name, "cluster", collected, withheld, tuple(self._live.namespaces))
        return Had(tuple(page for one in had for page in one.pages), record, self._asking.lost)

    def _lists(self, pool: ThreadPoolExecutor) -> "tuple[_Groups, list[_Part], list[Refused]]":
        """Read the groups, and a list of every kind; also tell what is not known to be served."""
        groups = self._groups()
        kinds = list(self._live.kinds)
        names = list(dict.fromkeys(kind.group for kind in kinds))
        self._steps = len(names) + len(kinds)
        served: dict[tuple[str, str], _Served] = {}
        unknown: list[Refused] = []
        for found, refused in pool.map(lambda name: self._discover(name, groups), names):
            served.update({(one.kind.group, one.kind.kind): one for one in found})
            unknown.extend(refused)
        wanted = [served[kind.group, kind.kind] for kind in kinds if (kind.group, kind.kind) in served]
        if self._live.namespaces:
            # The namespaces are known by name; who may read only these may seldom list them all.
            wanted = [one for one in wanted if (one.kind.group, one.kind.kind) != ("", "Namespace")]
        self._steps = len(names) + len(wanted)
        return groups, list(pool.map(self._kind, wanted)), unknown

    # Discovery

    def _groups(self) -> Mapping[str, tuple[str, ...]] | str:
        """Return the API groups with their versions, the preferred one first; a sentence when they may not be seen."""
        try:
            found = self._asking.decoded("/apis", Groups)
        except ApiError as error:
            return error.message
        return {
            group.name: tuple(
                dict.fromkeys(filter(None, [group.preferred.version, *(one.version for one in group.versions)]))
            )
            for group in found.groups
        }

    def _discover(self, name: str, groups: Mapping[str, tuple[str, ...]] | str) -> tuple[list[_Served], list[Refused]]:
        """Return the kinds of one group that are served and can be listed, and those of which that is not known."""
        missing = [kind for kind in self._live.kinds if kind.group == name]
        if name and isinstance(groups, str):
            return [], [Refused(name, kind.kind, ("*",), "failed", groups) for kind in missing]
        self._step(f"{name or 'core'}: which kinds there are")
        versions = groups.get(name, ()) if name and not isinstance(groups, str) else ("v1",)
        found: list[_Served] = []
        for version in versions:
            base = f"/apis/{quote(name)}/{quote(version)}" if name else "/api/v1"
            try:
                resources = self._asking.decoded(base, Resources).resources
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

    def _kind(self, one: _Served) -> _Part:
        """Read one kind everywhere, or in the namespaces asked for, or in those where it may be listed."""
        self._step(f"{one.base}/{one.kind.resource}")
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
            return _Part(refused=_refusal(one, (where,), error)) if error.status not in (404, 405) else _Part()
        return _Part(tuple(pages), Collected(one.kind.group, one.kind.kind, one.kind.resource, (where,), count))

    def _each(self, one: _Served, spaces: tuple[str, ...]) -> _Part:
        pages: list[Page] = []
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
        return _Part(tuple(pages), collected, _refusal(one, tuple(not_had), last) if not_had else None)

    def _visible(self) -> tuple[str, ...]:
        """Return the namespaces that may be listed: all, or on OpenShift the user's own projects. Asked for once."""
        with self._lock:
            if self._spaces is None:
                self._spaces = ()
                for path in ("/api/v1/namespaces", "/apis/project.openshift.io/v1/projects"):
                    try:
                        found = [decode(page.data, Spaces) for _, page in self._pages(path, "", _PAGE)]
                    except ApiError:
                        continue
                    names = (one.metadata.name for listed in found for one in listed.items or ())
                    self._spaces = tuple(sorted(filter(None, names)))
                    break
            return self._spaces

    def _list(self, one: _Served, space: str) -> tuple[list[Page], int]:
        """Return the named pages of one list, and how many objects they hold. Raises `ApiError`."""
        inside = f"/namespaces/{quote(space, safe='')}" if space else ""
        path = f"{one.base}{inside}/{one.kind.resource}"
        size = _PAGE
        while True:
            try:
                found = self._pages(path, one.kind.query, size)
            except ApiError as error:
                if error.status != 413 or size == 1:
                    raise
                size = max(1, size // 10)
            else:
                # An empty list says nothing that the record does not say.
                pages = [page for number, (count, page) in enumerate(found) if count or number]
                return pages, sum(count for count, _ in found)

    def _pages(self, path: str, query: str, size: int) -> list[tuple[int, Page]]:
        """Read a list to its end: the pages, and how many objects each holds. Raises `ApiError`.

        Its snapshot can be gone meanwhile (410): then it is read from the start again, at last without pages, as
        client-go does.
        """
        for _ in range(_RESTARTS):
            try:
                return self._pass(path, query, f"limit={size}")
            except ApiError as error:
                if error.status != 410:
                    raise
        return self._pass(path, query, "")

    def _pass(self, path: str, query: str, limit: str) -> list[tuple[int, Page]]:
        """Read a list once from its start."""
        found: list[tuple[int, Page]] = []
        seen: set[str] = set()
        token = ""
        while token not in seen:
            seen.add(token)
            words = [query, limit, f"continue={quote(token, safe='')}" if token else ""]
            data = self._asking.get("?".join(filter(None, [path, "&".join(filter(None, words))])))
            page = decode(data, Listed)
            found.append((len(page.items or ()), Page(f"{self._asking.name}{path}?page={len(found) + 1}", data)))
            token = page.metadata.continue_
            if not token:
                return found
        raise ApiError(502, "the server gives the same page over and over")

    def _singles(self, groups: Mapping[str, tuple[str, ...]] | str, had: Sequence[_Part]) -> Iterator[_Part]:
        """Read single objects that count for every namespace, where no list holds them: OpenShift's global secret."""
        if not isinstance(groups, str) and "config.openshift.io" not in groups:
            return
        refused = {
            space
            for one in had
            if one.refused is not None and (one.refused.group, one.refused.kind) == ("", "Secret")
            for space in one.refused.namespaces
        }
        for path in self._live.single:
            space = path.split("/")[4]
            limited = bool(self._live.namespaces) and space not in self._live.namespaces
            if not (limited or space in refused or "*" in refused):
                continue
            try:
                page = Page(f"{self._asking.name}{path}", self._asking.get(path))
                decode(page.data, Named)
            except ApiError as error:
                if error.status != 404 and limited:
                    yield _Part(refused=Refused("", "Secret", (space,), _why(error), error.message))
                continue
            yield _Part((page,))

    # Requests

    def _step(self, what: str) -> None:
        """Tell how far it is, and what is asked next."""
        if self._told is not None:
            with self._heard:
                self._told(self._done / self._steps, f"{PREFIX}{self._asking.name} {what}")
                self._done += 1


def _why(error: ApiError) -> str:
    return "forbidden" if error.status == 403 else "failed"


def _refusal(one: _Served, spaces: tuple[str, ...], error: ApiError) -> Refused:
    return Refused(one.kind.group, one.kind.kind, spaces, _why(error), error.message)
