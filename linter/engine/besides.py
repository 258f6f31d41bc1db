"""What people name in the place of objects: auth files, and what kubectl prints for them to read."""

from typing import Final

from linter.inventory.authfiles import LONGEST, auth_file
from linter.inventory.records import PullSecret
from linter.model import Problem
from linter.patterns import lazy

_LOOKED_AT: Final = 2**12
"""Bytes at the beginning of a file that tell it."""
_DESCRIBED: Final = lazy(
    r"Name:(?:[ ]{2,}|\t)\S[^\n]*\n(?:Namespace|Labels|Annotations|Roles|Created|Display Name):(?:[ ]{2,}|\t)"
)
_TABLE: Final = lazy(r"(?:NAMESPACE[ ]{2,})?(?:NAME|LAST SEEN)(?:[ ]{2,}[A-Z][A-Z()/-]*(?:[ ][A-Z()/-]+)*)+[ ]*\r?\n")
_ERROR: Final = lazy(
    r"(?i)error from server|the connection to the server |unable to connect to the server|no resources found"
    r"|error: [^\n]*\s*\Z"
)
"""What kubectl says; `error:` begins a mapping of YAML too, where more follows."""
_AS_YAML: Final = "ask for the objects themselves, as in: kubectl get pod NAME -n NAMESPACE -o yaml | regcred check -"


__all__ = ["LONGEST", "known"]


def known(path: str, data: bytes) -> PullSecret | Problem | None:
    """Return what a file without objects is: an auth file, or what holds none by mistake; None for anything else."""
    found = auth_file(path, data)
    if found is not None:
        return found
    said, remedy = _printed(data)
    return Problem(path, said, remedy, fatal=True) if said else None


def _printed(data: bytes) -> tuple[str, str]:
    """What kubectl printed there, and what to do about it; "" and "" for anything else."""
    text = data[:_LOOKED_AT].decode("utf-8", "replace").lstrip("\ufeff\r\n")
    if _DESCRIBED.match(text):
        return "is what `kubectl describe` prints for people, and holds no object", _AS_YAML
    if _TABLE.match(text):
        return "is a table that kubectl prints for people, and holds no object", _AS_YAML
    if _ERROR.match(text):
        return "holds what kubectl said in the place of objects", "run the command again, and see to what it says"
    return "", ""
