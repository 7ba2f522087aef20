"""``akis unlock`` on a real terminal: what is asked, asked again, hidden and shown, in 80 columns."""

from __future__ import annotations

import errno
import json
import os
import pty
import re
import signal
import sys
import termios
import time
from pathlib import Path
from typing import Any

import pytest

from akis.unlock.opened import SecondFactor
from tests.leaks import leaks
from tests.tools.akis_process import ROOT
from tests.tools.test_prompts import CTRL_C, Terminal
from tests.tools.unlock_desk import CODE, NEW_PIN, PASSWORD, SECRETS, SMS, URL
from tools.exit_codes import Exit
from tools.unlock_prompts import Prompts
from tools.unlock_signals import HungUp
from tools.unlock_view import View

ASK_CODE, ASK_PIN, AGAIN = "Code of the portal (15 digits): ", "New PIN (4 to 8 digits): ", "New PIN again: "
ASK_SMS, ASK_PASSWORD = "Code of the SMS to … 42 (Enter alone for a new one): ", "Web password: "
CTRL_D = "\x04"
_STEERING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_PROGRAM = """
import atexit, os, signal, sys
from pathlib import Path
from akis.errors import *
from akis.unlock.kinds import Kind
from akis.unlock.opened import SecondFactor
from tests.akis.unlock.issuer import new_card
from tests.tools.unlock_desk import *
def raising(error):
    def raises(): raise error
    return raises
desk = {desk}
desk.install()
atexit.register(desk.save, Path({outcome!r}))
from tools.__main__ import main
sys.exit(main())
"""


class Holder(Terminal):
    """``akis unlock`` at ``desk``, an expression, in a process of its own, and somebody who types."""

    def __init__(self, folder: Path, *arguments: str, desk: str = "Desk()", **environment: str) -> None:
        self._outcome = folder / "outcome.json"
        program = _PROGRAM.format(desk=desk, outcome=str(self._outcome))
        self.shown, self._seen = "", 0
        child, self._descriptor = pty.fork()
        if not child:
            os.chdir(ROOT)
            for name in ("NO_COLOR", "FORCE_COLOR", "LANGUAGE", "AKIS_READER"):
                os.environ.pop(name, None)
            os.environ.update({"COLUMNS": "80", "TERM": "xterm", "LC_ALL": "C.UTF-8", **environment})
            os.execv(sys.executable, [sys.executable, "-c", program, "unlock", "--authority", URL, *arguments])
        self._child = child

    def answers(self, **typed: str) -> None:
        """Type code, PIN (twice) and SMS code, or what stands in the place of one."""
        self.answer(ASK_CODE, typed.get("code", CODE))
        self.answer(ASK_PIN, typed.get("pin", NEW_PIN))
        self.answer(AGAIN, typed.get("pin", NEW_PIN))
        self.answer(ASK_SMS, typed.get("sms", SMS))

    def wait_for(self, prompt: str) -> None:
        """Until what was shown since the last line was typed ends with this."""
        deadline = time.monotonic() + 10
        while not self.shown[self._seen :].endswith(prompt):
            assert self._read(deadline - time.monotonic()), f"instead of {prompt!r}: {self.shown!r}"

    def type(self, text: str) -> None:
        self._seen = len(self.shown)
        super().type(text)

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def wait_until(self, text: str) -> None:
        """Until this was shown, in one line or several."""
        deadline = time.monotonic() + 10
        while text not in " ".join(self.text.split()):
            assert self._read(deadline - time.monotonic()), self.shown

    @property
    def text(self) -> str:
        """What was shown, without what steers the terminal."""
        return _STEERING.sub("", self.shown)

    @property
    def outcome(self) -> dict[str, Any]:
        """What came of it at the desk."""
        return dict(json.loads(self._outcome.read_text(encoding="utf-8")))

    @property
    def asked(self) -> list[str]:
        """What the authority was asked, in order."""
        return [name for name, _ in self.outcome["asked"]]

    def hang_up(self) -> int:
        """Close the terminal, and wait for the end; the exit code."""
        os.close(self._descriptor)
        return os.waitstatus_to_exitcode(os.waitpid(self._child, 0)[1])

    def interrupt(self, number: int = signal.SIGINT) -> int:
        """Send Ctrl-C, or the signal ``number``, and wait for the end.

        One that comes in the moment between Python's last look and its read is noticed only with the next.
        """
        for _ in range(10):
            if number == signal.SIGINT:
                self.type(CTRL_C)
            else:
                os.kill(self._child, number)
            while self._read(1):
                if "interrupted" in self.shown:
                    return self.end()
        raise AssertionError(self.shown)


