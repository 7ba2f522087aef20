"""GET DATA (ISO/IEC 7816-4:2005 §7.4): simple data by P1-P2, data objects by an extended header list."""

from __future__ import annotations

from dataclasses import dataclass

from akis.codec.apdu import CommandApdu
from akis.codec.tlv import Tlv, build, parse, tag_bytes
from akis.errors import CodecError, InvalidArgument

GET_DATA = 0xCA
GET_DATA_ODD = 0xCB
HEADER_LIST = 0x4D
_PIN_OBJECTS = 0xBF8100
_MAX_TRIES = 0x9A
_TRIES_LEFT = 0x9B
_LENGTH = 0x80
# In an extended header list, length 80 asks for the whole of a constructed object.
_WHOLE = b"\x80"


def get_data(p1p2: int) -> CommandApdu:
    """GET DATA of the data object or information that P1-P2 names."""
    if not isinstance(p1p2, int) or not 0 <= p1p2 <= 0xFFFF:
        raise InvalidArgument("GET DATA names its object on two bytes")
    return CommandApdu(0x00, GET_DATA, p1p2 >> 8, p1p2 & 0xFF, ne=0x100)


def get_pin_object(number: int) -> CommandApdu:
    """GET DATA of the PIN object BF81nn of the current DF: its counters, for free."""
    header_list = build([Tlv(HEADER_LIST, tag_bytes(pin_object_tag(number)) + _WHOLE)])
    return CommandApdu(0x00, GET_DATA_ODD, 0x3F, 0xFF, header_list, 0x100)


def pin_object_tag(number: int) -> int:
    """BF8101 for the first PIN of a DF, and so on."""
    if not isinstance(number, int) or not 1 <= number <= 0x7F:
        raise InvalidArgument("a PIN object has a number from 1 to 127")
    return _PIN_OBJECTS | number


@dataclass(frozen=True, slots=True)
class PinObject:
    """What a PIN object says: tries it has, tries left, stored length in bytes; None where it does not say."""

    max_tries: int | None
    tries_left: int | None
    length: int | None

    @classmethod
    def from_bytes(cls, raw: bytes, number: int) -> PinObject:
        """Read the answer to :func:`get_pin_object`; raises :class:`CodecError` where it is not that object."""
        objects = parse(raw)
        if len(objects) != 1 or objects[0].tag != pin_object_tag(number):
            raise CodecError(f"the answer is not PIN object {number}", 0)
        return cls(*(_count(objects[0], tag) for tag in (_MAX_TRIES, _TRIES_LEFT, _LENGTH)))


def _count(parent: Tlv, tag: int) -> int | None:
    found = [item for item in parent if item.tag == tag]
    if not found:
        return None
    # Two counters, or one of another length, is no number to risk a try on.
    if len(found) > 1 or len(found[0].value) != 1:
        raise CodecError(f"tag {tag:X} of a PIN object is not one byte, once")
    return found[0].value[0]
