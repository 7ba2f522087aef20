"""Turns exchanges as they happen into exchanges as they may be written down.

:mod:`akis.trace.redact` knows which bytes to hide. Here they get the names of their slots, one a value: who plays the
session again fills each slot with one value. Nothing of a secret is kept for that but a keyed digest.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from contextlib import suppress

from akis.codec.apdu import CHAINED, SM_BITS, CommandApdu, ResponseApdu
from akis.commands import files, objects, pin, security
from akis.errors import CodecError
from akis.profile.model import CardProfile
from akis.status import StatusWord
from akis.trace.entries import Exchanged, Failure, Wire
from akis.trace.redact import UNKNOWN, Mask, answer_masks, command_masks, data_start, masks_in_apdu
from akis.trace.slot_names import SlotNames

CHALLENGE, TOKEN, SERIAL, SIGNATURE, CERTIFICATE = "challenge", "token", "serial", "signature", "certificate"
"""Slots of bytes that differ from session to session and are no secret."""
SLOTS = ("pin", "new-pin", "puk", "new-puk", "transport-pin", "answer", UNKNOWN)
"""Slots of hidden bytes. One that was refused is wrong-pin or malformed-pin; a second value of a kind is pin-2."""
_PERFORM_SECURITY_OPERATION = 0x2A
_COMPUTE_SIGNATURE = (0x9E, 0x9A)
_GET_RESPONSE = 0xC0
_SHORTEST_SERIAL = 4


class Redactor:
    """Names and hides, exchange by exchange, in the order they happened.

    With ``keep_secrets`` the masks are there and hide nothing: for test cards only. Values of nothing but FF are hidden
    even then: captures have these in the place of hidden bytes, and no card of this family takes them for a PIN. Who
    plays the session again fills them like any hidden ones.
    """

    def __init__(self, profile: CardProfile | None = None, keep_secrets: bool = False) -> None:
        self._profile = profile
        self._keep = keep_secrets
        self._names = SlotNames()
        self._serial = b""
        self._in_certificate = False
        self._chain = b""
        """The header of the chain whose next link is to come."""
        self._asked: CommandApdu | None = CommandApdu(0, _GET_RESPONSE, 0, 0)
        """The command that GET RESPONSE fetches the answer to; None where it was no command."""
        self._answered = False
        """Whether some of that answer's data have come."""
        self._stored: dict[int, int] = {}
        """How long the values are that the card has, by reference, where that is known."""

    def exchange(
        self,
        command: bytes,
        answer: bytes | None,
        start: int | None = None,
        duration: int | None = None,
        failure: Failure | None = None,
    ) -> Exchanged:
        """One exchange, fit to be written."""
        return self._redacted(Wire(command), None if answer is None else Wire(answer), start, duration, failure)

    def typed(
        self,
        command: bytes,
        whole: bool,
        answer: bytes | None,
        start: int | None = None,
        duration: int | None = None,
        failure: Failure | None = None,
    ) -> Exchanged:
        """An exchange whose PIN was typed at the reader, which was told ``command``, with fill bytes in its place.

        ``whole``: the command that left is as long as this. Else two hidden bytes stand for Lc and all behind it.
        """
        sent = _parsed_command(command)
        if whole and sent is not None and sent.data:
            told = sent.replace(data=b"\xff" * len(sent.data)).to_bytes()
            return self.exchange(told, answer, start, duration, failure)
        if command[1:2] == bytes((pin.CHANGE,)):
            self._stored.pop(command[3], None)
        opaque = Wire(command[:4] + bytes(2), (Mask(4, 2, UNKNOWN),))
        return self._redacted(opaque, None if answer is None else Wire(answer), start, duration, failure)

    def again(self, seen: Exchanged) -> Exchanged:
        """An exchange that was written down already; what is hidden in it stays hidden, under the same slot."""
        for wire in (seen.command, seen.answer):
            if wire is not None:
                self._names.take(mask.slot for mask in wire.masks if mask.hidden)
        return self._redacted(seen.command, seen.answer, seen.start, seen.duration, seen.failure)

    def _redacted(
        self, command: Wire, answer: Wire | None, start: int | None, duration: int | None, failure: Failure | None
    ) -> Exchanged:
        sent = _parsed_command(command.raw)
        got = None if answer is None else _parsed_answer(answer.raw)
        part = self._is_part(sent)
        named: list[Mask] = []
        found = command_masks(command.raw) if sent is None else masks_in_apdu(sent, self._profile)
        for mask in _not_hidden_yet(found, command):
            named += self._named(command.raw, mask, None if got is None else got.sw, part)
        hidden = tuple(named)
        told = _joined(command, self._unless_kept(hidden, command), _varying(sent))
        if sent is not None:
            self._settle(sent, hidden, None if got is None else got.sw, part or command.hides)
            if sent.ins != _GET_RESPONSE:
                self._asked, self._answered = sent, False
                self._in_certificate = self._in_certificate and sent.ins != files.SELECT
        else:
            self._asked = None
        heard = None if answer is None else self._of_answer(answer, got)
        return Exchanged(told, heard, start, duration, failure)

    def _unless_kept(self, hidden: tuple[Mask, ...], wire: Wire) -> tuple[Mask, ...]:
        if not self._keep:
            return hidden
        return tuple(
            Mask(mask.start, mask.length, mask.slot, _stands_in(wire.raw[mask.start : mask.start + mask.length]))
            for mask in hidden
        )

    def _is_part(self, sent: CommandApdu | None) -> bool:
        """Whether a plain command is a link of a chain, with a piece of the data (ISO/IEC 7816-4:2005 §5.1.1.1)."""
        if sent is None:
            self._chain = b""
            return False
        header = bytes((sent.cla & ~CHAINED, sent.ins, sent.p1, sent.p2))
        goes_on = self._chain == header
        self._chain = header if sent.cla & CHAINED else b""
        return (goes_on or bool(self._chain)) and not sent.cla & SM_BITS

    def _named(self, raw: bytes, mask: Mask, sw: StatusWord | None, part: bool) -> tuple[Mask, ...]:
        """What to hide at ``mask``, each value under the name of its slot."""
        begin, end = mask.start, mask.start + mask.length
        first, _, second = mask.slot.partition("+")
        if first == UNKNOWN:
            return (mask,)
        if part:
            return (Mask(begin, mask.length, self._names.name_part(raw[begin:end], first)),)
        size = self._cut(raw, mask) if second else mask.length
        if second and raw[1] == pin.CHANGE and self._stored.get(raw[3], 0) >= mask.length:
            second, size = "", mask.length  # the card takes all of it for the old value
        first, second = _by_outcome(raw, first, second, sw)
        if _stands_in(raw[begin:end]):  # each may be another value
            self._names.take(filter(None, (first, second)))
            return _in_a_row(begin, size, mask.length, first, second)
        if not size:
            return (Mask(begin, mask.length, self._names.name_both(raw[begin:end], first, second)),)
        made = Mask(begin, size, self._names.name(raw[begin : begin + size], first))
        if not second:
            return (made,)
        return made, Mask(begin + size, mask.length - size, self._names.name(raw[begin + size : end], second))

    def _cut(self, raw: bytes, mask: Mask) -> int:
        """How many bytes of two values in a row are the first one's; 0 when nobody knows."""
        if raw[1] == pin.CHANGE and 0 < (stored := self._stored.get(raw[3], 0)) < mask.length:
            return stored
        return self._names.known_start(raw[mask.start : mask.start + mask.length])

    def _settle(self, sent: CommandApdu, hidden: tuple[Mask, ...], sw: StatusWord | None, opaque: bool) -> None:
        """Keep track of the length of the value that the card has now."""
        if sent.ins & 0xFE not in (pin.CHANGE, pin.RESET) or not sent.data:
            return
        if sent.ins & 0xFE == pin.RESET and sent.p1 == 0x01 and not sent.cla & SM_BITS:
            return
        # Refused for sure: the value is what it was (as in akis.commands.pin.raise_unless_accepted).
        if sw is not None and (sw.tries_left is not None or sw >> 8 == 0x64 or 0x67 <= sw >> 8 <= 0x6E):
            return
        plain = not opaque and not sent.cla & SM_BITS and not sent.ins & 1
        if sw is not None and sw.ok and plain and hidden and "+" not in hidden[-1].slot:
            self._stored[sent.p2] = hidden[-1].length
        else:
            self._stored.pop(sent.p2, None)

    def _of_answer(self, answer: Wire, got: ResponseApdu | None) -> Wire:
        asked = self._asked
        if asked is None or got is None:
            unknown = (Mask(0, len(answer.raw) - 2, UNKNOWN),) if len(answer.raw) > 2 else ()
            return _joined(answer, self._unless_kept(_not_hidden_yet(unknown, answer), answer), ())
        hidden = self._unless_kept(_not_hidden_yet(answer_masks(got, asked), answer), answer)
        varying: tuple[Mask, ...] = ()
        if got.data and not hidden and not answer.hides and not asked.cla & SM_BITS:
            varying = self._varying_in(asked, got.data)
        self._answered = self._answered or bool(got.data)
        return _joined(answer, hidden, varying)

    def _varying_in(self, asked: CommandApdu, data: bytes) -> tuple[Mask, ...]:
        slot = ""
        if asked.ins == security.GET_CHALLENGE:
            slot = CHALLENGE
        elif asked.ins == security.MUTUAL_AUTHENTICATE:
            slot = TOKEN
        elif asked.ins == _PERFORM_SECURITY_OPERATION and (asked.p1, asked.p2) == _COMPUTE_SIGNATURE:
            slot = SIGNATURE
        elif self._certificate(asked, data):
            slot = CERTIFICATE
        if slot:
            return (Mask(0, len(data), slot, hidden=False),)
        self._learn_length(asked, data)
        return self._serial_in(asked, data)

    def _learn_length(self, asked: CommandApdu, data: bytes) -> None:
        if self._profile is None or asked.ins != objects.GET_DATA_ODD:
            return
        for rules in (self._profile.pin, self._profile.puk):
            with suppress(CodecError):
                self._stored[rules.reference] = objects.PinObject.from_bytes(data, rules.object).length or 0

    def _certificate(self, asked: CommandApdu, data: bytes) -> bool:
        """Whether this is a piece of a certificate: what is read on after its first bytes, until another SELECT."""
        if asked.ins != files.READ_BINARY:
            return False
        if (asked.p1, asked.p2) == (0, 0) and not self._answered:
            # X.509: SEQUENCE { SEQUENCE { [0] { INTEGER 2 … (RFC 5280 §4.1)
            self._in_certificate = data[:2] == b"\x30\x82" and data[4:6] == b"\x30\x82" and data[8:10] == b"\xa0\x03"
        return self._in_certificate

    def _serial_in(self, asked: CommandApdu, data: bytes) -> tuple[Mask, ...]:
        """The serial number: where the profile says it is, and wherever it comes up again."""
        place = None if self._profile is None else self._profile.serial
        if place is not None and asked.ins == objects.GET_DATA and asked.p1 << 8 | asked.p2 == place.p1p2:
            self._serial = data[place.offset : place.offset + place.length]
            size = len(self._serial)
            return (Mask(place.offset, size, SERIAL, hidden=False),) if size else ()
        at = data.find(self._serial) if len(self._serial) >= _SHORTEST_SERIAL else -1
        return (Mask(at, len(self._serial), SERIAL, hidden=False),) if at >= 0 else ()


