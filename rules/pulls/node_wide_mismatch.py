"""An entry of the node-wide pull secret means one thing to the kubelet and another to CRI-O.

## What it does

Reports entries of `openshift-config/pull-secret` which its two readers on every node understand differently:

- user name and password without `auth`: the kubelet uses them, CRI-O sees an entry without a credential;
- an `auth` without its padding: the kubelet decodes it, CRI-O fails the pull with an error;
- a key with a path behind `https://`: a path to the kubelet, the whole registry to CRI-O;
- a key that the kubelet tidies up before it compares, and CRI-O finds for no image, because it compares a key without
  scheme letter by letter: `quay.io/`, `quay.io/v1/`, `quay.io/v2/team`, `quay.io/team/`, `quay.io:`, `quay.io/a%2Fb`,
  `index.docker.io/v1/`.

Keys are judged together: where CRI-O finds the same credential under another key, nothing is told. A wildcard, one kind
more, is told by wildcard-key, a key that serves the kubelet nothing by unmatchable-registry-key, and either here only
when that rule does not run.

## Why it matters

The file serves both: the kubelet hands its match to CRI-O, and CRI-O asks the file itself for mirrors, for images that
the kubelet found nothing for, and for what runs outside pods (OpenShift 4.x). Builds and the machine-config operator
read it as CRI-O does. A credential that works for a pod then fails for its mirror, its build or an upgrade.

## Example

```yaml
apiVersion: v1
kind: Secret
metadata: {name: pull-secret, namespace: openshift-config}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"https://quay.io/team": {"username": "robot", "password": "hunter2"}}}
```

## Fix

The entry is written in the form that both read alike, with the meaning that the kubelet gives it: `auth` is added or
padded, `https://`, `/v1/` and a closing slash are dropped. A key stays as it is where no such form exists.

*Fix safety*: safe where the kubelet and image imports find what they found before. For CRI-O a key behind `https://`
narrows from the registry to the path, which is what it says. Unsafe where the key comes to serve more (`quay.io/team`
for `quay.io/team/` serves `quay.io/team-b` too) or comes before another one.
"""

from collections.abc import Iterator

from linter.rule import (
    Applicability,
    Consumer,
    Context,
    Entry,
    Finding,
    Fix,
    NamedTuple,
    Payload,
    PullSecret,
    Rule,
    Severity,
    credentials,
    payload_edit,
    shown,
    spot,
)
from rules.payload._defects import entry_defect, sound
from rules.payload._shared import advice, encode_auth, matched, readers, repair
from rules.registries._readings import Member, Near, Reading, beside, images, meant, pattern, quoted, usual, whole
from rules.registries._shared import HUB_KEY, host_map, meaning
from rules.registries._unmatchable import unmatchable

_HARMLESS = frozenset({"", "RC107", "RC108"})


def check(context: Context) -> Iterator[Finding]:
    """Report every such entry once, with all that is ambiguous in it."""
    for secret, payload in sound(context):
        if not context.inventory.is_global(secret) or payload.error is not None:
            continue
        keys, written = _Keys(payload), set[str]()
        for entry in payload.entries:
            if entry.live and entry.registry.error is None and entry_defect(entry) in _HARMLESS:
                told = list(_of_auth(entry))
                of_key = _of_key(context, secret, entry, keys)
                told += [of_key] if of_key else []
                if entry.registry.glob and "RC206" not in context.chosen:
                    told.append("it is a wildcard, which the kubelet honours and CRI-O compares as text")
                if told:
                    better = _better(context, secret, entry, keys) if of_key else None
                    fix = None
                    if better is None or better.key not in written:
                        fix = _fix(secret, payload, entry, better)
                    written.update([better.key] if better is not None else [])
                    yield _finding(context, secret, entry, told, fix)


def _of_auth(entry: Entry) -> Iterator[str]:
    """Say what the two readers make of the credential, one clause a difference."""
    if not entry.has_auth:
        yield "it has no auth, and CRI-O reads nothing else"
    if entry.auth and _padded(entry) != entry.auth.strip():
        yield "its auth lacks the padding that CRI-O insists on"


def _padded(entry: Entry) -> str:
    compact = "".join((entry.auth or "").split())
    return (entry.auth or "").strip() if len(compact) % 4 == 0 else compact + "=" * (-len(compact) % 4)


class _Keys:
    """The keys of a payload, each with a credential that both readers decode: the same where theirs are the same."""

    def __init__(self, payload: Payload) -> None:
        self._numbers: dict[tuple[str, str], str] = {}
        self._near = Near(payload)
        self.reading = Reading((self.member(entry) for entry in payload.entries if entry.live), payload.form)

    def credential(self, entry: Entry) -> tuple[str, str]:
        """Return the credential that stands for the entry's own."""
        number = self._numbers.setdefault((entry.username, entry.password), str(len(self._numbers)))
        return number, "password"

    def member(self, entry: Entry, key: str | None = None) -> Member:
        """Return the entry with that credential, under another key if one is given."""
        auth = encode_auth(*self.credential(entry))
        return quoted(entry.key if key is None else key), f'{{"auth":"{auth}"}}'

    def renamed(self, entry: Entry, key: str) -> Reading:
        """Return what is found when the entry has another key: true for the images that one of both keys concerns."""
        asked = [*images(entry.key, legacy=False), *images(key, legacy=False)]
        deciding = self._near.deciding([*asked, *beside(credentials.normalise_key(key))], [entry])
        return Reading((self.member(one, key if one is entry else None) for one in deciding), "dockerconfigjson")


