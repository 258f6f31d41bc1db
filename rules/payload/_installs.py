"""The pull secret of an install-config.yaml: what the installer refuses of it.

It is text that people paste, and examples of it abound: only what holds a real credential was meant to work.
"""

from collections.abc import Iterator
from typing import Final

from linter.rule import INSTALL_CONFIG, Context, Payload, PullSecret, credentials, lazy

REFUSED: Final = (
    'openshift-install refuses the file (invalid "install-config.yaml" file: pullSecret: Invalid value), before it '
    "creates anything (every release of OpenShift 4)."
)
_AUTH: Final = lazy(r"""["'\u201c\u201d]auth["'\u201c\u201d]\s*:\s*["'\u201c\u201d]([A-Za-z0-9+/]{8,4000}={0,2})""")


def meant(context: Context) -> Iterator[tuple[PullSecret, Payload]]:
    """Yield the pull secrets of install configs in which a credential stands that somebody means to use."""
    for config in context.inventory.configs:
        payload = config.payload
        if payload is not None and config.object.kind == INSTALL_CONFIG and _credential(payload.text):
            yield config, payload


def _credential(content: str) -> bool:
    """Whether an `auth` in the text, be it JSON or not, holds a user name and a password."""
    for found in _AUTH.finditer(content):
        decoded = credentials.decode_base64(found[1], padded=found[1].endswith("="))
        if not isinstance(decoded, bytes) or credentials.redacted(found[1]):
            continue
        user, _, password = decoded.decode("utf-8", "replace").strip().partition(":")
        if not (user + password).isprintable() or "\ufffd" in user + password:
            continue
        stands_in = credentials.placeholder(user, username=True) or credentials.placeholder(password)
        if user and password and not stands_in and not credentials.redacted(password):
            return True
    return False
