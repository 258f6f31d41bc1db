"""Pulls and imports that read the same list of secrets: what exchanging some of them does to each.

Nearly every change leaves nearly every image as it was. Only those are asked again whose answer can change: images that
had no credential and a key that now has one, images that had one and a key that has it no longer, for an import both,
because what comes first counts alone, and images of Docker Hub, whose own key counts only where nothing else matches.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from functools import cached_property, lru_cache
from typing import Final

from linter import credentials
from linter.credentials import Consumer, HostName, ImageIndex, SplitIndex, is_hub
from linter.documents.objects import KubeObject
from linter.inventory.pulls import unfinished
from linter.inventory.records import ImageStream, ImageUse, ImportTag, PullSecret, Workload
from linter.model import Route
from linter.proof.tally import Exchange, Node, Swap, Tally
from linter.proof.verdicts import Answer, import_line, workload_line
from linter.record import NamedTuple

Place = tuple[str, int, Route]
"""Where an object stands: path, document, route."""
_WORKLOADS: Final = 0
_STREAMS: Final = 1
"""What comes first in the order of a proof; builds come last."""


class Row(NamedTuple):
    """One pull or import of an object: its place in the order of the scan, its image, and what words it for people."""

    order: tuple[int, int, int]
    item: KubeObject
    image: str
    worded: Callable[[KubeObject, str], str]

    @property
    def line(self) -> str:
        """Return it as people name it: few of thousands are told of."""
        return self.worded(self.item, self.image)

    @property
    def place(self) -> Place:
        """Return where its object stands."""
        return (self.item.path, self.item.document, self.item.route)


def rows_of(number: int, holder: Workload | ImageStream) -> Iterator[Row]:
    """Yield the pulls of a workload, or the imports of a stream; `number` is its place in the order of the scan."""
    place, worded = (_WORKLOADS, workload_line) if isinstance(holder, Workload) else (_STREAMS, import_line)
    for index, use in enumerate(_uses(holder)):
        yield Row((place, number, index), holder.object, use.image, worded)


def _uses(holder: Workload | ImageStream) -> Sequence[ImageUse | ImportTag]:
    return holder.pulled if isinstance(holder, Workload) else holder.tags


class Flip(NamedTuple):
    """One pull or import whose answer may have changed."""

    row: Row
    was: Answer
    now: Answer


@lru_cache(maxsize=2**12)
def _host(image: str, consumer: Consumer) -> HostName | None:
    """Return the host that is looked up for an image, None where there is none; the same images stand everywhere."""
    reference = credentials.parse_reference(image, consumer=consumer)
    return credentials.host_of(reference.lookup) if isinstance(reference, credentials.Reference) else None


class Group:
    """Pulls of one consumer that read the same list. `first` is one of those who do.

    `watched` are the names by which a secret touches them, whether it is in the list or not.
    """

    def __init__(
        self,
        first: Workload | ImageStream,
        secrets: tuple[PullSecret, ...],
        *,
        consumer: Consumer,
        doubt: bool = False,
        watched: frozenset[str] = frozenset(),
    ) -> None:
        self.first = first
        self.secrets = secrets
        self.consumer = consumer
        self.doubt = doubt
        self.watched = watched
        self.size = 0
        """How many pulls or imports they are."""
        self._holders: list[tuple[int, Workload | ImageStream]] = []

    def add(self, number: int, holder: Workload | ImageStream) -> None:
        """Take in a workload or stream; `number` is its place in the order of the scan."""
        self._holders.append((number, holder))
        self.size += len(_uses(holder))

    def beside(self, apart: Set[Place]) -> int:
        """How many pulls or imports they are without those of the objects that stand `apart`."""
        if not apart:
            return self.size
        return self.size - sum(row.place in apart for number, one in self._holders for row in rows_of(number, one))

    @property
    def namespace(self) -> str:
        """The namespace of all of them."""
        return self.first.object.namespace

    @cached_property
    def members(self) -> frozenset[int]:
        """The secrets of the list, by identity."""
        return frozenset(map(id, self.secrets))

    @cached_property
    def tally(self) -> Tally:
        """The list, by key."""
        return Tally(self.secrets)

    @cached_property
    def _by_image(self) -> dict[str, list[Row]]:
        table: dict[str, list[Row]] = {}
        for number, holder in self._holders:
            for row in rows_of(number, holder):
                table.setdefault(row.image, []).append(row)
        return table

    @cached_property
    def _images(self) -> dict[str, None]:
        return dict.fromkeys(use.image for _, holder in self._holders for use in _uses(holder))

    @cached_property
    def _answers(self) -> dict[str, Answer]:
        return {}

    def answer(self, image: str, node: Node) -> Answer:
        """What `image` gets from the list as it is; `node` is the node-wide file of the scan as it is."""
        known = self._answers.get(image)
        if known is None:
            known = self._answers[image] = Exchange(self.tally, node, doubt=self.doubt).answer(image, self.consumer)
        return known

    def exchanged(self, swap: Swap, node: Node, wide: Node, *, doubt: bool) -> Iterator[Flip]:
        """Answer what may change when secrets of the list are exchanged, and `wide` takes the place of `node`.

        The others get what they got.
        """
        new = Exchange(self.tally, wide, swap.without, swap.new, doubt)
        for image in self._concerned(swap, new, node, wide):
            was, now = self.answer(image, node), new.answer(image, self.consumer)
            if was != now:
                for row in self._by_image[image]:
                    yield Flip(row, was, now)

    def _concerned(self, swap: Swap, new: Exchange, node: Node, wide: Node) -> Iterable[str]:
        refused = bool(self.tally.refusing)
        if refused and new.refused:
            return ()
        if refused or new.refused or node is not wide:
            return self._images
        found: dict[str, None] = {}
        fallback = self.tally.fallback or swap.new.fallback
        either = self.consumer is Consumer.IMPORTER
        for key, was, now in swap.differing:
            if not credentials.may_match(key, self._hosts):
                continue
            if either or (now is not None and now.good):
                found.update(dict.fromkeys(self._split(node).matched_by(key, passing=False)))
            if either or (was is not None and was.good):
                found.update(dict.fromkeys(self._split(node).matched_by(key, passing=True)))
            if fallback and (was is None or now is None):
                found.update(dict.fromkeys(self._hub.matched_by(key)))
        return found

    @cached_property
    def _hosts(self) -> set[HostName | None]:
        return {_host(image, self.consumer) for image in self._images}

    @cached_property
    def _references(self) -> list[tuple[str, str]]:
        """Every image that can be looked up, behind the text that is looked up for it."""
        found = []
        for image in self._images:
            reference = credentials.parse_reference(image, consumer=self.consumer)
            if isinstance(reference, credentials.Reference) and not unfinished(image):
                found.append((reference.lookup, image))
        return found

    @cached_property
    def _hub(self) -> ImageIndex[str]:
        return ImageIndex(row for row in self._references if is_hub(row[0]))

    def _split(self, node: Node) -> SplitIndex[str]:
        """The images without a credential, and those with one: answered when a key that may match them is exchanged."""
        if self._halves is None:
            self._halves = SplitIndex(self._references, lambda image: self.answer(image, node).good)
        return self._halves

    _halves: SplitIndex[str] | None = None
