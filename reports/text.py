"""The report for people at a terminal: every finding with its place, its reason, what it breaks and what to do."""

from collections.abc import Sequence
from typing import Final

from linter.model import (
    Affected,
    Applicability,
    ExcerptLine,
    Finding,
    NotEvaluated,
    Problem,
    Related,
    Run,
    Scope,
)
from reports._phrases import (
    affected_name,
    count,
    how,
    impact_counts,
    object_name,
    passed_over,
    place,
    position,
    proof_counts,
    severity_counts,
    summary_line,
    taken_for,
)
from reports._times import standing
from reports._visible import commandless, visible, visible_lines
from reports.contract import Options, Report

REPORT = Report("text", "for people at a terminal: places, reasons, what breaks and what to do", "text/plain")

_STYLES: Final = {
    "error": "1;31",
    "warning": "1;33",
    "info": "1;36",
    "path": "1",
    "dim": "2",
    "label": "1",
    "fix": "32",
}
_FIRST: Final = 5
_MOST_OPENING: Final = 10
_LABEL: Final = 7
_REMEMBERED: Final = 4_096
"""So many texts are remembered as they were wrapped: findings of one rule say much in the same words."""


def render(run: Run, options: Options) -> str:
    """Return the run as text, with terminal colours only where the options allow them."""
    page = _Page(options, run.time)
    page.opening(run)
    for finding in sorted(run.findings, key=position):
        page.finding(finding)
    page.suppressed(run)
    page.not_evaluated(run)
    page.problems(run.problems)
    if options.show_rules:
        page.rules(run)
    page.conclusion(run)
    text = "\n".join(page.lines) + "\n"
    # No line is a command where no sign of one stands anywhere.
    return "\n".join(map(commandless, page.lines)) + "\n" if "##" in text or "::" in text else text


