"""``lookup``: which credential a consumer offers for an image."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from linter.credentials.authfile import Outcome, read_auth_file, search_auth_file
from linter.credentials.keyring import KeyringFailure, Source, Sources, build_keyring, search
from linter.credentials.payload import PayloadError
from linter.credentials.pullsecrets import Candidate, Lookup, PullSecret, as_bytes, secret_payload
from linter.credentials.references import Consumer, Reference, ReferenceError_, parse_reference

__all__ = ["Reader", "lookup"]

_REMEMBERED: Final = 2048
"""So many images have their answer remembered by each reader."""


class Reader:
    """A consumer with the secrets that it gets: what `lookup` asks for one image, for many images of one list.

    The list is decoded and merged once for all of them, and an image is looked up once while its answer is remembered.
    Readers are equal when they answer every image alike: the same consumer with payloads of the same content under the
    same names.  Never shows what it holds.
    """

    __slots__ = ("_consumer", "_found", "_node", "_sources")

    def __init__(
        self, secrets: Iterable[PullSecret], *, consumer: Consumer | str, node_config: bytes | str | None = None
    ) -> None:
        self._consumer = Consumer(consumer)
        sources = []
        for secret in secrets:
            payload = secret_payload(secret.type, secret.data)
            if payload is not None:
                sources.append(Source(secret.name, *payload))
        self._sources = Sources(tuple(sources))
        self._node = None
        if node_config is not None:
            self._node = Sources((Source(None, "dockerconfigjson", as_bytes(node_config)),))
        self._found: dict[str, Lookup] = {}

    def __hash__(self) -> int:
        return hash((self._consumer, self._sources, self._node))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Reader):
            return NotImplemented
        return (self._consumer, self._sources, self._node) == (other._consumer, other._sources, other._node)

    def lookup(self, image: str) -> Lookup:
        """Resolve one image, as the function `lookup` does."""
        text = image if isinstance(image, str) else as_bytes(image).decode("utf-8", "surrogateescape")
        found = self._found.get(text)
        if found is None:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            found = self._found[text] = self._looked_up(text)
        return found

    def _looked_up(self, text: str) -> Lookup:
        if self._consumer is Consumer.CONTAINERS:
            node = () if self._node is None else self._node.listed
            return _containers_lookup(text, [*self._sources.listed, *node])
        return _keyring_lookup(text, self._sources, self._node, self._consumer)


def lookup(
    image: str,
    secrets: Iterable[PullSecret],
    *,
    consumer: Consumer | str,
    node_config: bytes | str | None = None,
) -> Lookup:
    """Resolve the credentials a consumer offers for an image; never raises on account of its data.

    ``secrets`` in the order the consumer gets them: the pod's list (kubelet), the namespace's in name order
    (importer). ``node_config`` is the node-wide ``config.json``, None when there is none.  The kubelet and the
    importer merge the secrets, then ask the node-wide file, and skip that file when it does not decode.  For
    ``containers`` the file is an auth file in which any defect is an error (an empty file is one), and secrets are
    searched as such files before it.  Raises ``ValueError`` when ``consumer`` is none of ``Consumer``.

    Sources: Kubernetes 1.34 (``MakeDockerKeyring``, ``UnionDockerKeyring``); openshift-apiserver of the same age
    (``StaticCredentialsContext``), which sends the first candidate only; containers/image 5.23.
    """
    return Reader(secrets, consumer=consumer, node_config=node_config).lookup(image)


def _keyring_lookup(image: str, sources: Sources, node: Sources | None, consumer: Consumer) -> Lookup:
    """Kubelet and importer: the secrets' keyring, then the node-wide file's, results concatenated.

    Where both the secrets and the image name are refused, the error of the secrets is told: one that is there whatever
    the image is called.  A kubelet that reads secrets with the pull (1.33 and later) meets the image name first.
    """
    reference = parse_reference(image, consumer=consumer)
    text = reference.lookup if isinstance(reference, Reference) else None
    keyring = build_keyring(sources)
    if isinstance(keyring, KeyringFailure):
        return Lookup("keyring", text, (), reason=_describe(keyring.error), culprit=keyring.culprit)
    if isinstance(reference, ReferenceError_):
        return Lookup("image", None, (), reason=reference.message)
    candidates, ambiguous = search(keyring, reference.lookup)
    node_keyring = build_keyring(node) if node is not None and node.listed[0].payload else None
    if node_keyring is not None and not isinstance(node_keyring, KeyringFailure):
        more, unclear = search(node_keyring, reference.lookup)
        candidates, ambiguous = candidates + more, ambiguous or unclear
    return Lookup(None, reference.lookup, candidates, ambiguous)


def _describe(error: PayloadError) -> str:
    return f"{error.message} (line {error.line}, column {error.column})"


def _containers_lookup(image: str, files: list[Source]) -> Lookup:
    """containers/image: file after file until one gives a credential; an error ends the search."""
    reference = parse_reference(image, consumer=Consumer.CONTAINERS)
    if isinstance(reference, ReferenceError_):
        return Lookup("image", None, (), reason=reference.message)
    candidates: list[Candidate] = []
    failures: list[tuple[str, str | None]] = []
    anonymous_at: str | None = None
    goes_on, silent = True, False
    for source in files:
        auth_file = read_auth_file(source.payload, source.form)
        outcomes = (
            (Outcome("", None, auth_file),)
            if isinstance(auth_file, str)
            else search_auth_file(auth_file, reference.lookup)
        )
        for outcome in outcomes:
            if outcome.credential:
                candidates.append(Candidate(*outcome.credential, source.name, outcome.key, outcome.token))
            elif outcome.error:
                failures.append((outcome.error, source.name))
            else:
                anonymous_at = outcome.key if anonymous_at is None else anonymous_at
        silent = any(_is_anonymous(outcome) and outcome.ends for outcome in outcomes)
        goes_on = not outcomes or any(_is_anonymous(outcome) and not outcome.ends for outcome in outcomes)
        if not goes_on:
            break
    ends = len({(c.username, c.password) for c in candidates}) + bool(failures) + (goes_on or silent)
    reason, culprit = failures[0] if failures else (None, None)
    error = "keyring" if failures and ends == 1 else None
    return Lookup(error, reference.lookup, tuple(candidates), ends > 1, reason, culprit, anonymous_at)


def _is_anonymous(outcome: Outcome) -> bool:
    return outcome.credential is None and outcome.error is None
