"""A mirror on another host needs a node-wide credential, and only a namespace secret has one.

## What it does
Looks at ImageContentSourcePolicy, ImageDigestMirrorSet and ImageTagMirrorSet: digests go by the first two, tags by
the third. Reports an entry of a pod's pull secret for a mirror on another host than the image's own, when the
node-wide pull secret has none for it. Image imports are not reported: they do use the namespace's secrets for
mirrors. A CRIOCredentialProviderConfig that lists the mirror (tech preview in OpenShift 4.22) brings the namespace's
secrets there, so it silences the rule.

It is information instead of a warning where the node-wide pull secret is not in the files.

## Why it matters
CRI-O drops the credential that the kubelet hands it when the mirror's host differs from the image's, and asks its own
file, which is the node-wide pull secret (OpenShift 4.x). The project's secret matches and is of no use; CRI-O goes on
to the next mirror and at last to the source, which a disconnected cluster cannot reach.

## Example
```yaml
apiVersion: config.openshift.io/v1
kind: ImageDigestMirrorSet
metadata: {name: mirror}
spec:
  imageDigestMirrors:
  - source: quay.io/shop
    mirrors: [mirror.example.com/shop]
```
with a pod that runs `quay.io/shop/app@sha256:…` and a pull secret for `mirror.example.com`.

## Fix
There is no automatic fix: the node-wide pull secret gives every namespace access. Add the mirror there:

    oc extract secret/pull-secret -n openshift-config --to=.
    oc registry login --registry=mirror.example.com --auth-basic=USER:PASSWORD --to=.dockerconfigjson
    oc set data secret/pull-secret -n openshift-config --from-file=.dockerconfigjson
"""

from collections.abc import Iterator

from linter.rule import (
    Consumer,
    Context,
    Entry,
    Finding,
    KubeObject,
    NamedTuple,
    PullSecret,
    Related,
    Route,
    Rule,
    Severity,
    command,
    credentials,
    dig,
    group,
    shown,
    text,
)
from rules.imports._shared import node_entries
from rules.registries._needs import Need, needs
from rules.registries._shared import affected, at_key, named

_FIELDS = {
    ("operator.openshift.io", "ImageContentSourcePolicy"): ("repositoryDigestMirrors", True),
    ("config.openshift.io", "ImageContentPolicy"): ("repositoryDigestMirrors", True),
    ("config.openshift.io", "ImageDigestMirrorSet"): ("imageDigestMirrors", True),
    ("config.openshift.io", "ImageTagMirrorSet"): ("imageTagMirrors", False),
}


class _Mirror(NamedTuple):
    """One mirror of one source; `digests` tells whether it is for digests or for tags."""

    item: KubeObject
    route: Route
    source: str
    mirror: str
    digests: bool

    def image(self, need: Need) -> str:
        """Return the repository on the mirror, "" when this mirror is not for the image."""
        if ("@" in need.image) is not self.digests:
            return ""
        host = self.source.removeprefix("*")
        if self.source.startswith("*."):
            return self.mirror + need.target[len(need.registry) :] if need.registry.endswith(host) else ""
        inside = need.target == self.source or need.target.startswith(self.source + "/")
        return self.mirror + need.target[len(self.source) :] if inside else ""


def check(context: Context) -> Iterator[Finding]:
    """Report every entry once, with all pods that hope for it."""
    known = node_entries(context) is not None
    mirrors = list(_mirrors(context))
    if not mirrors or (context.in_cluster and not known):
        return
    found: dict[tuple[int, str], tuple[PullSecret, Entry, _Mirror, list[Need]]] = {}
    for need in needs(context):
        for mirror in mirrors if not need.imported else ():
            image = mirror.image(need)
            if image and image.partition("/")[0] != need.registry and not _node_wide(context, image):
                for secret, entry in _hopes(context, need, image):
                    case = found.setdefault((id(secret.object), entry.key), (secret, entry, mirror, []))
                    case[3].append(need)
    for secret, entry, mirror, hit in found.values():
        yield _finding(context, secret, entry, mirror, hit)


def _mirrors(context: Context) -> Iterator[_Mirror]:
    for item in context.inventory.objects:
        field, digests = _FIELDS.get((group(item.api_version), item.kind), ("", False))
        listed = dig(item.body, "spec", field) if field else None
        for index, entry in enumerate(listed if isinstance(listed, list) else []):
            source, mirrors = text(dig(entry, "source")), dig(entry, "mirrors")
            for number, mirror in enumerate(mirrors if source and isinstance(mirrors, list) else []):
                if text(mirror):
                    yield _Mirror(item, ("spec", field, index, "mirrors", number), source, text(mirror), digests)


def _node_wide(context: Context, image: str) -> bool:
    """Whether the node has a credential for the mirror, as far as the scan knows."""
    secret = context.inventory.global_secret
    if secret is not None and secret.decoded is not None and secret.payload is not None:
        config = secret.decoded.reveal()
        if credentials.lookup(image, [], consumer=Consumer.CONTAINERS, node_config=config).candidates:
            return True
    for item in context.inventory.objects:
        if item.kind == "CRIOCredentialProviderConfig":
            listed = dig(item.body, "spec", "matchImages")
            for pattern in listed if isinstance(listed, list) else []:
                if credentials.key_matches(credentials.normalise_key(text(pattern)), image):
                    return True
    return False


def _hopes(context: Context, need: Need, image: str) -> Iterator[tuple[PullSecret, Entry]]:
    for secret, entry in need.held.matching(image):
        if not context.inventory.is_global(secret):
            yield secret, entry


def _finding(context: Context, secret: PullSecret, entry: Entry, mirror: _Mirror, hit: list[Need]) -> Finding:
    known = node_entries(context) is not None
    guess = "" if known else " The node-wide pull secret is not in these files: whether it has the mirror is not known."
    host = shown(mirror.mirror.partition("/")[0])
    file = "--from-file=.dockerconfigjson"
    return context.finding(
        f"The credential for {shown(entry.key)} in {named(secret)} is never used for the mirror of "
        f"{hit[0].image}",
        of=secret.object,
        at=at_key(secret, entry),
        severity=Severity.WARNING if known else Severity.INFO,
        key=shown(entry.registry.text),
        detail="CRI-O drops the pod's credential when a mirror is on another host than the image, and asks "
        "the node-wide pull "
        f"secret alone (OpenShift 4.x). Image imports do use the namespace's secrets for mirrors.{guess}",
        remedy=f"Add {host} to the node-wide pull secret, or list it in a CRIOCredentialProviderConfig "
        f"(OpenShift 4.22 and later).",
        commands=[
            command("oc", "extract", "secret/pull-secret", "--to=.", namespace="openshift-config"),
            command(
                "oc", "registry", "login", f"--registry={host}", "--auth-basic=USER:PASSWORD", "--to=.dockerconfigjson"
            ),
            command("oc", "set", "data", "secret/pull-secret", file, namespace="openshift-config"),
        ],
        related=[
            Related(
                f"{mirror.item.kind} {mirror.item.name} sends it there", mirror.item.at(*mirror.route), mirror.item.ref
            )
        ],
        impact=affected((False, need.affected) for need in hit),
    )


RULE = Rule(code="RC406", severity=Severity.WARNING, check=check, needs=("Secret",))
