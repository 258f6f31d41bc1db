"""Sentences on standard error: whoever wrote the names in them, they steer no terminal and no build service."""

import sys


def say(*sentences: str) -> None:
    """Write sentences, a line each, with the name of the program in front."""
    from linter.resolve.text import visible  # noqa: PLC0415 - most calls say nothing

    sys.stderr.write("".join(f"regcred: {visible(sentence)}\n" for sentence in sentences))
    sys.stderr.flush()
