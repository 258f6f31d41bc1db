"""The tasks of Ansible that create objects without a manifest."""

from collections.abc import Iterator
from typing import Final

from linter.creations.words import LONGEST
from linter.patterns import lazy

_TASK = lazy(r"(?m)^([ \t]*)(?:- )?(?:[\w.]+\.)?k8s:[ \t]*\r?$")
_TASK_FIELD = lazy(r"(kind|name|state):[ \t]*[\"']?(.*?)[\"']?[ \t]*\r?$")
_MADE: Final = ("Secret", "ServiceAccount")


def objects(text: str) -> Iterator[tuple[str, str]]:
    """Yield kinds and names of the tasks of Ansible that state kind and name beside a definition, or without one."""
    for found in _TASK.finditer(text):
        if text.find("kind:", found.end(), found.end() + LONGEST) < 0:
            continue
        fields: dict[str, str] = {}
        inner = -1
        for line in text[found.end() + 1 : found.end() + LONGEST].splitlines():
            depth = len(line) - len(line.lstrip())
            if line.strip() and depth <= len(found[1]):
                break
            inner = depth if inner < 0 else inner
            field = _TASK_FIELD.match(line.strip()) if depth == inner else None
            if field is not None:
                fields[field[1]] = field[2]
        if fields.get("kind") in _MADE and "name" in fields and fields.get("state") != "absent":
            yield fields["kind"], fields["name"]
