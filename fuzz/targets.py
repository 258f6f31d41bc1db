"""One function for each part that reads what strangers have written: bytes in, `AssertionError` where a law is broken.

Every other exception is a defect too: these parts answer for any bytes. No network, and no file but of `tempfile`.
"""

import base64
import io
import json
import os
import random
import re
import tempfile
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

import yaml

from fuzz.edits import check_edit, random_edit, reread
from linter.credentials import (
    Consumer,
    Credential,
    PayloadError,
    Reference,
    decode_auth,
    decode_base64,
    examine,
    key_matches,
    normalise_key,
    parse_reference,
)
from linter.credentials.jsontext import JsonSyntaxError, parse_json
from linter.documents import DecodeProblem, Positions, decode, read
from linter.documents.build import build
from linter.documents.kinds import looks_like_json
from linter.documents.split import has_directives, split
from linter.errors import FixError, RegcredError
from linter.fix.data import same, to_data
from linter.fix.tree import parse
from linter.sources import Limits

if TYPE_CHECKING:
    from linter.taking import Taken

_LIMITS: Final = Limits()
_REFUSED: Final = object()
_HOST = re.compile(r"[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*(?:\.[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*)*(?::[0-9]+)?")
_NO_TAG: Final = re.compile(r"(?:^|[\s\[{,])!(?=[\s,\]}]|$)")
"""The tag that says "no tag": PyYAML, unlike YAML and Kubernetes, takes the text behind it for untagged."""


def yaml_text(data: bytes) -> None:
    """What is read fast, in pieces or not at all means what the parser makes of the whole document."""
    reading = read("f.yaml", data)
    text = _text(data)
    if text is None or reading.logs or looks_like_json(text) or has_directives(text):
        return
    chunks = split(text)
    positions = Positions("f.yaml", data)
    for document in reading.documents:
        chunk = chunks[document.number]
        _agree(document.data, _built(text[chunk.start : chunk.end]), document.passed)
        _stand(positions, document.number, document.data)


def json_text(data: bytes) -> None:
    """What is read of JSON is what `json` reads, for all that both accept."""
    reading = read("f.json", data)
    text = _text(data)
    if text is None or reading.logs or len(reading.documents) != 1:
        return
    try:
        want = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return
    _agree(reading.documents[0].data, want, reading.documents[0].passed)


def payload(data: bytes) -> None:
    """A payload gets an answer in both forms; entries come from members that are there, and lie where it is said."""
    for form in ("dockerconfigjson", "dockercfg"):
        found = examine(data, form)
        assert "\ud800" not in repr(found)
        root = parse_json(found.text)
        if isinstance(root, JsonSyntaxError):
            assert isinstance(found.error, PayloadError)
            assert not found.entries
            assert 0 <= found.error.offset <= len(found.text)
        for error in found.errors:
            line, column = found.position(error.offset)
            assert line >= 1
            assert column >= 1
    words = data.decode("latin-1")
    decoded = decode_base64(words, padded=True)
    if isinstance(decoded, bytes):
        assert base64.b64decode(words.replace("\n", "").replace("\r", ""), validate=True) == decoded
    credential = decode_auth(words)
    if isinstance(credential, Credential):
        assert f"{credential.username}" not in repr(credential) or len(credential.username) < 3


def reference(data: bytes) -> None:
    """An image's reference is refused or stable, and a key that spells its registry matches it."""
    image = data.decode("utf-8", "replace")
    for consumer in Consumer:
        found = parse_reference(image, consumer=consumer)
        if not isinstance(found, Reference):
            continue
        if consumer is Consumer.IMPORTER:  # it takes what it then refuses when the defaults are written out
            continue
        first = image.partition("/")[0]
        assert found.registry or not _HOST.fullmatch(first)  # what looks like a host and is none stays in the path
        assert found.repository
        tag, digest = f":{found.tag}" * bool(found.tag), f"@{found.digest}" * bool(found.digest)
        again = f"{found.registry}/" * bool(found.registry) + f"{found.repository}{tag}{digest}"
        second = parse_reference(again, consumer=consumer)
        assert isinstance(second, Reference), again
        assert (second.repository, second.tag, second.digest) == (found.repository, found.tag, found.digest)
    key = normalise_key(image)
    assert isinstance(key_matches(key, image), bool)


def edit(data: bytes) -> None:
    """An edit of any document that can be edited changes what it says, and nothing else."""
    seed, _, rest = data.partition(b"\n")
    text = _text(rest)
    if text is None or "\r" in text.replace("\r\n", "") or _NO_TAG.search(text):
        return
    try:
        roots = parse(text, "yaml")
        told = to_data(roots[0]) if roots and roots[0] else None
    except (FixError, RecursionError):
        return
    if not roots or roots[0] is None:
        return
    root = roots[0]
    try:
        if not same(reread(text), reread(json.dumps(told))):
            return
    except (yaml.YAMLError, ValueError, IndexError, TypeError, RecursionError):  # a value that PyYAML has no answer to
        return
    rng = random.Random(seed)
    for _ in range(3):
        one = random_edit(rng, told)
        if one is not None:
            check_edit(text, root, told, one, "yaml")