class _Page:
    """The lines written so far, and how to write more."""

    def __init__(self, options: Options, time: int) -> None:
        self.time = time
        self.lines: list[str] = []
        self.color = options.color
        self.width = max(options.width, 40)
        self.all = options.verbose
        self._wrapped: dict[tuple[str, int], list[str]] = {}

    def paint(self, style: str, text: str) -> str:
        """Return `text` in a style, or as it is when there are no colours."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.color and text else text

    def gap(self) -> None:
        """Leave one empty line between blocks."""
        if self.lines:
            self.lines.append("")

    def wrap(self, text: str, indent: int) -> list[str]:
        """Return `text`, made visible, broken into lines that fit beside `indent` columns."""
        key = text, indent
        known = self._wrapped.get(key)
        if known is None:
            if len(self._wrapped) >= _REMEMBERED:
                self._wrapped.clear()
            known = self._wrapped[key] = _wrap(visible(text), max(self.width - indent, 24))
        return known

    def block(self, label: str, text: str, style: str = "") -> None:
        """Write `label: text`, wrapped, with its continuation lines under the text."""
        head = self.paint("label", f"{label}:") + " " * max(_LABEL - len(label) - 1, 1)
        for line in self.wrap(text, 2 + _LABEL):
            self.lines.append(f"  {head}{self.paint(style, line) if style else line}")
            head = " " * _LABEL

    def under(self, text: str, style: str = "") -> None:
        """Write more under the last label."""
        for line in self.wrap(text, 2 + _LABEL):
            self.lines.append(" " * (2 + _LABEL) + (self.paint(style, line) if style else line))

    def opening(self, run: Run) -> None:
        """Write what every scan was taken for, and what that can prove: the findings rest on it."""
        if _brief(run):
            return
        shown = run.scans if self.all or len(run.scans) <= _MOST_OPENING else run.scans[:_FIRST]
        for scan in shown:
            self.lines += [self.paint("dim", line) for line in self.wrap(taken_for(scan, run), 0)]
        if len(run.scans) > len(shown):
            self.lines.append(self.paint("dim", f"and {len(run.scans) - len(shown):,} more clusters"))

    def finding(self, finding: Finding) -> None:
        """Write one finding."""
        self.gap()
        self.headline(finding)
        self.excerpt(finding.location.excerpt)
        if finding.location.payload_excerpt:
            spot = finding.location.payload
            where = f" ({visible(str(spot))})" if spot else ""
            self.lines.append(self.paint("dim", f"  in the decoded payload{where}:"))
            self.excerpt(finding.location.payload_excerpt)
        self.block("in", object_name(finding.object, finding.cluster))
        if finding.seen is not None:
            self.block("seen", standing(finding.seen, self.time))
        if finding.detail:
            self.block("why", finding.detail)
        self.hits(finding)
        self.repair(finding)
        self.see(finding.related)

    def headline(self, finding: Finding) -> None:
        """Write the place, the rule and the message: on one line where they fit."""
        where, label = visible(place(finding.location)), finding.severity.label
        rule, message = visible(f"{finding.code} {finding.name}"), visible(finding.message)
        where = where or visible(object_name(finding.object))
        head = f"{self.paint('path', where)}  {self.paint(label, label)} {rule}"
        if len(where) + len(label) + len(rule) + len(message) + 5 <= self.width:
            self.lines.append(f"{head}  {message}")
            return
        self.lines.append(head)
        self.lines += [f"  {self.paint('path', line)}" for line in self.wrap(finding.message, 2)]

    def excerpt(self, lines: tuple[ExcerptLine, ...]) -> None:
        """Write an excerpt with its carets."""
        from reports._excerpt import draw  # noqa: PLC0415 - a call without findings shows none

        for drawn in draw(lines, self.width - 2):
            text = self.paint("error", drawn.text) if drawn.caret else drawn.text
            self.lines.append(f"  {self.paint('dim', drawn.gutter)} {text}".rstrip())

    def hits(self, finding: Finding) -> None:
        """Write the blast radius: how much, then the first few by name."""
        if not finding.impact:
            return
        self.block("hits", impact_counts(finding))
        self.affected(finding.impact.workloads)
        self.affected(finding.impact.imports)

    def affected(self, hits: Sequence[Affected]) -> None:
        """Write the first workloads or imports and how many more there are."""
        shown = hits if self.all or len(hits) == _FIRST + 1 else hits[:_FIRST]
        for hit in shown:
            self.under(affected_name(hit) + (f"  {hit.image}" if hit.image else ""))
        if len(hits) > len(shown):
            self.under(f"and {len(hits) - len(shown):,} more", "dim")

    def repair(self, finding: Finding) -> None:
        """Write what to do: the remedy, the fix with its proof, and the commands."""
        if finding.remedy:
            self.block("fix", finding.remedy)
        if finding.fix is not None:
            proof = proof_counts(finding.fix)
            text = f"{finding.fix.summary}" + (f" ({proof})" if proof else "")
            text = f"{text}; {how(finding.fix)}" if finding.fix.obstacle else f"{how(finding.fix)}: {text}"
            if finding.remedy:
                self.under(text, "fix")
            else:
                self.block("fix", text, "fix")
        for command in finding.commands:
            mark = "$"
            for line in visible_lines(command):
                self.lines.append(f"  {self.paint('dim', mark)} {line}".rstrip())
                mark = " "

    def see(self, related: Sequence[Related]) -> None:
        """Write the related places."""
        label = "see"
        for item in related:
            where = place(item.location) if item.location else ""
            what = object_name(item.object) if item.object else ""
            text = "  ".join(filter(None, (where, f"{what}: {item.message}" if what else item.message)))
            if label:
                self.block(label, text)
            else:
                self.under(text)
            label = ""

    def listed(self, title: str, texts: Sequence[str]) -> None:
        """Write a title and the first few of a list of texts."""
        self.lines.append(f"  {title}")
        shown = texts if self.all or len(texts) == _FIRST + 1 else texts[:_FIRST]
        for text in shown:
            first, *rest = self.wrap(text, 6)
            self.lines.append(f"    {self.paint('dim', '-')} {first}")
            self.lines += [f"      {line}" for line in rest]
        if len(texts) > len(shown):
            self.lines.append(self.paint("dim", f"      and {len(texts) - len(shown):,} more (all with --format json)"))

    def suppressed(self, run: Run) -> None:
        """Write what the user has accepted, by means, with the reasons."""
        if not run.suppressed:
            return
        self.gap()
        self.lines.append(self.paint("label", f"suppressed ({len(run.suppressed):,})"))
        groups: dict[str, list[str]] = {}
        for item in run.suppressed:
            found = item.finding
            where = place(found.location) or object_name(found.object)
            reason = item.reason or "no reason given"
            groups.setdefault(item.by, []).append(f"{where}  {found.code} {found.name}: {reason}")
        for by, texts in groups.items():
            self.listed(visible(f"by {by}: {len(texts):,}"), texts)

    def not_evaluated(self, run: Run) -> None:
        """Write what could not be judged, by reason."""
        if not run.not_evaluated:
            return
        self.gap()
        self.lines.append(self.paint("label", f"not evaluated ({len(run.not_evaluated):,})"))
        groups: dict[str, list[str]] = {}
        for item in run.not_evaluated:
            groups.setdefault(item.reason, []).append(_not_evaluated(item))
        for reason, texts in sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0])):
            self.listed(visible(f"{reason}: {len(texts):,}"), texts)

    def problems(self, problems: Sequence[Problem]) -> None:
        """Write what could not be read, and what to do about it."""
        if not problems:
            return
        self.gap()
        self.lines.append(self.paint("label", f"problems ({len(problems):,})"))
        for problem in problems:
            where = ":".join([problem.path, *(str(n) for n in (problem.line, problem.column) if n)])
            first, *rest = self.wrap(f"{where}: {problem.message}" if where else problem.message, 4)
            self.lines.append(f"  {self.paint('error' if problem.fatal else 'warning', '!')} {first}")
            self.lines += [f"    {line}" for line in rest]
            if problem.remedy:
                self.lines += [f"    {line}" for line in self.wrap(f"fix: {problem.remedy}", 4)]

    def rules(self, run: Run) -> None:
        """Write the rules that ran, a line each."""
        self.gap()
        self.lines.append(self.paint("label", f"rules ({len(run.rules):,})"))
        for rule in run.rules:
            self.lines.append(f"  {visible(rule.code)} {visible(rule.name)}  {visible(rule.summary)}".rstrip())

    def conclusion(self, run: Run) -> None:
        """Write the summary line, what was passed over, and what can be repaired."""
        self.gap()
        worst = max((finding.severity for finding in run.findings), default=None)
        counts = severity_counts(run)
        style = worst.label if worst is not None else "fix"
        rest = summary_line(run)[len(counts) :]
        if _brief(run):
            rest += "".join(f", {taken_for(scan._replace(recognised=''), run)}" for scan in run.scans)
        self.lines.append(self.paint(style, counts) + visible(rest))
        self.lines += [self.paint("dim", part) for part in self.wrap(passed_over(run), 0) if part]
        clusters = {scan.name for scan in run.scans if scan.scope is Scope.CLUSTER}
        safe = [f for f in run.findings if f.fix is not None and f.fix.applicability is Applicability.SAFE]
        live = sum(f.cluster in clusters for f in safe)
        fixable = sum(f.cluster not in clusters and f.fix is not None and not f.fix.obstacle for f in safe)
        if fixable:
            self.lines.append(f"{count(fixable, 'finding')} can be fixed safely: see --diff, then --fix")
        if live:
            told = f"{count(live, 'finding')} can be fixed safely"
            self.lines.append(f"{told}: --fix-dir DIR writes what repairs the cluster")


def _brief(run: Run) -> bool:
    """Whether a line says all: nothing is wrong in manifests, and nothing was left aside."""
    told = run.findings or run.not_evaluated or run.problems or run.suppressed or len(run.scans) > 1
    return not told and not any(scan.scope is Scope.CLUSTER for scan in run.scans)


def _not_evaluated(item: NotEvaluated) -> str:
    where = place(item.location) if item.location else ""
    what = object_name(item.object, item.cluster) if item.object else ""
    rules = f" ({', '.join(item.rules)})" if item.rules else ""
    return "  ".join(filter(None, (where, what, item.message))) + rules


def _wrap(text: str, width: int) -> list[str]:
    if len(text) <= width:
        return [text]
    if text.isprintable() and text[0] != " ":
        return _wrap_plain(text, width)
    import textwrap  # noqa: PLC0415 - most texts are plain

    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


def _wrap_plain(text: str, width: int) -> list[str]:
    """Wrap a text that begins with a word and in which only blanks part words, just as `textwrap` does."""
    lines: list[str] = []
    start = 0
    while len(text) - start > width:
        cut = text.rfind(" ", start, start + width + 1)
        if cut < 0:
            cut = text.find(" ", start + width)  # one word that is longer than the line
            if cut < 0:
                break
        lines.append(text[start:cut].rstrip(" "))
        start = cut + 1
        while text.startswith(" ", start):
            start += 1
    if start < len(text):
        lines.append(text[start:].rstrip(" "))
    return lines
