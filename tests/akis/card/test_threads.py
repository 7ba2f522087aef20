"""Two threads on one card do not come between the counter and the command that was allowed by it."""

from __future__ import annotations

from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Thread

from akis.errors import AkisError
from tests.bench import WRONG_PIN, bench


def test_the_last_try_is_not_spent_by_two_at_once():
    on = bench()
    on.emulated.memory.references[0x81].left = 2
    meeting = Barrier(2, timeout=0.2)
    forward = on.wire._forward

    def slow(raw):
        if raw[1] == 0xCB:
            with suppress(BrokenBarrierError):
                meeting.wait()  # both would read the counter now, were they let
        return forward(raw)

    on.wire._forward = slow
    outcomes = []

    def attempt():
        try:
            on.pin.verify(WRONG_PIN)
        except AkisError as error:
            outcomes.append(type(error).__name__)

    threads = [Thread(target=attempt) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["PinRefused", "PolicyRefused"]
    assert on.stored[2] == 1
