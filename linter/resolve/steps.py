"""The steps before a lookup: the list of secrets, what becomes of each, and the keyring they make."""

from collections.abc import Container, Iterator
from typing import Final, NamedTuple

from linter.credentials import Candidate, Consumer, Entry, KeyIndex, Lookup, Payload, containers_key, key_matches
from linter.inventory.lately import Lately
from linter.inventory.meant import looks_legacy
from linter.inventory.pulls import Alike, Desk, node_config, readable
from linter.inventory.records import DOCKERCONFIGJSON, KEY_OF_TYPE, UNJUDGED, PullSecret, State
from linter.resolve.near import FARTHEST, SURE, Near, near_miss
from linter.resolve.nearkeys import NearKeys
from linter.resolve.records import Fate, KeyMatch, KeyStep, ListStep, Offer, SecretStep
from linter.resolve.remarks import Remark, remark
from linter.resolve.subjects import Case
from linter.resolve.words import masked_user, reader
from linter.rule import shown

_KEYRINGS: Final = 16
"""So many lists of secrets are held ready: cases come namespace by namespace."""

_OFFERED: Final = 8192
"""Of so many credentials it is known what speaks against them: a secret offers one entry to many images."""


class Source(NamedTuple):
    """One secret whose entries enter the keyring; `name` is None for the node-wide file."""

    name: str | None
    secret: PullSecret
    payload: Payload


def list_step(case: Case) -> ListStep:
    """The list of secrets that the consumer gets, and how it came about."""
    if case.consumer is Consumer.IMPORTER:
        where = f"namespace {case.namespace}" if case.namespace else "its namespace"
        how = f"an import reads every docker secret of {where} in name order; no link is needed"
        return ListStep(how, tuple(secret.name for secret in case.secrets))
    if case.reach is None or case.workload is None:
        if case.consumer is Consumer.KUBELET:
            return ListStep("a pod that has no pull secrets of its own gets what the node has alone")
        return ListStep("CRI-O, podman and skopeo on a node read the node-wide file alone")
    return _admitted(case)


def _admitted(case: Case) -> ListStep:
    """The list that service-account admission produces, and that what makes the pods may change before it."""
    step = _admitted_as_written(case)
    unsure = case.workload.unsure if case.workload is not None else ""
    return step._replace(how=f"{step.how}; {unsure}") if unsure and unsure not in step.how else step


def _admitted_as_written(case: Case) -> ListStep:
    """The list that service-account admission produces when the pod is created."""
    workload, reached = case.workload, case.reach
    if workload is None or reached is None:
        raise TypeError("a pod's list needs its workload")
    account = f"service account {workload.account}" if workload.account else "the service account that it runs as"
    names = tuple(link.name for link in reached.links)
    others = tuple(link.name for link in reached.account.pull_secrets if link.name) if reached.account else ()
    if reached.explicit and workload.is_pod and workload.object.identified:
        # Admission has copied the account's list into the pod, if it named none: the two cannot be told apart any more.
        how = f"the pod was admitted with a list: its own, or that of {account} at the time"
        return ListStep(how, names, tuple(name for name in others if name not in names))
    if reached.explicit:
        masked = tuple(name for name in others if name not in names)
        how = f"the pod's spec has imagePullSecrets of its own, so admission adds none of {account}"
        return ListStep(how, names, masked)
    if workload.is_pod and workload.object.identified:
        how = f"the pod was admitted with an empty list, and what {account} lists now does not reach it"
        return ListStep(how, (), others)
    copied = f"the pod's spec has no imagePullSecrets, so admission copies those of {account}"
    if reached.account is None:
        return ListStep(f"{copied}: {reached.unknown}")
    return ListStep(copied, names, (), tuple(_mounted(case, names)))


def _mounted(case: Case, names: tuple[str, ...]) -> Iterator[str]:
    """Pull secrets that the account lists where they serve no pull."""
    account = case.reach.account if case.reach is not None else None
    for link in account.mountable if account is not None else ():
        found = case.inventory.secrets_named(case.namespace, link.name)
        if link.name not in names and any(not secret.generated for secret in found):
            yield f"{link.name} stands under `secrets` of the account: that list serves mounts, and no pull"