def test_a_holder_unlocks_a_card(tmp_path: Path) -> None:
    holder = Holder(tmp_path)
    holder.answers(code="418 702 935 572 06" + CODE[-1])
    assert holder.end() == Exit.DONE
    assert holder.outcome["stored"] == [NEW_PIN, "active", 3]
    assert holder.outcome["reports"] == ["holder_pin"]
    assert holder.lines[-1] == "Your PIN was changed successfully."
    # The code may be seen while it is typed; nothing else may.
    assert leaks(holder.shown, [secret for secret in SECRETS if secret != CODE]) == []


def test_what_it_says_in_80_columns(tmp_path: Path) -> None:
    holder = Holder(tmp_path, NO_COLOR="1", TERM="dumb")
    holder.answers()
    assert holder.end() == Exit.DONE
    lines = holder.lines
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in holder.shown
    assert lines[1:4] == ["✓ The code was accepted", "Holder: Ayşe Yılmaz", "✓ Your card was found"]
    start = lines.index("Please read this first:")
    assert lines[start + 1 : start + 8] == [
        "1. Leave the card in its reader until this says that it is done.",
        "2. Do not use the PUK: it is not needed here, and three wrong PUKs destroy the",
        "   card.",
        "3. Choose a new PIN of 4 to 8 digits, one that is not easy to guess and that you",
        "   use nowhere else.",
        "4. Tell the PIN to nobody; it does not leave this computer. Three wrong PINs in",
        "   a row block the card again.",
    ]
    assert lines[-6:] == [
        "✓ It is the right card",
        "✓ Authority and card have proved to each other who they are",
        "✓ The authority has reset the PIN",
        "✓ Your new PIN was set",
        "✓ Your new PIN was checked",
        "Your PIN was changed successfully.",
    ]


def test_colours_are_there_unless_they_are_not_wanted(tmp_path: Path) -> None:
    green = "\x1b[32m✓"
    for environment, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        holder = Holder(tmp_path, **environment)
        holder.answers()
        assert holder.end() == Exit.DONE
        assert (green in holder.shown) is coloured


def test_in_turkish(tmp_path: Path) -> None:
    holder = Holder(tmp_path, "--language", "tr")
    holder.answer("Portaldan aldığınız kod (15 hane): ", CODE[:-1])
    holder.answer("Portaldan aldığınız kod (15 hane): ", CODE)
    holder.answer("Yeni PIN kodu (4-8 rakam): ", "1111")
    holder.answer("Yeni PIN kodu (4-8 rakam): ", NEW_PIN)
    holder.answer("Yeni PIN kodu (tekrar): ", NEW_PIN)
    holder.answer("… 42 numarasına gelen SMS kodu (yeni SMS için yalnızca Enter): ", SMS)
    assert holder.end() == Exit.DONE
    assert "Kod 15 haneden oluşur; hiçbir şey gönderilmedi." in holder.lines
    assert "Bu PIN kodu kolay tahmin edilir, hep aynı rakamdan oluşuyor; başka bir PIN kodu seçin." in " ".join(
        holder.text.split()
    )
    assert holder.lines[-1] == "PIN kodunuz başarıyla değiştirildi."


def test_a_mistyped_code_is_asked_for_again_and_reaches_nobody(tmp_path: Path) -> None:
    holder = Holder(tmp_path)
    holder.answer(ASK_CODE, CODE[:-1] + str((int(CODE[-1]) + 1) % 10))
    holder.answer(ASK_CODE, "12")
    holder.answers()
    assert holder.end() == Exit.DONE
    assert "This code was mistyped: its check digit does not fit; nothing was sent." in holder.lines
    assert "A code has 15 digits; nothing was sent." in holder.lines
    assert holder.asked.count("open_unlock") == 1


def test_a_code_that_the_authority_does_not_take_is_asked_for_again(tmp_path: Path) -> None:
    holder = Holder(tmp_path, desk="Desk(refusals={'open_unlock': [AuthorityRefused(Kind.CODE_EXPIRED, 'old')]})")
    holder.answer(ASK_CODE, CODE)
    holder.answers()
    assert holder.end() == Exit.DONE
    assert "This code has expired." in holder.text


def test_a_new_pin_is_typed_twice_and_will_do_before_anything_is_sent(tmp_path: Path) -> None:
    holder = Holder(tmp_path)
    holder.answer(ASK_CODE, CODE)
    for pin in ("123", "2345", "çiğdem"):
        holder.answer(ASK_PIN, pin)
    holder.answer(ASK_PIN, NEW_PIN)
    holder.answer(AGAIN, NEW_PIN + "1")
    holder.answer(ASK_PIN, NEW_PIN)
    holder.wait_for(AGAIN)
    assert holder.interrupt() == Exit.INTERRUPTED
    text = " ".join(holder.text.split())
    assert "This is no PIN for this card, which takes 4 to 8 digits." in text
    assert "This PIN is easy to guess, its digits count up;" in text
    assert "That was not the same both times." in text
    assert holder.asked == ["open_unlock"]
    assert leaks(holder.shown, [NEW_PIN]) == []


