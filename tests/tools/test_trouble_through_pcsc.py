"""What goes wrong between ``akis`` and a card, made to happen in pcscd and its readers: exit code and sentence."""

from __future__ import annotations

import fcntl
import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest
from smartcard import scard

from akis.emulator import EmulatedCard, load_personality
from akis.errors import CardRemoved
from akis.transport.pcsc import list_readers
from tests.another_program import name_of
from tests.leaks import leaks
from tests.pcsc_service import READERS
from tests.tools.akis_process import ROOT, Card, Done, Emulating, akis
from tools.exit_codes import Exit

PIN = "48291573"
SELECT, VERIFY, GET_DATA = 0xA4, 0x20, 0xCB
STATUS = ("pin", "status", "--json")
VERIFY_PIN = ("pin", "verify", "--json", "--pin", "env:PIN")
TURN = "see that it is a smart card, clean and the right way up"
UNKNOWN = "the command with the PIN was sent, its outcome is unknown: {}; it was not sent again; \
look at `akis pin status` before anything else"
BOTH = f"0 ({READERS[0]}), 1 ({READERS[1]})"

_slots = itertools.cycle((0, 1))


def a_card(**hooks):
    """A card with a PIN of its own; ``before`` and ``after`` are called with each command, and may pull it."""
    return Card(EmulatedCard(replace(load_personality("akis-2.2"), pin=PIN)), **hooks)


def at(instruction, happening):
    """A hook for when a command with this instruction comes."""

    def hook(command):
        if command[1] == instruction:
            happening()

    return hook


def pulled():
    raise CardRemoved("pulled")


@contextmanager
def put_in(pcsc, card):
    """The readers take turns, for pcscd needs a while to see that another card is in the same one."""
    with pcsc.insert(card, next(_slots)) as inserted:
        yield inserted.reader


def failed(code, sentence, *arguments, **environment):
    """Run it: it fails so, says so, in JSON too if asked for, and shows no PIN."""
    done = akis(*arguments, PIN=PIN, **environment)
    check(done, code, sentence, json="--json" in arguments)
    return done


def check(done: Done, code, sentence, json=True):
    assert (done.code, done.complaint) == (code, sentence)
    assert "\n" not in done.complaint
    if json:
        assert done.report["error"]["message"] == sentence
    else:
        assert done.out == ""
    assert leaks(done.out + done.err, [PIN]) == []


class Started:
    """The command in a process that goes on meanwhile; ``held_up`` where it says what it is about to do."""

    def __init__(self, *arguments, held_up=False):
        self._out, out = os.pipe()
        self._err, err = os.pipe()
        self._junk = fill(err) if held_up else 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tools", *arguments],
            cwd=ROOT,
            env={**os.environ, "PIN": PIN},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
        os.close(out)
        os.close(err)

    def line(self):
        """The next line of what it complains of."""
        line = b""
        while not line.endswith(b"\n"):
            line += os.read(self._err, 1)
        return line.decode()

    def end(self):
        """Let it go on, to its end."""
        with os.fdopen(self._out, "rb") as out, os.fdopen(self._err, "rb") as err:
            complained = err.read()[self._junk :]
            printed = out.read()
        return Done(self.process.wait(20), printed.decode(), complained.decode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def fill(pipe):
    """Fill a pipe, so that who writes to it next has to wait; returns with how many bytes."""
    size = fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096)
    return os.write(pipe, bytes(size))


# Nothing to talk to


def test_empty_readers(pcsc):
    failed(Exit.NO_CARD, f"there is no card in any of the readers {BOTH}; insert one", *VERIFY_PIN)
    failed(Exit.NO_CARD, f"there is no card in {READERS[1]}; insert one", "info", "--reader", "1")
    readers = akis("readers")
    assert (readers.code, readers.out) == (0, f"0  {READERS[0]}: empty\n1  {READERS[1]}: empty\n")