def secret_steps(case: Case, found: Lookup | None, known: "Known") -> list[SecretStep]:
    """What becomes of every secret of the list, then of the node-wide file as far as the scan holds it."""
    steps: list[SecretStep] = []
    if case.consumer is Consumer.IMPORTER:
        for secret in case.inventory.secrets_in(case.namespace):
            if not case.inventory.is_global(secret) or secret in case.secrets:
                steps.append(known.fate(case, secret, found))
    elif case.reach is not None:
        for link in case.reach.links:
            steps.extend(_linked(case, link.name, found, known))
    node = case.inventory.global_secret
    if node is not None:
        steps.append(_node_fate(case, node, found))
    return steps


def _linked(case: Case, name: str, found: Lookup | None, known: "Known") -> Iterator[SecretStep]:
    """What one name of the list leads to."""
    if not name:
        yield SecretStep("", case.namespace, Fate.SKIPPED, "the list item has no name; it still counts as an item")
        return
    secrets = case.inventory.secrets_named(case.namespace, name)
    for secret in secrets:
        step = known.fate(case, secret, found)
        if len(secrets) > 1:
            step = step._replace(fate=Fate.UNKNOWN, reason=f"one of {len(secrets)} Secrets of this name in the scan")
        yield step
    if secrets:
        return
    made = case.inventory.generated_named(case.namespace, name)
    others = case.inventory.others_named(case.namespace, name)
    if made:
        reason = f"made by a {made[0].how}: its content is not in the scan"
        yield SecretStep(name, case.namespace, Fate.UNKNOWN, reason, made[0].object.path)
    elif others:
        kind = others[0].body.get("type") or "Opaque"
        reason = f"no pull secret: its type is {kind}, and {reader(case.consumer)} passes it over in silence"
        yield SecretStep(name, case.namespace, Fate.SKIPPED, reason, others[0].path)
    else:
        proven = case.inventory.covers("Secret", case.namespace) and case.inventory.scope.value == "cluster"
        where = f"namespace {case.namespace}: {reader(case.consumer)} goes on without it" if proven else "the scan"
        reason = f"not in {where}"
        yield SecretStep(name, case.namespace, Fate.MISSING, reason)


def _fate(case: Case, secret: PullSecret, found: Lookup | None) -> SecretStep:
    """What the consumer does with a secret that is in the scan."""
    step = SecretStep(secret.name, secret.namespace, Fate.SKIPPED, "", secret.object.path)
    who = reader(case.consumer)
    if secret.state in UNJUDGED or secret.state is State.PLACEHOLDER:
        return step._replace(fate=Fate.UNKNOWN, reason=f"{secret.state}: {secret.reason}")
    if case.consumer is Consumer.IMPORTER and secret.excluded:
        return step._replace(reason="left out of imports by its annotation openshift.io/image.excludeSecret")
    if secret.data_key is None:
        wanted = KEY_OF_TYPE.get(secret.type, "")
        return step._replace(reason=f"it has no key {wanted}: the API server refuses it, and no reader finds anything")
    if not secret.typed:
        why = f"its type is {secret.type}, which does not go with the key {secret.data_key}"
        return step._replace(reason=f"{why}: {who} passes it over in silence")
    if secret.state is State.INVALID_BASE64:
        return step._replace(reason=f"the API server refuses it, its value is no base64: {secret.error}")
    if secret.payload is None:
        return step._replace(reason="its payload is empty")
    if case.consumer is Consumer.CONTAINERS:
        return _as_auth_file(step, secret, found)
    return _poisonous(step, secret, who) if secret.payload.error is not None else _read(step, secret.payload)


def _as_auth_file(step: SecretStep, secret: PullSecret, found: Lookup | None) -> SecretStep:
    if found is not None and found.error == "keyring" and found.culprit == secret.name:
        return step._replace(fate=Fate.FATAL, reason=found.reason or "it cannot be read as an auth file")
    return _read(step, secret.payload) if secret.payload is not None else step


def _poisonous(step: SecretStep, secret: PullSecret, who: str) -> SecretStep:
    """An undecodable payload: its readers refuse all secrets of the list for it."""
    error = secret.payload.error if secret.payload is not None else None
    if error is None:
        return step
    after = "; the API server refuses such a Secret, too" if error.kind == "json" else ""
    reason = f"does not decode: {error.message}; {who} refuses the whole list for it{after}"
    entry = shown(error.entry) if error.entry is not None else ""
    return step._replace(fate=Fate.FATAL, reason=reason, line=error.line, column=error.column, entry=entry)


