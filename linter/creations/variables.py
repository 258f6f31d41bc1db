"""What stands in place of a name: variables with the values that a text gives them, and names of open parts."""

from collections.abc import Iterator
from itertools import chain
from typing import Final

from linter.creations.words import QUOTES, operands
from linter.patterns import lazy

_ASSIGNED = lazy(r"(?m)\b\w+[ \t]*[:?]?=[ \t]*[\"']?([a-z0-9][-a-z0-9.]*)")
_STATED = lazy(
    r"(?m)^[ \t-]*[\"']?(?:name:[ \t]*[\"']?(\w+)[\"']?[ \t]*\r?\n[ \t]*value|(\w+))[\"']?:[ \t]*"
    r"[\"']?([a-z0-9][-a-z0-9.]*)[\"']?[ \t]*\r?$"
)
"""A variable of a CI or a playbook, and the word that is its value."""
_DEFAULTED = lazy(
    r"(?m)^[ \t]*(?:- )?(?:name:[ \t]*)?[\"']?(\w[\w-]*)[\"']?:?[ \t]*\r?\n"
    r"(?:[ \t]+(?!default:)\w[\w-]*:[ \t]+\S.*\n){0,4}[ \t]+default:[ \t]*[\"']?([a-z0-9][-a-z0-9.]*)[\"']?[ \t]*\r?$"
)
"""An input of a workflow, or a parameter of a pipeline, and the word that it has for want of another."""
_VARIABLE = lazy(r"(?:\$\{?\{?|\$\(|\{\{-?)[ \t]*\.?(?:\w+\.)*([\w-]+)")
_OPEN = lazy(r"\$\{\{?[^{}]*\}?\}|\$\([^()]*\)|\{\{[^{}]*\}\}|\$\w+")
_SHAPE = lazy(r"[a-z0-9*][-a-z0-9.*]*")
_FIXED: Final = 3
"""Signs of a name that must stand fast for it to tell anything where the rest is put in later."""


def filled(written: str) -> bool:
    """Whether a variable or a template is part of what is written."""
    return "$" in written or "{{" in written


def names(written: str) -> list[str]:
    """Return the names of the variables in what is written."""
    return _VARIABLE.findall(written)


def assigned(text: str) -> Iterator[str]:
    """Yield the values that the variables of a text are given."""
    return iter(_ASSIGNED.findall(text))


def stated(text: str, wanted: set[str]) -> Iterator[str]:
    """Yield the values that a CI, a playbook, a workflow or a pipeline gives these variables."""
    pairs = chain(((one or other, word) for one, other, word in _STATED.findall(text)), _DEFAULTED.findall(text))
    yield from (word for name, word in pairs if name in wanted)


def shapes(written: str) -> Iterator[str]:
    """Yield the names that are put together of variables and of what is fixed, each variable as `*`."""
    for word in operands(_OPEN.sub("*", written).split()):
        shape = word.strip(QUOTES)
        if "*" in shape and sum(map(str.isalnum, shape)) >= _FIXED and _SHAPE.fullmatch(shape):
            yield shape
