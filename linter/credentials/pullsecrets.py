"""Pull secrets as a consumer receives them, and the answer to a lookup."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from linter.credentials.payload import Form
from linter.record import NamedTuple

__all__ = ["Candidate", "Lookup", "PullSecret", "secret_payload"]

_FORMS: Final[dict[str, tuple[str, Form]]] = {
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson", "dockerconfigjson"),
    "kubernetes.io/dockercfg": (".dockercfg", "dockercfg"),
}


class PullSecret(NamedTuple):
    """A Secret reduced to what a lookup needs; ``data`` maps keys to decoded payloads (text is taken as UTF-8)."""

    name: str
    type: str
    data: Mapping[str, bytes]

    def __repr__(self) -> str:
        """Show name, type and keys, never a value."""
        return f"PullSecret({self.name!r}, {self.type!r}, {len(self.data)} values)"


class Candidate(NamedTuple):
    """One credential that a consumer would send.

    ``secret`` is the name of the Secret it comes from, None for the node-wide file; ``key`` is the registry key as
    written there.  ``token`` (``containers`` only) tells that an identity token stands beside, which is exchanged for
    access in place of the password (containers/image 5.23, ``docker_client.go``).
    """

    username: str
    password: str
    secret: str | None
    key: str
    token: bool = False

    def __repr__(self) -> str:
        """Mask the credential, and the key, which may hold user information."""
        return f"Candidate(***, secret={self.secret!r})"


class Lookup(NamedTuple):
    """Which credentials a consumer offers for an image.

    ``error``: None, ``"keyring"`` (the set of secrets, or the one file, is refused as a whole) or ``"image"`` (the
    reference is refused).  ``reference``: the text compared with registry keys, None when the image is refused.
    ``candidates``: in the order they are tried; when ``ambiguous`` that order (for ``containers``: which of them is
    sent) changes from run to run.  ``reason`` explains an error, without credential text; ``culprit`` names the
    undecodable secret, None also for the node-wide file. ``anonymous_at`` (``containers`` only) is the key of an
    entry without usable credential at which the search ended or may end.
    """

    error: str | None
    reference: str | None
    candidates: tuple[Candidate, ...]
    ambiguous: bool = False
    reason: str | None = None
    culprit: str | None = None
    anonymous_at: str | None = None

    @property
    def found(self) -> bool:
        """Whether anything matched."""
        return bool(self.candidates)

    def __repr__(self) -> str:
        """Show the verdict; candidates mask themselves."""
        verdict = f"error={self.error!r}, ambiguous={self.ambiguous}, reason={self.reason!r}"
        return f"Lookup({verdict}, candidates={self.candidates!r})"


def as_bytes(value: object) -> bytes:
    """Return a payload as bytes; text is UTF-8, anything else counts as empty."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return bytes(value) if isinstance(value, bytearray | memoryview) else b""


def secret_payload(type: str, data: Mapping[str, bytes]) -> tuple[Form, bytes] | None:  # noqa: A002 - the API field's name
    """Pick the payload that counts for pulls (Kubernetes 1.34, ``credentialprovider/secrets/secrets.go``).

    Type and key must agree and the value must not be empty; otherwise the kubelet ignores the Secret without a word.
    """
    expected = _FORMS.get(type) if isinstance(type, str) else None
    if expected is None or not data:
        return None
    key, form = expected
    payload = as_bytes(data.get(key))
    return (form, payload) if payload else None
