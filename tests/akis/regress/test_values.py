"""What goes into the slots of a redacted session."""

from __future__ import annotations

import pytest

from akis.emulator import load_personality
from akis.errors import InvalidArgument
from akis.profile.load import load
from akis.regress.values import Values
from akis.secret import Secret
from akis.trace.redact import Mask

CARD = load_personality("akis-2.2")
PROFILE = load("akis-2")


def test_an_emulated_card_has_its_published_values() -> None:
    values = Values({"pin": {6}, "puk": {8}}, personality=CARD)
    values.check()
    assert values.fill(Mask(5, 6, "pin")) == b"123456"
    assert values.fill(Mask(5, 8, "puk")) == b"87654321"


def test_a_wrong_pin_is_wrong_a_malformed_one_malformed_and_each_the_same_every_time() -> None:
    values = Values({"wrong-pin": {6}, "malformed-pin": {6}, "new-pin": {4}}, personality=CARD)
    wrong, malformed, new = (values.fill(Mask(5, size, slot)) for slot, size in
                             (("wrong-pin", 6), ("malformed-pin", 6), ("new-pin", 4)))  # fmt: skip
    assert wrong.isdigit()
    assert wrong != b"123456"
    assert not malformed.isdigit()
    assert len(new) == 4
    assert values.fill(Mask(0, 6, "wrong-pin")) == wrong


def test_a_given_value_comes_first_and_is_typed_as_a_pin() -> None:
    values = Values({"pin": {6}}, {"pin": Secret("654321")}, CARD, PROFILE)
    values.check()
    assert values.fill(Mask(5, 6, "pin")) == b"654321"


def test_two_values_that_were_hidden_as_one() -> None:
    values = Values({"pin+new-pin": {10}, "new-pin": {4}}, personality=CARD)
    assert values.fill(Mask(5, 10, "pin+new-pin"))[:6] == b"123456"
    given = {"pin": Secret("11111"), "new-pin": Secret("22222")}
    assert Values({"pin+new-pin": {10}}, given).fill(Mask(5, 10, "pin+new-pin")) == b"1111122222"


@pytest.mark.parametrize(
    ("lengths", "given", "sentence"),
    [
        (
            {"pin": {6}},
            {},
            "slot pin hides 6 bytes that nobody gave; nothing was sent, --secret pin=env:NAME gives them",
        ),
        ({"pin": {6}}, {"pin": "1234"}, "the value given for slot pin does not make the 6 bytes that were recorded"),
        ({"pin+new-pin": {10}}, {}, "nobody knows how long the values of slots pin and new-pin are"),
    ],
)
def test_a_slot_that_nobody_fills(lengths: dict[str, set[int]], given: dict[str, str], sentence: str) -> None:
    secrets = {slot: Secret(value) for slot, value in given.items()}
    with pytest.raises(InvalidArgument) as caught:
        Values(lengths, secrets, None, PROFILE).check()
    assert str(caught.value).startswith(sentence)
