"""A registry key cannot be read as a host with a path, so its credential is never used.

## What it does
Reports a key that the kubelet's URL parser refuses: white space or a control character in it, a port that is no
number (`registry.example.com:*`), square brackets around something that is no IPv6 address.

A key with a variable or a placeholder in it (`${REGISTRY}`, `<registry>`) is not judged: what it becomes is not
known. A support bundle of Troubleshoot holds no payload; the key that its collector has kept of a secret is judged.

## Why it matters
The kubelet logs the key and goes on without it; the other entries of the secret survive, and no event tells of it
(Kubernetes 1.25 to 1.36). OpenShift's image importer shares that code. Some operators that go through all secrets of
a cluster have crashed on such keys.

Square brackets are refused since Go 1.24.8 and 1.25.2, and text before an IPv6 address in brackets since Go 1.25.8 and
1.26.1. A kubelet built with an older Go reads such keys: to it `registr[xyz].example.com` is a shell pattern, and it
finds the credential. The finding names the Go releases then, since it is the build of the kubelet that decides.

CRI-O, podman and builds parse no URL. They take `https://quay.io/%zz` for all of `quay.io`, and the finding says so.

## Example
```yaml
apiVersion: v1
kind: Secret
metadata: {name: regcred}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {" registry.example.com": {"username": "robot", "password": "hunter2"}}}
```

## Fix
Cuts off white space and quotes around the key, when what is left can be read, is not there already and is no key that
another is to be renamed to (unmatchable-registry-key), and the key does not stand twice.

*Fix safety*: unsafe. An entry that nobody used comes to life, and it may have been forgotten for good reason.
"""

import re
from collections import Counter
from collections.abc import Iterator

from linter.rule import (
    Applicability,
    Context,
    Entry,
    Finding,
    Fix,
    Location,
    Payload,
    PullSecret,
    Rule,
    Severity,
    credentials,
    origin,
    shown,
)
from rules.registries._needs import Targets
from rules.registries._readings import OTHERS, wider
from rules.registries._shared import KEPT, at_key, judged, kept, named, rename_key, unfinished
from rules.registries._unmatchable import unmatchable

_BRACKETS = "1.24.8, 1.25.2"
_BEFORE_BRACKETS = "1.25.8, 1.26.1"
_NO_BRACKETS = str.maketrans("[]", "xx")


def check(context: Context) -> Iterator[Finding]:
    """Report every key that the kubelet cannot read."""
    wanted = context.once(Targets)
    for secret, payload in judged(context):
        written, keys = set[str](), Counter(entry.key for entry in payload.entries)
        meant: frozenset[str] | None = None
        for entry in payload.entries:
            reason = unfinished(entry.key) if entry.live else ""
            if reason:
                context.not_evaluated(
                    reason,
                    f"a registry key of {named(secret)} is not in its final form",
                    of=secret.object,
                    at=secret.at(),
                )
            elif entry.live and entry.registry.error is not None:
                found = _finding(context, secret, entry.key, entry.registry, at_key(secret, entry), wanted)
                # Two keys cannot both become one: the later would replace the earlier. Of a key that stands twice the
                # loser would come to life in the place of the one that is renamed (RC201).
                better = _trimmed(entry.key)
                meant = _meant(context, secret, payload) if meant is None else meant
                clash = better in written or better in meant or keys[entry.key] > 1
                yield found._replace(fix=None if clash else _fix(secret, entry, better))
                written.add(better)
    for secret, key, registry in kept(context):
        if registry.error is not None:
            found = _finding(context, secret, key, registry, secret.object.at(), wanted)
            yield found._replace(detail=f"{KEPT} {found.detail}")


def _meant(context: Context, secret: PullSecret, payload: Payload) -> frozenset[str]:
    """The keys that others of a payload are to be renamed to (RC205)."""
    verdicts = (
        unmatchable(context, secret, entry.key, entry.registry)
        for entry in payload.entries
        if entry.live and entry.registry.error is None
    )
    return frozenset(verdict.better for verdict in verdicts if verdict is not None)


def _finding(
    context: Context,
    secret: PullSecret,
    key: str,
    registry: credentials.RegistryKey,
    at: Location,
    wanted: Targets,
) -> Finding:
    since = _refused_since(key, registry.error or "")
    legacy = secret.payload is not None and secret.payload.form == "dockercfg"
    wide = shown(wider(key, legacy=legacy))
    what = f"The key {shown(key)!r} of {named(secret)} is no host with a path"
    if since:
        what += f" to a kubelet built with Go {since} or later, which never uses its credential"
    else:
        what += (
            f": {'the kubelet and the importer never use its credential' if wide else 'its credential is never used'}"
        )
    return context.finding(
        what + (f", and {OTHERS} take it for all of {wide}" if wide else ""),
        of=secret.object,
        at=at,
        key=shown(key),
        detail=f"The kubelet's URL parser refuses it ({registry.error}), logs it and goes on without this entry "
        + (
            f"(built with Go {since} or later); OpenShift's image importer does the same. One that was built with an "
            "older Go reads the key, and may find its credential."
            if since
            else "(Kubernetes 1.25 to 1.36); OpenShift's image importer does the same."
        ),
        remedy=origin(secret) or "Write the registry as images name it: host, port if there is one, path if wanted.",
        impact=wanted.missed(secret, _trimmed(key)),
    )


def _refused_since(key: str, error: str) -> str:
    """Return the Go releases that are the first to refuse a key for its square brackets, "" where all of them do.

    Before, `[` was special at the start of a host only, and whatever stood in the brackets was taken for an address.
    """
    if "IP" not in error:
        return ""
    user, _, host = re.split(r"[/?#]", re.sub(r"^https?://", "", key), maxsplit=1)[0].rpartition("@")
    if "[" in user or "]" in user:
        return ""
    if host.startswith("["):
        return _BRACKETS if re.fullmatch(r"\[.*\](:[0-9]*)?", host) else ""
    if credentials.normalise_key(host.translate(_NO_BRACKETS)).error is not None:
        return ""
    return _BRACKETS if credentials.normalise_key(host[host.rfind("[") :]).error is not None else _BEFORE_BRACKETS


def _trimmed(key: str) -> str:
    """Return a key without the white space and the quotes around it."""
    return key.strip().strip("\"'`").strip()


def _fix(secret: PullSecret, entry: Entry, better: str) -> Fix | None:
    meant = credentials.normalise_key(better)
    if better == entry.key or meant.error is not None or "." not in meant.host:
        return None
    return rename_key(secret, entry, better, Applicability.UNSAFE)


RULE = Rule(code="RC204", severity=Severity.ERROR, check=check, fixable=True, needs=("Secret",))
