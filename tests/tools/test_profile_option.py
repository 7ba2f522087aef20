"""``--profile NAME|FILE`` of every tool with a card, and what the profile of a card forbids."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest

from tools.__main__ import main
from tools.exit_codes import Exit


def own_profile(tmp_path: Path, old: str = "", new: str = "") -> str:
    """A file of the user's own, made from that of 2.x."""
    path = tmp_path / "own.toml"
    text = (files("akis.profile") / "akis-2.toml").read_text("utf-8").replace("AKİS 2.x", "bench card")
    assert old in text
    path.write_text(text.replace(old, new) if old else text, encoding="utf-8")
    return str(path)


def test_info_says_which_and_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--reader", "emulator:", "--profile", own_profile(tmp_path)]) == 0
    assert "Profile ...........: bench card (as asked for)" in capsys.readouterr().out
    assert main(["info", "--reader", "emulator:", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["profile"], report["profile_named"], report["profile_guessed"]) == ("AKİS 2.x", False, False)


def test_info_says_that_nobody_knows_the_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its ATR is another card's, and 2.x is tried for want of a better one."""
    trace = tmp_path / "trace.jsonl"
    assert main(["info", "--reader", "emulator:", "--trace", str(trace)]) == 0
    text = trace.read_text("utf-8")
    known = "3B9F978131FE4580655443D2210831C073F6218081055B"
    assert known in text
    other = tmp_path / "other.jsonl"
    other.write_text(text.replace(known, "3B951381018073FF01000B").replace('"profile":"akis-2",', ""), encoding="utf-8")
    capsys.readouterr()
    assert main(["info", "--reader", f"replay:{other}"]) == 0
    shown = capsys.readouterr().out
    assert "Version ...........: not an AKİS card, by its ATR" in shown
    assert "Profile ...........: AKİS 2.x (for want of a better one)" in shown


@pytest.mark.parametrize("command", [["info"], ["pin", "status"]])
def test_a_name_that_there_is_not(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--reader", "emulator:", "--profile", "akis-3"]) == Exit.USAGE
    assert "there is no profile 'akis-3'; did you mean akis-2? there are akis-1, akis-2" in capsys.readouterr().err


def test_a_typo_in_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    profile = own_profile(tmp_path, "tries_by", "tries_bye")
    assert main(["pin", "status", "--reader", "emulator:", "--profile", profile]) == Exit.USAGE
    assert "own.toml: pin.'tries_bye' is not a field; did you mean tries_by?" in capsys.readouterr().err


def test_keys_are_of_no_use_where_no_secure_messaging_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing at all is sent: the recording stays empty."""
    trace = tmp_path / "trace.jsonl"
    words = ["pin", "status", "--reader", "emulator:", "--profile", "akis-1", "--trace", str(trace)]
    assert main([*words, "--sm-keys", "emulator:akis-2.2/issuer"]) == Exit.POLICY_REFUSED
    assert "no secure messaging is known on this card (AKİS 1.x)" in capsys.readouterr().err
    assert len(trace.read_text("utf-8").splitlines()) == 1


@pytest.mark.parametrize("words", [["change", "--new-pin"], ["unblock", "--use-puk", "--accept-puk-risk", "--puk"]])
def test_no_pin_is_sent_where_the_number_of_tries_is_not_known(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = tmp_path / "trace.jsonl"
    monkeypatch.setenv("OLD", "123456")
    monkeypatch.setenv("NEW", "87654321")
    action, *options = words
    given = ["--pin", "env:OLD"] if action == "change" else ["--new-pin", "env:OLD"]
    card = ["--reader", "emulator:", "--profile", "akis-1", "--trace", str(trace)]
    assert main(["pin", action, *card, *given, *options, "env:NEW"]) == Exit.POLICY_REFUSED
    assert "nothing was sent" in capsys.readouterr().err
    sent = [json.loads(line)["command"] for line in trace.read_text("utf-8").splitlines()[1:]]
    assert sent
    assert all(str(command).replace(" ", "")[2:4] == "A4" for command in sent)
