"""The report for code scanning services and editors: SARIF 2.1.0."""

import re
from typing import Any, Final
from urllib.parse import quote

from linter.model import (
    ExcerptLine,
    Finding,
    Fix,
    Location,
    NotEvaluated,
    ObjectRef,
    Problem,
    Related,
    RuleInfo,
    Run,
    Scan,
    Severity,
    Suppressed,
)
from reports._jsontext import dump
from reports._markdown import block, code, prose
from reports._phrases import affected_name, how, merged, object_name, proof_counts, strikes
from reports._visible import visible, visible_lines
from reports.contract import Options, Report

REPORT = Report(
    "sarif",
    "SARIF 2.1.0 for code scanning services and editors",
    "application/sarif+json",
    wants=("diffs",),
)

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_BASE: Final = "%SRCROOT%"
_DRIVE: Final = re.compile(r"[A-Za-z]:[\\/]")
_NAMED: Final = 20


def render(run: Run, options: Options) -> str:  # noqa: ARG001 - the contract of a report
    """Return the run as one SARIF log with one run."""
    rules = _rules(run)
    index = {rule.code: number for number, rule in enumerate(rules)}
    results = [_result(finding, index, compared=run.baseline is not None) for finding in run.findings]
    if run.suppressed:  # once one result says whether it is suppressed, all must
        results = [{**result, "suppressions": []} for result in results]
        results += [_suppressed(item, index) for item in run.suppressed]
    driver: dict[str, Any] = {"name": "regcred", "version": run.version, "rules": [_rule(rule) for rule in rules]}
    several = len(run.scans) > 1
    tree = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "invocations": [_invocation(run)],
                "originalUriBaseIds": {_BASE: {"description": _message("The directory that regcred was called from.")}},
                "columnKind": "unicodeCodePoints",
                "results": results,
                "properties": {
                    **_scan(merged(run.scans)),
                    **({"scans": [{"name": one.name, **_scan(one)} for one in run.scans]} if several else {}),
                    "baselined": run.baselined,
                    "untouched": run.untouched,
                },
            }
        ],
    }
    return dump(tree)


def _rules(run: Run) -> list[RuleInfo]:
    """Return the rules that ran, and what can be said of others that findings name."""
    known = {rule.code: rule for rule in run.rules}
    for finding in (*run.findings, *(item.finding for item in run.suppressed)):
        known.setdefault(finding.code, RuleInfo(finding.code, finding.name, "", finding.severity, finding.name))
    return list(known.values())


def _message(text: str, markdown: str = "") -> dict[str, str]:
    """Return a message; in plain text too, `[a](b)` would be a link."""
    message = {"text": text.replace("](", "] (")}
    return {**message, "markdown": markdown} if markdown else message


def _rule(rule: RuleInfo) -> dict[str, Any]:
    sections = [(title, body.strip()) for title, body in rule.sections]
    summary = rule.summary or rule.name
    text = "\n\n".join(f"{title}\n{body}" for title, body in sections) or summary
    markdown = "\n\n".join(f"## {title}\n\n{body}" for title, body in sections) or summary
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": summary},
        "fullDescription": {"text": sections[0][1] if sections and sections[0][1] else summary},
        "help": {"text": text, "markdown": markdown},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "tags": [tag for tag in dict.fromkeys(("kubernetes", "registry-credentials", rule.family)) if tag],
            "fixable": rule.fixable,
        },
    }


def _state(finding: Finding, *, compared: bool) -> str:
    """Return how a result stands to the scan before, or to the baseline; nothing where neither tells."""
    if finding.seen is not None:
        return "new" if finding.seen.new else "unchanged"
    return "new" if compared else ""


def _fix(fix: Fix) -> dict[str, Any]:
    """Return a fix that an editor can make: the lines of each file that others take the place of."""
    changes: dict[str, list[dict[str, Any]]] = {}
    for one in fix.replacements:
        deleted = {
            "startLine": one.line,
            "startColumn": one.column,
            "endLine": one.end_line,
            "endColumn": one.end_column,
        }
        replaced: dict[str, Any] = {"deletedRegion": deleted}
        if one.text:
            replaced["insertedContent"] = {"text": one.text}
        changes.setdefault(one.path, []).append(replaced)
    return {
        "description": _message(visible(f"{fix.summary} ({how(fix)})")),
        "artifactChanges": [
            {"artifactLocation": _uri(path), "replacements": listed} for path, listed in changes.items()
        ],
    }


def _result(finding: Finding, index: dict[str, int], *, compared: bool = False) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index[finding.code],
        "level": _LEVELS[finding.severity],
        "message": _message(_plain(finding), _rich(finding)),
        "locations": [_location(finding.location, finding.object, finding.cluster)],
        "partialFingerprints": {"regcred/v1": finding.fingerprint},
        "properties": {
            "cluster": finding.cluster,
            "key": finding.key,
            "pulls": len(finding.impact.workloads),
            "imports": len(finding.impact.imports),
            "fix": str(finding.fix.applicability) if finding.fix is not None else None,
        },
    }
    state = _state(finding, compared=compared)
    if state:
        result["baselineState"] = state
    if finding.fix is not None and finding.fix.replacements:
        result["fixes"] = [_fix(finding.fix)]
    if finding.related:
        result["relatedLocations"] = [_related(related, number) for number, related in enumerate(finding.related, 1)]
    return result


def _suppressed(item: Suppressed, index: dict[str, int]) -> dict[str, Any]:
    in_source = any(word in item.by.lower() for word in ("comment", "annotation"))
    suppression = {"kind": "inSource" if in_source else "external", "status": "accepted"}
    if item.reason:
        suppression["justification"] = visible(item.reason)
    return {**_result(item.finding, index), "suppressions": [suppression]}


