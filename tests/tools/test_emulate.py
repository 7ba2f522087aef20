"""``akis emulate`` before a virtual reader over a real socket: what it prints, how it ends, which card it is."""

from __future__ import annotations

import json
import signal
import statistics
import time
from contextlib import suppress

import pytest
from smartcard.Exceptions import SmartcardException
from smartcard.pcsc.PCSCReader import PCSCReader

from akis.codec.atr import Atr
from akis.emulator import load_personality
from tests.akis.emulator.cards import COUNTERS, PIN, SELECT, WRONG
from tests.akis.emulator.virtual_reader import POWER_OFF, RESET, VirtualReader
from tests.pcsc_service import READERS
from tests.tools.emulate_process import ATR, EMPTY_VERIFY, Emulate, tries_left
from tools.__main__ import main
from tools.exit_codes import Exit

STATES = "there are new, blocked, last-try, dead, besides extended and INS=SW such as 24=6985"

# ---- what it prints, and how it ends


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_one_line_when_the_card_is_seen_and_a_clean_end(reader, end):
    with Emulate(reader) as emulate:
        reader.accept()
        assert reader.ask(b"\x04") == ATR
        line = emulate.line()
        assert line == f"akis-2.2 is in the virtual reader at 127.0.0.1:{reader.port}; Ctrl-C pulls it\n"
        assert reader.apdu(SELECT)[-4:] == "9000"
        assert emulate.end(end) == (Exit.DONE, "", "")
        assert reader.is_gone()


def test_json_says_the_same(reader, file):
    with Emulate(reader, "--json", "--personality", "akis-2.5", "--state", file) as emulate:
        reader.wait_for_card()
        common = {
            "vpcd": f"127.0.0.1:{reader.port}",
            "personality": "akis-2.5",
            "atr": load_personality("akis-2.5").atr.hex().upper(),
            "state": str(file),
        }
        assert json.loads(emulate.line()) == {"schema": 1, "event": "inserted", **common}
        code, out, err = emulate.end(signal.SIGTERM)
        assert (code, err) == (Exit.DONE, "")
        assert json.loads(out) == {"schema": 1, "event": "removed", **common}


def test_it_ends_at_once_while_it_waits_for_the_reader_to_come_back(reader):
    with Emulate(reader) as emulate:
        reader.wait_for_card()
        emulate.line()
        reader.close()
        assert emulate.line() == f"the virtual reader at 127.0.0.1:{reader.port} is gone; waiting for it\n"
        start = time.monotonic()
        assert emulate.end(signal.SIGTERM) == (Exit.DONE, "", "")
        assert time.monotonic() - start < 5


def test_a_restarted_reader_finds_the_card_again(reader):
    with Emulate(reader) as emulate:
        assert tries_left(reader) == 3
        assert reader.apdu(f"00200081 06 {WRONG}") == "63C2"
        reader.close()
        with VirtualReader(reader.port) as restarted:
            assert tries_left(restarted) == 2
            lines = [emulate.line() for _ in range(3)]
            assert [line.split(" ")[0] for line in lines] == ["akis-2.2", "the", "akis-2.2"]


def test_nobody_reads_what_it_prints(reader):
    with Emulate(reader) as emulate:
        assert emulate.process.stdout is not None
        emulate.process.stdout.close()
        reader.accept()
        reader.tell(b"\x04")
        assert emulate.process.wait(20) == Exit.BROKEN_PIPE
        assert emulate.process.stderr is not None
        assert emulate.process.stderr.read() == ""


def test_no_reader_says_what_to_install_and_start(free_port, capsys):
    assert main(["emulate", "--vpcd", f"127.0.0.1:{free_port}"]) == Exit.NO_CARD
    out, err = capsys.readouterr()
    where = f"no virtual reader at 127.0.0.1:{free_port} (Connection refused)"
    assert (out, err) == ("", f"akis: {where}: install pcscd and vsmartcard-vpcd, and start pcscd\n")


def test_no_reader_as_json(free_port, capsys):
    assert main(["emulate", "--json", "--vpcd", f"127.0.0.1:{free_port}"]) == Exit.NO_CARD
    report = json.loads(capsys.readouterr().out)
    assert (report["schema"], report["error"]["kind"]) == (1, "NoReader")


def test_somebody_else_at_the_port(reader):
    with Emulate(reader) as emulate:
        reader.accept()
        reader.raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        reader.eject()
        code, out, err = emulate.end()
        assert (code, out) == (Exit.NO_CARD, "")
        assert err == f"akis: there is no vpcd at 127.0.0.1:{reader.port}: its last message was cut off\n"


