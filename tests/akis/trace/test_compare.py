"""What differs from a recording, by its field, and what may differ."""

from __future__ import annotations

import pytest

from akis.profile.load import load
from akis.trace.compare import answer_difference, command_difference
from akis.trace.entries import Wire
from akis.trace.redact import Mask
from tests.leaks import leaks

PROFILE = load("akis-2")
PIN = "48291573"
VERIFY = Wire(bytes.fromhex("0020008108") + bytes(8), (Mask(5, 8, "pin"),))
CHALLENGE = Wire(bytes.fromhex("0084000008"))
RANDOM = Wire(bytes.fromhex("0102030405060708 9000"), (Mask(0, 8, "challenge", hidden=False),))


def command(recorded: Wire, now: str | bytes, strict: bool = False) -> str | None:
    found = command_difference(recorded, bytes.fromhex(now) if isinstance(now, str) else now, PROFILE, strict)
    assert not leaks(str(found), [PIN])
    return None if found is None else str(found)


def answer(recorded: Wire, now: str | bytes, strict: bool = False, to: Wire = CHALLENGE) -> str | None:
    found = answer_difference(to, recorded, bytes.fromhex(now) if isinstance(now, str) else now, PROFILE, strict)
    assert not leaks(str(found), [PIN])
    return None if found is None else str(found)


@pytest.mark.parametrize("strict", [False, True])
def test_hidden_bytes_may_be_any(strict: bool) -> None:
    assert command(VERIFY, bytes.fromhex("0020008108") + PIN.encode(), strict) is None
    echoed = Wire(bytes(8) + b"\x90\x00", (Mask(0, 8, "answer"),))
    assert answer(echoed, PIN.encode() + b"\x90\x00", strict, to=VERIFY) is None


def test_named_bytes_may_be_any_unless_strict() -> None:
    assert answer(RANDOM, "1112131415161718 9000") is None
    assert answer(RANDOM, "1112131415161718 9000", strict=True) == (
        "data: recorded 01 02 03 04 05 06 07 08 (RND.ICC, the card's challenge), "
        "now 11 12 13 14 15 16 17 18 (RND.ICC, the card's challenge)"
    )
    assert answer(RANDOM, "0102030405060708 9000", strict=True) is None


def test_the_status_word_comes_first() -> None:
    found = answer(RANDOM, "6700")
    assert found is not None
    assert found.startswith("SW: recorded 9000")
    assert "now 6700" in found


def test_the_status_word_never_just_varies() -> None:
    lying = Wire(bytes.fromhex("9000"), (Mask(0, 2, "token", hidden=False),))
    found = answer(lying, "63C2", to=VERIFY)
    assert found is not None
    assert found.startswith("SW: recorded 9000")


def test_the_first_field_of_a_command() -> None:
    found = command(CHALLENGE, "0084000010")
    assert found is not None
    assert found.startswith("Le: recorded 08")
    found = command(CHALLENGE, "00B0000008")
    assert found is not None
    assert found.startswith("INS: recorded 84 (GET CHALLENGE), now B0 (READ BINARY)")


def test_another_length_shows_no_byte_of_what_was_hidden() -> None:
    assert command(VERIFY, bytes.fromhex("0020008109") + PIN.encode() + b"4") == (
        "length: recorded 13 bytes, now 14 bytes"
    )
    put = Wire(bytes.fromhex("00DA000108") + bytes(8), (Mask(5, 8, "key"),))
    assert command(put, bytes.fromhex("00DA000109") + PIN.encode() + b"4") == "length: recorded 13 bytes, now 14 bytes"
    got = Wire(bytes(8) + b"\x90\x00", (Mask(0, 8, "key"),))
    assert answer(got, PIN.encode() + b"4\x90\x00") == "length: recorded 10 bytes, now 11 bytes"
    assert (answer(got, PIN.encode() + b"4\x67\x00") or "").startswith("SW: recorded 9000")


def test_a_mask_that_the_command_does_not_explain_hides_too() -> None:
    put = Wire(bytes.fromhex("00DA000109") + bytes(9), (Mask(6, 8, "key"),))
    found = command(put, bytes.fromhex("00DA0001 09 01") + PIN.encode())
    assert found is not None
    assert found.startswith("data: recorded 00")


def test_kept_secrets_that_differ_are_not_shown() -> None:
    kept = Wire(bytes.fromhex("0020008108") + b"11111111", (Mask(5, 8, "pin", hidden=False),))
    assert command(kept, bytes.fromhex("0020008108") + PIN.encode()) is None
    strictly = command(kept, bytes.fromhex("0020008108") + PIN.encode(), strict=True)
    assert strictly == "hidden bytes of the command: recorded one value, now another"


@pytest.mark.parametrize("slot", ["certificate", "signature"])
def test_certificates_and_signatures_may_have_another_length(slot: str) -> None:
    read = Wire(bytes.fromhex("00B0000000"))
    recorded = Wire(bytes(20) + b"\x90\x00", (Mask(0, 20, slot, hidden=False),))
    assert answer(recorded, bytes(30) + b"\x90\x00", to=read) is None
    assert answer(recorded, bytes(30) + b"\x90\x00", strict=True, to=read) is not None
    assert answer(recorded, bytes(30) + b"\x62\x82", to=read) is not None
    beside = Wire(bytes(20) + b"\x90\x00", (Mask(0, 19, slot, hidden=False),))
    assert answer(beside, bytes(30) + b"\x90\x00", to=read) is not None


def test_bytes_that_are_no_command_or_no_answer() -> None:
    broken = Wire(bytes.fromhex("00200081 09") + bytes(8), (Mask(4, 9, "unknown"),))
    assert command(broken, bytes.fromhex("00200081 09") + PIN.encode()) is None
    assert command(VERIFY, bytes.fromhex("00200081 09") + PIN.encode()) is not None
    assert command(CHALLENGE, "0084") == "command: recorded 00 84 00 00 08, now 00 84"
    assert answer(RANDOM, "90") == "answer: recorded 9000, now 1 bytes that are no answer"
    assert answer(Wire(b"\x90"), "90") is None
