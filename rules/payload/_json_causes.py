"""Why a payload is no JSON: the likely cause, told from the text around the place where the decoder stops.

The decoder's message names the character it met, which may belong to a password: the causes here never do.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from linter.rule import NamedTuple, Payload, credentials, lazy

_LONGEST: Final = 256 * 1024
_STRING: Final = lazy(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SINGLE: Final = lazy(r"'(?:[^'\\\n]|\\.)*'")
_BREAK: Final = lazy(r"[\"'/#,]")
_CLOSING: Final = lazy(r"\s*[}\]]")
_YAML: Final = lazy(r"(?:---[ \t]*\r?\n)?\s*[\"']?auths?[\"']?[ \t]*:")
_WRAPPED: Final = lazy(r"\"[A-Za-z0-9+/]{40,}\r?\n[A-Za-z0-9+/=\r\n]*\"")
_ALONE: Final = lazy(
    r"(?:gh[a-z]_|github_pat_|gl[a-z]{1,5}-|dckr_[a-z]{3}_)[\w-]{16,}|(?!\w+://)[^\s:{}\[\]\"'<>]+:[^\s{}\[\]\"'<>]+"
)
"""A token as GitHub, GitLab and Docker Hub write theirs, or a user name and a password."""
_TEMPLATE: Final = lazy(r"\{\{|\{%|<%|\$\{")
_VARIABLE: Final = lazy(r"\$[A-Za-z_(]")
_CURLY: Final = {"\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2018": "'", "\u2019": "'"}


class Cause(NamedTuple):
    """A likely cause: `what` completes "is not JSON: …", `offset` is where to look, `repaired` the text without it."""

    what: str
    offset: int
    repaired: str | None = None
    safe: bool = False


def cause(payload: Payload, error: credentials.PayloadError) -> Cause:
    """Find the likely cause of `error`, the first thing that the decoder cannot accept."""
    content, at = payload.text, error.offset
    if content.startswith("\ufeff"):
        rest = content.lstrip("\ufeff")
        parses = credentials.examine(rest, payload.form).root is not None
        return Cause("it starts with a byte order mark", 0, rest if parses else None, safe=True)
    if "\x00" in content[:64]:
        return Cause("it is UTF-16 text, as PowerShell writes it", at, _accepted(payload, [_without_nul]))
    what, offset = _likely(content, at, error.message)
    if len(content) > _LONGEST:
        return Cause(what, offset)
    steps: list[Callable[[str], str]] = [_in_one_line, _without_comments, _double_quoted, _straight, _without_commas]
    return Cause(what, offset, _accepted(payload, steps))


def _accepted(payload: Payload, steps: list[Callable[[str], str]]) -> str | None:
    """Apply repairs one after the other until the result is a config that every reader accepts."""
    content = payload.text
    for step in steps:
        content = step(content)
        found = credentials.examine(content, payload.form)
        if found.error is None and found.shape == "ok" and found.entries:
            return content
    return None


def _likely(content: str, at: int, message: str) -> tuple[str, int]:
    """What is wrong, and where: the plainest reading of the text at and before the place."""
    char, before = content[at : at + 1], content[:at].rstrip()
    start = content.lstrip()
    if _YAML.match(content):
        return "it looks like YAML", at
    if _ALONE.fullmatch(content.strip()):
        return "it is a credential alone, without the config that says for which registry it is", at
    if start[:1] not in ("{", "[", '"') and not start.startswith(("/", "#")):
        return "it does not begin like a JSON object", at
    mark = _TEMPLATE.search(content, max(at - 2, 0), at + 2)
    if mark:
        return "templating is left over", mark.start()
    if _VARIABLE.match(content, at):
        return "a variable was never substituted", at
    for told in (_punctuation, _in_string, _structure):
        found = told(content, at, char, before, message)
        if found:
            return found
    return "the decoder cannot accept what stands there", at


Told = tuple[str, int] | None


def _punctuation(content: str, at: int, char: str, before: str, message: str) -> Told:
    """Causes that one character gives away."""
    if char == "'":
        return "it has single quotes where JSON wants double ones", at
    if char in _CURLY:
        return "it has typographic quotes where JSON wants straight ones", at
    if (char == "/" and content[at + 1 : at + 2] in ("/", "*")) or char == "#":
        return "JSON has no comments", at
    if char in ("}", "]") and char and before.endswith(","):
        return "a comma stands before a closing bracket", len(before) - 1
    if "looking for beginning of object key" in message and (char.isalnum() or char == "_"):
        return "a member name is written without quotes", at
    return None


def _in_string(content: str, at: int, char: str, before: str, message: str) -> Told:
    """Causes inside a string or right behind one."""
    if "in string literal" in message:
        start = content.rfind('"', 0, at)
        if char in ("\n", "\r") and start >= 0 and _WRAPPED.match(content, start):
            return "a value is broken over several lines", at
        if char in ("\n", "\r"):
            return "a string is not closed before its line ends (a missing or a stray quote)", at
        return "a control character stands inside a string", at
    if "in string escape code" in message or "hexadecimal character escape" in message:
        return "a backslash inside a string is not escaped", content.rfind("\\", 0, at + 1)
    if "after object key:value pair" in message and before.endswith('"'):
        if char == '"' and "\n" in content[len(before) : at]:
            return "a comma is missing between two members", at
        return "a quote inside a value is not escaped, as in a password that contains one", max(len(before) - 1, 0)
    return None


def _structure(content: str, at: int, char: str, before: str, message: str) -> Told:
    """Causes in how brackets and members follow each other."""
    if message == "unexpected end of JSON input":
        return "it is cut off", at
    if "after top-level value" in message:
        rest = content[at:].strip()
        if rest.strip("}] \t\r\n") == "":
            return "there is a closing bracket too many", at
        return "something follows the end of the JSON text", at
    if "after object key:value pair" in message or "after array element" in message:
        return "a comma or a closing bracket is missing", at
    if "after object key" in message:
        return "a colon is missing behind a member name", at
    if char and before.endswith((":", ",", "[", "{")):
        return "a value is missing or not quoted", at
    return None


def _tokens(content: str) -> Iterator[tuple[str, int, int]]:
    """Yield strings, comments and commas with their spans; what lies between is passed over."""
    at = 0
    while True:
        found = _BREAK.search(content, at)
        if found is None:
            return
        start, char = found.start(), found.group()
        end = start + 1
        kind = ","
        if char in "\"'":
            match = (_STRING if char == '"' else _SINGLE).match(content, start)
            kind, end = (char, match.end()) if match else ("", end)
        elif char == "#" or content.startswith("//", start):
            stop = content.find("\n", start)
            kind, end = "#", len(content) if stop < 0 else stop
        elif content.startswith("/*", start):
            stop = content.find("*/", start + 2)
            if stop < 0:
                return
            kind, end = "#", stop + 2
        elif char == "/":
            kind = ""
        if kind:
            yield kind, start, end
        at = end


def _rewritten(content: str, new: Callable[[str, int, int], str | None]) -> str:
    """`content` with every token replaced for which `new` gives a text."""
    parts, at = [], 0
    for kind, start, end in _tokens(content):
        text = new(kind, start, end)
        if text is not None:
            parts += [content[at:start], text]
            at = end
    return "".join([*parts, content[at:]])


def _in_one_line(content: str) -> str:
    """`content` with values put together that `base64` has broken over several lines."""
    return _WRAPPED.sub(lambda found: found.group().replace("\r", "").replace("\n", ""), content)


def _without_comments(content: str) -> str:
    return _rewritten(content, lambda kind, _start, _end: "" if kind == "#" else None)


def _double_quoted(content: str) -> str:
    def new(kind: str, start: int, end: int) -> str | None:
        if kind != "'":
            return None
        inner = content[start + 1 : end - 1].replace("\\'", "'")
        return '"' + re.sub(r'(?<!\\)"', r"\"", inner) + '"'

    return _rewritten(content, new)


def _without_commas(content: str) -> str:
    def new(kind: str, _start: int, end: int) -> str | None:
        return "" if kind == "," and _CLOSING.match(content, end) else None

    return _rewritten(content, new)


def _straight(content: str) -> str:
    return content.translate({ord(curly): straight for curly, straight in _CURLY.items()})


def _without_nul(content: str) -> str:
    return content.replace("\x00", "").lstrip("\ufeff\ufffd")
