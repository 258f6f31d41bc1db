"""A reading of a live cluster as a file: one JSON list a kind and namespace, beside the record of what was had.

`take` reads, `pack` writes. What is packed is what the live scan judged, so both give the same findings.
"""

import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from linter.collecting.packing import Pack, neutral, packed
from linter.sources import Limits
from linter.sources.choice import FOLDER, RECORD_FILE
from linter.sources.collection import Record, encode
from linter.sources.live import ClusterError, Live
from linter.sources.live.pages import Page
from linter.sources.live.reading import Reading, client, named

_CLUSTER_WIDE: Final = "_cluster"
_LIST: Final = "List"

Object = dict[str, Any]


class Collection(NamedTuple):
    """One cluster: the record of its reading, and its objects by API version, kind, resource and namespace."""

    record: Record
    lists: Mapping[tuple[str, str, str, str], Sequence[Object]]


def take(argument: str, live: Live, *, told: Callable[[float, str], None] | None = None) -> Collection:
    """Read the cluster that `argument` names. Raises `ClusterError`, also when it is lost on the way.

    `told` is given the share that is read and what is asked for next.
    """
    source = client(named(argument), live, Limits().file_bytes, os.environ)
    had = Reading(source, live, told=told).run()
    if had.lost is not None:
        raise ClusterError(f"it was lost while it was read: {had.lost.message}", had.lost.remedy)
    return Collection(had.record, _lists(had.pages, had.record))


def _lists(pages: Iterable[Page], record: Record) -> Mapping[tuple[str, str, str, str], list[Object]]:
    """Sort the objects of all pages by where they belong; within a kind and namespace the server's order stays."""
    resources = {(one.group, one.kind): one.resource for one in record.collected}
    found: dict[tuple[str, str, str, str], list[Object]] = {}
    for answer in pages:
        try:
            page = json.loads(answer.data)
        except (ValueError, RecursionError):
            raise ClusterError("an answer is nested too deeply", "find the object with kubectl get") from None
        for version, kind, item in _items(page):
            group = version.rpartition("/")[0]
            resource = resources.get((group, kind), kind.lower() + "s")
            found.setdefault((version, kind, resource, _namespace(item)), []).append(item)
    return found


def _items(page: Any) -> Iterator[tuple[str, str, Object]]:
    """Yield the objects of a page with version and kind: those of a list have none of their own."""
    if not isinstance(page, dict):
        return
    version, kind = str(page.get("apiVersion") or "v1"), str(page.get("kind") or "")
    items = page.get("items")
    if not isinstance(items, list):
        yield version, kind, page
        return
    for item in items:
        if isinstance(item, dict):
            own = str(item.get("kind") or kind.removesuffix(_LIST))
            yield str(item.get("apiVersion") or version), own, item


def _namespace(item: Object) -> str:
    metadata = item.get("metadata")
    name = metadata.get("namespace") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) else ""


def pack(collections: Sequence[Collection]) -> bytes:
    """Return the tar.gz of collections; several stand in folders of their own. The same content gives the same bytes.

    Times are those of the record (`SOURCE_DATE_EPOCH` counts).
    """
    made = io.BytesIO()
    with packed(made) as archive:
        for number, one in enumerate(collections, 1):
            add(archive, one, f"{number}-{neutral(one.record.name)}/" if len(collections) > 1 else "")
    return made.getvalue()


def add(archive: Pack, one: Collection, folder: str) -> None:
    """Add a collection to an archive, in a folder ("" or a path that ends in a slash)."""
    for name, data in _members(one):
        archive.add(f"{folder}{FOLDER}/{name}", data)


def _members(one: Collection) -> Iterator[tuple[str, bytes]]:
    yield RECORD_FILE, encode(one.record)
    for (version, kind, resource, namespace), items in sorted(one.lists.items(), key=lambda entry: entry[0]):
        group = version.rpartition("/")[0]
        place = f"{neutral(group) or 'core'}/{neutral(resource)}"
        name = neutral(namespace) or _CLUSTER_WIDE
        body = {"apiVersion": version, "kind": f"{kind}{_LIST}", "metadata": {}, "items": items}
        yield f"{place}/{name}.list.json", json.dumps(body, indent=1, ensure_ascii=True).encode() + b"\n"


__all__ = ["Collection", "add", "neutral", "pack", "take"]
