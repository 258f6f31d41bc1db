"""The workers of a Dask cluster, through the executor that its client gives: the same interface as a local pool's.

`distributed` is an extra, and hardly typed: it is imported here and nowhere else, and only for `--scheduler`.
"""

import importlib
import logging
import time
import warnings
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import Any, Final

from linter.errors import UsageError, missing_extra
from linter.fleet.executors import GoneError, Pending, finished

_PACKAGE: Final = "regcred"
_PATIENCE: Final = 15
"""Seconds to wait for a scheduler, and then for its first worker."""
_LOOK: Final = 2.0


class Scheduler:
    """The workers behind a scheduler. All tasks are handed over at once: it knows best who is free.

    `alone` is for how many seconds it may be silent, or have no worker at all, while work is left.
    """

    slots = 1_000_000
    remote = True
    whole: int | None = None

    def __init__(self, address: str, *, alone: float) -> None:
        try:
            distributed: Any = importlib.import_module("distributed")
        except ImportError as error:
            raise missing_extra("--scheduler needs", error.name or "distributed", "dask") from error
        self._address = address
        self._alone = alone
        self._heard = True
        # Its own complaints would stand between the lines of a report; what matters is said by whoever waits.
        for name in ("asyncio", "distributed", "tornado", *logging.root.manager.loggerDict):
            if name.startswith(("asyncio", "distributed", "tornado")):
                logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._client: Any = distributed.Client(
                    address, timeout=_PATIENCE, set_as_default=False
                )
        except (OSError, ValueError, TimeoutError) as error:
            raise UsageError(
                f"--scheduler {address}: no Dask scheduler answers there: {type(error).__name__}"
            ) from error
        try:
            self._executor: Any = self._client.get_executor(pure=False)
            self._first_worker()
            self._check_versions()
        except BaseException:
            self.close(now=True)
            raise

    def _first_worker(self) -> None:
        end = time.monotonic() + _PATIENCE
        while not self._workers():
            if time.monotonic() > end:
                raise UsageError(f"--scheduler {self._address}: it has no workers: dask worker {self._address}")
            time.sleep(0.1)

    def _check_versions(self) -> None:
        """Raise `UsageError` unless all have this version: one without the package would die of the first task."""
        try:
            here = metadata.version(_PACKAGE)
        except metadata.PackageNotFoundError:  # a checkout that is not installed: each task tells its version
            return
        found = dict(self._client.run(metadata.version, _PACKAGE, on_error="return"))
        try:
            found["the scheduler"] = self._client.run_on_scheduler(metadata.version, _PACKAGE)
        except metadata.PackageNotFoundError as error:
            found["the scheduler"] = error
        for where, version in sorted(found.items(), key=lambda one: str(one[0])):
            if version != here:
                has = f"regcred {version}" if isinstance(version, str) else "no regcred"
                raise UsageError(
                    f"--scheduler {self._address}: {where} has {has}, this is {here}: "
                    f"install regcred {here} from a checkout where the scheduler and its workers run"
                )

    def _workers(self) -> bool:
        return bool(self._client.nthreads())

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Pending:
        """Have `function(*arguments)` run by one of the workers; another one tries again when that is lost."""
        pending: Pending = self._executor.submit(function, *arguments)
        return pending

    def wait(self, pending: Sequence[Pending]) -> list[Pending]:
        """Return those that are done, in the order given. Raise `GoneError` when nobody is left to do them."""
        seen = time.monotonic()
        while not (done := finished(pending, _LOOK)):
            if self._answering():
                seen = time.monotonic()
            elif time.monotonic() - seen > self._alone:
                why = "it has had no workers" if self._heard else "it has not answered"
                raise GoneError(f"--scheduler {self._address}: {why} for {self._alone:g} seconds")
        return done

    def _answering(self) -> bool:
        try:
            found, self._heard = self._workers(), True
        except Exception:  # noqa: BLE001 - whatever it says, it does not answer
            found = self._heard = False
        return found

    def renew(self) -> None:
        """Leave it to the scheduler. Raises `GoneError` when that has gone: with it goes all that it was given."""
        if self._client.status != "running":
            raise GoneError(f"--scheduler {self._address}: it has gone")

    def close(self, *, now: bool = False) -> None:  # noqa: ARG002 - what is not done is given up in either case
        """Leave the scheduler; what it still has of this call, it forgets."""
        self._client.close()
