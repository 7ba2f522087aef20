"""``akis demo`` as a user sees it."""

from __future__ import annotations

import json
import re

import pytest

from akis.emulator import load_personality
from tests.leaks import silent
from tools.__main__ import main
from tools.unlock_players import NEW_PIN

CARDS = ("akis-2.2", "akis-2.5")


@pytest.fixture
def without_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the first act needs is not installed."""
    monkeypatch.setattr("tools.demo_unlock.installed", lambda extra: False)


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["demo", *arguments]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("card", CARDS)
def test_the_whole_story_in_80_columns(
    card: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = shown(capsys, "--card", card)
    assert capsys.readouterr().err == ""
    first, second = text.split("Act two: ")
    assert first.startswith("\nAct one: ")
    assert "'s PIN is blocked." in first
    assert "Your PIN was changed successfully." in first
    assert "VERIFY with the new PIN: accepted, tries left 2 → 3" in first
    assert "report, card holds the holder's PIN" in first
    assert second.startswith("what goes over the wire")
    headings = re.findall(r"^ ?\d+  ([A-Z ]+?)(  inside secure messaging)?$", text, re.MULTILINE)
    assert [name for name, protected in headings if protected] == [
        "RESET RETRY COUNTER",
        "CHANGE REFERENCE DATA",
        "VERIFY",
        "GET DATA",
        "GET DATA",
    ]
    assert "MUTUAL AUTHENTICATE" in [name for name, protected in headings if not protected]
    assert "PIN: 0 → 3 tries left" in text
    assert "PUK: 3 → 3 tries left" in text
    assert max(len(line) for line in text.splitlines()) <= 80
    assert not any(line != line.rstrip() for line in text.splitlines()), "nothing is filled up with spaces"
    assert "\x1b[" not in text, "colours belong on a terminal only"


@pytest.mark.parametrize("card", CARDS)
def test_json_holds_every_exchange_and_no_secret(card: str, capsys: pytest.CaptureFixture[str]) -> None:
    report = json.loads(shown(capsys, "--card", card, "--json"))
    assert report["schema"] == 1
    assert report["tries_left"] == {"PIN": {"before": 0, "after": 3}, "PUK": {"before": 3, "after": 3}}
    protected = [exchange for exchange in report["exchanges"] if exchange["protected"]]
    assert [exchange["command"][:11] for exchange in protected[:3]] == ["00 2C 02 81", "00 24 00 81", "00 20 00 81"]
    assert all(exchange["wire_command"].startswith("0C ") for exchange in protected)
    assert all(exchange["answer"].endswith("90 00") for exchange in report["exchanges"])
    hidden = [exchange["command"].count("**") for exchange in protected[:3]]
    assert hidden == [8, 14, 6]
    assert (report["unlock"]["outcome"], report["unlock"]["holds"]) == ("done", "holder_pin")


def test_without_its_extra_the_first_act_is_left_out(
    without_extras: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = shown(capsys)
    assert " ".join(text.split("\n\n")[0].split()) == (
        "Act one, an unlock through an authority, is left out: pip install 'akis[authority]' brings what it needs."
    )
    assert "Act two: " in text
    assert "PIN: 0 → 3 tries left" in text
    assert json.loads(shown(capsys, "--json"))["unlock"] is None


def test_the_first_act_shows_neither_old_nor_new_pin(capsys: pytest.CaptureFixture[str]) -> None:
    silent(shown(capsys).partition("Act two: ")[0], [NEW_PIN, load_personality("akis-2.2").puk])


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_neither_form_shows_pin_puk_or_keys(
    card: str, form: tuple[str, ...], without_extras: None, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(capsys, "--card", card, *form).replace(" ", "").replace("\n", "").upper()
    personality = load_personality(card)
    secrets = [personality.pin, personality.puk, personality.pin[::-1]]
    found = [secret for secret in secrets if secret.encode().hex().upper() in text]
    found += [f"key {key.reference}" for key in personality.keys if key.enc.hex().upper() in text]
    assert found == []


def test_another_card_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["demo", "--card", "visa"])
    assert stopped.value.code == 2
    assert "visa" in capsys.readouterr().err
