"""The verdict: what the consumer's own matcher answered, and where that is not the whole truth, why."""

from typing import Final, NamedTuple

from linter.credentials import Consumer
from linter.fillings import could_be
from linter.inventory.evidence import UNDECODABLE, PullFailure
from linter.inventory.inventory import compatible
from linter.inventory.meant import entries_meant
from linter.inventory.pulls import Outcome, readable, unfinished
from linter.inventory.records import KEY_OF_TYPE, UNJUDGED, PullSecret
from linter.inventory.streams import unauthorized
from linter.model import Scope
from linter.resolve.atlas import Atlas, helped_hosts
from linter.resolve.doubts import doubt
from linter.resolve.records import Fate, KeyMatch, KeyStep, ListStep, Offer, SecretStep, Verdict
from linter.resolve.remarks import Remark, Weight
from linter.resolve.subjects import Case
from linter.resolve.words import reader
from linter.rule import shown

_OFFICIAL: Final = "docker.io/library/"
"""Docker Hub's official images, which everybody may pull: a credential for them only raises the limit of pulls."""

_ALWAYS: Final = frozenset({"", "default", "builder", "deployer", "pipeline"})
"""Service accounts that controllers make in every namespace, of Kubernetes, OpenShift and its pipelines; "": any."""
_MOST: Final = 6
"""So many near misses are told among the causes; the keyring shows all."""


class Steps(NamedTuple):
    """All that was found out about one case, before it is judged."""

    case: Case
    outcome: Outcome
    list: ListStep
    secrets: tuple[SecretStep, ...]
    keys: tuple[KeyStep, ...]
    offers: tuple[Offer, ...]
    remarks: tuple[Remark | None, ...]
    host: str

    @property
    def lookup(self) -> str:
        """The text that is compared with registry keys, "" when there is none."""
        found = self.outcome.lookup
        return (found.reference or "") if found is not None else ""


class Judged(NamedTuple):
    """A verdict, in a sentence, and why.

    `unmet`: nothing is offered though something may be wanted. Why not is told by `why_nothing`, which looks at all
    secrets of the namespace.
    """

    verdict: Verdict
    summary: str
    causes: tuple[str, ...] = ()
    unmet: bool = False


def judge(steps: Steps, atlas: Atlas) -> Judged:
    """The verdict: what the heart answered, and where it is not the whole truth, why."""
    case, asked = steps.case, steps.outcome
    reason = asked.lookup.reason if asked.lookup is not None else None
    if asked.verdict == "bad-image":
        return Judged(Verdict.BAD_IMAGE, f"{reader(case.consumer)} refuses the image reference: {reason}")
    if _no_account(case):
        account = case.workload.account if case.workload is not None else ""
        return Judged(Verdict.FORBIDDEN, f"the pod is not admitted: there is no service account {account}")
    if asked.verdict == "refused":
        return _refused(steps)
    failed = _failed(case, atlas)
    if failed is not None and failed.kind == UNDECODABLE:
        return _not_decoded(steps, failed)
    if asked.verdict == "unknown" and asked.lookup is None:
        return Judged(Verdict.UNKNOWN, asked.reason)
    judged = _by_address(steps, _offered(steps), atlas) if steps.offers else _imported(steps, _nothing(steps, atlas))
    return judged if failed is None else _in_fact(judged, failed)


def _failed(case: Case, atlas: Atlas) -> PullFailure | None:
    """What was seen to fail of this very pull: of this pod, or of any pod of the namespace with the image."""
    if case.consumer is not Consumer.KUBELET or case.workload is None:
        return None
    item = case.workload.object
    own = item if not case.invented and case.workload.is_pod and item.identified else None
    return atlas.failure(case.namespace, case.image, own)


def _not_decoded(steps: Steps, failed: PullFailure) -> Judged:
    """The kubelet could not decode the secrets of a pod; as the scan has them, it could."""
    told = f"the kubelet could not decode the pull secrets of {_title(failed)} ({failed.said})"
    if steps.offers:
        return Judged(Verdict.DOUBTFUL, f"{told}; what is offered here was repaired since, or another one is to blame")
    return Judged(Verdict.REFUSED, f"{told}, so every container of the pod fails")


def _in_fact(judged: Judged, failed: PullFailure) -> Judged:
    """The verdict on a pull of which a registry is known to have refused one: what was seen goes before what is known.

    A verdict that says why it fails stays, with what was seen among its causes.
    """
    told = f"the registry refused the pull of {_title(failed)} ({failed.said})"
    if judged.verdict is Verdict.CREDENTIAL:
        return Judged(Verdict.DOUBTFUL, f"{judged.summary}, and {told}", judged.causes)
    if judged.verdict in (Verdict.ANONYMOUS, Verdict.UNKNOWN):
        offered = "no credential is offered" if judged.verdict is Verdict.ANONYMOUS else judged.summary
        return Judged(Verdict.UNCOVERED, f"{told}; {offered}", judged.causes)
    return judged._replace(causes=(*judged.causes, told))