@pytest.mark.parametrize(
    ("reader", "code", "sentence"),
    [
        ("omnikey", Exit.NO_CARD, f"there is no reader 'omnikey'; there are {BOTH}"),
        ("7", Exit.NO_CARD, f"there is no reader '7'; there are {BOTH}"),
        ("pcd 00", Exit.USAGE, f"'pcd 00' fits several readers, say which: {BOTH}"),
        (" ", Exit.USAGE, "the reader is a number or a part of its name, not an empty text"),
    ],
)
def test_readers_that_are_not_there_or_not_just_one(pcsc, reader, code, sentence):
    failed(code, sentence, *STATUS, "--reader", reader)
    failed(code, f"{sentence}; the reader is named by AKIS_READER", *STATUS, AKIS_READER=reader)


def test_the_environment_names_readers_and_leaves_some_out(pcsc):
    card, other = a_card(), a_card()
    with pcsc.insert(card, 0), pcsc.insert(other, 1):
        failed(Exit.USAGE, f"several readers have a card, say which: {BOTH}", *VERIFY_PIN)
        assert card.commands == other.commands == []
        for environment in ({"AKIS_READER": "00 01"}, {"AKIS_IGNORE_READERS": "omnikey, 00 00"}):
            assert akis(*VERIFY_PIN, PIN=PIN, **environment).code == 0
        assert (card.pin_commands, other.pin_commands) == ([], ["00200081"] * 2)
        sentence = f"there is no reader '1'; there are 0 ({READERS[1]}); AKIS_IGNORE_READERS leaves out {READERS[0]}"
        failed(Exit.NO_CARD, sentence, *STATUS, "--reader", "1", AKIS_IGNORE_READERS="00 00")
        sentence = f"there is no card reader; plug one in; AKIS_IGNORE_READERS leaves out {', '.join(READERS)}"
        failed(Exit.NO_CARD, sentence, *STATUS, AKIS_IGNORE_READERS="Virtual")
        listed = akis("readers", AKIS_IGNORE_READERS="Virtual")
        assert listed.out == "AKIS_IGNORE_READERS leaves out all card readers there are.\n"


def test_no_reader_at_all(pcsc):
    pcsc.stop()
    with socket.create_server(("", pcsc.port(0))), socket.create_server(("", pcsc.port(1))):
        pcsc._launch()  # vpcd finds its ports taken
        deadline = time.monotonic() + 5
        while scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)[0] and time.monotonic() < deadline:
            time.sleep(0.05)
        try:
            failed(Exit.NO_CARD, "there is no card reader; plug one in", *VERIFY_PIN)
            failed(Exit.NO_CARD, "there is no card reader; plug one in", "info", "--reader", "0")
            assert akis("readers").out.startswith("There is no card reader. Plug one in")
            assert akis("readers", "--json").report["readers"] == []
        finally:
            pcsc.stop()


@pytest.mark.parametrize("command", [VERIFY_PIN, STATUS, ("info",), ("readers", "--json")])
def test_no_service(pcsc, command):
    pcsc.stop()
    failed(Exit.NO_CARD, "the PC/SC service does not answer; start pcscd, then connect again", *command)


class NoAnswerToReset:
    atr = b"\x55" * 40

    def reset(self):
        return self.atr

    def process(self, command):
        raise AssertionError("it was sent a command")


def test_a_mute_card(pcsc):
    with put_in(pcsc, NoAnswerToReset()) as reader:
        failed(Exit.NO_CARD, f"the card in {reader} does not answer; {TURN}", *VERIFY_PIN)
        failed(Exit.NO_CARD, f"the card in {reader} does not answer; {TURN}", "info", "--reader", reader)
        assert f"{reader}: mute card\n" in akis("readers").out


# A card that goes away


