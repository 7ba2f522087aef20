"""``akis pin`` with a reader that has a keypad: the PIN is typed there, and at the keyboard only where one says so."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import akis.connect
from akis.emulator import EmulatedCard, EmulatorTransport
from akis.errors import NoCard
from tests.akis.keypad_reader import CANCELLED, KeypadReader, Typing, lost
from tests.leaks import leaks
from tools.__main__ import main
from tools.exit_codes import Exit

PIN, NEW = "123456", "593827"
LOOK = "Look at the reader: type the PIN there"
TERMINAL = ("--sm-keys", "emulator:akis-2.2/terminal")


@dataclass
class Reader:
    """The reader that every emulated card is in; ``readers`` are the connections to it."""

    typing: Typing = field(default_factory=Typing)
    readers: list[KeypadReader] = field(default_factory=list)

    def around(self, card: EmulatedCard) -> KeypadReader:
        self.readers.append(KeypadReader(EmulatorTransport(card), self.typing))
        return self.readers[-1]

    @property
    def told(self) -> int:
        """How often it was told to ask for a PIN."""
        return sum(len(reader.told) for reader in self.readers)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    found = Reader()
    monkeypatch.setattr(akis.connect, "EmulatorTransport", found.around)
    monkeypatch.setenv("PIN", PIN)
    monkeypatch.setenv("NEW", NEW)
    return found


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main(["pin", *map(str, arguments)])
    out, err = capsys.readouterr()
    assert leaks(out + err, [PIN, NEW]) == []
    return code, out, err


def test_verify(reader, capsys):
    reader.typing.pins = [PIN]
    code, out, err = run(capsys, "verify", "--reader", "emulator:")
    assert (code, out) == (Exit.DONE, "The PIN is right.\n")
    assert err.splitlines() == [
        "VERIFY compares the PIN: a wrong one spends a try, 3 left.",
        f"{LOOK} and confirm it with its key.",
    ]
    assert reader.told == 1


def test_change(reader, capsys):
    reader.typing.pins = [PIN, NEW, NEW]
    code, out, err = run(capsys, "change", "--reader", "emulator:")
    assert (code, out) == (Exit.DONE, "The PIN was changed.\n")
    assert err.splitlines()[-1] == f"{LOOK}, then the new one twice, and confirm each with its key."
    assert reader.told == 1


@pytest.mark.parametrize(
    ("typing", "code", "says"),
    [
        ({"pins": ["000000"]}, Exit.PIN_REFUSED, "wrong PIN, 2 tries left"),
        (
            {"instead": CANCELLED},
            Exit.CARD_REFUSED,
            "typing was cancelled at the reader (6401); nothing was sent to the card, no try was spent",
        ),
        ({"happening": lost}, Exit.PIN_OUTCOME_UNKNOWN, "look at `akis pin status` before anything else"),
    ],
)
def test_what_goes_wrong(reader, capsys, typing, code, says):
    for name, value in typing.items():
        setattr(reader.typing, name, value)
    found, out, err = run(capsys, "verify", "--reader", "emulator:", "--json")
    assert found == code
    assert says in err.splitlines()[-1]
    assert says in json.loads(out)["error"]["message"]
    assert reader.told == 1


def test_with_one_try_left_nobody_is_told_to_type(reader, capsys):
    code, _, err = run(capsys, "verify", "--reader", "emulator:,last-try")
    assert (code, reader.told) == (Exit.POLICY_REFUSED, 0)
    assert LOOK not in err
    reader.typing.pins = [PIN]
    code, _, err = run(capsys, "verify", "--reader", "emulator:,last-try", "--allow-last-try")
    assert (code, reader.told) == (Exit.DONE, 1)
    assert LOOK in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "--pin", "env:PIN"),
        ("verify", "--pin", "env:PIN", *TERMINAL),
        ("change", "--pin", "env:PIN", "--new-pin", "env:NEW"),
    ],
)
def test_a_pin_that_comes_from_elsewhere_is_not_typed(reader, capsys, arguments):
    code, _, err = run(capsys, *arguments, "--reader", "emulator:")
    assert (code, reader.told) == (Exit.DONE, 0)
    assert LOOK not in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "--no-pinpad"),
        ("verify", *TERMINAL),
        ("change", "--no-pinpad"),
        ("change", "--new-pin", "env:NEW"),
    ],
)
def test_the_keyboard_where_one_says_so_or_a_session_is_wanted(reader, capsys, arguments):
    code, _, err = run(capsys, *arguments, "--reader", "emulator:")
    assert (code, reader.told) == (Exit.USAGE, 0)
    assert "no terminal to ask for the PIN on" in err


def test_the_recording_has_the_command_and_not_the_pin(reader, capsys, tmp_path: Path):
    reader.typing.pins = [PIN]
    trace = tmp_path / "session.jsonl"
    assert run(capsys, "verify", "--reader", "emulator:", "--trace", trace, "--unsafe-keep-secrets")[0] == Exit.DONE
    text = trace.read_text("utf-8")
    assert '"command":"0020008106************","response":"9000"' in text
    assert leaks(text, [PIN]) == []


def test_what_keeps_one_from_the_card_shows_when_it_is_opened(reader, capsys, monkeypatch):
    def missing(*_: object, **__: object) -> None:
        raise NoCard("there is no card in the reader")

    monkeypatch.setattr(akis.connect, "connect", missing)
    assert run(capsys, "verify", "--pin", "env:PIN")[0] == Exit.NO_CARD
    assert run(capsys, "verify")[0] == Exit.USAGE  # no terminal either, which is asked for first
