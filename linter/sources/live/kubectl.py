"""The API through the user's own `kubectl` or `oc`: one `get --raw` a request, with the kubeconfig as it is."""

import os
import re
import shutil
import threading
from collections.abc import Sequence
from typing import Final

from linter.secret import without_logins
from linter.sources.command import Finished, run, stop_all, unstarted
from linter.sources.live import ApiError, ClusterError, UnansweredError
from linter.sources.live.words import command_line, plain

_PROGRAMS: Final = ("kubectl", "oc")
_SERVER: Final = re.compile(r"Error from server(?: \((\w+)\))?:? ?(.*)")
_STATUS: Final = {
    "BadRequest": 400,
    "Unauthorized": 401,
    "Forbidden": 403,
    "NotFound": 404,
    "MethodNotAllowed": 405,
    "NotAcceptable": 406,
    "Gone": 410,
    "Expired": 410,
    "TooManyRequests": 429,
    "InternalError": 500,
    "ServiceUnavailable": 503,
    "Timeout": 504,
}
_LOGIN: Final = re.compile(
    r"must be logged in|asked for the client to provide credentials|\(Unauthorized\)|token (?:has|is) expired"
    r"|certificate has expired|login"
)
_EXEC: Final = re.compile(r"getting credentials|exec plugin|executable .* (?:not found|failed)")
_AWAY: Final = re.compile(
    r"Unable to connect|was refused|no such host|i/o timeout|no route to host|deadline exceeded|Client\.Timeout"
    r"|TLS handshake|EOF|x509|connection reset"
)
_LATE: Final = re.compile(r"deadline exceeded|Client\.Timeout|i/o timeout|request canceled")
_AFTER: Final = 5
"""How many seconds longer than its request a program may take: it says itself what went wrong."""
_NAME: Final = 4096
"""The longest name of a context that is taken for one, in bytes."""
_REPAIR: Final = "repair the installation or the kubeconfig"
_NO_CONTEXT: Final = re.compile(r'context [^\n]{0,200} does not exist|no context exists|current-context is not set')


def _absent() -> str:
    """Where a kubeconfig is looked for, when none is there; "" when one is."""
    named = [path for path in os.environ.get("KUBECONFIG", "").split(os.pathsep) if path]
    places = named or [os.path.expanduser("~/.kube/config")]
    return "" if any(map(os.path.exists, places)) else ", ".join(places)


def program() -> str | None:
    """Return where `kubectl`, or else `oc`, stands; None where neither is on the PATH."""
    return next(filter(None, map(shutil.which, _PROGRAMS)), None)


class Kubectl:
    """The client. `context` is a context of the kubeconfig, "" for the current one."""

    def __init__(self, context: str, timeout: float, limit: int) -> None:
        found = program()
        if found is None:
            raise ClusterError("neither kubectl nor oc is on the PATH", "install one of them, or give a dump instead")
        self._program = found
        self._timeout = timeout
        self._limit = limit
        self._context = context
        self._ended = threading.Event()
        self.name = without_logins(context or self._current())

    def _current(self) -> str:
        words = ("config", "current-context")
        done = self._run(*words, limit=_NAME)
        name = done.output.decode("utf-8", "replace").strip()
        if not done.code and name:
            if name.isprintable():
                return name
            raise ClusterError(f"{self._shown(words)} gave what is no name", _REPAIR)
        if done.stopped or done.killed:
            raise ClusterError(f"{self._shown(words)}: {done.end}", _REPAIR)
        absent = _absent()
        if absent:
            raise ClusterError(f"there is no kubeconfig ({absent})", "log in, or set KUBECONFIG to a file that is")
        raise ClusterError(
            "the kubeconfig has no current context", "log in, or name one of `kubectl config get-contexts`"
        )

    def get(self, path: str) -> bytes:
        """Return the answer to a GET of `path`. Raises `ApiError` for an answer that is an error, else `ClusterError`.

        `path` is quoted for a URL and begins with a slash, so that it can be no option.
        """
        words = ["get", "--raw", path, f"--request-timeout={max(1, round(self._timeout))}s"]
        if self._context:
            words.append(f"--context={self._context}")
        done = self._run(*words, limit=self._limit)
        asked = self._shown(words[:3])
        if done.stopped:
            raise ApiError(413, f"{asked}: {done.stopped}")
        if done.code:
            raise _failure(done, self.name, asked)
        if not done.output.strip():
            raise ApiError(0, f"{asked} gave nothing and said {plain(done.error) or 'nothing'}")
        return done.output

    def hang_up(self) -> None:
        """End every program that is being waited for."""
        self._ended.set()
        stop_all()

    def _run(self, *words: str, limit: int) -> Finished:
        try:
            done = run([self._program, *words], timeout=self._timeout + _AFTER, limit=limit, unless=self._ended)
        except OSError as error:
            raise ClusterError(unstarted(self._program, error), "repair the installation") from None
        if done.late:
            raise UnansweredError(
                f"no answer within {self._timeout:g} seconds",
                "check the connection, or allow more with --timeout",
                again=False,
            )
        return done

    def _shown(self, words: Sequence[str]) -> str:
        return command_line([self._program, *words])


def _failure(done: Finished, name: str, asked: str) -> ApiError | ClusterError:
    """Tell from what the program said which failure it was (kubectl 1.25 to 1.36, oc 4.12 to 4.22)."""
    said = done.error
    server = _SERVER.search(said)
    status = _STATUS.get(server[1] or "", 0) if server else 0
    if status == 401 or (not status and _LOGIN.search(said)):
        return ClusterError("the login has expired or is not accepted", "log in again (`oc login`, or your provider's)")
    if server:
        return ApiError(status or 500, plain(server[2]) or plain(said))
    if _NO_CONTEXT.search(said):
        return ClusterError(
            f"the kubeconfig has no context {plain(name)}", "choose one of `kubectl config get-contexts`"
        )
    if _EXEC.search(said):
        return ClusterError("the kubeconfig's login helper failed", "log in again, or repair the helper it names")
    if _AWAY.search(said):
        late = _LATE.search(said) is not None
        return UnansweredError(
            f"the cluster cannot be reached ({plain(said)})", "check network, VPN and server address", again=not late
        )
    if done.killed:  # such as by a system that is short of memory: another answer may come
        return UnansweredError(f"{asked}: {done.end}", "try the same by hand", again=True)
    why = plain(said) or f"{done.end} and said nothing"
    return ClusterError(f"it could not be read ({asked}: {why})", "try the same with kubectl get")