def _stands_in(value: bytes) -> bool:
    """Whether this is what captures have in the place of hidden bytes."""
    return len(value) > 0 and value == b"\xff" * len(value)  # a recorder may hand over any kind of bytes


def _in_a_row(begin: int, size: int, both: int, first: str, second: str) -> tuple[Mask, ...]:
    """One value, or two of which the first has ``size`` bytes, 0 where nobody knows."""
    if not second or not size:
        return (Mask(begin, both, f"{first}+{second}" if second else first),)
    return Mask(begin, size, first), Mask(begin + size, both - size, second)


def _by_outcome(raw: bytes, first: str, second: str, sw: StatusWord | None) -> tuple[str, str]:
    """The names of compared value and new value: one that was refused is not the one that is in force."""
    if sw is not None and first in ("pin", "puk") and (sw.tries_left is not None or sw == 0x6300):
        return f"wrong-{first}", second
    # The new value is the one whose format the card looks at; where there is none, the compared one.
    resets_to_new = raw[1] & 0xFE == pin.RESET and raw[2] == 0x00
    if sw == 0x6A80 and not (resets_to_new and first == "puk" and not second):
        kind = (second or first).removeprefix("new-").removeprefix("transport-")
        return (first, f"malformed-{kind}") if second else (f"malformed-{kind}", second)
    return first, second


