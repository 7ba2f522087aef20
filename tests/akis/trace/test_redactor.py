"""Names of slots, one a value, in the order of a session."""

from __future__ import annotations

import pytest

from akis.trace.redact import Mask
from akis.trace.redactor import Redactor
from tests.akis.trace.redacted import NEW, OTHER, PIN, PROFILE, PUK, STORED_8, change, raw, slots, verify


@pytest.mark.parametrize(
    ("sw", "slot"),
    [
        ("9000", "pin"),
        ("63C2", "wrong-pin"),
        ("63C0", "wrong-pin"),
        ("6300", "wrong-pin"),
        ("6A80", "malformed-pin"),
        ("6983", "pin"),
        ("6985", "pin"),
        ("", "pin"),
    ],
)
def test_the_outcome_names_the_value(sw: str, slot: str) -> None:
    assert slots((verify(PIN), sw)) == [f"{slot}:8"]


def test_commands_and_references_name_the_value() -> None:
    assert slots(
        (verify(PUK, "82"), "9000"),
        (verify(OTHER, "82"), "63C2"),
        (f"00240181 06 '{NEW}'", "9000"),
        (f"002C0281 08 '{PIN}'", "9000"),
    ) == ["puk:8", "wrong-puk:8", "new-pin:6", "transport-pin:8"]
    assert slots((f"002C0281 08 '{PIN}'", "6A80"), (f"00260081 08 '{OTHER}'", "9000")) == ["malformed-pin:8", "pin:8"]


def test_the_same_value_has_the_same_slot() -> None:
    assert slots(
        (verify(PIN), "9000"),
        (verify(OTHER), "63C2"),
        (verify(NEW), "63C1"),
        (verify(PIN), "63C2"),
        (verify(OTHER), "9000"),
    ) == ["pin:8", "wrong-pin:8", "wrong-pin-2:6", "pin:8", "wrong-pin:8"]


# ---- two values in a row


def test_cut_where_the_card_says_that_the_stored_value_ends() -> None:
    assert slots(STORED_8, (change(PIN, NEW), "9000"))[1] == "pin:8 new-pin:6"


def test_cut_where_a_value_seen_before_ends() -> None:
    assert slots((verify(PIN), "9000"), (change(PIN, NEW), "9000"))[1] == "pin:8 new-pin:6"


def test_the_stored_length_follows_accepted_changes() -> None:
    assert slots(STORED_8, (change(PIN, NEW), "9000"), (change(NEW, OTHER), "9000"), (change(OTHER, NEW), "63C2")) == [
        "",
        "pin:8 new-pin:6",
        "new-pin:6 new-pin-2:8",
        "new-pin-2:8 new-pin:6",
    ]
    reset = (f"002C0281 06 '{NEW}'", "9000")
    assert slots(STORED_8, reset, (change(NEW, PIN), "9000"))[2] == "transport-pin:6 new-pin:8"


@pytest.mark.parametrize("lost", [("0C2C0281 0A 8E08 0102030405060708", "9000"), (f"002C0281 06 '{NEW}'", "")])
def test_a_length_that_nobody_knows_any_more_cuts_nothing(lost: tuple[str, str]) -> None:
    assert slots(STORED_8, lost, (change(OTHER, PIN), "9000"))[2] == "pin+new-pin:16"


def test_a_cut_that_nobody_knows_is_found_when_a_part_comes_up_again() -> None:
    assert slots(
        (change(PIN, NEW), "9000"), (verify(NEW), "9000"), (change(PIN, NEW), "63C2"), (change(NEW, OTHER), "9000")
    ) == ["pin+new-pin:14", "new-pin:6", "pin+new-pin:14", "new-pin:6 new-pin-2:8"]


def test_a_refused_value_is_not_taken_for_a_part_of_two() -> None:
    assert slots((change(PIN, NEW), "9000"), (verify(PIN[:4]), "63C2"), (verify(NEW), "9000")) == [
        "pin+new-pin:14",
        "wrong-pin:4",
        "new-pin:6",
    ]


def test_one_slot_has_one_value() -> None:
    assert slots((verify(PIN), "9000"), (change(OTHER, NEW), "9000"), (verify(OTHER), "9000"))[1:] == [
        "pin-2+new-pin:14",
        "pin-2:8",
    ]
    assert slots((change(PIN, NEW), "9000"), (verify(PIN[:4]), "9000"), (verify(PIN[:5]), "9000"))[1:] == [
        "pin:4",
        "pin-2:5",
    ]


def test_puk_and_new_pin() -> None:
    assert slots((f"002C0081 0E '{PUK}{NEW}'", "9000"), (f"002C0081 0E '{OTHER}{NEW}'", "63C2")) == [
        "puk:8 new-pin:6",
        "wrong-puk:8 new-pin:6",
    ]
    without = Redactor()
    assert slots((f"002C0081 0E '{PUK}{NEW}'", "9000"), (verify(NEW), "9000"), redactor=without) == [
        "puk+new-pin:14",
        "new-pin:6",
    ]


def test_malformed_new_values() -> None:
    assert slots((verify(PIN), "9000"), (change(PIN, "12a"), "6A80"))[1] == "pin:8 malformed-pin:3"
    assert slots((f"002C0081 0B '{PUK}12a'", "6A80")) == ["puk:8 malformed-pin:3"]
    assert slots((f"002C0181 08 '{PUK}'", "6A80")) == ["malformed-puk:8"]


def test_a_change_too_long_for_any_pin_takes_no_time() -> None:
    made = Redactor(PROFILE).exchange(raw("00240081 00FFFF") + bytes(0xFFFF), b"\x90\x00")
    assert made.command.masks == (Mask(7, 0xFFFF, "pin+new-pin"),)


def test_what_captures_have_in_the_place_of_hidden_bytes_is_hidden_again() -> None:
    redactor = Redactor(PROFILE, keep_secrets=True)
    wrong = redactor.exchange(bytes.fromhex("0020008106" + "FF" * 6), bytes.fromhex("63C2"))
    right = redactor.exchange(bytes.fromhex("0020008106" + "FF" * 6), bytes.fromhex("9000"))
    changed = redactor.exchange(bytes.fromhex("002400810C" + "FF" * 12), bytes.fromhex("9000"))
    shown = redactor.exchange(bytes.fromhex("0020008106" + "31" * 6), bytes.fromhex("9000"))
    assert wrong.command.masks == (Mask(5, 6, "wrong-pin"),)
    assert right.command.masks == (Mask(5, 6, "pin"),), "another value, though the bytes are the same"
    assert changed.command.masks == (Mask(5, 12, "pin+new-pin"),)
    assert not shown.command.hides
