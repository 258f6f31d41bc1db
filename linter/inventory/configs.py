"""Pull secrets that stand as text in documents that are no objects: an install-config.yaml, variables of Ansible.

They are no Secrets yet, and nothing pulls with them: whoever reads the file makes one of them. Only text that begins
as a config and holds entries counts; what a template fills in, or stands in for it, is none.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from linter.credentials import examine, placeholder, redacted
from linter.documents import Document
from linter.documents.objects import KubeObject
from linter.inventory.paths import text
from linter.inventory.records import DOCKERCONFIGJSON, INSTALL_CONFIG, PullSecret, State
from linter.model import Route
from linter.patterns import lazy
from linter.secret import Sensitive

_VARIABLE: Final = "Variable"
_FIELD: Final = "pullsecret"
_OTHERS: Final = frozenset({"baseDomain", "platform", "controlPlane", "networking"})
"""Fields of the installer's configuration (openshift/installer, pkg/types), of which any has some."""
_FILLED: Final = lazy(r"\{\{|\{%|<%|<path:|\$\{|\$\(|\$[A-Z]")
_ENTRY: Final = lazy(r"""(?i)["'\u201c\u201d]auth""")
_DEEPEST: Final = 60


def configs(document: Document) -> Iterator[PullSecret]:
    """Yield every pull secret that a document without objects holds as text, or as the mapping that it is made of."""
    data = document.data
    for route, value, content in _held(data, (), 0):
        name = str(route[-1])
        install = route == ("pullSecret",) and text(data.get("apiVersion"))[:2] == "v1" and not _OTHERS.isdisjoint(data)
        what = (data, INSTALL_CONFIG, "v1") if install else ({}, _VARIABLE, "")
        item = KubeObject(document, (), *what)
        item.name = item.name if install else name
        yield PullSecret(
            object=item,
            type=DOCKERCONFIGJSON,
            data_key=name,
            route=route,
            state=State.READABLE,
            written=Sensitive(value) if isinstance(value, str) else None,
            decoded=Sensitive(content),
            payload=examine(content, "dockerconfigjson"),
        )


def _held(value: Any, route: Route, depth: int) -> Iterator[tuple[Route, Any, str]]:
    """The fields that are called like a pull secret, with what they hold and the config that it is; none in another."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in pairs if depth <= _DEEPEST else ():
        content = _content(child) if isinstance(key, str) and _called(key) else None
        if content is not None:
            yield (*route, key), child, content
        elif isinstance(child, dict | list):
            yield from _held(child, (*route, key), depth + 1)


def _called(key: str) -> bool:
    return _FIELD in key.lower().replace("_", "").replace("-", "")


def is_config(key: str, value: Any) -> bool:
    """Whether a field holds a pull secret as text."""
    return isinstance(value, str) and _called(key) and _content(value) is not None


def _content(value: Any) -> str | None:
    """The config that a field holds, None where it holds something else, or only a stand-in for one."""
    if isinstance(value, dict):
        return json.dumps(value) if isinstance(value.get("auths"), dict) else None
    if not isinstance(value, str) or not value.lstrip().startswith("{"):
        return None
    if not _ENTRY.search(value) or _FILLED.search(value):
        return None
    return None if redacted(value) or placeholder(value) else value
