"""The change between what was judged before and now: which documents it has written, and what was found before it.

A document that has only moved, within its file or to another, is not written, and what was found in it is not new.
Line ends do not count: git may change them between a commit and the disk.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

from linter.changes import Touch, hits, problem_key, unjudged_key
from linter.documents.split import split
from linter.documents.text import DecodeProblem, decode
from linter.inventory import Inventory
from linter.model import Finding, ObjectRef, Problem, Run, Severity
from linter.sources import Artifact, InputProblem


class Since:
    """A `Change`: the one between the run `before` and now.

    `former` are the artifacts of that run that have changed since or are gone, as they were; `unchanged` tells of an
    artifact of now that it was there and has not changed. With `known` false, what was there is not known in full, and
    nothing counts as untouched.
    """

    def __init__(
        self,
        before: Run,
        former: Mapping[str, Artifact],
        unchanged: Callable[[Artifact], bool],
        remarks: tuple[Problem, ...] = (),
        *,
        known: bool = True,
    ) -> None:
        self.remarks = remarks
        self._before = before if known else None
        self._former = {path: found for path, one in former.items() if (found := documents(one)) is not None}
        self._unchanged = unchanged
        self._found: tuple[Mapping[str, frozenset[int] | None], _Before] | None = None

    def touch(self, artifacts: Mapping[str, Artifact], inventories: Sequence[Inventory]) -> Touch:
        """See `Change`. What was written is looked for once: a repair that judges again is about the same change."""
        if self._found is None:
            matched = _Matched(self._former)
            matched.match({path: one for path, one in artifacts.items() if not self._unchanged(one)})
            self._found = matched.written, _Before(self._before, matched)
        written, known = self._found
        return Touch(lambda path: written.get(path, frozenset()), inventories, known)


class _Matched:
    """Which documents of now were there before, in the same file or in another.

    `written` holds, by path, the numbers of the others (None: all of the file). `moved` tells, of a document before,
    the paths that it has gone to, `renamed` the path that everything of a file has come from.
    """

    def __init__(self, former: Mapping[str, "Texts"]) -> None:
        self.written: dict[str, frozenset[int] | None] = {}
        self.moved: dict[tuple[str, int], set[str]] = defaultdict(set)
        self.renamed: dict[str, str] = {}
        self._left: dict[bytes, dict[str, list[int]]] = defaultdict(dict)
        for path, found in former.items():
            for number, text in enumerate(found.names):
                self._left[text].setdefault(path, []).append(number)

    def match(self, changed: Mapping[str, Artifact]) -> None:
        """Look for the documents of the files that have changed: first where they were, then elsewhere."""
        files: dict[str, Texts] = {}
        for path, artifact in changed.items():
            found = documents(artifact) if artifact.file else None
            self.written[path] = None
            if found is not None:
                files[path] = found
        fresh = {path: self._not_in(path, found.names) for path, found in files.items()}
        for path, numbers in fresh.items():
            self._come(path, files[path], numbers)

    def _not_in(self, path: str, names: Sequence[bytes]) -> list[int]:
        """The numbers of the documents that were not in the same file."""
        return [number for number, name in enumerate(names) if not self._take(name, path)]

    def _take(self, name: bytes, path: str) -> tuple[str, int] | None:
        """Take a document of before by its name and path; None when there is none left."""
        homes = self._left.get(name, {})
        if path not in homes:
            return None
        number = homes[path].pop()
        if not homes[path]:
            del homes[path]
        return path, number

    def _come(self, path: str, found: "Texts", fresh: Sequence[int]) -> None:
        """Tell of those documents of a file that were not in it which are written, and which have come from others."""
        homes = set()
        written = set()
        for number in fresh:
            name = found.names[number]
            home = self._take(name, next(iter(self._left.get(name, {})), ""))
            if home is None:
                written.add(number)
            else:
                self.moved[home].add(path)
                homes.add(home[0])
        self.written[path] = None if written and found.whole else frozenset(written)
        if len(homes) == 1 and not written and len(fresh) == len(found.names):
            self.renamed[path] = homes.pop()


class _Before:
    """What was there before, under the paths of now; without a run nothing is known. See `linter.changes.Known`."""

    def __init__(self, before: Run | None, matched: _Matched) -> None:
        self._findings: dict[str, tuple[Severity, frozenset[ObjectRef]]] = {}
        gone = defaultdict(set)
        for path, home in matched.renamed.items():
            gone[home].add(path)
        for finding in before.findings if before else ():
            at = finding.location
            self._note(finding)
            for path in matched.moved.get((at.path, at.document), ()):
                self._note(finding._replace(location=at._replace(path=path)))
        problems = before.problems if before else ()
        self.problems = frozenset(
            problem_key(one, path) for one in problems for path in ("", *gone.get(one.path, ()))
        )
        unjudged = before.not_evaluated if before else ()
        self.unjudged = frozenset(
            unjudged_key(one, path)
            for one in unjudged
            for path in ("", *(gone.get(one.location.path, ()) if one.location else ()))
        )

    def _note(self, finding: Finding) -> None:
        known = self._findings.get(finding.fingerprint, (finding.severity, frozenset()))
        self._findings[finding.fingerprint] = max(known[0], finding.severity), known[1] | hits(finding)

    def news(self, finding: Finding) -> bool:
        """See `linter.changes.Known`."""
        known = self._findings.get(finding.fingerprint)
        return known is None or finding.severity > known[0] or not hits(finding) <= known[1]


class Texts(NamedTuple):
    """A name for the contents of each document of a file; `whole` where the file counts as one."""

    names: list[bytes]
    whole: bool


def documents(artifact: Artifact) -> Texts | None:
    """The names of the documents of an artifact; None where it holds no text."""
    try:
        text = decode(artifact.read()).text
    except (InputProblem, DecodeProblem):
        return None
    whole = text.lstrip().startswith(("{", "["))
    parts = [text] if whole else [text[chunk.start : chunk.end] for chunk in split(text)]
    return Texts([_name(part) for part in parts], whole)


def _name(text: str) -> bytes:
    """A name for the contents of a document, whatever marks its beginning."""
    plain = text.replace("\r\n", "\n").strip().removeprefix("---").strip()
    return blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=20).digest()
