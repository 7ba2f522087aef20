"""Files written as conversations: each piece is sent once, and in the end all of them are read back and compared."""

from __future__ import annotations

from akis.codec.fci import FileControl
from akis.commands import files, records
from akis.conversation.base import Conversation, T
from akis.conversation.files import Progress, read_piece, read_record
from akis.conversation.room import Room
from akis.errors import AkisError, CardError, InvalidArgument, PolicyRefused
from akis.status import StatusWord

# DO'54' with three bytes, and tag and length of DO'53'.
_WRAPPING = 5 + 4


class ReadBackDiffers(AkisError):
    """The card accepted the bytes and has others now; ``offset`` is where, counted from the start of file or record."""

    def __init__(self, what: str, offset: int) -> None:
        self.offset = offset
        super().__init__(
            f"the card accepted {what}, but from byte {offset} on it gives others back; read it before relying on it"
        )


def update_current(
    room: Room, data: bytes, offset: int = 0, size: int | None = None, progress: Progress | None = None
) -> Conversation[None]:
    """UPDATE BINARY of the current EF, ``data`` from ``offset`` on, read back and compared.

    ``progress`` counts each byte twice: once it is written, and once it is compared.
    Where ``size`` is known and too small, :class:`PolicyRefused` and nothing is sent. :class:`CardError` where a piece
    is refused, which says how much of the file is new by then; :class:`ReadBackDiffers` where other bytes are there.
    """
    if offset < 0 or not data:
        raise InvalidArgument("an update has at least one byte, and an offset that is not negative")
    if size is not None and offset + len(data) > size:
        raise PolicyRefused(
            f"the file has {size} bytes, too few for {len(data)} from byte {offset} on; nothing was written"
        )
    if offset + len(data) > files.FARTHEST + 1:
        raise PolicyRefused(f"no file has more than {files.FARTHEST + 1} bytes; nothing was written")
    written = 0
    while written < len(data):
        at = offset + written
        if at <= files.FARTHEST_IN_P1P2:
            piece = data[written : written + room.command]
            command = files.update_binary(at, piece)
        else:
            piece = data[written : written + max(room.command - _WRAPPING, 1)]
            command = files.update_binary_far(at, piece)
        answer = yield command
        if not _accepted(answer.sw):
            so_far = _so_far(written, len(data), answer.sw)
            raise CardError(f"UPDATE BINARY at byte {at} failed ({so_far})", answer.sw)
        written += len(piece)
        if progress is not None:
            progress(written, 2 * len(data))
    yield from _compare(room, data, offset, progress)


def update_record(number: int, data: bytes, control: FileControl) -> Conversation[None]:
    """UPDATE RECORD ``number`` of the current EF, read back and compared; errors as in :func:`update_current`."""
    _check_record(data, control)
    if control.records is not None and number > control.records:
        raise PolicyRefused(f"the file has {control.records} records, no number {number}; nothing was written")
    answer = yield records.update_record(number, data)
    if not _accepted(answer.sw):
        raise CardError(f"UPDATE RECORD {number} failed ({_so_far(0, len(data), answer.sw)})", answer.sw)
    found = yield from _back(read_record(number, control))
    _same(found, data, f"record {number}", 0)


def append_record(data: bytes, control: FileControl) -> Conversation[None]:
    """APPEND RECORD to the current EF: behind the last one, or, in a cyclic file, as record 1 in place of the oldest.

    In a cyclic file the record is read back; in a linear one nobody knows its number, and the card's word counts.
    """
    _check_record(data, control)
    answer = yield records.append_record(data)
    if not _accepted(answer.sw):
        raise CardError(f"APPEND RECORD failed ({_so_far(0, len(data), answer.sw)})", answer.sw)
    if control.structure == "cyclic":
        found = yield from _back(read_record(1, control))
        _same(found, data, "record 1", 0)


def _check_record(data: bytes, control: FileControl) -> None:
    length = control.record_length
    if length is None:
        return
    fixed = control.structure in ("linear-fixed", "cyclic")
    if len(data) > length or (fixed and len(data) != length):
        exactly = "exactly" if fixed else "at most"
        raise PolicyRefused(f"a record of this file has {exactly} {length} bytes, not {len(data)}; nothing was written")


def _accepted(sw: StatusWord) -> bool:
    # ISO/IEC 7816-4:2005 §5.1.3: 63CX after UPDATE is a success that took X more attempts, X not being zero.
    return sw.ok or bool(sw.tries_left)


def _so_far(written: int, total: int, sw: StatusWord) -> str:
    if not written:
        return "nothing was written" if sw.nothing_done else "whether it was written is not known"
    return f"{'' if sw.nothing_done else 'at least '}{written} of {total} bytes are written"


def _compare(room: Room, data: bytes, offset: int, progress: Progress | None) -> Conversation[None]:
    checked = 0
    while checked < len(data):
        wanted = min(room.answer, len(data) - checked)
        piece, ended = yield from _back(read_piece(offset + checked, wanted, room))
        piece = piece[: len(data) - checked]
        _same(piece, data[checked : checked + len(piece)], "the bytes", offset + checked)
        checked += len(piece)
        if progress is not None:
            progress(len(data) + checked, 2 * len(data))
        if checked < len(data) and (ended or not piece):
            raise ReadBackDiffers("the bytes", offset + checked)


def _back(reading: Conversation[T]) -> Conversation[T]:
    """What is read after writing; a refusal says that the writing was done."""
    try:
        return (yield from reading)
    except CardError as error:
        raise CardError("the card accepted the bytes, and reading them back to compare them failed", error.sw) from None


def _same(found: bytes, wanted: bytes, what: str, start: int) -> None:
    if found != wanted:
        pairs = zip(found, wanted, strict=False)
        first = next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(found), len(wanted)))
        raise ReadBackDiffers(what, start + first)
