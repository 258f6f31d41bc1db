"""All that a rule author imports: the records, the heart's functions, and the context that a check is given.

A rule is one file. Its docstring is its manual, its `RULE` declares it, its name is the file's name:

    RULE = Rule(code="RC307", severity=Severity.INFO, check=check, fixable=True, needs=("ServiceAccount",))
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar, cast

from linter import clock, credentials, payload_edit
from linter.credentials import Consumer, Entry, JsonNode, Payload, PayloadError
from linter.documents.kinds import is_read, may_make_secrets
from linter.documents.objects import KubeObject
from linter.fillings import could_be
from linter.inventory.builds import dockerfile_images
from linter.inventory.evidence import REFUSED, UNDECODABLE, PullFailure
from linter.inventory.inventory import Inventory, compatible
from linter.inventory.joins import Joins
from linter.inventory.paths import RUN_ONCE, dig, group, text
from linter.inventory.pulls import (
    ANONYMOUS_HOSTS,
    LOCAL_ENDS,
    MIXED_HOSTS,
    PLATFORM_HOSTS,
    PRIVATE_HOSTS,
    ImportPull,
    Outcome,
    Reach,
    WorkloadPull,
    changing,
    reach,
)
from linter.inventory.readers import Wanted, keys_of
from linter.inventory.records import (
    AUTH_FILE,
    DOCKERCFG,
    DOCKERCONFIGJSON,
    INSTALL_CONFIG,
    KEY_OF_TYPE,
    TYPE_OF_KEY,
    UNJUDGED,
    GeneratedSecret,
    ImageStream,
    ImageUse,
    ImportTag,
    Link,
    PullSecret,
    Reference,
    Seen,
    ServiceAccount,
    State,
    Use,
    Workload,
)
from linter.inventory.streams import unauthorized
from linter.inventory.workloads import maker, owner
from linter.model import (
    Affected,
    Applicability,
    Edit,
    Finding,
    Fix,
    Impact,
    Location,
    NotEvaluated,
    ObjectRef,
    Op,
    PayloadSpot,
    Related,
    Route,
    Scope,
    Sensitive,
    Severity,
    affected_names,
)
from linter.patterns import lazy
from linter.record import NamedTuple
from linter.secret import changed, shown
from linter.settings import Settings
from linter.shell import (
    EDITED,
    REPLACERS,
    command,
    created,
    fresh_login,
    linked,
    logged_in,
    piped,
    put_back,
    recorded,
    rollout,
    taken_out,
)

_UNFINISHED = lazy(r"\{\{|\$\{|\$\(")


class Rule(NamedTuple):
    """What a rule file declares. `needs` are the kinds without which it has nothing to say.

    `options` are what users may set for this rule in `.regcred.yaml`, by name, each with its default; a value has the
    type of its default. A check reads them with `Context.option`.
    """

    code: str
    severity: Severity
    check: "Callable[[Context], Iterator[Finding]]"
    fixable: bool = False
    needs: tuple[str, ...] = ()
    options: Mapping[str, str | int | bool] = {}


_Made = TypeVar("_Made")


class Context:
    """What a check sees: the finished inventory, the settings, and the means to build findings.

    One context serves one rule in one scan.
    """

    def __init__(
        self,
        rule: Rule,
        name: str,
        inventory: Inventory,
        joins: Joins,
        settings: Settings,
        chosen: frozenset[str] = frozenset(),
    ) -> None:
        self.rule = rule
        self.name = name
        self.inventory = inventory
        self.joins = joins
        self.settings = settings
        self.chosen = chosen
        """The codes of all rules that run: what another rule would tell is told here only when that one does not."""
        self.withheld: list[NotEvaluated] = []

    @property
    def scope(self) -> Scope:
        """What the scan can prove."""
        return self.inventory.scope

    @property
    def in_cluster(self) -> bool:
        """Whether absence is proof."""
        return self.inventory.scope is Scope.CLUSTER

    @property
    def now(self) -> int:
        """The present in Unix seconds; the variable SOURCE_DATE_EPOCH sets it, so that a result can be reproduced."""
        return clock.now()

    def once(self, make: Callable[["Context"], _Made]) -> _Made:
        """What `make` finds in this scan, found for the first rule that asks and kept for all.

        It is told by the function alone: what it finds must hang on the inventory and its joins, and on no rule.
        """
        made = self.joins.made
        if make not in made:
            made[make] = make(self)
        return cast("_Made", made[make])

    def option(self, name: str) -> str | int | bool:
        """What the settings say for the option `name` of this rule, or its default. Raises KeyError for no option."""
        default = self.rule.options[name]
        return self.settings.options.get(self.name, {}).get(name, default)

    def absence(self, severity: Severity) -> Severity:
        """The severity of a finding that reasons from absence: one level lower among manifests."""
        return severity if self.in_cluster else severity.lower

    def finding(  # noqa: PLR0913 - a finding has this many parts, all named at the call
        self,
        message: str,
        *,
        of: KubeObject,
        at: Location | None = None,
        severity: Severity | None = None,
        key: str = "",
        detail: str = "",
        remedy: str = "",
        commands: Iterable[str] = (),
        related: Iterable[Related] = (),
        impact: Impact | None = None,
        fix: Fix | None = None,
    ) -> Finding:
        """Build a finding of this rule about `of`, at `at` (default: the object's start).

        The message is one sentence: a capital unless it begins with a name, and no full stop, which reports set.
        What is made of an auth file is not known, so no command is told of one.
        """
        if of.kind == AUTH_FILE:
            message, commands = message[:1].upper() + message[1:], ()
        return Finding(
            code=self.rule.code,
            name=self.name,
            severity=severity or self.rule.severity,
            message=message.removesuffix("."),
            object=of.ref,
            location=at or of.at(),
            key=key,
            detail=detail,
            remedy=remedy,
            commands=tuple(filter(None, commands)),
            related=tuple(related),
            impact=self.joins.told(impact) if impact else Impact(),
            fix=fix,
            cluster=self.inventory.name,
            live=self.in_cluster,
        )

    def not_evaluated(self, reason: str, message: str, *, of: KubeObject, at: Location | None = None) -> None:
        """Say that this rule could not judge `of`: `reason` is one word of `NotEvaluated`, `message` a sentence."""
        self.withheld.append(NotEvaluated(reason, message, of.ref, at or of.at(), (self.name,), self.inventory.name))

    def readable_secrets(self) -> Iterator[tuple[PullSecret, Payload]]:
        """Every pull secret and auth file whose payload is known, with the payload."""
        for secret in self.inventory.payloads:
            if secret.payload is not None:
                yield secret, secret.payload


def spot(secret: PullSecret, start: int, end: int, entry: str | None = None) -> Location:
    """The location of the characters `start` to `end` of the decoded payload of `secret`."""
    from linter.lines import place  # noqa: PLC0415 - only a finding has a place

    payload = secret.payload.text if secret.payload is not None else ""
    line, column = place(payload, start)
    inside = PayloadSpot(secret.data_key or "", start, end, line, column, shown(entry) if entry is not None else None)
    return secret.at()._replace(payload=inside)


def payload_fix(secret: PullSecret, new: str, summary: str, applicability: Applicability = Applicability.SAFE) -> Fix:
    """A fix that replaces the decoded payload of `secret` by `new`, encoded in the form in which it was found."""
    base = secret.decoded
    if secret.payload is not None and (base is None or base.reveal() != secret.payload.text):
        base = Sensitive(secret.payload.text)
    value = Sensitive(new) if base is None else changed(base, new)
    edit = Edit(Op.PAYLOAD, secret.object.path, secret.object.document, secret.at().route, value, base)
    return Fix(applicability, summary, (edit,))


def serves(secret: PullSecret, image: str, consumer: Consumer = Consumer.KUBELET) -> bool:
    """Whether `secret` alone would give `image` a credential; False where payload or image are not known in full."""
    if secret.payload is None or secret.decoded is None or secret.data_key is None or _UNFINISHED.search(image):
        return False
    data = {secret.data_key: secret.decoded.reveal().encode("utf-8", "surrogatepass")}
    found = credentials.lookup(image, [credentials.PullSecret(secret.name, secret.type, data)], consumer=consumer)
    return found.error is None and any(candidate.username or candidate.password for candidate in found.candidates)


def edit(op: Op, item: KubeObject, route: Route, value: object = None) -> Edit:
    """An edit at `route` inside `item`."""
    return Edit(op, item.path, item.document, (*item.route, *route), value)


def origin(secret: PullSecret) -> str:
    """Where a defect has to be repaired when something else makes the Secret, "" when it is the user's own."""
    return (
        f"Secret {secret.name} is made by {secret.generated}: repair its source, not the Secret."
        if secret.generated
        else ""
    )


__all__ = [
    "ANONYMOUS_HOSTS",
    "DOCKERCFG",
    "DOCKERCONFIGJSON",
    "EDITED",
    "INSTALL_CONFIG",
    "KEY_OF_TYPE",
    "LOCAL_ENDS",
    "MIXED_HOSTS",
    "PLATFORM_HOSTS",
    "PRIVATE_HOSTS",
    "REFUSED",
    "REPLACERS",
    "RUN_ONCE",
    "TYPE_OF_KEY",
    "UNDECODABLE",
    "UNJUDGED",
    "Affected",
    "Applicability",
    "Consumer",
    "Context",
    "Edit",
    "Entry",
    "Finding",
    "Fix",
    "GeneratedSecret",
    "ImageStream",
    "ImageUse",
    "Impact",
    "ImportPull",
    "ImportTag",
    "Inventory",
    "Joins",
    "JsonNode",
    "KubeObject",
    "Link",
    "Location",
    "NamedTuple",
    "ObjectRef",
    "Op",
    "Outcome",
    "Payload",
    "PayloadError",
    "PullFailure",
    "PullSecret",
    "Reach",
    "Reference",
    "Related",
    "Route",
    "Rule",
    "Scope",
    "Seen",
    "Sensitive",
    "ServiceAccount",
    "Severity",
    "State",
    "Use",
    "Wanted",
    "Workload",
    "WorkloadPull",
    "affected_names",
    "changing",
    "command",
    "compatible",
    "could_be",
    "created",
    "credentials",
    "dig",
    "dockerfile_images",
    "edit",
    "fresh_login",
    "group",
    "is_read",
    "keys_of",
    "lazy",
    "linked",
    "logged_in",
    "maker",
    "may_make_secrets",
    "origin",
    "owner",
    "payload_edit",
    "payload_fix",
    "piped",
    "put_back",
    "reach",
    "recorded",
    "rollout",
    "serves",
    "shown",
    "spot",
    "taken_out",
    "text",
    "unauthorized",
]
