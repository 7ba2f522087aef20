"""PINs on AKİS 1.0: its own CHANGE, flags instead of a counter, 6984 for blocked, and never a try spent unasked."""

from __future__ import annotations

import pytest

from akis.card import Card
from akis.errors import (
    CardError,
    CardRemoved,
    PinBlocked,
    PinFormatError,
    PinOutcomeUnknown,
    PinRefused,
    PolicyRefused,
)
from akis.pin import Pin
from akis.profile.load import load
from tests.akis.pin.scripted import fci, first_generation

PIN, NEW_PIN = "123456", "5938274"
SELECT = "00A40800023D0000"
VERIFY = "0020008106313233343536"
CHANGE = "002402010F" + "06313233343536" + "0735393338323734"


class TestCommands:
    def test_verify_is_that_of_the_standard(self):
        way, pin, _ = first_generation()
        pin.verify(PIN, allow_last_try=True)
        assert way.sent == [SELECT, VERIFY]

    def test_change_has_lengths_and_a_reference_without_bit_8(self):
        way, pin, _ = first_generation()
        pin.change(PIN, NEW_PIN, allow_last_try=True)
        assert way.sent == [SELECT, CHANGE]

    def test_an_old_pin_of_another_length_needs_no_verify_before(self):
        way, pin, _ = first_generation()
        pin.change("1234", "123456789012", allow_last_try=True)
        assert way.sent == [SELECT, "0024020112" + "0431323334" + "0C313233343536373839303132"]

    def test_logout_is_its_own_command(self):
        way, pin, _ = first_generation()
        pin.logout()
        assert way.sent == ["801A0000"]

    def test_the_longest_pin(self):
        way, pin, _ = first_generation()
        pin.verify("1" * 16, allow_last_try=True)
        with pytest.raises(PinFormatError, match="4 to 16 characters, not 17"):
            pin.verify("1" * 17, allow_last_try=True)
        assert len(way.pin_commands) == 1


class TestFlags:
    """A number only where one follows: at the last try."""

    @pytest.mark.parametrize(
        ("flags", "left"),
        [("80", 1), ("82", 1), ("C2", 1), ("C6", 1), ("FF", 1), ("40", None), ("42", None), ("02", None), ("00", None)],
    )
    def test_tries_left(self, flags, left):
        way, pin, _ = first_generation(xA4=fci(flags))
        assert pin.tries_left() == left
        assert pin.flags().byte == int(flags, 16)
        assert way.sent == [SELECT, SELECT]

    @pytest.mark.parametrize(
        "answer",
        [
            "6A82",
            "9000",
            "6F009000",
            "6F0483023D009000",
            "6F07900180",
            "6F06900180900180" + "9000",
            "0102039000",
            fci("020080"),
            fci("80")[:-4] + "6283",
        ],
    )
    def test_where_there_are_none_nothing_is_known(self, answer):
        way, pin, _ = first_generation(xA4=answer)
        assert pin.tries_left() is None
        assert pin.flags() is None
        with pytest.raises(PolicyRefused, match="does not say how many tries"):
            pin.verify(PIN)
        assert way.pin_commands == []

    def test_of_the_puk_they_say_nothing(self):
        way, _, puk = first_generation(xA4=fci("C2"))
        assert (puk.tries_left(), puk.flags()) == (None, None)
        assert way.sent == []

    def test_an_empty_verify_is_not_tried(self):
        way, pin, _ = first_generation()
        with pytest.raises(PolicyRefused, match="may spend a try"):
            pin.ask_by_empty_verify()
        assert way.sent == []

    def test_asked_for_it_says_blocked_in_its_own_word(self):
        way, pin, _ = first_generation(x20="6984")
        assert pin.ask_by_empty_verify(may_spend_try=True) == (False, 0)
        assert way.sent == ["00200081"]