def _read(step: SecretStep, payload: Payload) -> SecretStep:
    live = [entry for entry in payload.entries if entry.live]
    if payload.shape == "wrapped":
        reason = "holds no credential: under this type `auths` is taken for the name of a registry"
    elif payload.shape == "no-auths":
        inside = " (its top level looks like the older .dockercfg format)" if looks_legacy(payload) else ""
        reason = f"holds no entry: it has no `auths` object at its top level{inside}"
    else:
        reason = f"{len(live)} {'entry' if len(live) == 1 else 'entries'}"
    if payload.helpers and not any(entry.username or entry.password for entry in live):
        helper = " and ".join(payload.helpers)
        reason += f"; the credentials stayed in the helper ({helper}) of the workstation, which no cluster can ask"
    return step._replace(fate=Fate.READ, reason=reason)


def _node_fate(case: Case, node: PullSecret, found: Lookup | None) -> SecretStep:
    """The global pull secret, which every node holds as its config.json."""
    step = _fate(case, node, found)._replace(node_wide=True)
    if case.inventory.node_wide is None and step.fate in (Fate.READ, Fate.FATAL):
        what = f"its type is {node.type}" if node.type != DOCKERCONFIGJSON else "it is no JSON"
        refused = f"{what}, which the machine-config operator refuses: nodes keep the file of before"
        return step._replace(fate=Fate.SKIPPED, reason=refused)
    if case.consumer is Consumer.CONTAINERS and found is not None and found.error == "keyring" and not found.culprit:
        return step._replace(fate=Fate.FATAL, reason=found.reason or "")
    if step.fate is Fate.FATAL:
        error = node.payload.error.message if node.payload is not None and node.payload.error is not None else ""
        return step._replace(fate=Fate.SKIPPED, reason=f"does not decode, and is passed over: {error}")
    return step


def sources(case: Case) -> tuple[list[Source], list[Source]]:
    """The secrets whose entries are known, in list order, and apart from them the node-wide file."""
    own = [
        Source(secret.name, secret, secret.payload)
        for secret in case.secrets
        if readable(secret) and secret.typed and secret.payload is not None
    ]
    node = case.inventory.node_wide
    wide = [Source(None, node, node.payload)] if node is not None and node.payload is not None else []
    return own, wide


class Keyring(NamedTuple):
    """The keys of one list of secrets in the order of trial, as they are shown where an image matches none of them.

    `desk` answers for an image what the consumer makes of the list, `numbers` finds the keys that match by theirs, and
    `near` those that may miss an image narrowly.
    """

    desk: Desk
    secrets: tuple[PullSecret, ...]
    rows: tuple[tuple[Source, Entry, KeyStep], ...]
    numbers: KeyIndex[int]
    near: NearKeys


Offered = tuple[Offer, Remark | None]
"""A credential that is offered, as it is shown, and what speaks against it."""


class Known:
    """What all cases of one inventory have in common: the keyrings that were asked for last, fates, and offers."""

    def __init__(self) -> None:
        self._keyrings: dict[tuple[object, ...], Keyring] = {}
        self._fates: dict[tuple[Consumer, int], tuple[PullSecret, SecretStep]] = {}
        self._alike: Alike = Lately(2 * _KEYRINGS)
        self._offered: Lately[tuple[Candidate, str, int], tuple[PullSecret | None, Offered]] = Lately(_OFFERED)

    def keyring(self, case: Case) -> Keyring:
        """The keys that a consumer holds against the image: those of its list, then those of the node-wide file."""
        key = (case.consumer, *map(id, case.secrets))
        found = self._keyrings.pop(key, None)
        if found is None:
            found = _keyring(case, self._alike)
            if len(self._keyrings) >= _KEYRINGS:
                self._keyrings.pop(next(iter(self._keyrings)))
        self._keyrings[key] = found
        return found

    def fate(self, case: Case, secret: PullSecret, found: Lookup | None) -> SecretStep:
        """What the consumer does with a secret; only that of containers/image depends on the image."""
        if case.consumer is Consumer.CONTAINERS:
            return _fate(case, secret, found)
        key = (case.consumer, id(secret))
        if key not in self._fates:
            self._fates[key] = secret, _fate(case, secret, found)
        return self._fates[key][1]

    def offered(self, candidate: Candidate, host: str, secret: PullSecret | None) -> Offered:
        """A credential as it is offered to a host from a secret, and what speaks against it."""
        key = (candidate, host, id(secret))  # the secret is kept beside, so that its identity stays its own
        found = self._offered.get(key)
        if found is None:
            said = remark(candidate, host, secret)
            text = said.text if said is not None else ""
            offer = Offer(candidate.secret, shown(candidate.key), masked_user(candidate.username), text)
            found = self._offered.put(key, (secret, (offer, said)))
        return found[1]


