"""`--history` and what depends on it: a call is stored, and its findings learn how old they are."""

import argparse
import re
from typing import TYPE_CHECKING, Final

from linter.errors import UsageError

if TYPE_CHECKING:
    from linter.engine import Result
    from linter.history.store import Store
    from linter.model import Run

_UNITS: Final = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def age(text: str) -> int:
    """Read `30d`, `12h`, `90m` or `2w` as seconds, for argparse."""
    found = re.fullmatch(r"(\d{1,6})([mhdw])", text.strip().lower())
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no age: write a number and m, h, d or w, as in 30d")
    return int(found[1]) * _UNITS[found[2]]


def opened(arguments: argparse.Namespace) -> "Store | None":
    """Open the history of a call before anything is judged, None where it keeps none."""
    if not arguments.history:
        for option, given in (
            ("--fail-on-new", arguments.fail_on_new),
            ("--max-age", arguments.max_age is not None),
            ("--history-name", bool(arguments.history_name)),
        ):
            if given:
                raise UsageError(f"{option} needs a history to compare with: add --history FILE")
        return None
    if arguments.changed_since or arguments.context:
        raise UsageError("--history stores whole scans: leave out --changed-since and --context")
    from linter.history import open_store  # noqa: PLC0415 - most calls keep no history

    return open_store(arguments.history)


def keep(store: "Store", result: "Result", arguments: argparse.Namespace) -> "Run":
    """Store a judged call; the run that comes back knows how its findings stand."""
    from linter.history.observe import annotated, names_of, observations  # noqa: PLC0415 - as above

    names = names_of(result.run, arguments.history_name)
    recorded = store.record(observations(result, names))
    return annotated(result.run, recorded, names)