@pytest.mark.parametrize("instruction", [SELECT, GET_DATA], ids=["at once", "before the PIN"])
def test_a_card_that_is_pulled_before_a_pin_command(pcsc, instruction):
    card = a_card(before=at(instruction, pulled))
    with put_in(pcsc, card) as reader:
        sentence = f"the card was taken out of {reader}; put it back, then begin again"
        failed(Exit.NO_CARD, sentence, *VERIFY_PIN)
        assert card.pin_commands == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_card_that_is_pulled_in_the_middle_of_a_pin_command(pcsc, when):
    card = a_card(**{when: at(VERIFY, pulled)})
    with put_in(pcsc, card) as reader:
        why = f"the card was taken out of {reader}"
        done = failed(Exit.PIN_OUTCOME_UNKNOWN, UNKNOWN.format(why), *VERIFY_PIN)
        assert done.report["error"]["kind"] == "PinOutcomeUnknown"
        assert card.pin_commands == ["00200081"], "it was sent again"


KILLED_ONCE_IT_HAS_COUNTED = """
import hmac, os
hmac.compare_digest = lambda *_: os.kill(os.getpid(), 9)
"""


def test_an_emulator_that_is_killed_between_counter_and_answer(pcsc, tmp_path):
    state = ("--state", tmp_path / "card.state")
    with Emulating(pcsc, *state, patch=KILLED_ONCE_IT_HAS_COUNTED) as emulating:
        why = f"the card was taken out of {READERS[0]}"
        failed(Exit.PIN_OUTCOME_UNKNOWN, UNKNOWN.format(why), *VERIFY_PIN)
        assert emulating.process.wait(10) == -signal.SIGKILL
    with Emulating(pcsc, *state):
        assert akis(*STATUS).report["tries_left"] == {"PIN": 2, "PUK": 3}


# A service that goes away


@pytest.mark.parametrize("comes_back", [False, True], ids=["killed", "restarted"])
@pytest.mark.parametrize("instruction", [SELECT, VERIFY], ids=["before the PIN", "with the PIN"])
def test_a_service_that_is_killed_or_restarted(pcsc, instruction, comes_back):
    started, reached, back = [], threading.Event(), threading.Event()

    def happening():
        started[0].process.send_signal(signal.SIGSTOP)
        reached.set()
        back.wait(10)

    card = a_card(before=at(instruction, happening))
    with put_in(pcsc, card), Started(*VERIFY_PIN) as command:
        started.append(command)
        assert reached.wait(10)
        pcsc.stop()
        if comes_back:
            pcsc.start()
        command.process.send_signal(signal.SIGCONT)
        done = command.end()
        back.set()
    why = "the PC/SC service does not answer"
    if instruction == VERIFY:
        check(done, Exit.PIN_OUTCOME_UNKNOWN, UNKNOWN.format(why))
        assert card.pin_commands == ["00200081"]
    else:
        check(done, Exit.NO_CARD, f"{why}; start pcscd, then connect again")
        assert card.pin_commands == []
    pcsc.start()
    with put_in(pcsc, a_card()):
        assert akis(*VERIFY_PIN, PIN=PIN).code == 0


# Other programs


def test_another_program_holds_the_card_exclusively(pcsc, another_program):
    card = a_card()
    with put_in(pcsc, card) as reader:
        assert another_program.connect(reader, exclusive=True) == "SCARD_S_SUCCESS"
        holder = name_of(another_program.pid)
        sentence = f"another program has the card in {reader}: {holder}; end that one, then try again"
        failed(Exit.NO_CARD, sentence, *VERIFY_PIN)
        assert f"{reader}: card, in use exclusively\n" in akis("readers").out
        assert card.commands == []
        another_program.disconnect()
        assert akis(*VERIFY_PIN, PIN=PIN).code == 0


def test_a_card_of_ones_own(pcsc, another_program):
    """With --exclusive others are kept out while the command runs, and the command where others are at work."""
    card = a_card()
    with put_in(pcsc, card) as reader:
        with Started(*VERIFY_PIN, "--exclusive", held_up=True) as command:
            while not any(sent[1] == GET_DATA for sent in card.commands):
                assert command.process.poll() is None
                time.sleep(0.01)
            assert another_program.connect(reader) == "SCARD_E_SHARING_VIOLATION"
            assert command.end().code == 0
        assert another_program.connect(reader) == "SCARD_S_SUCCESS"
        sentence = (
            f"another program has the card in {reader}: {name_of(another_program.pid)}; end that one, then try again"
        )
        failed(Exit.NO_CARD, sentence, *VERIFY_PIN, "--exclusive")


