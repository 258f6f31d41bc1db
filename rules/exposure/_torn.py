"""What a person reads in a config that is no JSON: single quotes, a comma too many, no quotes at all, YAML, a cut."""

import json
from collections.abc import Iterator

from linter.rule import Payload, credentials, lazy

_KEY = lazy(
    r"""(?m)["']([^"'\s{}\[\],]{1,300})["']\s*+:\s*+(?=\{)"""
    r"""|(?<![\w."'/:*-])([\w.:/*-]{1,300}?):(?:\s*+(?=\{)|[ \t]*+$)"""
)
"""A key with a mapping behind it: in quotes, or bare as in YAML and where a shell has taken the quotes."""
_MEMBER = lazy(
    r"""(?i)(?<!\w)(auth|username|password|identitytoken|registrytoken)["']?\s*+:\s*+"""
    r"""(?:(["'])((?:(?!\2)[^\r\n])*+)\2|([^\s"',:{}\[\]]++)(?=[\s,}]))"""
)
"""A member with a value that is whole: what is cut off is no credential."""
_CURLY = str.maketrans("\u201c\u201d\u201e\u2018\u2019", "\"\"\"''")


def torn(content: str) -> Payload:
    """Return what the entries of a text were meant to be; without any where it is no config at all."""
    return credentials.examine(json.dumps({"auths": dict(_entries(content.translate(_CURLY)))}), "dockerconfigjson")


def _entries(content: str) -> Iterator[tuple[str, dict[str, str]]]:
    keys = [*_KEY.finditer(content)]
    ends = [*(found.start() for found in keys), len(content)][1:]
    for found, end in zip(keys, ends, strict=True):
        members = _MEMBER.findall(content, found.end(), end)
        if members:
            yield found[1] or found[2], {name.lower(): quoted or bare for name, _, quoted, bare in members}
