"""Who needs which registry: every pull and import with the text it looks up and the secrets that it reads."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, lru_cache

from linter.rule import (
    KEY_OF_TYPE,
    Affected,
    Context,
    Entry,
    ImageStream,
    Impact,
    ImportPull,
    KubeObject,
    NamedTuple,
    Outcome,
    PullSecret,
    WorkloadPull,
    compatible,
    credentials,
    keys_of,
)
from rules.registries._shared import HUB, OPENSHIFT, Usable, affected, usable


class Held:
    """A list of secrets that some pulls or imports read together, the node-wide one last, with its usable entries."""

    def __init__(
        self, secrets: tuple[PullSecret, ...], entries: Callable[[PullSecret], list[Entry]] = usable
    ) -> None:
        self.secrets = secrets
        self._entries = entries

    @cached_property
    def _usable(self) -> list[tuple[int, PullSecret, Entry]]:
        return [(number, secret, one) for number, secret in enumerate(self.secrets) for one in self._entries(secret)]

    @cached_property
    def _keys(self) -> "credentials.KeyIndex[tuple[int, PullSecret, Entry]]":
        return credentials.KeyIndex((row[2].registry, row) for row in self._usable)

    @cached_property
    def _of_any_port(self) -> "credentials.KeyIndex[tuple[int, PullSecret, Entry]]":
        """The usable entries as if no key named a port."""
        return credentials.KeyIndex((row[2].registry._replace(port=""), row) for row in self._usable)

    @cached_property
    def _live(self) -> "credentials.KeyIndex[PullSecret]":
        return credentials.KeyIndex((key, secret) for secret in self.secrets for key in keys_of(secret))

    def having(self, target: str) -> list[PullSecret]:
        """Return the secrets with a key that matches a looked-up text, be the credential under it usable or not."""
        return self._live.matching(target)

    def matching(self, target: str) -> list[tuple[PullSecret, Entry]]:
        """Return the usable entries whose key matches a looked-up text, secret by secret."""
        return [(secret, entry) for _, secret, entry in self._keys.matching(target)]

    def at_other_ports(self, need: "Need") -> list[tuple[PullSecret, Entry]]:
        """Return the usable entries that would match were the image written with their port, secret by secret.

        The entries of one secret come in the order in which a keyring tries them.
        """
        port = need.port
        rows = [row for row in self._of_any_port.matching(need.with_port("")) if row[2].registry.port != port]
        rows.sort(key=lambda row: row[2].registry.raw, reverse=True)
        rows.sort(key=lambda row: row[0])
        return [(secret, entry) for _, secret, entry in rows]

    @cached_property
    def unknown(self) -> list[PullSecret]:
        """The secrets that may hold any key for all that is known: they could not be read, or not decoded."""
        return [
            one
            for one in self.secrets
            if one.typed and one.generated != OPENSHIFT and (one.payload is None or one.payload.error is not None)
        ]


class HeldLists:
    """The lists of secrets of one scan, each with the node-wide secret behind it; the very same list is one."""

    def __init__(self, context: Context) -> None:
        self._node = context.inventory.node_wide
        self._entries = context.once(Usable).of
        self._made: dict[int, tuple[tuple[PullSecret, ...], Held]] = {}

    def of(self, secrets: tuple[PullSecret, ...]) -> Held:
        """Return what a list holds; the same tuple is looked at once."""
        known = self._made.get(id(secrets))
        if known is None:
            node = self._node
            whole = secrets if node is None or any(one is node for one in secrets) else (*secrets, node)
            # The tuple is kept beside it, so that its identity stays its own.
            known = self._made[id(secrets)] = (secrets, Held(whole, self._entries))
        return known[1]


class Need(NamedTuple):
    """One pull or import, the text that its reader looks up, and the secrets that it reads (the node-wide one last).

    `item` is the workload or image stream, `image` is what it writes.
    """

    target: str
    held: Held
    outcome: Outcome
    item: KubeObject
    image: str
    imported: bool
    insecure: bool = False

    @property
    def affected(self) -> Affected:
        """Return who is affected when this goes wrong: made where a finding wants it, of few of the thousands."""
        return Affected(self.item.ref, self.image)

    @property
    def registry(self) -> str:
        """Return the registry with its port, as the image writes it."""
        return self.target.partition("/")[0]

    @property
    def host(self) -> str:
        """Return the registry without its port."""
        return split_port(self.registry)[0]

    @property
    def port(self) -> str:
        """Return the port as written, "" when none is."""
        return split_port(self.registry)[1]

    def with_port(self, port: str) -> str:
        """Return the looked-up text as it would be if the image were written with `port` ("" for none)."""
        return registry_with_port(self.host, port) + self.target[len(self.registry) :]


@lru_cache(maxsize=1024)
def split_port(registry: str) -> tuple[str, str]:
    """Host and port of `host:port`; a bracketed IPv6 address keeps its colons."""
    host, colon, port = registry.rpartition(":")
    return (host, port) if colon and port.isdigit() and not port.startswith("]") else (registry, "")


def above(target: str) -> Iterator[str]:
    """Yield a looked-up text and, of its repository, all that it stands below."""
    yield target
    yield from (target[:at] for at, sign in enumerate(target) if sign == "/")


def registry_with_port(host: str, port: str) -> str:
    """`host:port`, or the host alone."""
    return f"{host}:{port}" if port else host


def missed(needs: Iterable[Need], better: str) -> Impact:
    """Return the pulls and imports that go out without a credential and would have one, were the key `better`."""
    key = credentials.normalise_key(better)
    if not better or key.error is not None:
        return Impact()
    hub = key.text == "index.docker.io"
    return affected(
        (need.imported, need.affected)
        for need in needs
        if need.outcome.verdict == "anonymous"
        and (credentials.key_matches(key, need.target) or (hub and need.registry == HUB))
    )


def needs(context: Context) -> list[Need]:
    """Every pull and import whose image can be looked up, with what its reader would do: the pulls come first."""
    return context.once(_needs)


def unserved(context: Context) -> list[Need]:
    """Those of `needs` that go out without a credential, in their order."""
    return context.once(_unserved)


def imported(context: Context) -> list[Need]:
    """Those of `needs` that are imports."""
    return context.once(_imported)


def needs_of(context: Context, pulls: Iterable[tuple[WorkloadPull, Outcome]]) -> Iterator[Need]:
    """Those of `needs` that are these pulls, which have these outcomes: of thousands a rule wants few."""
    lists = context.once(HeldLists)
    for pull, outcome in pulls:
        if outcome.lookup is not None and outcome.lookup.reference:
            held = lists.of(pull.reach.secrets)
            yield Need(outcome.lookup.reference, held, outcome, pull.workload.object, pull.image, False)


def _needs(context: Context) -> list[Need]:
    joins = context.joins
    return [*needs_of(context, zip(joins.workload_pulls, joins.pull_outcomes, strict=True)), *imported(context)]


def _unserved(context: Context) -> list[Need]:
    imports = (need for need in imported(context) if need.outcome.verdict == "anonymous")
    return [*needs_of(context, context.joins.unserved), *imports]


def _imported(context: Context) -> list[Need]:
    lists = context.once(HeldLists)
    found = (need_of_import(context, brought, lists) for brought in context.joins.import_pulls)
    return [need for need in found if need is not None]


def need_of_import(context: Context, brought: ImportPull, lists: HeldLists) -> Need | None:
    """Return what one import looks up, None when its image cannot be looked up."""
    outcome = context.joins.import_outcome(brought)
    if outcome.lookup is None or not outcome.lookup.reference:
        return None
    target = outcome.lookup.reference
    insecure = brought.tag.insecure or target.partition("/")[0] in context.inventory.insecure_registries
    maker = maker_of_more(context, brought.stream) if outcome.verdict == "anonymous" else ""
    if maker:
        outcome = outcome._replace(verdict="unknown", reason=maker)
    return Need(target, lists.of(brought.secrets), outcome, brought.stream.object, brought.tag.image, True, insecure)


def maker_of_more(context: Context, stream: ImageStream) -> str:
    """Why the list of secrets that an import of `stream` reads is not known in full, "" when it is."""
    for made in context.inventory.generated:
        # What a controller makes without one of the two types is Opaque, and the importer passes it over.
        if made.type in KEY_OF_TYPE and compatible(made.namespace, stream.object.namespace):
            return f"secret {made.name} is made by a {made.how}"
    return ""


class Targets:
    """The pulls and imports that read each secret, found by the list that the secret stands in."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._plain: dict[int, credentials.ImageIndex[tuple[int, Need]]] = {}
        self._written: dict[int, credentials.ImageIndex[tuple[int, Need]]] = {}

    @cached_property
    def _needs(self) -> dict[int, list[tuple[int, Need]]]:
        """The needs of each list: looked up when there is a key to judge, in most scans never."""
        found: dict[int, list[tuple[int, Need]]] = defaultdict(list)
        for order, need in enumerate(needs(self._context)):
            found[id(need.held)].append((order, need))
        return found

    @cached_property
    def _of(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for number, rows in self._needs.items():
            for place in dict.fromkeys(id(secret.object) for secret in rows[0][1].held.secrets):
                found[place].append(number)
        return found

    def _indexed(self, number: int, *, plain: bool) -> "credentials.ImageIndex[tuple[int, Need]]":
        table = self._plain if plain else self._written
        if number not in table:
            rows = self._needs[number]
            table[number] = credentials.ImageIndex(
                (need.with_port("") if plain else need.target, (order, need)) for order, need in rows
            )
        return table[number]

    def matching(self, secret: PullSecret, key: credentials.RegistryKey) -> list[Need]:
        """Return what reads `secret` and has an image that `key` matches or, as Docker Hub's own, may serve."""
        numbers = self._of.get(id(secret.object), ())
        found = {order: need for one in numbers for order, need in self._indexed(one, plain=False).matched_by(key)}
        return [found[order] for order in sorted(found)]

    def any_at_its_port(self, secret: PullSecret, key: credentials.RegistryKey) -> bool:
        """Whether `key` would match one of them, were its image written with the key's port."""
        return any(
            credentials.key_matches(key, need.with_port(key.port))
            for number in self._of.get(id(secret.object), ())
            for _, need in self._indexed(number, plain=True).matched_by(key._replace(port="", text=""))
        )

    def missed(self, secret: PullSecret, better: str) -> Impact:
        """Return the pulls and imports without a credential that would have one, were a key of the secret `better`."""
        key = credentials.normalise_key(better)
        return missed(self.matching(secret, key), better) if better and key.error is None else Impact()
