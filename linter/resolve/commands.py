"""The exact commands behind a change: `oc` on OpenShift, `kubectl` elsewhere. Words in capitals are to be filled."""

import json
from itertools import chain
from typing import Final

from linter import shell
from linter.documents.objects import KubeObject
from linter.model import Route

_GIVEN: Final = ", ".join(
    f".metadata.{field}" for field in ("uid", "resourceVersion", "creationTimestamp", "managedFields")
)
"""What the API server gives to an object: it takes none that has a version already."""

_WELL_KNOWN: Final = frozenset({"", "apps", "batch", "extensions"})
"""Groups whose kinds kubectl takes first."""


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
        return self.run("patch", kind, name, "--type=json", "-p", json.dumps(list(operations)), about=(name,))

    def read(self, secret: str, key: str) -> str:
        """Write a secret's payload to a file."""
        return shell.taken_out(secret, key, self.namespace, self.tool)

    def create_from_file(self, secret: str, key: str) -> str:
        """Create a pull secret from the file, and remove that: it holds credentials."""
        if key != ".dockercfg":
            return shell.created(secret, self.namespace, self.tool)
        words = ("create", "secret", "generic", secret, "--type=kubernetes.io/dockercfg")
        create = self.run(*words, f"--from-file={key}={shell.FILE}", about=(secret,))
        return create and f"{create} && rm {shell.FILE}"

    def remade(self, kind: str, name: str, program: str, /, **values: str) -> str:
        """Make an object anew that cannot be changed, all of it but for what `program` of jq changes with `values`.

        It is deleted only once the new one is written down, and that file removed only once it is created.
        """
        file = f"{kind}.json"
        get = self.run("get", kind, name, "-o", "json", about=(name,))
        words = chain.from_iterable(("--arg", *value) for value in values.items())
        change = shell.command("jq", *words, f"del({_GIVEN}) | {program}", about=tuple(values.values()))
        saved = shell.piped(get, change)
        delete = self.run("delete", kind, name, about=(name,))
        create = self.run("create", "-f", file)
        # A pipe has the exit status of its end, and jq is content with nothing: only the file tells what was read.
        steps = (saved and f"{saved} > {file}", f"test -s {file}", delete, create, f"rm {file}")
        return " && ".join(steps) if all(steps) else ""

    def create(self, secret: str, server: str) -> str:
        """Create a pull secret with one credential, which the user fills in."""
        return self.run(
            "create", "secret", "docker-registry", secret,
            f"--docker-server={server}", "--docker-username=USERNAME", "--docker-password=PASSWORD", about=(secret,),
        )  # fmt: skip

    def edit(self, secret: str, key: str) -> tuple[str, str]:
        """Take a payload out to edit it, and put it back."""
        return self.read(secret, key), shell.put_back(secret, key, self.namespace, openshift=self.openshift)


def resource(item: KubeObject) -> str:
    """What kubectl calls the kind of an object: with its group where a kind of another group may have that name."""
    kind = item.kind.lower()
    plural = f"{kind}es" if kind.endswith("s") else f"{kind}s"
    return kind if item.group in _WELL_KNOWN else f"{plural}.{item.group}"


def pointer(*steps: Route) -> str:
    """A JSON pointer of routes one after the other."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for route in steps for step in route)
