"""Archives and compressed files as artifacts: read as a stream, a member at a time, never unpacked to disk.

A member is shown as `dump.tar.gz!/inner/path.yaml`. Its bytes are held while it is the current one; whoever asks for
them later gets them from the archive again: at once from zip, tar and gzip, in one shared pass from other forms.
"""

from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from linter.exhausted import ran_out
from linter.model import Problem
from linter.sources import Artifact, InputProblem, Limits, Skipped
from linter.sources.archive_tar import Damage, Member, is_tar, members
from linter.sources.archive_zip import MAGIC, Entry, Packed, Zip
from linter.sources.choice import why_not_file, why_not_folder
from linter.sources.files import HEAD, begins_text, too_large
from linter.sources.raw import PipeBytes, Raw
from linter.sources.stretch import Passes, Stretch
from linter.sources.unpack import BombError, DamagedError, Stream, Unpacked, compression, weigh

Item = Artifact | Problem | Skipped
Excluded = Callable[..., bool]
Pace = Callable[[float], None]

_SHOWN: Final = 3


def packed(head: bytes) -> bool:
    """Tell whether the first `HEAD` bytes of a file are those of an archive or of a compressed file."""
    return head.startswith(MAGIC) or bool(compression(head)) or is_tar(head)


class _Inner(Artifact):
    """One member. It holds its bytes until the archive goes on."""

    __slots__ = ("_again", "held", "where")

    def __init__(
        self,
        archive: "Archive",
        path: str,
        where: "tuple[int, int] | Entry",
        held: bytes | None,
        raw: Stretch | None = None,
    ) -> None:
        super().__init__(path, archive.number, limits=archive.limits, raw=raw)
        self._again = archive
        self.where = where
        self.held = held

    def read(self) -> bytes:
        """Return the bytes; see `Artifact.read`."""
        if self._raw is not None:
            return super().read()
        return self.held if self.held is not None else self._again.again(self.where, self.path)

    def expect(self) -> None:
        """Let the archive know that the bytes will be wanted again; see `Artifact.expect`."""
        if self._raw is None:
            self._again.expect(self.where)


class _Refused:
    """Members that are not read for one reason: how many, and the names of the first."""

    def __init__(self, remedy: str) -> None:
        self.remedy = remedy
        self.names: list[str] = []
        self.count = 0


