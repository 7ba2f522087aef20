"""The emulated card's files as a tree: dedicated files, and elementary files with their bytes or records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from akis.emulator.contents import LARGEST_FILE, LONGEST_RECORD, MOST_RECORDS, Access, FileEntry, Structure
from akis.emulator.status import FILE_EXISTS, NO_SPACE, require
from akis.errors import InvalidArgument

MF = 0x3F00
ROOM = 0x20000
"""How many bytes the files of a card may grow to; those it came with may be larger."""
_FILES_OF_A_DF = 64
_DEEPEST = 8
_CYCLE = 16
"""Records of a cyclic file for which nobody said how many (assumed)."""


class Df:
    """A dedicated file: what is in it, in the order it was made."""

    def __init__(self, fid: int, parent: Df | None, names: tuple[bytes, ...] = ()) -> None:
        self.fid = fid
        self.parent = parent
        self.names = names
        self.children: list[Df | Ef] = []

    @property
    def path(self) -> tuple[int, ...]:
        """Identifiers from the MF, itself left out."""
        return () if self.parent is None else (*self.parent.path, self.fid)

    def child(self, fid: int) -> Df | Ef | None:
        """The file of this identifier right below, if there is one."""
        return next((file for file in self.children if file.fid == fid), None)

    def short(self, short_id: int) -> Ef | None:
        """The EF with this short identifier: the last five bits of its own (ISO/IEC 7816-4:2005 §5.3.3, tag 88)."""
        below = (file for file in self.children if isinstance(file, Ef) and file.fid & 0x1F == short_id)
        return next(below, None) if short_id else None

    def walk(self) -> Iterator[Df | Ef]:
        """Everything below, each DF before what is in it."""
        for file in self.children:
            yield file
            if isinstance(file, Df):
                yield from file.walk()


class Ef:
    """An elementary file. A transparent one has ``content``, any other ``records``.

    ``size`` is how many bytes a transparent file has room for, ``record_count`` how many records another one has.
    """

    def __init__(self, entry: FileEntry, parent: Df, grows: bool = False) -> None:
        self.fid = entry.path[-1]
        self.parent = parent
        self.structure: Structure = entry.type
        self.read: Access = entry.read
        self.update: Access = entry.update
        content = entry.content or b""
        self.content = content + bytes(max(0, entry.size - len(content)))
        self.grows = grows
        self.records = list(entry.records)
        self.record_length = entry.record_length
        self.record_count = entry.record_count or (_without_count(entry.type) if grows else len(entry.records))

    @property
    def longest_record(self) -> int:
        """How many bytes a record may have."""
        return self.record_length or LONGEST_RECORD

    @property
    def length(self) -> int:
        """Bytes of data in it."""
        return len(self.content) if self.structure == "transparent" else sum(map(len, self.records))

    def entry(self) -> FileEntry:
        """The file as it is now."""
        transparent = self.structure == "transparent"
        return FileEntry(
            (*self.parent.path, self.fid),
            self.structure,
            content=self.content if transparent else None,
            records=tuple(self.records),
            record_length=self.record_length,
            record_count=self.record_count,
            read=self.read,
            update=self.update,
        )


def _without_count(structure: Structure) -> int:
    return {"cyclic": _CYCLE, "transparent": 0}.get(structure, MOST_RECORDS)


class FileTree:
    """MF and all below. ``written`` is called once a change is complete.

    ``grows``: transparent files get longer as they are written past their end, and record files have room for as many
    as there may be, for a dialect that makes files without a size.
    """

    def __init__(
        self,
        entries: Iterable[FileEntry],
        names: dict[tuple[int, ...], tuple[bytes, ...]],
        grows: bool = False,
        written: Callable[[], None] = lambda: None,
    ) -> None:
        self.mf = Df(MF, None)
        self.written = written
        self._names = names
        self._grows = grows
        for entry in entries:
            self._put(entry)

    def find(self, path: Iterable[int], start: Df | None = None) -> Df | Ef | None:
        """The file at the end of ``path``, from the MF or ``start``."""
        file: Df | Ef | None = start or self.mf
        for fid in path:
            file = file.child(fid) if isinstance(file, Df) else None
        return file

    def named(self, name: bytes) -> Df | None:
        """The DF with this name."""
        return next((file for file in self.mf.walk() if isinstance(file, Df) and name in file.names), None)

    def entries(self) -> tuple[FileEntry, ...]:
        """All files as they are now."""
        return tuple(file.entry() if isinstance(file, Ef) else FileEntry(file.path, "df") for file in self.mf.walk())

    def create(self, entry: FileEntry) -> Df | Ef:
        """Make a new file; refuses where there is one already, or no room."""
        parent = self.find(entry.path[:-1])
        if isinstance(parent, Df):
            require(parent.child(entry.path[-1]) is None, FILE_EXISTS)
            require(len(parent.children) < _FILES_OF_A_DF and len(entry.path) <= _DEEPEST, NO_SPACE)
        made = self._put(entry)
        self.written()
        return made

    def delete(self, file: Df | Ef) -> None:
        """Take a file away, and all that is in it."""
        if file.parent is not None:
            file.parent.children.remove(file)
            self.written()

    def write(self, file: Ef, content: bytes, offset: int) -> None:
        """Put ``content`` into a transparent file at ``offset``, which is not behind its end."""
        end = offset + len(content)
        require(end <= len(file.content) or (file.grows and end <= LARGEST_FILE), NO_SPACE)
        self.require_room(end - len(file.content))
        file.content = file.content[:offset] + content + file.content[end:]
        self.written()

    def require_room(self, more: int) -> None:
        """Refuse where ``more`` bytes of files do not go into the card any more."""
        if more > 0:
            used = sum(file.length for file in self.mf.walk() if isinstance(file, Ef))
            require(used + more <= ROOM, NO_SPACE)

    def _put(self, entry: FileEntry) -> Df | Ef:
        parent = self.find(entry.path[:-1])
        if not isinstance(parent, Df) or parent.child(entry.path[-1]) is not None:
            raise InvalidArgument("a file without a DF to be in, or a second one of the same identifier")
        made: Df | Ef
        if entry.type == "df":
            made = Df(entry.path[-1], parent, self._names.get(entry.path, ()))
        else:
            made = Ef(entry, parent, self._grows)
        parent.children.append(made)
        return made
