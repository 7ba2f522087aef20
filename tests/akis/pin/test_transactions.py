"""Nobody else comes between the counter that was read and the command that spends a try; afterwards all may."""

from contextlib import contextmanager
from functools import partial

import pytest

from akis.codec.apdu import ResponseApdu
from akis.errors import (
    CardRemoved,
    PinBlocked,
    PinFormatError,
    PinOutcomeUnknown,
    PinRefused,
    PolicyRefused,
    TransportError,
)
from tests.akis.pin.operations import ISSUED, SPENDING, WRONG
from tests.akis.pin.outcomes import raising
from tests.bench import NEW_PIN, PIN, WRONG_PIN, bench

GET_DATA, VERIFY, CHANGE, RESET = 0xCB, 0x20, 0x24, 0x2C
SENT = {
    "Pin.verify": [GET_DATA, VERIFY],
    "Pin.change": [GET_DATA, CHANGE],
    "Puk.verify": [GET_DATA, VERIFY],
    "Puk.change": [GET_DATA, CHANGE],
    "Puk.unblock": [GET_DATA, RESET],
    "Puk.reset_counter": [GET_DATA, RESET],
    "Pin.change_to": [CHANGE],
    "Pin.reset_to": [RESET],
    "Pin.reset_counter": [RESET],
    "Pin.unblock": [RESET, CHANGE, VERIFY],
}
"""The instructions of every operation, counter first."""


def transactions(on, call, error: type[BaseException] | None = None) -> list[list[int]]:
    """The instructions sent in each outermost transaction of ``call``, which ends with this error."""
    on.wire.log.clear()
    if error is None:
        call(on)
    else:
        with pytest.raises(error):
            call(on)
    return [[raw[1] for raw in commands] for commands in on.wire.transactions]


@pytest.mark.parametrize("name", SPENDING)
class TestCounterAndCommandAreInOne:
    def test_accepted(self, on, name):
        assert transactions(on, SPENDING[name]) == [SENT[name]]

    def test_refused(self, on, name):
        assert transactions(on, WRONG[name], PinRefused) == [SENT[name]]

    def test_blocked(self, on, name):
        on.emulated.memory.references[0x81].left = on.emulated.memory.references[0x82].left = 1
        assert transactions(on, partial(WRONG[name], allow_last_try=True), PinBlocked) == [SENT[name]]

    @pytest.mark.parametrize("arrives", [True, False], ids=["answer lost", "command lost"])
    @pytest.mark.parametrize(
        ("lost", "raised"),
        [
            (CardRemoved("gone"), PinOutcomeUnknown),
            (RuntimeError("odd"), PinOutcomeUnknown),
            (KeyboardInterrupt(), KeyboardInterrupt),
        ],
        ids=["ours", "somebody else's", "an interrupt"],
    )
    def test_lost(self, on, name, lost, raised, arrives):
        on.wire.break_at(raising(lost, arrives))
        assert transactions(on, SPENDING[name], raised) == [SENT[name]]

    def test_refused_by_the_guard(self, on, name):
        on.emulated.memory.references[0x81].left = on.emulated.memory.references[0x82].left = 1
        assert transactions(on, SPENDING[name], PolicyRefused) == [[GET_DATA]]

    def test_the_counter_itself_is_lost(self, on, name):
        def lost(command):
            raise CardRemoved("gone")

        on.wire.reader.transmit = lost
        assert transactions(on, SPENDING[name], CardRemoved) == [[GET_DATA]]

    def test_inside_one_of_the_callers(self, on, name):
        def call(on):
            with on.wire.transaction():
                SPENDING[name](on)
                on.card.serial()

        assert transactions(on, call) == [[*SENT[name], 0xCA]]


@pytest.mark.parametrize("name", ISSUED)
def test_what_compares_nothing_is_in_one_as_well(issuer, name):
    assert transactions(issuer, ISSUED[name]) == [SENT[name]]


def test_a_step_of_unblocking_that_is_refused_ends_it(issuer):
    issuer.emulated._commands.handlers[CHANGE] = lambda command: ResponseApdu(sw=0x63C2)
    assert transactions(issuer, ISSUED["Pin.unblock"], PinRefused) == [[RESET, CHANGE]]


def test_a_verify_that_goes_before_a_change_is_in_the_same():
    on = bench(pin_rules={"tries_by": "none"})
    assert transactions(on, lambda on: on.pin.change(PIN, NEW_PIN, allow_last_try=True)) == [[VERIFY, CHANGE]]


def test_a_counter_read_by_an_empty_verify_is_in_the_same():
    on = bench(pin_rules={"tries_by": "empty_verify", "empty_verify": "free"})
    assert transactions(on, lambda on: on.pin.verify(PIN)) == [[VERIFY, VERIFY]]


def test_an_old_pin_that_cannot_be_right_ends_it(on):
    assert transactions(on, lambda on: on.pin.change("1234", NEW_PIN), PinFormatError) == [[GET_DATA]]


class TestTheWay:
    """It may fail to keep others out, or to let them in again."""

    def test_begun_with_an_error_nothing_is_sent(self, on):
        @contextmanager
        def transaction():
            raise OSError("could not keep the others out")
            yield

        on.wire.transaction = transaction
        sent = len(on.wire.sent)
        with pytest.raises(TransportError, match="OSError") as caught:
            on.pin.verify(PIN)
        assert "keep the others out" not in str(caught.value)
        assert len(on.wire.sent) == sent

    def test_ended_with_an_error_the_outcome_is_what_it_was(self, on):
        @contextmanager
        def transaction():
            yield
            raise OSError("could not let the others in")

        on.wire.transaction = transaction
        on.pin.verify(PIN)
        with pytest.raises(PinRefused):
            on.pin.verify(WRONG_PIN)
        assert on.stored[2] == 2
