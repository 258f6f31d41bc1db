"""Commands that are printed for people to run: each does no more than its sentence says, whatever the names in it are.

What is taken out of a cluster goes to a file, is changed there and put back: only this payload changes, all else of the
object stays as it is, and nothing of it is copied into an annotation (as `kubectl apply` would).
"""

from collections.abc import Mapping
from typing import Any, Final

FILE: Final = "auth.json"
"""The file that a payload is taken out to."""
EDITED: Final = f'"${{EDITOR:-vi}}" {FILE}'
"""The command by which a person changes what was taken out."""

_NO_COPY: Final = 'del(.metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"])'
"""The program of jq without which `kubectl replace` copies what it writes into that annotation, where there is one."""
REPLACERS: Final = frozenset({"ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet"})
"""The kinds that make a new pod for each that is deleted, whatever the reason, and count nothing."""
_ROLLOUTS: Final = {
    "Deployment": ("kubectl", "rollout", "restart", "deployment/"),
    "StatefulSet": ("kubectl", "rollout", "restart", "statefulset/"),
    "DaemonSet": ("kubectl", "rollout", "restart", "daemonset/"),
    "DeploymentConfig": ("oc", "rollout", "latest", "dc/"),
}
_ROLLED: Final = frozenset({"", "apps", "extensions", "apps.openshift.io"})
"""The API groups of these kinds."""


def command(*words: str, namespace: str = "", about: tuple[str, ...] = ()) -> str:
    """Return a shell command of `words`, each quoted where it must be, with `-n namespace` when one is known.

    `about` are the names that stand in it by themselves. Return "" where a program would take one for an option: no API
    server has taken it for a name.
    """
    import shlex  # noqa: PLC0415 - only a finding has commands

    if any(name.startswith("-") for name in (*about, namespace)):
        return ""
    return shlex.join([*words, *(["-n", namespace] if namespace else [])])


def piped(*commands: str) -> str:
    """Return commands that read what the one before prints, "" where one of them cannot be given."""
    return " | ".join(commands) if all(commands) else ""


def fresh_login(registry: str) -> str:
    """Return the command that asks for the credential of a registry and writes it, and no other, to `FILE`."""
    login = command("podman", "login", f"--authfile={FILE}", registry, about=(registry,))
    return login and f"rm -f {FILE} && {login}"


def created(secret: str, namespace: str, tool: str = "kubectl") -> str:
    """Return the command that creates a pull secret of `FILE`, and removes the file: it holds credentials."""
    words = (tool, "create", "secret", "generic", secret, "--type=kubernetes.io/dockerconfigjson")
    create = command(*words, f"--from-file=.dockerconfigjson={FILE}", namespace=namespace, about=(secret,))
    return create and f"{create} && rm {FILE}"


def taken_out(secret: str, key: str, namespace: str, tool: str = "kubectl") -> str:
    """Return the command that writes one key of a Secret, decoded, to `FILE`: what the file held before is gone."""
    path = "jsonpath={.data." + key.replace(".", "\\.") + "}"
    read = command(tool, "get", "secret", secret, "-o", path, namespace=namespace, about=(secret,))
    return read and f"{read} | base64 -d > {FILE}"


def put_back(secret: str, key: str, namespace: str, *, openshift: bool = False) -> str:
    """Return the command that makes `FILE` one key of a Secret, and removes the file: it holds credentials.

    The API server refuses it where the object has changed meanwhile (but for `oc`), or is immutable.
    """
    if openshift:
        put = command(
            "oc", "set", "data", f"secret/{secret}", f"--from-file={key}={FILE}", namespace=namespace, about=(secret,)
        )
        return put and f"{put} && rm {FILE}"
    read = command("kubectl", "get", "secret", secret, "-o", "json", namespace=namespace, about=(secret,))
    change = command("jq", "--rawfile", "payload", FILE, f'.data["{key}"] = ($payload | @base64) | {_NO_COPY}')
    put = piped(read, change, command("kubectl", "replace", "-f", "-", namespace=namespace))
    return put and f"{put} && rm {FILE}"


def logged_in(key: str, *options: str) -> str:
    """Return the command that writes a credential into `FILE` under `key`, once its registry has taken it."""
    return command("podman", "login", f"--authfile={FILE}", *options, key, about=(key,))


def recorded(maker: str, user: str, key: str) -> str:
    """Return the command that writes the token that `maker` prints into `FILE` under `key`, however that is spelt.

    Nobody is asked whether it opens the registry, which may be out of reach from here.
    """
    import json  # noqa: PLC0415 - only a finding has commands

    entry = f"{{auth: ({json.dumps(user + ':')} + $token | @base64)}}"
    change = f"input as $token | $held[0] | .auths[{json.dumps(key)}] = {entry}"
    put = piped(maker, command("jq", "-nR", "--slurpfile", "held", FILE, change))
    return put and f"{put} > {FILE}.new && mv {FILE}.new {FILE}"


def added(path: str) -> str:
    """Return the program of jq that adds `$name` to the list of names at `path`, where it is not in it."""
    return f"if any({path}[]?; .name == $name) then . else {path} += [{{name: $name}}] end"


def linked(account: str, secret: str, namespace: str, *, openshift: bool = False) -> str:
    """Return the command that adds a Secret to a service account's list for pulls, whatever the list holds by now.

    What stands in the list stays, in its order (it decides which credential is tried first), and a Secret that is in it
    already is not added again. A JSON patch could do neither: it begins a list in the place of the one that is there.
    """
    if openshift:
        words = ("oc", "secrets", "link", account, secret, "--for=pull")
        return command(*words, namespace=namespace, about=(account, secret))
    read = command("kubectl", "get", "serviceaccount", account, "-o", "json", namespace=namespace, about=(account,))
    change = command("jq", "--arg", "name", secret, added(".imagePullSecrets"), about=(secret,))
    return piped(read, change, command("kubectl", "replace", "-f", "-", namespace=namespace))


def rollout(kind: str, name: str, body: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """Return the words of the command by which an owner makes all its pods anew, or () where none does.

    `body` is the owner's object, where it is known: a paused one refuses a rollout, and one that waits for pods to be
    deleted, or holds back some by a partition, leaves them as they are (every version of Kubernetes and OpenShift).
    Its pods have to be deleted then, as those of every other kind: whatever owns them makes new ones.
    """
    command = _ROLLOUTS.get(kind)
    if body is not None and str(body.get("apiVersion", "")).rpartition("/")[0] not in _ROLLED:
        return ()  # the client would look for a StatefulSet of Kubernetes, and this is one of OpenKruise
    if command is None or (body is not None and _stays(body.get("spec"))):
        return ()
    return (*command[:-1], command[-1] + name)


def _stays(spec: Any) -> bool:
    if not isinstance(spec, dict):
        return False
    strategy = spec.get("updateStrategy")
    if not isinstance(strategy, dict):
        return spec.get("paused") is True
    return strategy.get("type") == "OnDelete" or partitioned(strategy)


def partitioned(strategy: Any) -> bool:
    """Tell whether the `updateStrategy` of a StatefulSet leaves some of its pods as they are."""
    held = strategy.get("rollingUpdate") if isinstance(strategy, dict) else None
    partition = held.get("partition") if isinstance(held, dict) else None
    return isinstance(partition, int) and partition > 0
