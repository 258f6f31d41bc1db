"""Masked excerpts: the lines that a finding points at, in the file and inside the decoded payload, without credentials.

What is shown is chosen, not what is hidden: inside a payload only member names, registry keys and punctuation are kept.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache

from linter.lines import place
from linter.model import ExcerptLine
from linter.patterns import lazy
from linter.secret import MASK

Range = tuple[int, int]

_LONGEST = 160
_LONG_LINE = 2000
_LONG_TEXT = 2**14
_KNOWN_WORDS = frozenset(
    {
        "auths", "auth", "username", "password", "email", "identitytoken", "registrytoken", "credsStore", "credHelpers",
        "HttpHeaders", "serveraddress", "true", "false", "null",
    }
)  # fmt: skip
_VISIBLE = frozenset(
    {
        "apiVersion", "kind", "metadata", "name", "namespace", "type", "image", "spec", "template", "jobTemplate",
        "containers", "initContainers", "ephemeralContainers", "imagePullSecrets", "imagePullSecret", "pullSecret",
        "pullSecrets", "pullSecretRef", "secrets", "serviceAccountName", "serviceAccount", "secretRef", "secretName",
        "from", "tags", "tag", "importPolicy", "insecure", "scheduled", "reference", "referencePolicy", "items", "to",
        "strategy", "dockerStrategy", "sourceStrategy", "customStrategy", "output", "pushSecret", "restartPolicy",
        "automountServiceAccountToken", "replicas", "op", "path", "immutable", "creationTimestamp", "resourceVersion",
        "uid", "data", "stringData", "encryptedData", "target", "destination", "creationPolicy", "selector",
        "matchLabels", "secretGenerator", "registrySources", "insecureRegistries", "mirrors", "source", "objects",
        "dockerImageRepository",
    }
)  # fmt: skip
_NARROW = lazy(r"[\x00-\x7f•…]*")
"""Lines whose every sign takes one cell of a terminal: nearly all of them, masked or not."""
_PAIR = lazy(r"""(?P<key>"[^"]*"|'[^']*'|(?<![\w./$-])[\w./$-]++)[ \t]*:(?=[ \t\r]|$)[ \t]*""")
_SCALAR = lazy(r"""\s*(?:-\s+)*(?P<value>[^\s#-].*)$""")
_REGISTRY = lazy(
    r"^(?:https?://)?[A-Za-z0-9*](?:[A-Za-z0-9.*-]*[A-Za-z0-9])?(?::\d{1,5})?(?:/[A-Za-z0-9._/-]*)?$"
)
_TOKEN = lazy(r'"((?:[^"\\\n]|\\.)*)"|[^\s{}\[\]:,"]+|"')
_CLEAR = r"""(?:auth|password|passwd|identitytoken|registrytoken|token|secret|apikey)["']?\s*[:=]\s*
    (?P<value>"(?:[^"\\]|\\.)*"|'[^']*'|[^\s,}\]]+)"""
_WORD = r"\b(?:password|passwd|passphrase|token|api\ ?key)\s+(?:is|was|=>|->)\s+(?P<value>\S+)"
_IN_LOWER = (lazy(_CLEAR, re.VERBOSE), lazy(_WORD))
_IN_ANY_CASE = (lazy(_CLEAR, re.VERBOSE | re.IGNORECASE), lazy(_WORD, re.IGNORECASE))
_WORDS = (("auth", "passw", "token", "secret", "apikey"), ("passw", "passphrase", "token", "apikey", "api key"))
"""One of these stands in whatever each of the patterns above matches."""
_USER_INFO = lazy(r"(?<=//)[^/@\s]+@|(?<![\w.-])[^\s/@:\"']{1,200}:(?!//)[^\s\"']{1,400}@(?!sha\d{3}:)")
_COMMENT = lazy(r"(?:^|(?<=\s))#(?:\s*regcred:\s*ignore\[[^\]]{0,200}\])?")
_BASE64_RUN = lazy(r"(?<![\w.@:/-])[A-Za-z0-9+/_-]{40,}={0,2}(?![\w.@:/-])")
_LONG_RUN = "a" * 40
_AS_RUNS = {sign: "a" for sign in range(128) if chr(sign).isalnum() or chr(sign) in "+/_-"}
"""Makes the least that is such a run `_LONG_RUN`."""
_JWT = lazy(r"(?<![\w-])(?=[\w-]+\.[\w-]+\.)[\w-]*?eyJ[\w-]+\.[\w-]+\.[\w-]*")


