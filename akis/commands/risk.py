"""Which commands can spend a try of the PIN, of the PUK or of a key, judged by their bytes before anything is sent.

By what they mean, not by what this library would send: plain or protected, in any class, whole or in links of a chain,
damaged after their header or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from akis.codec.apdu import CHAINED, SM_BITS, CommandApdu
from akis.commands import pin, security
from akis.errors import CodecError
from akis.profile.model import CardProfile

DISABLE, ENABLE = 0x26, 0x28
"""DISABLE and ENABLE VERIFICATION REQUIREMENT (ISO/IEC 7816-4:2005 §7.5.9 and §7.5.8) compare a PIN as well."""
_COMPARING = frozenset((pin.VERIFY, pin.CHANGE, DISABLE, ENABLE))
_PUK_REFERENCE = 0x82
_COMPARES_NO_PUK = (0x02, 0x03)
_HEADER = 4
# EXTERNAL and MUTUAL AUTHENTICATE have the same INS; with 86 a key, or a password by PACE, is proved in several steps.
_AUTHENTICATING = frozenset((security.MUTUAL_AUTHENTICATE, 0x86))
_ENVELOPE = 0xC2

Name = Literal["PIN", "PUK", "key"]


class Risk(NamedTuple):
    """Of what a try is at stake; ``sure`` is False where that depends on the card."""

    name: Name
    sure: bool = True


def risks(commands: Iterable[bytes], profile: CardProfile | None = None) -> Iterator[Risk | None]:
    """The risk of each command of a session, None for those without one.

    A link of a chain has that of the whole, the last one too where it is without data. Without a ``profile`` the card
    may be of any kind, and what any of them would compare counts.
    """
    chain, before = b"", None
    for raw in commands:
        header = bytes((raw[0] & ~CHAINED, *raw[1:_HEADER])) if raw else b""
        goes_on = bool(chain) and header == chain
        found = risk(raw, profile)
        found = before if goes_on and before is not None and not (found and found.sure) else found
        yield found
        chain, before = (header, found) if raw and raw[0] & CHAINED else (b"", None)


def risk(raw: bytes, profile: CardProfile | None = None) -> Risk | None:
    """The risk of one command by itself; None where it has none."""
    if len(raw) < _HEADER:
        return None
    ins, p1, p2 = raw[1] & 0xFE, raw[2], raw[3]
    if spends(raw):
        return Risk("PUK" if spends(raw) == "PUK" or p2 in _puk_references(profile) else "PIN")
    if ins in _AUTHENTICATING:
        return Risk("key")
    if ins == _ENVELOPE:
        return _enveloped(raw, profile)
    name: Name = "PUK" if p2 in _puk_references(profile) else "PIN"
    if ins == pin.CHANGE and p1 == 0x01 and _has_data(raw):
        # By the standard a new value alone; on AKİS 1.0 old and new value of a global PIN.
        return Risk(name, False) if profile is None or profile.pin.change_p1 != 0x00 else None
    if ins == pin.RESET:
        return Risk("PUK", False) if profile is not None and profile.puk.reset == "none" else None
    if ins in _COMPARING and not (ins == pin.VERIFY and p1 == 0xFF) and not _has_data(raw):
        # Without data the standard only asks for the state, yet some cards take it for a wrong PIN.
        free = profile is not None and (profile.puk if name == "PUK" else profile.pin).empty_verify == "free"
        return None if free and ins == pin.VERIFY else Risk(name, False)
    return None


def spends(raw: bytes) -> str:
    """Whether this command compares the ``PIN`` or the ``PUK``, as the standard has it; nothing where it does not.

    Of a command that is damaged after its header, nobody knows what a reader or a card makes of it.
    """
    if len(raw) < _HEADER:
        return ""
    cla, ins, p1, p2 = raw[0], raw[1] & 0xFE, raw[2], raw[3]
    if ins == pin.RESET:
        return "" if p1 in _COMPARES_NO_PUK else "PUK"
    if ins not in _COMPARING or not (cla & SM_BITS or _has_data(raw)):
        return ""
    if (ins == pin.VERIFY and p1 == 0xFF and not _has_data(raw)) or (ins == pin.CHANGE and p1 == 0x01):
        return ""
    return "PUK" if p2 == _PUK_REFERENCE else "PIN"


def _puk_references(profile: CardProfile | None) -> frozenset[int]:
    if profile is None:
        return frozenset((_PUK_REFERENCE,))
    return frozenset((_PUK_REFERENCE, profile.puk.reference, profile.puk.change_place[1]))


def _enveloped(raw: bytes, profile: CardProfile | None) -> Risk | None:
    """Of the command inside ENVELOPE (ISO/IEC 7816-4:2005 §7.6.2); a piece of one may be a piece of any."""
    try:
        inner = CommandApdu.from_bytes(raw).data
        if not inner:
            return None
        nested = CommandApdu.from_bytes(inner).ins & 0xFE == _ENVELOPE
    except CodecError:
        nested = True
    return Risk("PIN", False) if nested else risk(inner, profile)


def _has_data(raw: bytes) -> bool:
    try:
        return bool(CommandApdu.from_bytes(raw).data)
    except CodecError:
        return True
