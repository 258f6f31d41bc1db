"""A program of the user's own, run with bounds: no shell, no terminal, a time limit, bounded output.

Each program gets a session of its own: it has no terminal to ask for a password on, and what it starts ends with it.
What has left its group as well (a daemon) is not waited for.
"""

import errno
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Final, NamedTuple

from linter import memory
from linter.sources import sized
from linter.stopping import HELD

MESSAGES: Final = 64 * 2**20
"""The most bytes of standard error that a program may write."""
_KEPT: Final = 64 * 2**10
"""How many bytes of standard error are kept, of its beginning and of its end."""
_CHUNK: Final = 2**16
_GLANCE: Final = 0.05
"""How often, in seconds, a silent program is looked at: it may have ended while another one holds its pipes."""
_LAST: Final = 5.0
_LATE: Final = "late"
_SHELL: Final = 128
"""A shell, as of a wrapper script, ends with this and the number of the signal that has ended what it ran."""
_SIGNALS: Final = 32

_running: "set[subprocess.Popen[bytes]]" = set()
_guard: Final = threading.Lock()


class Finished(NamedTuple):
    """What a program left behind. `code` is None when it was stopped: `stopped` says why, "" when it was not.

    `code` is negative after a signal, as in `subprocess`; `late` tells that it was stopped because time was over.
    """

    code: int | None
    output: bytes
    error: str
    stopped: str = ""
    late: bool = False

    @property
    def end(self) -> str:
        """How it ended, as a clause: "killed by signal 9 (SIGKILL)"."""
        return self.stopped or ended(self.code or 0)


    @property
    def killed(self) -> bool:
        """Whether a signal has ended it, or what a shell ran for it."""
        return self.code is not None and (self.code < 0 or _SHELL < self.code < _SHELL + _SIGNALS)


def ended(code: int) -> str:
    """Say how a program ended, given its exit code as `subprocess` tells it."""
    if code < 0:
        return f"killed by {_signal(-code)}"
    more = f", as after {_signal(code - _SHELL)}" if _SHELL < code < _SHELL + _SIGNALS else ""
    return f"it ended with code {code}{more}"


