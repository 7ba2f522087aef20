"""An answer that is authentic, but of another command, counter or session: the outcome is unknown."""

import pytest

from akis.codec.apdu import ResponseApdu
from akis.errors import PinOutcomeUnknown, SecureMessagingError
from tests.akis.pin.outcomes import in_a_session, instead, outcome_unknown
from tests.bench import PIN, WRONG_PIN


class TestAnswersOfAnotherTime:
    def test_an_old_one(self, suite, operation):
        on = in_a_session(suite)
        on.pin.logout()  # answered with a protected 9000, no data: just what is wanted
        unknown = outcome_unknown(on, operation, instead(on.wire.answers[-1]))
        assert unknown.__cause__.reason == "checksum differs"

    def test_that_to_the_same_command_before(self, suite):
        on = in_a_session(suite)
        on.pin.verify(PIN)
        right = on.wire.answers[-1]
        on.wire.break_at(instead(right))
        with pytest.raises(PinOutcomeUnknown):
            on.pin.verify(WRONG_PIN)
        assert on.stored[2] == 2  # it was wrong, and the replay would have said that it was right

    @pytest.mark.parametrize("off", [-2, -1, 1, 2, 1 << 32])
    def test_that_of_a_card_whose_counter_is_off(self, suite, operation, off):
        on = in_a_session(suite)

        def fault(command, forward):
            forward(command)
            card = on.emulated._security.session
            card._counter += off - 1  # protecting counts one on
            card._expects_answer = True
            return card.protect(ResponseApdu()).to_bytes()

        unknown = outcome_unknown(on, operation, fault)
        assert unknown.__cause__.reason == "checksum differs"

    def test_that_of_another_session(self, suite, operation):
        on, other = in_a_session(suite), in_a_session(suite)
        other.pin.logout()
        unknown = outcome_unknown(on, operation, instead(other.wire.answers[-1]))
        assert unknown.__cause__.reason == "checksum differs"

    def test_the_command_itself(self, suite, operation):
        def echo(command, forward):
            forward(command)
            return command[5:-1] + b"\x90\x00"

        unknown = outcome_unknown(in_a_session(suite), operation, echo)
        assert isinstance(unknown.__cause__, SecureMessagingError)

    def test_that_of_a_session_with_the_counter_set_right_is_taken(self, suite):
        """The forgery of the test above, made with the right counter, would pass: so it was the counter."""
        on = in_a_session(suite)

        def fault(command, forward):
            forward(command)
            card = on.emulated._security.session
            card._counter -= 1
            card._expects_answer = True
            return card.protect(ResponseApdu()).to_bytes()

        on.wire.break_at(fault)
        on.pin.verify(WRONG_PIN)
        assert on.stored[2] == 2
