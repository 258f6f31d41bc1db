"""One request of a reading: asked again when it is worth it, and given up when the cluster is gone."""

import threading
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

import msgspec

from linter.sources.live import ApiError, ClusterError, UnansweredError

_BUSY: Final = frozenset({429, 500, 502, 503, 504})
_TRIES: Final = 3
_LONGEST_PAUSE: Final = 30.0
_LOST: Final = 4
"""How many requests in a row may go unanswered before the cluster counts as gone."""

_Form = TypeVar("_Form")


class Client(Protocol):
    """What answers requests: `kubectl`, or the API itself. `name` is the cluster's, for people."""

    name: str

    def get(self, path: str) -> bytes:
        """Return the answer to a GET. Raises `ApiError`, or `ClusterError` when the cluster cannot be read at all."""

    def hang_up(self) -> None:
        """Let go of what is being asked, in other threads too: the call is being ended."""


class Asking:
    """The requests of one reading, from any thread. `lost` says why the cluster is asked nothing more.

    `pause` waits between tries, in seconds.
    """

    def __init__(self, source: Client, *, pause: Callable[[float], object] | None = None) -> None:
        self.lost: ClusterError | None = None
        self.name = source.name
        self._client = source
        self._ended = threading.Event()
        self._pause = pause or (lambda seconds: wait(self._ended, seconds))
        self._answered = False
        self._unanswered = 0

    def get(self, path: str) -> bytes:
        """Ask, and ask again when the server is busy or its answer was cut off.

        Raises `ApiError`, also for an answer that never came; `ClusterError` only while nothing has ever been answered.
        """
        for attempt in range(1, _TRIES):
            try:
                return self._once(path)
            except ApiError as error:
                if error.status not in _BUSY:
                    raise
                self._pause(min(max(attempt, error.retry_after), _LONGEST_PAUSE))
            except UnansweredError as error:
                if not self._answered:
                    raise
                if not error.again:
                    raise self._missed(error) from None
                self._pause(attempt)
        try:
            return self._once(path)
        except UnansweredError as error:
            raise self._missed(error) from None

    def give_up(self) -> None:
        """Ask nothing more, and wait for nothing: the call is being ended."""
        self.lost = ClusterError("the call was ended", "read it again")
        self._ended.set()
        self._client.hang_up()

    def decoded(self, path: str, form: type[_Form]) -> _Form:
        """Return an answer in the form that it must have. Raises as `get`."""
        return decode(self.get(path), form)

    def _once(self, path: str) -> bytes:
        if self.lost is not None:
            raise ApiError(0, self.lost.message)
        try:
            data = self._client.get(path)
        except ApiError:
            self._answered, self._unanswered = True, 0
            raise
        except UnansweredError:
            raise
        except ClusterError as error:
            if not self._answered:
                raise
            self.lost = error
            raise ApiError(0, error.message) from None
        self._answered, self._unanswered = True, 0
        return data

    def _missed(self, error: UnansweredError) -> ApiError:
        """Count an answer that never came."""
        self._unanswered += 1
        if self._unanswered >= _LOST:
            self.lost = error
        return ApiError(0, error.message)


def wait(ended: threading.Event, seconds: float) -> None:
    """Wait so long, or until the call is being ended."""
    ended.wait(seconds)


def decode(data: bytes, form: type[_Form]) -> _Form:
    """Return an answer in the form that it must have. Raises `ApiError`."""
    try:
        return msgspec.json.decode(data, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ApiError(502, "the answer is not what the API gives") from None
