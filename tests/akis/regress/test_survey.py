"""What a session asks of whoever plays it again."""

from __future__ import annotations

import pytest

from akis.regress.survey import survey
from akis.trace.entries import Exchanged, Wire
from akis.trace.redact import Mask
from tests.akis.regress.recorded import recorded, unblock, verify_wrong_then_right


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


def of(*exchanges: tuple[str, str]) -> tuple[Exchanged, ...]:
    """Exchanges from hex."""
    return tuple(Exchanged(Wire(bytes.fromhex(sent)), Wire(bytes.fromhex(got))) for sent, got in exchanges)


def test_a_try_is_spent_where_get_response_says_so() -> None:
    fetched = ("0C200081158709010102030405060708 8E081122334455667788 00", "610E"), ("00C000000E", "990263C263C2")
    assert survey(of(*fetched, *fetched)).refused == 2


def test_a_try_is_spent_where_the_last_link_has_no_data() -> None:
    assert survey(of(("1020008103313233", "9000"), ("00200081", "63C2"))).refused == 1


def test_asking_for_the_counter_spends_nothing() -> None:
    assert survey(of(("0020008106303030303030", "63C2"), ("00200081", "63C2"))).refused == 1


@pytest.mark.parametrize("command", ["002C02810431323334", "002C0381", "0024018104 31323334", "00260181"])
def test_what_changes_the_pin_without_comparing_it(command: str) -> None:
    seen = survey(of((command, "9000")))
    assert (seen.pin_commands, seen.puk_commands, seen.pin_changes) == (0, 0, 1)


def test_a_command_with_a_hidden_header_may_be_any() -> None:
    seen = survey([Exchanged(Wire(bytes(11), (Mask(1, 1, "x"),)), Wire(b"\x90\x00"))])
    assert (seen.pin_commands, seen.puk_commands) == (1, 1)


def test_a_hidden_status_word_may_be_a_refusal() -> None:
    verify = Wire(bytes.fromhex("0020008106303030303030"))
    assert survey([Exchanged(verify, Wire(bytes(2), (Mask(0, 2, "x"),)))]).refused == 1
