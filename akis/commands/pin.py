"""VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER (ISO/IEC 7816-4:2005 §7.5): commands, and what their answers mean.

Blocks are PIN blocks (:mod:`akis.codec.pin_block`); references are P2: bit 8 set for a DF's own PIN.
"""

from __future__ import annotations

from akis.codec.apdu import CommandApdu
from akis.errors import CardError, PinBlocked, PinOutcomeUnknown, PinRefused
from akis.status import StatusWord

VERIFY = 0x20
CHANGE = 0x24
RESET = 0x2C
LOGOUT = 0x1A
PROPRIETARY = 0x80
"""The class of AKİS 1.0's own commands."""
LOCKED = 0x6983
"""A counter at zero, by the standard (§7.5.6)."""


def verify(reference: int, block: bytes) -> CommandApdu:
    """VERIFY with data: compares, and a wrong one spends a try."""
    return CommandApdu(0x00, VERIFY, 0x00, reference, block)


def verify_empty(reference: int) -> CommandApdu:
    """VERIFY without data: asks for the state. Free by the standard; some cards take it for a wrong PIN."""
    return CommandApdu(0x00, VERIFY, 0x00, reference)


def logout(reference: int) -> CommandApdu:
    """VERIFY with P1 = FF: not verified any more. It came with the 2013 edition; 2005 reserves this P1."""
    return CommandApdu(0x00, VERIFY, 0xFF, reference)


def logout_card() -> CommandApdu:
    """LOGOUT of AKİS 1.0: nothing is verified any more."""
    return CommandApdu(PROPRIETARY, LOGOUT, 0x00, 0x00)


def change(reference: int, old_and_new: bytes, p1: int = 0x00) -> CommandApdu:
    """CHANGE REFERENCE DATA from the old value to a new one; the old one is compared.

    ``p1`` is 00 by the standard. AKİS 1.0 has 02 and a reference without bit 8 for a local PIN, 01 for a global one.
    """
    return CommandApdu(0x00, CHANGE, p1, reference, old_and_new)


def change_to(reference: int, new: bytes) -> CommandApdu:
    """CHANGE REFERENCE DATA to a new value (P1 = 01), on the strength of the security status."""
    return CommandApdu(0x00, CHANGE, 0x01, reference, new)


def reset_retry_counter(reference: int, code: bytes = b"", new: bytes = b"") -> CommandApdu:
    """RESET RETRY COUNTER: P1 = 00 with resetting code and new value, 01 code only, 02 new only, 03 neither."""
    p1 = (0x00 if code else 0x02) | (0x00 if new else 0x01)
    return CommandApdu(0x00, RESET, p1, reference, code + new)


def is_locked(sw: StatusWord, locked: int = LOCKED) -> bool:
    """Whether the status word says that the counter is at zero; ``locked`` is this card's own for that."""
    return sw in (0x63C0, LOCKED, locked)


def raise_unless_accepted(sw: StatusWord, name: str, locked: int = LOCKED) -> None:
    """Return when the card accepted; raise what its answer to a command with the PIN or PUK ``name`` means.

    :class:`PinRefused` and :class:`PinBlocked` for a comparison that failed, :class:`CardError` for a refusal without
    one, :class:`PinOutcomeUnknown` where the status word leaves open what happened to value and counter.
    """
    if sw.ok:
        return
    # ISO/IEC 7816-4:2005 §5.1.3: 63CX counts, 6300 gives no number, 6983 is a counter at zero.
    if sw.tries_left:
        raise PinRefused(name, sw.tries_left)
    if sw == 0x6300:
        raise PinRefused(name, None)
    if is_locked(sw, locked):
        raise PinBlocked(name)
    if sw.nothing_done:
        raise CardError(f"the card refused the command with the {name}", sw)
    raise PinOutcomeUnknown(name, f"the card answered {sw}, {sw.meaning()}")
