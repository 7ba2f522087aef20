"""Resets, removals and failures in a recording, and what in it cannot be played."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from akis.errors import CardRemoved, CardReset, NoCard, ReplayDiffers, SharingViolation, TraceError, TransportError
from akis.trace.entries import Entry, Event, Exchanged, Header, Kept, Wire
from akis.transport.replay import ReplayTransport
from tests.akis.transport.replays import (
    ATR,
    DONE,
    NO_FILE,
    OTHER_ATR,
    SELECT,
    VERIFY,
    ask,
    difference,
    failed,
    replay,
    said,
)


class TestResets:
    def test_one_in_the_middle_has_to_be_asked_for(self) -> None:
        entries = said(SELECT), Event("reset", atr=OTHER_ATR), said(SELECT, NO_FILE)
        way = replay(*entries)
        ask(way, SELECT)
        assert way.reset() == way.atr == OTHER_ATR
        assert ask(way, SELECT) == NO_FILE
        way = replay(*entries)
        ask(way, SELECT)
        assert difference(way, SELECT) == "before exchange 2: recorded a reset of the card, now SELECT"

    def test_one_that_was_not_recorded(self) -> None:
        way = replay(said(SELECT))
        with pytest.raises(ReplayDiffers, match="exchange 1: recorded SELECT, now a reset of the card"):
            way.reset()
        with pytest.raises(ReplayDiffers, match="exchange 1: recorded nothing more, now a reset of the card"):
            replay().reset()

    def test_those_before_the_first_exchange_may_be_the_connection_s_own(self) -> None:
        entries = Event("reset", atr=OTHER_ATR), said(SELECT)
        assert ask(replay(*entries), SELECT) == DONE
        way = replay(*entries)
        assert way.reset() == OTHER_ATR
        assert ask(way, SELECT) == DONE

    def test_those_after_the_last_exchange_too(self) -> None:
        with replay(said(SELECT), Event("reset", atr=ATR)) as way:
            ask(way, SELECT)

    def test_the_atr_is_that_of_the_first_reset_where_the_header_has_none(self) -> None:
        def atr(*entries: Entry) -> bytes:
            return ReplayTransport(Kept(Header(), entries)).atr

        assert atr(Event("reset", atr=OTHER_ATR), said(SELECT)) == OTHER_ATR
        assert atr(said(SELECT)) == atr() == atr(Event("reset")) == b""


class TestWhatWentWrong:
    @pytest.mark.parametrize("kind", [CardRemoved, CardReset, NoCard, SharingViolation, TransportError])
    def test_goes_wrong_again(self, kind: type[TransportError]) -> None:
        way = replay(failed(SELECT, kind.__name__, "it was so"), said(SELECT))
        with pytest.raises(kind, match=r"^it was so$") as caught:
            ask(way, SELECT)
        assert type(caught.value) is kind
        assert not way.stopped
        assert ask(way, SELECT) == DONE

    @pytest.mark.parametrize("kind", ["KeyboardInterrupt", "PinRefused", "SystemExit", "StatusWord", "Any", "", "x.y"])
    def test_what_no_way_to_a_card_raises_becomes_a_transport_error(self, kind: str) -> None:
        with pytest.raises(TransportError) as caught:
            ask(replay(failed(SELECT, kind)), SELECT)
        assert type(caught.value) is TransportError

    def test_its_sentence_does_not_drive_a_terminal(self) -> None:
        with pytest.raises(CardRemoved) as caught:
            ask(replay(failed(SELECT, "CardRemoved", "gone\x1b[2J\n" + "x" * 1000)), SELECT)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) <= 300

    def test_removal_and_insertion_are_passed_over(self) -> None:
        way = replay(
            failed(SELECT, "CardRemoved"),
            Event("removed"),
            failed(SELECT, "NoCard"),
            Event("inserted", atr=OTHER_ATR),
            Event("reset"),
            said(SELECT),
        )
        with pytest.raises(CardRemoved):
            ask(way, SELECT)
        with pytest.raises(NoCard):
            ask(way, SELECT)
        assert way.reset() == OTHER_ATR
        assert ask(way, SELECT) == DONE

    def test_the_command_still_has_to_be_the_recorded_one(self) -> None:
        assert "INS" in difference(replay(failed(SELECT, "CardRemoved")), VERIFY)


class TestWhatCannotBePlayed:
    def test_an_answer_that_the_trace_hides(self) -> None:
        hidden = Exchanged(Wire.from_text(SELECT), Wire.from_text("****9000", ((0, 2, "answer"),)))
        way = replay(said(SELECT), hidden, said(SELECT))
        ask(way, SELECT)
        for _ in range(2):
            with pytest.raises(TraceError, match="exchange 2, SELECT: the trace hides bytes of the answer"):
                ask(way, SELECT)

    def test_a_trace_that_is_damaged_further_on(self) -> None:
        class Damaged(Kept):
            def entries(self) -> Iterator[Entry]:
                yield said(SELECT)
                raise TraceError("damaged", 3)

        way = ReplayTransport(Damaged(Header(atr=ATR)))
        ask(way, SELECT)
        for _ in range(2):
            with pytest.raises(TraceError, match="line 3: damaged") as caught:
                ask(way, SELECT)
            assert caught.value.line == 3
