"""What several files of tests need: a manifest that has one finding, and a command whose two streams are told apart."""

import contextlib
import io
import sys
from collections import Counter
from typing import Final

from linter.__main__ import main

TWICE: Final = """\
apiVersion: v1
kind: ServiceAccount
metadata: {name: a, namespace: b}
imagePullSecrets:
- name: x
- name: x
"""
"""A service account that lists one secret twice: duplicate-link (RC307), and nothing else."""


def quiet(*words: str) -> tuple[int, str, str]:
    """Run a command: its exit code, and what it says on standard output and on standard error."""
    out, error = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        try:
            code = main(list(words))
        except SystemExit as left:  # what `argparse` does not understand
            code = int(left.code or 0)
    out.flush()
    return code, out.buffer.getvalue().decode(), error.getvalue()  # type: ignore[attr-defined]


def calls(*words: str) -> int:
    """The calls of functions that a command takes, which measure its work alike on every machine."""
    quiet(*words)  # what is loaded once
    counted = Counter[str]()
    sys.setprofile(lambda _, event, __: counted.update((event,)))
    try:
        quiet(*words)
    finally:
        sys.setprofile(None)
    return counted["call"]
