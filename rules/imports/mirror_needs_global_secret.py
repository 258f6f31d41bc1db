"""A mirror on another host needs a node-wide credential, and only a namespace secret has one.

## What it does
Looks at ImageContentSourcePolicy, ImageDigestMirrorSet and ImageTagMirrorSet: digests go by the first two, tags by
the third. Reports an entry of a pod's pull secret for a mirror on another host than the image's own, when the
node-wide pull secret has none for it. Image imports are not reported: they do use the namespace's secrets for
mirrors. A CRIOCredentialProviderConfig that lists the mirror (tech preview in OpenShift 4.22) brings the namespace's
secrets there, so it silences the rule.

It is information instead of a warning where the node-wide pull secret is not among the manifests. Where a cluster scan
does not hold it, or not its content, the rule says that it could not judge.

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

    oc extract secret/pull-secret --keys=.dockerconfigjson --to=. --confirm -n openshift-config &&
      oc registry login --registry=mirror.example.com --auth-basic=USER:PASSWORD --to=.dockerconfigjson &&
      oc set data secret/pull-secret --from-file=.dockerconfigjson -n openshift-config && rm .dockerconfigjson

Where the control plane is hosted (`controlPlaneTopology: External`), that is undone: change the secret that the
HostedCluster names in `spec.pullSecret`, in the management cluster.
"""

from collections.abc import Iterable, Iterator
from functools import cache, partial

from linter.rule import (
    Consumer,
    Context,
    Entry,
    Finding,
    PullSecret,
    Related,
    Rule,
    Severity,
    command,
    credentials,
    dig,
    shown,
    text,
)
from rules.imports._mirrors import Mirror, Mirrors
from rules.imports._shared import HOSTED, hosted, node_entries
from rules.registries._needs import Need, needs
from rules.registries._shared import affected, at_key, named

_Case = tuple[PullSecret, Entry, Mirror, list[Need]]


def check(context: Context) -> Iterator[Finding]:
    """Report every entry once, with all pods that hope for it."""
    mirrors = Mirrors(context)
    if not mirrors:
        return
    cases = _cases(context, mirrors)
    if context.in_cluster and node_entries(context) is None:
        _withhold(context, cases)
        return
    for case in cases:
        yield _finding(context, *case)


def _withhold(context: Context, cases: Iterable[_Case]) -> None:
    """Say of every host of mirrors, once, that the node-wide pull secret may have it."""
    hosts: dict[str, Mirror] = {}
    for _, _, mirror, _ in cases:
        hosts.setdefault(mirror.mirror.partition("/")[0], mirror)
    for host, mirror in hosts.items():
        message = f"whether the node-wide pull secret covers {shown(host)} is not known here"
        context.not_evaluated("absent", message, of=mirror.item, at=mirror.item.at(*mirror.route))


def _cases(context: Context, mirrors: Mirrors) -> Iterable[_Case]:
    """Return every entry that is for a mirror which nodes, as far as is known, ask without it, and who hopes for it."""
    node_wide = cache(partial(_node_wide, context, _provided(context)))
    found: dict[tuple[int, str], _Case] = {}
    for need in needs(context):
        for mirror in mirrors.of(need) if not need.imported else ():
            image = mirror.image(need)
            if image.partition("/")[0] != need.registry and not node_wide(image):
                for secret, entry in _hopes(context, need, image):
                    case = found.setdefault((id(secret.object), entry.key), (secret, entry, mirror, []))
                    case[3].append(need)
    return found.values()


def _provided(context: Context) -> list[credentials.RegistryKey]:
    """Return the patterns of images to whose registries a node takes the namespace's secrets."""
    found = []
    for item in context.inventory.objects:
        if item.kind == "CRIOCredentialProviderConfig":
            listed = dig(item.body, "spec", "matchImages")
            found += [credentials.normalise_key(text(one)) for one in (listed if isinstance(listed, list) else [])]
    return found


def _node_wide(context: Context, provided: Iterable[credentials.RegistryKey], image: str) -> bool:
    """Whether the node has a credential for the mirror, as far as the scan knows."""
    secret = context.inventory.node_wide
    if secret is not None and secret.decoded is not None and secret.payload is not None:
        config = secret.decoded.reveal()
        if credentials.lookup(image, [], consumer=Consumer.CONTAINERS, node_config=config).candidates:
            return True
    return any(credentials.key_matches(pattern, image) for pattern in provided)


def _hopes(context: Context, need: Need, image: str) -> Iterator[tuple[PullSecret, Entry]]:
    for secret, entry in need.held.matching(image):
        if not context.inventory.is_global(secret):
            yield secret, entry


def _finding(context: Context, secret: PullSecret, entry: Entry, mirror: Mirror, hit: list[Need]) -> Finding:
    known = node_entries(context) is not None
    guess = "" if known else " The node-wide pull secret is not in these files: whether it has the mirror is not known."
    host = shown(mirror.mirror.partition("/")[0])
    elsewhere = f" {HOSTED}" if hosted(context) else ""
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
        f"(OpenShift 4.22 and later).{elsewhere}",
        commands=() if elsewhere else (_add(host),),
        related=[
            Related(
                f"{mirror.item.called} sends it there", mirror.item.at(*mirror.route), mirror.item.ref
            )
        ],
        impact=affected((False, need.affected) for need in hit),
    )


def _add(host: str) -> str:
    """Return the command that adds an entry to the node-wide pull secret.

    One step only begins where the one before went well: what is set replaces the secret whole. `oc registry login`
    keeps what it does not know of the other entries.
    """
    space = "openshift-config"
    login = ("oc", "registry", "login", f"--registry={host}", "--auth-basic=USER:PASSWORD", "--to=.dockerconfigjson")
    take = ("oc", "extract", "secret/pull-secret", "--keys=.dockerconfigjson", "--to=.", "--confirm")
    put = ("oc", "set", "data", "secret/pull-secret", "--from-file=.dockerconfigjson")
    steps = (command(*take, namespace=space), command(*login), command(*put, namespace=space), "rm .dockerconfigjson")
    return " && ".join(steps)


RULE = Rule(code="RC406", severity=Severity.WARNING, check=check, needs=("Secret",))
