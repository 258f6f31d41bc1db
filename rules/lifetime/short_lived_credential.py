"""A token that lives hours by design stands in a Secret that nothing renews.

## What it does

Recognises tokens by registry, user name and form: Amazon ECR (12 hours), Google Cloud access tokens (1 hour), refresh
tokens of Azure Container Registry (3 hours), session tokens of OpenShift (a day), tokens of GitHub Actions and GitLab
jobs, and any JWT that lives a day at most. Reports them in Secrets that no controller makes.

Where a CronJob, Deployment or generator of the scan visibly renews such tokens, or an ExternalSecret or an object of
the Vault operator writes the Secret, nothing is said. A token that states its end and is past it falls to
expired-credential.

## Why it matters

The Secret works when it is tried and fails the same evening, with `authorization token has expired` or a plain 401. In
a repository the token has ended before anybody applies it.

## Example

```yaml
apiVersion: v1
kind: Secret
metadata: {name: gar}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"europe-docker.pkg.dev": {"username": "oauth2accesstoken", "password": "ya29.…"}}}
```

## Fix

There is no automatic fix. Use what brings a fresh token by itself: the credential provider of the kubelet (OpenShift
ships those of Amazon, Azure and Google), the External Secrets operator's generator for the registry, or a credential
that lasts (a key of a service account, a deploy token, a robot account).
"""

from collections.abc import Iterator

from linter.rule import Context, Finding, PullSecret, Rule, Severity, compatible, lazy, shown, spot
from rules.lifetime._shared import dated, impact

_RENEWS = lazy(
    r"get-login-password|get-authorization-token|print-access-token|acr login|registry-creds"
    r"|\becr-(?:k8s|login|cred|renew|refresh|token|reg)"
)
_MECHANISM = {
    "ecr": "the kubelet's credential provider for Amazon ECR (OpenShift ships it), or the ECRAuthorizationToken "
    "generator of the External Secrets operator",
    "gcp-access-token": "the kubelet's credential provider for Google (OpenShift ships it), the GCRAccessToken "
    "generator of the External Secrets operator, or a key of a service account (user _json_key)",
    "acr-refresh": "the kubelet's credential provider for Azure (OpenShift ships it), the ACRAccessToken generator of "
    "the External Secrets operator, or a token of the registry with a password of its own",
    "openshift-oauth": "a token of a service account with the role system:image-puller, or OpenShift's own generated "
    "secret",
    "github-actions": "a classic personal access token with read:packages",
    "gitlab-job": "a deploy token with read_registry",
}
_ONCE = frozenset({"SealedSecret", "secretGenerator"})
"""What makes a Secret of what was written once, and brings no new token."""
_GENERATORS = frozenset({"ECRAuthorizationToken", "ACRAccessToken", "GCRAccessToken"})


def check(context: Context) -> Iterator[Finding]:
    """Report every token that lives hours and has no visible renewal."""
    for one in dated(context):
        if not one.short_lived or one.lifetime is None or one.expired(context.now) or one.secret.generated:
            continue
        secret = one.secret
        if _renewed(context, secret.namespace) or _brought(context, secret):
            continue
        hours = max(one.lifetime // 3600, 1)
        instead = _MECHANISM.get(one.kind, "a credential that lasts, or an operator that renews this one")
        yield context.finding(
            f"The {one.what} for {one.registries} in {secret.called} lives {hours} hour{'s' * (hours > 1)} by "
            "design, and nothing in this scan renews it",
            of=secret.object,
            at=spot(secret, *one.entry.key_span, one.entry.key),
            key=shown(one.entry.key),
            detail="A Secret keeps what was written into it: pulls fail once the token has ended, on every node that "
            "does not hold the image. Whether something outside this scan renews it is not known.",
            remedy=f"Use {instead}.",
            impact=impact(context, one),
        )


def _brought(context: Context, secret: PullSecret) -> bool:
    """Whether an object of the scan makes a controller write the Secret, again and again."""
    made = context.inventory.generated_named(secret.namespace, secret.name)
    return any(one.how not in _ONCE for one in made)


def _renewed(context: Context, namespace: str) -> bool:
    """Whether something that runs, or a generator, visibly makes such tokens for the namespace."""
    for item in context.inventory.objects:
        if item.kind in _GENERATORS and compatible(item.namespace, namespace):
            return True
    return any(
        _RENEWS.search(word)
        for workload in context.inventory.workloads
        if workload.object.kind in ("CronJob", "Deployment")
        for word in _strings(workload.object.body.get("spec"))
    )


def _strings(value: object) -> Iterator[str]:
    stack, seen = [value], set()
    while stack:
        one = stack.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict | list) and id(one) not in seen:
            seen.add(id(one))
            stack.extend(one.values() if isinstance(one, dict) else one)


RULE = Rule(code="RC603", severity=Severity.WARNING, check=check, needs=("Secret",))
