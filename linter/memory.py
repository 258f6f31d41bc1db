"""The most memory that each process of a call may take: what wants more is named as a problem.

The kernel ends a process that takes more than its container may without a word, and with it the whole scan. Linux lets
a process bound itself (RLIMIT_DATA): what goes beyond fails where it is asked for, and is told there
(linter.exhausted). Of several processes (`--jobs`) each helper may take its share of what there is; what wants more is
done once more, alone. The process that gathers what they find keeps the bound of one: where that is too much, the
kernel ends a helper before it. Elsewhere nothing is bounded.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from linter.record import NamedTuple

USUAL: Final = 4 * 2**30
"""The bound, in bytes, where neither the settings nor the container state a smaller one."""
LEAST: Final = 256 * 2**20
"""What each of several processes has at least beyond what it begins with, or fewer are begun."""
_OF_ALL: Final = 0.9
"""The part of what the container may take: the rest is for what is no data, such as the text of programs."""
_GROUPS: Final = "/proc/self/cgroup"
"""Which groups a process is in, where it sees those of the whole machine; what those around them state holds too."""
_NEWER: Final = ("/sys/fs/cgroup", "memory.max")
_OLDER: Final = ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
"""Where control groups of version 2 and 1 are, and which of their files states what they may take."""
_STATED: Final = tuple("/".join(one) for one in (_NEWER, _OLDER))
"""Where a container finds what it may take itself."""


class Share(NamedTuple):
    """What each of several `processes` may take, in `bytes`, None for what is not bounded.

    `whole` is what one alone may take, None where that is no more.
    """

    processes: int
    bytes: int | None = None
    whole: int | None = None


@contextmanager
def bounded() -> Iterator[None]:
    """Bound what this process may take, by its container and by what is usual; at the end it is as before."""
    if sys.platform != "linux":
        yield
        return
    import resource  # noqa: PLC0415 - only Linux obeys it

    before = resource.getrlimit(resource.RLIMIT_DATA)
    own = [] if before[0] == resource.RLIM_INFINITY else [before[0]]
    bind(min(USUAL, available(), *own))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def bind(most: int | None) -> None:
    """Let this process, and those that it forks, take no more than `most` bytes each; None leaves all as it is."""
    if most is None or sys.platform != "linux":
        return
    import resource  # noqa: PLC0415 - as above

    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def shared(processes: int) -> Share:
    """Return what each of so many processes may take that begin as this one is, and how many of them there is room for.

    Together they take no more than there is. What each begins with is counted for each: though they have it in common,
    it is copied where it is looked at.
    """
    if sys.platform != "linux":
        return Share(processes)
    import resource  # noqa: PLC0415 - as above

    own = resource.getrlimit(resource.RLIMIT_DATA)[0]
    all_together = available()
    room = max(min(processes, all_together // (_held() + LEAST)), 1)
    share = all_together // room
    if room == 1 or (own != resource.RLIM_INFINITY and own <= share):
        return Share(room)
    return Share(room, share, None if own == resource.RLIM_INFINITY else own)


def expendable() -> None:
    """Let the kernel end this process, a helper, before any other when the machine or the container runs out."""
    # There may be no such file, or it may not be written.
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")


def unbind(process: int) -> None:
    """Let another program that was just started take what it could have taken without this one's bound."""
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415 - as above

    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    with suppress(OSError):  # it has ended
        resource.prlimit(process, resource.RLIMIT_DATA, (hard, hard))


def available() -> int:
    """Return how many bytes all processes of a call may take together: by the container, else by the machine."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return int(min((machine, *_containers())) * _OF_ALL)


def _held() -> int:
    """How many bytes this process has taken of what is bounded."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[5]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # /proc is not to be seen here
        return 0


def _containers() -> Iterator[int]:
    """What the container may take, in bytes, as far as it states that."""
    for path in {*_STATED, *_own_groups()}:
        try:
            with open(path, encoding="ascii") as file:
                stated = file.read(64).strip()
        except OSError:
            continue
        if stated.isdecimal():
            yield int(stated)


def _own_groups() -> Iterator[str]:
    """Where the groups that this process is in state what they may take, with those around them."""
    try:
        with open(_GROUPS, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        root, name = _OLDER if controllers else _NEWER
        while group.strip("/"):
            yield f"{root}/{group.strip('/')}/{name}"
            group = group.rpartition("/")[0]
