"""One list names the same pull secret twice.

## What it does

Reports a name that stands more than once in the `imagePullSecrets` of one service account or one pod template. Copies
that controllers and admission make of a list are not reported again.

## Why it matters

It does no harm: the API server accepts it with a warning and the kubelet reads the secret twice (Kubernetes 1.25 to
1.36). But pod templates merge this list by name, so a patch or a server-side apply may fail or change only one of the
two, and usually somebody meant another name.

## Example

```yaml
apiVersion: v1
kind: ServiceAccount
metadata: {name: app}
imagePullSecrets:
  - name: quay-robot
  - name: quay-robot
```

## Fix

Remove the repetition. The first one stays, so the order in which credentials are tried does not change. The fix is
unsafe where a comment stands in or behind the item, because it would go with it.
"""

from collections.abc import Iterator

from linter.rule import Applicability, Context, Finding, Fix, KubeObject, Link, Op, Related, Rule, Severity, edit
from rules.links._naming import Owners, foreign


def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for every name that one list holds more than once."""
    owners = context.once(Owners)
    for account in context.inventory.accounts:
        yield from _repeated(context, account.object, account.pull_secrets)
    for workload in context.inventory.workloads:
        if len(workload.pull_secrets) < 2 or (workload.is_pod and workload.object.identified):
            continue
        if owners.top(workload) is workload:
            yield from _repeated(context, workload.object, workload.pull_secrets)


def _repeated(context: Context, item: KubeObject, links: tuple[Link, ...]) -> Iterator[Finding]:
    table: dict[str, list[Link]] = {}
    for link in links:
        if link.name and not foreign(item, link):
            table.setdefault(link.name, []).append(link)
    for name, found in table.items():
        if len(found) > 1:
            yield _finding(context, item, name, found)


def _finding(context: Context, item: KubeObject, name: str, found: list[Link]) -> Finding:
    first, *rest = found
    times = "twice" if len(found) == 2 else f"{len(found)} times"
    edits = tuple(edit(Op.REMOVE, item, link.item) for link in rest)
    return context.finding(
        f"{item.called} lists pull secret {name} {times}",
        of=item,
        at=item.at(*rest[0].route),
        key="/".join(str(step) for step in (*first.item[:-1], name)),
        detail="It is read twice and changes nothing (Kubernetes 1.25 to 1.36); another name may have been meant.",
        remedy="Remove the repetition, or put in the name that was meant.",
        related=[
            Related("the first one", item.at(*first.route), item.ref),
            *(Related("again here", item.at(*link.route), item.ref) for link in rest[1:]),
        ],
        fix=Fix(Applicability.SAFE, f"remove the repetition of {name}", edits),
    )


RULE = Rule(code="RC307", severity=Severity.INFO, check=check, fixable=True)
