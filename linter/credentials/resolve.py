"""``lookup``: which credential a consumer offers for an image."""

from __future__ import annotations

from collections.abc import Iterable

from linter.credentials.authfile import Outcome, read_auth_file, search_auth_file
from linter.credentials.keyring import KeyringFailure, Source, build_keyring, search
from linter.credentials.payload import PayloadError
from linter.credentials.pullsecrets import Candidate, Lookup, PullSecret, as_bytes, secret_payload
from linter.credentials.references import Consumer, Reference, ReferenceError_, parse_reference

__all__ = ["lookup"]


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
    reader = Consumer(consumer)
    image_text = image if isinstance(image, str) else as_bytes(image).decode("utf-8", "surrogateescape")
    sources = []
    for secret in secrets:
        payload = secret_payload(secret.type, secret.data)
        if payload is not None:
            sources.append(Source(secret.name, *payload))
    node = None if node_config is None else as_bytes(node_config)
    if reader is Consumer.CONTAINERS:
        return _containers_lookup(image_text, sources, node)
    return _keyring_lookup(image_text, tuple(sources), node, reader)


def _keyring_lookup(image: str, sources: tuple[Source, ...], node: bytes | None, consumer: Consumer) -> Lookup:
    """Kubelet and importer: the secrets' keyring, then the node-wide file's, results concatenated.

    The keyring is built before the image name is parsed, so its error wins (Kubernetes 1.33 and 1.34).
    """
    reference = parse_reference(image, consumer=consumer)
    text = reference.lookup if isinstance(reference, Reference) else None
    keyring = build_keyring(sources)
    if isinstance(keyring, KeyringFailure):
        return Lookup("keyring", text, (), reason=_describe(keyring.error), culprit=keyring.culprit)
    if isinstance(reference, ReferenceError_):
        return Lookup("image", None, (), reason=reference.message)
    candidates, ambiguous = search(keyring, reference.lookup)
    node_keyring = build_keyring((Source(None, "dockerconfigjson", node),)) if node else None
    if node_keyring is not None and not isinstance(node_keyring, KeyringFailure):
        more, unclear = search(node_keyring, reference.lookup)
        candidates, ambiguous = candidates + more, ambiguous or unclear
    return Lookup(None, reference.lookup, tuple(candidates), ambiguous)


def _describe(error: PayloadError) -> str:
    return f"{error.message} (line {error.line}, column {error.column})"


def _containers_lookup(image: str, sources: list[Source], node: bytes | None) -> Lookup:
    """containers/image: file after file until one gives a credential; an error ends the search."""
    reference = parse_reference(image, consumer=Consumer.CONTAINERS)
    if isinstance(reference, ReferenceError_):
        return Lookup("image", None, (), reason=reference.message)
    files = sources if node is None else [*sources, Source(None, "dockerconfigjson", node)]
    candidates: list[Candidate] = []
    failures: list[tuple[str, str | None]] = []
    anonymous_at: str | None = None
    goes_on = True
    for source in files:
        auth_file = read_auth_file(source.payload, source.form)
        outcomes = (
            (Outcome("", None, auth_file),)
            if isinstance(auth_file, str)
            else search_auth_file(auth_file, reference.lookup)
        )
        for outcome in outcomes:
            if outcome.credential:
                candidates.append(Candidate(*outcome.credential, source.name, outcome.key))
            elif outcome.error:
                failures.append((outcome.error, source.name))
            else:
                anonymous_at = outcome.key if anonymous_at is None else anonymous_at
        goes_on = not outcomes or any(_is_anonymous(outcome) for outcome in outcomes)
        if not goes_on:
            break
    ends = len({(c.username, c.password) for c in candidates}) + bool(failures) + goes_on
    reason, culprit = failures[0] if failures else (None, None)
    error = "keyring" if failures and ends == 1 else None
    return Lookup(error, reference.lookup, tuple(candidates), ends > 1, reason, culprit, anonymous_at)


def _is_anonymous(outcome: Outcome) -> bool:
    return outcome.credential is None and outcome.error is None