def _title(failed: PullFailure) -> str:
    return f"{failed.object.called}"


def _no_account(case: Case) -> bool:
    workload, reached = case.workload, case.reach
    if workload is None or reached is None or workload.account in _ALWAYS or reached.account is not None:
        return False
    if (workload.is_pod and workload.object.identified) or case.static:
        return False
    inventory = case.inventory
    proven = inventory.scope is Scope.CLUSTER and inventory.covers("ServiceAccount", case.namespace)
    if not proven or unfinished(workload.account) or inventory.accounts_named(case.namespace, workload.account):
        return False
    return not any(unfinished(one.name) and could_be(one.name, workload.account) for one in inventory.accounts)


def _refused(steps: Steps) -> Judged:
    """A secret does not decode. Those to blame are found among the steps."""
    case = steps.case
    fatal = [step for step in steps.secrets if step.fate is Fate.FATAL]
    name = steps.outcome.lookup.culprit if steps.outcome.lookup is not None else None
    culprit = next((step for step in fatal if step.name == name), fatal[0] if fatal else None)
    what = f"Secret {culprit.name}" if culprit is not None and not culprit.node_wide else "the node-wide file"
    everything = {
        Consumer.KUBELET: "every container of the pod fails, whatever registry its image comes from",
        Consumer.IMPORTER: "every import of the namespace fails, whatever registry it comes from",
        Consumer.CONTAINERS: "nothing is offered",
    }[case.consumer]
    causes = (f"{what}: {culprit.reason}",) if culprit is not None else ()
    return Judged(Verdict.REFUSED, f"{what} does not decode, so {everything}", causes)


def _offered(steps: Steps) -> Judged:
    """Something is offered: the importer and CRI-O stop at the first, the kubelet tries one after the other."""
    first_only = steps.case.consumer is not Consumer.KUBELET
    remarks = steps.remarks[:1] if first_only else steps.remarks
    weights = [said.weight if said is not None else Weight.NOTE for said in remarks]
    best = min(weights)
    at = weights.index(best)
    offer, said = steps.offers[at], remarks[at]
    where = f"Secret {offer.secret}" if offer.secret is not None else "the node-wide file"
    causes = [f"{said.text}"] if said is not None else []
    if first_only and _random(steps):
        summary = f"which of {len(steps.offers)} credentials is sent for {offer.key} is random, and no other is tried"
        return Judged(Verdict.DOUBTFUL, summary, tuple(causes))
    if best is Weight.NOTE:
        causes += _caution(steps)
        tried = "" if at == 0 else " after the ones before it have failed"
        summary = f"the credential of {where} for {offer.key} is offered{tried}"
        before = [one.text for one in remarks[:at] if one is not None]
        return Judged(Verdict.CREDENTIAL, summary, (*causes, *before))
    hidden = _hidden(steps)
    if best is Weight.UNUSABLE and hidden and not first_only:
        return Judged(Verdict.UNKNOWN, f"what is known to be offered is no credential, and {hidden}", tuple(causes))
    if best is Weight.DOUBT:
        return Judged(Verdict.DOUBTFUL, f"{where} offers a credential for {offer.key} that looks wrong", tuple(causes))
    more = " and nothing after it is tried" if first_only and len(steps.offers) > 1 else ""
    return Judged(Verdict.UNUSABLE, f"what {where} offers for {offer.key} is no credential{more}", tuple(causes))


def _random(steps: Steps) -> bool:
    """Whether it is left to chance which credential comes first, and one of them at least could be right."""
    found = steps.outcome.lookup
    usable = any(said is None or said.weight is not Weight.UNUSABLE for said in steps.remarks)
    return found is not None and found.ambiguous and usable


def _caution(steps: Steps) -> list[str]:
    """What an unseen secret of the list could still do to a pull that works as far as is known."""
    if steps.case.consumer is Consumer.CONTAINERS:
        return []
    hidden = [step.name for step in steps.secrets if step.fate is Fate.UNKNOWN and not step.node_wide]
    if not hidden:
        return []
    first = " and what it holds may come first" if steps.case.consumer is Consumer.IMPORTER else ""
    return [f"Secret {hidden[0]} cannot be judged: should it not decode, the whole list is refused{first}"]


