"""Files as conversations: SELECT by path, and whole files and records read, none of which changes anything."""

from __future__ import annotations

from collections.abc import Callable

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.codec.fci import FileControl
from akis.codec.file_path import FilePath, checked_path, path_text
from akis.commands import files, records
from akis.conversation.base import Conversation
from akis.conversation.room import Room
from akis.errors import CardError, CodecError, InvalidArgument

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are done and those there are, None where nobody knows."""

LONGEST = 1 << 20
"""No file on a card is that long: who goes on beyond is no card."""
_END_OF_FILE = 0x6282
_OUTSIDE = 0x6B00
_NO_RECORD = 0x6A83
_WRONG_LE = 0x6C
# Tag, and a length of up to three bytes, of DO'53'.
_WRAPPING = 4
# ISO/IEC 7816-4:2005 §5.1.3: the file is selected, and is deactivated or in termination state.
_SELECTED_ALL_THE_SAME = (0x6283, 0x6285)


def select(path: FilePath) -> Conversation[FileControl]:
    """SELECT by path from the MF (``()``), and what the card says of the file; nothing known where it says nothing.

    :class:`CardError` where there is no such file (6A82) or it is not to be selected.
    """
    found = yield from try_select(path)
    if isinstance(found, ResponseApdu):
        raise CardError(f"SELECT of {path_text(checked_path(path))} failed", found.sw)
    return found


def try_select(path: FilePath) -> Conversation[FileControl | ResponseApdu]:
    """As :func:`select`; the card's answer where it refuses."""
    path = checked_path(path)
    answer = yield files.select_path(path) if path else files.select_fid(files.MF)
    if not answer.sw.ok and answer.sw not in _SELECTED_ALL_THE_SAME:
        return answer
    return FileControl.from_bytes(answer.data) if answer.data else FileControl()


def read_file(path: FilePath, room: Room, progress: Progress | None = None) -> Conversation[bytes]:
    """SELECT, and the whole of a transparent EF; :class:`InvalidArgument` where it has records or files instead."""
    control = yield from select(path)
    if control.structure not in ("transparent", None):
        raise InvalidArgument(f"{path_text(checked_path(path))} is no transparent file but of kind {control.structure}")
    return (yield from read_current(room, control.size, progress))


def read_current(room: Room, size: int | None = None, progress: Progress | None = None) -> Conversation[bytes]:
    """The whole of the current transparent EF, to ``size`` where that is known, else to where the card ends it.

    What comes is what the card has: it may end before ``size``. :class:`CardError` where reading is refused.
    """
    found = bytearray()
    while size is None or len(found) < size:
        wanted = room.answer if size is None else min(room.answer, size - len(found))
        piece, ended = yield from read_piece(len(found), wanted, room)
        found += piece
        if len(found) > LONGEST:
            raise CodecError(f"the card goes on after {LONGEST} bytes, which no file on a card has")
        if progress is not None and piece:
            progress(len(found), size)
        # A short answer ends a file of which nothing is known; one of a known size ends with an empty one.
        if ended or not piece or (size is None and len(piece) < wanted and len(found) <= files.FARTHEST_IN_P1P2):
            break
    return bytes(found[:size])


def read_piece(offset: int, wanted: int, room: Room) -> Conversation[tuple[bytes, bool]]:
    """Some bytes of the current EF from ``offset``, about as many as ``wanted``, and whether the file ends there."""
    if offset <= files.FARTHEST_IN_P1P2:
        command = files.read_binary(offset, wanted)
    else:
        # Ne counts tag and length as well; of a card that counts the data only, the answer is a little longer.
        command = files.read_binary_far(offset, min(wanted + _WRAPPING, room.answer))
    answer = yield from _with_right_le(command)
    # ISO/IEC 7816-4:2005 §7.2.3: 6282 comes with what there is before the end, 6B00 is behind it.
    if answer.sw == _OUTSIDE:
        return b"", True
    if not answer.sw.ok and answer.sw != _END_OF_FILE:
        raise CardError(f"READ BINARY at byte {offset} failed", answer.sw)
    piece = answer.data if command.ins == files.READ_BINARY else files.discretionary(answer.data)
    if len(piece) > (command.ne or 0):
        raise CodecError(f"READ BINARY asked for {command.ne} bytes at most and got {len(piece)}")
    return piece, answer.sw == _END_OF_FILE


def read_records(control: FileControl, progress: Progress | None = None) -> Conversation[tuple[bytes, ...]]:
    """All records of the current EF, record 1 first, to the one that is not there (6A83) or the number the FCI has.

    ``progress`` counts records.
    """
    found: list[bytes] = []
    last = records.LAST_NUMBER if control.records is None else min(control.records, records.LAST_NUMBER)
    while len(found) < last:
        answer = yield from _with_right_le(_record(len(found) + 1, control))
        if answer.sw == _NO_RECORD:
            break
        found.append(_content(answer, len(found) + 1))
        if progress is not None:
            progress(len(found), control.records)
    return tuple(found)


def read_record(number: int, control: FileControl) -> Conversation[bytes]:
    """One record of the current EF, the whole of it."""
    answer = yield from _with_right_le(_record(number, control))
    return _content(answer, number)


def _with_right_le(command: CommandApdu) -> Conversation[ResponseApdu]:
    """The command, and once more with the Le that the card asks for: nothing was read, and XX are there.

    In the clear the transport does that; inside a session only who protects commands can (ISO/IEC 7816-4:2005 §5.1.3).
    """
    answer = yield command
    length = answer.sw & 0xFF or 0x100
    if answer.sw >> 8 == _WRONG_LE and not answer.data and length != command.ne:
        answer = yield command.replace(ne=length)
    return answer


def _content(answer: ResponseApdu, number: int) -> bytes:
    # 6282: the record ended before Ne bytes (ISO/IEC 7816-4:2005 §7.3.3).
    if not answer.sw.ok and answer.sw != _END_OF_FILE:
        raise CardError(f"READ RECORD {number} failed", answer.sw)
    return answer.data


def _record(number: int, control: FileControl) -> CommandApdu:
    """READ RECORD with an Le of zeros, which is the whole record, or a long one where records exceed 256 bytes."""
    longest = control.record_length or 0
    return records.read_record(number, min(longest, 0xFFFF) if longest > 0x100 else 0x100)