def file_excerpt(
    text: str, start: int, end: int, hidden: Sequence[Range], *, line: int, before: int = 1, values: bool = True
) -> tuple[ExcerptLine, ...]:
    """The line at `start` (a character offset, on line number `line`) with up to `before` lines of context.

    `hidden` are the ranges to mask: sorted, and not overlapping. With `values` everything is masked that is not
    the field of a manifest known to be harmless, or the very scalar that is pointed at.
    """
    begin, stop = _bounds(text, start)
    if stop - begin > _LONG_LINE:
        return (_sliver(text, start, end, hidden, line),)
    context = 0
    while context < min(before, line - 1):
        earlier = text.rfind("\n", max(begin - 1 - _LONG_LINE, 0), begin - 1) + 1
        if begin - earlier > _LONG_LINE:
            break
        begin, context = earlier, context + 1
    near = list(_near(hidden, begin, stop))
    lines = []
    for number in range(line - context, line + 1):
        stop = _bounds(text, begin)[1]
        caret = (start, max(min(end, stop), start + 1)) if number == line else None
        lines.append(_line(text, begin, stop, number, caret, near, values=values))
        begin = stop + 1
    return tuple(lines)


def _bounds(text: str, at: int) -> Range:
    """The line around `at`, looked for no further than a line is readable: minified files have lines of megabytes."""
    low, high = max(at - _LONG_LINE, 0), at + _LONG_LINE
    begin = text.rfind("\n", low, at)
    stop = text.find("\n", at, high)
    return (begin + 1 if begin >= 0 else low, stop if stop >= 0 else min(high, len(text)))


def _sliver(text: str, start: int, end: int, hidden: Sequence[Range], line: int) -> ExcerptLine:
    """What is pointed at in a line too long to show, alone: masked unless it is one harmless scalar."""
    pointed = text[start : min(end, start + _LONGEST)]
    masked = (
        _scalar(text, (start, min(end, start + _LONGEST))) is None
        or any(low < end and high > start for low, high in _near(hidden, start, end))
        or any(True for _ in _plain_secrets(pointed))
    )
    shown = MASK if masked else pointed
    return ExcerptLine(line, f"… {shown} …", 3, 3 + len(shown))


def _near(hidden: Sequence[Range], begin: int, stop: int) -> Iterator[Range]:
    """The ranges that touch the text from `begin` to `stop`."""
    index = max(bisect_left(hidden, (begin, 0)) - 1, 0)
    while index < len(hidden) and hidden[index][0] < stop:
        yield hidden[index]
        index += 1


def _line(
    text: str, begin: int, stop: int, number: int, caret: Range | None, hidden: list[Range], *, values: bool
) -> ExcerptLine:
    """Mask one line piece by piece, so that the caret still stands under what it marks.

    With `values`, also the values of all fields but the harmless ones of a manifest.
    """
    inside = [(max(low, begin), min(high, stop)) for low, high in hidden if low < stop and high > begin]
    line = text[begin:stop]
    inside += [(begin + low, begin + high) for low, high in _secrets_of_line(line)]
    if values:
        pointed = _scalar(text, caret) if caret else None
        for low, high in _values_of_line(line):
            inside += _without((begin + low, begin + high), pointed)
    shown, marks, position = "", [0, 0], begin
    for low, high in [*_merged(inside), (stop, stop)]:
        shown, position = _copy(text, position, low, shown, marks, caret)
        if high > low:
            _mark(marks, caret, low, high, len(shown), len(shown) + len(MASK))
            shown += MASK
            position = high
    shown = shown.rstrip("\r")
    if caret is None:
        return ExcerptLine(number, _cropped(shown, 0, 0)[0])
    low = min(marks[0] or 1, len(shown) + 1)
    high = max(min(marks[1], len(shown) + 1), low + 1)
    shown, low, high = _cropped(shown, low - 1, high - 1)
    return ExcerptLine(number, shown, low + 1, high + 1)


def _cropped(text: str, low: int, high: int) -> tuple[str, int, int]:
    """Return as much of a line as is shown, around what is marked from `low` to `high`, and where that stands in it.

    The widths are a terminal's: wide characters take two cells. What is left out is told by an ellipsis at each side.
    """
    if len(text) <= _LONGEST // 2 or _cells(text) <= _LONGEST:
        return text, low, high
    last = min(high, len(text))
    begin, end, marked = (_window if _NARROW.fullmatch(text) is not None else _wide_window)(text, low, last)
    before, after = "…" if begin else "", "…" if end < len(text) else ""
    low, high = low - begin + len(before), min(high, marked) - begin + len(before)
    return f"{before}{text[begin:end]}{after}", low, max(high, low + 1)


