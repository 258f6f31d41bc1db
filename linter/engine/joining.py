"""The objects of one universe joined, and the text that was not parsed kept in reach for searches."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

from linter.documents.objects import Opened, Seen
from linter.engine.reader import Reader
from linter.inventory import Inventory
from linter.inventory.records import AUTH_FILE
from linter.mentions import TextMentions, Unread
from linter.model import Scope
from linter.sources import Artifact, InputProblem
from linter.sources.choice import is_template
from linter.universes import Universe

_ANYTHING: Final = "kind: {{ }}\nname: {{ }}\n"
"""In the place of what nobody can read: an object of any kind and name."""
_LONGEST: Final = 2**20
"""Bytes of a script, and of a parsed file, up to which it is searched for what it creates."""

_PASSED: Final = "document without anything that matters"


def joined(group: Universe, reader: Reader) -> tuple[Inventory, Counter[str]]:
    """The inventory of one universe, each object once, and how many objects of each kind it has."""
    builder = reader.ahead.builder(group.name)
    seen = Seen() if group.recognised.scope is Scope.CLUSTER else None
    for source in group.inputs:
        for stretch, made in reader.ahead.stretches(source.documents):
            left = _fresh(stretch, seen)
            if made is not None:
                left = [*left]
                if sum(len(found) for _, found in stretch) == sum(len(found) for _, found in left):
                    builder.take(made)
                    continue
            for document, found in left:
                builder.add_objects(document, found)
    parsed = {
        (document.path, document.number): document.passed
        for source in group.inputs
        for document, _ in source.documents
        if document.path in reader.partly
    }
    loose = _without_objects(group)
    manifests = group.recognised.scope is Scope.MANIFESTS
    paths = {path for source in group.inputs for path in source.paths} if manifests else set[str]()
    for source in group.inputs:
        source.documents.clear()  # the objects are the inventory's now, and second copies nobody's
    unread = reader.unread()
    mentions = TextMentions(
        lambda: chain(_unparsed(group, reader, parsed), _templates(group, reader)),
        lambda: chain(_unparsed(group, reader, parsed, only=unread), _templates(group, reader)),
        lambda: chain(_scripts(reader.scripts), _loose(reader, loose)),
        lambda only, words: _remarks(reader, paths if only is None else only, words),
    )
    taken = group.recognised
    layout, stated = taken.layout, taken.stated
    auth_files = tuple(one for source in group.inputs for one in source.auth_files)
    if auth_files:
        builder.kinds[AUTH_FILE] += len(auth_files)
    inventory = builder.finish(
        taken.scope,
        mentions=mentions,
        layout=layout,
        stated=stated,
        said=taken.said,
        auth_files=auth_files,
        read=lambda path: _small(reader, path) if path in paths else None,
        observed=taken.observed,
    )
    mentions.inventory = inventory
    _count_files(group, inventory)
    return inventory, builder.kinds


def _fresh(documents: Sequence[Opened], seen: Seen | None) -> Iterable[Opened]:
    """The documents with those of their objects that were not seen before; without those that have no other."""
    for document, found in documents:
        fresh = [item for item in found if seen is None or not seen.repeated(item)]
        if fresh or not found:
            yield document, fresh


def _templates(group: Universe, reader: Reader) -> Iterator[Unread]:
    """The documents of the files beside manifests of which some are made."""
    from linter.documents.split import split  # noqa: PLC0415 - only a search needs it

    if group.recognised.scope is Scope.MANIFESTS:
        for path, text, _ in _scripts(artifact for artifact in reader.scripts if is_template(artifact.path)):
            yield from (Unread(path, text[start:end]) for start, end in split(text))


def _scripts(artifacts: Iterable[Artifact]) -> Iterator[Unread]:
    """The text of files beside the manifests; what cannot be read is left out."""
    for artifact in artifacts:
        try:
            data = artifact.read()
        except InputProblem:
            continue
        # What was there before a change is read whatever its size, what is there now is not.
        if b"\0" not in data and len(data) <= _LONGEST:
            yield Unread(artifact.path, data.decode("utf-8", "replace"))


def _count_files(group: Universe, inventory: Inventory) -> None:
    """Count what generators make Secrets of no more among what was passed over."""
    named = {one.object.path for one in inventory.auth_files}  # which was never passed over
    judged = {one.object.path for one in inventory.generator_files} - named
    for source in group.inputs if judged else ():
        source.skipped[_PASSED] -= min(len(judged.intersection(source.paths)), source.skipped[_PASSED])


def _small(reader: Reader, path: str) -> bytes | None:
    """The bytes of a file that a Secret can hold, None for any other."""
    return reader.small_bytes_of(path) if reader.artifacts[path].size <= _LONGEST else None


def _remarks(reader: Reader, paths: Iterable[str], words: tuple[bytes, ...]) -> Iterator[Unread]:
    """The comments in those files, where they may hold one of some words.

    A file may hold nothing but comments, in the place of the Secret that nobody commits.
    """
    from linter.documents.text import DecodeProblem, decode  # noqa: PLC0415 - only a search needs it

    for path in sorted(paths):
        artifact = reader.artifacts.get(path)
        data = reader.small_bytes_of(path) if artifact is not None and artifact.size <= _LONGEST else None
        if data is None or b"#" not in data or not any(word in data for word in words):
            continue
        try:
            lines = decode(data).text.splitlines()
        except DecodeProblem:
            continue
        said = "\n".join(line[line.index("#") :] for line in lines if line.lstrip()[:1] == "#" or " #" in line)
        if any(word.decode() in said for word in words):
            yield Unread(path, said)


def _without_objects(group: Universe) -> Mapping[str, set[int]]:
    """The documents of manifests that were parsed and hold no objects: the numbers of each file's."""
    loose: dict[str, set[int]] = defaultdict(set)
    if group.recognised.scope is Scope.MANIFESTS:
        for source in group.inputs:
            for document, found in source.documents:
                if not found:
                    loose[document.path].add(document.number)
    return loose


