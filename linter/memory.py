"""The most memory that each process of a call may take: what wants more is named as a problem.

The kernel ends a process that takes more than its container may without a word, and with it the whole scan. Linux lets
a process bound itself (RLIMIT_DATA): what goes beyond fails where it is asked for, and is told there
(linter.exhausted). Several processes (`--jobs`) can still take more than the container together: the kernel then ends a
helper before the process that waits for it, which names what was lost or does it itself. Elsewhere nothing is bounded.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

USUAL: Final = 4 * 2**30
"""The bound, in bytes, where neither the settings nor the container state a smaller one."""
_OF_CONTAINER: Final = 0.9
"""The part of what the container may take: the rest is for what is no data, such as the text of programs."""
_STATED: Final = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Where a container finds what it may take: control groups, version 2 and 1."""


@contextmanager
def bounded() -> Iterator[None]:
    """Bound what this process may take, by its container and by what is usual; at the end it is as before."""
    if sys.platform != "linux":
        yield
        return
    import resource  # noqa: PLC0415 - only Linux obeys it

    before = resource.getrlimit(resource.RLIMIT_DATA)
    own = [] if before[0] == resource.RLIM_INFINITY else [before[0]]
    bind(min((USUAL, *_containers(), *own)))
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


def _containers() -> Iterator[int]:
    """What the container may take, in bytes, as far as it states that."""
    for path in _STATED:
        try:
            with open(path, encoding="ascii") as file:
                stated = file.read(64).strip()
        except OSError:
            continue
        if stated.isdecimal():
            yield int(int(stated) * _OF_CONTAINER)
