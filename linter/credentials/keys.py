"""What a registry key in a pull secret means to its readers.

Kubelet and OpenShift importer: ``BasicDockerKeyring.Add`` and ``URLsMatch`` (Kubernetes 1.34,
``pkg/credentialprovider/keyring.go``). CRI-O, podman, skopeo: ``normalizeAuthFileKey`` (containers/image 5.23,
``pkg/docker/config/config.go``).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from linter.credentials.hosts import host_matches
from linter.credentials.jsontext import scrub
from linter.credentials.urls import GLOB, HostPath, UrlError, parse_https, split_host_port, utf8
from linter.record import NamedTuple

__all__ = [
    "ContainersKey",
    "RegistryKey",
    "Target",
    "containers_key",
    "key_matches",
    "normalise_key",
    "normalise_registry",
    "parse_target",
    "registry_host",
]

_CACHED_LENGTH: Final = 1024


class RegistryKey(NamedTuple):
    """A key of ``auths`` as the kubelet's keyring stores it.

    ``written`` is the key in the payload; ``text`` is ``host`` + ``path``, the form in which two spellings collapse
    to one key. ``error`` says why the kubelet drops the key (the rest of the secret survives).  ``labels``, ``port``
    and ``prefix`` are what is compared with an image; ``labels`` is empty when the key parses and still can never
    match.  ``raw`` are the bytes of ``text``, by which the keyring orders its keys.
    """

    written: str
    host: str = ""
    path: str = ""
    text: str = ""
    error: str | None = None
    glob: bool = False
    labels: tuple[str, ...] = ()
    port: str = ""
    prefix: str = ""
    raw: bytes = b""

    def __repr__(self) -> str:
        """Show the normalised form: the written one may hold user information."""
        return f"RegistryKey({self.text!r}, error={self.error!r})"


class Target(NamedTuple):
    """An image reference in the form in which keys are compared with it."""

    labels: tuple[str, ...]
    port: str
    path: str


class ContainersKey(NamedTuple):
    """A key as containers/image reads it.

    ``exact`` is the text that an image's repository, one of its parent paths or its registry must equal; ``registry``
    is the host the key stands for when no exact key was found (``docker.io`` and ``registry-1.docker.io`` become
    ``index.docker.io``).
    """

    written: str
    exact: str
    registry: str


def normalise_key(key: str) -> RegistryKey:
    """Read a key as the kubelet does.

    Scheme, user info, query, fragment and a leading ``/v1/`` or ``/v2/`` go; ports stay text.
    """
    return (_normalise_cached if len(key) <= _CACHED_LENGTH else _normalise)(key)


def _normalise(key: str) -> RegistryKey:
    schemeless = key
    for scheme in ("https://", "http://"):
        if key.startswith(scheme):
            schemeless = key[len(scheme) :]
            break
    parsed = parse_https(schemeless)
    if isinstance(parsed, UrlError):
        return RegistryKey(key, error=parsed.message)
    path = parsed.path
    if path.startswith(("/v2/", "/v1/")):
        path = path[3:]
    if path == "/":
        path = ""
    stored = parsed.host + path
    target = parse_target(stored)
    name = split_host_port(parsed.host)[0]
    return RegistryKey(
        written=key,
        host=scrub(parsed.host),
        path=scrub(path),
        text=scrub(stored),
        glob=not GLOB.isdisjoint(name) and not name.startswith("["),
        labels=target.labels if target else (),
        port=target.port if target else "",
        prefix=target.path if target else "",
        raw=utf8(stored),
    )


_normalise_cached = lru_cache(maxsize=2**15)(_normalise)


def parse_target(text: str) -> Target | None:
    """Split a schemeless text for comparison (``ParseSchemelessURL``, ``SplitURL``); None when it is no URL."""
    return (_target_cached if len(text) <= _CACHED_LENGTH else _target)(text)


def _target(text: str) -> Target | None:
    parsed = parse_https(text)
    if not isinstance(parsed, HostPath):
        return None
    host, port = split_host_port(parsed.host)
    return Target(tuple(host.split(".")), port, parsed.path)


_target_cached = lru_cache(maxsize=2**15)(_target)


def key_matches(key: RegistryKey, target_text: str) -> bool:
    """Whether the kubelet's ``URLsMatch`` accepts the key for an image (``Lookup.reference`` of kubelet or importer).

    Ports are compared as text, host labels one by one with shell globs that never cross a dot, the path is a plain
    string prefix.
    """
    target = parse_target(target_text)
    return target is not None and target.path.startswith(key.prefix) and host_matches(
        (key.labels, key.port), (target.labels, target.port)
    )


def registry_host(text: str) -> str:
    """Return the host, port included as written, of a registry key or a normalised image reference; empty if none."""
    return normalise_key(text).host


def normalise_registry(registry: str) -> str:
    """containers/image's one name for Docker Hub's hosts."""
    return "index.docker.io" if registry in ("docker.io", "registry-1.docker.io") else registry


def containers_key(key: str, *, legacy: bool = False) -> ContainersKey:
    """Read a key as containers/image does.

    Only a key with a lowercase scheme (or any key of a ``legacy`` ``.dockercfg``) is cut at its first slash.
    """
    stripped = key.removeprefix("http://").removeprefix("https://")
    if legacy or stripped != key:
        stripped = stripped.partition("/")[0]
    return ContainersKey(key, key, normalise_registry(stripped))