def _window(text: str, low: int, last: int) -> tuple[int, int, int]:
    """As `_wide_window`, of a line whose every sign takes one cell."""
    room = _LONGEST - 2
    marked = end = max(min(last, low + room), low)
    room -= end - low
    begin = low - min(low, room // 2)
    room -= low - begin
    if marked == last:
        end = min(len(text), end + room)
        room -= end - marked
    return max(begin - room, 0), end, marked


def _wide_window(text: str, low: int, last: int) -> tuple[int, int, int]:
    """Return from where to where a line is shown that is marked from `low` to `last`, and how far the mark is shown."""
    room = _LONGEST - 2
    begin, end = low, low
    while end < last and (width := _cells(text[end])) <= room:
        end, room = end + 1, room - width
    marked = end
    # Half of what is left for either side; what one of them has no use for is the other's.
    lead = 0
    while begin > 0 and (width := _cells(text[begin - 1])) + lead <= room // 2:
        begin, lead = begin - 1, lead + width
    room -= lead
    while end < len(text) and marked == last and (width := _cells(text[end])) <= room:
        end, room = end + 1, room - width
    while begin > 0 and (width := _cells(text[begin - 1])) <= room:
        begin, room = begin - 1, room - width
    return begin, end, marked


def _cells(text: str) -> int:
    """How many cells of a terminal a text takes."""
    if text.isascii() or _NARROW.fullmatch(text) is not None:
        return len(text)
    import unicodedata  # noqa: PLC0415 - most lines are ASCII

    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
    return len(text) + wide - sum(unicodedata.combining(sign) != 0 for sign in text)


def _copy(text: str, position: int, low: int, shown: str, marks: list[int], caret: Range | None) -> tuple[str, int]:
    if low > position:
        _mark(marks, caret, position, low, len(shown), None)
        shown += text[position:low]
    return shown, max(position, low)


def _mark(marks: list[int], caret: Range | None, low: int, high: int, at: int, masked_end: int | None) -> None:
    """Carry the caret from offsets of the text into columns of the shown line."""
    if caret is None or caret[1] <= low or caret[0] >= high:
        return
    start = at + 1 + (0 if masked_end is not None else max(caret[0] - low, 0))
    marks[0] = marks[0] or start
    marks[1] = masked_end + 1 if masked_end is not None else at + 1 + min(caret[1], high) - low


def _merged(ranges: list[Range]) -> Iterator[Range]:
    current: Range | None = None
    for low, high in sorted(ranges):
        if current is None:
            current = (low, high)
        elif low <= current[1]:
            current = (current[0], max(current[1], high))
        else:
            yield current
            current = (low, high)
    if current is not None:
        yield current


def _plain_secrets(line: str) -> Iterator[Range]:
    """What looks like a credential in any text: the second line of defence, for what no record knows.

    Most lines hold nothing that a pattern could begin with, which costs far less to see than the pattern does.
    """
    if line.isascii():
        lowered = line.lower()
        for pattern, words in zip(_IN_LOWER, _WORDS, strict=True):
            if any(word in lowered for word in words):
                yield from (found.span("value") for found in pattern.finditer(lowered))
    else:  # where more letters than these fold to them, and where lowering can change the length
        for pattern in _IN_ANY_CASE:
            yield from (found.span("value") for found in pattern.finditer(line))
    if "@" in line:
        yield from (found.span() for found in _USER_INFO.finditer(line))
    runs = line.translate(_AS_RUNS)
    at = runs.find(_LONG_RUN)
    while at >= 0 and (found := _BASE64_RUN.search(line, at)) is not None:
        yield found.span()
        at = runs.find(_LONG_RUN, found.end())
    if "eyJ" in line and line.count(".") > 1:  # base64 begins so too, and has no dots
        yield from (found.span() for found in _JWT.finditer(line))


@lru_cache(maxsize=16)
def _secrets_of_line(line: str) -> tuple[Range, ...]:
    """As `_plain_secrets`: several findings point at one line of a payload."""
    return tuple(_plain_secrets(line))


@lru_cache(maxsize=16)
def _values_of_line(line: str) -> tuple[Range, ...]:
    """As `_hidden_values`: a line is shown for what points at it and beside its neighbours."""
    return tuple(_hidden_values(line))


def _hidden_values(line: str) -> Iterator[Range]:
    """The values in one line of YAML or JSON whose field is not known to be harmless, and what belongs to no field."""
    position, first = 0, True
    comment = _comment(line)
    if comment >= 0:
        yield (comment, len(line))
        line = line[:comment]
    while True:
        pair = _PAIR.search(line, position)
        if pair is None:
            rest = _SCALAR.match(line, position) if first else None
            if rest and not rest.group("value").startswith(("{", "[", "}", "]", ",")):
                yield rest.span("value")
            return
        first = False
        key, start = pair.group("key").strip("\"'"), pair.end()
        opened = line[start : start + 1] in ("{", "[")
        if key in _VISIBLE:
            position = start + 1 if opened else _value_end(line, start)
        else:
            position = len(line) if opened else _value_end(line, start)
            yield (start, position)
        if position >= len(line):
            return


def _comment(line: str) -> int:
    """Where the text of a comment begins, behind a suppression; -1 where there is none, or only space."""
    if "#" not in line:
        return -1
    quote = ""
    for at, sign in enumerate(line):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign == "#" and (found := _COMMENT.match(line, at)):
            return found.end() if line[found.end() :].strip() else -1
    return -1


def _value_end(line: str, start: int) -> int:
    """Where the scalar at `start` ends: behind its closing quote, at the end of its flow item, or of the line."""
    quote = line[start : start + 1]
    if quote in ('"', "'"):
        end = line.find(quote, start + 1)
        while end > 0 and quote == '"' and line[end - 1] == "\\":
            end = line.find(quote, end + 1)
        return end + 1 if end > 0 else len(line)
    if "{" in line[:start] or "[" in line[:start]:
        found = re.search(r"[,}\]]", line[start:])
        return start + found.start() if found else len(line)
    return len(line)


def _scalar(text: str, caret: Range) -> Range | None:
    """The range that is pointed at, when it is one scalar: that is what the finding speaks of."""
    pointed = text[caret[0] : caret[1]]
    return None if re.search(r"[{}\[\]\n]|: ", pointed) else caret


def _without(one: Range, shown: Range | None) -> list[Range]:
    if shown is None or shown[1] <= one[0] or shown[0] >= one[1]:
        return [one]
    return [part for part in ((one[0], shown[0]), (shown[1], one[1])) if part[1] > part[0]]


def scrub(message: str) -> str:
    """Mask what looks like a credential in a text of unknown origin (a parser's message, an event)."""
    for low, high in reversed(list(_merged(list(_plain_secrets(message))))):
        message = message[:low] + MASK + message[high:]
    return message


def payload_excerpt(text: str, start: int, end: int, *, before: int = 2) -> tuple[ExcerptLine, ...]:
    """The line of a decoded payload at `start` with context; every value is masked, valid JSON or not."""
    return (_remembered if len(text) <= _LONG_TEXT else _payload_excerpt)(text, start, end, before)


def _payload_excerpt(text: str, start: int, end: int, before: int) -> tuple[ExcerptLine, ...]:
    line, _ = place(text, start)
    return file_excerpt(text, start, end, payload_values(text), line=line, before=before, values=False)


_remembered = lru_cache(maxsize=256)(_payload_excerpt)
"""One payload stands in many namespaces, and is found fault with in each."""


@lru_cache(maxsize=4)
def payload_values(text: str) -> tuple[Range, ...]:
    """Ranges of everything in a payload that is not a member name, a registry key or punctuation."""
    ranges = []
    for found in _TOKEN.finditer(text):
        word = found.group(1)
        if word is None:
            word = found.group(0)
            if word == '"' or word in _KNOWN_WORDS:
                continue
            ranges.append(found.span())
        elif not (word in _KNOWN_WORDS or (_is_key(text, found.end()) and _registry_like(word))):
            ranges.append((found.start() + 1, found.end() - 1) if word else found.span())
    return tuple(one for one in ranges if one[1] > one[0])


def _is_key(text: str, end: int) -> bool:
    return text[end : end + 8].lstrip().startswith(":")


def _registry_like(word: str) -> bool:
    return len(word) <= 200 and bool(_REGISTRY.match(word)) and ("." in word or ":" in word or "localhost" in word)
