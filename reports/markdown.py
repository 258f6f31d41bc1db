"""The report for pull requests and job summaries: the answer first, the details folded, never longer than a comment."""

from collections.abc import Iterator
from typing import Final

from linter.model import Finding, NotEvaluated, Problem, Run, Suppressed
from reports._excerpt import draw
from reports._markdown import block, code, inline, prose
from reports._phrases import (
    affected_name,
    amount,
    causes,
    count,
    how,
    object_name,
    passed_over,
    place,
    position,
    proof_counts,
    strikes,
)
from reports._verdict import verdict
from reports.contract import Options, Report

REPORT = Report("markdown", "for pull-request comments and job summaries", "text/markdown")

_LIMIT: Final = 60_000
_TAIL: Final = 12_000
_HITS: Final = 10
_LISTED: Final = 20
_MARKS: Final = {"error": "🔴", "warning": "🟠", "info": "🔵"}


def render(run: Run, options: Options) -> str:  # noqa: ARG001 - the contract of a report
    """Return the run as GitHub-flavoured Markdown of at most 60 kB, saying what was left out."""
    head = "\n\n".join(_head(run))
    tail = "\n\n".join(_bounded(_tail(run), _TAIL))
    findings = sorted(run.findings, key=lambda f: (-f.severity, -_width(f), position(f)))
    room = _LIMIT - _size(head) - _size(tail) - 200
    written: list[str] = []
    for finding in findings:
        text = _finding(finding)
        room -= _size(text) + 2
        if room < 0:
            break
        written.append(text)
    left = len(findings) - len(written)
    rest = (
        [f"**{count(left, 'finding')} left out for their length:** `--format html` and `--format json` hold all."]
        if left
        else []
    )
    return "\n\n".join(part for part in (head, *written, *rest, tail) if part) + "\n"


def _width(finding: Finding) -> int:
    return len(finding.impact.workloads) + len(finding.impact.imports)


def _size(text: str) -> int:
    return len(text.encode("utf-8"))


def _bounded(parts: Iterator[str], room: int) -> Iterator[str]:
    """Yield parts as long as there is room for them."""
    for part in parts:
        room -= _size(part) + 2
        if room < 0:
            yield "More is left out for its length: `--format html` and `--format json` hold all."
            return
        yield part


def _head(run: Run) -> Iterator[str]:
    answer = verdict(run)
    yield f"### regcred: {prose(answer['head'])}"
    yield prose(answer["more"])
    ranked = causes(run)
    if ranked:
        yield "\n".join(
            [
                "| Cause | Hits | Findings |",
                "|---|---|---:|",
                *(
                    f"| {_MARKS[_label(cause.severity)]} {prose(cause.code)} {prose(cause.name)} "
                    f"| {_breaks(cause.pulls, cause.imports)} | {cause.findings:,} |"
                    for cause in ranked[:_LISTED]
                ),
            ]
        )


def _label(severity: int) -> str:
    return {3: "error", 2: "warning"}.get(severity, "info")


def _breaks(pulls: int, imports: int) -> str:
    return amount(pulls, imports) or "nothing known"


def _finding(finding: Finding) -> str:
    label = finding.severity.label
    where = place(finding.location) or object_name(finding.object)
    rule = inline(f"{finding.code} {finding.name}")
    title = f"{_MARKS[label]} <b>{inline(finding.message)}</b><br><code>{inline(where)}</code> {rule}"
    return "\n\n".join([f"<details><summary>{title}</summary>", *_body(finding), "</details>"])


def _body(finding: Finding) -> Iterator[str]:
    yield f"{finding.severity.label} in {code(object_name(finding.object, finding.cluster))}"
    if finding.location.excerpt:
        yield block(
            "\n".join(f"{line.gutter} {line.text}".rstrip() for line in draw(finding.location.excerpt, 100)), "text"
        )
    if finding.location.payload is not None:
        yield f"In the decoded payload, {prose(str(finding.location.payload))}:"
    if finding.location.payload_excerpt:
        lines = draw(finding.location.payload_excerpt, 100)
        yield block("\n".join(f"{line.gutter} {line.text}".rstrip() for line in lines), "text")
    if finding.detail:
        yield f"**Why:** {prose(finding.detail)}"
    yield from _hits(finding)
    if finding.remedy:
        yield f"**To do:** {prose(finding.remedy)}"
    for command in finding.commands:
        yield block(command, "sh")
    if finding.fix is not None:
        proof = proof_counts(finding.fix)
        yield f"**Fix** ({prose(how(finding.fix))}): {prose(finding.fix.summary)}" + (
            f"; {prose(proof)}" if proof else ""
        )
    if finding.related:
        yield "**See:**\n" + "\n".join(_related(finding))


def _hits(finding: Finding) -> Iterator[str]:
    hits = (*finding.impact.workloads, *finding.impact.imports)
    if not hits:
        return
    lines = [f"- {code(affected_name(hit))} {code(hit.image)}".rstrip() for hit in hits[:_HITS]]
    if len(hits) > _HITS:
        lines.append(f"- and {len(hits) - _HITS:,} more")
    yield f"**{strikes(finding).capitalize()}:**\n\n" + "\n".join(lines)


def _related(finding: Finding) -> Iterator[str]:
    for item in finding.related[:_LISTED]:
        what = f"{code(object_name(item.object))}: " if item.object is not None else ""
        where = f" {code(place(item.location))}" if item.location is not None else ""
        yield f"- {what}{prose(item.message)}{where}"


def _tail(run: Run) -> Iterator[str]:
    """Yield what could not be read or judged, what was accepted, and what the scan was taken for."""
    yield from _folded("problem", [_problem(problem) for problem in run.problems])
    yield from _folded("not evaluated", [_not_evaluated(item) for item in run.not_evaluated])
    yield from _folded("suppressed", [_suppressed(item) for item in run.suppressed])
    for scan in run.scans[:_LISTED]:
        name = f"{code(scan.name)} " if scan.name else ""
        recognised = f" ({prose(scan.recognised)})" if scan.recognised else ""
        proves = f": {prose(scan.proves)}" if scan.proves else ""
        yield f"<sub>{name}judged as {scan.scope}{recognised}{proves}</sub>"
    if told := passed_over(run):
        yield f"<sub>{prose(told)}</sub>"


def _folded(what: str, lines: list[str]) -> Iterator[str]:
    if not lines:
        return
    title = count(len(lines), what) if what == "problem" else f"{len(lines):,} {what}"
    shown = [f"- {line}" for line in lines[:_LISTED]]
    if len(lines) > _LISTED:
        shown.append(f"- and {len(lines) - _LISTED:,} more")
    yield "\n\n".join([f"<details><summary>{title}</summary>", "\n".join(shown), "</details>"])


def _problem(problem: Problem) -> str:
    where = ":".join([problem.path, *(str(number) for number in (problem.line, problem.column) if number)])
    remedy = f" (to do: {prose(problem.remedy)})" if problem.remedy else ""
    return f"{code(where)} {prose(problem.message)}{remedy}".strip()


def _not_evaluated(item: NotEvaluated) -> str:
    what = code(object_name(item.object, item.cluster)) if item.object is not None else ""
    where = code(place(item.location)) if item.location is not None else ""
    return " ".join(filter(None, (f"{prose(item.reason)}:", what, where, prose(item.message))))


def _suppressed(item: Suppressed) -> str:
    found = item.finding
    return (
        f"{prose(found.code)} {prose(found.message)}: {prose(item.reason or 'no reason given')} (by {prose(item.by)})"
    )
