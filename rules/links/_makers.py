"""Objects that make Secrets in ways that no table knows, and what is known of the names of these."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from linter.rule import TYPE_OF_KEY, KubeObject, dig, group, is_read, lazy, may_make_secrets, text

_EMBEDDING = frozenset({"Object", "ManifestWork", "SyncSet", "SelectorSyncSet", "ResourceSet"})
"""Kinds that hold manifests, which a controller applies."""
_TENANTS = "tenantoperator.stakater.com"
"""The group of the multi-tenant operator, whose Templates hold what it makes in the namespaces of tenants."""
_COPIED = "ops.alexellis.io", "ClusterPullSecret", "-registrycreds"
"""What registry-creds makes in every namespace is called after its ClusterPullSecret, with that ending."""
_CONFIG = lazy(r"(?i)dockerc(?:onfig|fg)")
_ENCRYPTED = "ENC["
_DEEPEST = 60


def may_make(item: KubeObject) -> bool:
    """Whether objects of this kind may make Secrets."""
    return item.kind in _EMBEDDING or may_make_secrets(item.kind) or _for_tenants(item)


def speaks_of_configs(item: KubeObject) -> bool:
    """Whether its kind is one that no rule reads, and it speaks of a registry config: it may well make one."""
    if is_read(item.kind) or "." not in item.group:
        return False
    return _CONFIG.search(item.kind) is not None or any(map(_CONFIG.search, leaves(item.body.get("spec"))))


def makes(item: KubeObject, name: str, namespace: str) -> bool:
    """Whether a maker may make a Secret of that name there. In a policy the name can stand within an expression."""
    spec = item.body.get("spec")
    if _for_tenants(item):
        copied = dig(item.body, "resources", "resourceMappings", "secrets")
        listed = isinstance(copied, list) and any(dig(one, "name") == name for one in copied)
        return listed or _embeds(item.body.get("resources"), name, 0)
    if item.kind in _EMBEDDING:
        return _embeds(spec, name, 0) or _mapped(spec, name, namespace)
    if (item.group, item.kind) == _COPIED[:2]:
        return item.name + _COPIED[2] == name
    if "Policy" in item.kind:
        word = re.compile(rf"(?<![A-Za-z0-9_-]){re.escape(name)}(?![A-Za-z0-9_-])")
        return item.name == name or any(word.search(leaf) for leaf in leaves(spec))
    return item.name == name or any(leaf == name for leaf in leaves(spec))


def hides_a_name(item: KubeObject) -> bool:
    """Whether a pull secret comes of it under a name that SOPS has encrypted: of a Secret, or of a SopsSecret."""
    if item.kind == "SopsSecret":
        templates = dig(item.body, "spec", "secretTemplates")
        found = templates if isinstance(templates, list) else []
        return any(text(dig(one, "name")).startswith(_ENCRYPTED) and _holds_config(one) for one in found)
    secret = item.kind == "Secret" or item.kind.startswith(_ENCRYPTED)
    return secret and item.name.startswith(_ENCRYPTED) and _holds_config(item.body)


def leaves(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield the texts that stand in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif depth < _DEEPEST:
        children: Iterable[Any] = ()
        if isinstance(value, dict | list):
            children = value.values() if isinstance(value, dict) else value
        for child in children:
            yield from leaves(child, depth + 1)


def _holds_config(body: Any) -> bool:
    """Whether a Secret holds what pulls read, readable or not: SOPS leaves the keys of a mapping as they are."""
    held = (dig(body, "data"), dig(body, "stringData"))
    return any(isinstance(one, dict) and not TYPE_OF_KEY.keys().isdisjoint(one) for one in held)


def _for_tenants(item: KubeObject) -> bool:
    return item.kind == "Template" and group(item.api_version) == _TENANTS


def _mapped(spec: Any, name: str, namespace: str) -> bool:
    """Whether a SyncSet copies a Secret under that name into the clusters of its choice."""
    mappings = dig(spec, "secretMappings")
    targets = [dig(one, "targetRef") for one in mappings] if isinstance(mappings, list) else []
    spaces = [text(dig(one, "namespace")) for one in targets if dig(one, "name") == name]
    return any(not (space and namespace) or space == namespace for space in spaces)


def _embeds(value: Any, name: str, depth: int) -> bool:
    """Whether the manifest of a Secret of that name stands in a value."""
    if depth > _DEEPEST or not isinstance(value, dict | list):
        return False
    if isinstance(value, dict) and value.get("kind") == "Secret" and dig(value, "metadata", "name") == name:
        return True
    children: Iterable[Any] = value.values() if isinstance(value, dict) else value
    return any(_embeds(child, name, depth + 1) for child in children)
