"""Prompts on a real terminal: what is typed stays hidden, a new PIN is asked for twice, and Ctrl-C sends nothing."""

from __future__ import annotations

import os
import pty
import select
import sys
import time

import pytest

from tests.leaks import leaks
from tests.tools.akis_process import ROOT, Card
from tools.exit_codes import Exit

PIN, NEW, PUK = "123456", "61947385", "87654321"
UNBLOCK = ("pin", "unblock", "--sm-keys", "emulator:akis-2.2/issuer")
USE_PUK = ("pin", "unblock", "--use-puk")
CTRL_C = "\x03"
_PATIENCE = 10


class Terminal:
    """The command on a terminal of 80 columns, as its own session, and somebody who types."""

    def __init__(self, *arguments: str) -> None:
        child, self._descriptor = pty.fork()
        if not child:
            os.chdir(ROOT)
            os.environ["COLUMNS"] = "80"
            os.execv(sys.executable, [sys.executable, "-m", "tools", *arguments])
        self._child = child
        self.shown = ""

    def wait_for(self, prompt: str) -> None:
        """Until the terminal ends with this, which is something new."""
        deadline = time.monotonic() + _PATIENCE
        while not self.shown.endswith(prompt):
            assert self._read(deadline - time.monotonic()), f"instead of {prompt!r}: {self.shown!r}"

    def type(self, text: str) -> None:
        os.write(self._descriptor, text.encode())

    def answer(self, prompt: str, text: str) -> None:
        """Type a line at this prompt."""
        self.wait_for(prompt)
        self.type(text + "\n")

    def end(self) -> int:
        """Wait for the end of the command; returns its exit code."""
        while self._read(_PATIENCE):
            pass
        os.close(self._descriptor)
        _, status = os.waitpid(self._child, 0)
        return os.waitstatus_to_exitcode(status)

    @property
    def lines(self) -> list[str]:
        return self.shown.splitlines()

    def _read(self, seconds: float) -> bool:
        """Whether there was more to see in that time."""
        if not select.select([self._descriptor], [], [], max(seconds, 0))[0]:
            return False
        try:
            piece = os.read(self._descriptor, 4096)
        except OSError:  # nobody has the other end open any more
            return False
        self.shown += piece.decode()
        return bool(piece)


@pytest.fixture
def card(pcsc):
    found = Card()
    with pcsc.insert(found):
        yield found


def test_a_pin_is_hidden(card):
    terminal = Terminal("pin", "verify")
    terminal.answer("PIN: ", PIN)
    assert terminal.end() == Exit.DONE
    said = "VERIFY compares the PIN: a wrong one spends a try, 3 left."
    assert terminal.lines == ["PIN: ", said, "The PIN is right."]
    assert leaks(terminal.shown, [PIN]) == []


def test_a_new_pin_is_asked_for_twice_and_what_is_said_fits_the_screen(card):
    terminal = Terminal(*UNBLOCK)
    terminal.answer("new PIN: ", NEW)
    terminal.answer("new PIN again: ", NEW)
    assert terminal.end() == Exit.DONE
    assert terminal.lines == [
        "new PIN: ",
        "new PIN again: ",
        "RESET RETRY COUNTER to a random transport PIN, CHANGE REFERENCE DATA to the new",
        "PIN, VERIFY, inside secure messaging: the PIN's counter goes to full, no try can",
        "be spent, the PUK's does not move.",
        "The PIN is unblocked and the new one in force.",
    ]
    assert leaks(terminal.shown, [NEW]) == []
    assert bytes(card.card.memory.references[0x81].value) == NEW.encode()


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ([NEW, NEW[:-1]], "akis: the new PIN was not the same both times; nothing was sent"),
        ([""], "akis: no new PIN was typed; nothing was sent"),
    ],
)
def test_a_new_pin_that_is_not_the_same_or_not_there(card, typed, complaint):
    terminal = Terminal(*UNBLOCK)
    for prompt, text in zip(("new PIN: ", "new PIN again: "), typed, strict=False):
        terminal.answer(prompt, text)
    assert terminal.end() == Exit.USAGE
    assert terminal.lines[-1] == complaint
    assert leaks(terminal.shown, [NEW, NEW[:-1]]) == []
    assert card.commands == []


@pytest.mark.parametrize(
    ("command", "prompt"),
    [
        (("pin", "verify"), "PIN: "),
        (("pin", "change"), "PIN: "),
        (UNBLOCK, "new PIN: "),
        (USE_PUK, "Type DESTROY to go on: "),
        ((*USE_PUK, "--accept-puk-risk"), "PUK: "),
    ],
)
def test_ctrl_c_at_a_prompt_sends_nothing(card, command, prompt):
    terminal = Terminal(*command)
    terminal.wait_for(prompt)
    terminal.type(NEW + CTRL_C)
    assert terminal.end() == Exit.INTERRUPTED
    assert terminal.shown.endswith("\r\n"), "the prompt of the shell begins a line"
    assert "Traceback" not in terminal.shown
    assert card.commands == []


def test_ctrl_c_at_the_second_prompt(card):
    terminal = Terminal(*UNBLOCK)
    terminal.answer("new PIN: ", NEW)
    terminal.wait_for("new PIN again: ")
    terminal.type(CTRL_C)
    assert terminal.end() == Exit.INTERRUPTED
    assert leaks(terminal.shown, [NEW]) == []
    assert card.commands == []


def test_the_risk_of_the_puk_is_named_and_confirmed_by_a_word(card):
    refused = Terminal(*USE_PUK)
    refused.answer("Type DESTROY to go on: ", "yes")
    assert refused.end() == Exit.POLICY_REFUSED
    assert refused.lines[-1] == "akis: the PUK was not used: its risk was not confirmed; nothing was sent"
    assert card.commands == []

    confirmed = Terminal(*USE_PUK)
    for prompt, text in [("go on: ", "DESTROY"), ("PUK: ", PUK), ("new PIN: ", NEW), ("new PIN again: ", NEW)]:
        confirmed.answer(prompt, text)
    assert confirmed.end() == Exit.DONE
    assert confirmed.lines[0] == "Three wrong PUKs destroy this card for good. The issuer's secure session"
    assert confirmed.lines[-2:] == [
        "RESET RETRY COUNTER compares the PUK: a wrong one spends a try, 3 left.",
        "The PIN is unblocked by the PUK, the new one in force.",
    ]
    assert leaks(confirmed.shown, [PUK, NEW]) == []
