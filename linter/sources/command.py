"""A program of the user's own, run with bounds: no shell, no input, a time limit, bounded output."""

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from typing import IO, Final, NamedTuple

_STDERR_BYTES: Final = 64 * 2**10
_CHUNK: Final = 2**16


class Finished(NamedTuple):
    """What a program left behind. `code` is None when it was stopped: `timeout` or `overflow` says why."""

    code: int | None
    output: bytes
    error: str
    timeout: bool = False
    overflow: bool = False


def run(
    arguments: Sequence[str],
    *,
    timeout: float,
    limit: int,
    directory: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Finished:
    """Run a program to its end. `timeout` is in seconds, `limit` the most bytes of standard output.

    Raises OSError when it cannot be started. It gets a group of its own, so that what it starts ends with it.
    """
    process = subprocess.Popen(  # noqa: S603 - a list of words, never a shell; the callers say which programs
        list(arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=directory,
        env=None if environment is None else dict(environment),
        start_new_session=True,
    )
    output, error = _Drain(process.stdout, limit, process), _Drain(process.stderr, _STDERR_BYTES, None)
    late = False
    try:
        deadline = time.monotonic() + timeout
        output.join(timeout)
        process.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        late = True
    finally:
        stop(process)
    output.join()
    error.join()
    code = None if late or output.overflow else process.returncode
    return Finished(code, bytes(output.data), error.data.decode("utf-8", "replace"), late, output.overflow)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a program and what it started; nothing happens when it has ended."""
    try:
        os.killpg(process.pid, 9)
    except (ProcessLookupError, PermissionError):
        process.kill()
    process.wait()


class _Drain(threading.Thread):
    """Reads a pipe to its end; past the bound nothing is kept, and the program is stopped."""

    def __init__(self, stream: IO[bytes] | None, limit: int, process: "subprocess.Popen[bytes] | None") -> None:
        super().__init__(daemon=True)
        self.data = bytearray()
        self.overflow = False
        self._stream = stream
        self._limit = limit
        self._process = process
        self.start()

    def run(self) -> None:
        """Read until the pipe closes."""
        if self._stream is None:
            return
        with self._stream:
            while chunk := os.read(self._stream.fileno(), _CHUNK):
                if len(self.data) + len(chunk) <= self._limit:
                    self.data += chunk
                elif self._process is not None:
                    self.overflow = True
                    stop(self._process)
                    return
