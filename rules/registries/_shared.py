"""What the rules on registry keys and imports share: which entries may be judged, whom they serve, how keys are moved.

Order of precedence, so that one defect gives one finding. Nothing is said here of a payload that is no JSON or has no
host map (RC101 to RC104), of a credential that OpenShift made for itself, and, where the use of a credential is judged,
of an entry whose credential is empty, undecodable or a placeholder (RC105, RC106, RC109, RC114, RC115). A key is judged
whatever stands under it.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from linter.rule import (
    Affected,
    Applicability,
    Consumer,
    Context,
    Entry,
    Fix,
    Impact,
    JsonNode,
    Location,
    Payload,
    PullSecret,
    credentials,
    payload_edit,
    payload_fix,
    shown,
    spot,
)

HUB = "docker.io"
HUB_KEY = "https://index.docker.io/v1/"
"""The one spelling of Docker Hub that every reader knows: docker, kubelet, containers/image and the controllers."""
OPENSHIFT = "OpenShift"


def judged(context: Context) -> Iterator[tuple[PullSecret, Payload]]:
    """Every pull secret whose registry keys may be judged: read, of the right shape, and not OpenShift's own."""
    for secret, payload in context.readable_secrets():
        if payload.root is not None and payload.shape == "ok" and secret.generated != OPENSHIFT:
            yield secret, payload


def kept(context: Context) -> Iterator[tuple[PullSecret, str, credentials.RegistryKey]]:
    """Every registry key that is left of a pull secret in a support bundle, which holds no payload."""
    for secret in context.inventory.secrets:
        if secret.seen is not None and secret.generated != OPENSHIFT:
            for key in secret.seen.registries:
                if not unfinished(key):
                    yield secret, key, credentials.normalise_key(key)


KEPT = "The payload is not in this support bundle: its collector has kept the key, which had a user name."


def sound(entry: Entry) -> bool:
    """Whether the entry decodes and holds a credential that somebody could use."""
    return bool(
        (entry.username or entry.password)
        and entry.auth_error is None
        and not entry.type_errors
        and credentials.placeholder(entry.password) is None
    )


def undecodable(entry: Entry) -> bool:
    """Whether the kubelet's decoder refuses the entry, and all others with it."""
    return entry.auth_error is not None or bool(entry.type_errors)


def judgeable(payload: Payload, entry: Entry) -> bool:
    """Whether a key may be judged although no usable credential stands under it.

    `docker login` leaves an empty entry beside a credential helper, in whose store the credential is (RC110). A word
    that is like no host stands in for one, as what stands under it does.
    """
    return not payload.helpers and not unfinished(entry.key) and not {".", ":"}.isdisjoint(entry.key)


def usable(secret: PullSecret) -> list[Entry]:
    """Return the entries of `secret` that its readers use: none where they refuse or ignore the secret as a whole."""
    payload = secret.payload
    if payload is None or payload.error is not None or not secret.typed:
        return []
    return [entry for entry in payload.entries if entry.live and entry.registry.error is None and sound(entry)]


class Usable:
    """What `usable` returns, looked at once for all rules that ask."""

    def __init__(self, _: Context) -> None:
        self._known: dict[int, tuple[PullSecret, list[Entry]]] = {}

    def of(self, secret: PullSecret) -> list[Entry]:
        """Return the entries of `secret` that its readers use."""
        known = self._known.get(id(secret))
        if known is None:
            # The secret is kept beside them, so that its identity stays its own.
            known = self._known[id(secret)] = (secret, usable(secret))
        return known[1]


def same_credential(one: Entry, other: Entry) -> bool:
    """Whether the kubelet would send the same user name and password for both."""
    return (one.username, one.password) == (other.username, other.password)


def equal_entries(payload: Payload, one: Entry, other: Entry) -> bool:
    """Whether two entries mean the same; what does not decode, or holds tokens, is compared as text."""
    if undecodable(one) or undecodable(other):
        return payload.text[slice(*one.value_span)] == payload.text[slice(*other.value_span)]
    tokens = (one.identity_token, one.registry_token, other.identity_token, other.registry_token)
    if any(tokens):
        return payload.text[slice(*one.value_span)] == payload.text[slice(*other.value_span)]
    return same_credential(one, other)


def at_key(secret: PullSecret, entry: Entry) -> Location:
    """Return the location of the entry's key inside the payload."""
    return spot(secret, *entry.key_span, entry.key)


