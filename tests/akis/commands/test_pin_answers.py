"""What every status word means after a PIN command: exactly one of the outcomes, whatever the card says."""

from __future__ import annotations

import pytest

from akis.commands.pin import raise_unless_accepted
from akis.errors import CardError, PinBlocked, PinOutcomeUnknown, PinRefused
from akis.status import StatusWord


def outcome(sw: int) -> object:
    """None, or what was raised."""
    try:
        raise_unless_accepted(StatusWord(sw), "PIN")
    except (PinRefused, PinBlocked, PinOutcomeUnknown, CardError) as error:
        return error
    return None


def test_every_status_word():
    """9000 accepted; 6300 and 63C1 to 63CF compared and refused; 63C0 and 6983 blocked; 64XX and 67XX to 6EXX refused
    without a comparison; everything else leaves it open."""
    for sw in range(0x10000):
        if sw == 0x9000:
            expected: object = None
        elif sw == 0x6300 or 0x63C1 <= sw <= 0x63CF:
            expected = PinRefused
        elif sw in (0x63C0, 0x6983):
            expected = PinBlocked
        elif sw >> 8 in (0x64, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E):
            expected = CardError
        else:
            expected = PinOutcomeUnknown
        got = outcome(sw)
        assert (got if got is None else type(got)) is expected, f"{sw:04X}"


@pytest.mark.parametrize(("sw", "left"), [(0x63C1, 1), (0x63C2, 2), (0x63CF, 15), (0x6300, None)])
def test_a_refusal_says_how_many_tries_are_left(sw, left):
    error = outcome(sw)
    assert isinstance(error, PinRefused)
    assert (error.name, error.tries_left) == ("PIN", left)


@pytest.mark.parametrize(
    "sw", [0x6982, 0x6984, 0x6985, 0x6A80, 0x6A86, 0x6A88, 0x6700, 0x6D00, 0x6882, 0x6988, 0x6581 - 0x100]
)
def test_a_refusal_without_a_comparison_keeps_its_status_word(sw):
    error = outcome(sw)
    assert isinstance(error, CardError)
    assert error.sw == sw


@pytest.mark.parametrize("sw", [0x0000, 0x6100, 0x6200, 0x6282, 0x6381, 0x6581, 0x6600, 0x6F00, 0x9001, 0x9100, 0xFFFF])
def test_an_unknown_outcome_names_the_status_word(sw):
    error = outcome(sw)
    assert isinstance(error, PinOutcomeUnknown)
    assert f"{sw:04X}" in str(error)