WAITS = "Waiting for the card; another program may keep it busy: {}. Ctrl-C ends this.\n"


def test_while_another_program_keeps_the_card_busy_it_says_that_it_waits(pcsc, another_program):
    card = a_card()
    with put_in(pcsc, card) as reader:
        another_program.connect(reader)
        another_program.begin_transaction()
        with Started(*STATUS) as first:
            assert first.line() == WAITS.format(name_of(another_program.pid))
            with Started(*VERIFY_PIN) as second:
                both = sorted((another_program.pid, first.process.pid))
                assert second.line() == WAITS.format("one of " + ", ".join(map(name_of, both)))
                assert card.commands == []
                first.process.send_signal(signal.SIGINT)
                # Killed by the signal, which a shell reports as 130.
                assert first.end() == Done(-signal.SIGINT, "", "")
                another_program.start("end 0")
                assert second.end().code == 0
                another_program.wait()


@pytest.mark.parametrize("session", [(), ("--sm-keys", "emulator:akis-2.2/terminal")], ids=["plain", "session"])
def test_another_program_resets_the_card_in_between(pcsc, another_program, session):
    """It comes once the counter was read, while the command says so, and before the PIN is sent."""
    card = a_card()
    with put_in(pcsc, card) as reader:
        another_program.connect(reader)
        with Started(*VERIFY_PIN, *session, held_up=True) as command:
            while not any(sent[1] == GET_DATA for sent in card.commands):
                assert command.process.poll() is None
                time.sleep(0.01)
            assert another_program.reset() == "SCARD_S_SUCCESS"
            done = command.end()
        what = f"another program reset the card in {reader}, PIN state and secure session are gone"
        check(done, Exit.NO_CARD, f"{what}; reset it, then begin again")
        assert done.report["error"]["kind"] == "CardReset"
        assert card.pin_commands == []
        assert akis(*VERIFY_PIN, *session, PIN=PIN).code == 0


def test_with_leave_the_next_program_finds_what_was_verified(pcsc, another_program):
    with put_in(pcsc, a_card()) as reader:
        assert akis(*VERIFY_PIN, "--leave", PIN=PIN).code == 0
        another_program.connect(reader)
        assert another_program.transmit("00200081") == "9000"


@pytest.mark.parametrize("command", [STATUS, ("info",), ("files", "ls"), ("readers",)])
def test_looking_leaves_other_programs_at_work(pcsc, another_program, command):
    """A login of another program outlives all that only looks, unless it leaves the application."""
    with put_in(pcsc, a_card()) as reader:
        another_program.connect(reader)
        another_program.transmit("00A4040C07504B43532D3135")
        another_program.transmit("00200081" + f"{len(PIN):02X}" + PIN.encode().hex())
        assert akis(*command).code == 0
        assert another_program.transmit("0084000008").endswith("9000")


def test_a_secure_session_is_followed_by_a_reset(pcsc, another_program):
    with put_in(pcsc, a_card()) as reader:
        another_program.connect(reader)
        assert akis(*STATUS, "--sm-keys", "emulator:akis-2.2/terminal").code == 0
        assert another_program.transmit("0084000008") == "SCARD_W_RESET_CARD"


def test_the_next_program_finds_nothing_verified(pcsc, another_program):
    with put_in(pcsc, a_card()) as reader:
        assert akis(*VERIFY_PIN, PIN=PIN).code == 0
        another_program.connect(reader)
        another_program.transmit("00A4040C07504B43532D3135")
        assert another_program.transmit("00200081") == "63C3"
        assert [found.state for found in list_readers() if found.name == reader] == ["card, in use"]