def _varying(sent: CommandApdu | None) -> tuple[Mask, ...]:
    if sent is None or sent.ins != security.MUTUAL_AUTHENTICATE or sent.cla & SM_BITS or not sent.data:
        return ()
    return (Mask(data_start(sent), len(sent.data), TOKEN, hidden=False),)


def _not_hidden_yet(masks: tuple[Mask, ...], wire: Wire) -> tuple[Mask, ...]:
    """What of ``masks`` is not hidden in ``wire`` already."""
    if not wire.masks:
        return masks
    left: list[Mask] = []
    for mask in masks:
        start, end = mask.start, mask.start + mask.length
        for old in wire.masks:
            if old.hidden and old.start < end and start < old.start + old.length:
                if start < old.start:
                    left.append(Mask(start, old.start - start, mask.slot))
                start = old.start + old.length
        if start < end:
            left.append(Mask(start, end - start, mask.slot))
    return tuple(left)


def _joined(wire: Wire, hidden: tuple[Mask, ...], varying: tuple[Mask, ...]) -> Wire:
    """``wire`` with more masks: a hidden one goes before those that hide nothing, and an older one before a new one."""
    masks = [*hidden, *varying]
    if wire.masks:
        masks = [*hidden, *(mask for mask in wire.masks if mask.hidden or not _touched(mask, hidden))]
        masks.sort(key=lambda mask: mask.start)
        masks += [mask for mask in varying if not _touched(mask, masks)]
        masks.sort(key=lambda mask: mask.start)
    raw = wire.raw if type(wire.raw) is bytes else bytes(wire.raw)
    if hidden:
        cleared = bytearray(raw)
        for mask in hidden:
            if mask.hidden:
                cleared[mask.start : mask.start + mask.length] = bytes(mask.length)
        raw = bytes(cleared)
    return Wire(raw, tuple(masks))


def _touched(mask: Mask, others: Sequence[Mask]) -> bool:
    """Whether one of ``others``, which are in order, shares a byte with it."""
    before = bisect_left(others, mask.start + mask.length, key=lambda other: other.start)
    return before > 0 and mask.start < others[before - 1].start + others[before - 1].length


def _parsed_command(raw: bytes) -> CommandApdu | None:
    try:
        return CommandApdu.from_bytes(raw)
    except CodecError:
        return None


def _parsed_answer(raw: bytes) -> ResponseApdu | None:
    try:
        return ResponseApdu.from_bytes(raw)
    except CodecError:
        return None
