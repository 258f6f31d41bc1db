"""A Docker build leaves it to chance which pull secret it gets.

## What it does

Reports a Build or BuildConfig with the Docker strategy, without `from` and without `pullSecret`, whose service account
(`builder` unless the build names another) lists several pull secrets. With a Dockerfile in the build itself, those
images of its `FROM` lines are looked at that some secret of the list covers and the node-wide pull secret does not: if
there are none, or the first secret covers them all, all is well. Where no secret covers them all, no `pullSecret` would
help, and nothing is said.

The account has to be in the scan. Up to OpenShift 4.14 the controller looks at the account's `secrets`, later at its
`imagePullSecrets`; the configured `openshift-version` decides, and without one both lists count as the later does.

## Why it matters

For a build without an explicit `pullSecret` the build controller chooses the account's first secret that matches the
image. A Docker build without `from` has no image to match: the controller takes the first secret of the list, matching
or not, and that is usually the generated one for the internal registry. The pull of the base image then fails, or works
until somebody reorders the list.

## Example

```yaml
apiVersion: build.openshift.io/v1
kind: BuildConfig
metadata: {name: app}
spec:
  source:
    dockerfile: FROM quay.io/team/base:1
  strategy:
    dockerStrategy: {}
```

## Fix

Set `spec.strategy.dockerStrategy.pullSecret`. When exactly one secret covers all that any covers, the fix does it. The
spec of a Build in a cluster never changes: start another one.

*Fix safety*: unsafe, because the build may pull further images (`COPY --from`) that another secret serves.
"""

from collections.abc import Iterator

from linter.rule import (
    Applicability,
    Context,
    Finding,
    Fix,
    KubeObject,
    Op,
    PullSecret,
    Related,
    Rule,
    ServiceAccount,
    Severity,
    command,
    dig,
    dockerfile_images,
    edit,
    group,
    serves,
    text,
)
from rules.links._census import in_namespace, together
from rules.links._names import is_name
from rules.links._serving import Serving

_STRATEGY = ("spec", "strategy", "dockerStrategy")
_SET = "Set spec.strategy.dockerStrategy.pullSecret, to {} for example."
_NEW_BUILD = "Start another build with pullSecret set, to {} for example: the spec of a build never changes."


