"""The smallest change that would make a pull work, with the exact commands where there are any."""

import re
from collections.abc import Iterator
from itertools import chain, count
from typing import Final

from linter.credentials import Consumer, decode_base64_field
from linter.inventory.inventory import compatible
from linter.inventory.meant import right_type
from linter.inventory.records import PullSecret
from linter.resolve.atlas import Atlas, would_serve
from linter.resolve.commands import Shell
from linter.resolve.handing import hand_over, rename
from linter.resolve.judge import Steps
from linter.resolve.mending import Mender
from linter.resolve.names import Whereabouts, whereabouts
from linter.resolve.near import HUB, HUB_KEY
from linter.resolve.records import Change, Fate, KeyMatch, Verdict
from linter.rule import shown

MOST: Final = 3
_PORT: Final = re.compile(r":\d+$")
_UNNAMED: Final = re.compile(r"[^a-z0-9]+")
"""What no name of a Secret may hold, but for its dots."""


def changes(steps: Steps, verdict: Verdict, atlas: Atlas, *, most: int = MOST) -> tuple[Change, ...]:
    """What would make it work, the smallest change first and no more than `most`; nothing where it works already."""
    if verdict.works:
        return ()
    maker = _Advisor(steps, atlas)
    made = {
        Verdict.REFUSED: maker.repairs,
        Verdict.UNUSABLE: maker.credentials,
        Verdict.DOUBTFUL: maker.credentials,
        Verdict.UNCOVERED: maker.covers,
        Verdict.UNKNOWN: maker.guesses,
        Verdict.FORBIDDEN: maker.accounts,
        Verdict.BAD_IMAGE: maker.images,
    }[verdict]
    found: list[Change] = []
    for made_change in made():
        # Of several commands none helps where one may not be written: those before it would be the half of a repair.
        change = made_change._replace(commands=()) if "" in made_change.commands else made_change
        if change not in found:
            found.append(change)
        if len(found) == most:
            break
    return tuple(found)


