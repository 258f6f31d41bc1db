"""The Secret that doctl, the client of DigitalOcean, prints for kubectl."""

from collections.abc import Iterator
from typing import Final

from linter.patterns import lazy

PRINTS: Final = "registry kubernetes-manifest"
_NAME = lazy(r"registry kubernetes-manifest[^\n|]{0,200}?--name[ =][\"']?([-\w.${}()]+)")
_REGISTRY = lazy(r"registry\.digitalocean\.com/([a-z0-9][-a-z0-9]*)")


def secrets(text: str) -> Iterator[str]:
    """Yield the names of the Secrets that are printed: those that are asked for, and those of the registries."""
    if PRINTS in text:
        yield from _NAME.findall(text)
        yield from (f"registry-{registry}" for registry in _REGISTRY.findall(text))
