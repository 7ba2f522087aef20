"""PIN blocks: how the characters of a PIN become the bytes a card compares.

A PIN is passed as its ASCII characters. No message here shows it, only its length.
"""

from __future__ import annotations

from typing import Literal, get_args

from construct import Array, BitStruct, Const, ConstructError, Nibble

from akis.errors import CodecError, InvalidArgument, PinFormatError, WrongType

Encoding = Literal["ascii", "digits", "bcd", "iso9564-2"]
Layout = Literal["concatenated", "length-prefixed"]
FILL = 0xF

# ISO 9564-1, format 2: control nibble 2, length nibble, digits, filled with F to eight bytes.
_FORMAT_2 = BitStruct("control" / Const(2, Nibble), "length" / Nibble, "nibbles" / Array(14, Nibble))
_FORMAT_2_LENGTHS = range(4, 13)


def encode(pin: bytes, encoding: Encoding, pad_to: int | None = None, pad_byte: int = 0xFF) -> bytes:
    """The block of ``pin``; with ``pad_to``, filled up with ``pad_byte`` to that many bytes.

    - ``ascii``: one byte a character, 31 for 1
    - ``digits``: one byte a digit, 01 for 1
    - ``bcd``: two digits a byte, an odd one filled with F
    - ``iso9564-2``: eight bytes with the length, 4 to 12 digits
    """
    if not isinstance(pin, bytes | bytearray | memoryview):
        raise WrongType(f"a PIN is passed as bytes, not as {type(pin).__name__}")
    pin = bytes(pin)
    if encoding == "ascii":
        if not pin or not _printable(pin):
            raise PinFormatError("a PIN is one or more printable ASCII characters")
        block = pin
    elif encoding == "digits":
        block = bytes(_digits(pin))
    elif encoding == "bcd":
        block = _pack(_digits(pin))
    elif encoding == "iso9564-2":
        block = _format_2(_digits(pin))
    else:
        raise _no_such(encoding)
    if pad_to is None:
        return block
    if not 0 <= pad_byte <= 0xFF:
        raise InvalidArgument("a pad byte is one byte")
    if len(block) > pad_to:
        raise PinFormatError(f"a PIN of {len(pin)} characters does not fit into a block of {pad_to} bytes")
    return block + bytes((pad_byte,)) * (pad_to - len(block))


def decode(block: bytes, encoding: Encoding, pad_byte: int | None = None) -> bytes:
    """The ASCII characters of the PIN in ``block``; ``pad_byte`` at its end is taken away first."""
    if encoding not in get_args(Encoding):
        raise _no_such(encoding)
    if pad_byte is not None:
        # Format 2 is filled up to its eight bytes by itself, maybe with the same byte.
        own = 8 if encoding == "iso9564-2" else 0
        block = block[:own] + block[own:].rstrip(bytes((pad_byte,)))
    if not block:
        raise CodecError("PIN block is empty", 0)
    if encoding == "ascii":
        if not _printable(block):
            raise CodecError("PIN block holds something that is not a printable ASCII character", 0)
        return block
    if encoding == "digits":
        return _characters(list(block))
    nibbles = [nibble for byte in block for nibble in (byte >> 4, byte & 0xF)]
    if encoding == "bcd":
        return _characters(nibbles[:-1] if nibbles[-1] == FILL else nibbles)
    try:
        length = _FORMAT_2.parse(block).length
    except ConstructError:
        raise CodecError("PIN block is not ISO 9564-1 format 2", 0) from None
    if len(block) != 8 or length not in _FORMAT_2_LENGTHS or any(nibble != FILL for nibble in nibbles[2 + length :]):
        raise CodecError("PIN block is not ISO 9564-1 format 2", 0)
    return _characters(nibbles[2 : 2 + length])


def join(old: bytes, new: bytes, layout: Layout) -> bytes:
    """The data field of CHANGE REFERENCE DATA: ``old ‖ new``, or ``len ‖ old ‖ len ‖ new`` as on AKİS 1.0."""
    if layout == "concatenated":
        return old + new
    if layout != "length-prefixed":
        raise _no_layout(layout)
    if max(len(old), len(new)) > 0xFF:
        raise InvalidArgument("a PIN block behind a length byte is at most 255 bytes")
    return bytes((len(old),)) + old + bytes((len(new),)) + new


def split(data: bytes, layout: Layout, old_length: int) -> tuple[bytes, bytes]:
    """The two blocks of a CHANGE REFERENCE DATA; ``old_length``, that of the stored one, tells where to cut."""
    if layout == "concatenated":
        return data[:old_length], data[old_length:]
    if layout != "length-prefixed":
        raise _no_layout(layout)
    first = data[0] if data else 0
    new_at = 1 + first
    if new_at >= len(data) or new_at + 1 + data[new_at] != len(data):
        raise CodecError("lengths in front of the PINs do not add up", min(new_at, len(data)))
    return data[1:new_at], data[new_at + 1 :]


def _no_such(encoding: object) -> InvalidArgument:
    return InvalidArgument(f"no such PIN encoding; there are {', '.join(get_args(Encoding))}")


def _no_layout(layout: object) -> InvalidArgument:
    return InvalidArgument(f"no such layout; there are {', '.join(get_args(Layout))}")


def _printable(characters: bytes) -> bool:
    return all(0x20 <= character < 0x7F for character in characters)


def _digits(pin: bytes) -> list[int]:
    if not pin or not all(0x30 <= character <= 0x39 for character in pin):
        raise PinFormatError("a PIN in this encoding is one or more decimal digits")
    return [character - 0x30 for character in pin]


def _characters(digits: list[int]) -> bytes:
    if not digits or any(digit > 9 for digit in digits):
        raise CodecError("PIN block holds something that is not a decimal digit", 0)
    return bytes(0x30 + digit for digit in digits)


def _pack(digits: list[int]) -> bytes:
    filled = digits + [FILL] * (len(digits) % 2)
    return bytes(high << 4 | low for high, low in zip(filled[::2], filled[1::2], strict=True))


def _format_2(digits: list[int]) -> bytes:
    if len(digits) not in _FORMAT_2_LENGTHS:
        raise PinFormatError(f"a PIN in ISO 9564-1 format 2 has 4 to 12 digits, not {len(digits)}")
    nibbles = digits + [FILL] * (14 - len(digits))
    return bytes(_FORMAT_2.build({"length": len(digits), "nibbles": nibbles}))
