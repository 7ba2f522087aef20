"""What every transport has without asking: no reader to control, nobody to keep out, a ``with`` that closes."""

import pytest

from akis.errors import TransportError
from akis.transport.base import Transport


class Least(Transport):
    """The least a transport has to bring."""

    closed = 0
    atr = b"\x3b\x00"

    def transmit(self, command: bytes) -> bytes:
        return b"\x90\x00"

    def reset(self) -> bytes:
        return self.atr

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("missing", ["atr", "transmit", "reset", "close"])
def test_what_a_transport_must_bring(missing):
    members = {name: value for name, value in vars(Least).items() if name != missing and not name.startswith("__")}
    with pytest.raises(TypeError, match=missing):
        type("Less", (Transport,), members)()


def test_there_is_no_reader_to_control_unless_it_says_so():
    with pytest.raises(TransportError):
        Least().control(0x42000D48, b"")


def test_a_transaction_lets_results_and_errors_through():
    transport = Least()
    with transport.transaction(), transport.transaction():
        assert transport.transmit(bytes(4)) == b"\x90\x00"
    with pytest.raises(KeyError), transport.transaction():
        raise KeyError


def test_the_end_of_a_with_closes_it_whatever_happened():
    transport = Least()
    with transport as entered:
        assert (entered, transport.closed) == (transport, 0)
    assert transport.closed == 1
    with pytest.raises(KeyError), transport:
        raise KeyError
    assert transport.closed == 2