def _nothing(steps: Steps, atlas: Atlas) -> Judged:
    """Judge an answer without an offer: as it should be, or not."""
    if atlas.asks_nobody(steps.host):
        return Judged(Verdict.ANONYMOUS, f"no credential is offered, and {steps.host} asks for none")
    hidden = _hidden(steps)
    if hidden:
        near = _near(steps)
        known = f"; as far as is known, nothing is offered, and {near} nearly matches" if near else ""
        return Judged(Verdict.UNKNOWN, f"{hidden}{known}", unmet=True)
    ended = next((key for key in steps.keys if key.match is KeyMatch.MATCH and key.why), None)
    if ended is not None:
        said = f"the entry {ended.written} is found and gives nothing, so none is sent"
        return Judged(Verdict.UNUSABLE, said, unmet=True)
    near = _near(steps)
    if near:
        old = _old_port(steps, atlas)
        said = f"no credential is offered: {near} nearly matches"
        return Judged(Verdict.UNKNOWN if old else Verdict.UNCOVERED, f"{said}{old}", unmet=True)
    wanted = _wanted(steps, atlas)
    if wanted is not None:
        return wanted
    if steps.case.consumer is Consumer.KUBELET and atlas.has_plugin(steps.host):
        summary = f"no secret offers a credential; for {steps.host} a plugin of the node may, and no scan shows it"
        return Judged(Verdict.UNKNOWN, summary, unmet=True)
    empty = next((step for step in steps.secrets if _was_meant(step, steps.case)), None)
    if empty is not None:
        said = f"no credential is offered; whether one for {steps.host} was meant to be in Secret {empty.name}"
        return Judged(Verdict.UNKNOWN, f"{said}, nobody can tell", unmet=True)
    said = "no credential is offered, and nothing in the scan says that the registry wants one"
    return Judged(Verdict.ANONYMOUS, said, unmet=True)


def _wanted(steps: Steps, atlas: Atlas) -> Judged | None:
    """Judge a pull without a credential by what is known of its registry, None where that is nothing."""
    case, meant = steps.case, _meant(steps, atlas)
    if meant:
        return Judged(Verdict.UNCOVERED, f"no credential is offered, and {meant}", unmet=True)
    wanted = atlas.wants_credential(steps.host, steps.lookup, case)
    if wanted is None:
        return None
    unsure = doubt(case, steps.host, steps.lookup, wanted, atlas)
    told = f"no credential is offered, and {wanted.text}{'; but ' if unsure else ''}{unsure}"
    return Judged(Verdict.UNKNOWN if unsure else Verdict.UNCOVERED, told, unmet=True)


def _imported(steps: Steps, judged: Judged) -> Judged:
    """The verdict on an import without a credential whose last one was refused for want of it."""
    case = steps.case
    if case.stream is None or judged.verdict not in (Verdict.ANONYMOUS, Verdict.UNKNOWN):
        return judged
    if not unauthorized(case.stream.object.body, case.tag):
        return judged
    offered = "no credential is offered" if judged.verdict is Verdict.ANONYMOUS else judged.summary
    return judged._replace(verdict=Verdict.UNCOVERED, summary=f"the last import was refused as Unauthorized; {offered}")


def _by_address(steps: Steps, judged: Judged, atlas: Atlas) -> Judged:
    """The verdict on what is offered to an insecure import that looks it up by the address which asks for it."""
    case = steps.case
    old = _old_port(steps, atlas)
    tags = case.stream.tags if case.stream is not None and old else ()
    insecure = any(tag.insecure for tag in tags if (tag.tag, tag.image) == (case.tag, case.image))
    if not (insecure or (tags and steps.host in case.inventory.insecure_registries)):
        return judged
    if judged.verdict is not Verdict.CREDENTIAL:
        return judged
    return judged._replace(verdict=Verdict.DOUBTFUL, summary=f"{judged.summary}{old}")


def _old_port(steps: Steps, atlas: Atlas) -> str:
    """What an importer of OpenShift 4.4 and older looks for in place of a host without a port, "" for a newer one."""
    version = atlas.settings.openshift
    if steps.case.consumer is not Consumer.IMPORTER or version is None or version > (4, 4) or ":" in steps.host:
        return ""
    return f"; but OpenShift {version[0]}.{version[1]} looks for {steps.host}:80 over plain HTTP"


