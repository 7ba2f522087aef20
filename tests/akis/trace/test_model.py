"""An exchange says what went over the wire and what it meant."""

from dataclasses import FrozenInstanceError

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.trace.model import Exchange
from tests.bench import PIN, bench

COMMAND = CommandApdu(0x00, 0x20, 0x00, 0x81, b"1234")


def test_in_the_clear_wire_and_meaning_are_the_same():
    exchange = Exchange(COMMAND, ResponseApdu(), COMMAND, ResponseApdu())
    assert not exchange.protected
    assert exchange.error is None


def test_in_a_session_they_are_not():
    on_the_bench = bench().open()
    on_the_bench.pin.verify(PIN)
    exchange = on_the_bench.exchanges[-1]
    assert exchange.protected
    assert (exchange.command.header.hex(), exchange.plain_command.header.hex()) == ("0c200081", "00200081")
    assert exchange.plain_command.data == PIN.encode()
    assert exchange.answer.data
    assert exchange.plain_answer == ResponseApdu()


def test_a_lost_one_says_why():
    exchange = Exchange(COMMAND, None, COMMAND, None, "card removed")
    assert (exchange.answer, exchange.plain_answer, exchange.error) == (None, None, "card removed")


def test_it_does_not_change():
    with pytest.raises(FrozenInstanceError):
        Exchange(COMMAND, None, COMMAND, None).error = "another"
