"""SELECT and READ BINARY (ISO/IEC 7816-4:2005 §7.1.1, §7.2.3)."""

from __future__ import annotations

from typing import Literal

from akis.codec.apdu import CommandApdu
from akis.errors import InvalidArgument

SELECT = 0xA4
READ_BINARY = 0xB0
MF = 0x3F00

# P2 bits 4 and 3: what SELECT answers.
_ANSWERS = {"fci": 0x00, "fcp": 0x04, "none": 0x0C}
Answer = Literal["fci", "fcp", "none"]


def select_name(name: bytes, answer: Answer = "fci") -> CommandApdu:
    """SELECT a DF by its name or AID, 1 to 16 bytes."""
    command = _select(0x04, name, answer)
    if not 1 <= len(command.data) <= 16:
        raise InvalidArgument(f"a DF name is 1 to 16 bytes, not {len(command.data)}")
    return command


def select_fid(fid: int, answer: Answer = "fci") -> CommandApdu:
    """SELECT a file by identifier: the MF, or a file directly below or above the current DF."""
    return _select(0x00, _fid(fid), answer)


def select_path(path: tuple[int, ...], answer: Answer = "fci") -> CommandApdu:
    """SELECT by a path of identifiers from the MF, the MF itself left out."""
    if not path:
        raise InvalidArgument("a path has at least one file identifier")
    return _select(0x08, b"".join(_fid(fid) for fid in path), answer)


def read_binary(offset: int, ne: int) -> CommandApdu:
    """READ BINARY of the current EF, ``ne`` bytes from ``offset``, which P1-P2 hold up to 32767."""
    if not 0 <= offset <= 0x7FFF:
        raise InvalidArgument("the offset in P1-P2 is 0 to 32767")
    return CommandApdu(0x00, READ_BINARY, offset >> 8, offset & 0xFF, ne=ne)


def _select(p1: int, data: bytes, answer: Answer) -> CommandApdu:
    if answer not in _ANSWERS:
        raise InvalidArgument("SELECT answers fci, fcp or none")
    return CommandApdu(0x00, SELECT, p1, _ANSWERS[answer], data, None if answer == "none" else 0x100)


def _fid(fid: int) -> bytes:
    if not isinstance(fid, int) or not 0 <= fid <= 0xFFFF:
        raise InvalidArgument("a file identifier is two bytes")
    return fid.to_bytes(2, "big")
