"""Files that everybody may read, for checks to read from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from akis.codec.apdu import ResponseApdu
from akis.codec.file_path import FilePath
from akis.commands import files, records
from akis.conversation.base import Conversation
from akis.conversation.files import try_select
from akis.conversation.list_files import ListedFile
from akis.errors import CodecError

LEAST = 8
"""Bytes; in a shorter file there is nothing to cut."""
_SHORT = 0x100
_END_OF_FILE = 0x6282
_MOST_TRIED = 8


@dataclass(frozen=True, slots=True, repr=False)
class ReadableFile:
    """A transparent EF: its path, its size as the card has it, and of its bytes the first 256, or all that came."""

    path: FilePath
    size: int
    content: bytes

    @property
    def whole(self) -> bool:
        """Whether ``content`` is all of it."""
        return self.size == len(self.content)


@dataclass(frozen=True, slots=True)
class RecordFile:
    """An EF with records, and how many it has."""

    path: FilePath
    records: int


def find_file(listed: Sequence[ListedFile]) -> Conversation[ReadableFile | None]:
    """The smallest transparent file of :data:`LEAST` bytes or more that the card gives to everybody, so far as listed.

    Only files whose size the card says are tried. Whether it gives just what it is asked for, checks find out.
    """
    sized = [
        (file.control.size, file.path)
        for file in listed
        if file.control is not None and file.control.structure == "transparent" and (file.control.size or 0) >= LEAST
    ]
    for size, path in sorted(sized, key=lambda item: item[0] or 0)[:_MOST_TRIED]:
        if (yield from _selected(path)):
            answer = yield files.read_binary(0, _SHORT)
            if size is not None and answer.sw in (0x9000, _END_OF_FILE) and len(answer.data) >= LEAST:
                return ReadableFile(path, size, answer.data[: min(size, _SHORT)])
    return None


def find_records(listed: Sequence[ListedFile]) -> Conversation[RecordFile | None]:
    """The first file of which record 1 can be read and the number of records is known."""
    for file in listed:
        control = file.control
        if control is None or not control.has_records or not control.records:
            continue
        if control.records < records.LAST_NUMBER and (yield from _selected(file.path)):
            answer = yield records.read_record(1)
            if answer.sw.ok:
                return RecordFile(file.path, control.records)
    return None


def _selected(path: FilePath) -> Conversation[bool]:
    try:
        return not isinstance((yield from try_select(path)), ResponseApdu)
    except CodecError:
        return True  # it is selected; what it says of itself cannot be read
