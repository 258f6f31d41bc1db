"""`--fix`, `--diff` and `--fix-dir`: fixes in rounds, judged again after each, proved together, then written."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from linter import engine
from linter.cli._say import say
from linter.documents.text import decode
from linter.errors import FixError, UsageError
from linter.exhausted import ExhaustedError, wanting
from linter.fix.diff import unified
from linter.fix.offer import IN_ARCHIVE, NO_FILE
from linter.fix.plan import apply_fixes, declined
from linter.fix.write import write_changed
from linter.model import Applicability, Finding, Fix, Proof, Scope
from linter.proof import Prover, compare
from linter.proof.verdicts import summed
from linter.sources import Artifact, InputProblem

_MOST_ROUNDS = 20
_SHOWN = (NO_FILE, IN_ARCHIVE)


class _Repaired(NamedTuple):
    """The end of all rounds: files as they would be, the result of judging them, and the fixes that were made."""

    files: dict[str, bytes]
    originals: dict[str, bytes]
    result: engine.Result
    applied: tuple[Fix, ...]
    refused: tuple[tuple[Fix, str], ...]


def repair(request: engine.Request, result: engine.Result, arguments: argparse.Namespace) -> engine.Result:
    """Carry out what `arguments` ask for and return the result to report: after `--fix`, that of the repaired files."""
    if arguments.fix_dir:
        _write_fix_dir(result, arguments)
    if not (arguments.fix or arguments.diff):
        return result
    if any(path.startswith("cluster:") for path in request.paths):
        raise UsageError("a live cluster has no files to repair: use --fix-dir, which writes manifests and commands")
    if arguments.fix and "-" in request.paths and not arguments.diff:
        raise UsageError("standard input cannot be repaired in place: use --diff, or name the file")
    _refuse_members(request, result, arguments)
    repaired = _rounds(request, result, unsafe=arguments.unsafe_fixes, shown=not arguments.fix)
    if arguments.diff:
        _print_diff(repaired, mask=not arguments.show_secrets)
    if arguments.fix:
        real = {path: result.artifacts[path].file for path in repaired.files}
        write_changed(
            {real[path]: content for path, content in repaired.files.items()},
            {real[path]: repaired.originals[path] for path in repaired.files},
        )
    _tell(repaired, result, made=arguments.fix)
    return repaired.result if arguments.fix else result


def _refuse_members(request: engine.Request, result: engine.Result, arguments: argparse.Namespace) -> None:
    """Refuse to repair what stands in an archive: it is only ever read, and one from a pipe only once."""
    if not arguments.fix and "-" not in request.paths:
        return
    fixes = [finding.fix for finding in result.run.findings if finding.fix]
    allowed = [fix for fix in fixes if not declined(fix, unsafe=arguments.unsafe_fixes)]
    touched = {edit.path for fix in allowed for edit in fix.edits}
    members = sorted(path for path in touched if "!/" in path and not result.artifacts[path].file)
    if members:
        raise UsageError(f"{members[0]} stands in an archive, which is only read: use --fix-dir, or unpack it")


def offered(findings: Iterable[Finding], *, unsafe: bool, shown: bool = False) -> list[Fix]:
    """The fixes that may be made: safe ones, with `unsafe` the others too; never one that is only for display.

    What stands in no file is edited only to be `shown`.
    """
    allowed = {Applicability.SAFE, Applicability.UNSAFE} if unsafe else {Applicability.SAFE}
    return [
        finding.fix
        for finding in findings
        if finding.fix and finding.fix.edits and finding.fix.applicability in allowed
        if not finding.fix.obstacle or (shown and finding.fix.obstacle in _SHOWN)
    ]


def _obstructed(findings: Iterable[Finding]) -> Iterator[tuple[Fix, str]]:
    for finding in findings:
        fix = finding.fix
        if fix and fix.obstacle not in ("", *_SHOWN) and fix.applicability is not Applicability.DISPLAY:
            yield fix, fix.obstacle
        elif fix and fix.obstacle and not fix.edits:
            yield fix._replace(summary=fix.summary.removesuffix(f" ({fix.obstacle})")), fix.obstacle


def _rounds(request: engine.Request, result: engine.Result, *, unsafe: bool, shown: bool) -> _Repaired:
    """Make fixes until none is left: fixes that touch each other wait for the next round, which judges the new text."""
    originals: dict[str, bytes] = {}
    files: dict[str, bytes] = {}
    applied: list[Fix] = []
    refused: dict[str, tuple[Fix, str]] = {}
    short = _short(result)
    for _ in range(_MOST_ROUNDS):
        fixes = offered(result.run.findings, unsafe=unsafe, shown=shown)
        paths = {edit.path for fix in fixes for edit in fix.edits}
        for path in paths - originals.keys():
            originals[path] = _judged(result.artifacts[path])
        agree = _agreeing([Prover(inventory) for inventory in result.inventories])
        current = {path: files.get(path, originals[path]) for path in paths}
        outcome = apply_fixes(current, fixes, unsafe=unsafe, agree=agree)
        for fix, reason in outcome.refused:
            refused[f"{fix.summary}\0{reason}"] = (fix, reason)
        if not outcome.changed:
            break
        applied.extend(outcome.applied)
        files.update(outcome.changed)
        judged = engine.run(request._replace(overlay={**request.overlay, **files}, stdin=None))
        if len(judged.inventories) < len(result.inventories) or _short(judged) > short:
            raise ExhaustedError("what the fixes leave was judged, so nothing was changed")
        result = judged
    for fix, reason in _obstructed(result.run.findings):
        refused[f"{fix.summary}\0{reason}"] = (fix, reason)
    changed = {path: content for path, content in files.items() if content != originals[path]}
    return _Repaired(changed, originals, result, tuple(applied), tuple(refused.values()))


def _short(result: engine.Result) -> int:
    """How often memory ran out while something was read or judged: what is left of it is no ground for a fix."""
    return sum(map(wanting, result.run.problems))


def _agreeing(provers: Sequence[Prover]) -> Callable[[Sequence[Fix]], bool]:
    """What proves fixes of one payload together: they may break and remove only what one of them does alone.

    A credential that several entries have is gone once all their fixes are made, which is what each says of its own.
    """

    def agree(fixes: Sequence[Fix]) -> bool:
        alone = [fix.proof for fix in fixes if fix.proof is not None]
        try:
            together = summed(prover.together(fixes) for prover in provers)
        except FixError:
            return False
        broken = {line for proof in alone for line in proof.broken}
        removed = {line for proof in alone for line in (*proof.removed, *proof.elsewhere)}
        return broken.issuperset(together.broken) and removed.issuperset(together.removed)

    return agree


def _judged(artifact: Artifact) -> bytes:
    """Return the bytes that were judged: a fix is made for them, and may mean something else in others."""
    try:
        return artifact.read()
    except InputProblem as error:
        said = f"{error.problem.path} {error.problem.message}"
        raise FixError(f"{said}; check it again before it is fixed; nothing was changed") from None


def _print_diff(repaired: _Repaired, *, mask: bool) -> None:
    for path in sorted(repaired.files):
        text = unified(decode(repaired.originals[path]), decode(repaired.files[path]), path, mask=mask)
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
        sys.stdout.buffer.flush()


def _tell(repaired: _Repaired, before: engine.Result, *, made: bool) -> None:
    """Sum up on standard error, so that a report on standard output stays what it is."""
    for fix, reason in repaired.refused:
        say(f"not repaired: {fix.summary}: {reason}")
    if not repaired.files:
        sys.stderr.write(f"regcred: nothing {'was' if made else 'would be'} changed\n")
        return
    done = f"{_count(len(repaired.applied), 'fix', 'fixes')} in {_count(len(repaired.files), 'file')}"
    sys.stderr.write(f"regcred: {done}{'' if made else ' would be made'}\n")
    proof = compare(before.inventories, repaired.result.inventories)
    say(summary(proof))
    if made and any(scan.scope is Scope.CLUSTER for scan in before.run.scans):
        sys.stderr.write("regcred: this changed the dump, not the cluster: --fix-dir writes what repairs the cluster\n")


def summary(proof: Proof) -> str:
    """One sentence of what the fixes do to the pulls, builds and imports of the scan."""
    parts = [
        f"{_count(len(proof.repaired), 'pull, build or import', 'pulls, builds or imports')} from failing to working",
        f"{len(proof.broken) or 'none'} the other way" + (f" ({', '.join(proof.broken)})" if proof.broken else ""),
        f"{proof.unchanged} unchanged",
    ]
    if proof.kept:
        parts.append(_count(len(proof.kept), "entry of edited secrets stays", "entries of edited secrets stay"))
    if proof.removed:
        parts.append(f"removed: {', '.join(proof.removed)}")
    return "; ".join(parts)


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _write_fix_dir(result: engine.Result, arguments: argparse.Namespace) -> None:
    from linter.fix.manifests import build  # noqa: PLC0415 - only --fix-dir needs it
    from linter.fix.write import write_new  # noqa: PLC0415 - as above

    objects = [item for inventory in result.inventories for item in inventory.objects]
    provers = [Prover(inventory) for inventory in result.inventories]
    made = build(
        objects,
        result.run.findings,
        unsafe=arguments.unsafe_fixes,
        credentials=not arguments.no_credentials,
        prove=lambda fixes: summary(summed(prover.together(fixes) for prover in provers)),
        agree=_agreeing(provers),
        several=len(result.inventories) > 1,
    )
    for fix, reason in made.refused:
        if fix.obstacle == reason:
            say(f"not written: {fix.summary}")
    if not made.files:
        say(f"no finding has a fix to write into {arguments.fix_dir}")
        return
    write_new(arguments.fix_dir, {path: (file.text.encode(), file.mode) for path, file in made.files.items()})
    carriers = sorted(path for path, file in made.files.items() if file.carries_credential)
    say(f"{_count(len(made.files), 'file')} in {arguments.fix_dir}; read README.md there first")
    if carriers:
        names = ", ".join(os.path.join(arguments.fix_dir, path) for path in carriers)
        say(f"with credentials, mode 0600: {names}")
