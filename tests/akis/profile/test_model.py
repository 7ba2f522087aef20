"""The rules a profile holds, and PIN blocks made by them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from akis.errors import InvalidArgument, PinFormatError, PolicyRefused
from akis.profile.load import load
from akis.profile.model import SmRules

PIN = load("akis-2").pin


class TestBlock:
    @pytest.mark.parametrize(
        ("changes", "pin", "block"),
        [
            ({}, b"1234", "31323334"),
            ({}, b"12345678", "3132333435363738"),
            ({"encoding": "digits"}, b"1234", "01020304"),
            ({"encoding": "bcd"}, b"12345", "12345F"),
            ({"encoding": "iso9564-2"}, b"123456", "26123456FFFFFFFF"),
            ({"pad_to": 8}, b"1234", "31323334FFFFFFFF"),
            ({"pad_to": 8, "pad_byte": 0}, b"1234", "3132333400000000"),
            ({"characters": "printable"}, b"a-Z 9", "612D5A2039"),
        ],
    )
    def test_example(self, changes, pin, block):
        assert replace(PIN, **changes).block(pin).hex().upper() == block

    @pytest.mark.parametrize(
        ("changes", "pin", "says"),
        [
            ({}, b"739", "the PIN has 4 to 8 characters, not 3"),
            ({}, b"739184625", "the PIN has 4 to 8 characters, not 9"),
            ({}, b"", "not 0"),
            ({"minimum": 8}, b"7391", "the PIN has 8 characters, not 4"),
            ({}, b"739x", "the PIN has decimal digits only"),
            ({}, b"739\xb2", "the PIN has decimal digits only"),
            ({"characters": "printable"}, b"739\n", "printable ASCII"),
            ({"pad_to": 4}, b"73918", "does not fit"),
        ],
    )
    def test_what_the_card_would_not_take(self, changes, pin, says):
        with pytest.raises(PinFormatError) as caught:
            replace(PIN, **changes).block(pin)
        assert says in str(caught.value)
        assert isinstance(caught.value, PolicyRefused)
        assert "739" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "cut"),
    [
        ({}, True),
        ({"encoding": "bcd"}, True),
        ({"minimum": 8}, False),
        ({"pad_to": 8}, False),
        ({"encoding": "iso9564-2"}, False),
        ({"change": "length-prefixed"}, False),
    ],
)
def test_whether_the_card_must_know_the_stored_length(changes, cut):
    assert replace(PIN, **changes).cut_by_length is cut


@pytest.mark.parametrize(
    "changes", [{"mac_length": 3}, {"mac_length": 9}, {"mac_length": True}, {"chain": "none"}, {"do87_when_empty": 1}]
)
def test_rules_that_cannot_be(changes):
    with pytest.raises(InvalidArgument, match=next(iter(changes))):
        SmRules(**changes)


def test_values_do_not_change():
    with pytest.raises(AttributeError):
        PIN.maximum = 12
    with pytest.raises(AttributeError):
        load("akis-2").max_data = 12
