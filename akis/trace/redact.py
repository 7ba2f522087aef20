"""Where bytes become text: which of them to hide, known from what the APDU means.

Everything that is printed, written or sent as JSON goes through here. Hidden bytes keep their number, and each mask
names its slot, so that who holds the values can put them back.
"""

from __future__ import annotations

from dataclasses import dataclass

from akis.codec.apdu import SM_BITS, CommandApdu, ResponseApdu
from akis.codec.sm_objects import COMMAND_OBJECTS, PLAIN, RESPONSE_OBJECTS, SmLayout
from akis.commands.pin import CHANGE, RESET, VERIFY
from akis.errors import CodecError
from akis.profile.model import CardProfile

HIDDEN = "**"
"""Stands for one hidden byte."""
UNKNOWN = "unknown"
"""The slot of bytes that are no command."""
# DISABLE and ENABLE VERIFICATION REQUIREMENT (ISO/IEC 7816-4:2005 §7.5.9 and §7.5.8) carry a PIN as well. Odd
# instruction codes are the same commands with BER-TLV data.
_DISABLE, _ENABLE = 0x26, 0x28
_ENVELOPE = 0xC2
_WITH_PIN = frozenset((VERIFY, CHANGE, RESET, _DISABLE, _ENABLE))


@dataclass(frozen=True, slots=True)
class Mask:
    """Bytes with a name: where they start, how many, and the slot that says what they are.

    ``hidden`` bytes do not show. The others may, and are named because they differ from one session to the next.
    """

    start: int
    length: int
    slot: str
    hidden: bool = True


def masks(command: CommandApdu, profile: CardProfile | None = None) -> tuple[Mask, ...]:
    """What to hide, counted from the start of the data field. The profile makes slots finer, never masks smaller."""
    if not command.data:
        return ()
    if command.ins & 0xFE == _ENVELOPE:
        return _masks_of_enveloped(command, profile)
    if command.ins & 0xFE not in _WITH_PIN:
        return ()
    if command.cla & SM_BITS:
        return _masks_of_objects(command)
    slots = _slots(command, profile)
    known = None if profile is None or profile.puk.minimum != profile.puk.maximum else profile.puk.maximum
    if slots[0] == "puk" and len(slots) == 2 and known is not None and len(command.data) > known:
        return Mask(0, known, slots[0]), Mask(known, len(command.data) - known, slots[1])
    return (Mask(0, len(command.data), "+".join(slots)),)


def hex_text(data: bytes, hidden: tuple[Mask, ...] = ()) -> str:
    """``data`` as spaced hex, the masked bytes as ``**``."""
    digits = [f"{byte:02X}" for byte in data]
    for mask in hidden:
        digits[mask.start : mask.start + mask.length] = [HIDDEN] * len(digits[mask.start : mask.start + mask.length])
    return " ".join(digits)


def command_masks(raw: bytes, profile: CardProfile | None = None) -> tuple[Mask, ...]:
    """What to hide, counted from the start of the APDU. Of bytes that are no command at all, the header shows."""
    try:
        command = CommandApdu.from_bytes(raw)
    except CodecError:
        return (Mask(4, len(raw) - 4, UNKNOWN),) if len(raw) > 4 else ()
    return masks_in_apdu(command, profile)


def masks_in_apdu(command: CommandApdu, profile: CardProfile | None = None) -> tuple[Mask, ...]:
    """What to hide of a command, counted from the start of the APDU."""
    found = masks(command, profile)
    if not found:
        return ()
    before = data_start(command)
    return tuple(Mask(before + mask.start, mask.length, mask.slot) for mask in found)


def data_start(command: CommandApdu) -> int:
    """Where in the APDU its data field starts."""
    return 4 + (0 if not command.data else 3 if command.extended else 1)


def command_text(raw: bytes, profile: CardProfile | None = None) -> str:
    """A command APDU as spaced hex. Of bytes that are no command at all, the header is shown and the rest hidden."""
    return hex_text(raw, command_masks(raw, profile))


def _slots(command: CommandApdu, profile: CardProfile | None) -> list[str]:
    is_puk = profile is not None and command.p2 == profile.puk.reference
    own = "puk" if is_puk else "pin"
    if command.ins & 0xFE == CHANGE:
        return [own, f"new-{own}"] if command.p1 == 0x00 else [f"new-{own}"]
    if command.ins & 0xFE == RESET:
        # By the issuer the new value is a transport PIN, good for one change.
        return {0x00: ["puk", "new-pin"], 0x01: ["puk"], 0x02: ["transport-pin"]}.get(command.p1, ["puk"])
    return [own]


def answer_masks(answer: ResponseApdu, command: CommandApdu) -> tuple[Mask, ...]:
    """What to hide of an answer: PIN commands have none, so what comes back may be what was sent."""
    if not answer.data or command.ins & 0xFE not in _WITH_PIN:
        return ()
    if command.cla & SM_BITS == SM_BITS and _is_enciphered(RESPONSE_OBJECTS, answer.data):
        return ()
    return (Mask(0, len(answer.data), "answer"),)


def answer_text(answer: ResponseApdu, command: CommandApdu) -> str:
    """An answer APDU to ``command`` as spaced hex."""
    return hex_text(answer.to_bytes(), answer_masks(answer, command))


def _masks_of_enveloped(command: CommandApdu, profile: CardProfile | None) -> tuple[Mask, ...]:
    """Those of the command inside ENVELOPE (ISO/IEC 7816-4:2005 §7.6.2); of a piece of one nobody knows what it is."""
    if command.cla & SM_BITS == SM_BITS and _is_enciphered(COMMAND_OBJECTS, command.data):
        return ()
    try:
        inner = CommandApdu.from_bytes(command.data)
    except CodecError:
        inner = None
    if inner is None or inner.ins & 0xFE == _ENVELOPE:  # one inside the other may go on without end
        return (Mask(0, len(command.data), UNKNOWN),)
    return masks_in_apdu(inner, profile)


def _masks_of_objects(command: CommandApdu) -> tuple[Mask, ...]:
    """Nothing of what is enciphered; all of what only looks like it."""
    if command.cla & SM_BITS == SM_BITS and _is_enciphered(COMMAND_OBJECTS, command.data):
        return ()
    return (Mask(0, len(command.data), "pin"),)


def _is_enciphered(layout: SmLayout, data: bytes) -> bool:
    """Whether these are secure-messaging objects whose data, if any, is whole cipher blocks."""
    try:
        objects = layout.parse(data)
    except CodecError:
        return False
    if not 4 <= len(objects.checksum) <= 8 or (objects.second is not None and len(objects.second) > 2):
        return False
    if objects.checksum.isdigit() or objects.value.isdigit():
        return False  # cipher text does not come out as digits
    return not objects.tag or (objects.tag != PLAIN and len(objects.value) % 8 == 0)
