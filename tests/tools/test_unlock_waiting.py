"""Waiting for a card that another program keeps: it is said, and signals get through."""

from __future__ import annotations

import os
import signal
from threading import Event, Thread

import pytest

from akis.errors import AkisError, InvalidArgument, NoReader, NoService
from akis.unlock.cards import Look
from tools import unlock_waiting
from tools.language import speak
from tools.unlock_signals import HungUp, Signals, Terminated
from tools.unlock_view import View
from tools.unlock_waiting import BusyCard, wait_for_cards
from tools.unlock_words import NoCardCame


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    speak("en")
    monkeypatch.setattr(unlock_waiting, "_SILENCE", 0.02)


def test_a_look_that_lasts_is_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    released = Event()

    class Noticing(View):
        def waiting(self, text: str) -> None:
            super().waiting(text)
            released.set()

    def look() -> Look:
        assert released.wait(10)
        return Look(found=("card",))  # type: ignore[arg-type]

    assert wait_for_cards(look, Noticing(), 10) == ("card",)
    assert capsys.readouterr().err == "Looking into the readers; another program may keep a card busy\n"


def test_what_a_look_raises_is_raised() -> None:
    def look() -> Look:
        raise InvalidArgument("'R' fits several readers, say which: R 00, R 01")

    with pytest.raises(InvalidArgument):
        wait_for_cards(look, View(), 10)


@pytest.mark.parametrize("gone", [NoService("the service has stopped"), NoReader("there is no reader 'R'")])
def test_a_service_or_a_reader_that_goes_may_come_back(
    gone: AkisError, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tools.unlock_waiting.time.sleep", lambda seconds: None)
    looks: list[AkisError | None] = [gone, gone, None]

    def look() -> Look:
        if (trouble := looks.pop(0)) is not None:
            raise trouble
        return Look(found=("card",))  # type: ignore[arg-type]

    assert wait_for_cards(look, View(), 10) == ("card",)
    assert capsys.readouterr().err == f"Waiting for one of your cards, Ctrl-C ends it: {gone}\n"


def test_where_nothing_can_change_it_looks_once() -> None:
    looks = []

    def look() -> Look:
        looks.append(1)
        return Look(notes=("the card in emulator: is none of yours",))

    with pytest.raises(NoCardCame, match="none of your cards is there, and that will not change: the card in"):
        wait_for_cards(look, View(), None)
    assert len(looks) == 1


@pytest.mark.parametrize(
    ("number", "raised"),
    [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated), (signal.SIGHUP, HungUp)],
)
def test_signals_get_through_while_pcsc_waits(number: int, raised: type[BaseException]) -> None:
    inside, released = Event(), Event()

    def look() -> Look:
        inside.set()
        released.wait(10)
        return Look()

    def kill() -> None:
        inside.wait(10)
        os.kill(os.getpid(), number)

    killer = Thread(target=kill)
    killer.start()
    with Signals(), pytest.raises(raised) as caught:
        wait_for_cards(look, View(), 10)
    released.set()
    killer.join()
    assert caught.type is raised


def test_nobody_waits_for_a_busy_card_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("tools.unlock_waiting.time.sleep", slept.append)
    busy = BusyCard(View(), 10.0)
    assert [busy.wait(4), busy.wait(0), busy.wait(5), busy.wait(1)] == [True, True, True, False]
    assert slept == [4, 1, 5]
    assert not BusyCard(View(), 10_000).wait(181), "longer than any lease"


def test_signals_after_the_end_do_nothing_and_afterwards_what_they_did_before() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Signals() as signals:
        signals.end()
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_hang_up_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Signals() as signals:
            os.kill(os.getpid(), signal.SIGHUP)
            assert signals.noticed is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_signals_are_for_the_main_thread_only() -> None:
    done = []

    def work() -> None:
        with Signals():
            done.append(True)

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert done
