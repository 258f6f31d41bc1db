"""The exact commands behind a change: `oc` on OpenShift, `kubectl` elsewhere. Words in capitals are to be filled."""

import json

from linter import shell
from linter.model import Route


class Shell:
    """Writes commands for one namespace; "" leaves the namespace out.

    A command is "" where a program would take a name in it for an option: no API server has taken it for a name.
    """

    def __init__(self, namespace: str, *, openshift: bool) -> None:
        self.namespace = namespace
        self.openshift = openshift
        self.tool = "oc" if openshift else "kubectl"

    def run(self, *words: str, about: tuple[str, ...] = ()) -> str:
        """One command, every word quoted where it must be; `about` are the names that stand in it."""
        return shell.command(self.tool, *words, namespace=self.namespace, about=about)

    def link(self, account: str, secret: str) -> str:
        """Add a secret to an account's list for pulls."""
        return shell.linked(account, secret, self.namespace, openshift=self.openshift)

    def patch(self, kind: str, name: str, *operations: object) -> str:
        """Change an object by JSON patch: other items of its lists stay as they are."""
        return self.run("patch", kind.lower(), name, "--type=json", "-p", json.dumps(list(operations)), about=(name,))

    def read(self, secret: str, key: str) -> str:
        """Write a secret's payload to a file."""
        return shell.taken_out(secret, key, self.namespace, self.tool)

    def create_from_file(self, secret: str, key: str) -> str:
        """Create a pull secret from the file."""
        file = f"--from-file={key}={shell.FILE}"
        if key == ".dockercfg":
            kind = "--type=kubernetes.io/dockercfg"
            return self.run("create", "secret", "generic", secret, kind, file, about=(secret,))
        return self.run("create", "secret", "docker-registry", secret, file, about=(secret,))

    def create(self, secret: str, server: str) -> str:
        """Create a pull secret with one credential, which the user fills in."""
        return self.run(
            "create", "secret", "docker-registry", secret,
            f"--docker-server={server}", "--docker-username=USERNAME", "--docker-password=PASSWORD", about=(secret,),
        )  # fmt: skip

    def edit(self, secret: str, key: str) -> tuple[str, str]:
        """Take a payload out to edit it, and put it back."""
        return self.read(secret, key), shell.put_back(secret, key, self.namespace, openshift=self.openshift)


def pointer(*steps: Route) -> str:
    """A JSON pointer of routes one after the other."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for route in steps for step in route)
