"""The API through the user's own `kubectl` or `oc`: one `get --raw` a request, with the kubeconfig as it is."""

import re
import shutil
from typing import Final

from linter.secret import without_logins
from linter.sources.command import Finished, run
from linter.sources.live import ApiError, ClusterError, UnansweredError
from linter.sources.live.words import plain

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
_NO_CONTEXT: Final = re.compile(r'context [^\n]{0,200} does not exist|no context exists|current-context is not set')


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
        self.name = without_logins(context or self._current())

    def _current(self) -> str:
        done = self._run("config", "current-context")
        name = done.output.decode("utf-8", "replace").strip()
        if done.code != 0 or not name:
            raise ClusterError(
                "the kubeconfig has no current context", "log in, or name one of `kubectl config get-contexts`"
            )
        return name

    def get(self, path: str) -> bytes:
        """Return the answer to a GET of `path`. Raises `ApiError` for an answer that is an error, else `ClusterError`.

        `path` is quoted for a URL and begins with a slash, so that it can be no option.
        """
        words = ["get", "--raw", path, f"--request-timeout={max(1, round(self._timeout))}s"]
        if self._context:
            words.append(f"--context={self._context}")
        done = self._run(*words)
        if done.code == 0:
            return done.output
        raise _failure(done, self.name)

    def _run(self, *words: str) -> Finished:
        try:
            done = run([self._program, *words], timeout=self._timeout + 5, limit=self._limit)
        except OSError as error:
            raise ClusterError(f"{self._program} cannot be run: {error.strerror}", "repair the installation") from None
        if done.timeout:
            raise UnansweredError(
                f"no answer within {self._timeout:g} seconds",
                "check the connection, or allow more with --timeout",
                again=False,
            )
        if done.overflow:
            raise ApiError(413, f"an answer is larger than {self._limit // 2**20} MiB")
        return done


def _failure(done: Finished, name: str) -> ApiError | ClusterError:
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
    return ClusterError(f"it could not be read ({plain(said) or 'no reason given'})", "try the same with kubectl get")
