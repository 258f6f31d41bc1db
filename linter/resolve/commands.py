"""The exact commands behind a change: `oc` on OpenShift, `kubectl` elsewhere. Words in capitals are to be filled."""

import json
import shlex

from linter.model import Route

_FILE = "config.json"


class Shell:
    """Writes commands for one namespace; "" leaves the namespace out.

    A command is "" where a program would take a name in it for an option: no API server has taken it for a name.
    """

    def __init__(self, namespace: str, *, openshift: bool) -> None:
        self.openshift = openshift
        self.tool = "oc" if openshift else "kubectl"
        self.where = ["-n", namespace] if namespace else []

    def run(self, *words: str, about: tuple[str, ...] = ()) -> str:
        """One command, every word quoted where it must be; `about` are the names that stand in it."""
        if any(name.startswith("-") for name in (*about, *self.where[1:])):
            return ""
        return shlex.join([self.tool, *words, *self.where])

    def link(self, account: str, secret: str, *, listed: bool) -> str:
        """Add a secret to an account's list for pulls; `listed`: the account has such a list already."""
        if self.openshift:
            return self.run("secrets", "link", account, secret, "--for=pull", about=(account, secret))
        item = {"name": secret}
        operation = (
            {"op": "add", "path": "/imagePullSecrets/-", "value": item}
            if listed
            else {"op": "add", "path": "/imagePullSecrets", "value": [item]}
        )
        return self.patch("serviceaccount", account, operation)

    def patch(self, kind: str, name: str, *operations: object) -> str:
        """Change an object by JSON patch: other items of its lists stay as they are."""
        return self.run("patch", kind.lower(), name, "--type=json", "-p", json.dumps(list(operations)), about=(name,))

    def read(self, secret: str, key: str) -> str:
        """Write a secret's payload to a file."""
        path = "{.data." + key.replace(".", "\\.") + "}"
        get = self.run("get", "secret", secret, "-o", f"jsonpath={path}", about=(secret,))
        return get and f"{get} | base64 -d > {_FILE}"

    def write(self, secret: str, key: str) -> str:
        """Put the file back as a secret's payload."""
        if self.openshift:
            return self.run("set", "data", f"secret/{secret}", f"--from-file={key}={_FILE}", about=(secret,))
        create = self.create_from_file(secret, key)
        return create and f"{create} --dry-run=client -o yaml | {self.run('apply', '-f', '-')}"

    def create_from_file(self, secret: str, key: str) -> str:
        """Create a pull secret from the file."""
        if key == ".dockercfg":
            kind = "--type=kubernetes.io/dockercfg"
            return self.run("create", "secret", "generic", secret, kind, f"--from-file={key}={_FILE}", about=(secret,))
        return self.run("create", "secret", "docker-registry", secret, f"--from-file={key}={_FILE}", about=(secret,))

    def create(self, secret: str, server: str) -> str:
        """Create a pull secret with one credential, which the user fills in."""
        return self.run(
            "create", "secret", "docker-registry", secret,
            f"--docker-server={server}", "--docker-username=USERNAME", "--docker-password=PASSWORD", about=(secret,),
        )  # fmt: skip

    def edit(self, secret: str, key: str) -> tuple[str, str]:
        """Take a payload out to edit it, and put it back."""
        return self.read(secret, key), self.write(secret, key)


def pointer(*steps: Route) -> str:
    """A JSON pointer of routes one after the other."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for route in steps for step in route)
