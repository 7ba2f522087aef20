"""What a reader with a keypad is told so that it asks for a PIN itself, puts it into a command, and sends that.

The structures of PC/SC part 10 v2.02.09, §2.5.2 and §2.5.3, as drivers take them: packed, numbers of several bytes
with the low one first. The command in them has fill bytes where the PIN will be; nobody but the reader sees the whole.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from construct import Bytes, Construct, GreedyBytes, Int8ul, Int16ul, Int32ul, Prefixed, Struct

from akis.codec.schema import build_layout, parse_layout
from akis.errors import CodecError, InvalidArgument

BINARY, BCD, ASCII = 0, 1, 2
"""The kinds of PIN in ``format``: a byte a digit (01 for 1), two digits a byte, a character a byte (31 for 1)."""
VALIDATION_KEY = 0x02
"""Condition of the end of typing: the key that says so, and neither the last digit nor a timeout."""
CONFIRM_NEW, ASK_OLD = 0x01, 0x02
"""Bits of ``confirm``."""
ENGLISH = 0x0409
SECONDS = 30
_LONGEST_BLOCK = 15
_SHORTEST_COMMAND = 4

_START = (
    "timeout" / Int8ul,  # bTimerOut
    "timeout_after_key" / Int8ul,  # bTimerOut2
    "format" / Int8ul,  # bmFormatString
    "block" / Int8ul,  # bmPINBlockString
    "length_format" / Int8ul,  # bmPINLengthFormat
)
# wPINMaxExtraDigit is a word of minimum and maximum, XXYY, so the maximum comes first.
_SIZES = ("maximum" / Int8ul, "minimum" / Int8ul)
_END = ("prologue" / Bytes(3), "command" / Prefixed(Int32ul, GreedyBytes))  # bTeoPrologue, ulDataLength, abData
_VERIFY = Struct(
    *_START,
    *_SIZES,
    "condition" / Int8ul,  # bEntryValidationCondition
    "messages" / Int8ul,  # bNumberMessage
    "language" / Int16ul,  # wLangId
    "message" / Int8ul,  # bMsgIndex
    *_END,
)
_MODIFY = Struct(
    *_START,
    "old_at" / Int8ul,  # bInsertionOffsetOld
    "new_at" / Int8ul,  # bInsertionOffsetNew
    *_SIZES,
    "confirm" / Int8ul,  # bConfirmPIN
    "condition" / Int8ul,
    "messages" / Int8ul,
    "language" / Int16ul,
    "message_old" / Int8ul,  # bMsgIndex1
    "message_new" / Int8ul,  # bMsgIndex2
    "message_again" / Int8ul,  # bMsgIndex3
    *_END,
)


def format_string(kind: int, position: int = 0) -> int:
    """bmFormatString of a PIN of this kind, left-justified, ``position`` bytes behind Lc; ASCII at its start is 82."""
    if kind not in (BINARY, BCD, ASCII) or not 0 <= position <= 0x0F:
        raise InvalidArgument("a keypad types binary, BCD or ASCII, at most 15 bytes behind Lc")
    return 0x80 | position << 3 | kind


def block_string(size: int, length_bits: int = 0) -> int:
    """bmPINBlockString of a PIN in ``size`` bytes, 0 for as many as are typed, its length in so many bits before it."""
    if not 0 <= size <= _LONGEST_BLOCK or not 0 <= length_bits <= 0x0F:
        raise InvalidArgument(f"a keypad fills blocks of at most {_LONGEST_BLOCK} bytes")
    return length_bits << 4 | size


@dataclass(frozen=True, slots=True, kw_only=True)
class PinEntry:
    """What both structures say.

    ``format`` and ``block`` are :func:`format_string` and :func:`block_string`; ``length_format`` says at which bit the
    length goes where there is one; ``minimum`` and ``maximum`` count digits. ``command`` is the APDU to fill. Timeouts
    are seconds, 0 for the reader's own. ``messages`` is how many of its messages the reader shows, ``language`` in
    which language (a Windows LANGID).
    """

    format: int
    block: int
    length_format: int = 0
    minimum: int
    maximum: int
    command: bytes = field(repr=False)
    timeout: int = SECONDS
    timeout_after_key: int = SECONDS
    condition: int = VALIDATION_KEY
    messages: int
    language: int = ENGLISH
    prologue: bytes = bytes(3)

    @property
    def whole(self) -> bool:
        """Whether the command has its final length, so that all that is not known of it are the bytes of the PIN."""
        return self.block & 0x0F != 0

    def _bytes(self, layout: Construct, what: str) -> bytes:
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return build_layout(layout, fields, what)


@dataclass(frozen=True, slots=True, kw_only=True)
class PinVerification(PinEntry):
    """PIN_VERIFY_STRUCTURE; ``message`` is the number of the message that is shown."""

    message: int = 0

    def to_bytes(self) -> bytes:
        """As it goes to the reader; a value that does not fit its field is a :class:`CodecError`."""
        return self._bytes(_VERIFY, "PIN_VERIFY_STRUCTURE")

    @classmethod
    def from_bytes(cls, raw: bytes) -> PinVerification:
        """Read the whole of ``raw``."""
        return parse_layout(_VERIFY, raw, "PIN_VERIFY_STRUCTURE", lambda found: cls(**_fields(found)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PinModification(PinEntry):
    """PIN_MODIFY_STRUCTURE; ``old_at`` and ``new_at`` are where, in bytes behind Lc, the two blocks begin.

    ``confirm`` has the bits :data:`CONFIRM_NEW` and :data:`ASK_OLD`; the messages are those asking for the old PIN, the
    new one, and the new one again.
    """

    old_at: int
    new_at: int
    confirm: int = CONFIRM_NEW | ASK_OLD
    message_old: int = 0
    message_new: int = 1
    message_again: int = 2

    def to_bytes(self) -> bytes:
        """As it goes to the reader; a value that does not fit its field is a :class:`CodecError`."""
        return self._bytes(_MODIFY, "PIN_MODIFY_STRUCTURE")

    @classmethod
    def from_bytes(cls, raw: bytes) -> PinModification:
        """Read the whole of ``raw``."""
        return parse_layout(_MODIFY, raw, "PIN_MODIFY_STRUCTURE", lambda found: cls(**_fields(found)))


def pin_entry(raw: bytes) -> PinEntry | None:
    """The structure that ``raw`` is, told by its length fitting that of the command in it; None for anything else."""
    for kind in (PinVerification, PinModification):
        with suppress(CodecError):
            found = kind.from_bytes(raw)
            return found if len(found.command) >= _SHORTEST_COMMAND else None
    return None


def _fields(found: Any) -> dict[str, Any]:
    return {name: value for name, value in found.items() if not name.startswith("_")}
