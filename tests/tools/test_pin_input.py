"""Where PINs come from."""

from __future__ import annotations

import getpass
import os
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

from akis.errors import InvalidArgument
from tools import pin_input
from tools.pin_input import confirm, read_secret


class Terminal:
    """Somebody who types these answers, one at each prompt."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
        self.prompts: list[str] = []
        self._answers = list(answers)
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
        monkeypatch.setattr(getpass, "getpass", self._answer)
        monkeypatch.setattr(pin_input, "input", self._answer, raising=False)

    def _answer(self, prompt: str) -> str:
        self.prompts.append(prompt)
        return self._answers.pop(0)


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARD_PIN", "123456")
    assert read_secret("env:CARD_PIN", "PIN").reveal() == b"123456"


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_from_a_file_and_from_a_descriptor(tmp_path: Path, end: str) -> None:
    path = tmp_path / "pin"
    path.write_bytes(f"2468{end}".encode())
    assert read_secret(f"file:{path}", "PIN").reveal() == b"2468"
    with path.open("rb") as opened:
        assert read_secret(f"fd:{opened.fileno()}", "PIN").reveal() == b"2468"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("env:EMPTY", "the PIN from env:EMPTY is empty or not there; nothing was sent"),
        ("env:NOT_THERE", "the PIN from env:NOT_THERE is empty or not there; nothing was sent"),
        ("env:123456", "the PIN from env is empty or not there; nothing was sent"),
        ("env:", "the PIN from env is empty or not there; nothing was sent"),
        ("file:/nowhere/at/all", "the PIN cannot be read from file: No such file or directory"),
        ("fd:two", "the PIN cannot be read from fd: that is no number"),
        ("fd:999", "the PIN cannot be read from fd: Bad file descriptor"),
        ("123456", "the PIN comes from env:NAME, fd:NUMBER or file:PATH, never as an argument itself"),
    ],
)
def test_one_sentence_for_each_mistake(source: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPTY", "")
    with pytest.raises(InvalidArgument) as caught:
        read_secret(source, "PIN")
    assert str(caught.value) == says


def test_a_pin_in_the_place_of_its_source_is_not_repeated() -> None:
    for typed in ("123456", "fd:123456x", "file:123456"):
        with pytest.raises(InvalidArgument) as caught:
            read_secret(typed, "PIN")
        assert "123456" not in str(caught.value)


def test_typed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(monkeypatch, "123456")
    assert read_secret(None, "PIN").reveal() == b"123456"
    assert terminal.prompts == ["PIN: "]


def test_what_is_typed_in_another_encoding_shows_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    Terminal(monkeypatch)

    def undecodable(prompt: str) -> str:
        return b"12\xff4".decode("utf-8")

    monkeypatch.setattr("getpass.getpass", undecodable)
    with pytest.raises(InvalidArgument, match="no text in the encoding of this terminal; nothing was sent") as raised:
        read_secret(None, "PIN")
    assert raised.value.__context__ is None


def test_a_new_pin_is_typed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(monkeypatch, "2468", "2468")
    assert read_secret(None, "new PIN", twice=True).reveal() == b"2468"
    assert terminal.prompts == ["new PIN: ", "new PIN again: "]


@pytest.mark.parametrize(
    ("answers", "says"), [(("2468", "2469"), "not the same both times"), (("",), "no new PIN was typed")]
)
def test_what_was_typed_does_not_do(monkeypatch: pytest.MonkeyPatch, answers: tuple[str, ...], says: str) -> None:
    Terminal(monkeypatch, *answers)
    with pytest.raises(InvalidArgument, match=says):
        read_secret(None, "new PIN", twice=True)


def test_without_a_terminal_there_is_nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    with pytest.raises(InvalidArgument, match="--new-pin env:NAME"):
        read_secret(None, "new PIN")
    assert not confirm("Really?", "YES")


def test_a_confirmation_is_the_word_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Terminal(monkeypatch, "DESTROY")
    assert confirm("Three wrong PUKs destroy the card.", "DESTROY")
    assert "destroy the card" in capsys.readouterr().err
    for word in ("", "y", "yes", "destroy"):
        Terminal(monkeypatch, word)
        assert not confirm("Really?", "DESTROY")


def test_a_pin_that_comes_in_pieces_is_read_to_its_end() -> None:
    read_end, write_end = os.pipe()

    def write() -> None:
        for piece in (b"13", b"57", b"24", b"68\n"):
            os.write(write_end, piece)
            time.sleep(0.02)
        os.close(write_end)

    writer = Thread(target=write)
    writer.start()
    assert read_secret(f"fd:{read_end}", "PIN").reveal() == b"13572468"
    writer.join()
    os.close(read_end)


def test_a_source_without_end_is_no_pin() -> None:
    with pytest.raises(InvalidArgument, match="more than 1024 bytes"):
        read_secret("file:/dev/zero", "PIN")


def test_a_number_that_is_no_descriptor() -> None:
    with pytest.raises(InvalidArgument, match="cannot be read from fd"):
        read_secret("fd:123456789012345678901", "PIN")


def test_the_end_of_input_at_a_prompt_is_nothing_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(prompt: str) -> str:
        raise EOFError

    Terminal(monkeypatch)
    monkeypatch.setattr(getpass, "getpass", end)
    monkeypatch.setattr(pin_input, "input", end, raising=False)
    with pytest.raises(InvalidArgument, match="no PIN was typed"):
        read_secret(None, "PIN")
    assert not confirm("Really?", "DESTROY")


def test_no_standard_input_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InvalidArgument, match="no terminal"):
        read_secret(None, "PIN")
