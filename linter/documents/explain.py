"""Parser errors in words that say what to do, without a word of the text that could not be parsed."""

from typing import TYPE_CHECKING, Final

from linter.patterns import lazy
from linter.record import NamedTuple

if TYPE_CHECKING:
    from linter.documents.build import YAMLError

_DEEP: Final = "no Kubernetes object nests this deep; check what produced the file, or raise `depth` under `limits`"
_REMEDIES: Final = (
    ("mapping values are not allowed", "check the indentation of this line, and quote a value that contains ': '"),
    (
        "cannot start any token",
        "indent with spaces (YAML forbids tabs), and quote values that begin with a special sign",
    ),
    (
        "could not find expected ':'",
        "a long value stands at the left margin or a colon is missing: indent it under its key",
    ),
    ("did not find expected key", "check the indentation: this line fits neither the block before it nor a new one"),
    ("did not find expected '-' indicator", "check the indentation: this line is not an item of the list before it"),
    ("undefined alias", "define the anchor (&name) in the same document, or write the value out"),
    ("inside the value that it stands for", "write the value out: JSON and Kubernetes know no circular values"),
    (
        "expand without bound",
        "write the values out: aliases that multiply each other are refused (`aliases` under `limits` in the settings)",
    ),
    ("nesting depth", _DEEP),
    ("nested too deeply", _DEEP),
    ("document separator", "close the quote that is open before this line"),
    ("unexpected end of stream", "close the quote that is open before this line"),
    ("expected ',' or", "close the bracket or brace that is open before this line"),
    ("control characters", "remove the control character, or save the file as UTF-8 text"),
    ("unknown escape", "use single quotes where a backslash is meant literally"),
)
_DEFAULT: Final = "correct the syntax; `kubectl apply --dry-run=client -f FILE` shows the same error"
_UNPRINTABLE = lazy("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PULL_SECRET_KEY = lazy(r"\.?docker(?:configjson|cfg)(?=[\"']?\s*[:=])")
_MARKS: Final = (("{{", "a Go template or Jinja"), ("{%", "Jinja"), ("<%", "ERB"))


class Trouble(NamedTuple):
    """Why a text could not be parsed: line and column count from 1, relative to that text."""

    reason: str
    remedy: str
    line: int
    column: int


def remedy_for(reason: str) -> str:
    """Return what to do about a parser's complaint."""
    for part, remedy in _REMEDIES:
        if part in reason:
            return remedy
    return _DEFAULT


def explain(error: "YAMLError", text: str) -> Trouble:
    """Translate a parser's error. libyaml and our own refusals never quote the text, which could hold a credential."""
    from yaml.reader import ReaderError  # noqa: PLC0415 - loaded for what is broken only

    if isinstance(error, ReaderError):
        found = _UNPRINTABLE.search(text)
        at = found.start() if found else 0
        column = at - text.rfind("\n", 0, at)
        reason = "control characters are not allowed"
        return Trouble(reason, remedy_for(reason), text.count("\n", 0, at) + 1, column)
    reason = str(getattr(error, "problem", None) or "not YAML")
    mark = getattr(error, "problem_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    return Trouble(reason, remedy_for(reason), line, column)


def template_of(text: str) -> str | None:
    """Name the template language whose marks stand in a text, or `None`."""
    for mark, name in _MARKS:
        if mark in text:
            return name
    return None


def pull_secret_key(text: str) -> tuple[str, int] | None:
    """Return the first `.dockerconfigjson` or `.dockercfg` key in an unparsed text, and its line, counted from 1."""
    match = _PULL_SECRET_KEY.search(text)
    if match is None:
        return None
    return "." + match[0].removeprefix("."), text.count("\n", 0, match.start()) + 1
