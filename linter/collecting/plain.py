"""Credentials that are ordinary words (`registry`, `metadata`, `5000`): names and fields are called so as well.

Inside a name, a host, an image or a path such a word tells nobody anything, and whoever replaced it there would make
another name of it. By itself it is taken for the credential, but where a name belongs.
"""

import re
from typing import Final

_WORD: Final = r"(?:(?:[A-Z]?[a-z]{2,}+)++|[A-Za-z])\d{0,2}"
_PLAIN: Final = re.compile(rf"(?=.{{1,20}}\Z)(?:\d{{1,5}}|[./]?{_WORD}(?:(?:\.{_WORD})*+|[-_/:]{_WORD})[/:]?)")
"""One word or two, or what looks like a host: longer ones, and what has digits inside, nobody meets by chance."""
_JOINS: Final = "-./_"
_JOINED_AFTER: Final = re.compile(r"[-./_:][A-Za-z0-9]")
_PORT_OF: Final = re.compile(r"(?:\.[A-Za-z0-9-]+|\blocalhost|\]):\Z")
_BEFORE: Final = 64
"""So many signs before a word are looked at."""
_KEY: Final = re.compile(r"[\"']?:(?:\s|\Z)")
_INDENT: Final = re.compile(r"(?:\A|\n)[ \t]*(?:- +)*[\"']?\Z")
_NAMES: Final = re.compile(
    r"(?i)(?:name|namespace|kind|version|type|image|registry|repository|host|server|ref|path|file|url|account|source|mirror"
    r"|pull_?secret)s?$"
)


def plain(credential: str) -> bool:
    """Whether a credential is an ordinary word."""
    return _PLAIN.fullmatch(credential) is not None


def names(field: str) -> bool:
    """Whether a field holds the name of something."""
    return _NAMES.search(field) is not None


def part_of_more(found: re.Match[str]) -> bool:
    """Whether a plain word that was found in a text is only a part of a name there, or the name of a field."""
    text, start, end = found.string, found.start(), found.end()
    if _JOINED_AFTER.match(text, end) or (start > 1 and text[start - 1] in _JOINS and text[start - 2].isalnum()):
        return True
    before = text[max(0, start - _BEFORE) : start]
    if found[0].isdecimal() and (_PORT_OF.search(before) or (before.endswith(":") and text[end : end + 1] == "/")):
        return True
    return _KEY.match(text, end) is not None and _INDENT.search(before) is not None