def _fix_line(finding: Finding) -> str:
    if finding.fix is None:
        return ""
    proof = proof_counts(finding.fix)
    return f"{finding.fix.summary} ({how(finding.fix)}{'; ' + proof if proof else ''})"


def _plain(finding: Finding) -> str:
    spot = finding.location.payload
    parts = [
        visible(finding.message),
        visible(f"In the decoded payload: {spot}.") if spot is not None else "",
        visible(finding.detail),
        f"{strikes(finding).capitalize()}." if finding.impact else "",
        visible(f"To do: {finding.remedy}") if finding.remedy else "",
        visible(f"Fix: {_fix_line(finding)}") if finding.fix else "",
        *("\n".join(f"$ {line}" for line in visible_lines(command)) for command in finding.commands),
    ]
    return "\n\n".join(part for part in parts if part)


def _rich(finding: Finding) -> str:
    spot = finding.location.payload
    hits = (*finding.impact.workloads, *finding.impact.imports)
    named = [f"- {code(affected_name(hit))} {code(hit.image)}".rstrip() for hit in hits[:_NAMED]]
    if len(hits) > _NAMED:
        named.append(f"- and {len(hits) - _NAMED:,} more")
    parts = [
        f"**{prose(finding.message)}**",
        f"In {code(object_name(finding.object, finding.cluster))}",
        f"In the decoded payload: {prose(str(spot))}." if spot is not None else "",
        prose(finding.detail),
        f"{strikes(finding).capitalize()}:\n\n" + "\n".join(named) if hits else "",
        f"**To do:** {prose(finding.remedy)}" if finding.remedy else "",
        f"**Fix:** {prose(_fix_line(finding))}" if finding.fix else "",
        *(block(command, "sh") for command in finding.commands),
    ]
    return "\n\n".join(part for part in parts if part)


def _uri(path: str) -> dict[str, str]:
    """Return a path as an artifact location: relative to the source root, or absolute."""
    try:
        raw = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = path.encode("utf-8", "surrogatepass")
    if path.startswith("/"):
        return {"uri": "file://" + quote(raw, safe="/")}
    if _DRIVE.match(path):
        return {"uri": "file:///" + path[0] + ":" + quote(raw[2:].replace(b"\\", b"/"), safe="/")}
    return {"uri": quote(raw.removeprefix(b"./"), safe="/"), "uriBaseId": _BASE}


def _location(location: Location | None, ref: ObjectRef | None, cluster: str = "") -> dict[str, Any]:
    """Return where something stands: the place in the file, the object, or both."""
    tree: dict[str, Any] = {}
    if location is not None and location.path:
        tree["physicalLocation"] = _physical(location)
    if ref is not None and (ref.kind or ref.name):
        name = "/".join(filter(None, (cluster, ref.namespace, ref.kind, ref.name)))
        tree["logicalLocations"] = [{"name": ref.name or ref.kind, "fullyQualifiedName": name, "kind": "resource"}]
    return tree


def _physical(location: Location) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": _uri(location.path)}
    if not location.line:
        return physical
    region = {"startLine": location.line}
    if location.column:
        region["startColumn"] = location.column
    if location.end_line >= location.line:
        region["endLine"] = location.end_line
        one_line = location.end_line == location.line
        if location.column and location.end_column > (location.column if one_line else 0):
            region["endColumn"] = location.end_column
    physical["region"] = region
    if _surrounds(location.excerpt, location.line, max(location.end_line, location.line)):
        snippet = "\n".join(visible(line.text.replace("\t", " ")) for line in location.excerpt)
        first, last = location.excerpt[0].number, location.excerpt[-1].number
        physical["contextRegion"] = {"startLine": first, "endLine": last, "snippet": {"text": snippet}}
    return physical


def _surrounds(excerpt: tuple[ExcerptLine, ...], first: int, last: int) -> bool:
    """Say whether an excerpt is one piece that holds more lines than the region itself, as a context must."""
    if not excerpt:
        return False
    numbers = [line.number for line in excerpt]
    whole = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    return whole and 0 < numbers[0] <= first and last <= numbers[-1] and len(numbers) > last - first + 1


def _related(related: Related, number: int) -> dict[str, Any]:
    return {"id": number, "message": _message(visible(related.message)), **_location(related.location, related.object)}


def _scan(scan: Scan) -> dict[str, Any]:
    return {
        "scope": str(scan.scope),
        "recognised": scan.recognised,
        "proves": scan.proves,
        "artifacts": scan.artifacts,
        "passedOver": dict(scan.skipped),
    }


def _invocation(run: Run) -> dict[str, Any]:
    notes = [_problem(problem) for problem in run.problems] + [_not_evaluated(item) for item in run.not_evaluated]
    tree: dict[str, Any] = {"executionSuccessful": not any(problem.fatal for problem in run.problems)}
    if notes:
        tree["toolExecutionNotifications"] = notes
    return tree


def _problem(problem: Problem) -> dict[str, Any]:
    text = visible(problem.message) + (f"\n\nTo do: {visible(problem.remedy)}" if problem.remedy else "")
    note: dict[str, Any] = {"level": "error" if problem.fatal else "warning", "message": _message(text)}
    if problem.path:
        note["locations"] = [_location(Location(problem.path, line=problem.line, column=problem.column), None)]
    return note


def _not_evaluated(item: NotEvaluated) -> dict[str, Any]:
    text = visible(f"Not evaluated ({item.reason}): {item.message}")
    note: dict[str, Any] = {"level": "note", "message": _message(text)}
    where = _location(item.location, item.object, item.cluster)
    if where:
        note["locations"] = [where]
    if item.rules:
        note["properties"] = {"rules": list(item.rules)}
    return note
