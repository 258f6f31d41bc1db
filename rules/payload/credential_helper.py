r"""The config asks a credential helper that no cluster has.

## What it does

Reports a payload with `credsStore` or `credHelpers` and no credential in any entry: a workstation's
`config.json`, copied as it was. A Secret that is only mounted as a file (kaniko, buildah and their like bring
such helpers) stays silent.

## Why it matters

`docker login` on a workstation keeps the password in the system's store (`desktop`, `osxkeychain`, `wincred`,
`pass`) and writes an empty entry. The kubelet does not read these two members (Kubernetes 1.25 to 1.36), and
nothing in a cluster could ask that store: the entry matches, its credential is empty, the pull is refused. As
the node-wide secret of OpenShift, `credHelpers` has also stopped the machine-config operator.

## Example

```yaml
kind: Secret
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"https://index.docker.io/v1/": {}}, "credsStore": "desktop"}
```

## Fix

The credential is not in the file, so no fix can put it there. Take the payload out, put the credential in and
put it back. `podman login` does that for a key such as `quay.io` or `quay.io/team`, and drops `credsStore`; the
key `https://index.docker.io/v1/` and whatever has `credHelpers` beside it are edited by hand:

```console
$ kubectl get secret regcred -o 'jsonpath={.data.\.dockerconfigjson}' | base64 -d > auth.json
$ podman login --authfile=auth.json quay.io
$ kubectl get secret regcred -o json |
    jq --rawfile payload auth.json '.data[".dockerconfigjson"] = ($payload | @base64) |
      del(.metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"])' |
    kubectl replace -f - && rm auth.json
```
"""

from collections.abc import Iterator

from linter.rule import Context, Finding, Location, Payload, PullSecret, Rule, Severity, spot
from rules.payload._defects import whole
from rules.payload._remake import remake
from rules.payload._shared import advice, everywhere, matched, named, readers, reasons
from rules.payload._uses import pulled_with, used_otherwise

_HELPERS = ("credsstore", "credhelpers")


def check(context: Context) -> Iterator[Finding]:
    """Report every payload whose credentials stay in a helper."""
    for secret in whole(context, "RC110"):
        payload = secret.payload
        if payload is None or _file_only(context, secret):
            continue
        hosts = [*(entry.key for entry in payload.entries), *_helped(payload)]
        yield context.finding(
            f"{named(secret)} holds no credential: {' and '.join(payload.helpers)} refers to a helper outside of it.",
            of=secret.object,
            at=_place(secret, payload),
            key=secret.data_key or "",
            detail=_detail(context, secret),
            remedy=advice(context, secret, "Make the Secret of a config that holds its credentials itself."),
            commands=remake(context, secret, *payload.entries),
            impact=readers(context, secret, matched(hosts) if hosts and payload.error is None else None),
        )


def _file_only(context: Context, secret: PullSecret) -> bool:
    where = (context, secret.name, secret.namespace)
    return used_otherwise(*where) and not pulled_with(*where)


def _detail(context: Context, secret: PullSecret) -> str:
    if not secret.typed:
        return reasons(context, secret)
    asked = "Neither kubelet nor importer asks a credential helper for a pull secret (Kubernetes 1.25 to 1.36)."
    return asked + everywhere(context, secret)


def _helped(payload: Payload) -> list[str]:
    members = payload.root.members if payload.root is not None else ()
    return [key for name, _, _, node in members if name.lower() == "credhelpers" for key, _, _, _ in node.members]


def _place(secret: PullSecret, payload: Payload) -> Location:
    for name, start, end, _ in payload.root.members if payload.root is not None else ():
        if name.lower() in _HELPERS:
            return spot(secret, start, end)
    return secret.at()


RULE = Rule(code="RC110", severity=Severity.ERROR, check=check, needs=("Secret",))