def _loose(reader: Reader, places: Mapping[str, set[int]]) -> Iterator[Unread]:
    """The text of those documents in YAML: playbooks, and pipelines of a CI."""
    from linter.documents.kinds import looks_like_json  # noqa: PLC0415 - only a search needs these
    from linter.documents.split import split  # noqa: PLC0415 - as above
    from linter.documents.text import DecodeProblem, decode  # noqa: PLC0415 - as above

    for path, numbers in places.items():
        data = reader.small_bytes_of(path) if reader.artifacts[path].size <= _LONGEST else None
        try:
            text = decode(data or b"").text
        except DecodeProblem:
            continue
        if len(text) <= _LONGEST and not looks_like_json(text):
            yield from (Unread(path, text[start:end]) for at, (start, end) in enumerate(split(text)) if at in numbers)


def _unparsed(
    group: Universe,
    reader: Reader,
    parsed: Mapping[tuple[str, int], frozenset[int]],
    *,
    only: frozenset[str] | None = None,
) -> Iterator[Unread]:
    """The text of every document of the group that was passed over before parsing, or could not be parsed.

    `only` are the paths to look at, all of them when None.
    """
    paths = [path for source in group.inputs for path in source.paths if path in reader.partly]
    paths = [path for path in paths if only is None or path in only]
    if not paths:
        return
    # Only a search for mentions needs these.
    from linter.documents.jsontext import json_places  # noqa: PLC0415
    from linter.documents.kinds import looks_like_json  # noqa: PLC0415
    from linter.documents.lists import passed_text  # noqa: PLC0415
    from linter.documents.split import split  # noqa: PLC0415
    from linter.documents.text import GIT_CRYPT, DecodeProblem, decode  # noqa: PLC0415

    for path in paths:
        windows = reader.windows(path)
        if windows is not None:
            from linter.documents.windows import texts  # noqa: PLC0415 - few artifacts are large

            passed_of = {number: items for (at, number), items in parsed.items() if at == path}
            try:
                most = reader.artifacts[path].limits.file_bytes
                yield from (Unread(path, one, whole) for one, whole in texts(*windows, passed_of.get, most))
            except InputProblem as error:
                reader.lose(error.problem)
            continue
        data = reader.bytes_of(path) or b""
        if data.startswith(GIT_CRYPT):
            yield Unread(path, _ANYTHING)
            continue
        try:
            text = decode(data).text
        except DecodeProblem:
            continue
        values = json_places(text) if looks_like_json(text) else None
        for number, (start, end) in enumerate(values or split(text)):
            part = text[start:end]
            passed = parsed.get((path, number))
            if passed is None:
                yield Unread(path, part)
            elif passed:
                yield from (Unread(path, one) for one in passed_text(part, passed, json=looks_like_json(text)))
