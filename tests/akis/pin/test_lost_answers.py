"""A command or its answer that is lost: the outcome is unknown, and it is not sent again."""

import traceback

import pytest

from akis.errors import AkisError, CardRemoved, CodecError, PinOutcomeUnknown, TransportError
from tests.akis.pin.outcomes import (
    OPERATIONS,
    PLAIN,
    Operation,
    in_a_session,
    instead,
    nothing_leaves,
    outcome_unknown,
    raising,
)
from tests.bench import SUITES, WRONG_PIN, Bench, bench, is_pin_command

OURS = [TransportError("no way"), CardRemoved("the card was taken away"), CodecError("an answer is odd", 7)]
FOREIGN = [RuntimeError, OSError, TimeoutError, StopIteration, AssertionError, MemoryError]
WAYS = [*SUITES, None]
"""A session of each suite, and in the clear."""


def on_the(way: str | None) -> Bench:
    return in_a_session(way) if way else bench()


def operations_of(way: str | None) -> dict[str, Operation]:
    return OPERATIONS if way else PLAIN


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("arrives", [True, False], ids=["answer lost", "command lost"])
class TestTheWayFails:
    def test_with_an_error_of_ours(self, way, arrives):
        for operation in operations_of(way).values():
            for error in OURS:
                on = on_the(way)
                prepare(on)
                unknown = outcome_unknown(on, operation, raising(error, arrives), arrives)
                assert unknown.__cause__ is error
                assert str(error) in str(unknown)

    def test_with_somebody_elses(self, way, arrives):
        for operation in operations_of(way).values():
            for kind in FOREIGN:
                on = on_the(way)
                prepare(on)

                def fault(command, forward, kind=kind):
                    raising(kind(f"could not send {command.hex()}"), arrives)(command, forward)

                unknown = outcome_unknown(on, operation, fault, arrives)
                assert type(unknown.__cause__) is TransportError
                assert kind.__name__ in str(unknown)
                assert "could not send" not in "".join(traceback.format_exception(unknown))

    @pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
    def test_with_an_interrupt(self, way, arrives, interrupt):
        """It goes through as what it is, and all else holds."""
        for operation in operations_of(way).values():
            on = on_the(way)
            prepare(on)
            on.wire.break_at(raising(interrupt(), arrives), operation.number)
            with pytest.raises(interrupt):
                operation.call(on)
            assert len(on.wire.pin_commands) == operation.number
            assert is_pin_command(on.wire.sent[-1])
            if way:
                assert on.card.session._contexts is None
                nothing_leaves(on)

    @pytest.mark.parametrize("answer", [b"", b"\x90"])
    def test_with_less_than_a_status_word(self, way, arrives, answer):
        for operation in operations_of(way).values():
            on = on_the(way)
            prepare(on)

            def fault(command, forward, answer=answer):
                return instead(answer)(command, forward) if arrives else answer

            unknown = outcome_unknown(on, operation, fault, arrives)
            assert isinstance(unknown.__cause__, CodecError)


def prepare(on: Bench) -> None:
    """In the clear only a verified PUK lets the PIN be reset: let it be."""
    if on.card.session is None:
        on.emulated._security.verified.add(0x82)


def test_pulled_the_card_is_as_before_or_done_and_only_reading_tells():
    """Why it is not sent again: both look the same from here."""
    left = []
    for arrives in (False, True):
        on = bench()
        on.wire.break_at(raising(CardRemoved("gone"), arrives))
        with pytest.raises(PinOutcomeUnknown) as caught:
            on.pin.verify(WRONG_PIN)
        left.append((str(caught.value), on.pin.tries_left()))
    assert left[0][0] == left[1][0]
    assert [tries for _, tries in left] == [3, 2]


def test_lost_in_the_clear_the_next_operation_reads_the_counter_first():
    on = bench()
    for tries in (2, 1):
        on.wire.break_at(instead(b""))
        with pytest.raises(PinOutcomeUnknown):
            on.pin.verify(WRONG_PIN)
        assert on.stored[2] == tries
    with pytest.raises(AkisError, match="one try"):
        on.pin.verify(WRONG_PIN)
    assert on.stored[2] == 1
