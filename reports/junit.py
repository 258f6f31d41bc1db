"""The report for build servers: JUnit XML, a suite for every rule and a case for every finding.

A finding below the threshold of the exit code is a case that passes and says what it found: build servers turn every
failure into a failed build. What is suppressed or could not be judged is skipped; what could not be read is an error.
What was read and passed over is told as properties of the last suite. Nothing is written that Jenkins' xUnit plugin
refuses, which fails a build for an attribute it does not know: places stand in the text of a case.
"""

import html
import re
from collections.abc import Iterator
from typing import Final

from linter.model import Finding, NotEvaluated, Problem, Run, Suppressed
from reports._phrases import affected_name, merged, object_name, place, strikes
from reports._visible import visible, visible_lines
from reports.contract import Options, Report

REPORT = Report("junit", "JUnit XML for build servers", "application/xml")

_NOT_XML: Final = re.compile("[\ufffe\uffff]")
_HITS: Final = 20


def render(run: Run, options: Options) -> str:
    """Return the run as JUnit XML, which is well formed whatever was scanned."""
    found: dict[tuple[str, str], list[str]] = {(rule.code, rule.name): [] for rule in run.rules}
    failures = 0
    for finding in run.findings:
        failed = options.threshold.fails(finding, run.time)
        failures += failed
        found.setdefault((finding.code, finding.name), []).append(_finding(finding, failed=failed))
    for item in run.suppressed:
        found.setdefault((item.finding.code, item.finding.name), []).append(_suppressed(item))
    suites = [_suite(f"{code} {name}", cases or [_passed(code)]) for (code, name), cases in found.items()]
    coverage = [*map(_problem, run.problems), *map(_not_evaluated, run.not_evaluated)]
    suites.append(_suite("coverage", coverage or [_case("everything was judged", "regcred.coverage", "")], _read(run)))
    total = sum(max(len(cases), 1) for cases in found.values()) + max(len(coverage), 1)
    counts = f'tests="{total}" failures="{failures}" errors="{len(run.problems)}"'
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="regcred" {counts}>'
    return "\n".join([head, *suites, "</testsuites>"]) + "\n"


def _text(text: str) -> str:
    """Return text for XML, in an element or an attribute, on one line."""
    return html.escape(_NOT_XML.sub(lambda match: f"\\u{ord(match.group()):04x}", visible(text)), quote=True)


def _read(run: Run) -> list[str]:
    """The properties that say what was read, what was not, and what a baseline or a change left out."""
    scan = merged(run.scans)
    told = [
        ("read", "; ".join(scan.inputs)),
        ("taken for", f"{scan.scope} ({scan.recognised})"),
        ("proves", scan.proves),
        ("files", str(scan.artifacts)),
        ("objects", str(sum(scan.objects.values()))),
        *((f"passed over: {reason}", str(number)) for reason, number in scan.skipped),
    ]
    left = (("baselined", run.baselined), ("untouched", run.untouched))
    told += [(name, str(number)) for name, number in left if number]
    inside = (f'<property name="{_text(name)}" value="{_text(value)}"/>' for name, value in told)
    return ["    <properties>", *(f"      {one}" for one in inside), "    </properties>"]


def _suite(name: str, cases: list[str], properties: list[str] | None = None) -> str:
    failures, errors, skipped = (sum(f"<{kind} " in case for case in cases) for kind in ("failure", "error", "skipped"))
    head = (
        f'  <testsuite name="{_text(name)}" tests="{len(cases)}" failures="{failures}" errors="{errors}" '
        f'skipped="{skipped}">'
    )
    return "\n".join([head, *(properties or ()), *cases, "  </testsuite>"])


def _case(name: str, classname: str, inside: str) -> str:
    head = f'    <testcase name="{_text(name)}" classname="{_text(classname)}"'
    return f"{head}>{inside}</testcase>" if inside else f"{head}/>"


def _passed(code: str) -> str:
    return _case("no findings", f"regcred.{code}", "")


def _finding(finding: Finding, *, failed: bool) -> str:
    name = f"{object_name(finding.object, finding.cluster)}: {finding.message}"
    body = "\n".join(_text(line) for line in _body(finding))
    if failed:
        inside = f'<failure type="{_text(finding.code)}" message="{_text(finding.message)}">{body}</failure>'
    else:
        inside = f"<system-out>{body}</system-out>"
    return _case(name, f"regcred.{finding.code}", inside)


def _body(finding: Finding) -> Iterator[str]:
    yield f"{place(finding.location) or object_name(finding.object)}: {finding.severity.label}: {finding.message}"
    if finding.location.payload is not None:
        yield f"in the decoded payload: {finding.location.payload}"
    if finding.detail:
        yield f"why: {finding.detail}"
    hits = (*finding.impact.workloads, *finding.impact.imports)
    if hits:
        yield f"{strikes(finding)}:"
        yield from (f"  {affected_name(hit)} {hit.image}".rstrip() for hit in hits[:_HITS])
        if len(hits) > _HITS:
            yield f"  and {len(hits) - _HITS:,} more"
    if finding.remedy:
        yield f"to do: {finding.remedy}"
    if finding.fix is not None:
        yield f"fix ({finding.fix.applicability}): {finding.fix.summary}"
    for command in finding.commands:
        yield from (f"$ {line}" for line in visible_lines(command))


def _suppressed(item: Suppressed) -> str:
    reason = f"suppressed by {item.by}: {item.reason or 'no reason given'}"
    name = f"{object_name(item.finding.object, item.finding.cluster)}: {item.finding.message}"
    where = _text(place(item.finding.location))
    return _case(name, f"regcred.{item.finding.code}", f'<skipped message="{_text(reason)}">{where}</skipped>')


def _problem(problem: Problem) -> str:
    name = ":".join([problem.path, *(str(n) for n in (problem.line, problem.column) if n)])
    body = "\n".join(_text(line) for line in (f"{name}: {problem.message}", problem.remedy) if line)
    inside = f'<error type="problem" message="{_text(problem.message)}">{body}</error>'
    return _case(name or "input", "regcred.coverage", inside)


def _not_evaluated(item: NotEvaluated) -> str:
    what = object_name(item.object, item.cluster) if item.object is not None else ""
    name = what or (place(item.location) if item.location is not None else "") or item.reason
    where = _text(place(item.location)) if item.location is not None else ""
    inside = f'<skipped message="{_text(f"not evaluated ({item.reason}): {item.message}")}">{where}</skipped>'
    return _case(name, "regcred.coverage", inside)