def test_what_is_no_text_to_the_terminal_is_no_pin(tmp_path: Path) -> None:
    holder = Holder(tmp_path)
    holder.answer(ASK_CODE, CODE)
    holder.wait_for(ASK_PIN)
    os.write(holder._descriptor, b"73\xe746\n")
    holder.wait_for(f"takes 4 to 8 digits.\r\n{ASK_PIN}")
    holder.type(NEW_PIN + "\n")
    holder.answer(AGAIN, NEW_PIN)
    holder.answer(ASK_SMS, SMS)
    assert holder.end() == Exit.DONE
    assert "Traceback" not in holder.shown


def test_a_wrong_sms_code_is_asked_for_again_while_tries_are_left(tmp_path: Path) -> None:
    holder = Holder(tmp_path)
    holder.answers(sms="111111")
    holder.answer(ASK_SMS, "222222")
    holder.answer(ASK_SMS, "333333")
    assert holder.end() == Exit.AUTHORITY
    assert "The code of the SMS was not right; 2 tries left." in holder.text
    assert "The code of the SMS was not right; 1 try left." in holder.text
    assert holder.lines[-3:-1] == [
        "akis: the code of the SMS was not right, and that was the last try",
        "Your card is as it was before.",
    ]
    assert holder.asked == ["open_unlock", "choose_card", *["confirm"] * 3]


def test_a_mistyped_sms_code_spends_no_try(tmp_path: Path) -> None:
    holder = Holder(tmp_path)
    holder.answers(sms="12345")
    holder.wait_for(f"The code of the SMS has 6 digits; it was not sent, and no try is spent.\r\n{ASK_SMS}")
    holder.answer(ASK_SMS, "7482l3")
    holder.answer(ASK_SMS, f" {SMS[:3]} {SMS[3:]} ")
    assert holder.end() == Exit.DONE
    assert [what for name, what in holder.outcome["asked"] if name == "confirm"] == [SMS]


def test_a_given_answer_that_cannot_be_right_is_asked_for_instead(tmp_path: Path) -> None:
    holder = Holder(tmp_path, "--answer", "env:ANSWER", ANSWER="12345")
    holder.answers()
    assert holder.end() == Exit.DONE
    assert holder.asked.count("confirm") == 1


def test_no_pcsc_service_ends_it_before_the_code_is_asked_for(tmp_path: Path) -> None:
    holder = Holder(tmp_path, desk="Desk(); desk.readers = raising(NoService('the PC/SC service does not answer'))")
    assert holder.end() == Exit.NO_CARD
    assert ASK_CODE not in holder.shown
    assert holder.asked == []


