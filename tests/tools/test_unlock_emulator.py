"""``akis unlock --emulator``: the whole of an unlock on one machine, by itself and with somebody who types."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.leaks import silent
from tests.tools.akis_process import ROOT, akis
from tests.tools.test_prompts import Terminal
from tools.__main__ import main
from tools.exit_codes import Exit
from tools.unlock_players import NEW_PIN

WORDS = ("unlock", "--language", "en")
PUK = "87654321"


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that temporary folders are in, here and in processes."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


@pytest.mark.parametrize(
    ("wanted", "state", "wrong"),
    [
        ("--emulator", "new", "some other PIN"),
        ("--emulator=akis-2.5,blocked", "blocked", "the PIN it had before"),
        ("--emulator=,last-try", "last-try", "the PIN it had before"),
        ("--emulator=mehmet-2.2", "new", "some other PIN"),
    ],
)
def test_by_itself(wanted: str, state: str, wrong: str, temporary: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*WORDS, wanted, "--non-interactive"]) == Exit.DONE
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "Your PIN was changed successfully."
    assert lines[2:6] == [
        "Afterwards, asked of the card itself:",
        f"  VERIFY with {wrong}: refused, tries left 3 → 2",
        "  VERIFY with the new PIN: accepted, tries left 2 → 3",
        "  PUK: not used, tries left 3",
    ]
    assert f",{state}\n" in err
    assert re.search(r"The portal shows \w+ \w+ this code: (\d{3} ){4}\d{3}\n", err)
    assert [line.split(maxsplit=3)[3] for line in lines[7:]] == [
        "import",
        "sign_in",
        "code",
        "redeem",
        "choose_card",
        "second_factor",
        "exchange begin",
        "exchange end, card holds the transport PIN",
        "report, card holds the holder's PIN",
    ]
    assert lines[6] == "In the authority's audit log, whole from line 1 to line 9:"
    assert max(map(len, (out + err).splitlines())) <= 80
    silent(out + err, [NEW_PIN, PUK])
    assert not list(temporary.iterdir())


def test_json_is_the_report_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*WORDS, "--emulator", "--non-interactive", "--json"]) == Exit.DONE
    report = json.loads(capsys.readouterr().out)
    assert (report["outcome"], report["holds"], report["holder"]) == ("done", "holder_pin", "Ayşe Yılmaz")
    assert report["card"]["serial"] == "414B4953020244454D4F0001"


def test_the_new_pin_may_be_given(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("OWN", "80265")
    assert main([*WORDS, "--emulator", "--non-interactive", "--new-pin", "env:OWN"]) == Exit.DONE
    assert "VERIFY with the new PIN: accepted" in capsys.readouterr().out


def test_one_that_will_not_do_ends_it_with_the_card_as_it_was(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OWN", "111111")
    assert main([*WORDS, "--emulator", "--non-interactive", "--new-pin", "env:OWN"]) == Exit.POLICY_REFUSED
    out, err = capsys.readouterr()
    assert out == ""
    assert "easy to guess" in err
    assert "Your card is as it was before." in err
    assert not list(temporary.iterdir())


def test_the_exchanges_with_the_card_can_be_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = tmp_path / "unlock.jsonl"
    assert main([*WORDS, "--emulator", "--non-interactive", "--trace", str(trace)]) == Exit.DONE
    capsys.readouterr()
    assert main(["trace", "show", str(trace)]) == Exit.DONE
    shown = capsys.readouterr().out
    for name in ("MUTUAL AUTHENTICATE", "CHANGE REFERENCE DATA", "VERIFY"):
        assert name in shown
    silent(trace.read_text(), [NEW_PIN])


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--emulator=visa"], "no emulated card 'visa' to try it with; there are akis-2.2, akis-2.5\n"),
        (["--emulator=,dead"], "no state 'dead' that an unlock helps with; there are new, blocked, last-try"),
        (["--emulator", "--authority", "https://x", "--code", "env:X"], "--emulator brings authority, code and card"),
    ],
)
def test_what_does_not_go_with_it(words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*WORDS, *words, "--non-interactive"]) == Exit.USAGE
    assert capsys.readouterr().err.startswith(f"akis: {complaint}")


def test_in_turkish_nothing_is_left_in_english(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["unlock", "--language", "tr", "--emulator", "--non-interactive"]) == Exit.DONE
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].endswith("report, kartta kart sahibinin PIN kodu var")
    assert lines[-2].endswith("exchange end, kartta taşıma PIN kodu var")


@pytest.mark.slow
def test_without_a_terminal_nobody_can_be_asked() -> None:
    done = akis(*WORDS, "--emulator")
    assert done.code == Exit.USAGE
    assert done.complaint == "no terminal to ask on; with --non-interactive every answer is the demo's own"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["akis-2.2", "akis-2.5"])
def test_somebody_types_what_portal_and_telephone_show(name: str) -> None:
    terminal = Terminal(*WORDS, f"--emulator={name}")
    terminal.wait_for("Code of the portal (15 digits): ")
    code = re.findall(r"this code: ([\d ]+\d)", terminal.shown)[-1]
    terminal.type(f"{code}\n")
    terminal.answer("New PIN (4 to 8 digits): ", "80265")
    terminal.answer("New PIN again: ", "80265")
    if name == "akis-2.2":
        terminal.wait_for("Code of the SMS to … 42 (Enter alone for a new one): ")
        answer = re.findall(r"^ +(\d{6}): ", terminal.shown, re.MULTILINE)[-1]
        assert "the authority's outbox, " in terminal.shown
        terminal.type(f"{answer}\n")
    else:
        terminal.wait_for("Web password: ")
        terminal.type(re.findall(r"web password of Mehmet Demir is (\S+)", terminal.shown)[-1] + "\n")
    assert terminal.end() == Exit.DONE
    assert "VERIFY with the new PIN: accepted, tries left 2 → 3" in terminal.shown
    silent(terminal.shown, ["80265"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "code"),
    [(signal.SIGTERM, Exit.TERMINATED), (signal.SIGINT, Exit.INTERRUPTED), (signal.SIGHUP, Exit.HUNG_UP)],
    ids=["kill", "Ctrl-C", "closed terminal"],
)
def test_whoever_ends_it_leaves_nothing_behind(how: signal.Signals, code: int, temporary: Path, tmp_path: Path) -> None:
    pin = tmp_path / "pin"
    os.mkfifo(pin)
    words = [*WORDS, "--emulator", "--non-interactive", "--new-pin", f"file:{pin}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tools", *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    # It waits for the new PIN, with everything running.
    deadline = time.monotonic() + 20
    while not list(temporary.glob("*/sms.jsonl")) and not list(temporary.glob("*/authority.db")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(how)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, "Traceback" in err) == (code, False), err
    assert not list(temporary.iterdir())
