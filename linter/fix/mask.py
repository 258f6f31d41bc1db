"""Where credentials stand in a text: spans that a diff must not show. When in doubt, a span is masked.

Three nets lie over each other: what the structure says (values of a Secret, of keys named like credentials), what any
line looks like (base64, tokens, user info in addresses, also in comments and in JSON inside strings), and the very
credentials found, wherever else they are repeated.
"""

import base64
import binascii
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

from linter.errors import FixError
from linter.fix.tree import BREAKS, Node, parse
from linter.secret import MASK, shown

Span = tuple[int, int]

_NAMES: Final = (
    r"auth|authorization|pass|passwd|passphrase|password|pwd|pw|[a-z_.-]*password|identity_?token|registry_?token|"
    r"[a-z_.-]*token|[a-z_.-]*api_?key|[a-z_.-]*secret_?key|[a-z_.-]*access_?key|client_?secret|private_?key(?:_id)?|"
    r"\.?dockerconfigjson|\.?dockercfg|[a-z_.-]*credentials?|bearer"
)
_SENSITIVE: Final = re.compile(rf"(?:{_NAMES})\Z", re.IGNORECASE)
_LEXICAL: Final = re.compile(
    rf"(?<![\w.-])(?:\\{{0,20}}[\"'])?(?P<key>{_NAMES})(?:\\*[\"'])?[ \t]*[:=][ \t]*"
    r"(?P<value>(?P<quote>\\*[\"'])(?:(?!(?P=quote)).)*(?:(?P=quote))?|[^\s,}\]]+)",
    re.IGNORECASE,
)
_RUN: Final = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
_HEX: Final = re.compile(r"(?<!sha256:)(?<![0-9a-zA-Z])[0-9a-f]{32,}(?![0-9a-zA-Z])")
_TOKEN: Final = re.compile(
    r"(?:gh[pousr]_|github_pat_|glpat-|gldt-|glcbt-|dckr_[a-z]+_|sha256~|xox[a-z]-|AKIA|ASIA|ya29\.|eyJ)[A-Za-z0-9_.~+/=-]+"
)
_USER_INFO: Final = re.compile(
    r"(?<=//)[^/\s@\"']+(?=@)|(?<![\w.-])[^\s/@:\"']{1,200}:(?!//)[^\s\"']{1,400}(?=@(?!sha\d{3}:))"
)
_WORDS: Final = re.compile(r"(?i)(?<=\bpassword is )\S+|(?<=\btoken is )\S+|(?<=\bpassword was )\S+")
_QUERY: Final = re.compile(r"(?<=\?)[\w.-]{1,100}=[^\s\"']+")
_BEARER: Final = re.compile(r"(?i)(?<=\bbearer )\S+|(?<=\bbasic )\S+")
_VISIBLE: Final = frozenset(
    {"kind", "apiVersion", "name", "namespace", "type", "image", "serviceAccountName", "secretName"}
)
_CARRIER: Final = re.compile(r"(?:auths|HttpHeaders|stringData|Secret)\\*[\"']|\.dockerc(?:onfigjson|fg)\\*[\"'=]")
_HEADERS: Final = re.compile(r"HttpHeaders\\*[\"']?\s*:[\s#]*(\{[^}]*\}?)")
_TAIL: Final = re.compile(r"(?m)(?:^[ \t#]*[A-Za-z0-9+/]{24,}[ \t\r]*\n)+^[ \t#]*([A-Za-z0-9+/]+={0,2})[ \t\r]*$")
_PLAIN_WORDS: Final = frozenset({"|", ">", "|-", ">-", "true", "false", "null", "~", '""', "''"})
_NAME: Final = 100
"""Signs of the longest key of which it is remembered whether it is named like a credential."""
_LONG: Final = 2_000
"""Signs of the longest line of which it is remembered where it looks like a credential."""
_HARMLESS: Final = re.compile(r"\A(?:[\w.-]+(?::\d+)?(?:/[\w./-]*)?|\W*)\Z")


