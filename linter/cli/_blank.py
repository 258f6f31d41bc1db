"""Empty words of a command line: most come of a variable of the shell that is not set, and mean another call then."""

from collections.abc import Sequence

from linter.errors import UsageError

_UNSET = "is empty: is a variable of the shell not set?"


def refuse_blank(words: Sequence[str], *, values: bool) -> None:
    """Raise `UsageError` for an option without a value; with `values` for any other empty word as well.

    Where words are paths, what reads them tells of an empty one.
    """
    option, options = "", True
    for word in words:
        options = options and word != "--"
        name, sign, value = word.partition("=")
        if option and not word.strip():
            raise UsageError(f"{option} {_UNSET}")
        if options and word.startswith("--") and sign and not value.strip():
            raise UsageError(f"{name} {_UNSET}")
        if option == "--format" and word.endswith("="):
            raise UsageError(f"the file of {option} {word[:-1]} {_UNSET}")
        if options and name == "--format" and value.endswith("="):
            raise UsageError(f"the file of {name} {value[:-1]} {_UNSET}")
        if values and not word.strip():
            raise UsageError(f"an argument {_UNSET}")
        option = word if options and len(word) > 1 and word.startswith("-") and not sign else ""
