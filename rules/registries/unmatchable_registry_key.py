"""A registry key can be read and can never match an image as images are written.

## What it does
Reports keys that parse and serve nothing:

* a tag or digest at the end, a `*` in the path, `/v1` or `/v2` without the closing slash;
* upper case in the host or the path, a scheme other than lower-case `http://` and `https://`, no host at all;
* a host without dot and port, which an image name takes for a folder of Docker Hub;
* `hub.docker.com`, `docker.com`, `app.docker.com`, `registry-1.docker.io` and the like for Docker Hub;
* user information, a query or a fragment: the kubelet cuts these off and the key works there, other readers compare
  the key as it is written.

A key that matches an image of the scan after all is not reported (`registry-1.docker.io` in an image, a tag in the
key of an import), nor one that a Flux source reads, nor the leftovers `…/access-token` and `…/refresh-token` of
Docker Desktop. A support bundle of Troubleshoot holds no payload; the key that its collector has kept is judged.

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
Writes the key as it was plainly meant: without tag, query or scheme, in lower case, `https://index.docker.io/v1/` for
Docker Hub.

*Fix safety*: safe. The key served nothing before, and no fix is offered where another entry has that meaning already.
"""

import re
from collections.abc import Iterator

from linter.rule import (
    Applicability,
    Context,
    Finding,
    Location,
    PullSecret,
    Rule,
    Severity,
    Use,
    credentials,
    lazy,
    origin,
    shown,
)
from rules.registries._needs import Targets
from rules.registries._shared import HUB, HUB_KEY, KEPT, at_key, judged, kept, named, rename_key, sound, unfinished

HUB_LOOKALIKES = frozenset(
    {"registry-1.docker.io", "hub.docker.com", "docker.com", "app.docker.com", "www.docker.com", "auth.docker.io"}
)
_LEFTOVERS = lazy(r"^(/v[12])?/(access|refresh)-token$")
_BEGINS_A_REPOSITORY = lazy(r"^(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*(/|[._-]+)?$")


Verdict = tuple[str, str]
"""Why a key serves nothing, and what it was meant to be ("" when that is not plain)."""


def check(context: Context) -> Iterator[Finding]:
    """Report every key that can serve nothing."""
    wanted = context.once(Targets)
    for secret, payload in judged(context):
        for entry in payload.entries:
            if not entry.live or entry.registry.error is not None or not sound(entry) or unfinished(entry.key):
                continue
            verdict = _verdict(entry.key, entry.registry)
            if verdict is not None and _counts(context, secret, verdict, entry.registry, wanted):
                found = _finding(context, secret, entry.registry, verdict, at_key(secret, entry))
                better = verdict[1]
                fix = rename_key(secret, entry, better, Applicability.SAFE) if better else None
                yield found._replace(impact=wanted.missed(secret, better), fix=fix)
    for secret, key, registry in kept(context):
        verdict = _verdict(key, registry) if registry.error is None else None
        if verdict is not None and _counts(context, secret, verdict, registry, wanted):
            found = _finding(context, secret, registry, verdict, secret.object.at())
            yield found._replace(impact=wanted.missed(secret, verdict[1]), detail=f"{KEPT} {found.detail}")


def _counts(
    context: Context, secret: PullSecret, verdict: Verdict, registry: credentials.RegistryKey, wanted: Targets
) -> bool:
    """Whether the key serves nothing: what the kubelet alone understands counts, be it of use to it."""
    return _cuts(verdict) or not _serves_after_all(context, secret, registry, wanted)


def _cuts(verdict: Verdict) -> bool:
    return verdict[0].startswith("the kubelet cuts off")


def _serves_after_all(
    context: Context, secret: PullSecret, registry: credentials.RegistryKey, wanted: Targets
) -> bool:
    """Whether the scan proves the key right, or its port is what is wrong with it (RC208)."""
    if wanted.any_at_its_port(secret, registry):
        return True
    lookalike = registry.host in HUB_LOOKALIKES
    return lookalike and any(one.use is Use.CONTROLLER for one in context.inventory.references_to(secret))


