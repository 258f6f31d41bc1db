"""A registry key can be read and can never match an image as images are written.

## What it does
Reports keys that parse and serve nothing:

* a tag or digest at the end, a `*` in the path, `/v1` or `/v2` without the closing slash;
* upper case in the host or the path, a scheme other than lower-case `http://` and `https://`, no host at all;
* a host without dot and port, which an image name takes for a folder of Docker Hub;
* quotes around the key, or a character in its host that no image name has there (`"quay.io"`, `quay.io,ghcr.io`);
* `hub.docker.com`, `docker.com`, `app.docker.com`, `registry-1.docker.io` and the like for Docker Hub;
* user information, a query or a fragment: the kubelet cuts these off and the key works there, other readers compare
  the key as it is written, or take it for its whole host.

With `http://` or `https://` before them, such keys may mean something to CRI-O, podman and builds all the same: these
drop the path and take `https://quay.io/TEAM` for all of `quay.io`. The finding says so.

A key that matches an image of the scan after all is not reported (`registry-1.docker.io` in an image, a tag in the
key of an import), nor one that a Flux source reads, nor the leftovers `…/access-token` and `…/refresh-token` of
Docker Desktop, nor an entry without a credential beside a credential helper. A support bundle of Troubleshoot holds no
payload; the key that its collector has kept is judged.

## Why it matters
The pull goes out without a credential or with a more general one, and no message tells of it. Kubelet and OpenShift's
importer compare the key with the image's repository (Kubernetes 1.25 to 1.36): hosts label by label, the path as a
prefix. Docker Hub's images are looked up as `docker.io/…`, and when no key matches under
`https://index.docker.io/v1/`.

## Example
```yaml
apiVersion: v1
kind: Secret
metadata: {name: regcred}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"hub.docker.com": {"username": "robot", "password": "hunter2"}}}
```

## Fix
Writes the key as it was plainly meant: without quotes, tag, query or scheme, in lower case,
`https://index.docker.io/v1/` for Docker Hub. No fix is offered where such a key could not match either.

*Fix safety*: safe where the key served nothing before; no fix is offered where another entry has that meaning already,
where the key stands twice, or where no usable credential stands under it: images that are pulled without one would then
be asked for with that.
Unsafe where CRI-O, podman and builds took the key for a whole registry, which they lose by it or keep only by a key
that another repair may change as well, and where the key comes before another one whose credential is used so far.
"""

from collections import Counter
from collections.abc import Iterator

from linter.rule import (
    Applicability,
    Consumer,
    Context,
    Entry,
    Finding,
    Fix,
    Impact,
    Location,
    Payload,
    PullSecret,
    Rule,
    Severity,
    credentials,
    origin,
    payload_edit,
    shown,
)
from rules.registries._needs import Targets
from rules.registries._readings import OTHERS, Member, Near, Reading, beside, images, leaning, losers, member, usual
from rules.registries._shared import KEPT, at_key, judgeable, judged, kept, named, rename_key, sound, unfinished
from rules.registries._unmatchable import Verdict, unmatchable

_TOGETHER = 16
"""So many safe renames of keys of one payload, which served somebody, are looked at together."""


def check(context: Context) -> Iterator[Finding]:
    """Report every key that can serve nothing."""
    wanted = context.once(Targets)
    for secret, payload in judged(context):
        near, written, renamed = None, set[str](), dict[str, str]()
        texts = Counter(entry.registry.text for entry in payload.entries)
        for entry in payload.entries:
            if not entry.live or entry.registry.error is not None or unfinished(entry.key):
                continue
            usable = sound(entry)
            if not usable and not judgeable(payload, entry):
                continue
            verdict = unmatchable(context, secret, entry.key, entry.registry)
            if verdict is not None:
                near = near or Near(payload)
                found = _finding(context, secret, entry.registry, verdict, at_key(secret, entry), used=usable)
                # Two keys that were meant to be one cannot both become it: the later would replace the earlier.
                # Nor is one renamed of several that are one registry: they are to be merged first (RC202). Of a key
                # that stands twice the loser would come to life in the place of the one that is renamed (RC201).
                clash = verdict.better in written or texts[entry.registry.text] > 1
                # Nor is an entry that holds no credential made to match: its images would be worse off than without.
                fix = None if clash or not usable else _fix(secret, payload, entry, verdict, near, renamed)
                if fix is not None and fix.applicability is Applicability.SAFE and (verdict.wide or verdict.cut):
                    renamed[entry.key] = verdict.better
                if usable:
                    written.add(verdict.better)
                yield found._replace(impact=wanted.missed(secret, verdict.better) if usable else Impact(), fix=fix)
    for secret, key, registry in kept(context):
        verdict = unmatchable(context, secret, key, registry) if registry.error is None else None
        if verdict is not None:
            found = _finding(context, secret, registry, verdict, secret.object.at())
            yield found._replace(impact=wanted.missed(secret, verdict.better), detail=f"{KEPT} {found.detail}")


