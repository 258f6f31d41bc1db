"""Whether the file that was read can be edited at all: said before a fix is offered, not when it is refused.

Only files that hold a mark of a reason are looked into, so a scan of plain manifests pays nothing.
"""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Final

from linter.errors import FixError
from linter.model import Applicability, Edit, Finding, Fix, Op, Route
from linter.patterns import lazy

if TYPE_CHECKING:
    from linter.documents.positions import Positions, Span
    from linter.fix.tree import Node

NO_FILE: Final = "standard input cannot be edited in place: --diff shows the change"
IN_ARCHIVE: Final = "it stands in an archive, which is only read: --diff shows the change"
LARGE: Final = "the file is too large to be edited: raise `file` under `limits` in the settings"
"""The obstacles of a fix for what stands in no file of its own."""

_SIGNED: Final = "SOPS signs the whole document: change it with `sops edit`"
_FILLED: Final = "a parameter of the Template fills it in: change the parameter, or what is written in its place"
_TAGGED: Final = "it is tagged !!binary, which YAML decodes: write it without the tag, in base64 under `data`"
_LARGE: Final = 200_000
_EDITED: Final = 2_000_000
"""So many signs of documents are edited to see whether a comment goes: each edit reads all of its document."""
_MARKS: Final = (
    *((b"sops", b"sops"), (b"# Source: ", b"#"), (b"config.kubernetes.io/origin", b"/")),
    *((b"${", b"$"), (b"!!binary", b"!"), (b":binary>", b"!")),
)
"""Each with the part of it that is looked for first: that one sign is nowhere is told soonest."""
_BINARY: Final = lazy(r"(?:&\S+\s+)?(?:!!binary|!<tag:yaml\.org,2002:binary>)\s")
_SOPS: Final = lazy(r"""(?m)^sops:|["']sops["']\s*:""")
_SOPS_MARKS: Final = (b'"sops"', b"\nsops:")
_RENDERED: Final = lazy(r"(?m)^# Source: (\S+)\s*$")
_BUILT: Final = lazy(r"config\.kubernetes\.io/origin:")


class Offers:
    """Judges fixes of one scan. `read` gives the bytes of a path, `editable` tells whether it is a file on disk.

    `large` tells whether a path holds more than may be held whole, which an edit needs. `holds` tells whether some
    bytes stand around a place in a path of which `read` gives nothing, because it was read in windows.
    """

    def __init__(
        self,
        read: Callable[[str], bytes | None],
        editable: Callable[[str], bool],
        large: Callable[[str], bool] = lambda _: False,
        holds: Callable[[str, int, Route, bytes], bool] = lambda *_: False,
    ) -> None:
        self._read = read
        self._editable = editable
        self._large = cache(large)
        self._holds = holds
        self._files: dict[str, _File | None] = {}
        self._commented: dict[str, _File | None] = {}

    def offered(self, finding: Finding) -> Finding:
        """Return the finding, its fix marked with what keeps it out of the file that was read."""
        return finding if finding.fix is None else finding._replace(fix=self.judged(finding.fix))

    def judged(self, fix: Fix) -> Fix:
        """Return the fix, with the obstacle that keeps it out of the file, if there is one."""
        for edit in fix.edits:
            reason = self._obstacle(edit)
            if reason:
                return fix._replace(obstacle=reason)
        if fix.applicability is Applicability.SAFE and any(self._takes_comment(edit) for edit in fix.edits):
            told = f"{fix.summary}; a comment inside goes with it"
            return fix._replace(applicability=Applicability.UNSAFE, summary=told)
        return fix

    def _takes_comment(self, edit: Edit) -> bool:
        """Whether what goes takes a comment along: looked at where a comment can be, in documents of usual size."""
        if edit.op not in (Op.REMOVE, Op.SET):
            return False
        if edit.path not in self._commented:
            data = self._read(edit.path)
            self._commented[edit.path] = _File(edit.path, data) if data is not None and b"#" in data else None
        file = self._commented[edit.path]
        return file is not None and file.loses_comment(edit)

    def _obstacle(self, edit: Edit) -> str:
        if edit.path not in self._files:
            self._files[edit.path] = self._file(edit.path)
        file = self._files[edit.path]
        if self._large(edit.path):
            return LARGE
        if not self._editable(edit.path):
            other = IN_ARCHIVE if "!/" in edit.path else NO_FILE
            return (file.made_of(edit) if file is not None else "") or other
        return file.obstacle(edit) if file is not None else self._in_windows(edit)

    def _in_windows(self, edit: Edit) -> str:
        """Why an edit is not made in what is too large to be looked into whole: told from the bytes around it."""
        there = edit.path, edit.document, edit.route
        if self._holds(*there, b"ENC[") and any(self._holds(*there, mark) for mark in _SOPS_MARKS):
            return _SIGNED
        return _FILLED if "objects" in edit.route and self._holds(*there, b"${") else ""

    def _file(self, path: str) -> "_File | None":
        data = self._read(path)
        if data is None:
            return None
        marked = b"\0" in data[:4] or (b"&" in data and b"*" in data) or any(
            sign in data and mark in data for mark, sign in _MARKS
        )
        doubtful = _no_json(path, data)
        return _File(path, data, doubtful=doubtful) if marked or doubtful else None


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _no_json(path: str, data: bytes) -> bool:
    """Tell whether a file that is edited as JSON is not one value of it: it may have been read as YAML, or in part."""
    if not path.lower().endswith(".json"):
        return False
    import json  # noqa: PLC0415 - few calls offer fixes of JSON

    try:
        json.loads(data, parse_constant=_refused)
    except (ValueError, RecursionError):
        return True
    return False


