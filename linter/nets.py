"""The last net: what rules and readers say, without the logins of addresses that they quote, and safe to paste.

Names and references are shown as they stand in the input, and people write `https://user:password@host` everywhere.
"""

from typing import TypeVar

from linter.model import Finding, NotEvaluated, Problem, Suppressed
from linter.secret import without_logins

_Told = TypeVar("_Told", NotEvaluated, Problem)


def finding(one: Finding) -> Finding:
    """Return a finding as it may be told; before its fingerprint is taken, which must not be made of a credential."""
    fix = one.fix
    if fix is not None and "@" in fix.summary:
        one = one._replace(fix=fix._replace(summary=without_logins(fix.summary)))
    related = one.related
    if any("@" in each.message for each in related):
        one = one._replace(related=tuple(each._replace(message=without_logins(each.message)) for each in related))
    if "@" in one.message or "@" in one.key or "@" in one.detail or "@" in one.remedy:
        one = one._replace(
            message=without_logins(one.message),
            key=without_logins(one.key),
            detail=without_logins(one.detail),
            remedy=without_logins(one.remedy),
        )
    names = (one.object, *(each.object for each in one.related if each.object is not None))
    odd = [name for ref in names for name in (ref.name, ref.namespace) if name.startswith("-")]
    if odd and one.commands:  # a program takes it for an option; no API server takes it for a name
        from shlex import quote  # noqa: PLC0415 - as said: there are none

        kept = (each for each in one.commands if not any(quote(name) in each for name in odd))
        one = one._replace(commands=tuple(kept))
    if any("@" in command for command in one.commands):
        one = one._replace(commands=tuple(map(without_logins, one.commands)))
    return one


def told(one: _Told) -> _Told:
    """Return what could not be judged or read as it may be told."""
    return one._replace(message=without_logins(one.message)) if "@" in one.message else one


def suppressed(one: Suppressed) -> Suppressed:
    """Return what somebody accepted, with a reason that may be told."""
    return one._replace(reason=without_logins(one.reason)) if "@" in one.reason else one
