"""What a session asks of whoever plays it again."""

from __future__ import annotations

import pytest

from akis.regress.survey import spends, survey
from tests.akis.regress.recorded import recorded, unblock, verify_wrong_then_right


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("0020008106313233343536", "PIN"),
        ("0C200081158709010102030405060708 8E081122334455667788 00", "PIN"),
        ("0024008106313233343536", "PIN"),
        ("1020008103313233", "PIN"),
        ("0020008208313233343536373838"[:-2], "PUK"),
        ("002400820A31323334353637383131"[:30], "PUK"),
        ("002C00810C383736353433323132343638", "PUK"),
        ("002C01810838373635343332 31", "PUK"),
        ("00200081", ""),
        ("0020FF81", ""),
        ("0024018104 31323334", ""),
        ("002C02810431323334", ""),
        ("002C0381", ""),
        ("00A4040007504B43532D313500", ""),
        ("0020", ""),
    ],
)
def test_which_commands_can_spend_a_try(command: str, what: str) -> None:
    assert spends(bytes.fromhex(command)) == what


def test_a_session_with_pins() -> None:
    seen = survey(recorded(verify_wrong_then_right).entries())
    assert (seen.pin_commands, seen.puk_commands, seen.refused, seen.lost) == (4, 0, 1, 0)
    assert seen.slots == {"pin": {6}, "wrong-pin": {6}, "new-pin": {4}}
    assert not seen.authenticates


def test_a_protected_session_counts_its_pin_commands_too() -> None:
    seen = survey(recorded(unblock, "akis-2.2,blocked").entries())
    assert seen.authenticates
    assert (seen.pin_commands, seen.puk_commands) == (2, 0)
    assert seen.slots == {}
