"""Extended length as an option of a personality: the ATR says it, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from akis.codec.atr import Atr
from akis.emulator import load_personality
from akis.emulator.extended import with_extended_length


@pytest.mark.parametrize(
    ("name", "atr"),
    [
        ("akis-2.2", "3B9F978131FE4580655443D2210831C073F621C081055B"),
        ("akis-2.5", "3B9F978131FE4580655443D3228231C073F621C08105D3"),
    ],
)
def test_one_bit_of_the_capabilities_and_the_check_byte(name, atr):
    plain = load_personality(name)
    personality = with_extended_length(plain)
    expected = bytearray.fromhex(atr)
    expected[-1] ^= 0x40
    assert personality.atr == expected
    assert Atr.from_bytes(personality.atr).historical.capabilities.commands.extended_lengths
    assert replace(personality, atr=plain.atr, extended_length=False) == plain


def test_twice_is_once():
    personality = with_extended_length(load_personality("akis-2.2"))
    assert with_extended_length(personality) == personality


@pytest.mark.parametrize("atr", ["3B00", "3B028031", "3B8180018080", "3F00"])
def test_an_atr_without_capabilities_stays(atr):
    raw = bytes.fromhex(atr)
    personality = with_extended_length(replace(load_personality("akis-2.2"), atr=raw))
    assert (personality.atr, personality.extended_length) == (raw, True)