def sensitive(name: str) -> bool:
    """Tell whether a key is named like something that holds a credential."""
    return (_sensitive if len(name) <= _NAME else _sensitive.__wrapped__)(name)


@lru_cache(maxsize=2048)
def _sensitive(name: str) -> bool:
    return _SENSITIVE.match(name) is not None


def parsed(text: str, format_hint: str) -> list[Node | None] | None:
    """Return the documents of a text, or None when it cannot be parsed."""
    try:
        return parse(text, format_hint)
    except FixError:
        return None


def mask_lines(text: str, roots: list[Node | None] | None, known: Iterable[str] = ()) -> list[str]:
    """Return the lines of `text` (split at line feeds) with every credential replaced; as many lines as before.

    `roots` is what `parsed` makes of the text; without structure to go by, all but keys is masked.
    """
    return _shown_lines(text, structure(roots) if roots is not None else None, known)


def mask_both(
    old: tuple[str, list[Node | None] | None], new: tuple[str, list[Node | None] | None]
) -> tuple[list[str], list[str]]:
    """Return the lines of a text before and after a change, as `mask_lines` does: a credential of one is in none.

    Each text comes with its `parsed` documents; these are gone through once.
    """
    looked = [(text, structure(roots) if roots is not None else None) for text, roots in (old, new)]
    known = set[str]().union(*(_credentials(one.values) for _, one in looked if one is not None))
    before, after = (_shown_lines(text, one, known) for text, one in looked)
    return before, after


def _shown_lines(text: str, found: "Structure | None", known: Iterable[str]) -> list[str]:
    if found is None:
        return [_blind(line) for line in text.split("\n")]
    spans = [*found.hidden, *_lexical(text, found.clear)]
    spans += _repeated(text, known)
    return _masked(text, spans).split("\n")


def _credentials(values: Iterable[tuple[Node, bool]]) -> set[str]:
    """Collect the credentials of all payloads in a text, so that their repetitions elsewhere can be masked too."""
    found: set[str] = set()
    for node, encoded in values:
        if encoded:
            compact = "".join(node.value.split())
            found.add(compact)
            content = decode(compact)
        else:
            content = node.value
            if not _HARMLESS.match(content.strip()):
                found.add(content.strip())
        if content:
            found |= _inside(content)
    return {item for item in found if len(item) >= 5}


def decode(text: str) -> str | None:
    """Return the text behind base64, or None when there is none."""
    try:
        raw = base64.b64decode("".join(text.split()), validate=True)
        return raw.decode("utf-8")
    except (binascii.Error, ValueError):
        return None


