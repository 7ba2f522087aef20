"""Hundreds of unblocks through pcscd, the card in another process: nothing is lost, and each answer is quick."""

from __future__ import annotations

import time

import pytest

from akis.card import Card
from akis.emulator import load_personality
from akis.errors import PinBlocked, PinRefused
from akis.pin import Pin, Puk
from akis.transport.pcsc import PcscTransport
from akis.transport.wrapper import TransportWrapper
from tests.pcsc_service import READERS
from tests.tools.akis_process import Emulating

UNBLOCKS = 200
WRONG = "000000"


class Timed(TransportWrapper):
    """Notes how many seconds each round trip takes."""

    def __init__(self, inner):
        super().__init__(inner)
        self.seconds = []

    def transmit(self, command):
        start = time.perf_counter()
        answer = self.inner.transmit(command)
        self.seconds.append(time.perf_counter() - start)
        return answer


@pytest.mark.slow
@pytest.mark.parametrize("name", ["akis-2.2", "akis-2.5"])
def test_unblocks_in_a_row(pcsc, name):
    personality = load_personality(name)
    issuer = personality.key("issuer")
    keys = issuer.device_keys(issuer.algorithms[-1])
    with Emulating(pcsc, "--personality", f"{name},blocked"), PcscTransport(READERS[0]) as connection:
        transport = Timed(connection)
        card = Card(transport, personality.card_profile())
        pin, puk = Pin(card), Puk(card)
        for number in range(UNBLOCKS):
            new = f"{number * 7919:08d}"
            card.select_application()
            assert (pin.tries_left(), puk.tries_left()) == (0, 3)
            card.open_session(keys, number.to_bytes(8, "big"))
            pin.unblock(new)
            assert (pin.tries_left(), puk.tries_left()) == (3, 3)
            card.reset()
            card.select_application()
            pin.verify(new)
            card.reset()
            card.select_application()
            assert tries_until_blocked(pin) == [2, 1]
            card.reset()
    ordered = sorted(transport.seconds)
    median, p99 = (ordered[len(ordered) * percent // 100] * 1000 for percent in (50, 99))
    assert p99 < 5, f"of {len(ordered)} round trips: median {median:.2f} ms, 99th percentile {p99:.2f} ms"


def tries_until_blocked(pin: Pin) -> list[int | None]:
    """What the card says is left after each wrong PIN."""
    left: list[int | None] = []
    try:
        while True:
            try:
                pin.verify(WRONG, allow_last_try=True)
            except PinRefused as refused:
                left.append(refused.tries_left)
    except PinBlocked:
        return left