def _keyring(case: Case, alike: Alike) -> Keyring:
    rows: list[tuple[Source, Entry, KeyStep]] = []
    for group in sources(case):
        pairs = [(source, entry) for source in group for entry in source.payload.entries if entry.live]
        pairs.sort(key=lambda pair: pair[1].registry.raw, reverse=True)
        pairs.sort(key=lambda pair: pair[1].registry.error is not None)
        rows.extend((source, entry, _unmatched(case.consumer, source, entry)) for source, entry in pairs)
    valid = ((row[1].registry, at) for at, row in enumerate(rows) if row[1].registry.error is None)
    desk = Desk(case.secrets, case.consumer, node_config(case.inventory), alike)
    return Keyring(desk, case.secrets, tuple(rows), KeyIndex(valid), NearKeys(row[1].key for row in rows))


def _unmatched(consumer: Consumer, source: Source, entry: Entry) -> KeyStep:
    stored, error = entry.registry.text, entry.registry.error
    if consumer is Consumer.CONTAINERS:
        stored = containers_key(entry.key, legacy=source.payload.form == "dockercfg").exact
        error = None
    step = KeyStep(source.name, shown(entry.key), shown(stored), KeyMatch.NONE, username=masked_user(entry.username))
    return step if error is None else step._replace(match=KeyMatch.DROPPED, why=error)


def key_steps(case: Case, found: Lookup | None, known: Known, *, brief: bool = False) -> list[KeyStep]:
    """The registry keys in the order of trial: the secrets' keyring, then the node-wide file's.

    A `brief` answer is told no near miss behind the first that is a mistake and says what to write instead.
    """
    keyring = known.keyring(case)
    offered = {(one.secret, one.key) for one in found.candidates} if found is not None else set()
    lookup = found.reference if found is not None else None
    plain = case.consumer is not Consumer.CONTAINERS
    hits = frozenset(keyring.numbers.matching(lookup)) if lookup is not None and plain else frozenset[int]()
    steps: list[KeyStep] = []
    matched: set[int] = set()
    for at, (source, entry, step) in enumerate(keyring.rows):
        if at in hits or (source.name, entry.key) in offered:
            steps.append(step._replace(match=KeyMatch.MATCH, why=""))
            matched.add(at)
        elif found is None or lookup is None or plain:
            steps.append(step)
        else:
            steps.append(_containers_near(step, entry, found, lookup))
    if found is not None and not found.candidates and lookup is not None and plain:
        for at, step in _near_steps(keyring, lookup, matched, brief=brief):
            steps[at] = step
    return steps


def _near_steps(
    keyring: Keyring, lookup: str, matched: Container[int], *, brief: bool
) -> Iterator[tuple[int, KeyStep]]:
    """The keys that miss an image narrowly, by their place: all mistakes before those for another path."""
    for places, enough in ((keyring.near.meant(lookup), SURE), (keyring.near.of_host(lookup), FARTHEST)):
        for at in places:
            _, entry, step = keyring.rows[at]
            near = near_miss(entry.key, lookup) if at not in matched else None
            if near is not None:
                yield at, _near(step, near)
                if brief and near.instead and near.rank <= enough:
                    return


def _near(step: KeyStep, near: Near) -> KeyStep:
    """Add to a key what keeps it from matching; a key that was dropped stays dropped."""
    if step.match is KeyMatch.DROPPED:
        near = near._replace(why=f"{step.why}; {near.why}")
    else:
        step = step._replace(match=KeyMatch.NEAR)
    return step._replace(why=near.why, instead=near.instead, mistake=near.rank <= SURE)


def _containers_near(step: KeyStep, entry: Entry, found: Lookup | None, lookup: str) -> KeyStep:
    if found is not None and found.anonymous_at == entry.key:
        why = "it holds user name and password without `auth`, which alone is read"
        if entry.has_auth:
            why = f"its `auth` is no credential: {entry.auth_error or 'it is empty'}"
        elif not (entry.username or entry.password):
            why = "it holds nothing"
        return step._replace(match=KeyMatch.MATCH, why=why)
    if found is not None and found.candidates:
        return step
    if key_matches(entry.registry, lookup):
        why = "an asterisk means nothing here" if entry.registry.glob else "whole path segments are compared here"
        instead = lookup.partition("/")[0]
        return _near(step, Near(0, f"the kubelet would take it, but {why}", instead))
    near = near_miss(entry.key, lookup)
    return step if near is None else _near(step, near)
