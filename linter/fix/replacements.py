"""What a fix changes, as whole lines that take the place of others: for editors that read it in a report.

Only where the new lines hold nothing that would be masked, so that a report can carry them.
"""

from linter.fix.diff import opcodes, unified
from linter.model import Replacement


def replacements(path: str, before: str, after: str, masked: str) -> tuple[Replacement, ...] | None:
    """Return what turns the text `before` into `after`; None where it holds a credential or is no matter of lines.

    `masked` is the diff of both that may be shown.
    """
    if _added(masked) != _added(unified(before, after, path, mask=False)):
        return None
    old, new = before.split("\n"), after.split("\n")
    found = []
    for tag, one, two, three, four in opcodes(old, new):
        if tag == "equal":
            continue
        if two == len(old):  # the last line has no line break behind it, so that it cannot be taken out as a whole
            if one == two or three == four:
                return None
            text = "\n".join(new[three:four])
            found.append(Replacement(path, one + 1, 1, len(old), len(old[-1]) + 1, text))
        else:
            text = "".join(f"{line}\n" for line in new[three:four])
            found.append(Replacement(path, one + 1, 1, two + 1, 1, text))
    return tuple(found)


def _added(diff: str) -> list[str]:
    """The lines that a diff adds, and how many files it speaks of: a decoded payload is one more."""
    return [line for line in diff.split("\n") if line.startswith("+")]