def _signal(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"


def unstarted(program: str, error: OSError) -> str:
    """Say why a program that was found could not be started."""
    if isinstance(error, FileNotFoundError):
        return f"{program} cannot be run: it is gone, or what runs it (the first line of a script) does not exist"
    return f"{program} cannot be run: {error.strerror}"


def run(
    arguments: Sequence[str],
    *,
    timeout: float,
    limit: int,
    directory: str | None = None,
    environment: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    unless: threading.Event | None = None,
) -> Finished:
    """Run a program to its end. `timeout` is in seconds, `limit` the most bytes of standard output.

    Raises OSError when it cannot be started, as when `unless` is set. Once it has ended, what it started and left
    behind ends too.
    """
    process = None
    try:
        with HELD:
            process = started(arguments, directory=directory, environment=environment, unless=unless)
        exchange = _Exchange(process, stdin, limit, time.monotonic() + timeout)
        stopped = exchange.run()
    finally:
        if process is not None:
            stop(process)
    late = stopped == _LATE
    if late:
        stopped = f"no end within {timeout:g} seconds"
    code = None if stopped else process.returncode
    return Finished(code, exchange.output(), exchange.error(), stopped, late)


def started(
    arguments: Sequence[str],
    *,
    directory: str | None = None,
    environment: Mapping[str, str] | None = None,
    unless: threading.Event | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a program with pipes, which do not block, in a session of its own; `stop` ends it. Raises OSError.

    Whoever sets `unless` before `stop_all` can be sure that none is started afterwards.
    """
    with HELD, _guard:  # nobody sees one that has been started and cannot be stopped yet
        if unless is not None and unless.is_set():
            raise InterruptedError(errno.EINTR, os.strerror(errno.EINTR))
        process = subprocess.Popen(  # noqa: S603 - a list of words, never a shell; the callers say which programs
            list(arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=directory,
            env=None if environment is None else dict(environment),
            start_new_session=True,
            bufsize=0,
        )
        _running.add(process)
    memory.unbind(process.pid)
    for stream in _pipes(process):
        os.set_blocking(stream.fileno(), False)
    return process


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a program and what it started, and let go of its pipes; nothing happens when that was done."""
    with HELD, _guard:
        if process in _running:
            _running.discard(process)
            _kill(process)
    for stream in _pipes(process):
        with suppress(OSError):
            stream.close()
    with suppress(subprocess.TimeoutExpired):  # the system may hold it: nobody waits for that
        process.wait(_LAST)


def stop_all() -> None:
    """End every program that is running, as when the call is interrupted; who waits for one sees it killed."""
    with _guard:
        for process in _running:
            _kill(process)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()


def _pipes(process: "subprocess.Popen[bytes]") -> list[IO[bytes]]:
    return [one for one in (process.stdin, process.stdout, process.stderr) if one is not None]


class _Exchange:
    """What goes to a program and comes from it, on all pipes at once."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", stdin: bytes, limit: int, deadline: float
    ) -> None:
        self._process = process
        self._left = memoryview(stdin)
        self._limit = limit
        self._deadline = deadline
        self._output: list[bytes] = []
        self._written = 0
        self._head = bytearray()
        self._tail = bytearray()
        self._messages = 0

    def run(self) -> str:
        """Go on until the program has ended, and return why it must be stopped, "" when it need not be."""
        with selectors.DefaultSelector() as selector:
            for stream in _pipes(self._process):
                write = stream is self._process.stdin
                selector.register(stream, selectors.EVENT_WRITE if write else selectors.EVENT_READ)
            over = False
            while selector.get_map():
                left = self._deadline - time.monotonic()
                if left <= 0:
                    return _LATE
                ready = selector.select(0 if over else min(left, _GLANCE))
                for key, _ in ready:
                    stopped = self._step(selector, key.fileobj)
                    if stopped:
                        return stopped
                if over and not ready:
                    return ""  # what still holds a pipe has left the group, and is not the program
                if not over and self._process.poll() is not None:
                    over = True
                    _kill(self._process)
                    self._drop_stdin(selector)
        try:
            self._process.wait(max(0.0, self._deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return _LATE
        return ""

    def output(self) -> bytes:
        """Return what came on standard output."""
        return b"".join(self._output)

    def error(self) -> str:
        """Return the beginning and the end of what came on standard error."""
        between = "\n" if self._messages > 2 * _KEPT else ""
        return f"{self._head.decode('utf-8', 'replace')}{between}{self._tail.decode('utf-8', 'replace')}"

    def _step(self, selector: selectors.BaseSelector, stream: object) -> str:
        """Move what can be moved on one pipe; return why the program must be stopped."""
        if stream is self._process.stdin:
            self._write(selector)
            return ""
        is_output = stream is self._process.stdout
        pipe = self._process.stdout if is_output else self._process.stderr
        assert pipe is not None  # noqa: S101 - it was opened so
        try:
            chunk = os.read(pipe.fileno(), _CHUNK)
        except BlockingIOError:
            return ""
        if not chunk:
            selector.unregister(pipe)
            return ""
        return self._printed(chunk) if is_output else self._said(chunk)

    def _printed(self, chunk: bytes) -> str:
        self._written += len(chunk)
        if self._written > self._limit:
            self._output.clear()
            return f"it printed more than {sized(self._limit)}"
        self._output.append(chunk)
        return ""

    def _said(self, chunk: bytes) -> str:
        self._messages += len(chunk)
        room = max(_KEPT - len(self._head), 0)
        self._head += chunk[:room]
        self._tail += chunk[room:]
        del self._tail[: max(len(self._tail) - _KEPT, 0)]
        return f"it wrote more than {sized(MESSAGES)} of messages" if self._messages > MESSAGES else ""

    def _write(self, selector: selectors.BaseSelector) -> None:
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101 - as above
        try:
            self._left = self._left[os.write(pipe.fileno(), self._left[:_CHUNK]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:  # it does not want more
            self._left = self._left[:0]
        if not self._left:
            self._drop_stdin(selector)

    def _drop_stdin(self, selector: selectors.BaseSelector) -> None:
        pipe = self._process.stdin
        if pipe is not None and not pipe.closed:
            selector.unregister(pipe)
            pipe.close()


class Conversation:
    """A program that answers questions one by one. Each answer must be whole within `timeout` seconds.

    Raises OSError when it cannot be started, TimeoutError and EOFError when an answer does not come.
    """

    def __init__(
        self, arguments: Sequence[str], *, timeout: float, directory: str, environment: Mapping[str, str]
    ) -> None:
        self._process = started(arguments, directory=directory, environment=environment)
        self._timeout = timeout
        self._deadline = 0.0
        self._had = bytearray()
        self._selector = selectors.DefaultSelector()
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None  # noqa: S101 - it was opened so
            self._selector.register(stream, selectors.EVENT_READ)

    def ask(self, question: bytes) -> None:
        """Send a question, of no more than a pipe holds. Raises EOFError when nobody reads it."""
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101 - as above
        self._deadline = time.monotonic() + self._timeout
        try:
            os.write(pipe.fileno(), question)
        except OSError as error:
            raise EOFError from error

    def line(self, most: int = 2**16) -> bytes:
        """Return the next line of an answer, with its end; EOFError also where it is longer than `most` bytes."""
        while (end := self._had.find(b"\n")) < 0:
            if len(self._had) > most:
                raise EOFError
            self._more()
        return self._taken(end + 1)

    def exactly(self, size: int) -> bytes:
        """Return so many bytes of an answer."""
        while len(self._had) < size:
            self._more()
        return self._taken(size)

    def close(self, patience: float = 0.0) -> str:
        """End the program and return how, as far as it did so by itself within `patience` seconds, "" else."""
        try:
            code = self._process.wait(patience)
        except subprocess.TimeoutExpired:
            code = None
        stop(self._process)
        self._selector.close()
        return "" if code is None else ended(code)

    def _taken(self, size: int) -> bytes:
        data = bytes(memoryview(self._had)[:size])
        del self._had[:size]
        return data

    def _more(self) -> None:
        while True:
            ready = self._selector.select(min(max(self._deadline - time.monotonic(), 0), _GLANCE))
            for key, _ in ready:
                chunk = os.read(key.fd, _CHUNK)
                if key.fileobj is self._process.stdout:
                    if not chunk:
                        raise EOFError
                    self._had += chunk
                    return
                if not chunk:
                    self._selector.unregister(key.fileobj)
            if not ready and self._process.poll() is not None:
                raise EOFError
            if time.monotonic() >= self._deadline:
                raise TimeoutError
