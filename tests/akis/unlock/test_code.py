"""Codes: 15 digits that say themselves whether they were mistyped."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.errors import InvalidArgument
from akis.secret import Secret
from akis.unlock.code import LENGTH, UnlockCode, check_digit, grouped, new_code
from tests.leaks import silent

CODES = st.text("0123456789", min_size=14, max_size=14).map(lambda digits: digits + check_digit(digits))


def is_code(text: str) -> bool:
    try:
        UnlockCode.from_text(text)
    except InvalidArgument:
        return False
    return True


@pytest.mark.parametrize(
    "number",
    [
        pytest.param("07945", id="ISO/IEC 7064"),
        pytest.param("86095742719", id="German tax number"),
        pytest.param("65929970489", id="another German tax number"),
        pytest.param("69435151530", id="Croatian personal number"),
    ],
)
def test_check_digits_of_others(number):
    """ISO/IEC 7064, MOD 11,10, in published numbers."""
    assert check_digit(number[:-1]) == number[-1]


@given(CODES)
def test_a_code_comes_back_as_it_was(code):
    assert UnlockCode.from_text(code).reveal() == code
    assert UnlockCode.from_text(grouped(code)).reveal() == code
    assert UnlockCode.from_text(f" {code[:5]}-{code[5:10]}.{code[10:]}\n").reveal() == code


def test_its_parts():
    code = UnlockCode.from_text("123 456 123 456 78" + check_digit("12345612345678"))
    assert code.lookup == "123456"
    assert code.secret == Secret("12345678")


@given(CODES, st.integers(0, LENGTH - 1), st.integers(1, 9))
def test_every_single_wrong_digit_shows(code, place, by):
    wrong = str((int(code[place]) + by) % 10)
    assert not is_code(code[:place] + wrong + code[place + 1 :])


def test_nearly_every_swap_of_neighbours_shows():
    """ISO/IEC 7064: hybrid systems find nearly all; those that slip through are few enough to count."""
    random, swaps, missed = Random(7064), 0, 0
    for _ in range(2000):
        digits = "".join(random.choices("0123456789", k=14))
        code = digits + check_digit(digits)
        for place in range(LENGTH - 1):
            if code[place] != code[place + 1]:
                swaps += 1
                missed += is_code(code[:place] + code[place + 1] + code[place] + code[place + 2 :])
    assert missed / swaps < 0.03


@pytest.mark.parametrize("text", ["", "1" * 14, "1" * 16, "12345678901234x", "١٢٣٤٥٦٧٨٩٠١٢٣٤٥", "²" * 15])
def test_what_is_no_code(text):
    with pytest.raises(InvalidArgument, match="15 digits; nothing was sent"):
        UnlockCode.from_text(text)


@given(st.text())
def test_any_text_is_a_code_or_refused(text):
    is_code(text)


def test_no_text_of_a_code_shows_it():
    lookup, secret = "123456", "93718402"
    right = check_digit(lookup + secret)
    code = UnlockCode.from_text(lookup + secret + right)
    silent(f"{code!r} {code}", [secret])
    mistyped = lookup + secret + str((int(right) + 1) % 10)
    with pytest.raises(InvalidArgument, match="mistyped") as refused:
        UnlockCode.from_text(mistyped)
    silent(refused.value, [secret, mistyped])


def test_a_new_code_is_made_of_what_was_drawn():
    drawn = iter(["999999", "00000001"])
    code = new_code(lambda count: next(drawn))
    assert (code.lookup, code.secret.reveal()) == ("999999", b"00000001")
    assert is_code(code.reveal())
