"""The items of a large JSON list, one after the other.

What is cut is exact. A text that begins an object and decodes whole is that object: no shorter beginning of it could.
So a guess where an item ends (the line that kubectl closes it with) is proven by decoding; where the guess fails, the
decoder itself or a scan of quotes and brackets finds the end. Items that cannot matter are never decoded.
"""

from array import array
from collections.abc import Callable
from json.decoder import JSONDecodeError
from typing import Any, Final

import msgspec

from linter.documents.bounds import Count
from linter.documents.explain import pull_secret_key
from linter.documents.held import LARGEST_ODD, LENIENT, TOO_LARGE, BrokenError, Held
from linter.documents.jsonitems import PASSED, Item, Items, Members
from linter.documents.jsonruns import Layout, Runs
from linter.documents.jsontext import BROKEN, TOO_DEEP, TooDeepError, check_depth
from linter.documents.kinds import matters
from linter.documents.places import mark_at
from linter.model import Problem
from linter.sources import Limits

_HEAD: Final = 1024
_MOST_TOLD: Final = 20
_NEAR: Final = 2**14
"""So far before a line that closes another item one is tried with it all the same."""
_LOST: Final = "an item of its list could not be read"
_REMEDY: Final = "correct the syntax; `jq . FILE` shows the same error"
_NOT_JSON: Final = "what stands here is no JSON"
_ODD: Final = object()
"""Stands for an item that must be read in another way."""

Listed = tuple["array[int]", "array[int]"]
"""Where each item of a list begins, and where it ends."""
Give = Callable[[list[Any], int], None]
"""Takes some items of a list, and how many of it have been read with them."""


class Damage:
    """What could not be read of a text; `silent` where only places are asked for."""

    def __init__(self, path: str, held: Held, *, silent: bool) -> None:
        self.problems: list[Problem] = []
        self._path = path
        self._held = held
        self._silent = silent
        self._items = 0

    def tell(self, error: BrokenError, what: str) -> None:
        """Note what is damaged, and where; only the first few items of many."""
        self._items += error.resume >= 0
        if self._silent or self._items > _MOST_TOLD:
            return
        place = mark_at(self._held.raw, self._held.marks, error.at)
        remedy = _REMEDY
        if str(error).startswith(TOO_LARGE):
            remedy = "raise `file` under `limits` in the settings, or leave out the kind that is so large"
        elif str(error) == TOO_DEEP:
            from linter.documents.explain import remedy_for  # noqa: PLC0415 - few documents are refused

            remedy = remedy_for(TOO_DEEP)
        self.problems.append(Problem(self._path, f"{what}: {error}", remedy, place.lines + 1, place.column + 1))

    def close(self) -> tuple[Problem, ...]:
        """Return all that was told, and how much more there is."""
        if self._items > _MOST_TOLD:
            more = f"{self._items - _MOST_TOLD:,} more items could not be read"
            self.problems.append(Problem(self._path, more, _REMEDY))
        return tuple(self.problems)


class AtHand:
    """What the document at hand was found to be so far: whether it can matter, and what of it is not read.

    By number, the items that were passed over, and those that could not be read or given.
    """

    def __init__(self, *, relevant: bool) -> None:
        self.relevant = relevant
        self.passed: set[int] = set()
        self.lost: set[int] = set()

    def note(self, text: bytes) -> None:
        """Look whether a part of the document can matter, unless that is known."""
        if not self.relevant:
            self.relevant = matters(text.decode("utf-8", "replace"))