class _Advisor:
    """Knows one case; each method yields the changes for one kind of verdict."""

    def __init__(self, steps: Steps, atlas: Atlas) -> None:
        self.case = case = steps.case
        self.secrets = steps.secrets
        self.keys = steps.keys
        self.offers = steps.offers
        self.reference = steps.lookup
        self.atlas = atlas
        self.shell = Shell(case.namespace, openshift=atlas.openshift)
        self.mender = Mender(case.inventory, openshift=atlas.openshift)

    def repairs(self) -> Iterator[Change]:
        """A secret that does not decode: repair it, or take it out of the list."""
        for step in self.secrets:
            if step.fate is Fate.FATAL:
                place = f"line {step.line}, column {step.column}" if step.line else "its payload"
                entry = f" (entry {step.entry})" if step.entry else ""
                name = f"Secret {step.name}" if not step.node_wide else "the node-wide file"
                how = _how(self._secret(step.name, step.node_wide), entry=bool(step.entry))
                yield self._edited(step.name, step.node_wide, f"repair {name} at {place}{entry}{how}")

    def credentials(self) -> Iterator[Change]:
        """What is offered is no credential, or the wrong one: put the right one there."""
        ended = next((key for key in self.keys if key.match is KeyMatch.MATCH and key.why), None)
        if ended is not None:
            name = f"Secret {ended.secret}" if ended.secret is not None else "the node-wide file"
            summary = f"give {ended.written} of {name} an `auth` field: base64 of user:password"
            yield self._edited(ended.secret or "", ended.secret is None, summary)
        elif self.offers:
            yield from self._collapsed()
            offer = self.offers[0]
            name = f"Secret {offer.secret}" if offer.secret is not None else "the node-wide file"
            summary = f"put a working credential for {offer.key} into {name}"
            yield self._edited(offer.secret or "", offer.secret is None, summary)

    def _collapsed(self) -> Iterator[Change]:
        """Several keys of one secret that are one registry: whichever comes first is random."""
        spelt: dict[tuple[str | None, str], list[str]] = {}
        for key in self.keys:
            if key.match is KeyMatch.MATCH:
                spelt.setdefault((key.secret, key.stored), []).append(key.written)
        for (secret, stored), written in spelt.items():
            if len(written) > 1:
                name = f"Secret {secret}" if secret is not None else "the node-wide file"
                summary = f"in {name}, keep one of {', '.join(written)}: all of them are {stored}"
                yield self._edited(secret or "", secret is None, summary)

    def covers(self) -> Iterator[Change]:
        """Nothing is offered: correct the key, hand over what is there, or create it."""
        yield from self._types()
        yield from self._near_keys()
        yield from self._missing()
        yield from self._handed()
        yield from self._near_elsewhere()
        yield from self._created()

    def guesses(self) -> Iterator[Change]:
        """Not known: only what is true whatever the rest turns out to be."""
        yield from self._types()
        yield from self._near_keys(sure=True)
        yield from self._missing()

    def accounts(self) -> Iterator[Change]:
        """The pod's service account does not exist."""
        account = self.case.workload.account if self.case.workload is not None else ""
        command = self.shell.run("create", "serviceaccount", account, about=(account,))
        yield Change(f"create service account {account}", (command,))

    def images(self) -> Iterator[Change]:
        """The image reference cannot be read."""
        yield Change("write the image as HOST[:PORT]/PATH[:TAG], in lower case and without a scheme")

    def _edited(self, secret: str, node_wide: bool, summary: str) -> Change:
        found = self._secret(secret, node_wide)
        return Change(summary) if found is None else self.mender.edited(found, summary)

    def _secret(self, name: str, node_wide: bool) -> PullSecret | None:
        inventory = self.case.inventory
        if node_wide:
            return inventory.global_secret
        return next(iter(inventory.secrets_named(self.case.namespace, name)), None)

    def _types(self) -> Iterator[Change]:
        """A secret that would do under the right type: `type` cannot be changed, so it is made anew."""
        for step in self.secrets:
            secret = self._secret(step.name, step.node_wide)
            if step.fate not in (Fate.SKIPPED, Fate.READ) or secret is None or secret.data_key is None:
                continue
            kind = right_type(secret)
            if kind != secret.type and self.reference and would_serve(secret, self.reference, self.case.consumer):
                yield self.mender.retyped(secret, kind)

    def _near_keys(self, *, sure: bool = False) -> Iterator[Change]:
        """Keys that nearly match, the plain mistakes first; `sure`: those alone."""
        for key in sorted(self.keys, key=lambda key: not key.mistake):
            if key.instead and (key.mistake or not sure):
                name = f"Secret {key.secret}" if key.secret is not None else "the node-wide file"
                summary = f"in {name}, write the key {key.written} as {key.instead} (or add that key beside it)"
                yield self._edited(key.secret or "", key.secret is None, summary)

    def _handed(self) -> Iterator[Change]:
        """A secret of the namespace would do, and is not in the list."""
        if self.case.reach is None:
            return
        meant = {self._where(step.name).nearest for step in self.secrets if step.fate is Fate.MISSING}
        read = {step.name for step in self.secrets} | meant
        is_global = self.case.inventory.is_global

        def spare(secret: PullSecret) -> bool:
            return secret.name not in read and secret.typed and not is_global(secret)

        for secret in self.atlas.near_by(self.case.namespace, self.reference, self.case.consumer, spare):
            yield hand_over(self.case, secret.name, self.shell)

    def _missing(self) -> Iterator[Change]:
        """A name that no Secret of the namespace has."""
        for step in self.secrets:
            if step.fate is not Fate.MISSING:
                continue
            found = self._where(step.name)
            # Where the name that is meant stands in the list already, it leaves the pull as it is.
            if found.nearest and not any(found.nearest == one.name for one in self.secrets):
                yield rename(self.case, step.name, found.nearest, self.shell)
            elif found.elsewhere:
                yield self._copied(step.name, found.elsewhere[0])

    def _where(self, name: str) -> Whereabouts:
        return whereabouts(self.case.inventory, self.case.namespace, name)

    def _copied(self, name: str, space: str) -> Change:
        """The name exists in another namespace: secrets do not cross namespaces."""
        named = self.case.inventory.secrets_named(space, name)
        there = [one for one in named if one.namespace == space]
        summary = f"copy Secret {name} from namespace {space}: a pod reads secrets of its own namespace only"
        return self.mender.copied(there[0], self.case.namespace, summary) if there else Change(summary)

    def _near_elsewhere(self) -> Iterator[Change]:
        """A secret that nobody hands over, with a key that nearly matches."""
        read = {step.name for step in self.secrets}
        is_global = self.case.inventory.is_global

        def unread(secret: PullSecret) -> bool:
            return secret.name not in read and not is_global(secret)

        for secret, entry, near in self.atlas.nearly(self.case.namespace, self.reference, unread):
            if near.instead:
                summary = f"in Secret {secret.name}, write the key {shown(entry.key)} as {near.instead}"
                fixed = self._edited(secret.name, False, summary)
                if self.case.reach is None or not secret.typed:
                    yield fixed
                else:
                    link = hand_over(self.case, secret.name, self.shell)
                    yield Change(f"{fixed.summary}, and {link.summary}", (*fixed.commands, *link.commands))

    def _created(self) -> Iterator[Change]:
        """Nobody in the namespace has a credential: make a secret, and hand it over."""
        case = self.case
        host = self.reference.partition("/")[0]
        if not host or any(key.mistake and key.instead for key in self.keys):
            return
        if self.atlas.holders.any_in(case.namespace, self.reference):
            return
        if any(True for _ in self.atlas.nearly(case.namespace, self.reference)):
            return
        name = self._free(host)
        server = HUB_KEY if host == HUB else host
        create = self.shell.create(name, server)
        if case.consumer is Consumer.IMPORTER:
            yield Change(f"create a pull secret for {host} in the namespace; imports read it without a link", (create,))
        elif case.reach is not None:
            if any(one.name == name for one in case.reach.links):
                yield Change(f"create a pull secret for {host} under the name that the list has: {name}", (create,))
                return
            link = hand_over(self.case, name, self.shell)
            yield Change(f"create a pull secret for {host} and {link.summary}", (create, *link.commands))

    def _free(self, host: str) -> str:
        """A name for a new secret: one that no Secret of the namespace has."""
        known, space = self.case.inventory.secret_names, self.case.namespace
        name = _UNNAMED.sub("-", f"{_PORT.sub('', host)}-pull".lower()).strip("-")
        names = chain((name,), (f"{name}-{number}" for number in count(2)))
        return next(one for one in names if not any(compatible(other, space) for other in known.get(one, ())))


def _how(secret: PullSecret | None, *, entry: bool) -> str:
    """What to write there, where the payload tells: the end of a sentence."""
    payload = secret.payload if secret is not None else None
    if payload is None or payload.helpers:
        return ""
    if payload.root is None:
        inner = decode_base64_field(payload.text)
        if inner is not None and inner.lstrip().startswith(b"{"):
            return ": it is encoded once too often, store the JSON itself"
        return ": write it as JSON, with quotes and line breaks inside a password escaped (jq and toJson do)"
    if payload.root.kind == "string":
        return ": it is JSON inside a JSON string, store the object itself"
    return ": an `auth` is base64 of user:password" if entry and any(one.auth_error for one in payload.entries) else ""
