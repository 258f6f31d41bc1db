"""The baseline: findings that were there before, as a text file that people review and version control merges.

One finding a line, `fingerprint code object key`, sorted by the fingerprint, so that two branches that add findings
rarely touch the same place. Where they do, git's union driver takes the lines of both (the header says how); without it
the marks that git leaves are read as that union, and `regcred baseline` settles the conflict. No time, no line number
and no credential, nor the hash of one: the fingerprint is made of the rule, the object and the key
(`Finding.fingerprint`), and only it is compared; the rest is for people.
"""

import re
from collections.abc import Iterable, Mapping
from io import StringIO
from typing import Final, NamedTuple

from linter.errors import UsageError
from linter.excerpts import scrub
from linter.files import given
from linter.model import Finding

DEFAULT_PATH: Final = ".regcred-baseline"
MOST: Final = 64 * 2**20
"""The most bytes of a baseline: half a million findings."""

_HEADER = """\
# Findings that regcred knew before and does not count: regcred check --baseline FILE
# Written by `regcred baseline`. One finding a line: fingerprint, rule, object, key.
# For merges without conflicts, in .gitattributes: NAME-OF-THIS-FILE merge=union
"""
_LINE = re.compile(r"^([0-9a-f]{16}) (RC\d{3}|X\d{3}) (\S+)(?: (.*))?$")
_MARK = re.compile(r"^(<{7}|\|{7}|={7}|>{7})(?: .*)?$")
_FOLLOWS: Final[Mapping[str, str]] = {"": "<", "<": "|=", "|": "=", "=": ">"}
"""Which mark of a conflict may come after which."""
_TORN = "a merge conflict was left here in part: keep the lines of both sides and remove the marks"
_DAMAGED = (
    "this is no line of a baseline, which reads `fingerprint code object key` "
    "(16 hexadecimal digits, then a rule's code): remove it, or write the file anew with `regcred baseline`"
)


class Update(NamedTuple):
    """A baseline rewritten: its lines by fingerprint, and how many came and went."""

    lines: Mapping[str, str]
    added: int
    removed: int


def line(finding: Finding) -> str:
    """The line of one finding, without a line break."""
    ref = finding.object
    where = finding.location.path if not ref.namespace else ""
    parts = filter(None, (finding.cluster, where, ref.namespace, ref.kind, ref.name))
    subject = "/".join(_plain(part).replace(" ", "\N{OPEN BOX}") for part in parts) or "-"
    return f"{finding.fingerprint} {finding.code} {subject} {_plain(scrub(finding.key))}".rstrip()


def _plain(text: str) -> str:
    """Text on one line: what a terminal or an editor could act on is replaced."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def load(path: str) -> dict[str, str]:
    """Read a baseline: its lines by fingerprint; of a conflict that git left in it, the lines of both sides.

    Raises `UsageError` with file and line for what is no such line.
    """
    try:
        text = given(path, MOST).decode("utf-8-sig")
    except OSError as error:
        raise UsageError(
            f"{path}: the baseline cannot be read: {error.strerror}; `regcred baseline -o {path} PATH` writes one"
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: the baseline is not UTF-8 text; write it anew with `regcred baseline`") from error
    lines: dict[str, str] = {}
    side = ""
    for number, written in enumerate(StringIO(text), start=1):  # one by one: there may be millions of short ones
        entry = written.strip()
        if not entry or entry.startswith("#"):
            continue
        mark = _MARK.match(entry)
        if mark is not None:
            if mark[1][0] not in _FOLLOWS[side]:
                raise UsageError(f"{path}:{number}: {_TORN}")
            side = mark[1][0].replace(">", "")
        # Between "|||||||" and "=======" stands what was there before both sides: only they count.
        if mark is not None or side == "|":
            continue
        match = _LINE.match(entry)
        if match is None:
            raise UsageError(f"{path}:{number}: {_DAMAGED}")
        lines[match[1]] = entry
    if side:
        raise UsageError(f"{path}: {_TORN}")
    return lines


def update(old: Mapping[str, str], findings: Iterable[Finding], ran: Iterable[str], known: Iterable[str]) -> Update:
    """Bring a baseline up to date: what is found now is in it, what has vanished is not.

    Lines of rules that exist (`known` codes) and did not run (`ran`) are kept: nothing was learned about them.
    """
    asleep = frozenset(known) - frozenset(ran)
    lines = {fingerprint: entry for fingerprint, entry in old.items() if entry.split(" ", 2)[1] in asleep}
    lines.update({finding.fingerprint: line(finding) for finding in findings})
    return Update(lines, len(lines.keys() - old.keys()), len(old.keys() - lines.keys()))


def render(lines: Mapping[str, str]) -> str:
    """The text of a baseline."""
    return _HEADER + "".join(f"{entry}\n" for entry in sorted(lines.values()))
