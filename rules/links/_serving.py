"""Which of many secrets give an image a credential: found by their keys.

The answers are those of `serves`; an index only spares the secrets that have no key for the image.
"""

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from linter.rule import Consumer, PullSecret, credentials, keys_of, serves

Row = TypeVar("Row")


class Serving(Generic[Row]):
    """Secrets in their order, each with what it stands for."""

    def __init__(self, rows: Iterable[tuple[Row, PullSecret]]) -> None:
        self._rows = list(rows)
        self._index = credentials.KeyIndex(
            (key, place) for place, (_, secret) in enumerate(self._rows) for key in keys_of(secret)
        )

    def of(self, image: str) -> Iterator[tuple[Row, PullSecret]]:
        """Yield those of which each alone would give `image` a credential when a kubelet reads it."""
        reference = credentials.parse_reference(image, consumer=Consumer.KUBELET)
        if not isinstance(reference, credentials.Reference):
            return
        places = {*self._index.matching(reference.lookup)}
        if self._index.fallback and credentials.is_hub(reference.lookup):
            places.update(self._index.fallback)
        for place in sorted(places):
            if serves(self._rows[place][1], image):
                yield self._rows[place]