class TestGuard:
    @pytest.mark.parametrize("flags", ["00", "02", "42"])
    @pytest.mark.parametrize("call", [lambda pin: pin.verify(PIN), lambda pin: pin.change(PIN, NEW_PIN)])
    def test_an_unknown_number_is_unknown(self, flags, call):
        way, pin, _ = first_generation(xA4=fci(flags))
        with pytest.raises(PolicyRefused, match="does not say how many tries the PIN has left"):
            call(pin)
        assert way.sent == [SELECT]

    @pytest.mark.parametrize("flags", ["80", "C2"])
    def test_the_last_try(self, flags):
        way, pin, _ = first_generation(xA4=fci(flags))
        with pytest.raises(PolicyRefused, match="one try left"):
            pin.verify(PIN)
        assert way.pin_commands == []
        pin.verify(PIN, allow_last_try=True)
        assert way.pin_commands == [VERIFY]

    def test_without_the_application_a_pin_of_another_df_is_not_tried(self):
        for call in (
            lambda pin: pin.verify(PIN, allow_last_try=True),
            lambda pin: pin.change(PIN, NEW_PIN, allow_last_try=True),
        ):
            way, pin, _ = first_generation(xA4="6A82")
            with pytest.raises(CardError, match="SELECT of the application failed: 6A82"):
                call(pin)
            assert way.sent == [SELECT]

    def test_a_counter_that_is_lost_on_the_way_stops_it_all(self):
        way, pin, _ = first_generation(xA4=CardRemoved("gone"))
        with pytest.raises(CardRemoved):
            pin.verify(PIN, allow_last_try=True)
        assert way.pin_commands == []


class TestOutcomes:
    @pytest.mark.parametrize("ins", ["20", "24"])
    @pytest.mark.parametrize(
        ("sw", "error"),
        [
            ("6984", PinBlocked),
            ("6983", PinBlocked),
            ("63C0", PinBlocked),
            ("63C2", PinRefused),
            ("6300", PinRefused),
            ("6982", CardError),
            ("6985", CardError),
            ("6A88", CardError),
            ("6581", PinOutcomeUnknown),
            ("6F00", PinOutcomeUnknown),
        ],
    )
    def test_each_status_word_is_one_of_them_and_the_pin_was_sent_once(self, ins, sw, error):
        way, pin, _ = first_generation(**{f"x{ins}": sw})
        with pytest.raises(error):
            pin.verify(PIN, allow_last_try=True) if ins == "20" else pin.change(PIN, NEW_PIN, allow_last_try=True)
        assert len(way.pin_commands) == 1
        assert way.sent[-1] == way.pin_commands[0]

    def test_an_answer_that_is_lost(self):
        way, pin, _ = first_generation(x20=CardRemoved("gone"))
        with pytest.raises(PinOutcomeUnknown, match="not sent again"):
            pin.verify(PIN, allow_last_try=True)
        assert way.pin_commands == [VERIFY]

    def test_blocked_on_2_is_another_word(self):
        """6984 there is a PIN that was never set, which is no comparison."""
        way, _, _ = first_generation(x20="6984")
        with pytest.raises(CardError):
            Pin(Card(way, load("akis-2"))).verify("123456", allow_last_try=True)


class TestWhatNobodyKnows:
    """RESET RETRY COUNTER and the PUK: not sent, whatever is allowed."""

    @pytest.mark.parametrize(
        "call",
        [
            lambda pin, puk: pin.reset_to(NEW_PIN),
            lambda pin, puk: pin.reset_counter(),
            lambda pin, puk: pin.unblock(NEW_PIN),
            lambda pin, puk: pin.change_to(NEW_PIN),
            lambda pin, puk: puk.verify("87654321", permit_puk=True, allow_last_try=True),
            lambda pin, puk: puk.change("87654321", "11223344", permit_puk=True, allow_last_try=True),
            lambda pin, puk: puk.unblock("87654321", NEW_PIN, permit_puk=True, allow_last_try=True),
            lambda pin, puk: puk.reset_counter("87654321", permit_puk=True, allow_last_try=True),
        ],
    )
    def test_nothing_is_sent(self, call):
        way, pin, puk = first_generation()
        with pytest.raises(PolicyRefused, match=r"known on this card \(AKİS 1\.x\); nothing was sent"):
            call(pin, puk)
        assert way.sent == []
