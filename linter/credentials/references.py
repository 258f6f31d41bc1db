"""Image references as each consumer reads them.

* kubelet and CRI-O: ``ParseNormalizedNamed`` of distribution/reference 0.6 (Kubernetes 1.34);
* OpenShift importer: ``reference.Parse`` and ``DockerClientDefaults`` of openshift/library-go, built on an older
  distribution;
* containers/image 5.23: ``ParseNormalizedNamed`` of distribution 2.8, whose length limit includes the host.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Final

from linter.patterns import lazy
from linter.record import NamedTuple

__all__ = ["Consumer", "Reference", "ReferenceError_", "parse_reference"]

_COMPONENT: Final = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_PATH: Final = rf"{_COMPONENT}(?:/{_COMPONENT})*"
_LABEL: Final = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_DOMAIN: Final = rf"{_LABEL}(?:\.{_LABEL})*"
_TAIL: Final = (
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?"
)
_CURRENT: Final = lazy(rf"(?:(?P<domain>(?:{_DOMAIN}|\[[a-fA-F0-9:]+\])(?::[0-9]+)?)/)?(?P<path>{_PATH}){_TAIL}")
_WITHOUT_IPV6: Final = lazy(rf"(?:(?P<domain>{_DOMAIN}(?::[0-9]+)?)/)?(?P<path>{_PATH}){_TAIL}")
_IMPORTER: Final = lazy(rf"(?P<name>(?:{_DOMAIN}(?::[0-9]+)?/)?{_PATH}){_TAIL}")
_IDENTIFIER: Final = lazy(r"[a-f0-9]{64}")
_DIGEST_LENGTHS: Final = {"sha256": 64, "sha384": 96, "sha512": 128}
_MAX_NAME: Final = 255
_CACHED_LENGTH: Final = 1024
_HUB: Final = "docker.io"
_HUB_HOSTS: Final = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
_INVALID: Final = "invalid reference format"


class Consumer(StrEnum):
    """Who resolves a credential."""

    KUBELET = "kubelet"
    IMPORTER = "importer"
    CONTAINERS = "containers"


class Reference(NamedTuple):
    """A parsed image reference with that consumer's defaults filled in.

    ``registry`` is the host with its port, ``repository`` the path below it, ``tag`` and ``digest`` are None when
    absent; ``lookup`` is the text the consumer compares with registry keys.
    """

    registry: str
    repository: str
    tag: str | None
    digest: str | None
    lookup: str


class ReferenceError_(NamedTuple):  # noqa: N801 - ReferenceError is a builtin
    """Why a consumer refuses an image reference."""

    message: str


def parse_reference(image: str, *, consumer: Consumer | str = Consumer.KUBELET) -> Reference | ReferenceError_:
    """Parse an image reference as one consumer does; never raises on account of the image.

    Raises ``ValueError`` when ``consumer`` is none of ``Consumer``.
    """
    return (_parse_cached if len(image) <= _CACHED_LENGTH else _parse)(image, str(consumer))


def _parse(image: str, consumer: str) -> Reference | ReferenceError_:
    known = Consumer(consumer)
    if known is Consumer.IMPORTER:
        return _parse_importer(image)
    return _parse_normalised(image, current=known is not Consumer.CONTAINERS)


_parse_cached = lru_cache(maxsize=2**15)(_parse)


def _split_domain(image: str, *, current: bool) -> tuple[str, str]:
    """``splitDockerDomain``: a first component is a host when it has a dot or a colon, or is ``localhost``.

    In current releases upper case makes a host too.
    """
    first, slash, rest = image.partition("/")
    is_host = slash and ("." in first or ":" in first or first == "localhost" or (current and first.lower() != first))
    domain, remainder = (first, rest) if is_host else (_HUB, image)
    if domain == "index.docker.io":
        domain = _HUB
    if domain == _HUB and "/" not in remainder:
        remainder = "library/" + remainder
    return domain, remainder


def _parse_normalised(image: str, *, current: bool) -> Reference | ReferenceError_:
    """``ParseNormalizedNamed``; ``current`` is distribution/reference 0.6, else distribution 2.8."""
    if _IDENTIFIER.fullmatch(image):
        return ReferenceError_("invalid repository name, cannot specify 64-byte hexadecimal strings")
    domain, remainder = _split_domain(image, current=current)
    name = remainder.partition(":")[0]
    if name.lower() != name:
        return ReferenceError_(f"{_INVALID}: repository name must be lowercase")
    match = (_CURRENT if current else _WITHOUT_IPV6).fullmatch(f"{domain}/{remainder}")
    if match is None:
        return ReferenceError_(_INVALID)
    # A first component such as "a_b.c" is taken for a host and then does not read as one: it becomes part of the path.
    host, path, digest = match["domain"] or "", match["path"], match["digest"]
    full = f"{host}/{path}" if host else path
    if len(path if current else full) > _MAX_NAME:
        return ReferenceError_(f"repository name must not be more than {_MAX_NAME} characters")
    if digest is not None and (problem := _digest_problem(digest, lowercase=True)):
        return ReferenceError_(problem)
    return Reference(host, path, match["tag"], digest, full)


def _digest_problem(digest: str, *, lowercase: bool) -> str | None:
    """Why a digest is refused: the algorithm, the length, or (current releases only) upper-case digits."""
    algorithm, _, encoded = digest.partition(":")
    length = _DIGEST_LENGTHS.get(algorithm)
    if length is None:
        return "unsupported digest algorithm"
    if len(encoded) != length:
        return "invalid checksum digest length"
    return "invalid checksum digest format" if lowercase and encoded != encoded.lower() else None


def _parse_importer(image: str) -> Reference | ReferenceError_:
    """library-go's ``Parse``, ``DockerClientDefaults`` and ``Exact``.

    A single component with a dot, or that starts with ``localhost``, is a registry without a repository: the importer
    then looks up the empty text.  A digest displaces the tag.
    """
    match = _IMPORTER.fullmatch(image)
    if match is None:
        return ReferenceError_(_INVALID)
    name, tag, digest = match["name"], match["tag"], match["digest"]
    if len(name) > _MAX_NAME:
        return ReferenceError_(f"repository name must not be more than {_MAX_NAME} characters")
    if digest is not None and (problem := _digest_problem(digest, lowercase=False)):
        return ReferenceError_(problem)
    first, slash, rest = name.partition("/")
    if not slash and ("." in name or name.startswith("localhost")):
        return Reference(name if tag is None else f"{name}:{tag}", "", None, digest, "")
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, repository = first, rest
    else:
        registry, repository = _HUB, name
    if registry in _HUB_HOSTS and "/" not in repository:
        repository = "library/" + repository
    suffix = f"@{digest}" if digest else f":{tag or 'latest'}"
    return Reference(
        registry, repository, tag or (None if digest else "latest"), digest, f"{registry}/{repository}{suffix}"
    )
