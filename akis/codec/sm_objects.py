"""The data objects of secure messaging (ISO/IEC 7816-4:2005 §6.2): cryptogram, Le, status word, checksum."""

from __future__ import annotations

from collections.abc import Mapping

from akis.codec.schema import BER_LENGTH, BytesConstruct
from akis.errors import CodecError

PLAIN = 0x81
"""Plain value, authenticated but not enciphered."""
CRYPTOGRAM_TLV = 0x85
"""Cryptogram without padding indicator, for odd INS codes."""
CRYPTOGRAM = 0x87
"""Padding-content indicator and cryptogram, for even INS codes."""
CHECKSUM = 0x8E
LE = 0x97
STATUS = 0x99
ISO_PADDING = b"\x01"
"""The padding-content indicator for 80 00 … 00 (ISO/IEC 7816-4:2005 §6.2.2, table 30)."""

# The place of each object; the three forms of the data share one place, so only one of them can stand there.
_COMMAND_ORDER = {CRYPTOGRAM_TLV: 0, CRYPTOGRAM: 0, LE: 1, CHECKSUM: 2}
_RESPONSE_ORDER = {PLAIN: 0, CRYPTOGRAM_TLV: 0, CRYPTOGRAM: 0, STATUS: 1, CHECKSUM: 2}


class SmGrammarError(CodecError):
    """An object is missing, unknown, doubled or out of order; a card answers 6987 to this and 6988 to the rest."""


class SmObjects:
    """The objects of one data field.

    ``tag`` is that of the data (PLAIN, CRYPTOGRAM, CRYPTOGRAM_TLV) or 0 for none, ``value`` its bytes without the
    padding indicator; ``second`` is the value of DO'97' in a command and of DO'99' in an answer, None where there is
    none; ``checksum`` that of DO'8E', and ``covered`` everything before it, as it came: what the checksum is computed
    over.
    """

    __slots__ = ("checksum", "covered", "second", "tag", "value")

    def __init__(self, tag: int, value: bytes, second: bytes | None, checksum: bytes, covered: bytes) -> None:
        self.tag = tag
        self.value = value
        self.second = second
        self.checksum = checksum
        self.covered = covered


class SmLayout(BytesConstruct[SmObjects]):
    """``[data] [second] 8E``, each at most once and in this order, to the end of the field."""

    def __init__(self, order: Mapping[int, int], second: int, second_required: bool) -> None:
        super().__init__()
        self._order = order
        self._second = second
        self._second_required = second_required

    def decode(self, raw: bytes, start: int) -> tuple[SmObjects, int]:
        end = len(raw)
        tag, value, second = 0, b"", None
        place = -1
        position = start
        while position < end:
            begin = position
            found = raw[position]
            here = self._order.get(found, -1)
            if here <= place:
                problem = "out of order" if found in self._order else "unknown here"
                raise SmGrammarError(f"data object {found:02X} is {problem}", begin)
            place = here
            length, position = BER_LENGTH.decode(raw, position + 1)
            content = raw[position : position + length]
            position += length
            if position > end:
                raise CodecError(f"data object {found:02X} cut off", begin)
            if here == 0:
                tag, value = found, self._without_indicator(found, content, begin)
            elif here == 1:
                second = content
            elif position != end:
                raise SmGrammarError("data objects after the checksum", position)
            else:
                if second is None and self._second_required:
                    raise SmGrammarError(f"data object {self._second:02X} is missing", begin)
                return SmObjects(tag, value, second, content, raw[start:begin]), end
        raise SmGrammarError(f"data object {CHECKSUM:02X} is missing", end)

    def encode(self, value: SmObjects) -> bytes:
        return with_checksum(value.covered, value.checksum)

    def cover(self, tag: int, value: bytes, second: bytes | None) -> bytes:
        """The objects before the checksum, from their values; ``tag`` 0 leaves the data out, None the second object."""
        covered = b""
        if tag:
            indicator = ISO_PADDING if tag == CRYPTOGRAM else b""
            covered = bytes((tag,)) + BER_LENGTH.encode(len(indicator) + len(value)) + indicator + value
        if second is not None:
            covered += bytes((self._second, len(second))) + second
        return covered

    @staticmethod
    def _without_indicator(tag: int, content: bytes, offset: int) -> bytes:
        if tag != CRYPTOGRAM:
            return content
        if content[:1] != ISO_PADDING:
            raise CodecError("padding-content indicator is not 01", offset)
        return content[1:]


def with_checksum(covered: bytes, checksum: bytes) -> bytes:
    """A whole data field: what the checksum covers, and DO'8E'."""
    return covered + bytes((CHECKSUM, len(checksum))) + checksum


COMMAND_OBJECTS = SmLayout(_COMMAND_ORDER, LE, second_required=False)
RESPONSE_OBJECTS = SmLayout(_RESPONSE_ORDER, STATUS, second_required=True)
