"""The vpcd client against a virtual reader over a real socket: what goes over the wire, how it ends, how fast it is."""

from __future__ import annotations

import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from akis.emulator import EmulatedCard, vpcd
from akis.emulator.vpcd import VpcdClient
from akis.errors import AkisError, CardRemoved, InvalidArgument, NoReader, TransportError
from tests.akis.emulator.cards import COUNTERS, PIN, SELECT, WRONG
from tests.akis.emulator.virtual_reader import GET_ATR, POWER_OFF, POWER_ON, RESET, VirtualReader

EMPTY_VERIFY = "00200081"


class Served:
    """A client that serves in a thread of its own."""

    def __init__(self, client: VpcdClient) -> None:
        self.client = client
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.client.serve()
        except BaseException as error:
            self.error = error

    def end(self) -> BaseException | None:
        """Wait until it has ended by itself; returns what it raised."""
        self.thread.join(10)
        assert not self.thread.is_alive()
        return self.error


@contextmanager
def served(reader: VirtualReader, **options) -> Iterator[Served]:
    happened: list[str] = []
    client = VpcdClient(EmulatedCard.named(), port=reader.port, tell=happened.append, **options)
    client.happened = happened
    running = Served(client)
    try:
        yield running
    finally:
        client.stop()
        assert not running.thread.join(10)
        assert not running.thread.is_alive()


@pytest.fixture
def reader() -> Iterator[VirtualReader]:
    with VirtualReader() as found:
        yield found


# ---- what goes over the wire


def test_power_atr_and_commands(reader):
    with served(reader) as running:
        reader.accept()
        card = running.client.card
        reader.raw(b"\x00\x01\x04")
        assert reader.answer() == card.atr
        reader.raw(b"\x00\x01\x01" + b"\x00\x01\x04")  # power on has no answer
        assert reader.answer() == card.atr
        reader.raw(b"\x00\x0d" + bytes.fromhex(SELECT))
        assert reader.answer()[-2:] == b"\x90\x00"
        assert reader.apdu(f"00200081 06 {WRONG}") == "63C2"
        assert reader.apdu("0020") == "6700"


@pytest.mark.parametrize("control", [POWER_OFF, POWER_ON, RESET])
def test_power_and_reset_reset_the_card_and_keep_its_memory(reader, control):
    with served(reader):
        reader.wait_for_card()
        reader.apdu(SELECT)
        reader.apdu(f"00200081 06 {WRONG}")
        assert reader.apdu(f"00200081 06 {PIN}") == "9000"
        assert reader.apdu(f"00200081 06 {WRONG}") == "63C2"
        reader.tell(control)
        assert reader.apdu(EMPTY_VERIFY) == "6A88"  # the application is not current any more
        reader.apdu(SELECT)
        assert reader.apdu(EMPTY_VERIFY) == "63C2"


def test_extended_length_passes(reader):
    with served(reader):
        reader.wait_for_card()
        assert reader.ask(bytes.fromhex("00CB3FFF 00012C") + bytes(300) + bytes(2)) == b"\x67\x00"
        assert reader.ask(bytes(65535)) == b"\x67\x00"


def test_it_says_when_the_reader_has_looked_at_the_card_and_when_it_is_gone(reader):
    with served(reader, reconnect=True) as running:
        reader.accept()
        assert running.client.happened == []
        reader.ask(GET_ATR)
        reader.ask(GET_ATR)
        assert running.client.happened == ["inserted"]
        reader.wait_for_card()
        assert running.client.happened == ["inserted", "removed", "inserted"]
    assert running.client.happened[3:] == ["removed"]


# ---- how it ends


def test_a_reader_that_says_goodbye_is_a_clean_end(reader):
    with served(reader) as running:
        reader.wait_for_card()
        reader.apdu(SELECT)
        reader.eject()
        assert running.end() is None
        assert running.client.card.process(bytes.fromhex(EMPTY_VERIFY)) == b"\x6a\x88", "its power is gone"


def test_with_reconnect_the_card_comes_back_to_a_restarted_reader(reader):
    with served(reader, reconnect=True) as running:
        reader.wait_for_card()
        reader.apdu(SELECT)
        assert reader.apdu(f"00200081 06 {WRONG}") == "63C2"
        reader.close()
        time.sleep(0.6)  # long enough for a refused connection in between
        with VirtualReader(reader.port) as restarted:
            restarted.wait_for_card()
            assert restarted.apdu(EMPTY_VERIFY) == "6A88"
            restarted.apdu(SELECT)
            assert restarted.apdu(EMPTY_VERIFY) == "63C2"
        assert running.thread.is_alive()


def test_with_reconnect_a_message_cut_off_by_a_dying_reader_is_no_end(reader):
    with served(reader, reconnect=True):
        reader.wait_for_card()
        reader.raw(b"\x00")
        reader.wait_for_card()
        reader.raw(b"\x00\x05\x00")
        reader.wait_for_card()


@pytest.mark.parametrize("reconnect", [False, True])
def test_no_reader(reconnect):
    with VirtualReader() as reader:
        port = reader.port
    client = VpcdClient(EmulatedCard.named(), port=port, reconnect=reconnect)
    with pytest.raises(NoReader, match=rf"no virtual reader at 127\.0\.0\.1:{port} \(Connection refused\)"):
        client.serve()


