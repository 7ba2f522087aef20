"""A reader with a keypad, at the ``control()`` seam: it takes a structure to pieces, types, and sends the command.

It knows PC/SC part 10 by itself, field by field and by offset, so that what it types is right only where each field is.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from smartcard.scard import SCARD_CTL_CODE

from akis.errors import ReaderRefused, TransportError
from akis.transport.base import Transport
from akis.transport.wrapper import TransportWrapper

GET_FEATURE_REQUEST = SCARD_CTL_CODE(3400)
VERIFY, MODIFY, PROPERTIES = 0x42330006, 0x42330007, 0x4233000A
_TAGS = {VERIFY: 0x06, MODIFY: 0x07, PROPERTIES: 0x0A}
_VERIFY = {
    "bTimerOut": "B",
    "bTimerOut2": "B",
    "bmFormatString": "B",
    "bmPINBlockString": "B",
    "bmPINLengthFormat": "B",
    "wPINMaxExtraDigit": "H",
    "bEntryValidationCondition": "B",
    "bNumberMessage": "B",
    "wLangId": "H",
    "bMsgIndex": "B",
    "bTeoPrologue": "3s",
    "ulDataLength": "I",
}
_MODIFY = {
    "bTimerOut": "B",
    "bTimerOut2": "B",
    "bmFormatString": "B",
    "bmPINBlockString": "B",
    "bmPINLengthFormat": "B",
    "bInsertionOffsetOld": "B",
    "bInsertionOffsetNew": "B",
    "wPINMaxExtraDigit": "H",
    "bConfirmPIN": "B",
    "bEntryValidationCondition": "B",
    "bNumberMessage": "B",
    "wLangId": "H",
    "bMsgIndex1": "B",
    "bMsgIndex2": "B",
    "bMsgIndex3": "B",
    "bTeoPrologue": "3s",
    "ulDataLength": "I",
}
TIMEOUT, CANCELLED, NOT_THE_SAME, WRONG_SIZE, NOT_TAKEN = (
    bytes.fromhex(text) for text in ("6400", "6401", "6402", "6403", "6B80")
)


@dataclass
class Told:
    """A structure that came: its fields by the names of the standard, and the command."""

    fields: dict[str, int | bytes]
    command: bytes

    def __getitem__(self, name: str) -> int:
        value = self.fields[name]
        assert isinstance(value, int)
        return value


@dataclass
class Typing:
    """What somebody types: PINs in turn. ``instead`` is what the reader answers in place of the card."""

    pins: Sequence[str] = ()
    instead: bytes | None = None
    happening: Callable[[], None] = field(default=lambda: None)


class KeypadReader(TransportWrapper):
    """A way to a card through a reader with a keypad; ``typing`` is what is typed at it next."""

    def __init__(
        self, inner: Transport, typing: Typing | None = None, display: bool | None = True, codes: Sequence[int] = ()
    ) -> None:
        super().__init__(inner)
        self.typing = typing or Typing()
        self.told: list[Told] = []
        self._codes = tuple(codes) or (VERIFY, MODIFY, *(() if display is None else (PROPERTIES,)))
        self._display = display

    def control(self, code: int, data: bytes) -> bytes:
        if code == GET_FEATURE_REQUEST:
            assert data == b""
            return b"".join(struct.pack(">BBI", _TAGS[known], 4, known) for known in self._codes)
        if code not in self._codes:
            raise ReaderRefused("the reader cannot do this")
        if code == PROPERTIES:
            return struct.pack("<HBB", 0x1002 if self._display else 0, 0x02, 0)
        told = _taken_apart(data, _VERIFY if code == VERIFY else _MODIFY)
        self.told.append(told)
        self.typing.happening()
        if self.typing.instead is not None:
            return self.typing.instead
        pins = list(self.typing.pins)
        least, most = divmod(told["wPINMaxExtraDigit"], 0x100)
        if any(not least <= len(pin) <= most or not pin.isdigit() for pin in pins):
            return WRONG_SIZE
        if code == VERIFY:
            return self.inner.transmit(_filled(told, told.command, pins[0], 0))
        assert told["bConfirmPIN"] == 0x03, "the old PIN, and the new one twice"
        old, new, again = pins
        if new != again:
            return NOT_THE_SAME
        command = _filled(told, told.command, old, told["bInsertionOffsetOld"])
        return self.inner.transmit(_filled(told, command, new, told["bInsertionOffsetNew"]))


def lost() -> None:
    """What happens where the answer does not come."""
    raise TransportError("the reader gave no answer; nobody can say")


def _taken_apart(data: bytes, kinds: Mapping[str, str]) -> Told:
    layout = struct.Struct("<" + "".join(kinds.values()))
    fields = dict(zip(kinds, layout.unpack_from(data), strict=True))
    command = data[layout.size :]
    assert fields["ulDataLength"] == len(command)
    return Told(fields, command)


def _filled(told: Told, command: bytes, pin: str, offset: int) -> bytes:
    """The command with a PIN at its place, ``offset`` bytes behind Lc, as the three format bytes say."""
    form, block, length_format = told["bmFormatString"], told["bmPINBlockString"], told["bmPINLengthFormat"]
    assert form & 0x80, "units are bytes"
    assert not form & 0x04, "left-justified"
    start = offset + (form >> 3 & 0x0F)
    size, length_bits = block & 0x0F, block >> 4
    data = bytearray(command[5:])
    assert command[4] == len(data)
    typed = _encoded(pin, form & 0x03, bytes(data[start : start + size]))
    if not size:
        assert not data, "nothing to put it into"
        return command[:4] + bytes((len(typed),)) + typed
    assert len(typed) == size, "it does not fit its block"
    data[start : start + size] = typed
    if length_bits:
        assert (length_bits, length_format) == (4, 4), "the low half of the byte before"
        data[offset] = data[offset] & 0xF0 | len(pin)
    return command[:5] + bytes(data)


def _encoded(pin: str, kind: int, template: bytes) -> bytes:
    """The digits over what is there already, where that is longer."""
    if kind == 1:  # BCD
        halves = [half for byte in template for half in (byte >> 4, byte & 0x0F)]
        halves[: len(pin)] = [int(digit) for digit in pin]
        return bytes(high << 4 | low for high, low in zip(halves[::2], halves[1::2], strict=True))
    digits = pin.encode() if kind == 2 else bytes(int(digit) for digit in pin)
    return digits + template[len(digits) :]
