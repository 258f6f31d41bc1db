"""How a pull secret that is not there is made: a login that writes a file of its own, and a Secret of that file."""

import re
from itertools import chain, count

from linter.rule import Context, created, fresh_login


def free_name(context: Context, namespace: str, wanted: str) -> str:
    """Return `wanted`, or that with a number, as no Secret of the namespace is called or will be."""
    inventory = context.inventory
    names = chain([wanted], (f"{wanted}-{number}" for number in count(2)))
    return next(
        name
        for name in names
        if not (
            inventory.secrets_named(namespace, name)
            or inventory.others_named(namespace, name)
            or inventory.generated_named(namespace, name)
        )
    )


def name_for(context: Context, namespace: str, registry: str) -> str:
    """Return the name for a new pull secret of a registry: one for each, so that two do not take each other's place."""
    words = re.sub(r"[^a-z0-9]+", "-", registry.lower()).strip("-") or "registry"
    return free_name(context, namespace, f"{words[:200].rstrip('-')}-pull")


def making(name: str, namespace: str, registry: str = "", tool: str = "kubectl") -> tuple[str, ...]:
    """Return the commands that make a pull secret, with a word in the registry's place where it is not known."""
    login, create = fresh_login(registry or "<registry>"), created(name, namespace, tool)
    return (login, create) if login and create else ()
