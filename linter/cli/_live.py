"""The options that say how a live cluster is read, the same for every command that can read one."""

import argparse
from collections.abc import Sequence
from typing import Final

from linter.errors import UsageError
from linter.patterns import lazy

_NAMESPACE: Final = lazy(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
TIMEOUT: Final = 60.0


def add_live(parser: argparse.ArgumentParser, waits: str, *, namespaces: bool = True) -> None:
    """Declare the options. `waits` says what else than answers of a cluster --timeout bounds for this command."""
    group = parser.add_argument_group("live clusters", "cluster: is the current context, cluster:NAME another one")
    if namespaces:
        group.add_argument(
            "-n",
            "--namespace",
            action="append",
            default=[],
            metavar="NAMESPACE",
            dest="namespaces",
            help="of a live cluster, limit kinds that live in namespaces to this one; repeat for several. Kinds "
            "without a namespace are still asked for",
        )
    group.add_argument(
        "--timeout",
        type=_seconds,
        default=TIMEOUT,
        metavar="SECONDS",
        help=f"how long to wait for each answer of a live cluster{waits}; default: {TIMEOUT:g}",
    )


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds") from None
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError("give more than 0 and at most 3600 seconds")
    return value


def named_namespaces(paths: Sequence[str], namespaces: Sequence[str]) -> tuple[str, ...]:
    """Return the namespaces asked for. Raises `UsageError` for what is no name, or where no cluster is named."""
    for name in namespaces:
        if not _NAMESPACE.fullmatch(name):
            raise UsageError(f"-n {name!r}: this is no name of a namespace")
    if namespaces and not any(path.startswith("cluster:") for path in paths):
        raise UsageError("-n limits what is read from a live cluster: name one (cluster: or cluster:CONTEXT)")
    return tuple(dict.fromkeys(namespaces))
