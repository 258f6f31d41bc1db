"""Pull secrets that stand as text where no Secret is: an install-config.yaml, variables of Ansible, values of a chart.

They are no Secrets yet, and nothing pulls with them: whoever reads the file makes one of them. Only text that begins
as a config and holds entries counts, in base64 too; what a template fills in, or stands in for it, is none. So it is
with objects of which Secrets come: a SyncSet that holds one, a ClusterSecret, a field of a custom resource.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from linter.credentials import decode_data, examine, placeholder, redacted
from linter.documents import Document
from linter.documents.objects import KubeObject
from linter.inventory.paths import text
from linter.inventory.records import DOCKERCONFIGJSON, INSTALL_CONFIG, PullSecret, State
from linter.model import Route
from linter.patterns import lazy
from linter.secret import Sensitive

_VARIABLE: Final = "Variable"
_FIELDS: Final = ("pullsecret", "dockerconfig", "dockercfg")
"""How fields are called that hold one, in whatever case, without dashes and underscores."""
_SHORTEST_FIELD: Final = min(map(len, _FIELDS))
_SHORTEST: Final = 16
_ENCODED: Final = lazy(r"\s*(?:ey|ew|Cn|IH)[A-Za-z0-9+/\s]++={0,2}\s*")
"""Base64 of what begins as JSON does, with white space before it or not."""
_READ_ELSEWHERE: Final = frozenset({"Secret", "Template"})
"""Kinds whose configs are read as what they are; the objects of a Template are objects by themselves."""
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
        yield _config(item, route, value, content)


def configs_within(item: KubeObject) -> Iterator[PullSecret]:
    """Yield every pull secret that an object holds which is no Secret: in a manifest within it, under some field."""
    if item.kind not in _READ_ELSEWHERE:
        for route, value, content in _held(item.body, (), 0):
            yield _config(item, route, value, content)


def _config(item: KubeObject, route: Route, value: Any, content: str) -> PullSecret:
    return PullSecret(
        object=item,
        type=DOCKERCONFIGJSON,
        data_key=str(route[-1]),
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
        content = _content(child) if isinstance(key, str) and called(key) else None
        if content is not None:
            yield (*route, key), child, content
        elif isinstance(child, dict | list):
            yield from _held(child, (*route, key), depth + 1)


def called(key: str) -> bool:
    """Whether a field is called like one that holds a pull secret."""
    if len(key) < _SHORTEST_FIELD:
        return False
    plain = key.lower().replace("_", "").replace("-", "")
    return any(field in plain for field in _FIELDS)


def is_config(key: str, value: Any) -> bool:
    """Whether a field holds a pull secret as text, in base64 or not."""
    return isinstance(value, str) and called(key) and _content(value) is not None


def is_encoded(value: str) -> bool:
    """Whether what a field holds is base64 of JSON, and not JSON."""
    return _decoded(value) is not None


def _content(value: Any) -> str | None:
    """The config that a field holds, None where it holds something else, or only a stand-in for one."""
    if isinstance(value, dict):
        return json.dumps(value) if isinstance(value.get("auths"), dict) else None
    if not isinstance(value, str):
        return None
    value = _decoded(value) or value
    if not value.lstrip().startswith("{"):
        return None
    if not _ENTRY.search(value) or _FILLED.search(value):
        return None
    return None if redacted(value) or placeholder(value) else value


def _decoded(value: str) -> str | None:
    """The JSON that a text is base64 of, None where it is none of any."""
    if len(value) < _SHORTEST or _ENCODED.fullmatch(value) is None:
        return None
    decoded = decode_data(value)
    try:
        content = decoded.decode("utf-8") if isinstance(decoded, bytes) else ""
    except UnicodeDecodeError:
        return None
    return content if content.lstrip().startswith("{") else None
