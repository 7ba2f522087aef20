"""Somebody else's errors on the way to a card."""

from __future__ import annotations

import pytest

from akis.card import Card
from akis.emulator import EmulatedCard, EmulatorTransport
from akis.errors import CardRemoved, TransportError
from akis.pin import Pin
from akis.profile.load import load
from akis.transport.foreign import ours_only
from tests.leaks import leaks, texts

PIN = "123456"


class Careless(EmulatorTransport):
    """A transport whose every service can fail, and says too much."""

    failing: str | None = None

    def __init__(self) -> None:
        super().__init__(EmulatedCard.named())

    def _fail(self, name: str) -> None:
        if self.failing == name:
            raise OSError(f"could not, with {PIN}")

    @property
    def atr(self) -> bytes:
        self._fail("atr")
        return super().atr

    def reset(self) -> bytes:
        self._fail("reset")
        return super().reset()

    def close(self) -> None:
        self._fail("close")
        super().close()

    def transaction(self):
        careless = self

        class Transaction:
            def __enter__(self):
                careless._fail("begin")

            def __exit__(self, *_):
                careless._fail("end")

        return Transaction()


@pytest.mark.parametrize("name", ["atr", "reset", "close"])
def test_only_its_kind_goes_further(name: str) -> None:
    transport = Careless()
    card = Card(transport, load("akis-2"))
    transport.failing = name
    with pytest.raises(TransportError, match="failed with OSError") as caught:
        card.atr if name == "atr" else getattr(card, name)()
    assert not [found for text in texts(caught.value) for found in leaks(text, [PIN])]


def test_a_transaction_that_cannot_begin_sends_nothing() -> None:
    transport = Careless()
    card = Card(transport, load("akis-2"))
    card.select_application()
    transport.failing = "begin"
    with pytest.raises(TransportError):
        Pin(card).verify(PIN)


def test_one_that_cannot_end_changes_no_outcome() -> None:
    transport = Careless()
    card = Card(transport, load("akis-2"))
    card.select_application()
    transport.failing = "end"
    Pin(card).verify(PIN)
    assert Pin(card).ask_by_empty_verify(may_spend_try=True) == (True, None)


def test_notes_and_causes_are_left_behind() -> None:
    def fail() -> None:
        error = CardRemoved("gone")
        error.add_note(f"it was {PIN}")
        raise error from OSError(PIN)

    with pytest.raises(CardRemoved) as caught:
        ours_only(fail)
    assert not [found for text in texts(caught.value) for found in leaks(text, [PIN])]


@pytest.mark.parametrize("answer", [None, "9000", [0x90, 0x00], 0x9000])
def test_an_answer_that_is_no_bytes_is_the_transports_fault(answer: object) -> None:
    transport = Careless()
    transport.transmit = lambda command: answer  # type: ignore[method-assign,assignment,return-value]
    with pytest.raises(TransportError, match="not with bytes"):
        Card(transport, load("akis-2")).select_application()
