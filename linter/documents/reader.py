"""One artifact's bytes to documents: decode, drop what cannot matter, parse the rest, say what could not be read."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from linter.documents import Document, Reading, Templated, collector_off, lists
from linter.documents.bounds import Count, TooManyError, too_many
from linter.documents.dialects import without_logs
from linter.documents.explain import Trouble, explain, pull_secret_key, remedy_for, template_of
from linter.documents.kinds import FIELD_WORDS, looks_like_json, matters
from linter.documents.layouts import implied
from linter.documents.split import Chunk, has_directives, split
from linter.documents.text import GIT_CRYPT, LOCKED, DecodeProblem, decode
from linter.model import Problem
from linter.sources import Limits

if TYPE_CHECKING:
    from linter.documents.build import YAMLError

_BUILD_FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""Kustomize knows these by name: their kind may be absent."""
_LONG = 10_000
"""From this number of characters on, a list of JSON is worth to be read item by item."""


def read_bytes(path: str, data: bytes, limits: Limits) -> Reading:
    """Read one artifact; see `linter.documents.read`."""
    if data.startswith(GIT_CRYPT):
        return Reading(templated=(Templated(path, 1, LOCKED),))
    try:
        text = decode(data).text
    except DecodeProblem as error:
        if not matters(data.decode("latin-1").replace("\0", "")):
            return Reading(skipped=1)
        remedy = "save the file as UTF-8 text"
        return Reading(problems=(Problem(path, f"could not be read: {error}", remedy, error.line, 1),))
    if not text or text.isspace():
        return Reading()
    plain = without_logs(text)
    try:
        with collector_off():
            reading = TextReader(path, plain, limits).read()
    except TooManyError:
        return Reading(problems=(too_many(path, limits),))
    return reading if plain is text else reading._replace(logs=True)