def line_of(secret: PullSecret, entry: Entry) -> str:
    """Return where the entry stands inside the payload, for texts that point at it from elsewhere."""
    inside = at_key(secret, entry).payload
    if inside is None:
        return ""
    place = f"line {inside.line}, column {inside.column}"
    return place if secret.in_file else f"{place} of {inside.data_key}"


def named(secret: PullSecret) -> str:
    """Return the secret as messages name it."""
    return secret.called


def serves(entry: Entry) -> Callable[[str], bool]:
    """Whether the entry answers for an image as a pod or an import writes it, Docker Hub's second name included."""

    def wanted(image: str) -> bool:
        reference = credentials.parse_reference(image, consumer=Consumer.IMPORTER)
        if not isinstance(reference, credentials.Reference):
            return False
        hub = entry.registry.text == "index.docker.io" and reference.registry == HUB
        return hub or credentials.key_matches(entry.registry, reference.lookup)

    return wanted


def affected(found: Iterable[tuple[bool, Affected]]) -> Impact:
    """Return an impact of (is an import, what is affected) pairs, each named once."""
    kept = list(dict.fromkeys(found))
    return Impact(
        tuple(one for imported, one in kept if not imported), tuple(one for imported, one in kept if imported)
    )


def host_map(payload: Payload, entry: Entry) -> tuple[JsonNode, int] | None:
    """Return the JSON object that holds `entry`, and which of its members the entry is."""
    if payload.root is None:
        return None
    nodes = [payload.root] if payload.form == "dockercfg" else [member[3] for member in payload.root.members]
    for node in nodes:
        for index, (_, start, end, _) in enumerate(node.members):
            if (start, end) == entry.key_span:
                return node, index
    return None


_MOST_READ: Final = 4_000_000
"""So many characters of a payload are read again for one fix: some hundred entries of a payload of their size."""
_MOST_PROVED: Final = 64_000_000
"""Characters of a payload, times its entries, beyond which fixes of many of them would take too long to prove."""


def without(payload: Payload, doomed: Callable[[Payload], Entry | None], most: int) -> str | None:
    """Return the payload's text without the entries that `doomed` names one after the other, at most `most` of them.

    None where it would have to be read too often, for this fix or for as many as it may have: that takes the time of
    both together.
    """
    text = payload.text
    if (most - 1) * len(text) > _MOST_READ or len(payload.entries) * len(text) > _MOST_PROVED:
        return None
    for removed in range(most):
        # What is left is looked at only where more is to go: a payload may have thousands of entries.
        payload = credentials.examine(text, payload.form) if removed else payload
        entry = doomed(payload)
        place = host_map(payload, entry) if entry is not None else None
        if place is None:
            break
        text = payload_edit.remove_member(text, *place)
    return text


def add_beside(secret: PullSecret, entry: Entry, key: str) -> Fix | None:
    """Build a safe fix that adds `key` beside `entry` with its credential; None where this Secret cannot be edited."""
    payload = secret.payload
    if payload is None or secret.generated or any(one.key == key for one in payload.entries):
        return None
    place = host_map(payload, entry)
    if place is None:
        return None
    node, index = place
    value = payload.text[slice(*entry.value_span)]
    text = payload_edit.insert_member(payload.text, node, index, key, value)
    return payload_fix(
        secret, text, f"add {shown(key)} beside {shown(entry.key)} with the same credential; nothing is removed"
    )


def meaning(registry: credentials.RegistryKey) -> str:
    """Return what a key stands for, in one text for all that match alike: a colon without a port says nothing."""
    return registry.host.removesuffix(":") + registry.path


def rename_key(secret: PullSecret, entry: Entry, key: str, applicability: Applicability) -> Fix | None:
    """Build a fix that writes `entry`'s key as `key`; None where another entry has that meaning already."""
    payload = secret.payload
    if payload is None or secret.generated:
        return None
    wanted = meaning(credentials.normalise_key(key))
    if any(meaning(one.registry) == wanted for one in payload.entries if one is not entry and not one.registry.error):
        return None
    text = payload_edit.replace(payload.text, *entry.key_span, payload_edit.quote(key))
    return payload_fix(secret, text, f"write the key {shown(entry.key)} as {shown(key)}", applicability)


def unfinished(key: str) -> str:
    """Return why a key is not in its final form, in one word of coverage; "" when it is."""
    if re.search(r"\{\{|\{%|<%|\$\{|\$\(|^\$[A-Za-z_]|%[A-Z_]+%", key):
        return "templated"
    host = key.partition("://")[2].partition("/")[0]
    if re.search(r"<[^<>/]+>", key):
        return "placeholder"
    return "placeholder" if credentials.placeholder(key) or credentials.placeholder(host) else ""
