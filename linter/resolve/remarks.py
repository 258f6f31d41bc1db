"""What speaks against a credential that is offered: that it is none, or that it is hardly the one that was meant."""

import re
import time
from enum import IntEnum
from typing import Final, NamedTuple

from linter.credentials import Candidate, Entry, describe_token, placeholder
from linter.inventory.records import PullSecret

_VARIABLE: Final = re.compile(r"\$\{?[A-Za-z_]\w*\}?|\$\([A-Za-z_]\w*\)")
_DAY: Final = 24 * 3600


class Weight(IntEnum):
    """How much a remark counts: a note, a credential that is most likely wrong, one that cannot be right."""

    NOTE = 1
    DOUBT = 2
    UNUSABLE = 3


class Remark(NamedTuple):
    """One thing to say about an offered credential; never the credential itself."""

    weight: Weight
    text: str


def remark(candidate: Candidate, host: str, secret: PullSecret | None) -> Remark | None:
    """The weightiest thing that speaks against `candidate`, offered to `host` from `secret`; None when nothing does."""
    entry = _entry(candidate, secret)
    return _unusable(candidate, host, entry, secret) or _doubtful(candidate, entry) or _short_lived(candidate, host)


def _entry(candidate: Candidate, secret: PullSecret | None) -> Entry | None:
    entries = secret.payload.entries if secret is not None and secret.payload is not None else ()
    return next((entry for entry in entries if entry.live and entry.key == candidate.key), None)


def _unusable(candidate: Candidate, host: str, entry: Entry | None, secret: PullSecret | None) -> Remark | None:
    user, password = candidate.username, candidate.password
    token = entry is not None and (entry.identity_token or entry.registry_token)
    left = "; the token beside it is not read" if token else ""
    if candidate.token:  # it is sent in place of what else stands there
        return None
    if not user and not password:
        helpers = secret.payload.helpers if secret is not None and secret.payload is not None else ()
        if helpers:
            left = f"; it stayed in the helper ({' and '.join(helpers)}) of the workstation, which no cluster can ask"
        return Remark(Weight.UNUSABLE, f"the entry holds no credential{left}")
    if not user:
        return Remark(Weight.UNUSABLE, f"the user name is empty{left}")
    if not password:
        return Remark(Weight.UNUSABLE, f"the password is empty{left}")
    stand_in = placeholder(password) or placeholder(user, username=True)
    if stand_in:
        return Remark(Weight.UNUSABLE, f"a placeholder stands where the credential should: {stand_in}")
    expires = describe_token(host, user, password).expires
    if expires is not None and expires < time.time():
        when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(expires))
        return Remark(Weight.UNUSABLE, f"the token says of itself that it expired on {when}")
    return None


def _doubtful(candidate: Candidate, entry: Entry | None) -> Remark | None:
    for what, value in (("user name", candidate.username), ("password", candidate.password)):
        if value != value.strip():
            ending = value != value.rstrip("\r\n")
            how = "ends with a line break (`echo` without -n?)" if ending else "begins or ends with white space"
            return Remark(Weight.DOUBT, f"the {what} {how}, and it is sent as it stands")
        if _VARIABLE.fullmatch(value):
            return Remark(Weight.DOUBT, f"the {what} is the name of a variable that nothing has filled in")
    if "$$" in candidate.username:
        return Remark(Weight.DOUBT, "the user name holds `$$`: one `$` too many, left by an escape that nothing undid")
    if candidate.username in ("robot", "robot$") or candidate.username.endswith("$"):
        why = "Harbor's robot accounts are called robot$NAME, and an unquoted shell takes $NAME away"
        return Remark(Weight.NOTE, f"if a robot account is meant, its name is cut off: {why}")
    inline = ("", "") if entry is None else (entry.inline_username or "", entry.inline_password or "")
    sent = (candidate.username, candidate.password)
    if entry is not None and entry.has_auth and any(inline) and inline != sent:
        return Remark(Weight.NOTE, "`auth` and the fields beside it hold different credentials; `auth` is the one sent")
    return None


def _short_lived(candidate: Candidate, host: str) -> Remark | None:
    lifetime = describe_token(host, candidate.username, candidate.password).lifetime_hint
    if lifetime is None or lifetime > _DAY:
        return None
    hours = max(lifetime // 3600, 1)
    lives = f"such a token lives {hours} hour{'s' * (hours != 1)}"
    return Remark(Weight.NOTE, f"{lives}: a Secret that nobody renews goes stale")
