"""Changes of a Secret itself: its payload edited, its type made right, a copy of it in another namespace."""

from typing import Final

from linter.inventory.inventory import Inventory
from linter.inventory.records import DOCKERCONFIGJSON, KEY_OF_TYPE, PullSecret
from linter.resolve.commands import Shell
from linter.resolve.records import Change

_HOSTED: Final = (
    "the control plane is hosted, and undoes what is written here: do it in the secret that the HostedCluster names in "
    "spec.pullSecret, in the management cluster"
)
_RETYPED: Final = ".type = $type"
_MOVED: Final = f"{_RETYPED} | .data[$new] = .data[$old] | del(.data[$old])"


class Mender:
    """Makes changes of the Secrets of one scan, each in its own namespace."""

    def __init__(self, inventory: Inventory, *, openshift: bool) -> None:
        self.inventory = inventory
        self.openshift = openshift

    def edited(self, secret: PullSecret, summary: str) -> Change:
        """Edit the payload as `summary` says; only in words where whoever made the Secret would undo it."""
        if secret.data_key is None or secret.in_file:
            return Change(summary)
        source = self._source(secret)
        if source:
            return Change(f"{summary}; {source}")
        if self.inventory.is_global(secret) and self.inventory.hosted:
            return Change(f"{summary}; {_HOSTED}")
        if secret.object.body.get("immutable") is True:
            return Change(f"{summary}; it is immutable: delete it, and create it anew with the repaired payload")
        return Change(summary, self._shell(secret.namespace).edit(secret.name, secret.data_key))

    def retyped(self, secret: PullSecret, kind: str) -> Change:
        """Make the Secret anew with another type, and the payload under the key that goes with it."""
        if self.inventory.is_global(secret):
            elsewhere = f"; {_HOSTED}" if self.inventory.hosted else ""
            return Change(
                f"write the node-wide Secret {secret.name} in namespace {secret.namespace} as {DOCKERCONFIGJSON}, "
                f"under the key {KEY_OF_TYPE[DOCKERCONFIGJSON]} with the entries in `auths`: "
                f"the machine-config operator refuses every other form{elsewhere}"
            )
        summary = f"make Secret {secret.name} anew with type {kind} (the type of a Secret cannot be changed)"
        source = self._source(secret)
        if source:
            return Change(f"{summary}; {source}")
        old, new = secret.data_key or "", KEY_OF_TYPE[kind]
        data = secret.object.body.get("data")
        if old != new and isinstance(data, dict) and new in data:
            return Change(f"{summary}, with the content of its key {old} under {new}")
        program = _RETYPED if old == new else _MOVED
        values = {"type": kind, **({} if old == new else {"old": old, "new": new})}
        command = self._shell(secret.namespace).remade("secret", secret.name, program, **values)
        return Change(f"{summary}; keep secret.json until it is created", (command,))

    def copied(self, secret: PullSecret, space: str, summary: str) -> Change:
        """Make a Secret of the same content in namespace `space`."""
        if secret.data_key is None:
            return Change(summary)
        if self._source(secret):
            return Change(f"{summary}; it is made by {self._maker(secret)}: have one made there, too")
        read = self._shell(secret.namespace).read(secret.name, secret.data_key)
        return Change(summary, (read, self._shell(space).create_from_file(secret.name, secret.data_key)))

    def _shell(self, namespace: str) -> Shell:
        return Shell(namespace, openshift=self.openshift)

    def _source(self, secret: PullSecret) -> str:
        maker = self._maker(secret)
        return f"it is made by {maker}: repair its source" if maker else ""

    def _maker(self, secret: PullSecret) -> str:
        """Who writes the Secret anew whenever it is changed, "" for nobody."""
        made = self.inventory.generated_named(secret.namespace, secret.name)
        return secret.generated or (f"a {made[0].how}" if made else "")
