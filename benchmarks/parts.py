"""What every object has: the names that are filled in, metadata, the fields that somebody manages."""

import random
from typing import Any

NAME, SPACE, UID, NUMBER = "zzname", "zzspace", "zzuid", "770077"
"""What stands in a variant for an instance's name, namespace, uid and resource version."""

WORDS = (
    *("cart", "order", "search", "mail", "audit", "stock", "ledger", "quote"),
    *("ship", "track", "login", "image", "report", "cache", "relay", "probe"),
)
HOSTS = ("registry.example.com", "quay.io", "ghcr.io", "docker.io", "image-registry.openshift-image-registry.svc:5000")


def metadata(dice: random.Random, manager: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return the metadata of an object, with the fields that `manager` says who has set."""
    found: dict[str, Any] = {
        "creationTimestamp": "2026-10-01T08:00:00Z",
        "labels": {"app.kubernetes.io/name": dice.choice(WORDS), "app.kubernetes.io/part-of": dice.choice(WORDS)},
        "name": NAME,
        "namespace": SPACE,
        "resourceVersion": NUMBER,
        "uid": UID,
        **more,
    }
    if manager is not None:
        found["managedFields"] = [
            {
                "apiVersion": "v1",
                "fieldsType": "FieldsV1",
                "fieldsV1": fields,
                "manager": name,
                "operation": "Update",
                "time": "2026-10-01T08:00:00Z",
            }
            for name, fields in manager.items()
        ]
    return found


def managed(data: Any) -> Any:
    """What the API server notes of fields that somebody set: a tree of `f:` keys."""
    if isinstance(data, dict):
        return {".": {}, **{f"f:{key}": managed(value) for key, value in data.items()}}
    if isinstance(data, list):
        named = [item for item in data if isinstance(item, dict) and "name" in item]
        return {".": {}, **{f'k:{{"name":"{item["name"]}"}}': managed(item) for item in named}}
    return {}