def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for every build whose pull secret is the first of several."""
    choices: dict[int, _Choice] = {}
    for item in context.inventory.objects:
        if (
            item.kind in ("Build", "BuildConfig")
            and group(item.api_version) in ("", "build.openshift.io")
            and _implicit(item)
        ):
            yield from _build(context, item, choices)


def _implicit(item: KubeObject) -> bool:
    """Whether this is a Docker build that names neither its base image nor its secret, and no copy of a BuildConfig."""
    strategy = dig(item.body, *_STRATEGY)
    if strategy is None and text(dig(item.body, "spec", "strategy", "type")) != "Docker":
        return False
    if strategy is not None and not isinstance(strategy, dict):
        return False
    named = isinstance(strategy, dict) and (strategy.get("from") or strategy.get("pullSecret"))
    return not named and dig(item.metadata, "ownerReferences") is None


class _Choice:
    """The pull secrets among which the controller chooses for the builds of one account."""

    def __init__(self, secrets: list[PullSecret]) -> None:
        self.secrets = secrets
        self.serving = Serving(enumerate(secrets))
        self.users = [secret for secret in secrets if secret.generated != "OpenShift"]

    def serve(self, image: str) -> set[int]:
        """Return the places of those that give an image a credential."""
        return {place for place, _ in self.serving.of(image)}


def _build(context: Context, item: KubeObject, choices: dict[int, _Choice]) -> Iterator[Finding]:
    name = text(dig(item.body, "spec", "serviceAccount")) or "builder"
    named = context.inventory.accounts_named(item.namespace, name)
    accounts = [account for account in named if together(account.object, item)]
    if len(accounts) != 1:
        if is_name(name):
            message = f"which pull secret the build gets could not be judged: service account {name} is not in the scan"
            context.not_evaluated("absent", message, of=item)
        return
    choice = choices.get(id(accounts[0]))
    if choice is None:
        choice = choices[id(accounts[0])] = _Choice(_secrets(context, accounts[0]))
    secrets = choice.secrets
    if len(secrets) < 2 or not choice.users:
        return
    images = _images(item)
    if not images and _from_scratch(item):
        return
    covering: list[PullSecret] = []
    if images:
        node = context.inventory.node_wide  # The builder puts the chosen secret over it.
        images = [image for image in images if node is None or not serves(node, image)]
        served = {image: places for image in images if (places := choice.serve(image))}
        images = [image for image in images if image in served]
        if not images:
            return
        covering = [secrets[place] for place in sorted(set.intersection(*served.values()))]
        if not covering or covering[0] is secrets[0]:
            return
    if not images and choice.users == secrets[:1]:
        return  # The only one that anybody made comes first.
    yield _finding(context, item, accounts[0], secrets, images, covering)


def _secrets(context: Context, account: ServiceAccount) -> list[PullSecret]:
    """The pull secrets among which the controller chooses, in its order."""
    old = context.settings.openshift is not None and context.settings.openshift <= (4, 14)
    found: dict[int, PullSecret] = {}
    for link in account.mountable if old else account.pull_secrets:
        for secret in context.inventory.secrets_named(account.namespace, link.name)[:1]:
            if secret.typed and not secret.poisonous:
                found[id(secret.object)] = secret
    return list(found.values())


def _images(item: KubeObject) -> list[str]:
    """The images that the Dockerfile in the build pulls: none where one depends on an argument."""
    return dockerfile_images(text(dig(item.body, "spec", "source", "dockerfile")))


def _from_scratch(item: KubeObject) -> bool:
    """Whether the Dockerfile in the build pulls nothing: it begins from the empty image and copies from no other."""
    lines = [line.split() for line in text(dig(item.body, "spec", "source", "dockerfile")).splitlines()]
    begins = [words for words in lines if words and words[0].upper() == "FROM"]
    copies = any(word.startswith("--from=") for words in lines for word in words)
    return bool(begins) and not copies and all(words[1:2] == ["scratch"] for words in begins)


def _finding(
    context: Context,
    item: KubeObject,
    account: ServiceAccount,
    secrets: list[PullSecret],
    images: list[str],
    covering: list[PullSecret],
) -> Finding:
    first = secrets[0].name
    strategy = dig(item.body, *_STRATEGY)
    instead = f", and {images[0]} needs {covering[0].name}" if covering else ""
    # The API server refuses every change of the spec of a Build, which runs once: another one has to be made.
    fixed = item.kind == "Build" and item.identified
    fix = None
    if len(covering) == 1 and isinstance(strategy, dict) and not fixed:
        edits = (edit(Op.SET, item, (*_STRATEGY, "pullSecret"), {"name": covering[0].name}),)
        fix = Fix(Applicability.UNSAFE, f"set pullSecret to {covering[0].name}", edits)
    wanted = covering[0].name if covering else next(one.name for one in secrets if one.generated != "OpenShift")
    unknown = (
        "" if images else " Which images the Dockerfile pulls is not known here: that it needs another is a guess."
    )
    return context.finding(
        f"{item.called}{in_namespace(item.namespace)} names neither `from` nor `pullSecret`, so it gets "
        f"{first}, the first of {len(secrets)} pull secrets of service account {account.name}{instead}",
        of=item,
        at=item.at(*_STRATEGY, part="key") if strategy is not None else item.at("spec", "strategy", part="key"),
        detail="Without an image to match, the build controller takes the first docker secret of the account's list, "
        f"matching or not (OpenShift 4: `secrets` up to 4.14, imagePullSecrets from 4.16).{unknown}",
        remedy=(_NEW_BUILD if fixed else _SET).format(wanted),
        commands=(_patch(item, wanted),) if covering and item.kind == "BuildConfig" else (),
        related=[Related("the account", account.object.at("metadata", "name"), account.object.ref)],
        fix=fix,
    )


def _patch(item: KubeObject, secret: str) -> str:
    import json  # noqa: PLC0415 - only a finding has commands

    change = {"spec": {"strategy": {"dockerStrategy": {"pullSecret": {"name": secret}}}}}
    words = ("oc", "patch", "buildconfig", item.name, "--type=merge", "-p", json.dumps(change, separators=(",", ":")))
    return command(*words, namespace=item.namespace, about=(item.name,))


RULE = Rule(code="RC311", severity=Severity.WARNING, check=check, fixable=True)
