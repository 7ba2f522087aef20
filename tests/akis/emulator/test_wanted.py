"""The words behind ``emulator:``."""

from __future__ import annotations

import pytest

from akis.codec.atr import Atr
from akis.emulator.seed import seeded
from akis.emulator.wanted import wanted
from akis.errors import AkisError, InvalidArgument, ProfileError
from akis.trace.entries import Header

SELECT = bytes.fromhex("00A4040007504B43532D313500")


@pytest.mark.parametrize(
    ("text", "name", "state", "extended", "instead"),
    [
        ("", "akis-2.2", "", False, {}),
        ("akis-2.5", "akis-2.5", "", False, {}),
        (",blocked", "akis-2.2", "blocked", False, {}),
        ("akis-2.5,extended,dead", "akis-2.5", "dead", True, {}),
        (",24=6985,extended,new,2c=6A80", "akis-2.2", "new", True, {0x24: 0x6985, 0x2C: 0x6A80}),
    ],
)
def test_words(text: str, name: str, state: str, extended: bool, instead: dict[int, int]) -> None:
    made = wanted(text)
    assert (made.personality.name, made.state, made.extended, made.instead) == (name, state, extended, instead)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("visa", "no personality 'visa'"),
        (",broken", "no card state 'broken'; there are new, blocked, last-try, dead, besides extended and INS=SW"),
        (",blocked,", "no card state ''"),
        (",new,blocked", "a card is in one state, not in new and blocked"),
        (",new,new", "a card is in one state, not in new and new"),
        (",extended,extended", "no card state 'extended'"),
        (",24=9000x", "no card state"),
        (",24=1000", "no card state"),
        (",2=6985", "no card state"),
    ],
)
def test_words_that_name_no_card(text: str, why: str) -> None:
    with pytest.raises((InvalidArgument, ProfileError), match=why) as caught:
        wanted(text)
    assert isinstance(caught.value, AkisError)


def test_the_card_refuses_what_it_was_told_to() -> None:
    card = wanted(",A4=6A82").card()
    assert card.process(SELECT) == b"\x6a\x82"
    assert card.process(bytes.fromhex("00CA010400"))[-2:] == b"\x90\x00"


def test_extended_length_shows_in_the_atr() -> None:
    assert Atr.from_bytes(wanted(",extended").card().atr).historical.capabilities.commands.extended_lengths
    assert not Atr.from_bytes(wanted("").card().atr).historical.capabilities.commands.extended_lengths


def test_what_a_trace_says_of_it_makes_the_same_card() -> None:
    made = wanted("akis-2.5,24=6985,blocked,extended")
    header = made.header("00", reader="here")
    assert header == Header(
        protocol="T=1",
        reader="here",
        profile="akis-2",
        personality="akis-2.5",
        state="blocked,24=6985",
        extended=True,
        seed="00",
    )
    again = wanted(f"{header.personality},{header.state},extended")
    assert again == made
    assert again.card(seeded("1")).process(bytes.fromhex("0084000008")) == made.card(seeded("1")).process(
        bytes.fromhex("0084000008")
    )