class ListReader:
    """Reads one list after the other; `close` is what ends an item by its looks, b"" where nothing is known to."""

    def __init__(self, held: Held, limits: Limits, damage: Damage, window: int, *, silent: bool) -> None:
        self._held = held
        self._limits = limits
        self._damage = damage
        self._window = window
        self._silent = silent
        self._close = b""
        self._typed = False
        self._unhinted = 0
        self._tried = 0
        self._hand = AtHand(relevant=True)
        self._items = Items(limits.depth - 2)
        self._runs = Runs(silent=silent)
        self.count = Count(limits)

    def read(self, at: int, listed: Listed, hand: AtHand, give: Give, *, typed: bool) -> int:
        """Read the items of the list whose bracket stands at `at`; return the offset after its end.

        `typed` tells that the list says of what kind its items are.
        """
        held, (starts, ends) = self._held, listed
        self._hand, self._typed = hand, typed
        held.need(at, _HEAD)
        layout = Layout.of(held.data, at - held.base)
        self._close = close = layout.item.lstrip(b"\r") + b"}" if layout else b""
        self._runs.begin(layout)
        self._unhinted = self._tried = 0
        batch: list[Any] = []
        size = sure = 0
        at = held.skip(at + 1)
        most = self.count.left
        while held.byte(at) != b"]":
            if len(starts) >= most:
                self.count.add(most + 1)
            try:
                item, end = self._item(at, len(starts))
            except BrokenError as error:
                if error.resume < 0:
                    give(batch, len(starts))
                    raise
                self._damage.tell(error, _LOST)
                hand.lost.add(len(starts))
                item, end = None, error.resume
            starts.append(at)
            ends.append(end)
            batch.append(item)
            size += end - at
            if not close or held.data.endswith(close, at - held.base, end - held.base):
                sure = len(batch)
            try:
                at = held.comma(end, b"]")
            except BrokenError as error:
                first = len(starts) - len(batch) + sure
                give(batch[:sure], first)
                hand.lost.update(range(first, len(starts)))
                end = self._resumed(error)
                hand.lost.add(len(starts))
                starts.append(error.at)
                ends.append(end)
                at = held.comma(end, b"]")
                batch, size, sure = [], 0, 0
                continue
            if size >= self._window and (sure or size >= LARGEST_ODD):
                # An item that does not end as its like do may still turn out to have ended too soon.
                done = sure or len(batch)
                give(batch[:done], len(starts) - len(batch) + done)
                batch, size, sure = batch[done:], 0, 0
        give(batch, len(starts))
        self.count.add(len(starts))
        return at + 1

    def _resumed(self, error: BrokenError) -> int:
        """Return where an item that ended too soon ends for certain; raise where that cannot be known."""
        held, close = self._held, self._close
        while close and (cut := held.data.find(close, error.at - held.base)) >= 0:
            end = held.base + cut + len(close)
            try:
                held.comma(end, b"]")
            except BrokenError:
                break
            self._damage.tell(BrokenError(str(error) + _unjudged(held.text(error.at, end)), error.at, end), _LOST)
            return end
        raise error

    def _item(self, at: int, number: int) -> tuple[Any, int]:
        """Read the item at `at`; return its data, None where it cannot matter, and where it ends."""
        held = self._held
        members, end = self._runs.item(held, at) or self._alone(at)
        if self._silent:
            return None, end
        if not self._hand.relevant:
            self._hand.note(held.text(at, end))
        try:
            item = self._items.read(members, typed=self._typed) if members is not None else _ODD
        except BROKEN:
            item = _ODD
        if item is PASSED:
            self._hand.passed.add(number)
            return None, end
        return self._damaged_or_odd(at, held.text(at, end)) if item is _ODD else item, end

    def _alone(self, at: int) -> tuple[Item | None, int]:
        """Return the members of the item at `at`, None where it is no object or not plain, and where it ends."""
        if not self._held.byte(at):
            raise BrokenError("it ends too early", at)
        members, end = self._hinted(at) if self._close else (None, 0)
        if members is None:
            end = self._held.value_end(at, end)
            members = opened(self._held.text(at, end))
        if members is not None:
            self._runs.learn(members)
        return members, end

    def _hinted(self, at: int) -> tuple[Item | None, int]:
        """Return the members of the item at `at` when it ends where the next line closes like an item, and where."""
        held, close = self._held, self._close
        if at < self._unhinted:
            return None, 0
        if at < self._tried - _NEAR:
            return None, self._tried  # it closes another item: to try it with each of many before that takes too long
        while (cut := held.data.find(close, at - held.base)) < 0:
            if held.end - at > LARGEST_ODD or not held.fill(at):
                self._unhinted = held.end - len(close)  # before that no item ends so: none looks for it again
                return None, 0
        end = held.base + cut + len(close)
        members = opened(held.text(at, end))
        if members is None:
            self._tried = end
        return members, end

    def _damaged_or_odd(self, at: int, text: bytes) -> Any:
        """Return the data of an item that the fast decoder refuses. Raise where it is none."""
        try:
            return whole(text, self._limits.depth - 2)
        except BrokenError as error:
            resume = at + len(text)
            if self._close:
                # What a damaged item swallows of the next ones is given back.
                cut = text.find(self._close)
                resume = at + cut + len(self._close) if cut >= 0 else resume
            why = str(error) + _unjudged(text[: resume - at])
            raise BrokenError(why, at + error.at, resume) from None


def opened(text: bytes) -> Members | None:
    """Return the members of an object, None when the text is not one object and nothing else."""
    try:
        return msgspec.json.decode(text, type=Members)
    except BROKEN:
        return None


def whole(text: bytes, depth: int) -> Any:
    """Decode one value. Raise `BrokenError`, its offset in the text, for what nobody takes for JSON."""
    try:
        try:
            data = msgspec.json.decode(text)
        except BROKEN:
            data = LENIENT.decode(text.decode())
        check_depth(data, depth)
    except (TooDeepError, RecursionError):
        raise BrokenError(TOO_DEEP, 0) from None
    except UnicodeDecodeError as error:
        raise BrokenError("not UTF-8 text", error.start) from None
    except JSONDecodeError as error:
        raise BrokenError(f"not JSON ({error.msg})", len(error.doc[: error.pos].encode())) from None
    except ValueError:
        raise BrokenError("it holds a value that cannot be represented", 0) from None
    return data


def _unjudged(text: bytes) -> str:
    """What to add to a complaint about a text that holds a pull secret."""
    key = pull_secret_key(text.decode("utf-8", "replace"))
    return f"; it holds a pull secret that could not be judged ({key[0]})" if key else ""
