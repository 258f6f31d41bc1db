"""An import stops at an entry that is of no use, although a later one would do.

## What it does

Reports imports of image streams whose first match is an entry without a credential, a placeholder or an expired token,
while a later match, in the same secret or in another that the import reads, has a usable one. The defect of the entry
itself is told where it stands; this finding tells which import it costs, and points there. A tag that was imported
since is not reported.

## Why it matters

The kubelet tries every match in turn; the importer tries the first and no other (OpenShift 4.5 and later). The first is
the one with the longest path, and for equal keys the one in the secret whose name comes first. So pods pull an image
that their image stream cannot import.

## Example

```yaml
apiVersion: v1
kind: Secret
metadata: {name: regcred, namespace: shop}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"quay.io/shop": {}, "quay.io": {"auth": "dXNlcjpwYXNz"}}}
```

with an image stream that imports `quay.io/shop/web:1`.

## Fix

There is no automatic fix here. Repair or remove the entry (see the finding about it). Where another Secret has the
usable one, and nothing else in this one is of use, it can be kept from imports:

    oc annotate secret regcred openshift.io/image.excludeSecret=true -n shop
"""

from collections.abc import Iterator, Sequence

from linter.rule import (
    Affected,
    Context,
    Entry,
    Finding,
    Impact,
    ImportPull,
    NamedTuple,
    PullSecret,
    Related,
    Rule,
    Severity,
    command,
    credentials,
    dig,
    shown,
    spot,
)
from rules.lifetime._shared import expired_entry
from rules.payload._defects import entry_defect
from rules.registries._shared import usable

_USELESS = {"RC109": "has no credential", "RC114": "has no credential but a token", "RC115": "is a placeholder"}


class _Match(NamedTuple):
    """An entry that answers for an import, and why it is of no use ("" when it is)."""

    secret: PullSecret
    entry: Entry
    useless: str


def check(context: Context) -> Iterator[Finding]:
    """Report every stream and useless entry once."""
    found: dict[tuple[int, int, str], tuple[_Match, _Match, list[ImportPull]]] = {}
    finder = _Finder(context)
    for pull in context.joins.import_pulls:
        pair = finder.pair(pull)
        if pair is not None and not _imported(pull):
            first, good = pair
            key = (id(pull.stream.object), id(first.secret.object), first.entry.key)
            found.setdefault(key, (first, good, []))[2].append(pull)
    for first, good, pulls in found.values():
        yield _finding(context, first, good, pulls)


class _Finder:
    """Finds the entries behind candidates; imports for which the same entries answer share one tuple of these."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._pairs: dict[tuple[int, int], tuple[object, tuple[_Match, _Match] | None]] = {}
        self._secrets: dict[int, dict[str, PullSecret]] = {}
        self._entries: dict[int, dict[str, Entry]] = {}

    def pair(self, pull: ImportPull) -> tuple[_Match, _Match] | None:
        """Return the useless entry at which an import stops and one behind it that would do; None when it is not so."""
        outcome = self._context.joins.import_outcome(pull)
        if outcome.verdict != "credential" or outcome.lookup is None or outcome.lookup.ambiguous:
            return None
        candidates = outcome.lookup.candidates
        key = (id(pull.secrets), id(candidates))
        if key not in self._pairs:
            # The candidates are kept beside it, so that their identity stays theirs alone.
            self._pairs[key] = (candidates, self._judged(pull, candidates))
        return self._pairs[key][1]

    def _judged(self, pull: ImportPull, candidates: Sequence[credentials.Candidate]) -> tuple[_Match, _Match] | None:
        first = self._match(pull, candidates[0])
        if first is None or not first.useless or len(candidates) < 2:
            return None
        more = [self._match(pull, candidate) for candidate in candidates[1:]]
        known = [match for match in more if match is not None]
        good = next((match for match in known if not match.useless), None)
        return (first, good) if good is not None and len(known) == len(more) else None

    def _match(self, pull: ImportPull, candidate: credentials.Candidate) -> _Match | None:
        secret = self._named(pull, candidate.secret)
        entry = self._live(secret).get(candidate.key) if secret is not None else None
        return _Match(secret, entry, _useless(self._context, entry)) if secret is not None and entry else None

    def _named(self, pull: ImportPull, name: str | None) -> PullSecret | None:
        """Return the secret that a candidate names; None as a name means the node-wide file."""
        if name is None:
            return self._context.inventory.global_secret
        if id(pull.secrets) not in self._secrets:
            self._secrets[id(pull.secrets)] = {secret.name: secret for secret in reversed(pull.secrets)}
        return self._secrets[id(pull.secrets)].get(name)

    def _live(self, secret: PullSecret) -> dict[str, Entry]:
        if id(secret) not in self._entries:
            entries = secret.payload.entries if secret.payload is not None else ()
            self._entries[id(secret)] = {entry.key: entry for entry in reversed(entries) if entry.live}
        return self._entries[id(secret)]


def _useless(context: Context, entry: Entry) -> str:
    if expired_entry(context, entry):
        return "has expired"
    return _USELESS.get(entry_defect(entry), "")


def _imported(pull: ImportPull) -> bool:
    """Whether the status shows the tag with an image, and no failure."""
    tags = dig(pull.stream.object.body, "status", "tags")
    for tag in tags if isinstance(tags, list) else []:
        if dig(tag, "tag") == pull.tag.tag and dig(tag, "items"):
            conditions = dig(tag, "conditions")
            states = [dig(one, "status") for one in (conditions if isinstance(conditions, list) else [])]
            return "False" not in states
    return False


def _finding(context: Context, first: _Match, good: _Match, pulls: list[ImportPull]) -> Finding:
    item, tag = pulls[0].stream.object, pulls[0].tag
    more = f" and {len(pulls) - 1} more" if len(pulls) > 1 else ""
    apart = first.secret.object is not good.secret.object and not context.inventory.is_global(first.secret)
    # The annotation keeps the whole Secret away, from imports of other registries too.
    apart = apart and all(_useless(context, entry) for entry in usable(first.secret))
    words = ("oc", "annotate", "secret", first.secret.name, "openshift.io/image.excludeSecret=true")
    exclude = command(*words, namespace=item.namespace, about=(first.secret.name,))
    return context.finding(
        f"The import of {tag.image}{more} stops at entry {shown(first.entry.key)} of Secret {first.secret.name}, which "
        f"{first.useless}, although {shown(good.entry.key)} of Secret {good.secret.name} would do",
        of=item,
        at=item.at(*tag.route),
        key=shown(first.entry.key),
        detail="The importer tries the first match only (OpenShift 4.5 and later); the kubelet tries all, so pods are "
        "not affected in this way.",
        remedy="Repair or remove that entry" + (", or exclude its Secret from imports." if apart else "."),
        commands=(exclude,) if apart else (),
        related=[
            Related(
                "it stops here",
                spot(first.secret, *first.entry.key_span, first.entry.key),
                first.secret.object.ref,
            ),
            Related("this would do", spot(good.secret, *good.entry.key_span, good.entry.key), good.secret.object.ref),
        ],
        impact=Impact(imports=tuple(dict.fromkeys(Affected(one.stream.object.ref, one.tag.image) for one in pulls))),
    )


RULE = Rule(code="RC503", severity=Severity.WARNING, check=check, needs=("ImageStream",))
