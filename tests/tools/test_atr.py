"""``akis atr``: any answer to reset, field by field."""

from __future__ import annotations

import json

import pytest

from tests.akis.codec.atrs import AKIS, CAC, IDPRIME, OPENPGP
from tools.__main__ import main
from tools.exit_codes import Exit

SIGNATURE_CARD = "3B9F978131FE4580655443D3228231C073F621808105D3"


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["atr", *arguments]) == 0
    return capsys.readouterr().out


def test_a_screen(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, SIGNATURE_CARD).splitlines()
    assert lines[:5] == [
        "3B 9F 97 81 31 FE 45 80 65 54 43 D3 22 82 31 C0 73 F6 21 80 81 05 D3",
        "Card: AKİS 2.5.2, NXP, seen on qualified-signature cards",
        "How sure: published label of a card with this ATR; not confirmed by the maker",
        "Profile: akis-2",
        "",
    ]
    assert lines[5] == "TS         3B                 direct convention"
    assert lines[-1] == "TCK        D3                 check byte, right"
    assert "tag 8      81 05              status indicator: life cycle operational," in lines


@pytest.mark.parametrize("atr", [*AKIS, OPENPGP, CAC, IDPRIME])
def test_80_columns(atr: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert max(map(len, shown(capsys, atr).splitlines())) < 100
    assert all(len(line) < 80 for line in shown(capsys, atr).splitlines()[4:])


@pytest.mark.parametrize(
    "words",
    [
        [SIGNATURE_CARD.lower()],
        [bytes.fromhex(SIGNATURE_CARD).hex(" ")],
        [bytes.fromhex(SIGNATURE_CARD).hex(":")],
        bytes.fromhex(SIGNATURE_CARD).hex(" ").split(),
    ],
)
def test_however_it_is_written(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(shown(capsys, *words, "--json"))["atr"] == SIGNATURE_CARD


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    report = json.loads(shown(capsys, "--json", "3B9F978131FE4580655443D2210831C073F6218081015F"))
    assert report["schema"] == 1
    assert report["card"] == {
        "label": "AKİS 2.2.8, Infineon, creation state",
        "source": "reported",
        "generation": 2,
        "family": "AKİS",
        "version": "2.2.8",
        "chip": "Infineon",
        "life_cycle": "creation",
        "remark": None,
        "contactless": False,
        "profile": "akis-2",
    }
    assert report["protocols"] == ["T=1"]
    assert report["fields"][2] == {
        "name": "TA1",
        "offset": 2,
        "bytes": "97",
        "meaning": "Fi 512, Di 64: 8 clock cycles a bit, clock up to 5 MHz",
    }
    assert "".join(field["bytes"] for field in report["fields"]) == report["atr"]


def test_a_card_that_nobody_knows_is_explained_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, OPENPGP)
    assert "Card: not an AKİS card, by its ATR\n\nTS " in text
    assert "Profile" not in text
    assert "life cycle no information given, status word 9000" in text


def test_by_rule_alone(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "3B9F978131FE4580655443D3248131C073F621808105D6")
    assert "Card: AKİS 2.9.1, NXP" in text
    assert "How sure: concluded from the historical bytes by a rule" in text


def test_contactless(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "3B8F80018065544320141331C073F4A180810508")
    assert "Card: contactless side of an identity card" in text
    assert "Contactless: the reader made this ATR" in text


@pytest.mark.parametrize(
    ("text", "says", "code"),
    [
        ("3B9F978131FE458065544312210731C073F62180810595", "check byte TCK is 95, 94 would fit", Exit.USAGE),
        ("3B9F978131FE458065544312210831C073F62180810590", "check byte TCK is 90, 9B would fit", Exit.USAGE),
        ("3B9F", "the ATR", Exit.USAGE),
        ("00" * 64, "at most 33 bytes, not 64", Exit.USAGE),
        ("3B9", "pairs of hex digits", Exit.USAGE),
        ("hello", "pairs of hex digits", Exit.USAGE),
    ],
)
def test_what_is_none(text: str, says: str, code: Exit, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["atr", text]) == code
    assert says in capsys.readouterr().err
    assert main(["atr", text, "--json"]) == code
    assert says in json.loads(capsys.readouterr().out)["error"]["message"]
