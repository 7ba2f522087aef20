"""Operations that run into trouble: the wire alters, loses or replaces the answer to one PIN command.

It passes everything else, and what arrived is counted on the card's side of it. Each case runs on a card of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from akis.errors import AkisError, PinOutcomeUnknown, SecureMessagingError
from tests.bench import NEW_PIN, NEW_PUK, PIN, PUK, WRONG_PIN, Bench, Fault, bench, is_pin_command


@dataclass(frozen=True)
class Operation:
    """One PIN operation; ``number`` says which of its PIN commands is the one that goes wrong."""

    call: Callable[[Bench], None]
    number: int = 1


OPERATIONS = {
    "verify": Operation(lambda on: on.pin.verify(PIN)),
    "verify, wrong PIN": Operation(lambda on: on.pin.verify(WRONG_PIN)),
    "change": Operation(lambda on: on.pin.change(PIN, NEW_PIN)),
    "change_to": Operation(lambda on: on.pin.change_to(NEW_PIN)),
    "reset_to": Operation(lambda on: on.pin.reset_to(NEW_PIN)),
    "reset_counter": Operation(lambda on: on.pin.reset_counter()),
    "unblock, RESET": Operation(lambda on: on.pin.unblock(NEW_PIN), 1),
    "unblock, CHANGE": Operation(lambda on: on.pin.unblock(NEW_PIN), 2),
    "unblock, VERIFY": Operation(lambda on: on.pin.unblock(NEW_PIN), 3),
    "PUK verify": Operation(lambda on: on.puk.verify(PUK, permit_puk=True)),
    "PUK change": Operation(lambda on: on.puk.change(PUK, NEW_PUK, permit_puk=True)),
    "PUK unblock": Operation(lambda on: on.puk.unblock(PUK, NEW_PIN, permit_puk=True)),
    "PUK reset_counter": Operation(lambda on: on.puk.reset_counter(PUK, permit_puk=True)),
}
# The same in the clear, where the issuer's role is not to be had.
PLAIN = {name: OPERATIONS[name] for name in OPERATIONS if name != "change_to" and "unblock, " not in name}


def instead(answer: bytes) -> Fault:
    """Have the card do it, and answer something else."""

    def fault(command: bytes, forward) -> bytes:
        forward(command)
        return answer

    return fault


def altered(change: Callable[[bytes], bytes]) -> Fault:
    return lambda command, forward: change(forward(command))


def raising(error: BaseException, arrives: bool) -> Fault:
    def fault(command: bytes, forward) -> bytes:
        if arrives:
            forward(command)
        raise error

    return fault


def in_a_session(suite: str) -> Bench:
    return bench(suite).open()


def outcome_unknown(on: Bench, operation: Operation, fault: Fault, arrives: bool = True) -> PinOutcomeUnknown:
    """Run it into ``fault``; check all that holds whatever the fault was; gives the error for what depends on it."""
    session = on.card.session
    on.wire.break_at(fault, operation.number)
    with pytest.raises(PinOutcomeUnknown) as caught:
        operation.call(on)
    unknown = caught.value
    # One command, and nothing at all after it.
    assert len(on.wire.pin_commands) == operation.number
    assert len(on.wire.pin_commands_arrived) == operation.number - (not arrives)
    assert is_pin_command(on.wire.sent[-1])
    # The cause is ours and comes from nowhere else.
    assert isinstance(unknown.__cause__, AkisError)
    assert unknown.__cause__.__cause__ is unknown.__cause__.__context__ is None
    if session is not None:
        assert on.card.session is session
        assert not session.alive
        assert session._contexts is None
        nothing_leaves(on)
    return unknown


def nothing_leaves(on: Bench) -> None:
    sent = len(on.wire.sent)
    for call in (
        lambda: on.pin.verify(PIN, allow_last_try=True),
        lambda: on.pin.reset_counter(),
        lambda: on.pin.unblock(NEW_PIN),
        lambda: on.puk.verify(PUK, permit_puk=True, allow_last_try=True),
        on.pin.tries_left,
        lambda: on.pin.ask_by_empty_verify(may_spend_try=True),
        on.card.serial,
    ):
        with pytest.raises(SecureMessagingError, match="the session is over"):
            call()
    assert len(on.wire.sent) == sent
