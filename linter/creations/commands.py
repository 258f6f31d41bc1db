"""The commands of kubectl, oc, Tanzu and eksctl that create Secrets and service accounts."""

from collections.abc import Iterator
from typing import Final

from linter.creations.words import LONGEST, QUOTES, after, operands
from linter.patterns import lazy

_CLIENT = lazy(r"\b(?:kubectl|oc)\b")
_SECRETS = lazy(r"\bsecrets?\b")
CREATES = (_CLIENT, lazy(r"\b(?:create|apply|replace)\b"), _SECRETS)
"""The words of a command that creates a Secret, in their order; its name stands after them."""
_TYPED = (*CREATES[1:], lazy(r"\b(?:docker-registry|generic|tls)\b"))
"""Those of one whose client has another name: a variable, an alias, a list."""
_TYPED_APART = lazy(
    r"\bcreate[\s\"',-]+secret[\s\"',-]+(?:docker-registry|generic|tls)[\s\"',-]+([a-z0-9$][-\w.(){}]*)"
)
"""The same, one word to a line or in quotes: lists of arguments, folded scalars."""
_OTHERS = (lazy(r"\b(?:tanzu|kp)\b"), _SECRETS, lazy(r"\b(?:add|create)\b"))
"""Those of the tools of Tanzu, `tanzu secret registry add NAME` and `kp secret create NAME`."""
_OLDER = (lazy(r"\boc\b"), _SECRETS, lazy(r"[ \t]new(?:-\w+)?[ \t]"))
"""Those of `oc secrets new-dockercfg NAME`."""
_READS = (lazy(r"\b(?:get|export)\b"), _SECRETS)
"""Those of one that reads a Secret; where it is piped into the next, a copy is made."""
_TAKES = (lazy(r"\b(?:create|apply|replace)\b"), lazy(r"[ \t](?:-f|--filename)\b"))
_ENDS = lazy(r"\|\||&&|;")
"""What ends a command, and is no pipe."""
_PIPED_LINES: Final = 5
"""Lines after a pipe at the end of a line that are looked at for what takes the copy."""
_ACCOUNT = lazy(r"serviceaccount|\bsa\b")
_ACCOUNT_APART = lazy(r"\bcreate[\s\"',-]+(?:sa|serviceaccount)[\s\"',-]+([a-z0-9$][-\w.(){}]*)")
_TOOL = lazy(r"\b(?:kubectl|oc|eksctl)[ \t]")


def creates_accounts(text: str) -> bool:
    """Whether a text may hold a command that creates a service account."""
    return "create" in text and _ACCOUNT.search(text) is not None


def secrets(lines: list[str]) -> Iterator[str]:
    """Yield what stands after the words that create a Secret, or copy one: its name is among it."""
    for number, line in enumerate(lines):
        if "secret" not in line:
            continue
        yield after(line, CREATES) or after(line, _TYPED) or after(line, _OTHERS) or after(line, _OLDER)
        read, pipe, then = _ENDS.split(after(line, _READS), 1)[0].partition("|")
        if pipe and not line.lstrip().startswith("|"):  # which is a table's row
            following = lines[number + 1 : number + 1 + _PIPED_LINES]
            if after(_ENDS.split(_whole(then, following), 1)[0], _TAKES):
                yield read
    yield from _TYPED_APART.findall("\n".join(lines))


def accounts(lines: list[str]) -> Iterator[str]:
    """Yield the names that commands give service accounts."""
    for line in lines:
        yield from _accounts(line)
    yield from _ACCOUNT_APART.findall("\n".join(lines))


def _whole(line: str, following: list[str]) -> str:
    """A pipe with what follows on the next lines, as long as each ends in a pipe."""
    for more in following:
        if line.strip() and not line.rstrip().endswith("|"):
            break
        line += more
    return line


def _accounts(line: str) -> Iterator[str]:
    """The names that the commands of a line give service accounts: those of kubectl and oc, and that of eksctl."""
    if "create" not in line:
        return
    begins = [*_TOOL.finditer(line)]
    ends = [*(found.start() for found in begins), len(line)][1:]  # none where nothing begins
    for found, end in zip(begins, ends, strict=True):
        words = [word.strip(QUOTES) for word in line[found.end() : min(end, found.end() + LONGEST)].split()]
        first, second, third = (*operands(words), "", "", "")[:3]
        if (first, second) == ("create", "iamserviceaccount"):
            given = zip(words, [*words[1:], ""], strict=True)
            yield from (value for word, value in given if word == "--name")
            yield from (word.removeprefix("--name=") for word in words if word.startswith("--name="))
        elif first == "create" and second in ("sa", "serviceaccount"):
            yield third
