"""A personality with extended length, and an ATR that says so."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from operator import xor

from akis.codec.atr import Atr
from akis.codec.historical import CAPABILITIES
from akis.emulator.personality import Personality

_EXTENDED_LENGTH = 0x40
"""Bit 7 of the third byte of the card capabilities (ISO/IEC 7816-4:2005 table 88)."""


def with_extended_length(personality: Personality) -> Personality:
    """The same card, but it takes commands of more than 255 bytes whole; one of dialect 1.0 cannot."""
    return replace(personality, extended_length=True, atr=_says_extended(personality.atr))


def _says_extended(raw: bytes) -> bytes:
    atr = Atr.from_bytes(raw)
    said = atr.historical.value(CAPABILITIES)
    if said is None or len(said) < 3:
        return raw
    head = bytes((CAPABILITIES << 4 | len(said),))
    says = bytes((*said[:2], said[2] | _EXTENDED_LENGTH))
    fields = replace(atr, historical_bytes=atr.historical_bytes.replace(head + said, head + says)).to_bytes()
    return fields if atr.tck is None else fields[:-1] + bytes((reduce(xor, fields[1:-1]),))
