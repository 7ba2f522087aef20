"""Unblocking by the issuer: RESET to a random transport PIN, CHANGE to the holder's, VERIFY."""

import re
from collections import Counter

import pytest

from akis.codec.apdu import ResponseApdu
from akis.errors import CardError, PinOutcomeUnknown, PolicyRefused
from akis.pin import random_digits
from tests.akis.pin.operations import NEW
from tests.bench import NEW_PIN, SUITES, bench


class TestUnblock:
    """By the issuer: RESET to a random transport PIN, CHANGE to the holder's, VERIFY."""

    @pytest.mark.parametrize("state", ["", "blocked", "new", "last-try"])
    @pytest.mark.parametrize("name", SUITES)
    def test_from_every_state(self, name, state):
        on = bench(name, state).open()
        on.pin.unblock(NEW_PIN)
        assert on.stored == (NEW, "active", 3)
        assert on.pin.ask_by_empty_verify(may_spend_try=True) == (True, None)
        assert [raw[:4].hex() for raw in on.wire.pin_commands] == ["0c2c0281", "0c240081", "0c200081"]
        assert on.puk_left == 3

    def test_a_dead_card_stays_dead(self):
        on = bench(state="dead")
        with pytest.raises(CardError) as caught:
            on.open()
        assert (caught.value.sw, on.wire.pin_commands) == (0x6985, [])

    def test_not_without_a_session(self):
        on = bench(state="blocked")
        sent = len(on.wire.sent)
        with pytest.raises(PolicyRefused, match="session"):
            on.pin.unblock(NEW_PIN)
        assert len(on.wire.sent) == sent

    @pytest.mark.parametrize("before_card", [True, False], ids=["command lost", "answer lost"])
    @pytest.mark.parametrize("step", [1, 2, 3])
    @pytest.mark.parametrize("state", ["blocked", "new"])
    def test_stopped_anywhere_running_it_again_finishes(self, state, step, before_card):
        def cut(command, forward):
            if not before_card:
                forward(command)
            raise ConnectionError

        on = bench(state=state).open()
        before = on.stored
        on.wire.break_at(cut, step)
        with pytest.raises(PinOutcomeUnknown):
            on.pin.unblock(NEW_PIN)
        done = step - before_card  # steps that the card has done
        value, pin_state, tries = on.stored
        assert (before, (value, "transport", 3), (NEW, "active", 3))[min(done, 2)] == (value, pin_state, tries)

        on.open().pin.unblock(NEW_PIN)
        assert on.stored == (NEW, "active", 3)
        on.pin.verify(NEW_PIN)

    @pytest.mark.parametrize("ins", [0x2C, 0x24, 0x20])
    def test_a_step_that_is_refused_is_the_last(self, issuer, ins):
        issuer.emulated._commands.handlers[ins] = lambda command: ResponseApdu(sw=0x6982)
        with pytest.raises(CardError):
            issuer.pin.unblock(NEW_PIN)
        assert issuer.wire.pin_commands[-1][1] == ins

    def test_the_transport_pin_is_new_each_time_and_as_long_as_may_be(self):
        seen = []
        on = bench(state="blocked")
        on.emulated.memory.on_commit = lambda memory: seen.append((memory.references[0x81].state, on.stored[0]))
        for _ in range(20):
            on.open().pin.unblock(NEW_PIN)
        pins = {value for state, value in seen if state == "transport"}
        assert len(pins) == 20
        assert all(re.fullmatch(rb"\d{8}", pin) for pin in pins)

    def test_randomness_comes_in_from_above(self):
        on, seen = bench().open(), []
        on.emulated.memory.on_commit = lambda memory: seen.append(on.stored[0])
        on.pin.unblock(NEW_PIN, random=lambda count: bytes(range(count)))
        assert seen[0] == b"01234567"


class TestRandomDigits:
    def test_each_digit_is_equally_likely(self):
        """Over all bytes that can come, each once."""
        every_byte = iter(range(256))
        digits = random_digits(250, lambda count: bytes(next(every_byte) for _ in range(count)))
        assert Counter(digits) == dict.fromkeys(b"0123456789", 25)

    def test_the_bytes_that_would_make_some_likelier_are_left_out(self):
        source = iter([b"\xfa\xff\xfe\xfd", b"\x00\xff\x09\xfb", b"\xf9\x0a\x01\x02"])
        assert random_digits(4, lambda count: next(source)) == b"0990"

    @pytest.mark.parametrize("count", [0, 1, 4, 8, 12])
    def test_as_many_as_asked_for(self, count):
        assert len(random_digits(count, bytes)) == count
