"""The counter asked for in the way that the profile knows: one free command, or none at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from akis.codec.apdu import ResponseApdu
from akis.commands.objects import PinObject
from akis.conversation import tries
from akis.profile.load import load
from akis.profile.model import CardProfile, PinRules

FIRST, SECOND = load("akis-1"), load("akis-2")


def asked(profile: CardProfile, rules: PinRules, answer: str = "9000") -> tuple[str | None, PinObject]:
    """The one command that asks, as hex, and what its answer says."""
    conversation = tries.state(profile, rules)
    sent = None
    try:
        sent = next(conversation).to_bytes().hex().upper()
        conversation.send(ResponseApdu.from_bytes(bytes.fromhex(answer)))
    except StopIteration as done:
        return sent, done.value
    raise AssertionError("it asked twice")


def test_by_the_pin_object() -> None:
    found = asked(SECOND, SECOND.pin, "BF81 01 09 9A0103 9B0102 800106 9000")
    assert found == ("00CB3FFF064D04BF81018000", PinObject(3, 2, 6))


def test_by_the_fci_of_the_application() -> None:
    assert asked(FIRST, FIRST.pin, "6F03 9001C2 9000") == ("00A40800023D0000", PinObject(None, 1, None))
    assert asked(FIRST, FIRST.pin, "6F03 900142 9000")[1] == tries.UNKNOWN


def test_by_the_fci_of_an_application_with_a_name() -> None:
    profile = replace(FIRST, application=b"PKCS-15")
    assert asked(profile, profile.pin)[0] == "00A4040007504B43532D313500"


@pytest.mark.parametrize(
    ("profile", "answer", "left"),
    [(SECOND, "63C2", 2), (SECOND, "63C0", 0), (SECOND, "6983", 0), (SECOND, "6984", None), (FIRST, "6984", 0)],
)
def test_by_an_empty_verify(profile: CardProfile, answer: str, left: int | None) -> None:
    rules = replace(profile.pin, tries_by="empty_verify", empty_verify="free")
    assert asked(profile, rules, answer) == ("00200081", PinObject(None, left, None))


def test_by_no_way() -> None:
    assert asked(FIRST, FIRST.puk) == (None, tries.UNKNOWN)