def _meant(steps: Steps, atlas: Atlas) -> str:
    """A secret that plainly was meant to serve the image, "" when there is none."""
    if not steps.lookup or steps.lookup.startswith(_OFFICIAL):
        return ""
    for secret in steps.case.secrets:
        if steps.host in helped_hosts(secret):
            return f"Secret {secret.name} sends for its credential to a helper of the workstation it was copied from"
    for secret, entry, _ in atlas.nearly(steps.case.namespace, steps.lookup):
        return f"{shown(entry.key)} of Secret {secret.name} nearly matches"
    return ""


def _was_meant(step: SecretStep, case: Case) -> bool:
    """Whether a pod's list names a secret that gives nothing, and nothing tells what it was to give."""
    if case.reach is None or step.node_wide or not step.name or "-dockercfg-" in step.name:
        return False
    return not any(entries_meant(one) for one in case.inventory.secrets_named(case.namespace, step.name))


def _near(steps: Steps) -> str:
    """The key that plainly was meant for the image, "" when there is none. Official images of Docker Hub need none."""
    if steps.lookup.startswith(_OFFICIAL):
        return ""
    for key in steps.keys:
        if key.mistake:
            return f"{key.written} of {f'Secret {key.secret}' if key.secret is not None else 'the node-wide file'}"
    return ""


def why_nothing(steps: Steps, atlas: Atlas) -> tuple[str, ...]:
    """Why nothing is offered, the likeliest reason first."""
    missed = [key for key in steps.keys if key.match is KeyMatch.NEAR or key.mistake]
    missed.sort(key=lambda key: not key.mistake)
    found = [f"{key.written}: {key.why}" for key in missed[:_MOST]]
    found += [f"{key.written}: {key.why}" for key in steps.keys if key.match is KeyMatch.MATCH and key.why]
    for step in steps.secrets:
        empty = step.fate is Fate.READ and "holds no" in step.reason
        if step.fate in (Fate.SKIPPED, Fate.MISSING) or empty:
            what = "the node-wide file" if step.node_wide else f"Secret {step.name}"
            found.append(f"{what}: {step.reason}" if step.name else step.reason)
    read = {step.name for step in steps.secrets}
    case = steps.case

    def unread(secret: PullSecret) -> bool:
        return secret.name not in read and not case.inventory.is_global(secret)

    for secret in atlas.near_by(case.namespace, steps.lookup, case.consumer, unread) if steps.lookup else ():
        found.append(f"Secret {secret.name} holds a credential for it, but {_unhanded(steps, secret.name)}")
    for secret, entry, near in atlas.nearly(case.namespace, steps.lookup, lambda secret: secret.name not in read):
        found.append(f"{shown(entry.key)} of Secret {secret.name}, which nothing hands to this pull: {near.why}")
    return tuple(dict.fromkeys(found))


def _unhanded(steps: Steps, name: str) -> str:
    """Why a secret that would do is not among those that are read."""
    reached = steps.case.reach
    if name in steps.list.masked:
        return "the account's list, which names it, is not used"
    account = reached.account if reached is not None else None
    if account is not None and any(one.name == name for one in account.mountable):
        return "the account names it under `secrets` alone, which serves mounts and no pull"
    return "nothing hands it to this pull"


def _hidden(steps: Steps) -> str:
    """What decides the answer and is not known, "" when all is."""
    case = steps.case
    own = _hidden_secret(steps)
    if own:
        return own
    node = case.inventory.global_secret
    if node is not None and (node.state in UNJUDGED or not readable(node)):
        return f"the node-wide file cannot be judged ({node.reason})"
    if node is not None and case.inventory.node_wide is None:
        return "the node-wide file is one of before, since the machine-config operator refuses the global pull secret"
    if case.consumer is Consumer.IMPORTER:
        for made in case.inventory.generated:
            if made.type in KEY_OF_TYPE and compatible(made.namespace, case.namespace):
                return f"Secret {made.name} is made by a {made.how}, and its content is not in the scan"
    if case.consumer is Consumer.CONTAINERS and node is None and case.reach is None:
        return "the node-wide file is not in the scan (openshift-config/pull-secret on OpenShift)"
    return ""


def _hidden_secret(steps: Steps) -> str:
    """A secret of the list, or the list itself, of which too little is known."""
    for step in steps.secrets:
        if step.fate is Fate.UNKNOWN and not step.node_wide:
            return f"Secret {step.name} cannot be judged ({step.reason})"
    if steps.case.reach is None:
        return ""
    if steps.case.reach.unknown:
        return steps.case.reach.unknown
    missing = [step.name for step in steps.secrets if step.fate is Fate.MISSING]
    return f"Secret {missing[0]} is not in the scan" if missing and not _proven(steps.case) else ""


def _proven(case: Case) -> bool:
    return case.inventory.scope is Scope.CLUSTER and case.inventory.covers("Secret", case.namespace)
