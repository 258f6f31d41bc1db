r"""An image stream imports from a registry that needs a credential, and none reaches the import.

## What it does
Reports imports for which no secret of the namespace and no node-wide entry matches, when the registry is known to
need a credential: it serves nothing without one (`registry.redhat.io`), the settings list it under
`private-registries`, another secret of the scan has an entry for it, or the stream's status says `Unauthorized`. An
entry for the whole of a registry that also has public images (`quay.io`, `docker.io`) does not count as knowledge.
Each namespace and registry is reported once.

An image that mirrors are configured for (ImageTagMirrorSet where it has a tag; ImageDigestMirrorSet and
ImageContentSourcePolicy where it has a digest) is reported only when the status says `Unauthorized`, or when each
mirror is known to need a credential as well and none has one: the importer asks the mirrors first, each with the
credential for the mirror's own host. A mirror without one, of which nothing says that it needs one, is listed under
coverage.

It is an error when the status says `Unauthorized`, else a warning, and information where only part of the cluster is
in the files. Where the node-wide pull secret or its content is not in the scan, a cluster's registries are not judged
unless the status says `Unauthorized`: it may hold an entry for any of them, as it does for the mirror of a disconnected
cluster. Among manifests that concerns only the registries that it normally holds. Either is listed under coverage.

## Why it matters
The importer reads every pull secret of the stream's namespace, no link to a service account needed, and since
OpenShift 4.5 the node-wide pull secret after them. When nothing matches it asks without a credential. A secret that
is added later does not start the import again.

## Example
```yaml
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata: {name: app, namespace: shop}
spec:
  tags:
  - name: latest
    from: {kind: DockerImage, name: registry.example.com/shop/app:latest}
```
in a namespace without a pull secret for `registry.example.com`.

## Fix
There is no automatic fix, because the credential is not there. Create it in the stream's namespace and import again:

    rm -f auth.json && podman login --authfile=auth.json registry.example.com
    oc create secret generic registry-example-com-pull --type=kubernetes.io/dockerconfigjson \
      --from-file=.dockerconfigjson=auth.json -n shop && rm auth.json
    oc import-image app:latest -n shop
"""

from collections.abc import Iterator

from linter.rule import (
    ANONYMOUS_HOSTS,
    PLATFORM_HOSTS,
    Affected,
    Context,
    Finding,
    ImportPull,
    KubeObject,
    NamedTuple,
    Rule,
    Severity,
    command,
    shown,
    unauthorized,
)
from rules.imports._mirrors import Mirrors
from rules.imports._shared import (
    Known,
    OtherPorts,
    node_entries,
)
from rules.links._making import making, name_for
from rules.registries._needs import HeldLists, Need, need_of_import
from rules.registries._shared import affected

_SHOWN = 5
"""So many imports are asked for again by a command each; all of them are told."""


class _Case(NamedTuple):
    """One import that goes out without a credential."""

    pull: ImportPull
    need: Need
    unauthorized: bool
    why: str


def check(context: Context) -> Iterator[Finding]:
    """Report every namespace and registry once."""
    cases: dict[tuple[str, str], list[_Case]] = {}
    withheld: set[str] = set()
    unseen: set[str] = set()
    unasked: set[str] = set()
    known, lists, other_ports, mirrors = Known(context), HeldLists(context), OtherPorts(context), Mirrors(context)
    for pull in context.joins.import_pulls:
        need = need_of_import(context, pull, lists)
        case = _case(known, other_ports, pull, need) if need is not None else None
        if case is None:
            continue
        open_mirror = None if case.unauthorized else _mirrored(known, mirrors, case.need)
        if open_mirror is not None:
            if open_mirror and open_mirror not in unasked:
                unasked.add(open_mirror)
                what = f"{shown(open_mirror)}, a mirror that imports ask first,"
                message = f"whether {what} wants a credential is not known"
                context.not_evaluated("absent", message, of=pull.stream.object)
            continue
        namespace = pull.stream.object.namespace
        if not case.unauthorized and context.in_cluster and not context.inventory.covers("Secret", namespace):
            if namespace not in unseen:
                unseen.add(namespace)
                message = f"whether imports of namespace {namespace} have a credential is not known: no Secret is here"
                context.not_evaluated("absent", message, of=pull.stream.object)
            continue
        if not case.unauthorized and _node_wide_decides(context, case.need):
            if case.need.registry not in withheld:
                withheld.add(case.need.registry)
                message = f"whether the node-wide pull secret covers {shown(case.need.registry)} is not known here"
                context.not_evaluated(
                    "absent", message, of=pull.stream.object, at=pull.stream.object.at(*pull.tag.route)
                )
            continue
        cases.setdefault((pull.stream.object.namespace, case.need.registry), []).append(case)
    for found in cases.values():
        yield _finding(context, found)


