"""The emulated card as a transport: the power that a reader gives and takes."""

from __future__ import annotations

import pytest

from akis.emulator import EmulatedCard, EmulatorTransport
from akis.errors import NoCard
from akis.transport.base import Transport
from tests.akis.emulator.cards import PIN, SELECT, card_in, open_session, raw

EMPTY_VERIFY = bytes.fromhex("00200081")


def test_is_a_transport():
    with EmulatorTransport(card_in("active 3")) as transport:
        assert isinstance(transport, Transport)
        assert transport.atr == transport.card.atr
        assert transport.transmit(EMPTY_VERIFY).hex() == "63c3"


def test_reset_takes_the_power_away():
    card = card_in("active 3")
    transport = EmulatorTransport(card)
    open_session(card)
    assert transport.reset() == card.atr
    assert transport.transmit(EMPTY_VERIFY).hex() == "6a88"
    assert transport.transmit(bytes.fromhex("0C200081")).hex() == "6985"


def test_so_do_closing_and_pulling():
    for end in ("close", "remove"):
        card = card_in("active 3")
        assert raw(card, f"00200081 06 {PIN}") == "9000"
        getattr(EmulatorTransport(card), end)()
        assert raw(card, "00200081") == "6A88"
        assert raw(card, SELECT).endswith("9000")
        assert raw(card, "00200081") == "63C3"


def test_without_a_card():
    transport = EmulatorTransport(card_in("active 3"))
    transport.remove()
    for call in (lambda: transport.atr, transport.reset, lambda: transport.transmit(EMPTY_VERIFY)):
        with pytest.raises(NoCard):
            call()
    transport.close()


def test_the_card_comes_back_or_another_one():
    card, other = card_in("active 2"), EmulatedCard.named("akis-2.5")
    transport = EmulatorTransport(card)
    transport.remove()
    transport.insert()
    assert transport.transmit(EMPTY_VERIFY).hex() == "6a88"
    assert transport.card is card
    transport.remove()
    transport.insert(other)
    assert transport.atr == other.atr != card.atr
