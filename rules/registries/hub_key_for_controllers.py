"""A controller reads the key `docker.io` for a Docker Hub image and does not know it.

## What it does
Looks at the secrets that Flux, Tekton, Knative and Argo Workflows read themselves, by name or through a service
account, for an image on Docker Hub. Reports the key `docker.io` when none of these secrets has
`https://index.docker.io/v1/`.

## Why it matters
These controllers ask registries for tags, digests or entry points with a keychain of their own
(go-containerregistry). It matches keys as the kubelet does, with one difference: Docker Hub is `index.docker.io`
there, and the key `docker.io` does not match. The pod's pull works with the same secret, and the controller is told
that the image does not exist or that the limit for anonymous pulls is reached.

## Example
```yaml
apiVersion: image.toolkit.fluxcd.io/v1beta2
kind: ImageRepository
metadata: {name: app, namespace: flux-system}
spec:
  image: docker.io/example/app
  secretRef: {name: hub}
```
where the secret `hub` holds the key `docker.io`.

## Fix
Adds `https://index.docker.io/v1/` with the same credential beside `docker.io`.

*Fix safety*: safe. The kubelet, CRI-O and docker read both keys as Docker Hub.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from linter.rule import (
    Affected,
    Consumer,
    Context,
    Entry,
    Finding,
    KubeObject,
    PullSecret,
    Reference,
    Related,
    Rule,
    Severity,
    Use,
    credentials,
    dig,
    group,
    origin,
    shown,
    text,
)
from rules.registries._shared import HUB, HUB_KEY, add_beside, affected, at_key, named, usable

_TEKTON, _ARGO, _KNATIVE, _FLUX = "Tekton", "Argo Workflows", "Knative", "Flux"
CONTROLLERS = {
    ("image.toolkit.fluxcd.io", "ImageRepository"): _FLUX,
    ("source.toolkit.fluxcd.io", "OCIRepository"): _FLUX,
    ("tekton.dev", "TaskRun"): _TEKTON,
    ("tekton.dev", "PipelineRun"): _TEKTON,
    ("serving.knative.dev", "Service"): _KNATIVE,
    ("serving.knative.dev", "Configuration"): _KNATIVE,
    ("serving.knative.dev", "Revision"): _KNATIVE,
    ("argoproj.io", "Workflow"): _ARGO,
    ("argoproj.io", "WorkflowTemplate"): _ARGO,
    ("argoproj.io", "ClusterWorkflowTemplate"): _ARGO,
    ("argoproj.io", "CronWorkflow"): _ARGO,
}
_DEEPEST = 40


def check(context: Context) -> Iterator[Finding]:
    """Report every entry once, with all that read it."""
    named_by: Mapping[int, list[Reference]] = _references(context)
    found: dict[tuple[int, str], tuple[PullSecret, Entry, list[tuple[KubeObject, str, str]]]] = {}
    for item in context.inventory.objects:
        controller = CONTROLLERS.get((group(item.api_version), item.kind))
        image = next(_hub_images(item, controller), "") if controller else ""
        if not controller or not image:
            continue
        entries = [(one, entry) for one in _read(context, item, controller, named_by) for entry in usable(one)]
        if any(entry.registry.text == "index.docker.io" for _, entry in entries):
            continue
        for secret, entry in entries:
            if entry.registry.text == HUB:
                found.setdefault((id(secret.object), entry.key), (secret, entry, []))[2].append(
                    (item, image, controller)
                )
    for secret, entry, readers in found.values():
        yield _finding(context, secret, entry, readers)


def _references(context: Context) -> Mapping[int, list[Reference]]:
    table: dict[int, list[Reference]] = defaultdict(list)
    for reference in context.inventory.references:
        if reference.object is not None and reference.use in (Use.POD, Use.CONTROLLER):
            table[id(reference.object)].append(reference)
    return table


def _hub_images(item: KubeObject, controller: str) -> Iterator[str]:
    """Yield the images that the controller itself asks Docker Hub for."""
    spec = item.body.get("spec")
    if controller == _FLUX:
        images = [text(dig(spec, "image")), text(dig(spec, "url")).removeprefix("oci://")]
    else:
        images = list(_containers(spec, controller, 0))
    for image in images:
        reference = credentials.parse_reference(image, consumer=Consumer.KUBELET) if image else None
        if isinstance(reference, credentials.Reference) and reference.registry == HUB:
            yield image


def _containers(value: Any, controller: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        image = text(value.get("image"))
        # Tekton and Argo ask only for an entry point that is not written; Knative only for the digest of a tag.
        known = "@" in image if controller == _KNATIVE else bool(value.get("command") or value.get("script"))
        if image and not known and "{{" not in image and "$" not in image:
            yield image
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if isinstance(child, dict | list):
            yield from _containers(child, controller, depth + 1)


def _read(
    context: Context, item: KubeObject, controller: str, named_by: Mapping[int, list[Reference]]
) -> Iterator[PullSecret]:
    """Yield what the controller reads: the secrets named and, unlike the kubelet, the account's as well."""
    for reference in named_by.get(id(item), ()):
        yield from context.inventory.secrets_named(reference.namespace or item.namespace, reference.name)
    account = _account(item.body.get("spec"), 0) or ("" if controller == _FLUX else "default")
    for one in context.inventory.accounts_named(item.namespace, account) if account else ():
        for link in one.pull_secrets:
            yield from context.inventory.secrets_named(item.namespace, link.name)


def _account(value: Any, depth: int) -> str:
    if depth > _DEEPEST or not isinstance(value, dict):
        return ""
    return text(value.get("serviceAccountName")) or next(
        filter(None, (_account(child, depth + 1) for child in value.values())), ""
    )


def _finding(context: Context, secret: PullSecret, entry: Entry, readers: list[tuple[KubeObject, str, str]]) -> Finding:
    item, image, controller = readers[0]
    more = f" and {len(readers) - 1} more" if len(readers) > 1 else ""
    return context.finding(
        f"{controller} does not find the key {shown(entry.key)} of {named(secret)} for {image} of {item.kind} "
        f"{item.name}{more}",
        of=secret.object,
        at=at_key(secret, entry),
        key=shown(entry.registry.text),
        detail="The keychain of these controllers (go-containerregistry) looks Docker Hub up as "
        "index.docker.io and has no second "
        "try with docker.io, unlike the kubelet.",
        remedy=origin(secret) or f"Add {HUB_KEY} with the same credential.",
        related=[Related(f"{reader} reads it", one.at(), one.ref) for one, _, reader in readers],
        impact=affected((False, Affected(one.ref, wanted)) for one, wanted, _ in readers),
        fix=add_beside(secret, entry, HUB_KEY),
    )


RULE = Rule(code="RC209", severity=Severity.WARNING, check=check, fixable=True, needs=("Secret",))
