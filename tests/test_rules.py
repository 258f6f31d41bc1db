"""Every rule's examples: what must fire, at which place, what must be silent, and what a fix makes of it.

An example is a file in tests/rules/<family>/<rule>/. Its leading `#:` lines say what is expected (a JSON file has them
in a file of the same name with `.expect` behind it):

    #: scope cluster                      the scope (default: manifests)
    #: config openshift-version: "4.4"    one line of .regcred.yaml
    #: RC307 info 12:7 "part of the message"
    #: RC307 info 12:7 "…" repaired    the finding has a repair, which is shown by another example
    #: payload 3:14                       the finding above stands there inside the decoded payload
    #: hits 4                             the finding above breaks so many pulls and imports
    #: not-evaluated 2                    so many things could not be judged

The set of all findings of all rules must equal the list. `fires-x.fixed.yaml` is `fires-x.yaml` after `--fix`,
`fires-x.unsafe.yaml` after `--fix --unsafe-fixes`; a second run must change nothing.
"""

import json
import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from linter.__main__ import main

ROOT = Path(__file__).parent / "rules"
EXPOSURE = ("RC701", "RC703")
_FINDING = re.compile(r'^(RC\d{3}) (error|warning|info) (\d+):(\d+)(?: "(.*)")?( repaired)?$')


class Expected(NamedTuple):
    """One expected finding."""

    code: str
    severity: str
    line: int
    column: int
    text: str
    payload: tuple[int, int] | None = None
    hits: int | None = None
    repaired: bool = False


class Example(NamedTuple):
    """One example file with what it declares."""

    path: Path
    scope: str
    config: str
    findings: tuple[Expected, ...]
    not_evaluated: int | None


def _header(path: Path) -> list[str]:
    expect = path.with_name(path.name + ".expect")
    source = expect if expect.exists() else path
    lines = []
    for line in source.read_text(encoding="utf-8-sig").splitlines():
        if not line.startswith("#:"):
            break
        lines.append(line[2:].strip())
    return lines


def _example(path: Path) -> Example:
    scope, config, found, withheld = "manifests", [], [], None
    for line in _header(path):
        word, _, rest = line.partition(" ")
        match = _FINDING.match(line)
        if match:
            code, severity, row, column, text, repaired = match.groups()
            found.append(Expected(code, severity, int(row), int(column), text or "", repaired=bool(repaired)))
        elif word == "scope":
            scope = rest
        elif word == "config":
            config.append(rest)
        elif word == "payload":
            row, _, column = rest.partition(":")
            found[-1] = found[-1]._replace(payload=(int(row), int(column)))
        elif word == "hits":
            found[-1] = found[-1]._replace(hits=int(rest))
        elif word == "not-evaluated":
            withheld = int(rest)
        else:
            raise AssertionError(f"{path}: what does {line!r} mean?")
    return Example(path, scope, "\n".join(config) + "\n" if config else "", tuple(found), withheld)


def _files(prefix: str) -> list[Path]:
    if not ROOT.exists():
        return []
    found = [path for path in ROOT.rglob(f"{prefix}-*") if path.suffix in (".yaml", ".yml", ".json")]
    return sorted(path for path in found if not re.search(r"\.(fixed|unsafe)\.", path.name))


