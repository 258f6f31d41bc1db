"""A value under `data` that `stringData` overrides: what it says, and how it is taken out."""

from linter.rule import Applicability, Fix, Op, PullSecret, credentials, dig, edit
from rules.payload._defects import whole_defect

_FILLED_IN = ("{{", "{%", "<%", "<path:", "${", "ENC[", "$ANSIBLE_VAULT;")


def overridden(secret: PullSecret) -> str | None:
    """Return the value that loses, None without one and where a template or tool fills it in or has blanked it."""
    loser = dig(secret.object.body, *secret.superseded) if secret.superseded else None
    if not isinstance(loser, str) or not loser.strip() or any(mark in loser for mark in _FILLED_IN):
        return None
    return None if credentials.redacted(loser) else loser


def refused(loser: str) -> bool:
    """Whether the API server cannot read the value that loses, and so refuses the object with the one that wins.

    What stands in for a value is to be replaced by one: of that nothing is known.
    """
    return credentials.decode_base64_field(loser) is None and credentials.placeholder(loser) is None


def without_overridden(secret: PullSecret) -> Fix | None:
    """Remove the value that loses; None while the one that wins has a defect, since the other may be the good one."""
    if secret.generated or whole_defect(secret) or secret.payload is None or secret.payload.error is not None:
        return None
    values = dig(secret.object.body, "data")
    route = ("data",) if isinstance(values, dict) and len(values) == 1 else secret.superseded or ()
    summary = f"Remove the overridden {secret.data_key} from data of {secret.name}"
    return Fix(Applicability.SAFE, summary, (edit(Op.REMOVE, secret.object, route),))
