"""What the rules about lifetime share: which credentials say when they end.

One token, one finding: what has expired falls to RC601, what lives hours by design to RC603, the rest to RC602.
"""

import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from linter.rule import Context, Entry, Impact, NamedTuple, PullSecret, credentials, shown
from rules.payload._defects import entry_defect, sound
from rules.payload._shared import LEFTOVERS, matched, readers

OPENSHIFT: Final = "OpenShift"
DAY: Final = 24 * 3600
_SKEW: Final = 300
"""Seconds by which clocks may differ: a token that ended just now is not called expired."""
_HARMLESS: Final = frozenset({"", "RC107", "RC108"})

KINDS: Final = {
    "ecr": "token of Amazon ECR",
    "gcp-access-token": "access token of Google Cloud",
    "acr-refresh": "refresh token of Azure Container Registry",
    "openshift-oauth": "session token of OpenShift",
    "github-actions": "token of a GitHub Actions job",
    "gitlab-job": "token of a GitLab job",
    "serviceaccount-bound": "token of a service account",
}


class Dated(NamedTuple):
    """One credential of a Secret that says, or shows by its form, how long it lives; `entries` all carry it."""

    secret: PullSecret
    entries: tuple[Entry, ...]
    kind: str
    expires: int | None
    lifetime: int | None

    @property
    def entry(self) -> Entry:
        """The first entry, at which the finding stands."""
        return self.entries[0]

    @property
    def what(self) -> str:
        """The kind of token in words."""
        return KINDS.get(self.kind, "token")

    @property
    def registries(self) -> str:
        """The registries in a sentence."""
        more = len(self.entries) - 1
        return shown(self.entry.key) + (f" and {more} more" if more else "")

    def expired(self, now: int) -> bool:
        """Whether its end is past."""
        return self.expires is not None and self.expires + _SKEW < now

    @property
    def short_lived(self) -> bool:
        """Whether it lives a day at most by design."""
        return self.lifetime is not None and self.lifetime <= DAY


@lru_cache(maxsize=8192)
def facts(entry: Entry) -> credentials.TokenFacts:
    """What the credential of an entry says of its life."""
    return credentials.describe_token(entry.registry.host, entry.username, entry.password)


def expired_entry(context: Context, entry: Entry) -> bool:
    """Whether the credential of an entry is past its end."""
    ends = facts(entry).expires
    return ends is not None and ends + _SKEW < context.now


def dated(context: Context) -> list[Dated]:
    """Return every credential that could be used and has an end, once per Secret."""
    return context.once(_all_dated)


def _all_dated(context: Context) -> list[Dated]:
    return list(_dated(context))


def _dated(context: Context) -> Iterator[Dated]:
    for secret, payload in sound(context):
        if secret.generated == OPENSHIFT:
            continue
        found: dict[tuple[str, str], list[Entry]] = {}
        for entry in payload.entries:
            if entry.live and entry.username and entry.password and _sent(entry) and entry_defect(entry) in _HARMLESS:
                known = facts(entry)
                if known.expires is not None or known.lifetime_hint is not None:
                    found.setdefault((entry.username, entry.password), []).append(entry)
        for entries in found.values():
            known = facts(entries[0])
            yield Dated(secret, tuple(entries), known.kind or "", known.expires, known.lifetime_hint)


def _sent(entry: Entry) -> bool:
    """Whether anything ever sends the credential: not what `docker login` keeps for itself beside the Hub's entry."""
    return entry.registry.host != "index.docker.io" or LEFTOVERS.match(entry.registry.path) is None


def day(seconds: int) -> str:
    """The day of a point in time, in UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


def impact(context: Context, one: Dated) -> Impact:
    """Return every pull and import that the credential serves."""
    return readers(context, one.secret, matched([entry.key for entry in one.entries]))
