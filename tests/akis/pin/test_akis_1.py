"""The same calls on an emulated AKİS 1.0 card: what the card makes of them."""

from __future__ import annotations

import pytest

from akis.errors import CardError, PinBlocked, PinOutcomeUnknown, PinRefused, PolicyRefused
from tests.bench import NEW_PIN, PIN, PUK, WRONG_PIN, bench

STORED, NEW = PIN.encode(), NEW_PIN.encode()


def test_a_fresh_card_says_no_number_so_nothing_goes_without_permission():
    on = bench("akis-1.0")
    assert on.pin.tries_left() is None
    assert on.pin.flags().names == ("valid",)
    for call in (lambda: on.pin.verify(PIN), lambda: on.pin.change(PIN, NEW_PIN)):
        with pytest.raises(PolicyRefused, match="it has flags and no counter"):
            call()
    assert on.wire.pin_commands == []
    assert on.stored == (STORED, "active", 3)


def test_verify_and_change():
    on = bench("akis-1.0")
    on.pin.verify(PIN, allow_last_try=True)
    on.pin.change(PIN, NEW_PIN, allow_last_try=True)
    assert on.stored == (NEW, "active", 3)
    assert [raw[:4].hex() for raw in on.wire.pin_commands] == ["00200081", "00240201"]
    with pytest.raises(PinRefused):
        on.pin.verify(PIN, allow_last_try=True)
    on.pin.verify(NEW_PIN, allow_last_try=True)


@pytest.mark.parametrize(
    "call",
    [
        lambda on, **how: on.pin.verify(WRONG_PIN, **how),
        lambda on, **how: on.pin.change(WRONG_PIN, NEW_PIN, **how),
        lambda on, **how: on.pin.change("1234", NEW_PIN, **how),
    ],
)
def test_wrong_ones_until_it_is_blocked(call):
    on = bench("akis-1.0")
    for left in (2, 1):
        with pytest.raises(PinRefused):
            call(on, allow_last_try=True)
        assert on.stored == (STORED, "active", left)
    assert on.pin.tries_left() == 1
    assert on.pin.flags().wrong_entered
    with pytest.raises(PolicyRefused, match="one try left"):
        call(on)
    assert on.stored[2] == 1
    with pytest.raises(PinBlocked):
        call(on, allow_last_try=True)
    with pytest.raises(PinBlocked):
        on.pin.verify(PIN, allow_last_try=True)
    assert on.wire.answers[-1] == b"\x69\x84"
    assert on.stored == (STORED, "active", 0)
    assert len(on.wire.pin_commands) == 4


def test_logout_takes_the_verification_back():
    on = bench("akis-1.0")
    on.pin.verify(PIN, allow_last_try=True)
    verified = on.pin.ask_by_empty_verify(may_spend_try=True)[0]
    on.pin.logout()
    assert (verified, on.pin.ask_by_empty_verify(may_spend_try=True)[0]) == (True, False)
    assert on.stored[2] == 3


@pytest.mark.parametrize("arrives", [True, False])
def test_an_answer_that_is_lost(arrives):
    def cut(command, forward):
        if arrives:
            forward(command)
        raise ConnectionError

    on = bench("akis-1.0")
    on.wire.break_at(cut)
    with pytest.raises(PinOutcomeUnknown):
        on.pin.change(PIN, NEW_PIN, allow_last_try=True)
    assert on.stored[0] == (NEW if arrives else STORED)
    assert len(on.wire.pin_commands) == 1


def test_counter_and_command_are_in_one_transaction():
    on = bench("akis-1.0")
    on.wire.log.clear()
    on.pin.verify(PIN, allow_last_try=True)
    assert [[raw[1] for raw in commands] for commands in on.wire.transactions] == [[0xA4, 0x20]]


def test_a_pin_that_is_not_there():
    with pytest.raises(CardError):
        bench("blank")  # it has no application to select


def test_the_puk_stays_where_it_is():
    on = bench("akis-1.0", "blocked")
    with pytest.raises(PolicyRefused, match="no use of a PUK is known"):
        on.puk.unblock(PUK, NEW_PIN, permit_puk=True, allow_last_try=True)
    assert on.wire.pin_commands == []