def _inside(content: str) -> set[str]:
    """Collect credentials of a docker config: fields named like one, and both halves' secrets behind each `auth`."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return set()
    found: set[str] = set()
    stack = [data]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            for key, value in item.items():
                if isinstance(value, str) and sensitive(str(key)):
                    found |= {value, value.strip(), json.dumps(value)[1:-1]}
                    plain = decode(value + "=" * (-len(value) % 4))
                    if plain and ":" in plain:
                        found |= {plain, plain.partition(":")[2], plain.partition(":")[2].strip()}
                else:
                    stack.append(value)
        elif isinstance(item, list):
            stack.extend(item)
    return found


class Structure(NamedTuple):
    """What the structure of a text says of its parts.

    `values` are the scalars that are a Secret's values, each with whether it is base64; `hidden` are the spans that are
    credentials, `clear` those of structure that no pattern shall mask.
    """

    values: list[tuple[Node, bool]]
    hidden: list[Span]
    clear: list[Span]


def structure(roots: list[Node | None]) -> Structure:
    """Go through all documents of a text once."""
    found = Structure([], [], [])
    stack = [root for root in roots if root is not None]
    while stack:
        node = stack.pop()
        if node.kind == "map":
            _members(node, found)
            for key, value in node.pairs:
                stack.append(key)
                stack.append(value)
        elif node.kind == "seq":
            stack.extend(node.items)
        elif node.kind == "scalar" and _carries(node.value):
            # A text that embeds a payload or a Secret: what in it is a credential is not told apart.
            found.hidden.append((node.begin, node.end))
    found.hidden.extend((leaf.begin, leaf.end) for leaf, _ in found.values)
    return found


def _members(node: Node, found: Structure) -> None:
    """Add what the keys of one mapping say of the values under them."""
    values, hidden, clear = found
    label = next((value for key, value in reversed(node.pairs) if key.value == "name"), None)
    for key, value in node.pairs:
        clear.append((key.begin, key.end))
        name = key.value
        if _holds_values(node, name, value):
            values.extend((leaf, name != "stringData") for leaf in _leaves(value))
        last_applied = name.endswith("last-applied-configuration")
        env = name == "value" and label is not None and sensitive(label.value)
        if last_applied or env or sensitive(name) or name == "literals":
            hidden.extend((leaf.begin, leaf.end) for leaf in _leaves(value) if leaf.value not in _PLAIN_WORDS)
        elif name in _VISIBLE and value.kind == "scalar":
            clear.append((value.begin, value.end))


def _carries(text: str) -> bool:
    """Whether a text embeds a payload or a Secret; most hold none of the signs that the pattern ends with."""
    return ('"' in text or "'" in text or "=" in text) and _CARRIER.search(text) is not None


def _holds_values(node: Node, key: str, value: Node) -> bool:
    if key == "stringData":
        return True
    if key not in ("data", "binaryData") or value.kind == "seq":
        return False
    kind = next((item.value for name, item in node.pairs if name.value == "kind"), "")
    return kind != "ConfigMap"


def _leaves(node: Node) -> Iterator[Node]:
    """All scalars below a node that are values, not keys."""
    stack = [node]
    while stack:
        item = stack.pop()
        if item.kind == "scalar":
            yield item
        if item.kind == "alias" and item.target is not None and item.target.kind == "scalar":
            yield item.target
        stack.extend(value for _, value in item.pairs)
        stack.extend(item.items)


def _lexical(text: str, clear: list[Span]) -> list[Span]:
    """Find spans that look like credentials, in comments and inside strings too."""
    spans = [found.span(1) for pattern in (_HEADERS, _TAIL) for found in pattern.finditer(text)]
    covered = sorted(clear)
    at = 0
    for line in text.split("\n"):
        look = _lexical_of_line if len(line) <= _LONG else _lexical_of_line.__wrapped__
        sure, likely = look(line)
        spans += [(at + start, at + end) for start, end in sure]
        spans += [(at + start, at + end) for start, end in likely if not _within((at + start, at + end), covered)]
        at += len(line) + 1
    return spans


@lru_cache(maxsize=2048)
def _lexical_of_line(line: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Find such spans in one line: those that are masked, and those that are unless they are structure.

    No pattern that is asked here looks beyond a line feed, before or after: a line is what it is in any text.
    """
    spans = [found.span("value") for found in _LEXICAL.finditer(line) if found["value"] not in _PLAIN_WORDS]
    spans = [span for span in spans if line[span[0]] not in "{[&*" or line[span[0] : span[0] + 2] == "{{"]
    for pattern in (_TOKEN, _USER_INFO, _BEARER, _QUERY, _WORDS):
        spans += [found.span() for found in pattern.finditer(line)]
    likely = [found.span() for found in _HEX.finditer(line)]
    for found in _RUN.finditer(line):
        run = found.group()
        mixed = any(char.islower() for char in run) and any(char.isupper() for char in run)
        digits = run.isupper() and any(char.isdigit() for char in run)
        if (mixed and len(run) >= 24) or digits:
            likely.append(found.span())
    return tuple(spans), tuple(likely)


def _within(span: Span, covered: list[Span]) -> bool:
    at = bisect_right(covered, (span[0], 1 << 62)) - 1
    return at >= 0 and covered[at][0] <= span[0] and span[1] <= covered[at][1]


_FEW: Final = 16
_BEGIN: Final = 5
"""So many characters at least has a credential that is looked for elsewhere."""


