r"""A manifest holds a usable credential in clear.

## What it does

Reports every Secret in a file whose payload holds a credential that a reader of the file could use, once per Secret,
every literal of a kustomize `secretGenerator` that does, every auth file in the scan of which such a generator makes a
Secret of one of the two types, and every pull secret that stands as text where no Secret is: in the `pullSecret` of an
install-config.yaml, in a `pull_secret` among the variables of Ansible, in the `dockerconfigjson` of a chart's values,
in base64 or not; in any field that is called like one of them, of an object too: in a ClusterSecret, in the Secret that
a SyncSet, a ManifestWork or a policy holds. There an entry counts whose registry is a host: `fake` or `none`, by which
installs without a pull secret get along, is none.

What keeps the kubelet from reading it keeps nobody else from reading it, so such a payload counts too: the wrong type,
a missing `auths`, one more layer of base64, none at all under `data`, a key like `config.json`, text that is no JSON
(single quotes, a comma too many, YAML, an end that is cut off), an `auth` that is `user:password` in clear, or one that
is damaged beside user name and password.

So does a Secret of another type that holds a config of registries, as kaniko, buildah, skopeo and tasks of Tekton
mount one, under whatever key: what has an object `auths` with an entry for a host. No other `config.json` is looked at.

It looks at manifests only: a cluster keeps its Secrets in clear by design. What SOPS or kubeseal has encrypted and what
an ExternalSecret fetches is not in clear; what stands beside it in their templates is, and so is base64 of a config
under `encryptedData`, which nobody has sealed. Templates hold no value yet; placeholders and empty entries are no
credentials; an entry for the loopback registry of a workstation (`localhost:5000`) opens nothing, and neither does a
token that has expired. Secrets that OpenShift generates for itself are exempt. One that another controller made is not:
the file is a copy of the cluster's, with the real credential in it.

## Why it matters

`data` is base64, which is an encoding and no encryption. Whoever can read the repository, a fork, a build's workspace
or a backup of it can pull, and often push, with this account. Removing the file does not help: the history keeps it.

## Example

```yaml
apiVersion: v1
kind: Secret
metadata: {name: regcred}
type: kubernetes.io/dockerconfigjson
data:
  .dockerconfigjson: eyJhdXRocyI6eyJxdWF5LmlvIjp7ImF1dGgiOiJkWE5sY2pwd1lYTnoifX19
```

## Fix

There is no automatic fix: encrypting it takes a key that only you have. Revoke the credential at its registry and make
a new one, because the old one stays in the history. Then bring the new one by a SealedSecret, an ExternalSecret or
SOPS:

    sops --encrypt --in-place --encrypted-regex '^(data|stringData)$' regcred.yaml

Where the file is not in version control and never leaves the machine, suppress the finding and say so.
"""

from collections.abc import Iterator

from linter.rule import (
    Context,
    Entry,
    Finding,
    KubeObject,
    Location,
    PullSecret,
    Rule,
    Severity,
    command,
    credentials,
    dig,
    origin,
    spot,
    text,
)
from rules.exposure._shared import OPENSHIFT, hosts, in_clear, in_clear_beside, in_clear_of, is_host
from rules.lifetime._shared import expired_entry

_KEYS = {".dockerconfigjson": "dockerconfigjson", ".dockercfg": "dockercfg"}
_DETAIL = (
    "Base64 is an encoding, no encryption: whoever reads the file, a copy of it or the history of its repository has "
    "the credential."
)


def check(context: Context) -> Iterator[Finding]:
    """Report every Secret and every generator's literal with a credential in clear, each once."""
    if context.in_cluster:
        return
    for secret in context.inventory.secrets:
        found = in_clear_of(secret) if secret.generated != OPENSHIFT else []
        found = [(at, entry) for at, entry in found if not expired_entry(context, entry)]
        if found:
            yield _secret(context, secret, found[0][0], [entry for _, entry in found])
    for item in context.inventory.other_secrets:
        others = [(at, entry) for at, entry in in_clear_beside(item) if not expired_entry(context, entry)]
        if others:
            yield _other(context, item, others[0][0], [entry for _, entry in others])
    yield from _literals(context)
    for file in context.inventory.generator_files:
        exposed = [entry for _, entry in in_clear_of(file) if not expired_entry(context, entry)]
        if exposed:
            yield _file(context, file, exposed)
    for config in context.inventory.configs:
        held = in_clear(config.payload) if config.payload is not None else []
        entries = [entry for entry in held if is_host(entry) and not expired_entry(context, entry)]
        if entries:
            yield _config(context, config, entries)


