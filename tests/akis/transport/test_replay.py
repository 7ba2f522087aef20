"""A recording plays the card: what is answered, where it stops, and what is left at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from akis.errors import AkisError, InvalidArgument, ReplayDiffers, TransportError, WrongType
from akis.trace.entries import Entry, Event, Header, Kept
from akis.trace.redactor import SLOTS
from akis.transport.replay import ReplayTransport
from tests.akis.transport.replays import ATR, DONE, LIFE_CYCLE, NO_FILE, SELECT, VERIFY, ask, difference, replay, said


def test_the_answers_are_the_recorded_ones() -> None:
    with replay(said(SELECT, NO_FILE), said(LIFE_CYCLE, "A5" * 6 + DONE)) as way:
        assert (way.atr, way.mode) == (ATR, "strict")
        assert ask(way, SELECT) == NO_FILE
        assert ask(way, LIFE_CYCLE) == "A5" * 6 + DONE
        way.check_finished()


class TestModes:
    HIDDEN = said("0020008104********", DONE, (5, 4, "pin"))
    NAMED = said("00D600000431323334", DONE, (5, 4, "serial"))
    ANOTHER = "00D600000435363738"

    def test_hidden_bytes_may_be_any_in_both(self) -> None:
        for mode in ("strict", "masked"):
            way = replay(self.HIDDEN, self.HIDDEN, mode=mode)
            assert ask(way, "002000810431323334") == DONE
            assert ask(way, "002000810439383736") == DONE

    def test_named_bytes_may_be_any_where_it_is_masked(self) -> None:
        assert ask(replay(self.NAMED, mode="masked"), self.ANOTHER) == DONE
        assert ": data: recorded 31 32 33 34" in difference(replay(self.NAMED, mode="strict"), self.ANOTHER)

    def test_without_a_mode_the_header_decides(self) -> None:
        assert replay(slots=SLOTS).mode == "masked"
        assert replay().mode == "strict"
        assert replay(slots=SLOTS, mode="strict").mode == "strict"

    def test_there_is_no_other(self) -> None:
        with pytest.raises(InvalidArgument, match="a replay is strict or masked"):
            ReplayTransport(Kept(Header()), "loose")  # type: ignore[arg-type]


class TestAnotherCommand:
    @pytest.mark.parametrize(
        ("now", "field"),
        [
            ("0CA4000C023D00", "CLA: recorded 00"),
            ("00B0000C023D00", "INS: recorded A4 (SELECT"),
            ("00A4040C023D00", "P1: recorded 00"),
            ("00A40000023D00", "P2: recorded 0C"),
            ("00A4000C023D01", "data: recorded 3D 00"),
            ("00A4000C013D", "Lc: recorded 02"),
            ("00A4000C023D0000", "Le: recorded nothing, now Le 00"),
        ],
    )
    def test_the_first_field_that_differs_is_named(self, now: str, field: str) -> None:
        assert difference(replay(said(SELECT)), now).startswith(f"exchange 1, SELECT: {field}")

    def test_after_it_nothing_is_played_any_more(self) -> None:
        way = replay(said(LIFE_CYCLE), said(SELECT), said(VERIFY))
        ask(way, LIFE_CYCLE)
        first = difference(way, VERIFY)
        assert first.startswith("exchange 2, SELECT: INS")
        assert way.stopped
        assert [difference(way, command) for command in (SELECT, VERIFY)] == [first, first]
        with pytest.raises(ReplayDiffers, match="exchange 2, SELECT: INS"):
            way.reset()
        with pytest.raises(ReplayDiffers, match="exchange 2, SELECT: INS"):
            way.check_finished()
        way.close()  # it was said already

    def test_after_the_end(self) -> None:
        way = replay(said(SELECT))
        ask(way, SELECT)
        assert difference(way, VERIFY) == "exchange 2: recorded nothing more, now VERIFY"

    def test_bytes_that_are_no_command(self) -> None:
        assert "exchange 1, SELECT: command" in difference(replay(said(SELECT)), "00A4000C0903")
        assert ask(replay(said("00A4")), "00A4") == DONE
        assert difference(replay(said("00A4")), SELECT).startswith("exchange 1, bytes that are no command: command")

    def test_no_pin_is_shown(self) -> None:
        way = replay(said("0020008104********", DONE, (5, 4, "pin")))
        text = difference(way, "00200081053331343135")
        assert text == "exchange 1, VERIFY: length: recorded 9 bytes, now 10 bytes"

    def test_what_is_not_bytes(self) -> None:
        way = replay(said(SELECT))
        with pytest.raises(WrongType, match="a command is bytes, not str"):
            way.transmit(SELECT)  # type: ignore[arg-type]
        assert way.transmit(bytearray.fromhex(SELECT)).hex() == DONE


class TestTheEnd:
    def test_what_was_not_asked_for_is_counted(self) -> None:
        way = replay(said(SELECT), Event("reset"), said(VERIFY), said(SELECT))
        ask(way, SELECT)
        text = "2 recorded exchanges were not asked for; the next is exchange 2, VERIFY"
        for _ in range(2):
            with pytest.raises(ReplayDiffers, match=text):
                way.check_finished()
        assert difference(way, VERIFY) == text

    def test_closing_says_it_once(self) -> None:
        way = replay(said(SELECT))
        with pytest.raises(ReplayDiffers, match="1 recorded exchange was not asked for; the next is exchange 1, SEL"):
            way.close()
        way.close()
        with pytest.raises(ReplayDiffers):
            way.check_finished()
        with pytest.raises(TransportError, match="closed"):
            ask(way, SELECT)
        with pytest.raises(TransportError, match="closed"):
            way.reset()

    def test_leaving_a_with_says_it_unless_something_else_went_wrong(self) -> None:
        with pytest.raises(ReplayDiffers, match="not asked for"), replay(said(SELECT)):
            pass
        with pytest.raises(ZeroDivisionError), replay(said(SELECT)):
            raise ZeroDivisionError

    def test_the_trace_is_let_go_of(self) -> None:
        let_go = []

        class Watched(Kept):
            def entries(self) -> Iterator[Entry]:
                try:
                    yield from self.kept
                finally:
                    let_go.append(True)

        way = ReplayTransport(Watched(Header(atr=ATR), (said(SELECT), said(VERIFY))))
        ask(way, SELECT)
        difference(way, SELECT)
        way.close()
        assert let_go == [True]


def test_it_reads_one_entry_ahead() -> None:
    read = []

    class Watched(Kept):
        def entries(self) -> Iterator[Entry]:
            for entry in self.kept:
                read.append(entry)
                yield entry

    way = ReplayTransport(Watched(Header(atr=ATR), (said(SELECT),) * 5))
    assert read == []
    for count in range(1, 6):
        ask(way, SELECT)
        assert len(read) == count


def test_there_is_no_reader_to_control() -> None:
    with pytest.raises(AkisError, match="no reader to control"):
        replay().control(0x42000001, b"")
