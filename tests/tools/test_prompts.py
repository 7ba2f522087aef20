"""Prompts on a real terminal: what is typed stays hidden, a new PIN is asked for twice, and Ctrl-C sends nothing."""

from __future__ import annotations

import pytest

from tests.leaks import leaks
from tests.tools.akis_process import Card
from tests.tools.somebody_types import Terminal
from tools.exit_codes import Exit

PIN, NEW, PUK = "123456", "61947385", "87654321"
UNBLOCK = ("pin", "unblock", "--sm-keys", "emulator:akis-2.2/issuer")
USE_PUK = ("pin", "unblock", "--use-puk")
CTRL_C = "\x03"


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
