"""PC/SC for real: pcscd, its virtual reader, and other programs that take the card, reset it or keep it busy."""

import copy
import os
import signal
import subprocess
import sys
import time

import pytest
from smartcard import scard

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.emulator import EmulatedCard, load_personality
from akis.emulator.extended import with_extended_length
from akis.errors import (
    CardMute,
    CardRemoved,
    CardReset,
    InvalidArgument,
    NoCard,
    NoReader,
    NoService,
    SharingViolation,
    TransportError,
    WrongType,
)
from akis.transport.pcsc import PcscTransport, error, list_readers
from tests.pcsc_service import READERS

GET_CHALLENGE = bytes.fromhex("0084000008")
SELECT = bytes.fromhex("00A4040C 07 504B43532D3135")
VERIFY = bytes.fromhex("00200081 06 313233343536")
IS_VERIFIED = bytes.fromhex("00200081")
CONTROL = 0x42000D48  # CM_IOCTL_GET_FEATURE_REQUEST


class Parrot:
    """A card that says after its reader whatever data it is sent."""

    atr = bytes.fromhex("3B80800101")

    def reset(self):
        return self.atr

    def process(self, raw):
        return CommandApdu.from_bytes(raw).data + b"\x90\x00"


class Mute(Parrot):
    """A card with this for an answer to reset."""

    def __init__(self, atr):
        self.atr = atr


def states():
    return [reader.state for reader in list_readers()]


def is_verified(transport):
    return transport.transmit(IS_VERIFIED) == b"\x90\x00"


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


# Other programs


def test_another_program_that_has_the_card_for_itself(inserted, another_program):
    another_program.connect(READERS[0], exclusive=True)
    with pytest.raises(SharingViolation, match="another program has the card in Virtual PCD 00 00; end that one"):
        PcscTransport(READERS[0])
    another_program.disconnect()
    PcscTransport(READERS[0]).close()


def test_having_the_card_for_oneself(inserted, another_program):
    with PcscTransport(READERS[0], exclusive=True):
        assert another_program.connect(READERS[0]) == "SCARD_E_SHARING_VIOLATION"
    assert another_program.connect(READERS[0]) == "SCARD_S_SUCCESS"
    with pytest.raises(SharingViolation):
        PcscTransport(READERS[0], exclusive=True)


def test_another_program_that_resets_the_card_is_not_glossed_over(inserted, another_program):
    another_program.connect(READERS[0])
    with PcscTransport(READERS[0]) as transport:
        transport.transmit(SELECT)
        transport.transmit(VERIFY)
        assert is_verified(transport)
        another_program.reset()
        for _ in range(3):
            with pytest.raises(CardReset, match="PIN state and secure session are gone; reset it, then begin again"):
                transport.transmit(IS_VERIFIED)
            with pytest.raises(CardReset), transport.transaction():
                raise AssertionError("it began")
        assert transport.reset() == inserted.card.atr
        transport.transmit(SELECT)
        assert not is_verified(transport)


def test_a_reset_of_our_own_is_news_to_others_only(inserted, another_program):
    another_program.connect(READERS[0])
    with PcscTransport(READERS[0]) as transport:
        transport.reset()
        assert transport.transmit(GET_CHALLENGE)[-2:] == b"\x90\x00"
        assert another_program.transmit("0084000008") == "SCARD_W_RESET_CARD"


def test_a_transaction_makes_others_wait(inserted, another_program):
    another_program.connect(READERS[0])
    with PcscTransport(READERS[0]) as transport:
        with transport.transaction():
            with transport.transaction():
                transport.transmit(GET_CHALLENGE)
            another_program.start("transmit 0084000008")
            time.sleep(0.3)
            transport.transmit(SELECT)
            transport.transmit(VERIFY)
            assert is_verified(transport)
        assert another_program.wait().endswith("9000")


def test_the_transaction_of_another_program_makes_us_wait(inserted, another_program):
    another_program.connect(READERS[0])
    with PcscTransport(READERS[0]) as transport:

        def begin_and_end():
            with transport.transaction():
                pass

        for attempt in (lambda: transport.transmit(GET_CHALLENGE), begin_and_end, transport.reset):
            another_program.begin_transaction()
            another_program.start("end 0.3")
            begun = time.monotonic()
            attempt()
            assert time.monotonic() - begun > 0.2
            assert another_program.wait() == "SCARD_S_SUCCESS"


# Transactions and the end


def test_the_end_of_a_transaction_does_not_hide_what_went_wrong_in_it(inserted):
    with PcscTransport(READERS[0]) as transport:
        with pytest.raises(KeyError), transport.transaction():
            raise KeyError(inserted.remove())
        with pytest.raises(CardRemoved), transport.transaction(), transport.transaction():
            transport.transmit(GET_CHALLENGE)


