"""The options that say whether kustomizations and charts are built first, the same for every command that judges."""

import argparse
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from linter.errors import UsageError

if TYPE_CHECKING:
    from linter.render import Render

_MOST: Final = 64 * 2**20


def add_render(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    group = parser.add_argument_group("manifest repositories (built with the kustomize or kubectl, and helm, you have)")
    group.add_argument("--render", action="store_true", help="build every kustomization and chart, judge the result")
    group.add_argument(
        "--values", action="append", default=[], metavar="FILE", help="--render: values of the charts; repeatable"
    )
    remote = "--render: bases and charts on other hosts may be fetched"
    group.add_argument("--render-remote", action="store_true", help=remote)


def render_of(arguments: argparse.Namespace, limits: Mapping[str, int]) -> "Render | None":
    """What is to be built, within the `limits` of the settings.

    Raises `UsageError` for values that are no file, or that nothing asks for.
    """
    if not arguments.render:
        for option, given in (("--values", arguments.values), ("--render-remote", arguments.render_remote)):
            if given:
                raise UsageError(f"{option} says how something is built: give --render as well")
        return None
    for file in arguments.values:
        if not os.path.isfile(file):
            raise UsageError(f"--values {file}: there is no such file")
        if os.path.getsize(file) > _MOST:
            raise UsageError(f"--values {file}: it is larger than {_MOST // 2**20} MiB, which helm would not survive")
    from linter.render import Render  # noqa: PLC0415 - most calls build nothing
    from linter.sources import Limits  # noqa: PLC0415 - as above

    return Render(tuple(arguments.values), arguments.render_remote, arguments.timeout, Limits.given(limits))