@pytest.mark.parametrize("error", [OSError(errno.EIO, "gone"), termios.error(errno.EIO, "gone")], ids=repr)
def test_a_terminal_that_is_gone_before_the_signal_is_closed_as_well(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(prompt: str) -> str:
        raise error

    monkeypatch.setattr("getpass.getpass", gone)
    prompts = Prompts({"code": None, "new_pin": None, "answer": None}, View())
    with pytest.raises(HungUp):
        prompts.second_factor(SecondFactor("password", None), None)


@pytest.mark.parametrize("prompt", [ASK_CODE, ASK_PIN])
def test_a_terminal_that_is_closed_ends_it_in_order(tmp_path: Path, prompt: str) -> None:
    holder = Holder(tmp_path)
    if prompt != ASK_CODE:
        holder.answer(ASK_CODE, CODE)
    holder.wait_for(prompt)
    assert holder.hang_up() == Exit.HUNG_UP
    assert holder.outcome["stored"][0] != NEW_PIN


def test_enter_alone_sends_a_new_sms_until_there_are_no_more(tmp_path: Path) -> None:
    holder = Holder(tmp_path, desk="Desk(sms_left=2)")
    holder.answers(sms="")
    holder.answer(ASK_SMS, "")
    holder.answer(ASK_SMS, SMS)
    assert holder.end() == Exit.DONE
    assert holder.asked == ["open_unlock", *["choose_card"] * 3, "confirm", "exchange"]
    assert "There were too many attempts from here" in holder.text


def test_the_web_password_is_hidden_and_may_have_any_letters(tmp_path: Path) -> None:
    holder = Holder(tmp_path, desk="Desk(factor=SecondFactor('password'))")
    holder.answer(ASK_CODE, CODE)
    holder.answer(ASK_PIN, NEW_PIN)
    holder.answer(AGAIN, NEW_PIN)
    holder.answer(ASK_PASSWORD, "")
    holder.wait_for(f"no try is spent.\r\n{ASK_PASSWORD}")
    holder.answer(ASK_PASSWORD, PASSWORD)
    assert holder.end() == Exit.DONE
    assert PASSWORD not in holder.shown
    assert ["confirm", PASSWORD] in holder.outcome["asked"]


def test_one_of_several_cards_is_chosen_by_its_number(tmp_path: Path) -> None:
    holder = Holder(tmp_path, desk="Desk({'Left': Slot(new_card('akis-2.5')), 'Right': Slot(new_card())})")
    holder.answer(ASK_CODE, CODE)
    for typed in ("0", "3", "first"):
        holder.answer("Number of the card to unlock: ", typed)
    holder.wait_for("Number of the card to unlock: ")
    assert [line for line in holder.text.splitlines() if line.startswith(("1. ", "2. "))] == [
        "1. Ayşe's signature",
        "2. Ayşe's signature",
    ]
    assert "   Reader: Left" in holder.text.splitlines()
    holder.type("1\n")
    holder.wait_for(ASK_PIN)
    assert holder.interrupt() == Exit.INTERRUPTED
    assert holder.text.count("Type a number from 1 to 2.") == 3


def test_what_options_give_is_not_asked_for(tmp_path: Path) -> None:
    holder = Holder(tmp_path, "--code", "env:CODE", "--new-pin", "env:PIN", "--json", CODE=CODE, PIN=NEW_PIN)
    holder.answer(ASK_SMS, SMS)
    assert holder.end() == Exit.DONE
    assert ASK_CODE not in holder.shown
    assert ASK_PIN not in holder.shown


def test_a_given_pin_that_will_not_do_is_asked_for_instead(tmp_path: Path) -> None:
    holder = Holder(tmp_path, "--new-pin", "env:PIN", PIN="1111")
    holder.answers()
    assert holder.end() == Exit.DONE
    assert holder.outcome["stored"][0] == NEW_PIN


@pytest.mark.parametrize("prompt", [ASK_CODE, ASK_PIN, ASK_SMS])
def test_ctrl_c_at_a_prompt_changes_nothing_and_says_so(tmp_path: Path, prompt: str) -> None:
    holder = Holder(tmp_path)
    if prompt != ASK_CODE:
        holder.answer(ASK_CODE, CODE)
    if prompt == ASK_SMS:
        holder.answer(ASK_PIN, NEW_PIN)
        holder.answer(AGAIN, NEW_PIN)
    holder.wait_for(prompt)
    assert holder.interrupt() == Exit.INTERRUPTED
    assert "akis: interrupted" in holder.lines
    assert "Your card is as it was before." in holder.lines
    assert "Traceback" not in holder.shown
    assert holder.outcome["stored"][0] != NEW_PIN


@pytest.mark.parametrize("prompt", [ASK_CODE, ASK_PIN])
def test_the_end_of_input_sends_nothing_more(tmp_path: Path, prompt: str) -> None:
    holder = Holder(tmp_path)
    if prompt != ASK_CODE:
        holder.answer(ASK_CODE, CODE)
    holder.wait_for(prompt)
    holder.type(CTRL_D)
    assert holder.end() == Exit.USAGE
    assert "akis: the input ended where an answer was needed; nothing more was sent" in holder.lines


def test_sigterm_at_a_hidden_prompt_gives_the_terminal_back(tmp_path: Path) -> None:
    holder = Holder(tmp_path)
    holder.answer(ASK_CODE, CODE)
    holder.wait_for(ASK_PIN)
    assert holder.interrupt(signal.SIGTERM) == Exit.TERMINATED
    assert "Your card is as it was before." in holder.lines


def test_ctrl_c_while_a_card_is_waited_for(tmp_path: Path) -> None:
    desk = "Desk({'Left': Slot(state='empty')}, [holder_card(new_card())])"
    holder = Holder(tmp_path, desk=desk)
    holder.answer(ASK_CODE, CODE)
    holder.wait_until("Waiting for one of your cards, Ctrl-C ends it: there is no card in Left")
    assert holder.interrupt() == Exit.INTERRUPTED
    assert "Your card is as it was before." in holder.lines


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_in_the_middle_says_that_nobody_knows(tmp_path: Path, number: str) -> None:
    desk = f"Desk(strikes={{RESET: lambda: os.kill(os.getpid(), signal.{number})}})"
    holder = Holder(tmp_path, desk=desk)
    holder.answers()
    codes = {"SIGINT": Exit.INTERRUPTED, "SIGTERM": Exit.TERMINATED, "SIGHUP": Exit.HUNG_UP}
    assert holder.end() == codes[number]
    text = " ".join(holder.text.split())
    assert "It is not known which PIN your card holds now" in text
    assert holder.asked.count("exchange") == 1
    assert "✗ The authority resets the PIN" in text
