"""New PINs: what the card would not take, and what would be guessed first."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.errors import PinFormatError, PolicyRefused
from akis.profile.load import load
from akis.secret import Secret
from akis.unlock.new_pin import (
    KEYPAD_LINE,
    ONE_DIGIT,
    REPEATED_GROUP,
    RUN_DOWN,
    RUN_UP,
    SERIAL,
    ObviousPin,
    UnfitPin,
    check_ahead,
    check_new_pin,
)
from tests.leaks import silent

RULES = load("akis-2").pin
OTHER = bytes.fromhex("00" * 12)
NUMBER = bytes.fromhex("414B495302020000DE2859F3")


def reason(pin: str, serial: bytes = NUMBER, rules=RULES) -> str | None:
    try:
        check_new_pin(Secret(pin), rules, serial)
    except ObviousPin as obvious:
        return obvious.reason
    return None


@pytest.mark.parametrize(
    "pin", ["593827", "1357", "2468", "9042", "112233", "12344321", "74108520", "0918", "1478520", "25809"]
)
def test_one_that_will_do(pin):
    assert reason(pin) is None


@pytest.mark.parametrize(
    ("pin", "why"),
    [
        ("1111", ONE_DIGIT),
        ("00000000", ONE_DIGIT),
        ("1212", REPEATED_GROUP),
        ("123123", REPEATED_GROUP),
        ("48614861", REPEATED_GROUP),
        ("50505", REPEATED_GROUP),
        ("1231231", REPEATED_GROUP),
        ("1234", RUN_UP),
        ("12345678", RUN_UP),
        ("7890", RUN_UP),
        ("8901234", RUN_UP),
        ("987654", RUN_DOWN),
        ("3210", RUN_DOWN),
        ("1098", RUN_DOWN),
        ("2580", KEYPAD_LINE),
        ("0852", KEYPAD_LINE),
        ("1470", KEYPAD_LINE),
        ("0963", KEYPAD_LINE),
        ("147369", KEYPAD_LINE),
        ("159357", KEYPAD_LINE),
        ("08521470", KEYPAD_LINE),
    ],
)
def test_one_that_is_guessed_first(pin, why):
    assert reason(pin) == why


@pytest.mark.parametrize(
    ("pin", "where"),
    [
        ("4953", "in the hex text"),
        ("2859", "between letters"),
        ("144953", "in the digits of the hex text, letters left out"),
        (str(int.from_bytes(NUMBER, "big"))[5:13], "in the number itself"),
    ],
)
def test_one_from_the_serial_number(pin, where):
    assert reason(pin) == SERIAL, where
    assert reason(pin, serial=OTHER) is None


@pytest.mark.parametrize("pin", ["", "123", "123456789", "12a4", "12 4", "1234\n"])
def test_one_that_the_card_does_not_take(pin):
    with pytest.raises(UnfitPin, match="4 to 8 digits; choose such a one, nothing was sent to the card"):
        check_new_pin(Secret(pin), RULES, NUMBER)


@pytest.mark.parametrize("pin", ["", "123", "1" * 17, "12a4", "1234\n"])
def test_one_that_no_card_takes_is_known_ahead(pin):
    with pytest.raises(PinFormatError, match="no card that is known here takes this PIN") as error:
        check_ahead(Secret(pin))
    silent(error.value, [pin] if len(pin) > 3 else [])


@pytest.mark.parametrize("pin", ["1111", "1212", "2345", "9876", "2580"])
def test_one_that_is_guessed_whatever_the_card_is_known_ahead(pin):
    with pytest.raises(ObviousPin):
        check_ahead(Secret(pin))


@pytest.mark.parametrize("pin", ["593827", "4953", "59382741605"])
def test_what_depends_on_the_card_is_left_for_later(pin):
    check_ahead(Secret(pin))


def test_other_characters_have_no_zero_after_nine():
    printable = replace(RULES, characters="printable")
    assert reason("abcdef", rules=printable) == RUN_UP
    assert reason("fedcba", rules=printable) == RUN_DOWN
    assert reason("xyzxyz", rules=printable) == REPEATED_GROUP
    assert reason("DE2859", rules=printable) == reason("de2859", rules=printable) == SERIAL
    assert reason("q7w!e9", rules=printable) is None


def test_the_refusal_says_why_and_not_what():
    pin = "48614861"
    with pytest.raises(PolicyRefused, match="a group of digits is repeated; choose another") as error:
        check_new_pin(Secret(pin), RULES, NUMBER)
    silent(error.value, [pin])


@given(st.text("0123456789", min_size=4, max_size=8))
def test_a_run_stays_a_run_when_it_is_read_backwards(pin):
    turned = {RUN_UP: RUN_DOWN, RUN_DOWN: RUN_UP}
    found = reason(pin, OTHER)
    assert reason(pin[::-1], OTHER) == turned.get(found, found)


def test_few_random_pins_are_refused():
    draw = Random(1)
    pins = ("".join(draw.choices("0123456789", k=6)) for _ in range(2000))
    assert sum(reason(pin) is not None for pin in pins) < 20