def _case(known: Known, other_ports: OtherPorts, pull: ImportPull, need: Need) -> _Case | None:
    host = need.host
    if need.outcome.verdict != "anonymous" or host in ANONYMOUS_HOSTS or host.endswith((".svc", ".svc.cluster.local")):
        return None
    if other_ports.explain(pull.stream.object.namespace, need):
        return None
    denied = unauthorized(pull.stream.object.body, pull.tag.tag)
    why = "the last import was refused as Unauthorized" if denied else known.why(need)
    return _Case(pull, need, denied, why) if why else None


def _mirrored(known: Known, mirrors: Mirrors, need: Need) -> str | None:
    """Return what is asked before the registry and may serve the import, None where nothing does.

    A mirror is asked with the credential for its own host: "" where there is one, else the mirror of which nothing says
    that it wants one.
    """
    asked = [need._replace(target=mirror.image(need)) for mirror in mirrors.of(need)]
    if any(one.held.matching(one.target) for one in asked):
        return ""
    return next((one.registry for one in asked if not known.why(one)), None)


def _node_wide_decides(context: Context, need: Need) -> bool:
    """Whether only a node-wide pull secret that is not known here could tell."""
    return node_entries(context) is None and (context.in_cluster or need.host in PLATFORM_HOSTS)


def _finding(context: Context, found: list[_Case]) -> Finding:
    case = next((one for one in found if one.unauthorized), found[0])
    item, tag = case.pull.stream.object, case.pull.tag
    registry = shown(case.need.registry)
    where = f"namespace {item.namespace}" if item.namespace else "its namespace"
    node = " and no node-wide entry" if node_entries(context) is not None else ""
    part = (
        "" if context.in_cluster else " Only part of the cluster is in these files: the secret may come from elsewhere."
    )
    severity = Severity.ERROR if case.unauthorized else context.absence(Severity.WARNING)
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    again = dict.fromkeys(_again(one.pull.stream.object, one.pull.tag.tag) for one in found)
    made = making(name_for(context, item.namespace, registry), item.namespace, registry, "oc")
    return context.finding(
        f"{item.called} imports {tag.image}{more} without a credential: "
        f"no secret of {where}{node} matches {registry}",
        of=item,
        at=item.at(*tag.route),
        severity=severity,
        key=registry,
        detail=f"The registry is known to need one: {case.why}. The importer reads every pull secret of the "
        f"stream's namespace, "
        f"and since OpenShift 4.5 the node-wide one after them.{part}",
        remedy=f"Create a pull secret for {registry} in {where}, then import again: a new secret alone does "
        f"not start an import.",
        commands=[*made, *[*again][:_SHOWN]],
        impact=affected((True, Affected(one.pull.stream.object.ref, one.pull.tag.image)) for one in found),
    )


def _again(item: KubeObject, tag: str) -> str:
    """Return the command that imports a tag again, or the repository of a stream; a request is made only once."""
    if item.kind == "ImageStreamImport":
        return ""
    what = (f"{item.name}:{tag}",) if tag else (item.name, "--all")
    if item.kind == "ImageStreamTag":
        what = (item.name,)
    return command("oc", "import-image", *what, namespace=item.namespace, about=(item.name,))


RULE = Rule(code="RC403", severity=Severity.WARNING, check=check, needs=("ImageStream",))
