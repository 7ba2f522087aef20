"""Where a driver says something else than in the recorded secure session, and what went wrong in that one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from akis.card import Card
from akis.errors import (
    CardRemoved,
    PinOutcomeUnknown,
    ReplayDiffers,
    SecureMessagingError,
    TraceError,
)
from akis.pin import Pin
from akis.sm.mutual_auth import DeviceKeys
from akis.trace.entries import Exchanged, Failure, Wire
from akis.transport.replay_rekeyed import RekeyedReplay
from tests.akis.transport.rekeyed import (
    NEW_PIN,
    PROFILE,
    device_keys,
    driver,
    in_session,
    play,
    recorded,
    unblock,
)


class TestAnotherStory:
    def test_inside_the_session(self) -> None:
        with pytest.raises(ReplayDiffers, match="exchange 6, GET DATA: P2: recorded 04"):
            play(recorded(in_session(Card.life_cycle)), in_session(Card.serial))

    def test_a_pin_of_another_length(self) -> None:
        def other(card: Card) -> None:
            card.open_session(device_keys(), bytes(8))
            with pytest.raises(PinOutcomeUnknown, match="exchange 7, CHANGE REFERENCE DATA: length"):
                Pin(card).unblock("13579")
            with pytest.raises(SecureMessagingError):
                card.life_cycle()

        with pytest.raises(ReplayDiffers, match="exchange 7, CHANGE REFERENCE DATA: length"):
            play(recorded(unblock), other)

    def test_in_the_clear(self) -> None:
        def other(card: Card) -> None:
            card.open_session(device_keys(), bytes(8))
            card.end_session()
            card.life_cycle()

        with pytest.raises(ReplayDiffers, match="exchange 6, GET DATA: CLA: recorded 0C"):
            play(recorded(in_session(Card.life_cycle)), other)

    def test_with_another_key(self) -> None:
        def other(card: Card) -> None:
            card.open_session(device_keys(role="terminal"), bytes(8))

        with pytest.raises(ReplayDiffers, match="exchange 3, MANAGE SECURITY ENVIRONMENT: DO'83': recorded 01"):
            play(recorded(unblock), other)

    def test_with_other_values_of_the_key(self) -> None:
        def other(card: Card) -> None:
            card.open_session(DeviceKeys(1, 0x8C, bytes(16), bytes(16)), bytes(8))

        with pytest.raises(ReplayDiffers, match="exchange 5, MUTUAL AUTHENTICATE: the driver does not prove its keys"):
            play(recorded(unblock), other)

    def test_by_other_rules_of_secure_messaging(self) -> None:
        rules = replace(PROFILE.secure_messaging, case1_padding="double", do97="minimal", mac_length=4)
        way = RekeyedReplay(recorded(in_session(Card.life_cycle)), [device_keys()], profile=PROFILE)
        card = driver(way, replace(PROFILE, secure_messaging=rules))
        card.select_application()
        with pytest.raises(ReplayDiffers, match="exchange 6, GET DATA: the driver's secure messaging does not open"):
            in_session(Card.life_cycle)(card)

    def test_that_ends_early(self) -> None:
        with pytest.raises(ReplayDiffers, match="3 recorded exchanges were not asked for; the next is exchange 6, RES"):
            play(recorded(in_session(lambda card: Pin(card).unblock(NEW_PIN))), in_session(lambda card: None))


class TestWhatWentWrong:
    def test_a_card_that_was_pulled(self) -> None:
        trace = recorded(in_session(Card.life_cycle))
        last = trace.kept[-1]
        assert isinstance(last, Exchanged)
        broken = replace(last, answer=None, failure=Failure("CardRemoved", "gone"))
        with pytest.raises(CardRemoved, match="gone"):
            play(replace(trace, kept=(*trace.kept[:-1], broken)), in_session(Card.life_cycle))

    @pytest.mark.parametrize("answer", ["6988", "990290008E0800000000000000009000"])
    def test_an_answer_that_did_not_fit(self, answer: str) -> None:
        trace = recorded(in_session(Card.life_cycle))
        last = trace.kept[-1]
        assert isinstance(last, Exchanged)
        broken = replace(last, answer=Wire.from_text(answer))
        with pytest.raises(SecureMessagingError):
            play(replace(trace, kept=(*trace.kept[:-1], broken)), in_session(Card.life_cycle))

    def test_a_recorded_command_that_no_key_opens(self) -> None:
        trace = recorded(in_session(Card.life_cycle))
        last = trace.kept[-1]
        assert isinstance(last, Exchanged)
        raw = bytearray(last.command.raw)
        raw[-6] ^= 1
        broken = replace(last, command=Wire(bytes(raw)))
        with pytest.raises(TraceError, match="exchange 6, GET DATA: it was protected, and the keys given do not open"):
            play(replace(trace, kept=(*trace.kept[:-1], broken)), in_session(Card.life_cycle))
