"""How many letters a text has in common with each of many others at most: quick to tell of thousands."""

from collections.abc import Iterable, Iterator


class Letters:
    """Some texts, each a number in which every letter is a bit, and a letter that stands there again another one."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._bits: dict[tuple[str, int], int] = {}
        self._rows: list[tuple[int, int]] = []
        for text in texts:
            bits = [self._bits.setdefault(one, len(self._bits)) for one in _numbered(text)]
            self._rows.append((_number(bits), len(text)))

    def common(self, wanted: str) -> list[tuple[int, int]]:
        """Return of each text how many letters it has in common with `wanted` in any order, and how long it is."""
        ours = _number([self._bits[one] for one in _numbered(wanted) if one in self._bits])
        return [((ours & theirs).bit_count(), length) for theirs, length in self._rows]


def _numbered(text: str) -> Iterator[tuple[str, int]]:
    """Each letter with how often it has stood there before."""
    counts: dict[str, int] = {}
    for letter in text:
        counts[letter] = counts.get(letter, 0) + 1
        yield letter, counts[letter]


def _number(bits: list[int]) -> int:
    """The number in which these bits are set."""
    packed = bytearray(max(bits, default=0) // 8 + 1)
    for bit in bits:
        packed[bit // 8] |= 1 << bit % 8
    return int.from_bytes(packed, "little")
