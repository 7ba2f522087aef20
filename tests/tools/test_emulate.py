"""``akis emulate`` as a process of its own, before a virtual reader over a real socket; and killed at every step."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from smartcard.Exceptions import SmartcardException
from smartcard.pcsc.PCSCReader import PCSCReader

from akis.codec.atr import Atr
from akis.emulator import load_personality
from tests.akis.emulator.bench import COUNTERS, PIN, SELECT, WRONG
from tests.akis.emulator.virtual_reader import POWER_OFF, RESET, VirtualReader
from tests.pcsc_service import READERS
from tools.__main__ import main
from tools.exit_codes import Exit

ROOT = Path(__file__).parent.parent.parent
EMPTY_VERIFY = "00200081"
ATR = load_personality("akis-2.2").atr


class Emulate:
    """The command in a process; ``code`` runs it some other way than ``python -m tools``."""

    def __init__(
        self, reader: VirtualReader | int, *arguments: object, code: str | None = None, step: str = ""
    ) -> None:
        port = reader if isinstance(reader, int) else reader.port
        how = ["-m", "tools"] if code is None else ["-c", code]
        self.process = subprocess.Popen(
            [sys.executable, *how, "emulate", "--vpcd", f"127.0.0.1:{port}", *map(str, arguments)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "KILL_AT": step},
        )

    def line(self) -> str:
        """The next line it prints."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def end(self, how: signal.Signals | None = None) -> tuple[int, str, str]:
        """Wait for its end, after this signal if one is given: exit code, the rest it printed, what it complained."""
        if how is not None:
            self.process.send_signal(how)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err

    def __enter__(self) -> Emulate:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def reader():
    with VirtualReader() as found:
        yield found


@pytest.fixture
def free_port() -> int:
    with VirtualReader() as found:
        return found.port


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "card.state"


def tries_left(reader: VirtualReader) -> int:
    """The PIN's counter by GET DATA, from a card that has just been put in."""
    assert reader.wait_for_card() == ATR
    assert reader.apdu(SELECT)[-4:] == "9000"
    answer = reader.apdu(COUNTERS[1])
    assert (answer[:8], answer[-4:]) == ("BF810109", "9000")
    return int(answer[18:20], 16)


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
        ("visa", "there is no personality 'visa'; there are akis-2.2, akis-2.5"),
        ("akis-2.2,broken", "no card state 'broken'; there are new, blocked, last-try, dead"),
        ("akis-2.2,new,new", "no card state 'new,new'; there are new, blocked, last-try, dead"),
    ],
)
def test_personalities_that_are_none(text, complaint, free_port, capsys):
    assert main(["emulate", "--personality", text, "--vpcd", f"127.0.0.1:{free_port}"]) == Exit.USAGE
    assert capsys.readouterr().err == f"akis: {complaint}\n"


def test_help_begins_with_an_example(capsys):
    with pytest.raises(SystemExit):
        main(["emulate", "--help"])
    assert "\n\nexample: akis emulate --personality akis-2.2,blocked --state card.state\n" in capsys.readouterr().out


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


# ---- the state file


def test_the_card_lives_on_in_its_file(reader, file):
    with Emulate(reader, "--state", file, "--personality", ",last-try") as emulate:
        assert tries_left(reader) == 1
        assert reader.apdu(f"00200081 06 {PIN}") == "9000"
        assert reader.apdu(f"00200081 06 {WRONG}") == "63C2"
        emulate.end(signal.SIGTERM)
    with Emulate(reader, "--state", file, "--personality", ",blocked"):
        assert tries_left(reader) == 2
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_second_emulator_on_the_same_file_is_refused(reader, file):
    with Emulate(reader, "--state", file) as first:
        assert tries_left(reader) == 3
        with Emulate(reader, "--state", file) as second:
            assert second.end() == (Exit.NO_CARD, "", f"akis: the card in {file} is in use\n")
        assert reader.apdu(f"00200081 06 {WRONG}") == "63C2"
        first.end(signal.SIGKILL)
    with Emulate(reader, "--state", file):
        assert tries_left(reader) == 2, "the lock of a killed process is gone, its counter is not"


FULL_DISK = """
import resource, sys
from tools.__main__ import main
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
sys.exit(main())
"""


def test_a_disk_that_is_full_is_a_card_without_power(reader, file):
    with Emulate(reader, "--state", file):
        assert tries_left(reader) == 3
    with Emulate(reader, "--state", file, code=FULL_DISK) as emulate:
        assert tries_left(reader) == 3
        emulate.line()
        with pytest.raises(EOFError):
            reader.apdu(f"00200081 06 {WRONG}")
        code, _, err = emulate.end()
        assert (code, err) == (Exit.NO_CARD, f"akis: {file}: the card's memory was not written (File too large)\n")
    with Emulate(reader, "--state", file):
        assert tries_left(reader) == 3, "no comparison was made"


