"""The diffs of fixes, credentials masked, for reports that show them, and what editors need to make them.

A fix is tried on the whole file, so the cost of all diffs grows with files times fixes. It is bounded by the text that
is read: the worst findings get their diff first, the rest are left to `--diff`, which makes one diff of all.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeVar

from linter.documents.text import DecodeProblem, decode
from linter.errors import FixError
from linter.excerpts import scrub
from linter.fix.diff import unified
from linter.fix.plan import apply_fixes
from linter.fix.replacements import replacements
from linter.model import Applicability, Finding, Fix, Op, Replacement, Sensitive

_BUDGET: Final = 400_000
"""So many characters of files are read for diffs in one run; about a second of work."""

_LARGEST: Final = 100_000
"""A longer file is left out: it would use up what many small ones need."""

_LONGEST: Final = 200
"""So many lines of one diff are shown."""


_Made = TypeVar("_Made")


class Share(Protocol):
    """Who does some work: see `linter.forks.shared`."""

    def __call__(self, count: int, do: Callable[[int], _Made], /) -> list[_Made]:
        """Return `do(0)`, …, `do(count - 1)`."""


def _alone(count: int, do: Callable[[int], _Made], /) -> list[_Made]:
    return [do(number) for number in range(count)]


def attach(
    findings: Sequence[Finding], read: Callable[[str], bytes | None], share: Share = _alone
) -> tuple[Finding, ...]:
    """Return `findings` with the diffs of their fixes, as far as the bound allows.

    `read` gives the bytes of a path, `share` has several processes make the diffs.
    """
    order = sorted(range(len(findings)), key=lambda at: _weight(findings[at]), reverse=True)
    files: dict[str, tuple[bytes, str] | None] = {}
    left = _BUDGET
    chosen: list[tuple[int, Fix, dict[str, tuple[bytes, str]]]] = []
    for at in order:
        fix = findings[at].fix
        if fix is None or not fix.edits or fix.applicability is Applicability.DISPLAY:
            continue
        paths = sorted({edit.path for edit in fix.edits})
        texts = {path: files[path] if path in files else files.setdefault(path, _read(path, read)) for path in paths}
        known = {path: found for path, found in texts.items() if found is not None}
        cost = sum(len(text) for _, text in known.values())
        if len(known) < len(paths) or cost > left:
            continue
        left -= cost
        chosen.append((at, fix, known))
    done = list(findings)
    made = share(len(chosen), lambda number: _diff(*chosen[number][1:]))
    for (at, fix, _), (diff, replaced) in zip(chosen, made, strict=True):
        done[at] = findings[at]._replace(fix=fix._replace(diff=diff, replacements=replaced))
    return tuple(done)


def _weight(finding: Finding) -> tuple[int, int]:
    return (finding.severity, len(finding.impact.workloads) + len(finding.impact.imports))


def _read(path: str, read: Callable[[str], bytes | None]) -> tuple[bytes, str] | None:
    data = read(path)
    if data is None or len(data) > _LARGEST:
        return None
    try:
        return data, decode(data).text
    except DecodeProblem:
        return None


def _diff(fix: Fix, files: dict[str, tuple[bytes, str]]) -> tuple[str, tuple[Replacement, ...]]:
    """Return what `fix` changes; nothing when it cannot be made, which the fix engine says when it is asked to."""
    outcome = apply_fixes({path: data for path, (data, _) in files.items()}, [fix], unsafe=True)
    try:
        changed = [(path, files[path][1], decode(data).text) for path, data in sorted(outcome.changed.items())]
        parts = [unified(before, after, path) for path, before, after in changed]
        told = [
            replacements(path, before, after, part) for (path, before, after), part in zip(changed, parts, strict=True)
        ]
    except (FixError, DecodeProblem):
        return "", ()
    # A fix is whole: where one file's part cannot be told, none is.
    hidden = bool(fix.obstacle) or any(edit.op is Op.PAYLOAD or isinstance(edit.value, Sensitive) for edit in fix.edits)
    replaced = tuple(one for of_file in told for one in of_file or ()) if all(told) and not hidden else ()
    if any(scrub(one.text) != one.text for one in replaced):
        replaced = ()
    lines = "".join(parts).rstrip("\n").split("\n")
    more = len(lines) - _LONGEST
    diff = "\n".join([*lines[:_LONGEST], f"… and {more} more lines"] if more > 0 else lines)
    return diff, replaced if len(replaced) <= _LONGEST else ()
