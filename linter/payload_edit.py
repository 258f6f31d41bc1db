"""Minimal edits of a payload's JSON text: what is not meant to change keeps every byte, order and space.

Spans are character offsets into the decoded text, as `JsonNode` and `Entry` give them.
"""

from linter.credentials import JsonNode


def replace(text: str, start: int, end: int, new: str) -> str:
    """Return `text` with the characters from `start` to `end` replaced by `new`."""
    return text[:start] + new + text[end:]


def quote(value: str) -> str:
    """Write `value` as a JSON string."""
    import json  # noqa: PLC0415 - only a repair needs it

    return json.dumps(value, ensure_ascii=False)


def remove_member(text: str, node: JsonNode, index: int) -> str:
    """Remove member `index` of the object `node`, with the comma and the line that only it needed."""
    members = node.members
    start, end = members[index][1], members[index][3].end
    if index + 1 < len(members):
        # Up to the next key: its own indentation takes the place of ours.
        return text[:start] + text[members[index + 1][1] :]
    if index > 0:
        return text[: members[index - 1][3].end] + text[end:]
    return text[: node.start + 1] + text[node.end - 1 :]


def insert_member(text: str, node: JsonNode, after: int, key: str, value: str) -> str:
    """Insert `key: value` (JSON text) behind member `after` of the object `node`, spaced like its neighbours.

    With `after` -1 the object must be empty; the member is written without spaces.
    """
    written = f"{quote(key)}{_colon(text, node)}{value}"
    if after < 0 or not node.members:
        return text[: node.start + 1] + written + text[node.end - 1 :]
    member = node.members[after]
    lead = text[node.start + 1 : node.members[0][1]]
    end = member[3].end
    between = lead if after == 0 else _separator(text, node, after)
    return text[:end] + "," + between + written + text[end:]


def wrap(text: str, node: JsonNode, key: str) -> str:
    """Return `text` with the object `node` put under `key` of a new object, indented as it was itself."""
    inner = text[node.start : node.end]
    unit, margin = _indentation(text, node)
    if not unit:
        return replace(text, node.start, node.end, f"{{{quote(key)}{_colon(text, node)}{inner}}}")
    newline = "\r\n" if "\r\n" in inner else "\n"
    deeper = inner.replace("\n", "\n" + unit)
    wrapped = f"{{{newline}{margin}{unit}{quote(key)}{_colon(text, node)}{deeper}{newline}{margin}}}"
    return replace(text, node.start, node.end, wrapped)


def unwrap(text: str, node: JsonNode) -> str:
    """Return `text` with the object `node` replaced by its only member's value, indented as `node` was."""
    inner = node.members[0][3]
    unit, _ = _indentation(text, node)
    return replace(text, node.start, node.end, text[inner.start : inner.end].replace("\n" + unit, "\n"))


def _indentation(text: str, node: JsonNode) -> tuple[str, str]:
    """The unit by which members stand deeper than the object's own line, and the margin of that line; "" for one line.

    A JSON string holds no line break, so every line break is layout.
    """
    if not node.members:
        return "", ""
    lead = text[node.start + 1 : node.members[0][1]]
    tail = text[node.members[-1][3].end : node.end - 1]
    if "\n" not in lead or "\n" not in tail:
        return "", ""
    deep, margin = lead.rpartition("\n")[2], tail.rpartition("\n")[2]
    return (deep[len(margin) :], margin) if deep.startswith(margin) else ("", "")


def _separator(text: str, node: JsonNode, after: int) -> str:
    """The white space between a comma and the key at `after`, as the author writes it."""
    return text[node.members[after - 1][3].end : node.members[after][1]].replace(",", "", 1)


def _colon(text: str, node: JsonNode) -> str:
    if not node.members:
        return ":"
    _, _, key_end, value = node.members[0]
    return text[key_end : value.start]
