"""Whatever becomes of the answer to a PIN command: the outcome is unknown, the session over, and it is not sent again.

Each case runs on a card of its own. The wire alters, loses or replaces the answer to one PIN command and passes
everything else; what arrived is counted on the card's side of it.
"""

import traceback
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.errors import AkisError, CardRemoved, CodecError, PinOutcomeUnknown, SecureMessagingError, TransportError
from tests.bench import NEW_PIN, NEW_PUK, PIN, PUK, SUITES, WRONG_PIN, Bench, Fault, bench, is_pin_command


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


@pytest.fixture(params=SUITES)
def suite(request):
    return request.param


@pytest.fixture(params=OPERATIONS.values(), ids=OPERATIONS)
def operation(request):
    return request.param


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
        assert session._encryption is session._mac is None
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


class TestProtectedAnswer:
    """Every operation, every change to what came back."""

    def test_unaltered_is_taken(self, suite, operation):
        """Else all these tests would prove nothing."""
        on = in_a_session(suite)
        on.wire.break_at(altered(bytes), operation.number)
        if operation is OPERATIONS["verify, wrong PIN"]:
            with pytest.raises(AkisError, match="2 tries left"):
                operation.call(on)
        else:
            operation.call(on)
        assert on.card.session.alive
        assert len(on.wire.answers[-1]) == 16

    def test_every_bit(self, suite, operation):
        for bit in range(16 * 8):

            def flipped(answer, bit=bit):
                return (int.from_bytes(answer, "big") ^ 1 << bit).to_bytes(len(answer), "big")

            unknown = outcome_unknown(in_a_session(suite), operation, altered(flipped))
            assert isinstance(unknown.__cause__, SecureMessagingError), bit

    def test_every_cut(self, suite, operation):
        for length in range(16):
            unknown = outcome_unknown(in_a_session(suite), operation, altered(lambda answer, n=length: answer[:n]))
            assert isinstance(unknown.__cause__, SecureMessagingError if length > 1 else CodecError), length

    def test_every_cut_at_the_front(self, suite, operation):
        for length in range(1, 16):
            outcome_unknown(in_a_session(suite), operation, altered(lambda answer, n=length: answer[n:]))


def other(sw: bytes) -> bytes:
    """9000 for a refusal, a refusal for 9000."""
    return b"\x63\xc2" if sw == b"\x90\x00" else b"\x90\x00"


# An answer is 99 02 SW, 8E 08 checksum, SW.
REARRANGED = {
    "objects swapped": lambda status, checksum, sw: checksum + status + sw,
    "status doubled": lambda status, checksum, sw: status + status + checksum + sw,
    "checksum doubled": lambda status, checksum, sw: status + checksum + checksum + sw,
    "all doubled": lambda status, checksum, sw: (status + checksum) * 2 + sw,
    "status missing": lambda status, checksum, sw: checksum + sw,
    "checksum missing": lambda status, checksum, sw: status + sw,
    "both missing": lambda status, checksum, sw: sw,
    "checksum empty": lambda status, checksum, sw: status + b"\x8e\x00" + sw,
    "checksum cut": lambda status, checksum, sw: status + b"\x8e\x04" + checksum[2:6] + sw,
    "checksum of zeros": lambda status, checksum, sw: status + b"\x8e\x08" + bytes(8) + sw,
    "status empty": lambda status, checksum, sw: b"\x99\x00" + checksum + sw,
    "status of three bytes": lambda status, checksum, sw: b"\x99\x03" + status[2:] + b"\x00" + checksum + sw,
    "an unknown object before": lambda status, checksum, sw: b"\x80\x01\x00" + status + checksum + sw,
    "an unknown object between": lambda status, checksum, sw: status + b"\x9e\x01\x00" + checksum + sw,
    "an unknown object behind": lambda status, checksum, sw: status + checksum + b"\x80\x01\x00" + sw,
    "that of a command": lambda status, checksum, sw: b"\x97\x01\x00" + status + checksum + sw,
    "plain data": lambda status, checksum, sw: b"\x81\x01\x00" + status + checksum + sw,
    "an empty cryptogram": lambda status, checksum, sw: b"\x87\x01\x01" + status + checksum + sw,
    "a cryptogram": lambda status, checksum, sw: b"\x87\x11\x01" + bytes(16) + status + checksum + sw,
    "a length in two bytes": lambda status, checksum, sw: b"\x99\x81\x02" + status[2:] + checksum + sw,
    "a byte behind": lambda status, checksum, sw: status + checksum + b"\x00" + sw,
    "another status word outside": lambda status, checksum, sw: status + checksum + other(sw),
    "another one inside": lambda status, checksum, sw: b"\x99\x02" + other(sw) + checksum + sw,
    "another one in both": lambda status, checksum, sw: b"\x99\x02" + other(sw) + checksum + other(sw),
}


@pytest.mark.parametrize("change", REARRANGED.values(), ids=REARRANGED)
def test_objects_rearranged(suite, operation, change):
    def rearranged(answer):
        return change(answer[:4], answer[4:14], answer[14:])

    unknown = outcome_unknown(in_a_session(suite), operation, altered(rearranged))
    assert isinstance(unknown.__cause__, SecureMessagingError)


@pytest.mark.parametrize("sw", ["9000", "63C2", "63C0", "6983", "6982", "6987", "6988", "6A80", "6F00", "6110", "6C10"])
def test_a_plain_answer_is_nobodys(suite, operation, sw):
    """Not even a refusal: anybody can say 6988."""
    unknown = outcome_unknown(in_a_session(suite), operation, instead(bytes.fromhex(sw)))
    assert isinstance(unknown.__cause__, SecureMessagingError)
    assert str(unknown.__cause__.sw) == sw
    assert sw in str(unknown)


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
                assert on.card.session._encryption is on.card.session._mac is None
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


def test_the_wire_knows_a_pin_command():
    """The tests above count with it."""
    plain = {
        "00200081": False,  # asks only
        "002000810431323334": True,
        "0020FF81": False,
        "002400810431323334": True,
        "002401810431323334": True,
        "002C03 81": True,
        "002C02810431323334": True,
        "00CA010400": False,
    }
    for raw, expected in plain.items():
        raw = bytes.fromhex(raw)
        assert is_pin_command(raw) is expected
        protected = in_a_session("akis-2.2").card.session.protect(CommandApdu.from_bytes(raw))
        assert is_pin_command(protected.to_bytes()) is expected
