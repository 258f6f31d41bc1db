"""`kustomize`, `kubectl kustomize` and `helm template`, run so that they write and fetch nothing and run no plugin."""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

from linter.errors import RegcredError
from linter.render import Render
from linter.render.dependencies import Needs, repositories
from linter.sources import sized
from linter.sources.command import run, unstarted
from linter.sources.live.words import command_line, plain_lines
from linter.stopping import HELD

_QUOTED: Final = re.compile(r"`[^`\n]*`|map\[.*")
_LINES: Final = 3
_ASSIGNED: Final = re.compile(r'^(HELM_\w+)="(.*)"$', re.MULTILINE)
_REPOSITORIES: Final = "HELM_REPOSITORY_CONFIG"
_LOGINS: Final = "HELM_REGISTRY_CONFIG"
_NOWHERE: Final = "http://127.0.0.1:9"
"""A proxy that nobody listens on: a fetch that was not foreseen ends there."""


class BuildError(RegcredError):
    """A build has failed; the message is the tool's own, fit to be shown."""


class MissingToolError(RegcredError):
    """There is no program that could build it; the message names them."""


def kustomize(folder: str, render: Render) -> tuple[bytes, str]:
    """Build a real folder with origin annotations; return the output and the folder that origins are relative to.

    The annotations are asked for by a kustomization of our own, in a temporary folder, that includes the user's.
    """
    program = shutil.which("kustomize")
    words = [program, "build"] if program else [shutil.which("kubectl") or "", "kustomize"]
    if not words[0]:
        raise MissingToolError("neither kustomize nor kubectl is on the PATH")
    with _home() as base:
        wrapper = {"buildMetadata": ["originAnnotations"], "resources": [os.path.relpath(folder, base)]}
        with open(os.path.join(base, "kustomization.yaml"), "w", encoding="utf-8") as stream:
            json.dump(wrapper, stream)
        names = {base: "", os.path.relpath(folder, base): folder}
        output = _run([*words, base], base, render, names, shown=[*words, folder])
    return output, base


def helm(folder: str, name: str, render: Render, needs: Needs) -> bytes:
    """Render the chart in a real folder as a release called `name`.

    What it `needs` and does not hold is put into a copy of it: nothing is written into the user's tree.
    """
    program = shutil.which("helm")
    if program is None:
        raise MissingToolError("helm is not on the PATH")
    values = [word for file in render.values for word in ("--values", os.path.abspath(file))]
    with _home() as base:
        shown = [program, "template", name, folder, *values]
        if needs.local or needs.remote:
            folder = _completed(program, folder, base, render, needs)
        return _run([program, "template", name, folder, *values], base, render, {base: ""}, shown=shown)


@contextmanager
def _home() -> Iterator[str]:
    """Make a folder for one run of a tool, whatever ends that; yield its real path."""
    with HELD:
        home = tempfile.TemporaryDirectory(prefix="regcred-", ignore_cleanup_errors=True)
    try:
        yield os.path.realpath(home.name)
    finally:
        with HELD:
            home.cleanup()


def _completed(program: str, folder: str, home: str, render: Render, needs: Needs) -> str:
    """Copy a chart with those beside it, in their places to each other, and let helm put them together."""
    folders = sorted({folder, *(one.folder for one in needs.local)})
    top = os.path.commonpath([os.path.dirname(one) for one in folders])
    copies = {one: os.path.join(home, "charts", os.path.relpath(one, top)) for one in folders}
    left = render.limits.file_bytes
    for one in folders:
        left -= sum(os.lstat(os.path.join(at, name)).st_size for at, _, names in os.walk(one) for name in names)
    if left < 0:
        most = sized(render.limits.file_bytes)
        raise BuildError(f"the charts that it is made of are larger than {most}: run helm dependency build yourself")
    try:
        for one in folders:
            shutil.copytree(one, copies[one], symlinks=True, dirs_exist_ok=True)
    except shutil.Error as error:
        raise BuildError(f"its charts cannot be copied: {len(error.args[0])} files cannot be read") from None
    wanted = sorted({one.repository for one in needs.remote})
    own = _users_own(program, home, render, wanted) if wanted and render.remote else {}
    for number, where in enumerate(wanted):
        if where.startswith(("http://", "https://")) and _REPOSITORIES not in own:
            words = [program, "repo", "add", f"r{number}", where]
            _run(words, home, render, {home: ""}, own, shown=words)
    # Those that others depend on come first: each is packed with what it depends on.
    order = [folder, *(one.folder for one in needs.local)]
    for one in dict.fromkeys(reversed(order)):
        words = [program, "dependency", "build"]
        _run([*words, copies[one]], home, render, {home: ""}, own, shown=[*words, one])
    return copies[folder]