class TextReader:
    """Gathers what one text yields; `above` tells how many lines stand above it, where that is asked.

    `always`: whatever stands in it can matter, by its name.
    """

    def __init__(self, path: str, text: str, limits: Limits, above: Callable[[], int] = lambda: 0) -> None:
        self._above = above
        self._path = path
        self._text = text
        self._limits = limits
        self.always = path.rpartition("/")[2] in _BUILD_FILES or implied(path) is not None
        self._documents: list[Document] = []
        self._problems: list[Problem] = []
        self._templated: list[Templated] = []
        self._skipped = 0
        # The signs of ytt: one is found much quicker than two.
        self._signs = "#" in text and "@" in text and "#@" in text
        self._count = Count(limits)
        self._counted = (0, 0)

    def read(self) -> Reading:
        """Read the text as JSON when it looks like JSON and is, else as YAML."""
        if not looks_like_json(self._text):
            self._yaml(json_like=False)
        elif not self._matters(self._text):
            self._skipped += 1
        elif not self._json():
            self._yaml(json_like=True)
        return Reading(tuple(self._documents), tuple(self._problems), self._skipped, tuple(self._templated))

    def documents(self, chunks: "Sequence[Chunk]") -> Reading:
        """Read the text, which is YAML without directives, as these documents."""
        with collector_off():
            self._chunked(chunks, json_like=False)
        return Reading(tuple(self._documents), tuple(self._problems), self._skipped, tuple(self._templated))

    def _matters(self, text: str) -> bool:
        return self.always or matters(text)

    def _json(self) -> bool:
        """Read JSON; tell whether it was."""
        from linter.documents.jsontext import TooDeepError, json_values  # noqa: PLC0415 - msgspec is loaded for JSON only

        if len(self._text) > _LONG:
            listed = self._listed_json()
            if listed is not None:
                self._count.add(1)
                self._take(0, listed)
                return True
        try:
            values = json_values(self._text, self._limits)
        except TooDeepError as error:
            self._problems.append(Problem(self._path, f"could not be read: {error}", remedy_for(str(error))))
            return True
        if values is None:
            return False
        self._count.add(len(values))
        for number, value in enumerate(values):
            if len(values) == 1 or matters(self._text[value.start : value.end]):
                self._documents.append(Document(self._path, number, value.data))
            else:
                self._skipped += 1
        return True

    def _yaml(self, *, json_like: bool) -> None:
        """Read YAML: as a whole where directives reach over documents, else document by document."""
        if lists.unread(self._text):  # no line of it begins another document
            self._skipped += 1
            return
        if has_directives(self._text) and self._matters(self._text) and self._whole():
            return
        self._chunked(split(self._text), json_like=json_like)

    def _chunked(self, chunks: "Sequence[Chunk]", *, json_like: bool) -> None:
        """Read YAML document by document."""
        self._count.add(len(chunks))
        for number, chunk in enumerate(chunks):
            text = self._text[chunk.start : chunk.end]
            if lists.unread(text) or not self._matters(text):
                self._skipped += 1
                continue
            listed = lists.yaml_list(text, self._limits)
            if listed is not None:
                self._take(number, listed)
                continue
            if self._signs and self._filled(chunk):
                continue
            data = lists.plain(text, self._limits)
            if data is lists.REFUSED:
                self._parse(number, chunk, text, json_like=json_like)
            else:
                self._documents.append(Document(self._path, number, lists.without_managed(data)))

    def _filled(self, chunk: Chunk) -> bool:
        """Tell whether ytt fills in a document, and note it."""
        from linter.documents.ytt import filled_at  # noqa: PLC0415 - few files hold its signs

        line = filled_at(self._text, chunk)
        if line:
            line += self._above() + self._lines(chunk.start)
            self._templated.append(Templated(self._path, line, "ytt template: its comments fill in its values"))
        return line > 0

    def _whole(self) -> bool:
        """Read all documents together; tell whether that could be done."""
        from linter.documents.build import YAMLError, build  # noqa: PLC0415 - PyYAML is loaded where it is needed

        try:
            whole = build(self._text, self._limits)
        except YAMLError:
            return False  # one document is broken: its neighbours are read one by one
        self._count.add(len(whole))
        self._documents.extend(Document(self._path, number, data) for number, data in enumerate(whole))
        return True

    def _parse(self, number: int, chunk: Chunk, text: str, *, json_like: bool) -> None:
        """Read one document by the parser."""
        from linter.documents.build import YAMLError, build  # noqa: PLC0415 - as above

        try:
            built = build(text, self._limits)
        except YAMLError as error:
            self._broken(error, chunk, text, json_like=json_like)
        else:
            self._documents.extend(Document(self._path, number, lists.without_managed(data)) for data in built[:1])

    def _take(self, number: int, found: "lists.ListData") -> None:
        """Take a list that was read item by item."""
        self._count.add(len(found.data["items"]))
        self._documents.append(Document(self._path, number, found.data, found.passed))
        self._skipped += len(found.passed)

    def _listed_json(self) -> "lists.ListData | None":
        """Read a JSON list item by item, where it nests no deeper than anybody may walk."""
        from linter.documents.jsonlists import json_list  # noqa: PLC0415 - as above

        return json_list(self._text, self._limits.depth)

    def _broken(self, error: "YAMLError", chunk: Chunk, text: str, *, json_like: bool) -> None:
        """Say why a document could not be read: a template, JSON that is none, or broken YAML."""
        above = self._above() + self._lines(chunk.start)
        language = template_of(text)
        if language:
            first = next(self._marked_lines(text), 1)
            reason = f"{language} template: not YAML before it is rendered"
            self._templated.append(Templated(self._path, above + first, reason))
            return
        trouble = explain(error, text)
        if json_like and self._path.endswith(".json"):
            trouble = self._json_trouble(text) or trouble
            if not self._manifest_like(text):
                self._skipped += 1
                return
        message = f"could not be read: {trouble.reason}"
        key = pull_secret_key(text)
        if key:
            message += f"; it holds a pull secret that could not be judged ({key[0]} in line {above + key[1]})"
        self._problems.append(Problem(self._path, message, trouble.remedy, above + trouble.line, trouble.column))

    def _lines(self, at: int) -> int:
        """Return how many lines of the text end before an offset, counted on from the last that was asked about."""
        known, lines = self._counted
        lines += self._text.count("\n", known, at)
        self._counted = (at, lines)
        return lines

    @staticmethod
    def _marked_lines(text: str) -> Iterator[int]:
        """Return the lines, counted from 1, that hold a template mark."""
        return (number for number, line in enumerate(text.split("\n"), 1) if template_of(line))

    @staticmethod
    def _manifest_like(text: str) -> bool:
        """Tell whether broken JSON means to be a manifest; tsconfig and its like pass in silence."""
        lowered = text.lower()
        return any(word in lowered for word in FIELD_WORDS) or ('"apiVersion"' in text and '"kind"' in text)

    @staticmethod
    def _json_trouble(text: str) -> Trouble | None:
        from linter.documents.jsontext import json_error  # noqa: PLC0415 - as above

        error = json_error(text)
        if error is None:
            return None
        return Trouble(
            f"not JSON ({error.msg})", "correct the syntax; `jq . FILE` shows the same error", error.lineno, error.colno
        )
