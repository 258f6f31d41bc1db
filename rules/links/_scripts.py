"""Containers whose commands create Secrets, as a job does that renews that of a cloud registry."""

from collections.abc import Iterable, Iterator
from typing import Any

from linter.rule import KubeObject, NamedTuple, Workload, dig, lazy, text

_CLIENT = lazy(r"\b(?:kubectl|oc)\b|/api/v1/namespaces/")
_VERB = lazy(r"\b(?:create|apply|replace|patch|new|POST|PUT|PATCH)\b")
_SECRET = lazy(r"\b[Ss]ecrets?\b")
_WORD = lazy(r"(?<![\w.-])[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?(?![\w-])")
_VARIABLE = lazy(r"\bsecret\s+(?:docker-registry|generic)\s+(?:-\S+\s+)*[\"']?\$[({]?(\w+)")
_ASSIGNED = lazy(r"\b(\w+)=[\"']?([^\s\"';&|]*)")


class Script(NamedTuple):
    """A workload that creates Secrets: the words that may be their names, and whether it may give others too."""

    object: KubeObject
    words: frozenset[str]
    open: bool


def scripts(workloads: Iterable[Workload]) -> Iterator[Script]:
    """Yield the workloads of which a container calls kubectl, oc or the API itself to create Secrets."""
    for workload in workloads:
        spec = dig(workload.object.body, *workload.template)
        for field in ("initContainers", "containers"):
            containers = dig(spec, field)
            for container in containers if isinstance(containers, list) else ():
                found = _script(workload.object, container)
                if found is not None:
                    yield found


def _script(item: KubeObject, container: Any) -> Script | None:
    said = " ".join(word for field in ("command", "args") for word in _texts(dig(container, field)))
    if not (_CLIENT.search(said) and _VERB.search(said) and _SECRET.search(said)):
        return None
    given = {text(dig(one, "name")): text(dig(one, "value")) for one in _items(dig(container, "env"))}
    known = {**given, **dict(_ASSIGNED.findall(said))}
    # A variable that is put together, or comes from elsewhere (`envFrom`, `valueFrom`), may hold any name.
    unknown = any("$" in known.get(name, "") or not known.get(name) for name in _VARIABLE.findall(said))
    return Script(item, frozenset((*_WORD.findall(said), *given.values())), unknown)


def _texts(value: Any) -> Iterator[str]:
    return (one for one in _items(value) if isinstance(one, str))


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