def _users_own(program: str, home: str, render: Render, wanted: Sequence[str]) -> dict[str, str]:
    """The user's own logins to registries, and repositories where one of those `wanted` is among them.

    Helm says itself where they are. It reads the files where they stand: a copy would be a credential on the disk.
    """
    without_plugins = {"HELM_PLUGINS": os.path.join(home, "plugins"), "KUBECONFIG": os.devnull}
    done = run([program, "env"], timeout=render.timeout, limit=2**20, environment={**os.environ, **without_plugins})
    told = dict(_ASSIGNED.findall(done.output.decode("utf-8", "replace"))) if done.code == 0 else {}
    own = {_LOGINS: told[_LOGINS]} if os.path.isfile(told.get(_LOGINS, "")) else {}
    known = repositories(told.get(_REPOSITORIES, ""), render.limits)
    if any(where.rstrip("/") in known for where in wanted):
        own[_REPOSITORIES] = told[_REPOSITORIES]
    return own


def _run(
    words: Sequence[str],
    home: str,
    render: Render,
    names: Mapping[str, str],
    own: Mapping[str, str] = MappingProxyType({}),
    *,
    shown: Sequence[str],
) -> bytes:
    """Run a tool and return what it prints. `names` are of the folders in its messages, `shown` is the line for people.

    `own` are variables beside those that every tool gets. Raises `BuildError`.
    """
    environment = _environment(home, render) | dict(own)
    try:
        done = run(
            words,
            timeout=render.timeout,
            limit=render.limits.file_bytes,
            directory=home,
            environment=environment,
        )
    except OSError as error:
        raise BuildError(unstarted(words[0], error)) from None
    line = command_line(shown)
    if done.late:
        raise BuildError(f"{line}: {done.stopped}; allow more with --timeout")
    if done.stopped:
        raise BuildError(f"{line}: {done.stopped}")
    if done.code or (done.error.strip() and not done.output.strip()):
        said = done.error
        for path in sorted(names, key=len, reverse=True):
            said = said.replace(path, names[path])
        lines = plain_lines(_QUOTED.sub("•••", said), _LINES)
        if done.killed or not lines:
            lines.insert(0, done.end if lines else f"{done.end} and said nothing")
        raise BuildError(f"{line}: {'; '.join(lines)}")
    return done.output


def _environment(home: str, render: Render) -> dict[str, str]:
    """What the tools see: their caches in a temporary folder, no cluster, and neither git nor a way out of here."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(("HELM_", "KUSTOMIZE_"))}
    own = {
        "KUBECONFIG": os.devnull,
        "HELM_CACHE_HOME": os.path.join(home, "cache"),
        "HELM_CONFIG_HOME": os.path.join(home, "config"),
        "HELM_DATA_HOME": os.path.join(home, "data"),
        "HELM_PLUGINS": os.path.join(home, "plugins"),
    }
    if not render.remote:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            own[name] = _NOWHERE
        own |= {"NO_PROXY": "", "no_proxy": "", "GIT_ALLOW_PROTOCOL": "none", "GIT_TERMINAL_PROMPT": "0"}
    return kept | own
