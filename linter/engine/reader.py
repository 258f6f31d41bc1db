"""Reads every artifact of a call once, and remembers what could not be read, what was passed over, and why."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from linter.charts import templates
from linter.comments import marked
from linter.documents.text import LOCKED
from linter.engine.requests import Entry, Meanwhile, Request
from linter.exhausted import ran_out
from linter.inventory.build import Ahead
from linter.inventory.kept import Keeper
from linter.model import Finding, Location, NotEvaluated, Problem, Route
from linter.sources import REPEATED, Artifact, InputProblem, Limits, Skipped, within
from linter.sources.choice import often_many
from linter.taking import Taken, as_read, scanned, take, take_artifact
from linter.universes import Input, Part

if TYPE_CHECKING:
    from linter.documents.places import Places
    from linter.render import Render
    from linter.sources.live import Live
    from linter.sources.raw import Raw

_MOST_SCRIPTS = 1000
"""Files with commands that a search for the maker of a Secret looks at, and as many of each kind of `often_many`."""


class Reader:
    """Reads every artifact once and remembers what could not be read, what was passed over, and why."""

    def __init__(self, request: Request, *, hand: bool = False, meanwhile: Meanwhile = lambda: None) -> None:
        self._hand = hand
        self._meanwhile = meanwhile
        self.taken: dict[str, Taken] = {}
        self.inputs = [Input(path) for path in request.paths]
        self.overlay = request.overlay
        self._hook = bool(request.context)
        self._lap = request.lap
        self.artifacts: dict[str, Artifact] = {}
        self.problems: list[Problem] = []
        self.templated: list[tuple[int, NotEvaluated]] = []
        self.scripts: list[Artifact] = []
        self._scripts = [0, 0, 0]
        """How many of them are of a kind that there may be many of, and how many are not."""
        self.partly: set[str] = set()
        self.marked: set[str] = set()
        self._windowed: dict[str, Places | None] = {}
        self._logged: set[str] = set()
        self._recast: dict[str, tuple[Raw, Raw]] = {}
        self._holds: dict[tuple[str, tuple[int, int], bytes], bool] = {}
        self._searched: dict[str, tuple[Raw, Places]] = {}
        # A rule of the project's own may ask for anything.
        self._keeper = None if request.settings.custom else Keeper()
        self.ahead = Ahead()
        self.lost: dict[str, Problem] = {}
        self.built: set[str] = set()
        self.moved: dict[str, str] = {}
        try:
            self._read(request)
        finally:
            if request.progress is not None:
                request.progress(1.0, "")
        self._keeper = None  # what it knows of what was read is of no use any more
        self._pass_over_templates()
        self.problems.extend(self._empty(hook=bool(request.context)))

    def _pass_over_templates(self) -> None:
        """Let go of what a chart would fill in, be it YAML already: before it is rendered it says little."""
        read = [path for source in self.inputs for part in source.parts.values() for path in part.paths]
        filled = {path for path in templates(read) if b"{{" in (self.bytes_of(path) or b"")}
        known = {entry.location.path for _, entry in self.templated if entry.location is not None}
        for path in sorted(filled - known):
            entry = NotEvaluated("templated", "a template of a Helm chart", None, Location(path, line=1))
            self.templated.append((self.artifacts[path].input, entry))
        self.partly |= filled
        for part in (part for source in self.inputs for part in source.parts.values() if filled):
            part.documents = [held for held in part.documents if held[0].path not in filled]

    def _read(self, request: Request) -> None:
        settings, progress = request.settings, request.progress
        live = _live(request)
        more: dict[str, Any] = {} if live is None else {"live": live}
        if request.base:
            more["base"] = request.base
        if request.urls is not None:
            more["urls"] = request.urls
        if settings.limits:
            more["limits"] = Limits.given(settings.limits)
        entries = request.gather(
            request.paths, exclude=settings.exclude, stdin=request.stdin, progress=progress, **more
        )
        found = entries if request.render is None else self._rendered(entries, request.render)
        last = ""
        try:
            if request.spread is None:
                for entry in found:
                    last = self._enter(entry)
            else:
                with closing(request.spread(found, self._keeper, self.ahead.sort, self._meanwhile)) as entered:
                    for one in entered:
                        last = self._enter(one)
                self._lap("find, read and parse files")
        except MemoryError:
            where = last or self.inputs[0].shown
            self.problems.append(ran_out(where, "what comes after it was looked for" if last else "it was looked for"))

    def _enter(self, entry: Entry | tuple[Artifact, Taken]) -> str:
        """Take in what was found next; return its path."""
        if isinstance(entry, tuple) and not isinstance(entry, Problem | Skipped):
            self._absorb(*entry)
            return entry[0].path
        if isinstance(entry, Problem):
            self.problems.append(entry)
        elif isinstance(entry, Skipped):
            self.inputs[entry.input].part(entry.path).skipped[entry.reason] += 1
            self._note_scripts(entry.scripts)
            self._passed_over(entry)
        else:
            self._take(entry)
        return entry.path

    def _note_scripts(self, scripts: Sequence[Artifact]) -> None:
        for script in scripts:
            kind = often_many(script.path)
            if self._scripts[kind] < _MOST_SCRIPTS:
                self.scripts.append(script)
                self._scripts[kind] += 1

    def _rendered(
        self, entries: Iterator[Artifact | Problem | Skipped], render: "Render"
    ) -> Iterator[Artifact | Problem | Skipped]:
        """What is judged when roots are built: their parts are known by name only."""
        from linter.render import Rendered, Replaced, rendered  # noqa: PLC0415 - most calls build nothing

        for entry in rendered(entries, render):
            if isinstance(entry, Replaced):
                self._stand_by(entry.artifact)
                continue
            if isinstance(entry, Rendered):
                self.built.add(entry.path)
                self.moved.update(entry.moved)
            yield entry

    def _stand_by(self, artifact: Artifact) -> None:
        """Keep a file that is a part of what was built: it is not judged, and findings point at it."""
        self.artifacts[artifact.path] = artifact
        self.inputs[artifact.input].found = True
        self.inputs[artifact.input].part(artifact.path).skipped["part of what was built"] += 1
        data = self.bytes_of(artifact.path)
        if data is not None and marked(data):
            self.marked.add(artifact.path)

    def _passed_over(self, entry: Skipped) -> None:
        """Note that an input is not empty when what it leads to was read by another way."""
        for source in self.inputs if entry.reason == REPEATED else ():
            source.found |= within(entry.path, source.shown)

    def _empty(self, *, hook: bool) -> Iterator[Problem]:
        """Say of which inputs nothing came at all: no document, were it one that cannot matter.

        A `hook` is given whatever has changed, what the settings exclude included.
        """
        told = [problem.path for problem in self.problems if problem.fatal]
        for source in self.inputs:
            excluded = hook and any(part.skipped["excluded"] for part in source.parts.values())
            if not source.found and not excluded and not any(within(path, source.shown) for path in told):
                remedy = "check what is named: a folder needs YAML or JSON files that are not ignored or excluded"
                if any(part.skipped["archive"] for part in source.parts.values()):
                    remedy = "it holds archives, which are read when they are named themselves"
                if source.path == "-":
                    remedy = "check the command in front of the pipe"
                yield Problem(source.shown, "nothing to judge was found in it", remedy, fatal=True)

    def _take(self, artifact: Artifact) -> None:
        data = self.overlay.get(artifact.path)
        if data:
            self._absorb(artifact, take(artifact.path, data, self._keeper, artifact.limits))
        else:
            self._absorb(artifact, take_artifact(artifact, self._keeper, had=lambda: self._lap("find and read files")))
        self._lap("parse")

    def _absorb(self, artifact: Artifact, taken: Taken) -> None:
        """Take over what was read of an artifact, wherever it was read."""
        if taken.lost is not None:
            self.problems.append(taken.lost)
            return
        if taken.seen is not None:
            artifact.seen = taken.seen
        if taken.windowed:
            self._windowed[artifact.path] = taken.places
            self._logged |= {artifact.path} if taken.logs else set()
        if self._hand and artifact.file:
            self.taken[artifact.path] = taken._replace(seen=artifact.seen)
        source = self.inputs[artifact.input].part(artifact.path)
        self.artifacts[artifact.path] = artifact
        source.paths.append(artifact.path)
        if not self._is_besides(artifact, taken, source):
            self._sort_in(artifact, taken, source)

    def _sort_in(self, artifact: Artifact, taken: Taken, source: Part) -> None:
        """Put what was read to what else came of this argument."""
        if taken.marked:
            self.marked.add(artifact.path)
        if taken.partly:
            self.partly.add(artifact.path)
        self.problems.extend(problem._replace(fatal=artifact.named) for problem in taken.problems)
        self.inputs[artifact.input].found |= taken.found
        source.skipped["document without anything that matters"] += taken.skipped
        for path, line, reason in taken.templated:
            where = Location(path, line=line)
            kind = "encrypted" if reason == LOCKED else "templated"
            self.templated.append((artifact.input, NotEvaluated(kind, reason, None, where)))
        whole = not taken.problems
        for document, found in taken.documents:
            source.evidence.add(artifact.path, found, logs=taken.logs, whole=whole)
            source.documents.append((document, found))
        if not taken.documents:
            source.evidence.add(artifact.path, (), logs=taken.logs, whole=whole)

    def _is_besides(self, artifact: Artifact, taken: Taken, source: Part) -> bool:
        """Take a file without objects for what else it is, whatever YAML makes of it, where that is known.

        It is to be named by a user: a hook names what has changed.
        """
        if self._hook or not artifact.named or taken.windowed or any(found for _, found in taken.documents):
            return False
        from linter.engine import besides  # noqa: PLC0415 - most files hold objects

        data = self.bytes_of(artifact.path) if artifact.size <= besides.LONGEST else None
        found = besides.known(artifact.path, data) if data is not None else None
        if found is None:
            return False
        if isinstance(found, Problem):
            self.problems.append(found)
        else:
            source.auth_files.append(found)
        source.evidence.add(artifact.path, (), logs=False, whole=True)
        self.inputs[artifact.input].found = True
        return True

    def unread(self) -> frozenset[str]:
        """The paths of which at least a part could not be read."""
        where = (entry.location for _, entry in self.templated)
        return frozenset({problem.path for problem in self.problems} | {at.path for at in where if at})

    def expect(self, findings: Sequence[Finding], withheld: Sequence[NotEvaluated]) -> None:
        """Tell the sources what will be read again: archives give it in one pass."""
        places = [finding.location for finding in findings]
        places += [one.location for finding in findings for one in finding.related if one.location]
        places += [entry.location for entry in withheld if entry.location and not entry.location.line]
        for path in {*self.marked, *(place.path for place in places)}:
            if path in self.artifacts:
                self.artifacts[path].expect()

    def windows(self, path: str) -> "tuple[Raw, Places] | None":
        """The bytes of an artifact that was read in windows, and where things stand in it; None for any other."""
        if path not in self._windowed:
            return None
        try:
            raw = self.artifacts[path].windows()
            if raw is None:
                return None
            if path not in self._recast:
                self._recast[path] = raw, as_read(raw, logs=path in self._logged)
            given, read = self._recast[path]
            raw = raw if read is given else read  # what is made over remembers where its parts stand
            places = self._windowed[path]
            if places is None:
                places = self._windowed[path] = scanned(self.artifacts[path], raw)  # another process has read it
        except InputProblem as error:
            self.lose(error.problem)
            return None
        return raw, places

    def large(self, path: str) -> bool:
        """Whether an artifact is too large to be held whole."""
        if path not in self._windowed:
            return False
        artifact = self.artifacts[path]
        try:
            raw = artifact.windows()
        except InputProblem as error:
            self.lose(error.problem)
            return False
        return raw is not None and raw.size > artifact.limits.file_bytes

    def holds(self, path: str, document: int, route: Route, mark: bytes) -> bool:
        """Whether some bytes stand around a place in what was read in windows; see `linter.documents.places.around`."""
        from linter.documents.places import around  # noqa: PLC0415 - few artifacts are large

        # Whether the file is as it was is looked at with each read: it need not be opened anew for each place.
        found = self._searched.get(path) or self.windows(path)
        if found is None:
            return False
        raw, places = self._searched[path] = found
        try:
            return any(self._holding(path, raw, stretch, mark) for stretch in around(places, document, route))
        except InputProblem:
            return False

    def _holding(self, path: str, raw: "Raw", stretch: tuple[int, int], mark: bytes) -> bool:
        """Whether some bytes stand in a stretch; what stands beside the items of a list is asked for with each."""
        key = (path, stretch, mark)
        if key not in self._holds:
            start, end = stretch
            self._holds[key] = mark in raw.at(start, end - start)
        return self._holds[key]

    def small_bytes_of(self, path: str) -> bytes | None:
        """The bytes of an artifact, read again; None for JSON that was read in windows, and for what cannot be held."""
        if path not in self._windowed or path in self.overlay:
            return self.bytes_of(path)
        try:
            return self.artifacts[path].small()
        except InputProblem as error:
            self.lose(error.problem)
            return None

    def bytes_of(self, path: str) -> bytes | None:
        """The bytes of an artifact, read again; None when they are gone."""
        artifact = self.artifacts.get(path)
        if artifact is None:
            return None
        try:
            return self.overlay.get(path) or artifact.read()
        except InputProblem as error:
            self.lose(error.problem)
            return None

    def verify(self, findings: Sequence[Finding]) -> None:
        """Say of the files in which a finding has no line why it has none: a copy of this process cannot."""
        for path in sorted({one.location.path for one in findings if one.location.path and not one.location.line}):
            if path in self._windowed:
                self.windows(path)
            else:
                self.bytes_of(path)

    def lose(self, problem: Problem) -> None:
        """Note that what was read cannot be had any more, once for each place."""
        if problem.path not in self.lost:
            self.lost[problem.path] = problem
            named = any(problem.path == source.shown for source in self.inputs)
            self.problems.append(problem._replace(fatal=problem.fatal or named))


def _live(request: Request) -> "Live | None":
    """What to ask of a live cluster, when one is named."""
    from linter.sources.live import Kind, Live, is_live  # noqa: PLC0415 - most calls name none

    if not any(map(is_live, request.paths)):
        return None
    from linter.inventory.asked import ASKED, GLOBAL_PATH  # noqa: PLC0415 - as above

    kinds = [Kind(*one) for one in ASKED]
    return Live(kinds, request.namespaces, (GLOBAL_PATH,), request.timeout)
