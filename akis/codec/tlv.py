"""BER-TLV data objects (ISO/IEC 7816-4 §5.2.2): strict by default, lossless on request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from akis.codec.frozen import Frozen, freeze
from akis.codec.schema import BER_LENGTH, BytesConstruct
from akis.errors import CodecError, InvalidArgument, WrongType

MAX_DEPTH = 16
MAX_COUNT = 4096
_CONSTRUCTED = 0x20
_LONG_TAG = 0x1F


class _TlvFields:
    """A data object while it is being made."""

    __slots__ = ("_length", "children", "tag", "value")

    tag: int
    value: bytes
    children: tuple[Tlv, ...]
    _length: bytes


class Tlv(Frozen, _TlvFields):
    """One data object: ``Tlv(0x84, b"...")`` is primitive, ``Tlv(0x6F, [Tlv(...), ...])`` constructed.

    ``tag`` is the tag field as a number (0x5F2E). A primitive object has its bytes in ``value`` and no ``children``; a
    constructed one has ``children`` and its ``value`` is empty: :attr:`content` is the value field of either.
    """

    __slots__ = ()

    def __new__(cls, tag: int, content: bytes | Iterable[Tlv] = b"") -> Tlv:
        constructed = bool(tag_bytes(tag)[0] & _CONSTRUCTED)
        if isinstance(content, bytes | bytearray | memoryview):
            if constructed and content:
                raise WrongType(f"tag {tag:X} is constructed: its content is data objects, not bytes")
            return _tlv(tag, bytes(content), (), b"")
        if not constructed:
            raise WrongType(f"tag {tag:X} is primitive: its content is bytes")
        # A single Tlv is iterable too, over its children: taken for a list, it would silently lose its own tag.
        if isinstance(content, Tlv) or not isinstance(content, Iterable):
            raise WrongType(f"the content of tag {tag:X} is a list of data objects, not {type(content).__name__}")
        children = tuple(content)
        if not all(isinstance(child, Tlv) for child in children):
            raise WrongType(f"the content of tag {tag:X} is data objects only")
        return _tlv(tag, b"", children, b"")

    @property
    def constructed(self) -> bool:
        """Whether the value field is data objects (bit 6 of the first tag byte)."""
        return bool(_written_tag(self.tag)[0] & _CONSTRUCTED)

    @property
    def content(self) -> bytes:
        """The value field as bytes, of primitive and constructed objects alike."""
        return build(self.children) if self.children else self.value

    def to_bytes(self) -> bytes:
        """Tag, length and value, the length as it came or as short as possible."""
        content = build(self.children) if self.children else self.value
        return _written_tag(self.tag) + (self._length or BER_LENGTH.encode(len(content))) + content

    def first(self, *path: int) -> Tlv | None:
        """The first object down a path of tags, ``fcp.first(0xA5, 0x84)``; None where one is missing."""
        found: Tlv | None = self
        for tag in path:
            found = find(found.children, tag) if found is not None else None
        return found

    def __iter__(self) -> Iterator[Tlv]:
        return iter(self.children)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tlv):
            return NotImplemented
        return self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash((self.tag, len(self.content)))

    def __repr__(self) -> str:
        if self.constructed:
            return f"Tlv({self.tag:X}, {list(self.children)!r})"
        return f"Tlv({self.tag:X}, {len(self.value)} bytes)"

    def __reduce__(self) -> tuple[Any, ...]:
        return _tlv, (self.tag, self.value, self.children, self._length)


def parse(raw: bytes, minimal: bool = True) -> tuple[Tlv, ...]:
    """All data objects of ``raw``, which they fill exactly.

    Truncation, trailing bytes, indefinite lengths, impossible tags, more than 16 levels or 4096 objects raise
    :class:`CodecError` with the offset. So do lengths longer than needed, unless ``minimal`` is False: then they are
    kept and :meth:`Tlv.to_bytes` gives back the bytes that came.
    """
    if not isinstance(raw, bytes | bytearray | memoryview):
        raise WrongType(f"data objects are parsed from bytes, not from {type(raw).__name__}")
    return (_STRICT if minimal else _LENIENT).parse(bytes(raw))


def build(objects: Iterable[Tlv]) -> bytes:
    """The bytes of several data objects, one after the other."""
    return b"".join(item.to_bytes() for item in objects)


def find(objects: Iterable[Tlv], tag: int) -> Tlv | None:
    """The first object with this tag, or None."""
    return next((item for item in objects if item.tag == tag), None)


def tag_bytes(tag: int) -> bytes:
    """The tag field of a tag number as written (0x84, 0x5F2E, 0xBF8101); up to three bytes are in use."""
    if not isinstance(tag, int):
        raise WrongType(f"a tag is a number, not {type(tag).__name__}")
    if not 0 < tag <= 0xFFFFFF:
        raise InvalidArgument("a tag field is one to three bytes")
    raw = _written_tag(tag)
    try:
        whole = _tag_end(raw, 0, len(raw)) == len(raw)
    except CodecError:
        whole = False
    if not whole:
        raise InvalidArgument("this number is not a tag field")
    return raw


def _written_tag(tag: int) -> bytes:
    return bytes((tag,)) if tag < 0x100 else tag.to_bytes(2 if tag < 0x10000 else 3, "big")


def _tag_end(raw: bytes, start: int, end: int) -> int:
    """Position after the tag field that starts here (ISO/IEC 7816-4 §5.2.2.1)."""
    first = raw[start]
    if first == 0:
        raise CodecError("00 is not a tag", start)
    if first & _LONG_TAG != _LONG_TAG:
        return start + 1
    position = start + 1
    while position < end and raw[position] & 0x80:
        position += 1
    if position >= end:
        raise CodecError("tag field cut off", start)
    # Numbers up to 30 belong into a one-byte tag field, and no number starts with a zero digit.
    if raw[start + 1] < _LONG_TAG or raw[start + 1] == 0x80 or position - start > 2:
        raise CodecError("tag field is not one to three bytes in its shortest form", start)
    return position + 1


def _tlv(tag: int, value: bytes, children: tuple[Tlv, ...], length: bytes) -> Tlv:
    """A data object from fields known to be right."""
    fields = _TlvFields()
    fields.tag = tag
    fields.value = value
    fields.children = children
    fields._length = length
    return freeze(fields, Tlv)


class TlvTree(BytesConstruct[tuple[Tlv, ...]]):
    """Data objects to the end of the bytes, those inside constructed ones too."""

    def __init__(self, minimal: bool) -> None:
        super().__init__()
        self._minimal = minimal

    def decode(self, raw: bytes, start: int) -> tuple[tuple[Tlv, ...], int]:
        objects, _ = self._objects(raw, start, len(raw), MAX_DEPTH, MAX_COUNT)
        return objects, len(raw)

    def encode(self, value: tuple[Tlv, ...]) -> bytes:
        return build(value)

    def _objects(self, raw: bytes, start: int, end: int, levels: int, room: int) -> tuple[tuple[Tlv, ...], int]:
        """The objects from ``start`` to ``end``, and how many more may follow elsewhere."""
        found: list[Tlv] = []
        position = start
        while position < end:
            begin = position
            first = raw[position]
            # The common case, a one-byte tag and a one-byte length, is told apart here; the rest is in functions.
            position = position + 1 if first & _LONG_TAG != _LONG_TAG and first else _tag_end(raw, position, end)
            tag = first if position - begin == 1 else int.from_bytes(raw[begin:position], "big")
            kept = b""
            if position < end and raw[position] < 0x80:
                length = raw[position]
                position += 1
            else:
                length, position, kept = self._long_length(raw, position, end)
            after = position + length
            if after > end:
                raise CodecError(f"data object cut off, {max(end - position, 0)} bytes of its value are there", begin)
            room -= 1
            if room < 0:
                raise CodecError(f"more than {MAX_COUNT} data objects", begin)
            if first & _CONSTRUCTED:
                if not levels:
                    raise CodecError(f"data objects nested deeper than {MAX_DEPTH}", begin)
                children, room = self._objects(raw, position, after, levels - 1, room)
                found.append(_tlv(tag, b"", children, kept))
            else:
                found.append(_tlv(tag, raw[position:after], (), kept))
            position = after
        return tuple(found), room

    def _long_length(self, raw: bytes, start: int, end: int) -> tuple[int, int, bytes]:
        if start >= end:
            raise CodecError("length field missing", start)
        if self._minimal:
            return *BER_LENGTH.decode(raw, start), b""
        length, after = BER_LENGTH.decode_any(raw, start)
        kept = raw[start:after]
        return length, after, b"" if kept == BER_LENGTH.encode(length) else kept


_STRICT = TlvTree(minimal=True)
_LENIENT = TlvTree(minimal=False)