def _ids(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _check(example: Example, target: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> Any:
    settings = tmp_path / "settings.yaml"
    settings.write_text(example.config or "{}\n", encoding="utf-8")
    words = ["check", str(target), "--scope", example.scope, "--format", "json", "--config", str(settings), *more]
    code = main(words)
    output = capsys.readouterr()
    assert "--fix" in more or not output.err, f"regcred {shlex.join(words)}: {output.err}"
    assert code in (0, 1, 3), output.out
    return json.loads(output.out)


def _readable(findings: list[dict[str, Any]]) -> str:
    return "\n".join(
        f'#: {one["code"]} {one["severity"]} {one["location"]["line"]}:{one["location"]["column"]} "{one["message"]}"'
        for one in findings
    )


def _relevant(result: Any, example: Example) -> list[dict[str, Any]]:
    asked = {expected.code for expected in example.findings}
    own = example.path.parent.name.replace("_", "-")
    return [
        one for one in result["findings"] if one["code"] in asked or one["code"] not in EXPOSURE or one["name"] == own
    ]


@pytest.mark.parametrize("path", _files("fires"), ids=_ids)
def test_fires(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = _example(path)
    assert example.findings, "an example that must fire says what it expects"
    result = _check(example, path, tmp_path, capsys)
    found = _relevant(result, example)
    told = _readable(found)
    left = list(found)
    for expected in example.findings:
        at = [one for one in left if _agrees(one, expected)]
        assert at, f"not found: {expected}\nfound:\n{told}"
        left.remove(at[0])
    assert not left, f"not expected:\n{_readable(left)}"
    for one in result["findings"]:
        assert not re.match(r"(?:an?|the|one|this) |.*\.$", one["message"]), f"not in the style: {one['message']}"
    if example.not_evaluated is not None:
        assert len(result["coverage"]["not_evaluated"]) == example.not_evaluated, result["coverage"]["not_evaluated"]


def _agrees(found: dict[str, Any], expected: Expected) -> bool:
    at = found["location"]
    if (found["code"], found["severity"]) != (expected.code, expected.severity) or expected.text not in found[
        "message"
    ]:
        return False
    if (at["line"], at["column"]) != (expected.line, expected.column):
        return False
    if expected.payload is not None:
        inside = at.get("payload") or {}
        if (inside.get("line"), inside.get("column")) != expected.payload:
            return False
    hits = len(found["impact"]["workloads"]) + len(found["impact"]["imports"])
    return expected.hits is None or hits == expected.hits


@pytest.mark.parametrize("path", _files("silent"), ids=_ids)
def test_silent(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = _example(path)
    result = _check(example, path, tmp_path, capsys)
    assert not _relevant(result, example), _readable(result["findings"])
    assert not result["coverage"]["problems"], result["coverage"]["problems"]
    if example.not_evaluated is not None:
        assert len(result["coverage"]["not_evaluated"]) == example.not_evaluated, result["coverage"]["not_evaluated"]


@cache
def _fixes() -> list[tuple[Path, str]]:
    pairs = []
    for path in _files("fires"):
        for kind in ("fixed", "unsafe"):
            if path.with_name(f"{path.stem}.{kind}{path.suffix}").exists():
                pairs.append((path, kind))
    return pairs


@pytest.mark.parametrize(
    ("path", "kind"), _fixes(), ids=lambda value: _ids(value) if isinstance(value, Path) else value
)
def test_fix(path: Path, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = _example(path)
    target = tmp_path / path.name
    target.write_bytes(path.read_bytes())
    wanted = path.with_name(f"{path.stem}.{kind}{path.suffix}").read_bytes()
    options = ("--fix",) if kind == "fixed" else ("--fix", "--unsafe-fixes")
    code = path.parent.name.replace("_", "-")
    result = _check(example, target, tmp_path, capsys, *options, "--select", code)
    assert target.read_bytes().decode() == wanted.decode()
    fixable = {one["fix"]["applicability"] for one in result["findings"] if one["fix"]}
    assert not fixable & ({"safe"} if kind == "fixed" else {"safe", "unsafe"}), _readable(result["findings"])
    _check(example, target, tmp_path, capsys, *options, "--select", code)
    assert target.read_bytes() == wanted, "a second run must change nothing"


@pytest.mark.parametrize(
    "path", [path for path, kind in _fixes() if kind == "unsafe" and (path, "fixed") not in _fixes()], ids=_ids
)
def test_what_may_change_the_meaning_is_left_to_those_who_ask_for_it(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / path.name
    target.write_bytes(path.read_bytes())
    _check(_example(path), target, tmp_path, capsys, "--fix", "--select", path.parent.name.replace("_", "-"))
    assert target.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    "path", [path for path in _files("fires") if path not in {repaired for repaired, _ in _fixes()}], ids=_ids
)
def test_what_has_no_repair_is_left_as_it_is(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example, target = _example(path), tmp_path / path.name
    target.write_bytes(path.read_bytes())
    code = path.parent.name.replace("_", "-")
    _check(example, target, tmp_path, capsys, "--fix", "--unsafe-fixes", "--select", code)
    assert (target.read_bytes() != path.read_bytes()) is any(one.repaired for one in example.findings)


@pytest.mark.parametrize(
    ("example", "told"),
    [
        ("uncovered_image/fires-older-pods.yaml", "kubectl delete pod web-1 -n shop"),
        ("uncovered_image/fires-older-job.yaml", "kubectl delete job nightly-1 -n shop"),
        ("failing_pull/fires-older-pod.yaml", "kubectl rollout restart statefulset/web -n shop"),
    ],
)
def test_what_was_made_before_a_list_named_a_secret_is_made_anew(
    example: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pod keeps its list, and a job its template: no link is to be added."""
    place = str(Path(__file__).parent / "rules" / "pulls" / example)
    main(["check", place, "--scope", "cluster", "--select", "pulls", "--format", "json", "--fail-on", "never"])
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["commands"], finding["fix"]) == ([told], None)