def _repeated(text: str, known: Iterable[str]) -> list[Span]:
    """Where the `known` credentials stand in the text; of those that begin at one place only the longest."""
    words = sorted(known)
    if len(words) > _FEW and min(map(len, words)) >= _BEGIN:
        return _among_many(text, words)
    spans: list[Span] = []
    for item in words:
        at = text.find(item)
        while at != -1:
            spans.append((at, at + len(item)))
            at = text.find(item, at + 1)
    return spans


def _among_many(text: str, words: list[str]) -> list[Span]:
    """As `_repeated` for any number of sorted words: the text is gone through once, not once for each.

    A word that begins at a place is the last one that sorts before the text there, or one that this one begins with.
    """
    begins: dict[str, tuple[list[str], list[int]]] = {}
    longest: dict[str, int] = {}
    for word in words:
        listed, shorter = begins.setdefault(word[:_BEGIN], ([], []))
        longest[word[:_BEGIN]] = max(longest.get(word[:_BEGIN], 0), len(word))
        at = len(listed) - 1
        while at >= 0 and not word.startswith(listed[at]):
            at = shorter[at]
        listed.append(word)
        shorter.append(at)
    spans: list[Span] = []
    for start in range(len(text) - _BEGIN + 1):
        begin = text[start : start + _BEGIN]
        if begin not in begins:
            continue
        listed, shorter = begins[begin]
        at = bisect_right(listed, text[start : start + longest[begin]]) - 1
        while at >= 0 and not text.startswith(listed[at], start):
            at = shorter[at]
        if at >= 0:
            spans.append((start, start + len(listed[at])))
    return spans


def _masked(text: str, spans: list[Span]) -> str:
    """Replace spans; a span over several lines leaves its line breaks and indentation."""
    parts: list[str] = []
    position = 0
    for start, end in _merged(spans):
        parts.append(text[position:start])
        parts.append(_cover(text[start:end]))
        position = end
    return "".join([*parts, text[position:]])


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(span for span in spans if span[1] > span[0]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


_LINE: Final = re.compile(rf"(?P<lead>[ \t]*)(?P<body>[^{BREAKS}]*)(?P<stop>[{BREAKS}]*)")
_HEAD: Final = re.compile(r"(?P<mark>[|>][0-9+-]*)(?P<rest>[ \t]+#[^\r\n]*|[ \t]*)\Z")


def _cover(value: str) -> str:
    """Mask a value; the header of a block scalar and the quotes of a quoted one stay, for they are layout."""
    covered: list[str] = []
    for found in _LINE.finditer(value):
        body = found["body"]
        header = _HEAD.match(body) if not covered and found["stop"] else None
        if header:
            body = header["mark"]
        elif body.strip():
            quote = body[0] if len(body) > 1 and body[0] in "'\"" and body[-1] == body[0] else ""
            body = f"{quote}{MASK}{quote}" if body.strip("'\"") else body
        covered += [found["lead"], body, found["stop"]]
    return "".join(covered)


def _blind(line: str) -> str:
    """Mask a line of a text that cannot be parsed: only a key in front stays."""
    found = re.match(r"[ \t-]*(?:[\w./-]+:(?=\s|\Z))?", line)
    head = found.group() if found else ""
    return head + (f" {MASK}" if line[len(head) :].strip() else "")


def mask_json(value: Any, key: str = "") -> Any:
    """Return decoded payload data with its credentials replaced: registry keys, user names and structure stay."""
    if isinstance(value, Pairs):
        return Pairs((shown(name, len(name) + 9), mask_json(item, name)) for name, item in value)
    if isinstance(value, list):
        return [mask_json(item, key) for item in value]
    if value is None or isinstance(value, bool) or value == "":
        return value
    if key in ("username", "email", "serveraddress") and isinstance(value, str):
        return MASK if _TOKEN.search(value) or _RUN.search(value) or _HEX.search(value) else value
    return MASK


class Pairs(list[tuple[str, Any]]):
    """The members of a JSON object in order, repeated keys included."""