def _of_key(context: Context, secret: PullSecret, entry: Entry, keys: _Keys) -> str:
    """Say what the two readers make of the key, "" where they agree or another rule tells of it."""
    if entry.registry.glob:
        return ""
    if "RC205" in context.chosen and unmatchable(context, secret, entry.key, entry.registry) is not None:
        return ""
    return _difference(entry.key, keys.credential(entry), keys.reading)


def _difference(key: str, own: tuple[str, str], reading: Reading) -> str:
    """Say for which images of a key one reader finds its credential and the other does not, "" for none."""
    image = whole(key)
    others = reading.found(image, Consumer.CONTAINERS).candidates
    if usual(image) and key in (one.key for one in others) and own not in _sent(reading, image, Consumer.KUBELET):
        scheme = key[: key.find("://") + 3] if "://" in key else ""
        how = f"behind {scheme} " if scheme else ""
        return f"{how}CRI-O takes it for all of {shown(image.partition('/')[0])}, the kubelet for the path"
    for image in meant(credentials.normalise_key(key)):
        found = reading.found(image, Consumer.KUBELET)
        if found.ambiguous or _sent(reading, image, Consumer.KUBELET)[:1] != [own]:
            continue
        other = reading.found(image, Consumer.CONTAINERS)
        if other.error is None and own not in _sent(reading, image, Consumer.CONTAINERS):
            instead = f"uses the entry {shown(other.candidates[0].key)} there" if other.found else "for no image"
            return f"the kubelet finds it for {shown(pattern(image))}, CRI-O {instead}"
    return ""


def _sent(reading: Reading, image: str, consumer: Consumer) -> list[tuple[str, str]]:
    return [(one.username, one.password) for one in reading.found(image, consumer).candidates]


class _Better(NamedTuple):
    """The key that both read alike, and what else it changes for the kubelet and for imports ("" for nothing)."""

    key: str
    cost: str


def _better(context: Context, secret: PullSecret, entry: Entry, keys: _Keys) -> _Better | None:
    """Return how both read the entry's key alike, None where no key does that with the kubelet's meaning."""
    if unmatchable(context, secret, entry.key, entry.registry) is not None:
        return None
    own = entry.registry
    key = HUB_KEY if own.text == "index.docker.io" else meaning(own).rstrip("/")
    after = keys.renamed(entry, key)
    if _difference(key, keys.credential(entry), after):
        return None
    registry = credentials.normalise_key(key)
    for image in (*meant(own), *beside(registry), *meant(registry)):
        for consumer in (Consumer.KUBELET, Consumer.IMPORTER):
            was, now = _sent(keys.reading, image, consumer), _sent(after, image, consumer)
            if was[:1] != now[:1] and was:
                return _Better(key, f"which the {consumer} tries at another place among the entries")
            if was != now:
                return _Better(key, f"with which the {consumer} also serves {shown(pattern(image))}")
    return _Better(key, "")


def _finding(context: Context, secret: PullSecret, entry: Entry, told: list[str], fix: Fix | None) -> Finding:
    return context.finding(
        f"The kubelet and CRI-O read the entry {shown(entry.key)} of the node-wide pull secret differently: "
        f"{' and '.join(told)}",
        of=secret.object,
        at=spot(secret, *entry.key_span, entry.key),
        key=shown(entry.key),
        detail="Both read this Secret on every node: the kubelet for pods, CRI-O itself for mirrors and for images the "
        "kubelet found nothing for (OpenShift 4.x); builds read it as CRI-O does.",
        remedy=advice(context, secret, "Write the entry in the form that both read alike."),
        impact=readers(context, secret, matched([entry.key])),
        fix=fix,
    )


def _fix(secret: PullSecret, payload: Payload, entry: Entry, better: _Better | None) -> Fix | None:
    """Rewrite the entry from its end to its start, so that positions stay true."""
    place = host_map(payload, entry)
    if place is None:
        return None
    text, (holder, index) = payload.text, place
    node = holder.members[index][3]
    if entry.auth_span is not None and entry.auth and _padded(entry) != entry.auth.strip():
        text = payload_edit.replace(text, *entry.auth_span, payload_edit.quote(_padded(entry)))
    elif not entry.has_auth:
        if any(name.casefold() == "auth" for name in entry.fields):
            return None
        value = payload_edit.quote(encode_auth(entry.username, entry.password))
        text = payload_edit.insert_member(text, node, len(node.members) - 1, "auth", value)
    summary = f"write the entry {shown(entry.key)} in the form that kubelet and CRI-O read alike"
    applicability = Applicability.SAFE
    if better is not None:
        wanted = meaning(credentials.normalise_key(better.key))
        if any(meaning(one.registry) == wanted for one in payload.entries if one is not entry):
            return None
        text = payload_edit.replace(text, *entry.key_span, payload_edit.quote(better.key))
        summary += f": {shown(better.key)}"
        if better.cost:
            applicability = Applicability.UNSAFE
            summary += f", {better.cost}"
    if text == payload.text:
        return None
    return repair(secret, text, summary, applicability)


RULE = Rule(code="RC505", severity=Severity.WARNING, check=check, fixable=True, needs=("Secret",))