def test_a_file_of_another_kind_is_refused_and_left_alone(file, free_port, capsys):
    for content, complaint in [
        (b"dear diary\n", "not a file with an emulated card"),
        (b'{"akis-state": 9}\n', "format version 9; this library reads 1"),
        (b'{"akis-state": 1}\n', "damaged"),
    ]:
        file.write_bytes(content)
        assert main(["emulate", "--state", str(file), "--vpcd", f"127.0.0.1:{free_port}"]) == Exit.USAGE
        advice = "it was left as it is; give --state another file, or remove this one for a new card"
        assert capsys.readouterr() == ("", f"akis: {file}: {complaint}; {advice}\n")
        assert file.read_bytes() == content


def test_a_card_of_another_personality_is_refused(file, free_port, capsys):
    at = ["--vpcd", f"127.0.0.1:{free_port}", "--state", str(file)]
    assert main(["emulate", *at]) == Exit.NO_CARD
    assert main(["emulate", *at, "--personality", "akis-2.5"]) == Exit.USAGE
    assert f"akis: {file}: holds a card of 'akis-2.2', not of akis-2.5; " in capsys.readouterr().err


# ---- kill -9 at every step of VERIFY

KILLED = """
import hmac, os, signal, sys
from akis.emulator.card import EmulatedCard
from akis.emulator.memory import Memory
from akis.emulator.vpcd import VpcdClient
from tools.__main__ import main

wanted, armed, commits, moves = os.environ["KILL_AT"], False, 0, 0

def step(name):
    if armed and name == wanted:
        os.kill(os.getpid(), signal.SIGKILL)

def around(owner, name, before=lambda: None, after=lambda: None):
    real = getattr(owner, name)
    def call(*args, **kwargs):
        before()
        result = real(*args, **kwargs)
        after()
        return result
    setattr(owner, name, call)

def committing():
    global commits
    commits += armed
    step(f"write {commits} begins")

def moving():
    global moves
    moves += armed
    step(f"write {moves} is in a new file")

around(Memory, "commit", committing, lambda: step(f"write {commits} is done"))
around(os, "replace", moving, lambda: step(f"write {moves} is in place"))
around(hmac, "compare_digest", lambda: step("comparing"), lambda: step("compared"))

process, send = EmulatedCard.process, VpcdClient._send

def process_verify(card, raw):
    global armed
    armed = raw[1] == 0x20 and len(raw) > 5
    step("command read")
    return process(card, raw)

def send_answer(client, connection, answer):
    step("answering")
    if armed and wanted == "half an answer":
        connection.sendall(b"\\0")
        step(wanted)
    send(client, connection, answer)
    step("answered")

EmulatedCard.process, VpcdClient._send = process_verify, send_answer
sys.exit(main())
"""

FIRST_WRITE = ["command read", "write 1 begins", "write 1 is in a new file"]
WRITTEN = ["write 1 is in place", "write 1 is done", "comparing", "compared"]
BACK = ["write 2 begins", "write 2 is in a new file"]
WRITTEN_BACK = ["write 2 is in place", "write 2 is done"]
ANSWER = ["answering", "half an answer", "answered"]


def killed_at(step: str, reader: VirtualReader, file: Path, verify: str) -> str | None:
    """Send a VERIFY to a card that is killed at a step of it; the answer, where it got that far."""
    with Emulate(reader, "--state", file, code=KILLED, step=step) as emulate:
        tries_left(reader)
        try:
            answer = reader.apdu(verify)
        except EOFError:
            answer = None
        assert emulate.process.wait(20) == -signal.SIGKILL
    return answer


def spent(reader: VirtualReader, file: Path) -> None:
    """Spend one try, in a process of its own."""
    with Emulate(reader, "--state", file):
        assert tries_left(reader) == 3
        assert reader.apdu(f"00200081 06 {WRONG}") == "63C2"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "left"), [*((step, 2) for step in FIRST_WRITE), *((step, 1) for step in WRITTEN + ANSWER)]
)
def test_a_wrong_verify_killed_at_this_step_never_gives_a_try_back(reader, file, step, left):
    spent(reader, file)
    answer = killed_at(step, reader, file, f"00200081 06 {WRONG}")
    assert answer == ("63C1" if step == "answered" else None)
    with Emulate(reader, "--state", file):
        assert tries_left(reader) == left


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "left"),
    [
        *((step, 2) for step in FIRST_WRITE),
        *((step, 1) for step in WRITTEN + BACK),
        *((step, 3) for step in WRITTEN_BACK + ANSWER),
    ],
)
def test_a_right_verify_killed_at_this_step_costs_a_try_or_fills_the_counter(reader, file, step, left):
    spent(reader, file)
    answer = killed_at(step, reader, file, f"00200081 06 {PIN}")
    assert answer == ("9000" if step == "answered" else None)
    with Emulate(reader, "--state", file):
        assert tries_left(reader) == left
