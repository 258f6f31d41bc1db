"""Inputs and rules to a finished `Run`: read, recognise, join, judge, locate. The one place where the parts meet."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple, TypeVar

from linter import __version__, nets, registry
from linter.charts import noted, templates
from linter.clock import now
from linter.comments import marked
from linter.documents import collector_off
from linter.documents.objects import Seen
from linter.fix.offer import Offers
from linter.fix.surrogates import withheld as withheld_fixes
from linter.inventory import Builder, Inventory
from linter.inventory.joins import Joins
from linter.inventory.kept import Keeper
from linter.inventory.records import UNJUDGED
from linter.locate import Locator
from linter.mentions import TextMentions
from linter.model import Baseline, Finding, Location, NotEvaluated, Problem, Pulls, Run, Scan, Scope, Suppressed
from linter.proof import Prover
from linter.secret import without_logins
from linter.settings import Settings
from linter.sources import REPEATED, Artifact, InputProblem, Limits, Skipped, gather, within
from linter.taking import Taken, take, take_artifact
from linter.timing import unheard
from linter.universes import Among, Input, Universe, universes

if TYPE_CHECKING:
    from linter.changes import Change, Touch
    from linter.documents.windows import Places
    from linter.registry import Loaded
    from linter.render import Render
    from linter.render.origins import Origins
    from linter.sources.addresses import Urls
    from linter.sources.live import Live
    from linter.sources.raw import Raw
    from linter.suppress import Standing

class Request(NamedTuple):
    """What a call asks for. `scope` is `auto`, `cluster` or `manifests`.

    `overlay` holds contents that stand in for what is on disk, by display path: files as a fix would leave them.
    `baseline` holds the fingerprints of findings that do not count, `baseline_path` says where they are from.
    `wants` are the parts of a run that are made only for reports that show them: "pulls" and "diffs". `progress` is
    told the share that has been read, from 0 to 1, and what comes next. The last `context` paths are read and
    judged with the others, and only what concerns the others is reported; with `change` only what that change touches.
    `gather` stands in for the one of `linter.sources`; `lap` is told the name of each phase when it ends.
    `namespaces` limit what is read from a live cluster, `timeout` is in seconds, for each of its answers. `render` asks
    for kustomizations and charts to be built.

    `among` is the call that the paths are a part of, when they are not all of it: how the suppressions of the settings
    fared is then left to whoever puts the parts together. `spread` is given what is found and
    may give artifacts back with what was `Taken` of them, in the same order: read elsewhere, or earlier. `base` is the
    folder that relative paths start from, where that is not the working directory. `urls` tells which
    paths stand for one. In so many `processes` rules are run and positions found, where that is worth it.
    """

    paths: tuple[str, ...]
    scope: str = "auto"
    settings: Settings = Settings()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    stdin: BinaryIO | None = None
    overlay: Mapping[str, bytes] = {}
    baseline: frozenset[str] = frozenset()
    baseline_path: str = ""
    wants: frozenset[str] = frozenset()
    progress: Callable[[float, str], None] | None = None
    context: int = 0
    change: "Change | None" = None
    gather: Callable[..., Iterator[Artifact | Problem | Skipped]] = gather
    lap: Callable[[str], None] = unheard
    namespaces: tuple[str, ...] = ()
    timeout: float = 60.0
    render: "Render | None" = None
    among: Among | None = None
    spread: "Spread | None" = None
    base: str = ""
    urls: "Urls | None" = None
    processes: int = 1


_WORTH_COPIES: Final = 1_000
"""Objects of an inventory from which on copies of the process save more time than they take."""
_Part = TypeVar("_Part")

Entry = Artifact | Problem | Skipped
Spread = Callable[[Iterator[Entry], Keeper | None], Iterator[Entry | tuple[Artifact, Taken]]]


class Result(NamedTuple):
    """A finished run, with what a fix needs beyond it: the inventories, and the artifacts to read again.

    A history needs more: the findings that the baseline leaves out, and the paths of which a part could not be read.
    Whoever puts results together needs how the suppressions of the settings fared in each.
    """

    run: Run
    inventories: tuple[Inventory, ...]
    artifacts: Mapping[str, Artifact]
    baselined: tuple[Finding, ...] = ()
    unread: frozenset[str] = frozenset()
    standings: "tuple[Standing, ...]" = ()


class Handed(NamedTuple):
    """Inputs that were read and are not judged here: `taken` by path, of what stands in files; `problems` met.

    `found` tells whether there was anything to judge in them.
    """

    taken: Mapping[str, Taken]
    problems: tuple[Problem, ...]
    found: bool


class Material(NamedTuple):
    """Inputs read and joined, not judged yet. `problems` could not be read, `templated` could not be parsed."""

    inventories: tuple[Inventory, ...]
    problems: tuple[Problem, ...]
    templated: tuple[NotEvaluated, ...] = ()


class _Reader:
    """Reads every artifact once and remembers what could not be read, what was passed over, and why."""

    def __init__(self, request: Request, *, hand: bool = False) -> None:
        self._hand = hand
        self.taken: dict[str, Taken] = {}
        self.inputs = [Input(path) for path in request.paths]
        self.overlay = request.overlay
        self._lap = request.lap
        self.artifacts: dict[str, Artifact] = {}
        self.problems: list[Problem] = []
        self.templated: list[tuple[int, NotEvaluated]] = []
        self.partly: set[str] = set()
        self.marked: set[str] = set()
        self._windowed: dict[str, Places | None] = {}
        # A rule of the project's own may ask for anything.
        self._keeper = None if request.settings.custom else Keeper()
        self.built: set[str] = set()
        self.moved: dict[str, str] = {}
        try:
            self._read(request)
        finally:
            if request.progress is not None:
                request.progress(1.0, "")
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
        for entry in found if request.spread is None else request.spread(found, self._keeper):
            if isinstance(entry, tuple) and not isinstance(entry, Problem | Skipped):
                self._absorb(*entry)
            elif isinstance(entry, Problem):
                self.problems.append(entry)
            elif isinstance(entry, Skipped):
                self.inputs[entry.input].part(entry.path).skipped[entry.reason] += 1
                self._passed_over(entry)
            else:
                self._take(entry)

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
            self._absorb(artifact, take(artifact.path, data, self._keeper))
        else:
            self._absorb(
                artifact, take_artifact(artifact, self._keeper, had=lambda: self._lap("find and read files"))
            )
        self._lap("parse")

    def _absorb(self, artifact: Artifact, taken: Taken) -> None:
        """Take over what was read of an artifact, wherever it was read."""
        if taken.lost is not None:
            self.problems.append(taken.lost)
            return
        if taken.windowed:
            self._windowed[artifact.path] = taken.places
        if self._hand and artifact.file:
            self.taken[artifact.path] = taken
        source = self.inputs[artifact.input].part(artifact.path)
        self.artifacts[artifact.path] = artifact
        source.paths.append(artifact.path)
        if taken.marked:
            self.marked.add(artifact.path)
        if taken.skipped or taken.problems or taken.templated or any(held[0].passed for held in taken.documents):
            self.partly.add(artifact.path)
        self.problems.extend(problem._replace(fatal=artifact.named) for problem in taken.problems)
        self.inputs[artifact.input].found |= taken.found
        source.skipped["document without anything that matters"] += taken.skipped
        for path, line, reason in taken.templated:
            where = Location(path, line=line)
            self.templated.append((artifact.input, NotEvaluated("templated", reason, None, where)))
        whole = not taken.problems
        for document, found in taken.documents:
            source.evidence.add(artifact.path, found, logs=taken.logs, whole=whole)
            source.documents.append((document, found))
        if not taken.documents:
            source.evidence.add(artifact.path, (), logs=taken.logs, whole=whole)

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
            places = self._windowed[path]
            if places is None:
                from linter.documents.windows import scan  # noqa: PLC0415 - another process has read it

                places = self._windowed[path] = scan(raw, self.artifacts[path].limits)
        except InputProblem:
            return None
        return raw, places

    def large(self, path: str) -> bool:
        """Whether an artifact is too large to be held whole."""
        windows = self.windows(path) if path in self._windowed else None
        return windows is not None and windows[0].size > self.artifacts[path].limits.file_bytes

    def small_bytes_of(self, path: str) -> bytes | None:
        """The bytes of an artifact, read again; None for one that is so large that it was read in windows."""
        return None if path in self._windowed else self.bytes_of(path)

    def bytes_of(self, path: str) -> bytes | None:
        """The bytes of an artifact, read again; None when they are gone."""
        artifact = self.artifacts.get(path)
        if artifact is None:
            return None
        try:
            return self.overlay.get(path) or artifact.read()
        except InputProblem:
            return None


def _live(request: Request) -> "Live | None":
    """What to ask of a live cluster, when one is named."""
    from linter.sources.live import Kind, Live, is_live  # noqa: PLC0415 - most calls name none

    if not any(map(is_live, request.paths)):
        return None
    from linter.inventory.asked import ASKED, GLOBAL_PATH  # noqa: PLC0415 - as above

    kinds = [Kind(*one) for one in ASKED]
    return Live(kinds, request.namespaces, (GLOBAL_PATH,), request.timeout)


def catalogue(settings: Settings) -> tuple["Loaded", ...]:
    """Every rule there is for a call with these settings. Raises `SettingsError` for a custom one that is none."""
    if not settings.custom:
        return registry.rules()
    from linter import custom  # noqa: PLC0415 - only a project with rules of its own pays for it

    return custom.catalogue(settings, registry.rules())


def _resolved(settings: Settings, known: Sequence["Loaded"]) -> Settings:
    """The settings with every severity by code."""
    if not settings.severities:
        return settings
    from linter.overrides import by_code  # noqa: PLC0415 - as above

    return settings._replace(severities=by_code(settings.severities, known, settings.source))


def load(request: Request) -> Material:
    """Read and join the inputs of `request`, judging nothing. What cannot be read is in the result, never raised."""
    reader = _Reader(request)
    groups = universes(reader.inputs, request.scope, request.among)
    inventories = tuple(_inventory(group, reader)[0] for group in groups)
    templated = tuple(entry for _, entry in reader.templated)
    return Material(inventories, tuple(reader.problems), templated)


def run(request: Request) -> Result:
    """Judge the inputs of `request`.

    Raises `UsageError` for a rule selector that means nothing. What cannot be read is in the result, never raised.
    """
    with collector_off():
        settings, chosen = chosen_rules(request)
        request.lap("start")
        reader = _Reader(request)
        groups = universes(reader.inputs, request.scope, request.among)
        return _judged(request, settings, chosen, reader, groups, whole=request.among is None)


def run_clusters(request: Request) -> Result | Handed:
    """Judge the inputs of `request` where they are clusters and nothing else; else hand back what was read.

    How the suppressions of the settings fared is left to whoever puts results together. Raises as `run`.
    """
    with collector_off():
        settings, chosen = chosen_rules(request)
        reader = _Reader(request, hand=True)
        groups = list(universes(reader.inputs, request.scope, request.among))
        found = any(source.found for source in reader.inputs)
        if not found or any(group.recognised.scope is not Scope.CLUSTER for group in groups):
            return Handed(reader.taken, tuple(reader.problems), found)
        return _judged(request, settings, chosen, reader, groups, whole=False)


def chosen_rules(request: Request) -> tuple[Settings, tuple["Loaded", ...]]:
    """The settings of a request with severities by code, and the rules that it selects. Raises as `run`."""
    known = catalogue(request.settings)
    settings = _resolved(request.settings, known)
    registry.check_options(settings.options, known)
    return settings, registry.selected(
        request.select or settings.select, (*request.ignore, *settings.ignore), known
    )


def _judged(
    request: Request,
    settings: Settings,
    chosen: tuple["Loaded", ...],
    reader: _Reader,
    groups: Iterable[Universe],
    *,
    whole: bool,
) -> Result:
    inventories: list[Inventory] = []
    scans: list[Scan] = []
    findings: list[Finding] = []
    withheld: list[NotEvaluated] = []
    offers = Offers(reader.small_bytes_of, lambda path: bool(reader.artifacts[path].file), reader.large)
    for group in groups:
        inventory, kinds = _inventory(group, reader)
        inventories.append(inventory)
        request.lap("join")
        proven, unjudged = _proven(request, inventory, chosen, settings)
        findings.extend(withheld_fixes(proven, inventory.objects) if group.recognised.redacted else proven)
        withheld.extend(unjudged)
        scans.append(_scan(group, kinds, chosen))
    withheld.extend(noted((entry for _, entry in reader.templated), reader.artifacts))
    reader.expect(findings, withheld)
    findings = [_offered(finding, offers) for finding in findings]
    locator = Locator(reader.bytes_of, inventories, reader.windows)
    located, unjudged = _located(request, locator, findings), locator.not_evaluated(withheld)
    origins = _origins(reader, locator, request.render)
    if origins is not None:
        located, unjudged = [*map(origins.pointed, located)], [*map(origins.unjudged, unjudged)]
    located.sort(key=order)
    request.lap("find positions")
    kept, suppressed, remarks, standings = _settle(located, request, reader, inventories, locator, chosen)
    if whole and standings:
        from linter.suppress import configured  # noqa: PLC0415 - most calls have none

        remarks = [*remarks, *configured(standings)]
    request.lap("settle suppressions")
    touch = _touch(request, reader, inventories)
    reported = [one for one in kept if touch is None or touch.finding(one)]
    counted = tuple(one for one in reported if one.fingerprint not in request.baseline)
    if "diffs" in request.wants:
        from linter.diffs import attach  # noqa: PLC0415 - only some reports show diffs

        counted = attach(counted, reader.small_bytes_of)
    finished = Run(
        version=__version__,
        scans=tuple(scans),
        findings=counted,
        rules=tuple(registry.info(loaded) for loaded in chosen),
        suppressed=tuple(map(nets.suppressed, suppressed)),
        not_evaluated=tuple(
            nets.told(one) for one in unjudged if touch is None or touch.unjudged(one)
        ),
        problems=(
            *(nets.told(one) for one in (*reader.problems, *remarks) if touch is None or touch.problem(one)),
            *(request.change.remarks if request.change is not None else ()),
        ),
        baselined=len(reported) - len(counted),
        untouched=len(kept) - len(reported),
        baseline=_compared(request, located),
        pulls=_pulls(request, settings, inventories, counted),
        time=now(),
    )
    return Result(
        finished,
        tuple(inventories),
        reader.artifacts,
        tuple(one for one in kept if one.fingerprint in request.baseline),
        reader.unread(),
        standings,
    )


def _proven(
    request: Request, inventory: Inventory, chosen: Sequence["Loaded"], settings: Settings
) -> tuple[list[Finding], list[NotEvaluated]]:
    """What the rules find in one inventory, fixes proved, and what could not be judged."""
    prover = Prover(inventory)
    if request.processes == 1 or len(inventory.objects) < _WORTH_COPIES or len(chosen) < 2:
        found, withheld = judge(inventory, chosen, settings, request.lap)
        proven = [prover.attach(nets.finding(finding)) for finding in found]
        request.lap("prove fixes")
        return proven, withheld
    joins = Joins(inventory)
    codes = frozenset(loaded.rule.code for loaded in chosen)

    def one(number: int) -> tuple[list[Finding], list[NotEvaluated]]:
        found, unjudged = _asked(chosen[number], inventory, joins, settings, codes)
        return [prover.attach(nets.finding(finding)) for finding in found], unjudged

    parts = _copied(request, len(chosen), one)
    request.lap("rules and proofs")
    return (
        [finding for found, _ in parts for finding in found],
        [*_hidden(inventory), *(entry for _, unjudged in parts for entry in unjudged)],
    )


def _located(request: Request, locator: Locator, findings: list[Finding]) -> list[Finding]:
    """The findings with their positions, file by file."""
    if request.processes == 1 or len(findings) < _WORTH_COPIES // 10:
        return locator.findings(findings)
    by_path: dict[str, list[Finding]] = {}
    for finding in findings:
        by_path.setdefault(finding.location.path, []).append(finding)
    paths = sorted(by_path)
    most = min(request.processes * 16, len(paths), 255)
    pieces = [paths[len(paths) * at // most : len(paths) * (at + 1) // most] for at in range(most)]

    def one(number: int) -> list[Finding]:
        return locator.findings(finding for path in pieces[number] for finding in by_path[path])

    return [finding for part in _copied(request, len(pieces), one) for finding in part]


def _copied(request: Request, count: int, one: Callable[[int], _Part]) -> list[_Part]:
    from linter import forks  # noqa: PLC0415 - one process needs none of this

    if count > 255 or not forks.able():
        return [one(number) for number in range(count)]
    return forks.shared(count, one, request.processes)


def _origins(reader: _Reader, locator: Locator, render: "Render | None") -> "Origins | None":
    """What leads from the things that were built to their source, where anything was built."""
    if not reader.built:
        return None
    from linter.render.origins import Origins  # noqa: PLC0415 - most calls build nothing

    values = render.values if render else ()
    return Origins(reader.bytes_of, frozenset(reader.built), locator, values, reader.moved)


def _compared(request: Request, located: Sequence[Finding]) -> Baseline | None:
    """What the run was compared with; gone is what nobody finds any more, suppressed or not."""
    if not request.baseline_path:
        return None
    return Baseline(request.baseline_path, len(request.baseline - {finding.fingerprint for finding in located}))


def _pulls(
    request: Request, settings: Settings, inventories: Sequence[Inventory], findings: Sequence[Finding]
) -> Pulls | None:
    if "pulls" not in request.wants:
        return None
    from linter.pulls import pulls  # noqa: PLC0415 - only some reports show who pulls what

    return pulls(inventories, settings, findings)


def _offered(finding: Finding, offers: Offers) -> Finding:
    """Return the finding, its fix marked with what keeps it out of the file that was read."""
    return finding if finding.fix is None else finding._replace(fix=offers.judged(finding.fix))


def _settle(
    located: list[Finding],
    request: Request,
    reader: _Reader,
    inventories: Sequence[Inventory],
    locator: Locator,
    chosen: Sequence["Loaded"],
) -> tuple[list[Finding], list[Suppressed], list[Problem], tuple["Standing", ...]]:
    """Take out what somebody has accepted. Nothing is loaded or looked at where nothing can be."""
    settings = request.settings
    if not (reader.marked or settings.suppressions or settings.overrides):
        return located, [], [], ()
    from linter import overrides  # noqa: PLC0415 - most calls have neither
    from linter.suppress import Suppressions, settle  # noqa: PLC0415 - as above

    known = catalogue(settings)
    material = Suppressions(
        inventories=inventories,
        locator=locator,
        settings=settings,
        marked=frozenset(reader.marked),
        unread=reader.unread() | reader.built,  # a comment there is a copy of one in the source
        inputs=request.paths,
        catalogue=known,
        chosen=chosen,
    )
    done = settle(located, material)
    kept, elsewhere = overrides.apply(done.findings, settings, known)
    return kept, [*done.suppressed, *elsewhere], done.problems, done.standings


def _touch(request: Request, reader: _Reader, inventories: Sequence[Inventory]) -> "Touch | None":
    """What tells whether something concerns the call; None where the call is about all that was read."""
    if request.change is not None:
        return request.change.touch(reader.artifacts, inventories)
    if not request.context:
        return None
    from linter import changes  # noqa: PLC0415 - most calls are about all that was read

    return changes.Asked(len(request.paths) - request.context).touch(reader.artifacts, inventories)


def _inventory(group: Universe, reader: _Reader) -> tuple[Inventory, Counter[str]]:
    builder = Builder(group.name)
    seen = Seen() if group.recognised.scope is Scope.CLUSTER else None
    for source in group.inputs:
        for document, found in source.documents:
            fresh = [item for item in found if seen is None or not seen.repeated(item)]
            if fresh or not found:
                builder.add_objects(document, fresh)
    parsed = {
        (document.path, document.number): document.passed for source in group.inputs for document, _ in source.documents
    }
    unread = reader.unread()
    mentions = TextMentions(
        lambda: _unparsed(group, reader, parsed), lambda: _unparsed(group, reader, parsed, only=unread)
    )
    taken = group.recognised
    inventory = builder.finish(taken.scope, mentions=mentions, layout=taken.layout, stated=taken.stated)
    mentions.inventory = inventory
    return inventory, builder.kinds


def _unparsed(
    group: Universe,
    reader: _Reader,
    parsed: Mapping[tuple[str, int], frozenset[int]],
    *,
    only: frozenset[str] | None = None,
) -> Iterator[tuple[str, str]]:
    """The text of every document of the group that was passed over before parsing, or could not be parsed.

    `only` are the paths to look at, all of them when None.
    """
    paths = [path for source in group.inputs for path in source.paths if path in reader.partly]
    paths = [path for path in paths if only is None or path in only]
    if not paths:
        return
    # Only a search for mentions needs these.
    from linter.documents.jsontext import json_places  # noqa: PLC0415
    from linter.documents.kinds import looks_like_json  # noqa: PLC0415
    from linter.documents.lists import passed_text  # noqa: PLC0415
    from linter.documents.split import split  # noqa: PLC0415
    from linter.documents.text import DecodeProblem, decode  # noqa: PLC0415

    for path in paths:
        windows = reader.windows(path)
        if windows is not None:
            from linter.documents.windows import texts  # noqa: PLC0415 - few artifacts are large

            passed_of = {number: items for (at, number), items in parsed.items() if at == path}
            yield from ((path, one) for one in texts(*windows, passed_of.get))
            continue
        try:
            text = decode(reader.bytes_of(path) or b"").text
        except DecodeProblem:
            continue
        values = json_places(text) if looks_like_json(text) else None
        for number, (start, end) in enumerate(values or split(text)):
            part = text[start:end]
            passed = parsed.get((path, number))
            if passed is None:
                yield path, part
            elif passed:
                yield from ((path, one) for one in passed_text(part, passed, json=looks_like_json(text)))


def judge(
    inventory: Inventory, chosen: Sequence["Loaded"], settings: Settings, lap: Callable[[str], None] = unheard
) -> tuple[list[Finding], list[NotEvaluated]]:
    """Run the rules `chosen` over one inventory: their findings, and what could not be judged.

    The severities of `settings` are by code here; `lap` is told the name of each rule when it has run.
    """
    joins = Joins(inventory)
    findings: list[Finding] = []
    withheld = list(_hidden(inventory))
    codes = frozenset(loaded.rule.code for loaded in chosen)
    for loaded in chosen:
        found, unjudged = _asked(loaded, inventory, joins, settings, codes)
        findings.extend(found)
        withheld.extend(unjudged)
        lap(f"rule {loaded.rule.code} {loaded.name}")
    return findings, withheld


def _asked(
    loaded: "Loaded", inventory: Inventory, joins: Joins, settings: Settings, codes: frozenset[str]
) -> tuple[list[Finding], list[NotEvaluated]]:
    """What one rule finds, and what it could not judge."""
    from linter.rule import Context  # noqa: PLC0415 - rules and their imports load when there is something to judge

    context = Context(loaded.rule, loaded.name, inventory, joins, settings, codes)
    severity = settings.severities.get(loaded.rule.code)
    found = [
        finding._replace(severity=severity) if severity else finding for finding in loaded.rule.check(context)
    ]
    return found, list(context.withheld)


def _hidden(inventory: Inventory) -> Iterator[NotEvaluated]:
    """What a cluster refused to show, and every pull secret whose content may not be judged, once, with the reason."""
    for refused in inventory.refused:
        yield NotEvaluated("refused", refused.sentence(), cluster=inventory.name)
    for secret in inventory.secrets:
        if secret.state in UNJUDGED:
            yield NotEvaluated(str(secret.state), secret.reason, secret.object.ref, secret.at(), cluster=inventory.name)


def _scan(group: Universe, kinds: Counter[str], chosen: Sequence["Loaded"]) -> Scan:
    skipped: Counter[str] = sum((source.skipped for source in group.inputs), Counter())
    return Scan(
        name=group.name,
        inputs=tuple(without_logins(source.path) for source in group.inputs),
        scope=group.recognised.scope,
        recognised=f"{group.recognised.layout}: {group.recognised.why}",
        proves=group.recognised.proves,
        objects=dict(sorted(kinds.items())),
        artifacts=sum(len(source.paths) for source in group.inputs),
        skipped=tuple(sorted((reason, count) for reason, count in skipped.items() if count)),
        evaluated=tuple(loaded.rule.code for loaded in chosen),
    )


def order(finding: Finding) -> tuple[str, str, int, int, str, str]:
    """What findings are sorted by."""
    at = finding.location
    return (finding.cluster, at.path, at.line, at.column, finding.code, finding.key)
