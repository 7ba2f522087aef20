"""The prompt on a real terminal: what it shows, completes, hides and remembers, and how it is left."""

from __future__ import annotations

import fcntl
import re
import struct
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.leaks import leaks
from tests.tools.shell.shells import KEYS, NEW, PIN, SECRETS, WRONG, Script, bench
from tests.tools.somebody_types import Terminal
from tools.__main__ import main
from tools.exit_codes import Exit
from tools.shell.interactive import prompt

_ESCAPES = re.compile(r"\x1b\][^\x07]*\x07|\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>()][A-Z0-9]?|\r")
_RIGHT = re.compile(r"\x1b\[(\d*)C")
_PATIENCE = 15
CTRL_C, CTRL_D, TAB, UP = "\x03", "\x04", "\t", "\x1b[A"


class Shell(Terminal):
    """The shell on a terminal of 80 columns, and what it showed since it was last waited for."""

    def __init__(self, *arguments: str) -> None:
        super().__init__("shell", *arguments)
        fcntl.ioctl(self._descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self._seen = 0

    @property
    def text(self) -> str:
        """All of it, without what steers the terminal; a step to the right is as good as a space."""
        return _ESCAPES.sub("", _RIGHT.sub(lambda found: " " * int(found[1] or 1), self.shown))

    def until(self, text: str) -> str:
        """Wait for a text after what was waited for last; returns what stood before it."""
        deadline = time.monotonic() + _PATIENCE
        while (found := self.text.find(text, self._seen)) < 0:
            assert self._read(deadline - time.monotonic()), f"instead of {text!r}: {self.text[self._seen :]!r}"
        before = self.text[self._seen : found]
        self._seen = found + len(text)
        return before

    def line(self, text: str, prompt: str = "> ") -> None:
        """Type a line at the prompt."""
        self.until(prompt)
        self.type(f"{text}\r")
        self.until(text)


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The user's directory for state, which is new."""
    for name, value in {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "XDG_STATE_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.fixture
def shell(state: Path) -> Iterator[Shell]:
    found = Shell("--reader", "emulator:")
    found.until("Ctrl-D leaves.")
    yield found
    assert not leaks(found.text, SECRETS)


def leave(shell: Shell) -> int:
    shell.until("> ")
    shell.type(CTRL_D)
    return shell.end()


def history(state: Path) -> list[str]:
    return (state / "akis" / "shell-history").read_text().splitlines()


@pytest.mark.slow
def test_the_prompt_says_where_one_is(shell: Shell) -> None:
    shell.line("select 3D00", "emulator, akis-2.2 3F00> ")
    shell.line("verify", "emulator, akis-2.2 3D00> ")
    shell.until("PIN: ")
    shell.type(f"{PIN}\n")
    shell.until("The PIN is right.")
    shell.line(f"sm {KEYS}", "emulator, akis-2.2 3D00 [PIN]> ")
    shell.until("3D00 [SM, PIN]")
    assert leave(shell) == 0


@pytest.mark.slow
def test_completion(shell: Shell) -> None:
    shell.until("3F00> ")
    shell.type(f"sel{TAB}")
    shell.until("select ")
    shell.type(f"3{TAB}")
    shell.until("3D00")
    shell.type("\r")
    shell.until("3D00  DF    activated")
    shell.until("3D00> ")
    shell.type(f"expect 63C{TAB}")
    shell.until("63Cx")
    shell.type(f"{CTRL_C}exit\r")
    assert shell.end() == 0


@pytest.mark.slow
def test_a_pin_is_hidden_and_no_line_with_one_is_remembered(shell: Shell, state: Path) -> None:
    shell.until("> ")
    shell.type("ls\r")
    shell.until("PKCS-15")
    shell.line("change")
    for asked, typed in (("PIN: ", PIN), ("new PIN: ", NEW), ("new PIN again: ", NEW)):
        shell.until(asked)
        shell.type(f"{typed}\n")
    shell.until("The PIN was changed.")
    shell.line("apdu 00200081:{ask}")
    shell.until("value: ")
    shell.type(f"{NEW}\n")
    shell.until("Command 1, VERIFY, compares the PIN: a wrong one spends a try.")
    shell.until("Type SEND to go on: ")
    shell.type("SEND\n")
    shell.until("90 00")
    assert leave(shell) == 0
    assert history(state) == ["ls", "change", "apdu 00200081:{ask}"]


@pytest.mark.slow
def test_refused_lines_are_not_remembered(state: Path) -> None:
    shell = Shell("--reader", "emulator:")
    for line in (
        f"verify {WRONG}",
        f"apdu 00200081:{WRONG.encode().hex()}",
        f"verfy {WRONG}",
        WRONG,
        f"run {WRONG}",
        f"ls # {WRONG}",
        "status",
    ):
        shell.line(line)
    shell.until("PIN tries .....: 3")
    shell.until("> ")
    shell.type(UP)
    shell.until("status")
    shell.type(UP)
    shell.type(f"{CTRL_C}")
    assert leave(shell) == 0
    assert history(state) == ["status"]
    # The next shell begins where this one ended.
    again = Shell("--reader", "emulator:")
    again.until("> ")
    again.type(f"{UP}")
    again.until("status")
    again.type(CTRL_C)
    assert leave(again) == 0


@pytest.mark.slow
def test_ctrl_c_ends_a_command_and_not_the_shell(shell: Shell) -> None:
    shell.line("verify")
    shell.until("PIN: ")
    shell.type(CTRL_C)
    shell.until("akis: interrupted")
    shell.until("> ")
    shell.type(f"sta{CTRL_C}")
    shell.line("status")
    shell.until("PIN tries .....: 3")
    assert leave(shell) == 0


@pytest.mark.slow
def test_errors_are_a_sentence_and_the_shell_goes_on(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "stops.akis").write_text("select 2FFF\nstatus\n")
    shell.until("> ")
    shell.type(f"run {tmp_path / 'stops.akis'}\r")
    shell.until("SELECT of 2FFF failed: 6A82")
    shell.line("expect 6A82")
    shell.until("6A82 came, as expected.")
    assert leave(shell) == 0
    assert "Traceback" not in shell.text


@pytest.mark.slow
def test_on_a_recording(state: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    file = state / "s.jsonl"
    Script(capsys, monkeypatch, f"record {file}", "select app", "verify --pin env:PIN", "apdu 84/08")
    shell = Shell("--reader", f"replay:{file}")
    shell.line("select app")
    shell.line("verify")
    shell.until("PIN: ")
    shell.type(f"{PIN}\n")
    shell.until("The PIN is right.")
    shell.until("3D00 [PIN]")
    assert leave(shell) == 0
    assert "1 recorded exchange was not asked for" in " ".join(shell.text.split())


def test_the_prompt_fits_the_line(state: Path) -> None:
    on = bench()
    on.name = "replay:/some/where/far/from/here/s.jsonl"
    assert "".join(part[1] for part in prompt(on)) == "replay:s.jsonl 3F00> "
    on.name = "A Reader With A Very Long Name 00 00"
    on.tap.start(state / "r.jsonl")
    assert "".join(part[1] for part in prompt(on)) == "A Reader With A Very Lo… 3F00 [rec]> "
    on.close()


def test_without_the_extra(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prompt_toolkit", None)
    monkeypatch.setattr(sys, "stdin", type("Stdin", (), {"isatty": lambda self: True})())
    assert main(["shell", "--reader", "emulator:"]) == Exit.USAGE
    said = (
        "akis: the prompt needs prompt_toolkit: pip install 'akis[shell]'; a script on standard input works without it"
    )
    assert " ".join(capsys.readouterr().err.split()) == said