@pytest.mark.parametrize("host", ["no-such-host.invalid", "x" * 70, "a..b", "\0", ""])
def test_hosts_that_are_none(host):
    with VirtualReader() as reader:
        port = reader.port
    with pytest.raises(NoReader):
        VpcdClient(EmulatedCard.named(), host, port).serve()


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_ports_that_are_none(port):
    with pytest.raises(InvalidArgument):
        VpcdClient(EmulatedCard.named(), port=port)


def test_a_connection_to_itself_is_no_reader(monkeypatch):
    with VirtualReader() as reader:
        port = reader.port
    connect = socket.create_connection
    # What the kernel does once in some ten thousand tries, made certain.
    monkeypatch.setattr(vpcd.socket, "create_connection", lambda at, timeout: connect(at, timeout, ("127.0.0.1", port)))
    with pytest.raises(NoReader, match="nobody listens"):
        VpcdClient(EmulatedCard.named(), port=port).serve()


def test_stop_from_another_thread_while_it_waits_for_the_reader(reader):
    with served(reader) as running:
        reader.wait_for_card()
        running.client.stop()
        assert running.end() is None
        assert reader.is_gone()


def test_stop_while_a_command_runs_still_answers_it(reader):
    with served(reader) as running:
        reader.wait_for_card()
        process = running.client.card.process

        def stop_and_process(raw: bytes) -> bytes:
            running.client.stop()
            return process(raw)

        running.client.card.process = stop_and_process
        assert reader.apdu(SELECT).endswith("9000")
        assert running.end() is None
        assert reader.is_gone()


@pytest.mark.parametrize("cut", [b"\x00", b"\x00\x05\x00\x20"])
def test_stop_in_the_middle_of_a_message_is_a_clean_end(reader, cut):
    with served(reader) as running:
        reader.wait_for_card()
        reader.raw(cut)
        time.sleep(0.05)
        running.client.stop()
        assert running.end() is None


def test_stop_while_it_waits_for_a_reader_to_come_back(reader):
    with served(reader, reconnect=True) as running:
        reader.wait_for_card()
        reader.close()
        time.sleep(0.1)
        running.client.stop()
        assert running.end() is None


def test_stop_before_serve(reader):
    client = VpcdClient(EmulatedCard.named(), port=reader.port)
    client.stop()
    client.serve()


# ---- hostile input


@pytest.mark.parametrize("before", [b"", b"\x00\x01\x04"])
@pytest.mark.parametrize("message", [b"\x00\x00", *(b"\x00\x01" + bytes((byte,)) for byte in (0x03, 0x05, 0xFF))])
def test_unknown_messages_end_it(reader, before, message):
    with served(reader) as running:
        reader.accept()
        reader.raw(before + message)
        error = running.end()
        assert type(error) is (CardRemoved if before else TransportError)
        assert "is no message of vpcd" in str(error)


@pytest.mark.parametrize("message", [b"\x00", b"\x00\x05", b"\xff\xff\x00", b"\x00\x05\x00\x20\x00\x81"])
def test_messages_cut_off_end_it(reader, message):
    with served(reader) as running:
        reader.wait_for_card()
        reader.raw(message)
        reader.eject()
        error = running.end()
        assert type(error) is CardRemoved
        assert "cut off" in str(error)


def test_with_reconnect_somebody_else_at_the_port_is_still_an_error(reader):
    with served(reader, reconnect=True) as running:
        reader.accept()
        reader.raw(b"\x00\x00")
        error = running.end()
        assert type(error) is TransportError
        assert str(error).startswith(f"there is no vpcd at 127.0.0.1:{reader.port}")


def test_an_answer_nobody_takes(reader):
    with served(reader) as running:
        reader.wait_for_card()
        for _ in range(2000):
            reader.raw(b"\x00\x0d" + bytes.fromhex(SELECT))
        reader.eject()
        error = running.end()
        assert error is None or type(error) is CardRemoved


def test_an_answer_too_long_for_a_message(reader):
    with served(reader) as running:
        reader.wait_for_card()
        running.client.card.process = lambda raw: bytes(65536)
        reader.tell(bytes(5))
        assert type(running.end()) is TransportError


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=40), max_size=12), st.booleans())
def test_whatever_comes_the_end_is_clean_or_typed(reader, pieces, framed):
    with served(reader) as running:
        reader.accept()
        with suppress(OSError):
            for piece in pieces:
                reader.raw((len(piece).to_bytes(2, "big") if framed else b"") + piece)
        reader.eject()
        error = running.end()
        assert error is None or isinstance(error, AkisError)


# ---- how fast it is


def round_trips(reader: VirtualReader, count: int = 50) -> list[float]:
    found = []
    for _ in range(count):
        start = time.perf_counter()
        assert reader.apdu(COUNTERS[1])[-4:] == "9000"
        found.append(time.perf_counter() - start)
    return found


def test_a_round_trip_waits_for_no_delayed_acknowledgement(reader):
    with served(reader):
        reader.wait_for_card()
        reader.apdu(SELECT)
        assert statistics.median(round_trips(reader)) < 0.020


def test_without_the_cure_it_would(reader, monkeypatch):
    """Shows that the reader above sets the trap at all; kernels differ in whether there is one."""
    monkeypatch.setattr(vpcd, "_QUICKACK", None)
    with served(reader):
        reader.wait_for_card()
        reader.apdu(SELECT)
        if statistics.median(round_trips(reader, 20)) < 0.030:
            pytest.skip("this kernel acknowledges at once")
