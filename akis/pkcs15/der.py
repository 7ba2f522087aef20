"""Files of DER objects: cut into objects, told from filler, and read by their ASN.1 without a surprise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from asn1crypto.core import Asn1Value, Sequence, Void

from akis.codec import tlv
from akis.codec.schema import BER_LENGTH
from akis.errors import CodecError, WrongType

T = TypeVar("T", bound=Asn1Value)
_FILLER = b"\x00\xff"


class Opaque(Sequence):
    """A constructed object of which only the bytes matter."""

    _fields: list[Any] = []


def objects(raw: bytes, what: str) -> tuple[bytes, ...]:
    """The objects of a file, one after the other; bytes 00 and FF behind the last one are what the file has left over.

    Every object is checked to its leaves: truncation, indefinite and needlessly long lengths, other trailing bytes are
    :class:`CodecError` with the offset in ``raw``. ``what`` names the file in errors.
    """
    if not isinstance(raw, bytes | bytearray | memoryview):
        raise WrongType(f"{what} is read from bytes, not from {type(raw).__name__}")
    raw = bytes(raw)
    found = []
    start = 0
    # What looks like filler may belong to the last object; what begins behind this is nothing but filler.
    content = len(raw.rstrip(_FILLER))
    while start < content:
        end = _end(raw, start, what)
        try:
            tlv.parse(raw[start:end])
        except CodecError as error:
            at = None if error.offset is None else start + error.offset
            raise CodecError(f"{what} holds an object with a damaged part", at) from None
        found.append(raw[start:end])
        start = end
    return tuple(found)


def only_object(raw: bytes, what: str) -> bytes:
    """The one object of a file that holds one; none and several are :class:`CodecError`."""
    found = objects(raw, what)
    if len(found) != 1:
        raise CodecError(f"{what} holds {len(found)} objects, not one")
    return found[0]


def decode(kind: type[T], raw: bytes, what: str) -> T:
    """The object that ``raw`` is, of this ASN.1 type; what in it cannot be read shows when it is asked for."""
    with reading(what):
        return cast(T, kind.load(raw, strict=True))


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Make :class:`CodecError` of whatever asn1crypto raises inside; its own texts may hold data, and stay inside."""
    try:
        yield
    except CodecError:
        raise
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError):
        raise CodecError(f"{what} does not have its layout") from None


def present(value: Any) -> bool:
    """Whether an optional field is there."""
    return not isinstance(value, Void)


def number(value: Any, lowest: int, highest: int, what: str) -> int | None:
    """An INTEGER in these bounds, None where it is not there; a number of any size is nothing to go on with."""
    found = value.native
    if found is not None and not lowest <= found <= highest:
        raise CodecError(f"{what} has a number that is out of bounds")
    return None if found is None else int(found)


def text(value: Any) -> str:
    """A label; bytes that are no UTF-8 are replaced, since nothing is decided by a label."""
    return bytes(value.contents or b"").decode("utf-8", "replace")


def names(value: Any) -> frozenset[str]:
    """The names of the bits that are set in a BIT STRING; a bit without a name goes by its number."""
    return frozenset(map(str, value.native or ()))


def _end(raw: bytes, start: int, what: str) -> int:
    """Where the object that begins at ``start`` ends."""
    if raw[start] & 0x1F == 0x1F:
        raise CodecError(f"{what} holds something that is not of its kind", start)
    try:
        length, value = BER_LENGTH.decode(raw, start + 1)
    except CodecError as error:
        raise CodecError(f"{what} holds an object with a damaged length", error.offset) from None
    if value + length > len(raw):
        raise CodecError(f"{what} is cut off, {len(raw) - value} bytes of its last object are there", start)
    return value + length
