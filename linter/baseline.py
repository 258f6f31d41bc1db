"""The baseline: findings that were there before, as a text file that people review and version control merges.

One finding a line, `fingerprint code object key`, sorted by the fingerprint, so that two branches that add findings
rarely touch the same place, and merge. No time, no line number and no credential, nor the hash of one: the fingerprint
is made of the rule, the object and the key (`Finding.fingerprint`), and only it is compared; the rest is for people.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from linter.errors import UsageError
from linter.excerpts import scrub
from linter.model import Finding

DEFAULT_PATH: Final = ".regcred-baseline"

_HEADER = """\
# Findings that regcred knew before and does not count: regcred check --baseline FILE
# Written by `regcred baseline`. One finding a line: fingerprint, rule, object, key.
"""
_LINE = re.compile(r"^([0-9a-f]{16}) (RC\d{3}|X\d{3}) (\S+)(?: (.*))?$")
_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")


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
    """Read a baseline: its lines by fingerprint. Raises `UsageError` with file and line for what is no such line."""
    try:
        with open(path, encoding="utf-8-sig") as stream:
            text = stream.read()
    except OSError as error:
        raise UsageError(
            f"{path}: the baseline cannot be read: {error.strerror}; `regcred baseline -o {path} PATH` writes one"
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: the baseline is not UTF-8 text; write it anew with `regcred baseline`") from error
    lines: dict[str, str] = {}
    for number, written in enumerate(text.split("\n"), start=1):
        entry = written.strip()
        if not entry or entry.startswith("#"):
            continue
        match = _LINE.match(entry)
        if match is None:
            raise UsageError(f"{path}:{number}: {_damage(entry)}")
        lines[match[1]] = entry
    return lines


def _damage(entry: str) -> str:
    if entry.startswith(_CONFLICT):
        return "a merge conflict was left here: keep the lines of both sides and remove the marks"
    return (
        "this is no line of a baseline, which reads `fingerprint code object key` "
        "(16 hexadecimal digits, then a rule's code): remove it, or write the file anew with `regcred baseline`"
    )


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