def _finding(
    context: Context,
    secret: PullSecret,
    registry: credentials.RegistryKey,
    verdict: Verdict,
    at: Location,
    *,
    used: bool = True,
) -> Finding:
    also, better = "", shown(verdict.better)
    if verdict.wide and used:
        also = (
            f" {OTHERS} have rules of their own: they use its credential for every image of {shown(verdict.wide)} "
            "that no other key names letter by letter."
        )
    return context.finding(
        f"The key {shown(registry.written)!r} of {named(secret)} {_result(verdict)}",
        of=secret.object,
        at=at,
        key=shown(registry.text),
        detail="Kubelet and OpenShift's image importer compare a key with the image's repository: the host "
        "label by label, "
        f"the port as text, the path as a prefix (Kubernetes 1.25 to 1.36).{also}",
        remedy=origin(secret) or f"Write the {f'key as {better}' if better else 'registry as images name it'}.",
    )


def _result(verdict: Verdict) -> str:
    """Say for whom the key serves nothing, and why."""
    others = f"{OTHERS} take it for all of {shown(verdict.wide)}" if verdict.wide else ""
    if verdict.cut and others:
        return f"is read in two ways: {verdict.why}, {others}"
    if verdict.cut:
        return f"matches no image outside the kubelet and the importer: {verdict.why}, and other readers do not"
    if others:
        return f"matches no image for the kubelet and the importer: {verdict.why}; {others}"
    return f"matches no image: {verdict.why}"


def _fix(
    secret: PullSecret, payload: Payload, entry: Entry, verdict: Verdict, near: Near, renamed: dict[str, str]
) -> Fix | None:
    """Write the key as it was meant: safe where every reader finds for every image what it found before."""
    better = verdict.better
    fix = rename_key(secret, entry, better, Applicability.SAFE) if better else None
    lost = _losers(payload, entry, better, near, renamed) if fix is not None else []
    if fix is None or not lost:
        return fix
    if Consumer.CONTAINERS in lost and verdict.wide:
        cost = f"by which {OTHERS} lose the rest of {shown(verdict.wide)}"
    else:
        cost = "which then goes before a credential that is used so far"
    return fix._replace(applicability=Applicability.UNSAFE, summary=f"{fix.summary}, {cost}")


def _losers(payload: Payload, entry: Entry, better: str, near: Near, renamed: dict[str, str]) -> list[Consumer]:
    """Return the readers that lose by the new key, be it the only one or one beside those that are `renamed` safely."""
    legacy = payload.form == "dockercfg"
    crossing = near.crossing(better)
    if crossing is None or len(renamed) >= _TOGETHER:
        return list(Consumer)
    asked = [*images(entry.key, legacy=legacy), *images(better, legacy=legacy), *crossing]
    asked += beside(credentials.normalise_key(better))
    deciding = near.deciding(asked, [entry, *(one for one in payload.entries if one.live and one.key in renamed)])
    before = Reading((member(payload, one) for one in deciding), payload.form)
    lost: list[Consumer] = []
    for more in ({}, renamed) if renamed else ({},):
        keys = {**more, entry.key: better}
        after = Reading((_under(keys, payload, one) for one in deciding), payload.form)
        lost += losers(before, after, asked, usual)
    renamed_alone = [_under({entry.key: better}, payload, entry)]
    return [*lost, Consumer.CONTAINERS] if leaning(near, payload, [entry], renamed_alone) else lost


def _under(keys: dict[str, str], payload: Payload, entry: Entry) -> Member:
    key, value = member(payload, entry)
    return payload_edit.quote(keys[entry.key]) if entry.key in keys else key, value


RULE = Rule(code="RC205", severity=Severity.WARNING, check=check, fixable=True, needs=("Secret",))
