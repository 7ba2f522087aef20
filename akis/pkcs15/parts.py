"""What is left of a damaged DER object: the parts in it that are whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from akis.codec import tlv
from akis.codec.schema import BER_LENGTH
from akis.codec.tlv import Tlv
from akis.errors import CodecError

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, OID = 0x01, 0x02, 0x03, 0x04, 0x06
SEQUENCE, SET, UTC_TIME, GENERALIZED_TIME = 0x30, 0x31, 0x17, 0x18


class Part(NamedTuple):
    """One object as far as it is there: its tag byte, all its bytes, its value field, how many bytes are missing."""

    tag: int
    raw: bytes
    value: bytes
    missing: int


def parts(raw: bytes) -> Iterator[Part]:
    """The objects of ``raw`` one after the other, each unread inside, up to where nothing can be told apart any more.

    Only the last one may lack bytes. Long tags do not occur in certificates and end it, as does a damaged length.
    """
    start = 0
    while start + 1 < len(raw) and raw[start] & 0x1F != 0x1F:
        try:
            length, begin = BER_LENGTH.decode_any(raw, start + 1)
        except CodecError:
            return
        end = begin + length
        yield Part(raw[start], raw[start:end], raw[begin:end], max(end - len(raw), 0))
        start = end


def inside(raw: bytes, what: str) -> tuple[Tlv, ...]:
    """The data objects of ``raw``, to their leaves; :class:`CodecError` where one of them is damaged."""
    try:
        return tlv.parse(raw, minimal=False)
    except CodecError as error:
        raise CodecError(f"{what} is damaged", error.offset) from None


def one(raw: bytes, tag: int, what: str) -> Tlv:
    """The one object that ``raw`` is, of this tag; :class:`CodecError` where it is something else."""
    found = inside(raw, what)
    if len(found) != 1 or found[0].tag != tag:
        raise CodecError(f"{what} is not of its kind", 0)
    return found[0]


def number(item: Tlv | None, what: str) -> int:
    """An INTEGER, of any size."""
    if item is None or item.tag != INTEGER or not item.value:
        raise CodecError(f"{what} is not a number")
    return int.from_bytes(item.value, "big", signed=True)


def oid(item: Tlv | None, what: str) -> str:
    """An OBJECT IDENTIFIER as people write it (ITU-T X.690 §8.19)."""
    value = b"" if item is None or item.tag != OID else item.value
    # A last byte with bit 8 set is a number that goes on, one of 80 in front of a number says nothing.
    if not value or value[-1] & 0x80:
        raise CodecError(f"{what} is not an object identifier")
    arcs, arc, fresh = [], 0, True
    for byte in value:
        if fresh and byte == 0x80:
            raise CodecError(f"{what} is not an object identifier")
        arc = arc << 7 | byte & 0x7F
        if arc >> 128:
            raise CodecError(f"{what} has a number of more than 128 bits")
        fresh = not byte & 0x80
        if fresh:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def string(item: Tlv) -> str:
    """The text of a character string, whatever its type.

    What has to be ASCII or T.61 is written in UTF-8 or Latin-5 by some Turkish issuers, so both are understood there.
    """
    match item.tag:
        case 0x0C:
            return item.value.decode("utf-8", "replace")
        case 0x1E:
            return item.value.decode("utf-16-be", "replace")
        case 0x1C:
            return item.value.decode("utf-32-be", "replace")
    try:
        return item.value.decode("utf-8")
    except UnicodeDecodeError:
        return item.value.decode("iso8859-9")
