"""What an unlock looks like where there is a terminal and where there is none."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from akis.unlock.steps import Step
from tools.language import speak
from tools.unlock_view import View


class Screen(io.TextIOWrapper):
    """Standard error that is a terminal, or is not."""

    def __init__(self, terminal: bool, encoding: str = "utf-8") -> None:
        self._bytes = io.BytesIO()
        self._terminal = terminal
        super().__init__(self._bytes, encoding=encoding, errors="replace", write_through=True)

    def isatty(self) -> bool:
        return self._terminal

    @property
    def text(self) -> str:
        return self._bytes.getvalue().decode(self.encoding)


Show = Callable[..., Screen]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Show:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    speak("en")

    def show(terminal: bool, encoding: str = "utf-8") -> Screen:
        made = Screen(terminal, encoding)
        monkeypatch.setattr("sys.stderr", made)
        return made

    return show


def test_a_step_that_is_done_has_a_check_mark_and_one_that_begins_has_it_with_the_next(screen: Show) -> None:
    shown = screen(terminal=False)
    view = View()
    view.step(Step.CODE_ACCEPTED)
    view.step(Step.MEETING)
    assert shown.text == "✓ The code was accepted\n"
    view.step(Step.AUTHENTICATING)
    assert shown.text.endswith("✓ It is the right card\n")
    view.stop()
    assert shown.text.endswith("✗ Authority and card prove to each other who they are\n")
    view.stop()
    assert shown.text.count("✗") == 1
    assert view.steps == [(Step.CODE_ACCEPTED, True), (Step.MEETING, True), (Step.AUTHENTICATING, False)]


def test_a_step_that_begins_again_counts_again(screen: Show) -> None:
    screen(terminal=False)
    view = View()
    view.step(Step.MEETING)
    view.stop()
    view.step(Step.MEETING)
    view.step(Step.DONE)
    assert view.steps == [(Step.MEETING, False), (Step.MEETING, True), (Step.DONE, True)]


def test_where_nothing_can_turn_each_new_reason_for_waiting_is_a_line(screen: Show) -> None:
    shown = screen(terminal=False)
    view = View()
    for reason in ("no reader", "no reader", "no card", "no reader"):
        view.waiting(reason)
    view.busy("a moment")
    view.rest()
    assert shown.text.splitlines() == ["no reader", "no card", "no reader"]


def test_a_spinner_leaves_nothing_behind(screen: Show) -> None:
    shown = screen(terminal=True)
    view = View()
    view.waiting("no reader")
    view.waiting("no card")
    view.rest()
    view.say("Here it is.")
    assert "no card …" in shown.text
    assert shown.text.count("\x1b[?25l") == shown.text.count("\x1b[?25h") == 1, "the cursor is back"
    assert shown.text.endswith("\x1b[2KHere it is.\n")


def test_long_sentences_are_broken_on_a_terminal_and_nowhere_else(screen: Show) -> None:
    sentence = "Leave the card in its reader until this says that it is done."
    shown = screen(terminal=True)
    View().items([sentence, "one\ntwo"])
    assert shown.text.splitlines() == [
        "1. Leave the card in its reader until",
        "   this says that it is done.",
        "2. one",
        "   two",
    ]
    shown = screen(terminal=False)
    View().items([sentence])
    assert shown.text == f"1. {sentence}\n"


def test_a_terminal_without_check_marks(screen: Show) -> None:
    shown = screen(terminal=False, encoding="ascii")
    view = View()
    view.step(Step.CODE_ACCEPTED)
    view.step(Step.MEETING)
    view.stop()
    assert shown.text.splitlines() == ["+ The code was accepted", "x Seeing whether it is the right card"]


@pytest.mark.parametrize("terminal", [True, False])
def test_nothing_from_outside_steers_the_terminal(
    screen: Show, terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = screen(terminal)
    view = View()
    view.say("a label \x1b]0;title\x07 [bold]of[/bold] :smile:")
    view.items(["a \x1b[2J reader"])
    assert shown.text == "a label \ufffd]0;title\ufffd [bold]of[/bold] :smile:\n1. a \ufffd[2J reader\n"


def test_a_terminal_that_is_gone_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(Screen):
        def write(self, text: str) -> int:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr("sys.stderr", Gone(terminal=True))
    view = View()
    view.step(Step.CODE_ACCEPTED)
    view.step(Step.MEETING)
    view.stop()
    assert view.steps == [(Step.CODE_ACCEPTED, True), (Step.MEETING, False)]