def test_what_was_done_in_a_transaction_counts_even_if_the_card_leaves_before_its_end(inserted):
    with PcscTransport(READERS[0]) as transport:
        with transport.transaction():
            transport.transmit(GET_CHALLENGE)
            inserted.remove()
        with pytest.raises(CardRemoved):
            transport.transmit(GET_CHALLENGE)


def test_a_reset_stays_within_the_transaction(inserted, another_program):
    another_program.connect(READERS[0])
    with PcscTransport(READERS[0]) as transport, transport.transaction():
        transport.reset()
        another_program.start(f"connect 0 {READERS[0]}")
        time.sleep(0.3)
        transport.transmit(SELECT)
        transport.transmit(VERIFY)
        assert is_verified(transport)
    assert another_program.wait() == "SCARD_S_SUCCESS"


def test_the_card_is_reset_at_the_end(inserted):
    with PcscTransport(READERS[0]) as transport:
        transport.transmit(SELECT)
        transport.transmit(VERIFY)
        assert is_verified(transport)
    with PcscTransport(READERS[0]) as transport:
        transport.transmit(SELECT)
        assert not is_verified(transport)


def test_the_card_is_left_as_it_is_where_that_is_wanted(inserted):
    with PcscTransport(READERS[0], leave_card=True) as transport:
        transport.transmit(SELECT)
        transport.transmit(VERIFY)
    with PcscTransport(READERS[0]) as transport:
        assert is_verified(transport)


def test_a_card_that_another_program_has_reset_is_left_to_it(inserted, another_program):
    another_program.connect(READERS[0])
    with PcscTransport(READERS[0]) as transport:
        another_program.reset()
        another_program.transmit(SELECT.hex())
        another_program.transmit(VERIFY.hex())
        with pytest.raises(CardReset):
            transport.transmit(GET_CHALLENGE)
    assert another_program.transmit(IS_VERIFIED.hex()) == "9000"


def test_closing_twice_and_using_it_then(inserted):
    transport = PcscTransport(READERS[0])
    with transport.transaction():
        transport.close()
        transport.close()
    for attempt in (
        lambda: transport.transmit(GET_CHALLENGE),
        lambda: transport.control(CONTROL, b""),
        transport.reset,
        transport.transaction().__enter__,
    ):
        with pytest.raises(TransportError, match="is closed"):
            attempt()
    assert transport.atr == inserted.card.atr
    assert repr(transport) == "PcscTransport('Virtual PCD 00 00')"
    PcscTransport(READERS[0], exclusive=True).close()


def test_nothing_is_left_behind(inserted):
    """pcscd serves 200 clients at a time."""
    for _ in range(250):
        PcscTransport(READERS[0]).close()
        with pytest.raises(NoCard):
            PcscTransport(READERS[1])
        list_readers()


# What PC/SC answers, in words

CODES = {
    name: code for name, code in vars(scard).items() if name[:8] in ("SCARD_E_", "SCARD_F_", "SCARD_W_", "SCARD_P_")
}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("SCARD_E_NO_SERVICE", NoService),
        ("SCARD_E_SERVICE_STOPPED", NoService),
        ("SCARD_E_NO_ACCESS", NoService),
        ("SCARD_W_SECURITY_VIOLATION", NoService),
        ("SCARD_E_NO_READERS_AVAILABLE", NoReader),
        ("SCARD_E_UNKNOWN_READER", NoReader),
        ("SCARD_E_READER_UNAVAILABLE", NoReader),
        ("SCARD_E_NO_SMARTCARD", NoCard),
        ("SCARD_W_UNRESPONSIVE_CARD", CardMute),
        ("SCARD_W_UNSUPPORTED_CARD", CardMute),
        ("SCARD_E_PROTO_MISMATCH", CardMute),
        ("SCARD_W_REMOVED_CARD", CardRemoved),
        ("SCARD_W_UNPOWERED_CARD", CardRemoved),
        ("SCARD_W_RESET_CARD", CardReset),
        ("SCARD_E_SHARING_VIOLATION", SharingViolation),
        ("SCARD_E_NOT_TRANSACTED", TransportError),
        ("SCARD_F_INTERNAL_ERROR", TransportError),
    ],
)
def test_each_failure_has_its_kind(name, kind):
    assert type(error(CODES[name], READERS[0])) is kind


@pytest.mark.parametrize("name", CODES)
def test_each_failure_is_one_sentence_and_a_plain_one_names_its_code(name):
    failure = error(CODES[name], "a {reader} (with braces)")
    text = str(failure)
    assert "\n" not in text
    assert "{code}" not in text
    if type(failure) is TransportError:
        assert "SCARD_" in text
        assert f"{CODES[name]:08X}" in text
    assert str(copy.copy(failure)) == text


def test_a_code_nobody_knows():
    assert str(error(0x8010FFFF, "R")) == "PC/SC failed at R with an unknown code, 8010FFFF"
