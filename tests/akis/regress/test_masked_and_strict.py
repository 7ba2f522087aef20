"""Recorded commands sent again as they are, their slots filled."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from akis.card import Card
from akis.errors import InvalidArgument, TransportError
from akis.pin import Pin
from akis.regress.run import Plan, replay
from akis.trace.entries import Event, Exchanged, Failure, Header, Kept, Wire
from tests.akis.regress.recorded import named, raw, recorded, unblock, verify_wrong_then_right


@pytest.mark.parametrize("mode", ["strict", "masked"])
def test_a_redacted_session_passes_on_a_fresh_card(mode: str) -> None:
    outcome = replay(recorded(verify_wrong_then_right, seed="1"), Plan(mode=mode))  # type: ignore[arg-type]
    assert (outcome.verdict, outcome.mode, outcome.deviations) == ("passed", mode, ())
    assert outcome.exchanges == 9
    assert outcome.recorded is not None


def test_masked_is_the_default_where_there_are_slots_and_strict_elsewhere() -> None:
    trace = recorded(raw("00A4040007504B43532D313500"))
    assert replay(trace, Plan()).mode == "masked"
    assert replay(named(trace, slots=()), Plan()).mode == "strict"


def test_the_first_difference_is_named_field_by_field() -> None:
    outcome = replay(recorded(verify_wrong_then_right), Plan(reader="emulator:,24=6985"))
    assert outcome.verdict == "differs"
    (found,) = outcome.deviations
    assert (found.command, found.difference.field) == ("CHANGE REFERENCE DATA", "SW")
    assert "conditions of use not satisfied" in str(found)


def test_what_differs_from_card_to_card_is_no_difference_unless_strict() -> None:
    trace = recorded(raw("0084000008", "0084000008"))
    assert replay(trace, Plan(mode="masked")).verdict == "passed"
    strict = replay(trace, Plan(mode="strict"))
    assert (strict.verdict, strict.deviations[0].difference.field) == ("differs", "data")


def test_a_secure_session_passes_strictly_with_the_same_random_numbers_only() -> None:
    assert replay(recorded(unblock, "akis-2.2,blocked", seed="77"), Plan(mode="strict")).verdict == "passed"
    fresh = replay(recorded(unblock, "akis-2.2,blocked"), Plan(mode="masked"))
    assert fresh.verdict == "differs"
    assert "--rekey" in str(fresh.deviations[0])


def test_another_card_is_noticed_before_anything_is_sent() -> None:
    outcome = replay(recorded(verify_wrong_then_right), Plan(reader="emulator:,extended"))
    assert (outcome.verdict, outcome.exchanges) == ("differs", 0)
    assert outcome.deviations[0].difference.field == "ATR"


def test_resets_are_played_and_compared() -> None:
    def story(card: Card) -> None:
        card.select_application()
        card.reset()
        assert Pin(card).tries_left() is None  # the application is not selected any more

    trace = recorded(story)
    assert replay(trace, Plan()).verdict == "passed"
    other = Kept(trace.header, tuple(
        Event("reset", 0, b"\x3b\x00") if isinstance(entry, Event) else entry for entry in trace.kept
    ))  # fmt: skip
    outcome = replay(other, Plan())
    assert (outcome.verdict, outcome.deviations[0].command) == ("differs", "reset")


class TestLostAnswers:
    verify = Wire(bytes.fromhex("0020008106303030303030"))
    counter = Exchanged(
        Wire(bytes.fromhex("00CB3FFF064D04BF81018000")), Wire(bytes.fromhex("BF8101099A01039B01028001069000"))
    )
    select = Exchanged(
        Wire(bytes.fromhex("00A4040C07504B43532D3135")), Wire(bytes.fromhex("9000"))
    )  # fmt: skip
    header = Header(personality="akis-2.2")

    def trace(self, kind: str, *after: Event) -> Kept:
        lost = Exchanged(self.verify, None, failure=Failure(kind))
        return Kept(self.header, (self.select, lost, *after, self.select, self.counter))

    def test_a_card_that_is_removed_has_done_its_work(self) -> None:
        events = Event("removed"), Event("inserted")
        assert replay(self.trace("CardRemoved", *events), Plan()).verdict == "passed"
        assert replay(self.trace("CardRemoved"), Plan()).verdict == "passed"

    def test_a_command_that_did_not_reach_the_card_has_changed_nothing(self) -> None:
        outcome = replay(self.trace("NoCard"), Plan())
        assert outcome.verdict == "differs"
        assert outcome.deviations[0].difference.field == "DO'9B'"

    def test_a_card_that_stays_out_answers_nothing(self) -> None:
        with pytest.raises(TransportError):
            replay(self.trace("CardRemoved", Event("removed")), Plan())

    def test_a_recorded_removal(self) -> None:
        def story(card: Card) -> None:
            card.select_application()
            reader = card.transport.inner.inner.inner  # type: ignore[attr-defined]
            reader.remove()
            with pytest.raises(TransportError):
                card.select_application()
            reader.insert()
            card.select_application()

        trace = recorded(story)
        assert [entry.kind for entry in trace.kept if isinstance(entry, Event)] == ["removed", "inserted"]
        assert replay(trace, Plan()).verdict == "passed"


def test_a_trace_that_names_no_emulated_card() -> None:
    trace = named(recorded(raw("00A4040C07504B43532D3135")), personality=None)
    with pytest.raises(InvalidArgument, match="does not say which emulated card"):
        replay(trace, Plan())
    assert replay(trace, Plan(reader="emulator:akis-2.2")).verdict == "passed"


@pytest.mark.parametrize(
    ("personality", "state"),
    [
        ("{}", ""),
        ("{},last-try", ""),
        ("", "{}"),
        ("../{}", ""),
        ("akis-9.9", ""),
    ],
)
def test_a_trace_has_no_file_of_its_choice_opened(personality: str, state: str, tmp_path: Path) -> None:
    mine = tmp_path / "card.toml"
    mine.write_text((files("akis.emulator") / "akis-2.2.toml").read_text("utf-8"), encoding="utf-8")
    good = recorded(raw("00A4040C07504B43532D3135"))
    trace = named(good, personality=personality.format(mine), state=state.format(mine))
    with pytest.raises(InvalidArgument, match="names an emulated card that does not come with the library") as caught:
        replay(trace, Plan())
    assert str(mine) not in str(caught.value)
    assert replay(trace, Plan(reader=f"emulator:{mine}")).verdict == "passed", "who plays it may"


def test_too_slow() -> None:
    trace = recorded(raw("00A4040C07504B43532D3135"))
    quick = Kept(trace.header, tuple(
        Exchanged(entry.command, entry.answer, 0, 0) for entry in trace.kept if isinstance(entry, Exchanged)
    ))  # fmt: skip
    assert replay(quick, Plan(slower=1.0)).verdict == "slower"
    assert replay(trace, Plan(slower=1e9)).verdict == "passed"
