"""Something is done with the card whenever nothing else was for a while, and never in the middle of a call."""

from __future__ import annotations

import threading
import time

from akis.transport.keep_alive import NEEDED, KeepAlive


class Pings:
    def __init__(self) -> None:
        self.count = 0
        self.came = threading.Event()

    def __call__(self) -> None:
        self.count += 1
        self.came.set()


def test_it_pings_again_and_again_until_it_is_stopped() -> None:
    pings = Pings()
    kept = KeepAlive(pings, 0.01)
    for _ in range(3):
        assert pings.came.wait(5)
        pings.came.clear()
    kept.stop()
    count = pings.count
    time.sleep(0.05)
    assert pings.count == count


def test_it_waits_for_the_end_of_a_call_which_counts_as_something_done() -> None:
    pings = Pings()
    kept = KeepAlive(pings, 0.2)
    with kept.working():
        time.sleep(0.3)  # as somebody who types
        assert pings.count == 0
    time.sleep(0.1)
    assert pings.count == 0
    assert pings.came.wait(5)
    kept.stop()


def test_calls_in_time_make_it_superfluous() -> None:
    pings = Pings()
    kept = KeepAlive(pings, 0.5)
    for _ in range(20):
        with kept.working():
            time.sleep(0.01)
    kept.stop()
    assert pings.count == 0


def test_windows_alone_needs_it_before_five_seconds(monkeypatch) -> None:
    import importlib
    import sys

    from akis.transport import keep_alive

    assert NEEDED is None or sys.platform == "win32"
    try:
        monkeypatch.setattr(sys, "platform", "win32")
        assert importlib.reload(keep_alive).NEEDED == 4.0
    finally:
        monkeypatch.undo()
        importlib.reload(keep_alive)
