"""How a scalar is written: in the style found when the value fits it, else in the next plainer style that holds it."""

import json
import re
from typing import Any, NamedTuple

from linter.fix.data import resolve

_NUMBERLIKE = re.compile(r"[-+]?(?:\.?[0-9][0-9_:.]*(?:[eE][-+]?[0-9]*)?|0[xob][0-9a-fA-F_]*)\Z")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "nan", "none"})
_PLAIN = re.compile(r"(?![-?:](?:\s|\Z))[^\s\-?:,\[\]{}#&*!|>'\"%@`=<\x00-\x20]")
_CONTROL = re.compile(
    "[^\\t\\n\\x20-\\x7e\\xa0-\\xac\\xae-\\u061b\\u061d-\\u180d\\u180f-\\u200a\\u2010-\\u2027\\u202f-\\u205f"
    "\\u2070-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufff8\\ufffc\\ufffd\\U00010000-\\U000dffff\\U000e0080-\\U0010ffff]"
)
"""What YAML does not print, and what nobody sees: bidirectional controls make a text read as what it is not."""
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}


class Style(NamedTuple):
    """The habits of a document that new text follows."""

    newline: str = "\n"
    indent: int = 2
    list_indent: int = 0
    quote: str = '"'
    blocks: bool = True


def plain_safe(value: str, *, flow: bool = False) -> bool:
    """Tell whether the text means the same string without quotes, in YAML 1.1 and 1.2, also for readers that differ."""
    if not value or value != value.strip() or _CONTROL.search(value) or "\n" in value or "\t" in value:
        return False
    if not (_PLAIN.match(value) or re.match(r"[-?:][^\s,\[\]{}]", value)) or value.startswith(("---", "...")):
        return False
    if ": " in value or " #" in value or value.endswith(":"):
        return False
    if flow and re.search(r"[,\[\]{}]|:\Z|^[-?:]", value):
        return False
    if value.lower() in _WORDS or _NUMBERLIKE.match(value):
        return False
    return isinstance(resolve(value), str)


def quoted(value: str, quote: str) -> str:
    """Write the text in single or double quotes, on one line; double where single cannot hold it."""
    if quote == "'" and "\n" not in value and not _CONTROL.search(value):
        return "'" + value.replace("'", "''") + "'"
    return '"' + "".join(_escape(char) for char in value) + '"'


def _escape(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if not _CONTROL.match(char):
        return char
    number = ord(char)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def scalar_text(value: Any, *, style: str = "", flow: bool = False, quote: str = '"') -> str:
    """Write a scalar on one line: numbers, booleans and null bare, strings in `style` where it holds them."""
    if not isinstance(value, str):
        return json.dumps(value)
    if style in ("'", '"'):
        return quoted(value, style)
    return value if plain_safe(value, flow=flow) else quoted(value, quote)


def json_text(value: Any) -> str:
    """Write a JSON value; characters beyond ASCII stay as they are, those aside that nobody sees."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isascii() else _CONTROL.sub(lambda found: json.dumps(found.group())[1:-1], text)


def block_lines(value: str) -> tuple[str, list[str]] | None:
    """Return the chomping mark and lines of a literal block scalar that holds the text, or None when no block can."""
    if not value.strip("\n") or _CONTROL.search(value):
        return None
    body = value.rstrip("\n")
    tail = len(value) - len(body)
    lines = body.split("\n")
    first = next(line for line in lines if line)
    if first[0] in " \t" or any(line and not line.strip() for line in lines):
        return None
    chomp = "-" if tail == 0 else "" if tail == 1 else "+"
    return chomp, lines + [""] * max(tail - 1, 0)


def literal(value: str, indent: str, newline: str) -> str | None:
    """Write a literal block scalar from its `|` to its last character, without the final line break."""
    found = block_lines(value)
    if found is None:
        return None
    chomp, lines = found
    return newline.join(["|" + chomp, *(indent + line if line else "" for line in lines)])


def render_flow(value: Any, *, as_json: bool, quote: str = '"') -> str:
    """Write plain data on one line, in YAML flow style or as JSON."""
    if isinstance(value, dict):
        pairs = [
            f"{_flow_key(key, as_json, quote)}: {render_flow(item, as_json=as_json, quote=quote)}"
            for key, item in value.items()
        ]
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(render_flow(item, as_json=as_json, quote=quote) for item in value) + "]"
    return json_text(value) if as_json else scalar_text(value, flow=True, quote=quote)


def _flow_key(key: str, as_json: bool, quote: str) -> str:
    return json_text(key) if as_json else scalar_text(key, flow=True, quote=quote)


def render_json(value: Any, margin: str, unit: str, newline: str, colon: str = ": ") -> str:
    """Write plain data as indented JSON; the first line without margin."""
    if not value or not isinstance(value, (dict, list)):
        return json_text(value)
    inner = margin + unit
    if isinstance(value, dict):
        parts = [
            f"{json_text(key)}{colon}{render_json(item, inner, unit, newline, colon)}" for key, item in value.items()
        ]
    else:
        parts = [render_json(item, inner, unit, newline, colon) for item in value]
    opener, closer = ("{", "}") if isinstance(value, dict) else ("[", "]")
    return opener + newline + f",{newline}".join(inner + part for part in parts) + newline + margin + closer


def render_block(value: Any, style: Style, margin: int = 0) -> list[str]:
    """Write plain data as lines of YAML in block style, indented by `margin`."""
    pad = " " * margin
    lines: list[str] = []
    if isinstance(value, list):
        for item in value:
            if isinstance(item, (dict, list)) and item:
                inner = render_block(item, style, margin + 2)
                lines += [f"{pad}- {inner[0].lstrip(' ')}", *inner[1:]]
            else:
                lines += render_leaf(f"{pad}- ", item, style, margin)
        return lines
    for key, item in value.items():
        head = pad + scalar_text(str(key), quote=style.quote)
        if isinstance(item, dict) and item:
            lines += [f"{head}:", *render_block(item, style, margin + style.indent)]
        elif isinstance(item, list) and item:
            lines += [f"{head}:", *render_block(item, style, margin + style.list_indent)]
        else:
            lines += render_leaf(f"{head}: ", item, style, margin)
    return lines


def render_leaf(head: str, value: Any, style: Style, margin: int) -> list[str]:
    """Write one line, or the lines of a literal block, for a scalar or an empty collection after its key or dash."""
    if isinstance(value, str) and "\n" in value and style.blocks:
        block = literal(value, " " * (margin + style.indent), "\n")
        if block is not None:
            return (head + block).split("\n")
    if isinstance(value, (dict, list)):
        return [head + ("{}" if isinstance(value, dict) else "[]")]
    return [head + scalar_text(value, quote=style.quote)]