@pytest.mark.parametrize("address", ["", "localhost", ":35963", "localhost:", "localhost:0", "a:65536", "a:b", "a:-1"])
def test_addresses_that_are_none(address, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["emulate", "--vpcd", address])
    assert stopped.value.code == Exit.USAGE
    assert f"not HOST:PORT: {address!r}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("visa", "there is no personality 'visa'; there are akis-1.0, akis-2.2, akis-2.5, blank"),
        ("akis-2.2,broken", f"no card state 'broken'; {STATES}"),
        ("akis-2.2,new,new", "a card is in one state, not in new and new"),
    ],
)
def test_personalities_that_are_none(text, complaint, free_port, capsys):
    assert main(["emulate", "--personality", text, "--vpcd", f"127.0.0.1:{free_port}"]) == Exit.USAGE
    assert capsys.readouterr().err == f"akis: {complaint}\n"


def test_help_begins_with_an_example(capsys):
    with pytest.raises(SystemExit):
        main(["emulate", "--help"])
    shown = capsys.readouterr().out
    assert "\n\nexamples:\n  akis emulate --personality akis-2.2,blocked --state card.state\n" in shown
    assert "--personality NAME[,STATE][,INS=SW]" in shown


# ---- the card


@pytest.mark.parametrize(
    ("text", "state"), [("akis-2.2", "63C3"), (",last-try", "63C1"), ("akis-2.5,blocked", "6983"), (",new", "6984")]
)
def test_personality_and_state(reader, text, state):
    with Emulate(reader, "--personality", text):
        assert reader.wait_for_card() == load_personality(text.split(",")[0] or "akis-2.2").atr
        reader.apdu(SELECT)
        assert reader.apdu(EMPTY_VERIFY) == state


def test_extended_length_and_an_atr_that_says_so(reader):
    extended = "00CB3FFF 000006 4D04BF810180 0000"
    with Emulate(reader):
        assert not Atr.from_bytes(reader.wait_for_card()).historical.capabilities.commands.extended_lengths
        assert reader.apdu(extended) == "6700"
    with Emulate(reader, "--extended"):
        assert Atr.from_bytes(reader.wait_for_card()).historical.capabilities.commands.extended_lengths
        reader.apdu(SELECT)
        assert reader.apdu(extended)[-4:] == "9000"
        assert reader.ask(bytes.fromhex("00A40400 00012C") + bytes(300)) == b"\x6a\x82"


def test_power_off_and_reset_forget_what_was_verified(reader):
    with Emulate(reader):
        reader.wait_for_card()
        for control in (POWER_OFF, RESET):
            reader.apdu(SELECT)
            assert reader.apdu(f"00200081 06 {PIN}") == "9000"
            assert reader.apdu(EMPTY_VERIFY) == "9000"
            reader.tell(control)
            reader.apdu(SELECT)
            assert reader.apdu(EMPTY_VERIFY) == "63C3"


def test_round_trips_are_far_below_50_ms(reader):
    with Emulate(reader):
        assert tries_left(reader) == 3
        found = []
        for _ in range(50):
            start = time.perf_counter()
            reader.apdu(COUNTERS[1])
            found.append(time.perf_counter() - start)
        assert statistics.median(found) < 0.020


# ---- through pcscd


def test_pcscd_and_pyscard_see_the_card_and_a_killed_one_comes_back_from_its_file(pcsc, file):
    for left in (3, 2):
        with Emulate(pcsc.port(0), "--json", "--state", file) as emulate:
            assert json.loads(emulate.line())["event"] == "inserted"
            pcsc.wait_for_card(0)
            connection = PCSCReader(READERS[0]).createConnection()
            connection.connect()
            assert bytes(connection.getATR()) == ATR
            assert sent(connection, SELECT)[-4:] == "9000"
            assert sent(connection, COUNTERS[1])[18:20] == f"{left:02X}"
            assert sent(connection, f"00200081 06 {WRONG}") == f"63C{left - 1}"
            found = []
            for _ in range(50):
                start = time.perf_counter()
                sent(connection, EMPTY_VERIFY)
                found.append(time.perf_counter() - start)
            assert statistics.median(found) < 0.020
            emulate.process.kill()
            emulate.process.wait()
            with pytest.raises(SmartcardException):
                sent(connection, EMPTY_VERIFY)
            with suppress(SmartcardException):
                connection.release()
        pcsc.wait_until_empty(0)
        time.sleep(0.5)


def sent(connection, text: str) -> str:
    data, sw1, sw2 = connection.transmit(list(bytes.fromhex(text)))
    return bytes((*data, sw1, sw2)).hex().upper()