def _verdict(key: str, registry: credentials.RegistryKey) -> Verdict | None:
    """Return why the key serves nothing and what it was meant to be ("" when that is not plain)."""
    host, path = registry.host, registry.path
    if path.startswith("//") and (not host or host.endswith(":")):
        return "only http:// and https:// in lower case are taken for a scheme", path.lstrip("/")
    if not host:
        return "it names no host", ""
    return _hub(host, path) or _path(host, path) or _host(registry) or _cut_off(key, registry)


def _hub(host: str, path: str) -> Verdict | None:
    why = "Docker Hub's images are looked up as docker.io"
    if host.lower() in HUB_LOOKALIKES:
        deeper = host.lower() == "registry-1.docker.io" and path not in ("", "/v1", "/v2")
        return why, HUB + path if deeper else HUB_KEY
    if host == "index.docker.io" and path and not _LEFTOVERS.match(path):
        return why, HUB_KEY if path in ("/v1", "/v2") else HUB + path
    return None


def _path(host: str, path: str) -> Verdict | None:
    if path in ("/v1", "/v2"):
        return f"without a closing slash {path} is a path, and no repository begins with it", host
    if path.endswith("/*") and "*" not in path[:-1]:
        return "a * in the path is not a wildcard", host + (path[:-1] if path != "/*" else "")
    head, slash, last = path.rpartition("/")
    tag = re.search(r"[:@]", last)
    if tag:
        what = "digest" if "@" in last else "tag"
        return f"images are looked up without tag and digest, and it ends in a {what}", host + head + slash + last[
            : tag.start()
        ]
    if path != path.lower():
        return "repositories are written in lower case", host + path.lower()
    if _LEFTOVERS.match(path) or _BEGINS_A_REPOSITORY.match(path):
        return None
    return "no repository can begin with that path", ""


def _host(registry: credentials.RegistryKey) -> Verdict | None:
    host, path = registry.host, registry.path
    if host != host.lower():
        return "images write the host in lower case", host.lower() + path
    if "." not in host and ":" not in host and host != "localhost" and not registry.glob:
        return (
            "the first part of an image name is a host only with a dot or a port: else it is a folder of Docker Hub",
            "",
        )
    return None


def _cut_off(key: str, registry: credentials.RegistryKey) -> Verdict | None:
    rest = re.sub(r"^https?://", "", key)
    parts = {
        "user information": "@" in re.split(r"[/?#]", rest, maxsplit=1)[0],
        "a query": "?" in rest,
        "a fragment": "#" in rest,
    }
    found = next((part for part, there in parts.items() if there), None)
    return (f"the kubelet cuts off {found}, and other readers do not", registry.text) if found else None


def _finding(
    context: Context, secret: PullSecret, registry: credentials.RegistryKey, verdict: Verdict, at: Location
) -> Finding:
    why, better = verdict
    node_wide = context.inventory.is_global(secret)
    result = "matches no image outside the kubelet and the importer" if _cuts(verdict) else "matches no image"
    also = (
        " CRI-O reads the node-wide secret by its own rules, and may understand the key all the same."
        if node_wide
        else ""
    )
    return context.finding(
        f"The key {shown(registry.written)!r} of {named(secret)} {result}: {why}",
        of=secret.object,
        at=at,
        key=shown(registry.text),
        detail="Kubelet and OpenShift's image importer compare a key with the image's repository: the host "
        "label by label, "
        f"the port as text, the path as a prefix (Kubernetes 1.25 to 1.36).{also}",
        remedy=origin(secret)
        or (f"Write the key as {shown(better)}." if better else "Write the registry as images name it."),
    )


RULE = Rule(code="RC205", severity=Severity.WARNING, check=check, fixable=True, needs=("Secret",))
