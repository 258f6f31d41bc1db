"""What a report is: a record that describes the format, and a pure function `render(run, options) -> str` beside it.

A format is one module of this package (or a package of that name) with both; nothing registers it. A module whose name
begins with an underscore, and this one, are not formats.

A format that has no room for what was read, passed over or not judged has a function `beside(run) -> list[str]` too:
lines that the call writes to standard error, unless it writes the run in a format that tells them.
"""

from typing import NamedTuple

from linter.model import Severity, Threshold


class Report(NamedTuple):
    """One format: its name on the command line, a line for `--help`, and what its text is.

    `wants` are the parts of a run that cost time and that only some formats show: "pulls" and "diffs".
    """

    name: str
    title: str
    media_type: str = "text/plain"
    binary: bool = False
    wants: tuple[str, ...] = ()


class Options(NamedTuple):
    """What the caller wants of the form. Reports that have no use for an option ignore it.

    `color` allows terminal escapes; `width` is the terminal's; `fail_on` is the threshold of the exit code (`None`:
    never fail), and `new_only` and `max_age` (seconds) are what a history adds to it; `show_rules` adds the rules that
    ran; `verbose` lists in full what is otherwise counted.
    """

    color: bool = False
    width: int = 100
    fail_on: Severity | None = Severity.WARNING
    show_rules: bool = False
    verbose: bool = False
    new_only: bool = False
    max_age: int | None = None

    @property
    def threshold(self) -> Threshold:
        """Which findings fail the call."""
        return Threshold(self.fail_on, self.new_only, self.max_age)


__all__ = ["Options", "Report"]
