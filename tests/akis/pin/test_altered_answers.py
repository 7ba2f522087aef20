"""An answer that was altered: the outcome is unknown, the session over, and nothing is sent again."""

import pytest

from akis.codec.apdu import CommandApdu
from akis.errors import AkisError, CodecError, SecureMessagingError
from tests.akis.pin.outcomes import OPERATIONS, altered, in_a_session, instead, outcome_unknown
from tests.bench import is_pin_command


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
