"""SELECT, READ BINARY and UPDATE BINARY (ISO/IEC 7816-4:2005 §7.1.1, §7.2)."""

from __future__ import annotations

from typing import Literal

from akis.codec.apdu import CommandApdu
from akis.codec.file_path import MF as MF
from akis.codec.tlv import Tlv, build, parse
from akis.errors import CodecError, InvalidArgument

SELECT = 0xA4
READ_BINARY = 0xB0
READ_BINARY_ODD = 0xB1
UPDATE_BINARY = 0xD6
UPDATE_BINARY_ODD = 0xD7
OFFSET = 0x54
DISCRETIONARY = 0x53
FARTHEST_IN_P1P2 = 0x7FFF
"""The last offset that fits P1-P2; beyond it the odd instruction codes carry the offset in DO'54'."""
FARTHEST = 0xFFFFFF
_SHORT_ID = 0x80

# P2 bits 4 and 3: what SELECT answers.
_ANSWERS = {"fci": 0x00, "fcp": 0x04, "none": 0x0C}
Answer = Literal["fci", "fcp", "none"]
# P2 bits 2 and 1: which of several files that fit.
_OCCURRENCES = {"first": 0x00, "last": 0x01, "next": 0x02, "previous": 0x03}
Occurrence = Literal["first", "last", "next", "previous"]
# P1 of a selection by identifier (ISO/IEC 7816-4:2005 table 39).
_KINDS = {"any": 0x00, "df": 0x01, "ef": 0x02}
Kind = Literal["any", "df", "ef"]


def select_name(name: bytes, answer: Answer = "fci", occurrence: Occurrence = "first") -> CommandApdu:
    """SELECT a DF by its name or AID, 1 to 16 bytes; of several whose names begin like that, the first or the next."""
    if occurrence not in _OCCURRENCES:
        raise InvalidArgument("SELECT takes the first, last, next or previous occurrence")
    command = _select(0x04, name, answer)
    if not 1 <= len(command.data) <= 16:
        raise InvalidArgument(f"a DF name is 1 to 16 bytes, not {len(command.data)}")
    return command.replace(p2=command.p2 | _OCCURRENCES[occurrence])


def select_fid(fid: int, answer: Answer = "fci", kind: Kind = "any") -> CommandApdu:
    """SELECT a file by identifier: the MF, or a file directly below or above the current DF.

    ``kind`` narrows that to a DF or an EF directly below it.
    """
    if kind not in _KINDS:
        raise InvalidArgument("SELECT by identifier takes any file, a df or an ef")
    return _select(_KINDS[kind], _fid(fid), answer)


def select_path(path: tuple[int, ...], answer: Answer = "fci", origin: Literal["mf", "df"] = "mf") -> CommandApdu:
    """SELECT by a path of identifiers from the MF, or from the current DF; that one itself is left out."""
    if origin not in ("mf", "df"):
        raise InvalidArgument("a path starts at the mf or at the current df")
    if not path:
        raise InvalidArgument("a path has at least one file identifier")
    return _select(0x08 if origin == "mf" else 0x09, b"".join(_fid(fid) for fid in path), answer)


def select_parent(answer: Answer = "fci") -> CommandApdu:
    """SELECT the DF above the current one."""
    return _select(0x03, b"", answer)


def read_binary(offset: int, ne: int, short_id: int | None = None) -> CommandApdu:
    """READ BINARY of the current EF, ``ne`` bytes from ``offset``, which P1-P2 hold up to 32767.

    With ``short_id`` (1 to 30) it is the EF of that short identifier, which becomes current; then the offset is at most
    255.
    """
    return CommandApdu(0x00, READ_BINARY, *_place(offset, short_id), ne=ne)


def read_binary_far(offset: int, ne: int, file: int = 0) -> CommandApdu:
    """READ BINARY with the offset in DO'54', up to 16 MiB; the answer is what :func:`discretionary` unpacks.

    ``file`` is 0 for the current EF, or the identifier or short identifier of one below the current DF. ``ne`` counts
    the bytes of the answer, tag and length among them.
    """
    # ISO/IEC 7816-4:2005 §7.2.2: with an odd INS, P1-P2 identifies the EF, 0000 the current one.
    return CommandApdu(0x00, READ_BINARY_ODD, *divmod(_number_of_file(file), 0x100), _offset(offset), ne)


def update_binary(offset: int, data: bytes, short_id: int | None = None) -> CommandApdu:
    """UPDATE BINARY of the current EF: ``data`` in the place of what is at ``offset``, as in :func:`read_binary`."""
    return CommandApdu(0x00, UPDATE_BINARY, *_place(offset, short_id), _something(data))


def update_binary_far(offset: int, data: bytes, file: int = 0) -> CommandApdu:
    """UPDATE BINARY with the offset in DO'54' and the data in DO'53'; ``file`` as in :func:`read_binary_far`."""
    objects = _offset(offset) + Tlv(DISCRETIONARY, _something(data)).to_bytes()
    return CommandApdu(0x00, UPDATE_BINARY_ODD, *divmod(_number_of_file(file), 0x100), objects)


def discretionary(answer: bytes) -> bytes:
    """The bytes of a file in an answer to :func:`read_binary_far`; :class:`CodecError` where it is not DO'53'."""
    # ISO/IEC 7816-4:2005 §7.2.2: the data are in DO'53', or in DO'73' where they are data objects. An answer of
    # nothing says that there is nothing.
    if not answer:
        return b""
    objects = parse(answer, minimal=False)
    if len(objects) != 1 or objects[0].tag not in (DISCRETIONARY, DISCRETIONARY | 0x20):
        raise CodecError("the answer to READ BINARY is not one data object 53", 0)
    return objects[0].content


def _place(offset: int, short_id: int | None) -> tuple[int, int]:
    """P1 and P2 of a command with an even INS (ISO/IEC 7816-4:2005 §7.2.2)."""
    if short_id is None:
        if not 0 <= offset <= FARTHEST_IN_P1P2:
            raise InvalidArgument(f"the offset in P1-P2 is 0 to {FARTHEST_IN_P1P2}")
        return offset >> 8, offset & 0xFF
    if not isinstance(short_id, int) or not 1 <= short_id <= 30:
        raise InvalidArgument("a short EF identifier is 1 to 30")
    if not 0 <= offset <= 0xFF:
        raise InvalidArgument("beside a short EF identifier the offset is 0 to 255")
    return _SHORT_ID | short_id, offset


def _offset(offset: int) -> bytes:
    """DO'54'."""
    if not isinstance(offset, int) or not 0 <= offset <= FARTHEST:
        raise InvalidArgument(f"an offset is 0 to {FARTHEST}")
    return build([Tlv(OFFSET, offset.to_bytes(2 if offset < 0x10000 else 3, "big"))])


def _number_of_file(file: int) -> int:
    if not isinstance(file, int) or not 0 <= file <= 0xFFFF:
        raise InvalidArgument("a file identifier is two bytes")
    return file


def _something(data: bytes) -> bytes:
    if not data:
        raise InvalidArgument("UPDATE BINARY carries at least one byte")
    return data


def _select(p1: int, data: bytes, answer: Answer) -> CommandApdu:
    if answer not in _ANSWERS:
        raise InvalidArgument("SELECT answers fci, fcp or none")
    return CommandApdu(0x00, SELECT, p1, _ANSWERS[answer], data, None if answer == "none" else 0x100)


def _fid(fid: int) -> bytes:
    return _number_of_file(fid).to_bytes(2, "big")