def archive(data: bytes) -> None:
    """An archive, whatever it is, gives members or problems, and leaves nothing behind."""
    from linter.sources import Artifact, InputProblem, gather

    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("tar", "tar.gz", "tar.xz", "tar.zst", "zip"):
            path = os.path.join(folder, f"f.{suffix}")
            with open(path, "wb") as stream:
                stream.write(data)
            for entry in gather((path,)):
                if isinstance(entry, Artifact):
                    assert entry.path == path or entry.path.startswith(f"{path}!/")
                    try:
                        entry.read()
                    except InputProblem:
                        continue
            os.unlink(path)
        assert not os.listdir(folder)


def windows(data: bytes) -> None:
    """What is read in windows of a few bytes is what is read of the whole, unless that is damaged.

    Of damaged JSON more is told in windows: what stands before the damage, and where it is.
    """
    from linter.documents import lists
    from linter.sources import Artifact, gather
    from linter.sources.files import begins_wide
    from linter.taking import take, take_artifact

    limits, rest = Limits(window_bytes=1 + 12 * (data[0] if data else 0)), data[1:]
    text = rest.decode("utf-16" if begins_wide(rest) else "utf-8", "replace")
    json_like = looks_like_json(text)
    # Short lists are cut too, as long ones are.
    with mock.patch.object(lists, "_TOO_SHORT", 0), tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "f.json" if json_like else "f.yaml")
        with open(path, "wb") as stream:
            stream.write(rest)
        for entry in gather((path,), limits=limits):
            if not isinstance(entry, Artifact):
                continue
            found, whole = take_artifact(entry, None), take(path, rest, None, limits)
            damaged = whole.problems or (json_like and found.problems)
            if not damaged and not text.isspace():
                assert _told(found) == _told(whole)


def check(data: bytes) -> None:
    """The whole command judges any text: a result in every format, or an error of ours."""
    from linter import engine, registry

    try:
        result = engine.run(engine.Request(("-",), stdin=io.BytesIO(data)))
    except RegcredError:
        return
    for name in ("json", "text", "sarif", "junit", "csv"):
        registry.report(name).render(result.run, registry.report_options(color=False, width=100, verbose=True))


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    one.__name__.replace("_text", ""): one
    for one in (yaml_text, json_text, payload, reference, edit, archive, windows, check)
}


def _text(data: bytes) -> str | None:
    try:
        return decode(data).text
    except DecodeProblem:
        return None


def _refuse(word: str) -> Any:
    raise ValueError(word)


def _built(text: str) -> Any:
    try:
        found = build(text, _LIMITS)
    except yaml.YAMLError:
        return _REFUSED
    return found[0] if found else _REFUSED


def _agree(mine: Any, theirs: Any, passed: frozenset[int]) -> None:
    """Hold what was read to what is there, but for items that cannot matter and fields that nobody reads."""
    if theirs is _REFUSED:  # broken where nothing matters: what was read is what the sound items say
        assert isinstance(mine, dict)
        assert "items" in mine
        return
    if passed:
        theirs = {**theirs, "items": [None if at in passed else one for at, one in enumerate(theirs["items"])]}
    assert _same(_pruned(mine), _pruned(theirs))


def _pruned(value: Any, depth: int = 0) -> Any:
    if isinstance(value, dict):
        metadata = value.get("metadata")
        kept = {key: _pruned(one, depth + 1) for key, one in value.items()} if depth < 3 else dict(value)
        if isinstance(metadata, dict):
            kept["metadata"] = {key: one for key, one in metadata.items() if key != "managedFields"}
        return kept
    return [_pruned(one, depth + 1) for one in value] if isinstance(value, list) and depth < 3 else value


def _told(taken: "Taken") -> tuple[Any, ...]:
    """What was found of an artifact, and said."""
    documents = [
        (one.number, one.passed, [(item.route, item.ref, repr(_pruned(item.body))) for item in found])
        for one, found in taken.documents
    ]
    return documents, taken.problems, taken.skipped, taken.templated, taken.logs, taken.marked, taken.lost


def _same(one: Any, other: Any) -> bool:
    return one == other or repr(one) == repr(other)


def _stand(positions: Positions, number: int, data: Any) -> None:
    """The name of a document's object stands where it is said to stand."""
    metadata = data.get("metadata") if isinstance(data, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if isinstance(name, str) and name.isalnum() and not name.isdigit():
        span = positions.span(number, ("metadata", "name"))
        assert span is not None
        assert positions.text[span.start : span.end]
        assert span.line >= 1


__all__ = ["TARGETS"]
