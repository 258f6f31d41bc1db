"""Two keys of one payload are spelled differently and become the same registry.

## What it does
Reports keys such as `quay.io`, `https://quay.io`, `quay.io/` and `quay.io/v2/` that stand in one pull secret and mean
one registry to the kubelet, whatever stands under them. It is an error when they hold different credentials, or one
of them none that can be used, and a warning when they hold the same.

`quay.io` beside `quay.io/team` is how several credentials of one registry are meant to be written, and `docker.io`
beside `index.docker.io` are two keys to the kubelet: neither is reported.

## Why it matters
The kubelet and OpenShift's image importer drop the scheme, a closing slash and a leading `/v1/` or `/v2/` (Kubernetes
1.25 to 1.36). What collapses to one key is stored in the order of a Go map, which is random and changes from run to
run. With different credentials the kubelet tries one and then the other in that random order; the importer tries only
the first, so the same import succeeds on one day and fails on the next. Between two *secrets* there is no such
chance: there the order of the list decides.

## Example
```yaml
apiVersion: v1
kind: Secret
metadata: {name: regcred}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {
      "quay.io": {"username": "robot", "password": "hunter2"},
      "https://quay.io/v2/": {"username": "someone", "password": "else"}
    }}
```

## Fix
Keeps one spelling, the plain one where it is there (`https://index.docker.io/v1/` for Docker Hub), and removes the
others.

No fix is offered while one of them holds no usable credential: that is to be repaired or removed first.

*Fix safety*: safe when the credentials are equal and every reader finds for every image what it found before. Unsafe
when they differ, because a credential goes, and where CRI-O, podman or builds would lose by it, or find the registry by
nothing but a key that another repair may change as well: they take a key with a scheme for the whole host, and one
without, or its path, letter by letter.
"""

from collections import defaultdict
from collections.abc import Iterator

from linter.rule import (
    Applicability,
    Context,
    Entry,
    Finding,
    Fix,
    Impact,
    Payload,
    PullSecret,
    Related,
    Rule,
    Severity,
    credentials,
    origin,
    payload_fix,
    shown,
)
from rules.registries._readings import OTHERS, Near, Reading, images, leaning, losers, member
from rules.registries._shared import (
    HUB_KEY,
    at_key,
    equal_entries,
    judgeable,
    judged,
    line_of,
    named,
    same_credential,
    serves,
    sound,
    undecodable,
    without,
)


def check(context: Context) -> Iterator[Finding]:
    """Report every registry that several keys of one payload become."""
    for secret, payload in judged(context):
        groups: dict[str, list[Entry]] = defaultdict(list)
        for entry in payload.entries:
            if entry.live and entry.registry.error is None and (sound(entry) or judgeable(payload, entry)):
                groups[entry.registry.text].append(entry)
        doubled = [group for registry, group in groups.items() if registry and len(group) > 1]
        if not doubled:
            continue
        near = Near(payload)
        for group in doubled:
            yield _finding(context, secret, payload, group, near)


def _finding(context: Context, secret: PullSecret, payload: Payload, group: list[Entry], near: Near) -> Finding:
    kept = min(group, key=_rank)
    others = [entry for entry in group if entry is not kept]
    usable = all(map(sound, group))
    equal = all(
        same_credential(entry, kept) if usable else equal_entries(payload, entry, kept) for entry in others
    )
    registry = shown(kept.registry.text)
    keys = " and ".join(shown(entry.key) for entry in group)
    held = "hold different credentials" if usable else "do not all hold a usable credential"
    when = "once all of them can be decoded, " if any(map(undecodable, group)) else ""
    which = (
        "and hold the same credential"
        if equal and usable
        else "and hold the same, which is no usable credential"
        if equal
        else f"and {held}: {when}which one is tried first is random and changes from pull to pull"
    )
    return context.finding(
        f"Keys {keys} of {named(secret)} are one registry, {registry}, {which}",
        of=secret.object,
        at=at_key(secret, others[0]),
        severity=Severity.WARNING if equal else Severity.ERROR,
        key=registry,
        detail="The kubelet and OpenShift's image importer drop the scheme, a closing slash and a leading /v1/ or /v2/ "
        "(Kubernetes 1.25 to 1.36). Keys of one secret that collapse stand in the order of a Go map: the "
        "kubelet tries them "
        "one after the other in that random order, the importer tries only the first. Across secrets the "
        "list's order decides.",
        remedy=origin(secret)
        or ("Keep one spelling." if equal else f"Keep the one credential that {registry} accepts."),
        related=[
            *(
                Related(f"the same registry again: {line_of(secret, entry)}", at_key(secret, entry))
                for entry in others[1:]
            ),
            Related(f"the same registry: {line_of(secret, kept)}", at_key(secret, kept)),
        ],
        # The kubelet tries all of them: which of its pulls fail nobody can tell.
        impact=Impact() if equal else context.joins.impact(secret, serves(kept))._replace(may=True),
        fix=None if secret.generated or not usable else _fix(secret, payload, kept, others, equal=equal, near=near),
    )


def _rank(entry: Entry) -> tuple[bool, int, int]:
    """Which entry to keep: one with `auth`, in the spelling that most readers understand, the first of equals."""
    plain = entry.registry.text
    spelling = 4
    if entry.key == HUB_KEY:
        spelling = 0
    elif entry.key == plain:
        spelling = 1
    elif entry.key in (f"https://{plain}", f"http://{plain}"):
        spelling = 2
    elif credentials.containers_key(entry.key).registry == credentials.containers_key(plain).registry:
        spelling = 3
    # CRI-O, podman and Docker-strategy builds read only a padded `auth`: none of theirs must go for one of others.
    readable = not isinstance(credentials.decode_base64(entry.auth or "-", padded=True), credentials.Base64Error)
    return not readable, spelling, entry.key_span[0]


def _fix(
    secret: PullSecret, payload: Payload, kept: Entry, others: list[Entry], *, equal: bool, near: Near
) -> Fix | None:
    doomed = {entry.key for entry in others}

    def next_one(now: Payload) -> Entry | None:
        return next((entry for entry in now.entries if entry.key in doomed), None)

    most = sum(entry.key in doomed for entry in payload.entries)
    text = without(payload, next_one, most)
    if text is None:
        return None
    summary = f"keep {shown(kept.key)} and remove {', '.join(shown(entry.key) for entry in others)}"
    if not equal:
        summary += ", whose different credential is lost"
    safe = equal
    if equal and (_costs(payload, others, near) or leaning(near, payload, others, [member(payload, kept)])):
        safe = False
        summary += f", by which {OTHERS} lose a credential"
    return payload_fix(secret, text, summary, Applicability.SAFE if safe else Applicability.UNSAFE)


def _costs(payload: Payload, others: list[Entry], near: Near) -> bool:
    """Whether a reader finds less without `others`; kubelet and importer have one key for all of them."""
    legacy = payload.form == "dockercfg"
    asked = [image for entry in others for image in images(entry.key, legacy=legacy)]
    deciding = near.deciding(asked, others)
    before = Reading((member(payload, entry) for entry in deciding), payload.form)
    doomed = {entry.key for entry in others}
    after = Reading((member(payload, entry) for entry in deciding if entry.key not in doomed), payload.form)
    return bool(losers(before, after, asked))


RULE = Rule(code="RC202", severity=Severity.ERROR, check=check, fixable=True, needs=("Secret",))
