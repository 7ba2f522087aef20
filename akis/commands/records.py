"""READ RECORD, UPDATE RECORD, APPEND RECORD (ISO/IEC 7816-4:2005 §7.3), records named by their numbers."""

from __future__ import annotations

from akis.codec.apdu import CommandApdu
from akis.errors import InvalidArgument

READ_RECORD = 0xB2
UPDATE_RECORD = 0xDC
APPEND_RECORD = 0xE2
LAST_NUMBER = 0xFE
"""Record numbers are 1 to 254 (ISO/IEC 7816-4:2005 §7.3.1)."""
# P2 bits 3 to 1 (ISO/IEC 7816-4:2005 §7.3.2): P1 is a record number, and it is that record only.
_BY_NUMBER = 0x04


def read_record(number: int, ne: int = 0x100, short_id: int | None = None) -> CommandApdu:
    """READ RECORD ``number`` of the current EF, or of the one with that short identifier, which becomes current.

    An Ne of 256 (65536 with extended length) asks for the whole record, whatever its length.
    """
    return CommandApdu(0x00, READ_RECORD, _number(number), _file(short_id) | _BY_NUMBER, ne=ne)


def update_record(number: int, data: bytes, short_id: int | None = None) -> CommandApdu:
    """UPDATE RECORD: ``data`` in the place of the whole record ``number``."""
    return CommandApdu(0x00, UPDATE_RECORD, _number(number), _file(short_id) | _BY_NUMBER, _record(data))


def append_record(data: bytes, short_id: int | None = None) -> CommandApdu:
    """APPEND RECORD: at the end of a linear file; in a cyclic one it becomes record 1."""
    # ISO/IEC 7816-4:2005 §7.3.6: P1 is 00, and so are bits 3 to 1 of P2.
    return CommandApdu(0x00, APPEND_RECORD, 0x00, _file(short_id), _record(data))


def _number(number: int) -> int:
    if not isinstance(number, int) or not 1 <= number <= LAST_NUMBER:
        raise InvalidArgument(f"a record has a number from 1 to {LAST_NUMBER}")
    return number


def _file(short_id: int | None) -> int:
    if short_id is None:
        return 0x00
    if not isinstance(short_id, int) or not 1 <= short_id <= 30:
        raise InvalidArgument("a short EF identifier is 1 to 30")
    return short_id << 3


def _record(data: bytes) -> bytes:
    if not data:
        raise InvalidArgument("a record has at least one byte")
    return data
