"""Pull secrets that something beside the manifests may fill in before they are applied."""

import posixpath
from collections import Counter
from collections.abc import Sequence

from linter.documents.objects import KubeObject
from linter.inventory.inventory import Mentions
from linter.inventory.records import PullSecret, State
from linter.inventory.secrets import stand_ins
from linter.record import NamedTuple


class Waiting(NamedTuple):
    """A value of a file for which something may be put in: as it is `written`, and the `parts` that stand in for it.

    `alone` tells that no other file of the scan has the name of its file.
    """

    path: str
    written: str
    parts: tuple[str, ...]
    alone: bool


def without_filled(
    secrets: Sequence[PullSecret], items: Sequence[KubeObject], mentions: Mentions
) -> list[PullSecret]:
    """Return the secrets, without a judgement of those that a command fills in before they are applied."""
    held = [*secrets]
    wanted = [(number, parts) for number, one in enumerate(held) if (parts := stand_ins(one)) is not None]
    paths = {item.path for item in items} | {one.object.path for one in held}
    names = Counter(map(posixpath.basename, paths))
    waiting = []
    for number, parts in wanted:
        path, written = held[number].object.path, held[number].written
        alone = names[posixpath.basename(path)] == 1
        waiting.append(Waiting(path, written.reveal() if written is not None else "", parts, alone))
    for at, script in mentions.filling(waiting).items():
        number = wanted[at][0]
        held[number] = _filled(held[number], script)
    return held


def _filled(secret: PullSecret, script: str) -> PullSecret:
    why = f"{script} fills in the value before it is applied"
    if script == secret.object.path:
        why = "a comment in the file says that a command fills in the value"
    unknown = secret._replace(state=State.TEMPLATED, decoded=None, payload=None, error="", superseded=None)
    return unknown._replace(reason=why, written_as=secret)
