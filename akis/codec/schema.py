"""Construct primitives that are strict about card data and as fast as slicing by hand.

Construct streams: its own parts read a file-like object field by field, and a repetition such as ``GreedyRange`` takes
a cut-off item for the end of the list. The primitives here work on bytes and positions. Each is written once, as
``decode`` and ``encode``; the base class makes an ordinary Construct of it, to be used inside a ``Struct`` like any
other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any, Generic, TypeVar

from construct import Construct, ConstructError, StreamError

from akis.errors import CodecError

T = TypeVar("T")


class BytesConstruct(Construct, Generic[T]):
    """A Construct that is defined on bytes: subclasses give ``decode`` and ``encode``, streams come for free."""

    def decode(self, raw: bytes, start: int) -> tuple[T, int]:
        """Read one value of ``raw`` from position ``start``; returns it and the position after it."""
        raise NotImplementedError

    def encode(self, value: T) -> bytes:
        """The bytes of one value."""
        raise NotImplementedError

    def parse(self, data: bytes, **contextkw: object) -> T:
        """The value that is the whole of ``data``; bytes left over are a :class:`CodecError`."""
        value, end = self.decode(data, 0)
        if end != len(data):
            raise CodecError(f"{len(data) - end} bytes too many", end)
        return value

    def build(self, obj: T, **contextkw: object) -> bytes:
        """The bytes of ``obj``."""
        return self.encode(obj)

    def _parse(self, stream: Any, context: Any, path: str) -> T:
        start = stream.tell()
        # Zeros stand for what was read before, so that the offset in an error counts from the first byte of all.
        value, end = self.decode(bytes(start) + stream.read(), start)
        stream.seek(end)
        return value

    def _build(self, obj: T, stream: Any, context: Any, path: str) -> T:
        stream.write(self.encode(obj))
        return obj


class BerLength(BytesConstruct[int]):
    """The length field of BER-TLV, definite form, up to three subsequent bytes (ISO/IEC 7816-4 §5.2.2.2)."""

    def decode(self, raw: bytes, start: int) -> tuple[int, int]:
        length, end = self.decode_any(raw, start)
        # ISO/IEC 8825-1 §10.1 (DER): the length is in as few bytes as hold it.
        if end - start != len(self.encode(length)):
            raise CodecError("length field is longer than it needs to be", start)
        return length, end

    def decode_any(self, raw: bytes, start: int) -> tuple[int, int]:
        """As ``decode``, but takes a length field that is longer than it needs to be."""
        if start >= len(raw):
            raise CodecError("length field missing", start)
        first = raw[start]
        if first < 0x80:
            return first, start + 1
        if first == 0x80:
            raise CodecError("indefinite length", start)
        count = first & 0x7F
        if count > 3:
            raise CodecError(f"length field of {count + 1} bytes, at most 4 are used", start)
        end = start + 1 + count
        if end > len(raw):
            raise CodecError("length field cut off", start)
        return int.from_bytes(raw[start + 1 : end], "big"), end

    def encode(self, value: int) -> bytes:
        if 0 <= value < 0x80:
            return bytes((value,))
        if value < 0:
            raise CodecError("a length is not negative")
        if value < 0x100:
            return bytes((0x81, value))
        if value < 0x10000:
            return bytes((0x82, value >> 8, value & 0xFF))
        if value < 0x1000000:
            return b"\x83" + value.to_bytes(3, "big")
        raise CodecError(f"a value of {value} bytes is longer than a length field can say")


BER_LENGTH = BerLength()


def parse_layout(layout: Construct, raw: bytes, what: str, make: Callable[[Any], T]) -> T:
    """Parse the whole of ``raw`` with an ordinary Construct layout; ``make`` turns the container into a value.

    No container leaves this package, and every ``ConstructError`` becomes a :class:`CodecError` that names ``what`` and
    the offset. So do bytes the layout leaves over: where a repetition stopped because an item was cut off, say.
    """
    stream = BytesIO(raw)
    try:
        value = make(layout.parse_stream(stream))
    except StreamError:
        raise CodecError(f"{what} is cut off", stream.tell()) from None
    except ConstructError as error:
        # Only the kind of error: Construct's own text may hold data.
        raise CodecError(f"{what} does not have its layout ({type(error).__name__})", stream.tell()) from None
    if stream.tell() != len(raw):
        raise CodecError(f"{len(raw) - stream.tell()} bytes too many after {what}", stream.tell())
    return value


def build_layout(layout: Construct, fields: Mapping[str, object], what: str) -> bytes:
    """The bytes of ``fields`` in an ordinary Construct layout; fields that do not fit are a :class:`CodecError`."""
    try:
        return bytes(layout.build(fields))
    except ConstructError as error:
        raise CodecError(f"{what} cannot be built ({type(error).__name__})") from None
