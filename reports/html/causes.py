"""The causes that the page opens with: rules by what they break, each with its worst findings and the way out."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import quote

from linter.model import Affected, Applicability, Finding, Pull, Run
from reports._phrases import affected_name, amount, breaks, certain, imports, pulls
from reports._visible import visible
from reports.html.rows import LEVELS, Row, command_lines
from reports.html.story import Told

_CASES: Final = 3
_HITS: Final = 6
_FEWER: Final = 3
_COMMANDS: Final = 4
_LOOKS: Final = frozenset({"get", "describe"})


class Case(NamedTuple):
    """One finding that breaks something: what it is, whom it hits, what to do. `view` is its picture, "" when none."""

    id: str
    message: str
    object: str
    cluster: str
    place: str
    number: str
    hits: tuple[tuple[str, str], ...]
    hits_left: int
    todo: str
    commands: tuple[tuple[str, ...], ...]
    commands_left: int
    fix: str
    view: str


class Cause(NamedTuple):
    """One rule with what its findings break together: `number` pulls and imports, in words `amount`."""

    code: str
    name: str
    summary: str
    severity: str
    number: int
    amount: str
    findings: int
    filter: str
    cases: tuple[Case, ...]
    left: int


class Causes(NamedTuple):
    """Causes of what will fail and of what may, the widest first; `harmless` findings break nothing known."""

    will: tuple[Cause, ...]
    may: tuple[Cause, ...]
    harmless: int


def causes(
    run: Run, findings: Sequence[Finding], rows: Sequence[Row], told: Sequence[Told], views: Mapping[int, str]
) -> Causes:
    """Rank the causes of a run. `findings`, `rows` and the causes in `told` go by the same places, `views` too."""
    groups: dict[tuple[bool, str, str], list[int]] = {}
    for at, finding in enumerate(findings):
        if finding.impact:
            groups.setdefault((breaks(finding), finding.code, finding.name), []).append(at)
    summaries = {rule.code: rule.summary.rstrip(".") for rule in run.rules}
    first: dict[int, list[Pull]] = {}
    for one in told:
        for at in one.causes:
            first.setdefault(at, []).append(one.pull)
    maker = _Maker(run, findings, rows, first, views)
    made = [
        (sure, maker.cause(code, name, summaries.get(code, ""), places))
        for (sure, code, name), places in groups.items()
    ]
    ranked = sorted(made, key=lambda pair: (-pair[1].number, LEVELS.index(pair[1].severity), pair[1].code))
    return Causes(
        tuple(cause for sure, cause in ranked if sure),
        tuple(cause for sure, cause in ranked if not sure),
        sum(1 for finding in findings if not finding.impact),
    )


class _Maker:
    def __init__(
        self,
        run: Run,
        findings: Sequence[Finding],
        rows: Sequence[Row],
        resolved: Mapping[int, list[Pull]],
        views: Mapping[int, str],
    ) -> None:
        self.inputs = [name for scan in run.scans for name in scan.inputs]
        self.findings = findings
        self.rows = rows
        self.resolved = resolved
        self.views = views

    def cause(self, code: str, name: str, summary: str, places: list[int]) -> Cause:
        """Make the cause of one rule out of the findings at `places`."""
        group = [self.findings[at] for at in places]
        # What will fail is counted alone: the same finding may hit what need not.
        sure = any(map(breaks, group))
        hit, imported = (len(kind(group, only=certain) if sure else kind(group)) for kind in (pulls, imports))
        worst = sorted(places, key=lambda at: (-self.findings[at].severity, -self.rows[at].weight, at))[:_CASES]
        return Cause(
            code=code,
            name=name,
            summary=summary,
            severity=max(finding.severity for finding in group).label,
            number=hit + imported,
            amount=amount(hit, imported),
            findings=len(group),
            filter="#rule=" + quote(visible(code), safe=""),
            cases=tuple(self._case(at, _HITS if len(group) == 1 else _FEWER) for at in worst),
            left=len(group) - len(worst),
        )

    def _case(self, at: int, named: int) -> Case:
        finding, row = self.findings[at], self.rows[at]
        hits = [*finding.impact.workloads, *finding.impact.imports]
        todo, commands = self._way_out(at)
        return Case(
            id=row.id,
            message=finding.message,
            object=row.object,
            cluster=row.cluster,
            place=row.place,
            number=row.hits,
            hits=tuple((affected_name(hit), hit.image or self._image(at, hit)) for hit in hits[:named]),
            hits_left=max(len(hits) - named, 0),
            todo=todo,
            commands=tuple(map(command_lines, commands[:_COMMANDS])),
            commands_left=max(len(commands) - _COMMANDS, 0),
            fix=row.fix.kind if row.fix is not None else "",
            view=self.views.get(at, ""),
        )

    def _image(self, at: int, hit: Affected) -> str:
        """The image of a hit that means all images of its object, where it has but one."""
        found = {pull.image for pull in self.resolved.get(at, ()) if hit.object in pull.who}
        return found.pop() if len(found) == 1 else ""

    def _way_out(self, at: int) -> tuple[str, tuple[str, ...]]:
        """What to do, and the commands: the finding's own, the resolver's where those only look, or regcred's."""
        finding = self.findings[at]
        if any(not _looks(command) for command in finding.commands):
            return finding.remedy, finding.commands
        for pull in self.resolved.get(at, ()):
            if pull.commands:
                return f"{finding.remedy} The smallest change: {pull.change}.", pull.commands
        fix = finding.fix
        if fix is not None and fix.applicability is not Applicability.DISPLAY and self.inputs:
            return finding.remedy, (self._own(finding, fix.applicability),)
        return finding.remedy, finding.commands

    def _own(self, finding: Finding, applicability: Applicability) -> str:
        words = ["regcred", "check", *self.inputs[:_HITS], "--select", finding.code, "--diff"]
        return shlex.join([*words, *(["--unsafe-fixes"] if applicability is Applicability.UNSAFE else [])])


def _looks(command: str) -> bool:
    """Whether a command only shows something: it repairs nothing, nor does what reads from it."""
    first, *rest = (stage.split() for stage in command.replace("&&", "|").split("|"))
    asked = [words for words in (first, *rest) if words[:1] in (["oc"], ["kubectl"])]
    return first in asked and all(words[1:2] and words[1] in _LOOKS for words in asked)
