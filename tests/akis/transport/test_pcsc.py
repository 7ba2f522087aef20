"""PC/SC for real, with pcscd and its virtual reader: what it sees and carries, and what goes away in the middle."""

import os
import signal
import subprocess
import sys
import time

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.emulator import EmulatedCard, load_personality
from akis.emulator.extended import with_extended_length
from akis.errors import (
    CardMute,
    CardRemoved,
    InvalidArgument,
    NoCard,
    NoReader,
    NoService,
    TransportError,
    WrongType,
)
from akis.transport.pcsc import PcscTransport, list_readers
from tests.akis.transport.pcsc_cards import CONTROL, GET_CHALLENGE, SELECT, VERIFY, Mute, Parrot
from tests.pcsc_service import READERS


def states():
    return [reader.state for reader in list_readers()]


# What it sees and carries


def test_readers_and_what_is_in_them(inserted):
    first, second = list_readers()
    assert (first.index, first.name, first.atr, first.state) == (0, READERS[0], inserted.card.atr, "card")
    assert (second.index, second.name, second.atr, second.state) == (1, READERS[1], None, "empty")
    with PcscTransport(READERS[0]):
        assert states() == ["card, in use", "empty"]
    with PcscTransport(READERS[0], exclusive=True):
        assert states() == ["card, in use exclusively", "empty"]


def test_readers_to_ignore_are_not_there_and_not_counted(pcsc, monkeypatch):
    assert [(reader.index, reader.name) for reader in list_readers(ignore="00 00")] == [(0, READERS[1])]
    monkeypatch.setenv("AKIS_IGNORE_READERS", "omnikey; virtual pcd")
    assert list_readers() == []
    assert len(list_readers(ignore="")) == 2


def test_a_card_answers_through_it(inserted):
    with PcscTransport(READERS[0]) as transport:
        assert transport.atr == inserted.card.atr
        assert transport.protocol == "T=1"
        challenge = transport.transmit(GET_CHALLENGE)
        assert len(challenge) == 10
        assert challenge.endswith(b"\x90\x00")


def test_every_byte_arrives_as_it_is_and_bytes_of_any_kind_go_out(pcsc):
    data = bytes(range(1, 256))
    raw = CommandApdu(0, 1, 2, 3, data).to_bytes()
    with pcsc.insert(Parrot()), PcscTransport(READERS[0]) as transport:
        for command in (raw, bytearray(raw), memoryview(raw)):
            answer = transport.transmit(command)
            assert type(answer) is bytes
            assert answer == data + b"\x90\x00"


@pytest.mark.parametrize("length", [256, 4096, 65000])
def test_extended_length_goes_through(pcsc, length):
    data = os.urandom(length)
    raw = CommandApdu(0, 1, 2, 3, data, ne=65536).to_bytes()
    with pcsc.insert(Parrot()), PcscTransport(READERS[0]) as transport:
        assert transport.transmit(raw) == data + b"\x90\x00"


def test_a_card_with_extended_length_reads_its_file_at_once(pcsc):
    personality = with_extended_length(load_personality("akis-2.2"))
    with pcsc.insert(EmulatedCard(personality)), PcscTransport(READERS[0]) as transport:
        transport.transmit(SELECT)
        answer = transport.transmit(CommandApdu(0, 0x84, 0, 0, ne=300, extended=True).to_bytes())
        assert ResponseApdu.from_bytes(answer).sw != 0x6700
        assert transport.transmit(CommandApdu(0, 0xB0, 0x92, 0, ne=65536).to_bytes())[-2:] in (b"\x90\x00", b"\x62\x82")


@pytest.mark.parametrize("command", [b"", b"\x01", b"\x00\x84\x00"])
def test_a_stump_of_a_command_is_not_sent(inserted, command):
    with PcscTransport(READERS[0]) as transport, pytest.raises(InvalidArgument):
        transport.transmit(command)


def test_what_is_no_bytes_is_not_sent(inserted):
    with PcscTransport(READERS[0]) as transport:
        for command in ("0084000008", list(GET_CHALLENGE), None):
            with pytest.raises(WrongType):
                transport.transmit(command)
    with pytest.raises(WrongType):
        PcscTransport(0)


