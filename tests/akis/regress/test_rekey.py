"""A recorded secure session played in a fresh one."""

from __future__ import annotations

from typing import Any

import pytest

from akis.card import Card
from akis.errors import CardError, InvalidArgument, PinRefused
from akis.pin import Pin
from akis.profile.load import load
from akis.regress.outcome import Outcome
from akis.regress.run import Plan, replay
from akis.secret import Secret
from akis.sm.mutual_auth import DeviceKeys
from akis.trace.entries import Exchanged, Kept, Wire
from tests.akis.regress.recorded import (
    NEW_PIN,
    PIN,
    SN_IFD,
    WRONG_PIN,
    Story,
    keys_of,
    named,
    raw,
    recorded,
    unblock_on,
    verify_wrong_then_right,
)

CARDS = ("akis-2.2", "akis-2.5")


def rekeyed(trace: Kept, **plan: Any) -> Outcome:
    return replay(trace, Plan(mode="rekey", **plan))


@pytest.mark.parametrize("card", CARDS)
class TestUnblock:
    def test_passes_on_a_fresh_card(self, card: str) -> None:
        trace = recorded(unblock_on(card), f"{card},blocked")
        outcome = rekeyed(trace)
        assert (outcome.verdict, outcome.message) == ("passed", "")
        assert outcome.exchanges == len(trace.kept)

    @pytest.mark.parametrize("ins", ["20", "24", "2C", "CB"])
    def test_one_status_word_that_differs_is_named(self, card: str, ins: str) -> None:
        outcome = rekeyed(recorded(unblock_on(card), f"{card},blocked"), reader=f"emulator:,{ins}=6A80")
        assert outcome.verdict == "differs"
        found = outcome.deviations[0]
        assert found.command.endswith("inside secure messaging")
        assert found.difference.field == "SW"
        assert found.difference.now.startswith("6A80")

    def test_another_state_is_a_difference_too(self, card: str) -> None:
        assert (
            rekeyed(recorded(unblock_on(card), f"{card},blocked"), reader=f"emulator:{card},dead").verdict == "differs"
        )

    def test_another_serial_number_is_none(self, card: str) -> None:
        trace = recorded(unblock_on(card), f"{card},blocked")
        assert rekeyed(trace, keys=[keys_of(card), keys_of(card, "terminal")]).verdict == "passed"

    def test_without_the_right_keys(self, card: str) -> None:
        trace = recorded(unblock_on(card), f"{card},blocked")
        right = keys_of(card)
        wrong = DeviceKeys(right.reference, right.algorithm.reference, bytes(len(right.k_enc)), bytes(len(right.k_mac)))
        with pytest.raises(InvalidArgument, match="--sm-keys"):
            rekeyed(trace, keys=[wrong])


def story_of(*acts: Story) -> Story:
    def story(card: Card) -> None:
        for act in acts:
            act(card)

    return story


def terminal_session(card: Card) -> None:
    card.select_application()
    card.open_session(keys_of("akis-2.2", "terminal"), SN_IFD)
    pin = Pin(card)
    with pytest.raises(PinRefused):
        pin.verify(WRONG_PIN)
    pin.verify(PIN)
    with pytest.raises(CardError):
        pin.reset_to(NEW_PIN)


def long_data(card: Card) -> None:
    card.select_application()
    card.open_session(keys_of("akis-2.2"), SN_IFD)
    card.serial()
    from akis.codec.apdu import CommandApdu

    card.send(CommandApdu(0x00, 0x2A, 0x9E, 0x9A, bytes(600), 256))


@pytest.mark.parametrize(
    "story", [terminal_session, long_data, story_of(terminal_session, Card.reset, terminal_session)]
)
def test_refusals_chains_and_second_sessions(story: Story) -> None:
    outcome = rekeyed(recorded(story))
    assert (outcome.verdict, outcome.message) == ("passed", "")


def test_plain_commands_before_and_after() -> None:
    def story(card: Card) -> None:
        verify_wrong_then_right(card)
        unblock_on("akis-2.2")(card)
        card.end_session()
        card.select_application()
        Pin(card).verify(NEW_PIN)

    # The last PIN was set inside the session, so only who knows it can present it in the clear.
    outcome = rekeyed(recorded(story), secrets={"new-pin": Secret(NEW_PIN)})
    assert (outcome.verdict, outcome.message) == ("passed", "")


def test_what_does_not_open_cannot_be_played_in_another_session() -> None:
    trace = recorded(unblock_on("akis-2.2"), "akis-2.2,blocked", seed="1")
    broken = [
        Exchanged(Wire(bytes((*entry.command.raw[:-2], entry.command.raw[-2] ^ 1, 0))), Wire(b"\x69\x88"))
        if isinstance(entry, Exchanged) and entry.command.raw[:2] == b"\x0c\x24"
        else entry
        for entry in trace.kept
    ]
    with pytest.raises(
        InvalidArgument, match=r"exchange 7 cannot be played in another session, since it does not open"
    ):
        rekeyed(Kept(trace.header, tuple(broken)))


def test_keys_make_it_the_default_where_there_is_an_authentication() -> None:
    trace = recorded(unblock_on("akis-2.2"), "akis-2.2,blocked")
    assert replay(trace, Plan(keys=[keys_of("akis-2.2")])).mode == "rekey"
    assert replay(recorded(raw("0084000008")), Plan(keys=[keys_of("akis-2.2")])).mode == "masked"


def test_the_profile_of_the_header_counts() -> None:
    assert load("akis-2").name == "AKİS 2.x"
    trace = named(recorded(unblock_on("akis-2.2"), "akis-2.2,blocked"), profile=None)
    assert rekeyed(trace).verdict == "passed"