class Archive:
    """One archive or compressed file that was named, or came on standard input."""

    def __init__(self, raw: Raw, number: int, *, limits: Limits, excluded: Excluded, pace: Pace) -> None:
        self.number = number
        self.limits = limits
        self._raw = raw
        self._path = raw.path
        self._excluded = excluded
        self._pace = pace
        self._unpacked = Unpacked(raw, limits)
        self._zip: Zip | None = None
        self._seen: set[str] = set()
        self._found = 0
        self._refused: dict[str, _Refused] = {}
        self._passes = Passes(self._unpacked)

    def items(self) -> Iterator[Item]:
        """Yield the members that are worth reading, then what was refused. An archive that ends early says so."""
        try:
            if self._raw.at(0, 4) in MAGIC:
                yield from self._zipped()
            elif is_tar(self._unpacked.open().read(HEAD)):
                yield from self._tarred()
            else:
                yield from self._single()
        except (DamagedError, BombError) as error:
            yield self._broken(str(error), error.bound)
        except InputProblem as error:
            yield error.problem
        except MemoryError:
            yield ran_out(self._path, f"it was unpacked{self._before()}")
        for why, refused in self._refused.items():
            yield self._told(why, refused)

    def _broken(self, why: str, bound: str = "") -> Problem:
        """Say that the archive could not be read to its end, and what of it counts all the same.

        `bound` names the setting that allows more, where one does.
        """
        remedy = "get it again whole; its sizes or checksums will differ" if not bound else (
            f"unpack it where there is room, and name the folder; or raise `{bound}` under `limits` in the settings"
        )
        return Problem(self._path, f"{why}{self._before()}", remedy, fatal=True)

    def _before(self) -> str:
        """Say how many files counted before the end came, as the end of a sentence."""
        if self._found == 1:
            return "; the file before was read"
        return f"; the {self._found:,} files before were read" if self._found else ""

    def _told(self, why: str, refused: _Refused) -> Problem:
        names = ", ".join(refused.names)
        more = refused.count - len(refused.names)
        files = "1 member" if refused.count == 1 else f"{refused.count:,} members"
        message = f"{files} not read ({why}): {names}" + (f" and {more:,} more" if more else "")
        return Problem(self._path, message, refused.remedy, fatal=not self._found)

    def refuse(self, name: str, why: str, remedy: str) -> None:
        """Note a member that is not read. Names are kept for the first few only: there can be a million of them."""
        known = self._refused.setdefault(why, _Refused(remedy))
        known.count += 1
        if len(known.names) < _SHOWN:
            known.names.append(_shown(name)[-200:])

    def _inner(self, name: str, what: str) -> tuple[str, str]:
        """Return the path of a member inside the archive, and why it is passed over ("" when it is not)."""
        steps = [step for step in _shown(name).split("/") if step not in ("", ".")]
        path = "/".join(steps)
        if ".." in steps:
            self.refuse(name, "its name climbs out of the archive", "find out who made the archive")
            return "", "refused"
        reason = {"folder": "folder", "encrypted": ""}.get(what, what)
        for parent, step in zip(["", *steps], steps[:-1], strict=False):
            reason = reason or why_not_folder(step, parent)
        reason = reason or (why_not_file(steps[-1]) if steps else "folder")
        if reason == "archive":
            self.refuse(name, "an archive inside the archive", "unpack it and name it itself")
            return path, "refused"
        if not reason and self._excluded(f"{self._path}!/{path}", path):
            reason = "excluded"
        if not reason and what == "encrypted":
            self.refuse(name, "encrypted", "decrypt it, and make the archive again")
            return path, "refused"
        if reason == "sparse member":
            self.refuse(name, reason, "make the archive without --sparse")
            return path, "refused"
        return path, reason

    def _wanted(self, name: str, what: str) -> str | Skipped | Problem | None:
        """Return the display path of a member that is to be read, or what to yield in its place (None: nothing)."""
        inner, reason = self._inner(name, what)
        path = f"{self._path}!/{inner}"
        if reason in ("folder", "refused"):
            return None
        if reason:
            return Skipped(path, reason)
        if path in self._seen:
            self.refuse(name, "a name that stands twice: the first counts", "make the archive anew")
            return None
        self._seen.add(path)
        if len(self._seen) > self.limits.archive_members:
            raise BombError(f"unpacks to more than {self.limits.archive_members:,} files", "members")
        return path

    def _give(self, path: str, where: tuple[int, int] | Entry, data: bytes) -> Iterator[Artifact]:
        """Yield one member, and let its bytes go when the caller comes back for the next."""
        artifact = _Inner(self, path, where, data)
        self._found += 1
        yield artifact
        artifact.held = None

    def _tarred(self) -> Iterator[Item]:
        stream = self._unpacked.open()
        for found in members(stream):
            self._pace(stream.consumed / self._raw.size if self._raw.size > 0 else 0.5)
            if isinstance(found, Damage):
                message = f"{found.why} at byte {found.offset:,} of what it unpacks to"
                yield Problem(self._path, message, "what stands there is lost; get the archive again", fatal=True)
                continue
            wanted = self._wanted(found.name, found.what)
            if isinstance(wanted, str):
                yield from self._untarred(stream, found, wanted)
            elif wanted is not None:
                yield wanted

    def _untarred(self, stream: Stream, found: Member, path: str) -> Iterator[Item]:
        """Yield one member; what is large and may be JSON or YAML, to be read in windows."""
        head = b""
        if found.size >= self.limits.windows_from:
            head = stream.read(HEAD)
            if begins_text(head):
                yield from self._windowed(Stretch(self._unpacked, path, found.offset, found.size, (stream, head)))
                return
        if found.size > self.limits.file_bytes:
            yield too_large(path, self.limits, named=False)
        else:
            rest = found._replace(size=found.size - len(head)) if head else found
            yield from self._give(path, (found.offset, found.size), head + _member(stream, rest))

    def _windowed(self, raw: Stretch) -> Iterator[Artifact]:
        """Yield what is read in windows, for as long as the caller does not come back with the archive's own stream."""
        self._found += 1
        yield _Inner(self, raw.path, (0, 0), None, raw)
        raw.let_go()

    def _zipped(self) -> Iterator[Item]:
        self._zip = Zip(self._raw, self.limits)
        total = 0
        for entry in self._zip.entries():
            wanted = self._wanted(entry.name, entry.what)
            if not isinstance(wanted, str):
                if wanted is not None:
                    yield wanted
                continue
            size = entry.size
            if size >= self.limits.windows_from:
                raw = self._zip_windows(entry, wanted)
                if raw is not None:
                    total += size
                    weigh(total, self._raw.size, self.limits)
                    yield from self._windowed(raw)
                    if raw.broken:
                        yield Problem(wanted, raw.broken, "get the archive again; what stands before was read")
                    continue
            try:
                data = self._zip.read(entry, self.limits.file_bytes)
            except DamagedError as error:
                yield Problem(wanted, str(error), "get the archive again; the other members are read")
                continue
            except MemoryError:
                yield ran_out(wanted, "it was unpacked")
                continue
            if len(data) > self.limits.file_bytes:
                yield too_large(wanted, self.limits, named=False)
                continue
            total += len(data)
            self._pace(min(entry.offset / max(self._raw.size, 1), 1.0))
            weigh(total, self._raw.size, self.limits)
            yield from self._give(wanted, entry, data)

    def _zip_windows(self, entry: Entry, path: str) -> Stretch | None:
        """Return a large member of a zip for reading in windows, where it may be JSON or YAML."""
        assert self._zip is not None  # noqa: S101 - an entry came from it
        found = Packed(self._zip, entry)
        try:
            begins = begins_text(found.open(0).read(HEAD))
        except DamagedError:
            return None  # which is told when it is read whole
        return Stretch(found, path, 0, entry.size) if begins else None

    def _single(self) -> Iterator[Item]:
        """Yield the one file that is compressed; the beginning of one that is cut off counts."""
        if self._excluded(self._path):
            yield Skipped(self._path, "excluded")
            return
        stream = self._unpacked.open()
        broken, parts = "", list[bytes]()
        try:
            large = max(self.limits.windows_from, HEAD)
            head = stream.read(large)
            if compression(head) or head[:4] in MAGIC:
                name = self._path.rpartition("/")[2]
                self.refuse(name, "an archive inside the archive", "unpack it and name it itself")
                return
            if len(head) == large and begins_text(head[:HEAD]):
                raw = Stretch(self._unpacked, self._path, 0, -1, (stream, head))
                yield from self._windowed(raw)
                if raw.broken:
                    yield self._broken(raw.broken, raw.bound)
                return
            parts.append(head)
            while (left := self.limits.file_bytes + 1 - sum(map(len, parts))) > 0 and (part := stream.read(left)):
                parts.append(part)
        except DamagedError as error:
            broken = str(error)
        data = b"".join(parts)
        if len(data) > self.limits.file_bytes:
            yield too_large(self._path, self.limits, named=True)
            return
        if data or not broken:
            yield from self._give(self._path, (0, len(data)), data)
        if broken:
            yield self._broken(broken)

    def again(self, where: tuple[int, int] | Entry, path: str) -> bytes:
        """Return the bytes of a member once more. Raise `InputProblem` when they cannot be had any more."""
        try:
            if not isinstance(where, Entry):
                return self._passes.read(*where)
            assert self._zip is not None  # noqa: S101 - an entry came from it
            return self._zip.read(where, self.limits.file_bytes)
        except (DamagedError, BombError) as error:
            raise InputProblem(Problem(path, str(error), "get the archive again")) from None

    def expect(self, where: tuple[int, int] | Entry) -> None:
        """Note that a member will be read again."""
        if not isinstance(where, Entry):
            self._passes.expect(*where)