class _File:
    """One file that holds a mark, or may be damaged: its documents are looked at when an edit asks for them."""

    def __init__(self, path: str, data: bytes, *, doubtful: bool = False) -> None:
        from linter.documents.split import split  # noqa: PLC0415 - few files come here
        from linter.documents.text import DecodeProblem, decode  # noqa: PLC0415 - as above
        from linter.fix.plan import format_of  # noqa: PLC0415 - as above

        try:
            self._text = decode(data).text
        except DecodeProblem:
            self._text = ""
        self._json = format_of(path, self._text) == "json"
        self._chunks = [(0, len(self._text))] if self._json else [(one.start, one.end) for one in split(self._text)]
        self._trees: dict[int, tuple[Node, list[Node]] | None] = {}
        self._positions: Positions | None = None
        self._left = _EDITED
        self._damage = self._unread() if doubtful else ""

    def _unread(self) -> str:
        """Why a text that is no JSON is not edited as such: all of it has to be read for that."""
        from linter.fix.tree import parse  # noqa: PLC0415 - as above

        try:
            parse(self._text, "json")
        except FixError as error:
            return f"{error}: mend that first"
        return ""

    def obstacle(self, edit: Edit) -> str:
        """Why this edit is not made, "" when it can be."""
        number = 0 if self._json else edit.document
        if self._damage or not 0 <= number < len(self._chunks):
            return self._damage
        start, end = self._chunks[number]
        chunk = self._text[start:end]
        if _SOPS.search(chunk) and "ENC[" in chunk:
            return _SIGNED
        made = self.made_of(edit)
        if made:
            return made
        if "objects" in edit.route and "${" in chunk and "${" in self._source(edit, number):
            return _FILLED
        if edit.op is Op.PAYLOAD and "binary" in chunk and _BINARY.match(self._source(edit, number)):
            return _TAGGED
        return "" if self._json else self._shared(edit, number, chunk)

    def made_of(self, edit: Edit) -> str:
        """Why what a tool has built is not edited, "" where nothing says that one did."""
        number = 0 if self._json else edit.document
        if not 0 <= number < len(self._chunks):
            return ""
        start, end = self._chunks[number]
        chunk = self._text[start:end]
        rendered = _RENDERED.search(chunk)
        if rendered:
            return f"it was rendered from {rendered[1]}: change that template or its values, and render again"
        if _BUILT.search(chunk):
            return "kustomize built it from what its origin annotation names: change that, and build again"
        return ""

    def _span(self, edit: Edit, number: int, part: str = "value") -> "Span | None":
        from linter.documents.positions import Positions  # noqa: PLC0415 - as above

        if self._positions is None:
            self._positions = Positions("", self._text.encode("utf-8", "surrogatepass"))
        return self._positions.span(number, edit.route, part)

    def _source(self, edit: Edit, number: int) -> str:
        """The text that stands where the edit is to be made."""
        span = self._span(edit, number)
        return self._text[span.start : span.end] if span is not None else ""

    def loses_comment(self, edit: Edit) -> bool:
        """Whether making this edit alone removes a comment: beyond the bound, whether one may stand in what goes."""
        if self._json or not 0 <= edit.document < len(self._chunks):
            return False
        start, end = self._chunks[edit.document]
        if end - start > _LARGE or "#" not in self._going(edit):
            return False
        if edit.op is Op.SET and not _may_be_collection(self._source(edit, edit.document)):
            return False  # most values are one word, which holds no comment
        self._left -= end - start
        if self._left < 0:
            return True
        from linter.fix.text import edit_text  # noqa: PLC0415 - as above

        try:
            return bool(edit_text(self._text[start:end], [edit._replace(document=0)]).lost_comments)
        except FixError:
            return False

    def _going(self, edit: Edit) -> str:
        """A text that holds all that an edit takes away: of what is removed whole lines, and all of equal keys."""
        key, value = self._span(edit, edit.document, "key"), self._span(edit, edit.document)
        if value is None:
            return ""
        first = min(key.start, value.start) if key is not None else value.start
        if edit.op is Op.SET:
            return self._text[first : value.end]
        above, step = self._at(edit, edit.route[:-1]), edit.route[-1]
        if above is not None and (key is None or self._twice(self._text[key.start : key.end], above)):
            before = self._at(edit, (*edit.route[:-1], step - 1)) if isinstance(step, int) and step else None
            first = before.end if before is not None else above.start
        after = self._text.find("\n", value.end)
        return self._text[self._text.rfind("\n", 0, first) + 1 : after if after >= 0 else len(self._text)]

    def _at(self, edit: Edit, route: Route) -> "Span | None":
        return self._span(edit._replace(route=route), edit.document)

    def _twice(self, key: str, above: "Span") -> bool:
        return self._text.find(key, self._text.find(key, above.start, above.end) + 1, above.end) >= 0

    def _shared(self, edit: Edit, number: int, chunk: str) -> str:
        """Why a YAML anchor keeps the edit out."""
        if "&" not in chunk or "*" not in chunk:
            return ""
        from linter.fix.data import pointer, to_data  # noqa: PLC0415 - as above
        from linter.fix.surgery import Place  # noqa: PLC0415 - as above
        from linter.fix.tree import aliases, parse  # noqa: PLC0415 - as above

        if number not in self._trees:
            try:
                root = parse(chunk, "yaml")[0]
            except (FixError, IndexError):
                root = None
            self._trees[number] = (root, aliases(root)) if root is not None else None
        known = self._trees[number]
        if known is None:
            return ""
        root, uses = known
        try:
            place = Place(root, edit, {id(use.target) for use in uses})
        except FixError as error:
            return str(error)
        key = place.key if edit.op is Op.REMOVE else None
        if edit.op in (Op.REMOVE, Op.SET) and not place.rest and _lends(key or place.node, place.node, uses):
            return f"{pointer(edit.route)} holds a YAML anchor that is used elsewhere: give its uses the value first"
        # What a merge key brings can be overridden by a key of one's own, and in no other way.
        overrides = edit.op is Op.SET and len(place.rest) == 1
        if place.rest and not overrides and place.node.kind == "map" and str(place.rest[0]) in to_data(place.node):
            return f"{pointer(edit.route)} comes from a YAML merge key: change it where its anchor stands"
        return ""


def _may_be_collection(source: str) -> bool:
    """Tell whether a text may be more than one scalar."""
    return ":" in source or source.startswith(("{", "[", "-", "?", "&", "!"))


def _lends(first: "Node", last: "Node", uses: list["Node"]) -> bool:
    """Whether something from one node to another is shown by an alias outside of them."""
    here = range(first.start, last.end)
    return any(use.target is not None and use.target.start in here and use.start not in here for use in uses)
