"""The resources of Terraform, and the values that its variables have of themselves."""

from collections.abc import Iterator

from linter.patterns import lazy

_RESOURCE = lazy(r'(?m)^[ \t]*resource[ \t]+"kubernetes_(secret|service_account)(?:_v1)?"')
_RESOURCE_ENDS = lazy(r"(?m)^\}|^[ \t]*resource[ \t]")
_RESOURCE_NAME = lazy(r'(?m)(?:^|\{)[ \t]*name[ \t]*=[ \t]*(.*)')
_VARIABLE_DEFAULT = lazy(r"(?m)^[ \t]*default[ \t]*=[ \t]*\"([a-z0-9][-a-z0-9.]*)\"")


def objects(text: str) -> Iterator[tuple[str, str]]:
    """Yield kinds of resources, each with what is written for its name."""
    for found in _RESOURCE.finditer(text):
        end = _RESOURCE_ENDS.search(text, found.end())
        name = _RESOURCE_NAME.search(text, found.end(), end.start() if end is not None else len(text))
        if name is not None:
            # A name without quotes is that of a variable.
            written = name[1].strip()
            yield "Secret" if found[1] == "secret" else "ServiceAccount", written if '"' in written else "$"


def defaults(text: str) -> Iterator[str]:
    """Yield the values that variables of Terraform have where nobody gives them another."""
    return iter(_VARIABLE_DEFAULT.findall(text))
