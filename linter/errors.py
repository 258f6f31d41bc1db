"""The one root of every error that regcred raises on purpose, each saying what to do."""

import os


class RegcredError(Exception):
    """A failure with a message for a person: what happened, where, and the remedy. Exit code 2."""


class TerminatedError(KeyboardInterrupt):
    """SIGTERM has come: everything ends as after an interrupt, nothing half written, with exit code 143."""


class UsageError(RegcredError):
    """The command line asks for something that does not exist or does not fit together."""


def missing_extra(user: str, package: str, extra: str) -> UsageError:
    """The error of a part that needs packages of an extra; `user` is who needs them, with its verb.

    It names the checkout: regcred is on no package index, and what somebody has put there under its name is not ours.
    """
    return UsageError(
        f"{user} the package {package}, which is not installed: in a checkout of regcred, pip install '.[{extra}]' "
        f"(with pipx: pipx install --force '.[{extra}]')"
    )


class SettingsError(RegcredError):
    """The configuration file is wrong; the message names the file, the place and the nearest right key."""


class FixError(RegcredError):
    """A fix could not be applied; nothing was written."""


class HistoryError(RegcredError):
    """The history store cannot be opened, read or written; a scan is in it whole or not at all."""


class NoHistoryError(HistoryError):
    """There can be no history at the place that is named: told before anything is judged."""


def where(error: BaseException) -> str:
    """Name an unexpected error by its type and place; its message may quote the input, so it is not shown."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    return f"{type(error).__name__} in {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