def test_a_reader_that_cannot_be_controlled_says_so(inserted):
    with PcscTransport(READERS[0]) as transport:
        with pytest.raises(TransportError, match=r"Virtual PCD 00 00 cannot do this \(SCARD_E_.*, 8010001F\)"):
            transport.control(CONTROL, b"")
        assert transport.transmit(GET_CHALLENGE)[-2:] == b"\x90\x00"


# What is not there


def test_an_empty_reader(pcsc):
    with pytest.raises(NoCard, match="there is no card in Virtual PCD 00 00; insert one"):
        PcscTransport(READERS[0])


def test_a_reader_that_is_not_there(pcsc):
    with pytest.raises(NoReader, match="there is no reader Nobody's; see which ones there are"):
        PcscTransport("Nobody's")


@pytest.mark.parametrize("atr", [b"\x55" * 40, b"\x00", b"\x3b", b"\xff" * 33], ids=["too long", "zero", "cut", "ones"])
def test_a_card_that_makes_no_sense(pcsc, atr):
    with pcsc.insert(Mute(atr)):
        with pytest.raises(CardMute, match="see that it is a smart card, clean and the right way up"):
            PcscTransport(READERS[0])
        assert states()[0] == ("mute card" if len(atr) == 40 else "card")


def test_a_service_that_is_not_there(pcsc):
    pcsc.stop()
    with pytest.raises(NoService, match="does not answer; start pcscd"):
        list_readers()
    with pytest.raises(NoService):
        PcscTransport(READERS[0])


def test_a_socket_that_is_not_there():
    """The same in a process of its own, where there never was a service."""
    script = "from akis.transport.pcsc import *\ntry: list_readers()\nexcept NoService as error: print(error)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PCSCLITE_CSOCK_NAME": "/nonexistent/pcscd.comm"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "the PC/SC service does not answer; start pcscd, then connect again\n"


# What goes away in the middle


def test_a_card_that_is_pulled_stays_lost_until_reset(pcsc, inserted):
    with PcscTransport(READERS[0]) as transport:
        transport.transmit(GET_CHALLENGE)
        inserted.pull()
        with pytest.raises(CardRemoved, match="was taken out of Virtual PCD 00 00; put it back, then begin again"):
            transport.transmit(GET_CHALLENGE)
        with pytest.raises(NoCard):
            transport.reset()
        time.sleep(0.5)
        with pcsc.insert(EmulatedCard.named("akis-2.5")) as other:
            with pytest.raises(NoCard):
                transport.transmit(GET_CHALLENGE)
            with pytest.raises(NoCard), transport.transaction():
                raise AssertionError("it began")
            assert transport.reset() == transport.atr == other.card.atr
            assert transport.transmit(GET_CHALLENGE)[-2:] == b"\x90\x00"


def test_a_card_that_is_pulled_and_put_back_unseen_stays_lost_as_well(pcsc, inserted):
    with PcscTransport(READERS[0]) as transport:
        inserted.remove()
        with pcsc.insert(EmulatedCard.named()):
            for _ in range(3):
                with pytest.raises(CardRemoved):
                    transport.transmit(GET_CHALLENGE)
            transport.reset()
            assert transport.transmit(GET_CHALLENGE)[-2:] == b"\x90\x00"


def test_a_card_that_is_pulled_before_it_answers(pcsc):
    class Pulled(Parrot):
        def process(self, raw):
            raise CardRemoved("pulled")

    with pcsc.insert(Pulled()), PcscTransport(READERS[0]) as transport:
        with pytest.raises(CardRemoved) as caught:
            transport.transmit(VERIFY)
        assert "313233" not in repr(caught.value)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_service_that_goes_away_is_not_found_again_by_itself(pcsc, inserted, how):
    transport = PcscTransport(READERS[0])
    pcsc.stop(how)
    for attempt in (lambda: transport.transmit(GET_CHALLENGE), transport.reset, transport.transaction().__enter__):
        with pytest.raises(NoService, match="start pcscd, then connect again"):
            attempt()
    pcsc.start()
    with pcsc.insert(EmulatedCard.named()):
        for attempt in (lambda: transport.transmit(GET_CHALLENGE), transport.reset):
            with pytest.raises(NoService):
                attempt()
        transport.close()
        with PcscTransport(READERS[0]) as again:
            assert again.transmit(GET_CHALLENGE)[-2:] == b"\x90\x00"
