"""`kustomize`, `kubectl kustomize` and `helm template`, run so that they write and fetch nothing and run no plugin."""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from typing import Final

from linter.errors import RegcredError
from linter.render import Render
from linter.sources import Limits
from linter.sources.command import run
from linter.sources.live.words import plain_lines

_QUOTED: Final = re.compile(r"`[^`\n]*`|map\[.*")
_LINES: Final = 3
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
    with tempfile.TemporaryDirectory(prefix="regcred-") as home:
        base = os.path.realpath(home)
        wrapper = {"buildMetadata": ["originAnnotations"], "resources": [os.path.relpath(folder, base)]}
        with open(os.path.join(base, "kustomization.yaml"), "w", encoding="utf-8") as stream:
            json.dump(wrapper, stream)
        output = _run([*words, base], base, render, {base: "", os.path.relpath(folder, base): folder})
    return output, base


def helm(folder: str, name: str, render: Render) -> bytes:
    """Render the chart in a real folder as a release called `name`."""
    program = shutil.which("helm")
    if program is None:
        raise MissingToolError("helm is not on the PATH")
    values = [word for file in render.values for word in ("--values", os.path.abspath(file))]
    with tempfile.TemporaryDirectory(prefix="regcred-") as home:
        return _run([program, "template", name, folder, *values], os.path.realpath(home), render, {})


def _run(words: Sequence[str], home: str, render: Render, names: Mapping[str, str]) -> bytes:
    limit = Limits().file_bytes
    try:
        done = run(words, timeout=render.timeout, limit=limit, directory=home, environment=_environment(home, render))
    except OSError as error:
        raise BuildError(f"{words[0]} cannot be run: {error.strerror}") from None
    if done.timeout:
        raise BuildError(f"no result within {render.timeout:g} seconds; allow more with --timeout")
    if done.overflow:
        raise BuildError(f"the result is larger than {limit // 2**20} MiB")
    if done.code:
        said = done.error
        for path in sorted(names, key=len, reverse=True):
            said = said.replace(path, names[path])
        lines = plain_lines(_QUOTED.sub("•••", said), _LINES)
        raise BuildError("; ".join(lines) or f"it ended with code {done.code} and said nothing")
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
