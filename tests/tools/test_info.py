"""``akis info`` on emulated cards."""

from __future__ import annotations

import json

import pytest

from tools.__main__ import main


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["info", *arguments]) == 0
    return capsys.readouterr().out


def test_one_screen(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "--reader", "emulator:akis-2.2,last-try")
    assert text.splitlines()[:9] == [
        "Reader ............: emulator, akis-2.2",
        "ATR ...............: 3B9F978131FE4580655443D2210831C073F6218081055B",
        "Version ...........: AKİS 2.2.8, Infineon",
        "Profile ...........: AKİS 2.x",
        "Application .......: PKCS-15",
        "Life cycle ........: operation",
        "Serial number .....: 414B49530202000000000001",
        "PIN tries left ....: 1",
        "PUK tries left ....: 3",
    ]
    assert "no public source" in text.splitlines()[9]


@pytest.mark.parametrize("command", [["info"], ["pin", "status"]])
@pytest.mark.parametrize("state", ["last-try", "blocked"])
def test_flags_do_not_tell_a_blocked_pin_from_one_at_its_last_try(
    command: list[str], state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--reader", f"emulator:akis-1.0,{state}"]) == 0
    assert ": 1, or none: a blocked PIN has the same flags\n" in capsys.readouterr().out


def test_a_dead_card_still_says_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "--reader", "emulator:,dead")
    assert "Life cycle ........: death" in text
    assert "PUK tries left ....: 0 (blocked)" in text


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    report = json.loads(shown(capsys, "--reader", "emulator:akis-2.5,blocked", "--json"))
    assert report["schema"] == 1
    assert (report["pin_tries_left"], report["puk_tries_left"]) == (0, 3)
    assert report["version"] == "AKİS 2.5.2, NXP"
    assert "pin.minimum" in report["assumed"]