def _member(stream: Stream, found: Member) -> bytes:
    try:
        data = stream.read(found.size)
        if len(data) < found.size:
            stream.read(1)
    except DamagedError as error:
        raise DamagedError(f"{error} (inside {_shown(found.name)[-200:]})") from None
    if len(data) < found.size:
        raise DamagedError(f"ends inside {_shown(found.name)[-200:]}: it was cut off")
    return data


def _shown(name: str) -> str:
    """A member's name as text that can be printed in any encoding."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\0", "")


def of_raw(
    opened: Callable[[], Raw], number: int, *, limits: Limits, excluded: Excluded, pace: Pace
) -> Iterator[Item]:
    """Yield what an archive holds that `opened` gives."""
    try:
        archive = Archive(opened(), number, limits=limits, excluded=excluded, pace=pace)
    except InputProblem as error:
        yield error.problem
        return
    yield from archive.items()


def of_pipe(
    stream: BinaryIO, head: bytes, path: str, number: int, *, limits: Limits, excluded: Excluded, pace: Pace
) -> Iterator[Item]:
    """Yield what an archive holds that comes through a pipe and begins with `head`."""
    compact = head.startswith(MAGIC) or bool(compression(head))

    def begun() -> Raw:
        return PipeBytes(stream, path, head, packed=compact, limits=limits)

    yield from of_raw(begun, number, limits=limits, excluded=excluded, pace=pace)
