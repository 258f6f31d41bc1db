"""Words that several steps of an explanation share, and what may be shown of a user name."""

from typing import Final

from linter.credentials import Consumer
from linter.secret import MASK

_READERS: Final = {
    Consumer.KUBELET: "the kubelet",
    Consumer.IMPORTER: "the importer",
    Consumer.CONTAINERS: "CRI-O",
}


def reader(consumer: Consumer | str) -> str:
    """Name a consumer inside a sentence."""
    return _READERS[Consumer(consumer)]


def masked_user(username: str) -> str:
    """Show of a user name its first two letters, and of a short one nothing; "" stays "" (there is none)."""
    if not username:
        return ""
    return f"{username[:2]}{MASK}" if len(username) > 3 else MASK
