"""The report for GitHub Actions: workflow commands that become annotations on the lines of a pull request."""

from collections.abc import Iterator
from typing import Final

from linter.model import Finding, Problem, Run, Severity, Suppressed
from reports._phrases import passed_over, position, strikes, summary_line, taken_for
from reports._visible import visible, visible_lines
from reports.contract import Options, Report

REPORT = Report("github", "annotations of GitHub Actions (workflow commands)", "text/plain")

_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(run: Run, options: Options) -> str:  # noqa: ARG001 - the contract of a report
    """Return one workflow command a finding, the worst first: GitHub shows only the first few of each level."""
    order = sorted(
        run.findings, key=lambda f: (-f.severity, -len(f.impact.workloads) - len(f.impact.imports), position(f))
    )
    lines = [visible(taken_for(scan, run)) for scan in run.scans]
    lines += [_problem(problem) for problem in run.problems] + [_finding(finding) for finding in order]
    # What is accepted is told in the log, not on the lines of the pull request.
    lines += [_suppressed(item) for item in run.suppressed]
    last = "; ".join(filter(None, (summary_line(run), visible(passed_over(run)))))
    return "\n".join([*lines, last]) + "\n"


def _suppressed(item: Suppressed) -> str:
    finding, reason = item.finding, item.reason or "no reason given"
    where = f"{finding.location.path}:{finding.location.line}" if finding.location.path else str(finding.object)
    return visible(f"suppressed by {item.by}: {finding.code} {finding.name}, {where}: {reason}")


def _data(text: str) -> str:
    """Escape a message as the runner's toolkit does."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape a property as the runner's toolkit does; no control reaches the log either."""
    return _data(visible(text)).replace(":", "%3A").replace(",", "%2C")


def _command(name: str, properties: dict[str, str | int], message: str) -> str:
    """Return one workflow command; properties without a value are left out."""
    given = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items() if value)
    return f"::{name} {given}::{_data(message)}"


def _finding(finding: Finding) -> str:
    where = finding.location
    properties: dict[str, str | int] = {"file": where.path.removeprefix("./")}
    if where.path and where.line:
        properties["line"] = where.line
        if where.end_line > where.line:
            properties["endLine"] = where.end_line
        else:  # columns are only valid on one line
            properties["col"] = where.column
            properties["endColumn"] = where.end_column if where.end_line and where.end_column > where.column else 0
    properties["title"] = f"{finding.code} {finding.name}"
    return _command(_COMMANDS[finding.severity], properties, "\n".join(_message(finding)))


def _message(finding: Finding) -> Iterator[str]:
    yield visible(finding.message)
    if finding.location.payload is not None:
        yield visible(f"In the decoded payload: {finding.location.payload}")
    if finding.detail:
        yield visible(finding.detail)
    if finding.impact:
        yield f"{strikes(finding).capitalize()}."
    if finding.remedy:
        yield visible(f"To do: {finding.remedy}")
    if finding.fix is not None:
        yield visible(f"Fix ({finding.fix.applicability}): {finding.fix.summary}")
    for command in finding.commands:
        yield from (f"$ {line}" for line in visible_lines(command))


def _problem(problem: Problem) -> str:
    properties: dict[str, str | int] = {"file": problem.path, "line": problem.line, "col": problem.column}
    properties["title"] = "regcred could not read this"
    text = visible(problem.message) + (f"\nTo do: {visible(problem.remedy)}" if problem.remedy else "")
    return _command("error" if problem.fatal else "warning", properties, text)