def _secret(context: Context, secret: PullSecret, at: Location, entries: list[Entry]) -> Finding:
    return context.finding(
        f"Secret {secret.name} holds {_what(entries)} in clear in this file",
        of=secret.object,
        at=at,
        detail=_DETAIL,
        remedy=_remedy(origin(secret)),
        commands=_commands(secret),
    )


def _other(context: Context, item: KubeObject, at: Location, entries: list[Entry]) -> Finding:
    """Tell of a Secret that serves no pulls and holds a config of registries all the same."""
    return context.finding(
        f"Secret {item.name or 'without a name'} holds {_what(entries)} in clear in this file",
        of=item,
        at=at,
        detail=_DETAIL,
        remedy=_remedy(""),
        commands=_encrypting(item.path),
    )


def _file(context: Context, file: PullSecret, entries: list[Entry]) -> Finding:
    """Tell of an auth file of which kustomize makes a Secret."""
    first, source = entries[0], file.written_as or file
    return context.finding(
        f"{file.called}, of which a secretGenerator makes a Secret, holds {_what(entries)} in clear",
        of=file.object,
        at=file.at() if _torn(source) else spot(source, *first.key_span, first.key),
        key=file.type,
        detail=_DETAIL,
        remedy="Renew the credential at its registry, since the history keeps this one. Keep the new file out of "
        "version control, written before each build, or bring the Secret by a SealedSecret, an ExternalSecret or SOPS.",
    )


def _torn(secret: PullSecret) -> bool:
    """Whether a payload is no JSON, so that nobody can say where in it an entry stands."""
    return secret.payload is None or secret.payload.root is None


def _config(context: Context, config: PullSecret, entries: list[Entry]) -> Finding:
    """Tell of a pull secret in a file that is read to make one."""
    first, item = entries[0], config.object
    return context.finding(
        f"{item.kind} {item.name or 'without a name'} holds {_what(entries)} in clear in this file",
        of=item,
        # A mapping is no text, in which an entry could stand.
        at=config.at() if config.written is None or _torn(config) else spot(config, *first.key_span, first.key),
        key="/".join(map(str, config.route)),
        detail="Whoever reads the file, a copy of it or the history of its repository has the credential.",
        remedy="Renew the credential where it was issued, since the history keeps this one, and fill the new one in "
        "when the file is used, from a vault or from the environment.",
    )


def _what(entries: list[Entry]) -> str:
    return f"{'a credential' if len(entries) == 1 else 'credentials'} for {hosts(entries)}"


def _remedy(source: str) -> str:
    if source:
        return f"Remove this copy of the Secret from the files, and renew the credential at its registry. {source}"
    return (
        "Renew the credential at its registry, since the history keeps this one, and bring the new one by a "
        "SealedSecret, an ExternalSecret or SOPS."
    )


def _commands(secret: PullSecret) -> tuple[str, ...]:
    return () if secret.generated else _encrypting(secret.object.path)


def _encrypting(path: str) -> tuple[str, ...]:
    if "!/" in path or not path.endswith((".yaml", ".yml", ".json")):
        return ()
    pattern = "^(data|stringData)$"
    return (command("sops", "--encrypt", "--in-place", "--encrypted-regex", pattern, path, about=(path,)),)


def _literals(context: Context) -> Iterator[Finding]:
    """Report literals of generators: the config as text in a kustomization."""
    for made in context.inventory.generated:
        if made.how != "secretGenerator":
            continue
        route = made.type_route[:-1]
        literals = dig(made.object.body, *route, "literals")
        for index, literal in enumerate(literals if isinstance(literals, list) else []):
            key, _, value = text(literal).partition("=")
            quoted = value[:1] == value[-1:] and value[:1] in ("'", '"')
            content = value[1:-1] if quoted else value
            entries = in_clear(credentials.examine(content, _KEYS[key])) if key in _KEYS else []
            if entries:
                yield context.finding(
                    f"The secretGenerator {made.name} holds {_what(entries)} in clear in this file",
                    of=made.object,
                    at=made.object.at(*route, "literals", index),
                    key=f"{made.name}/{key}",
                    detail=_DETAIL,
                    remedy=_remedy(""),
                )


RULE = Rule(code="RC701", severity=Severity.WARNING, check=check, needs=("Secret",))
