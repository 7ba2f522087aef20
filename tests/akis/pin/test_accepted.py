"""Accepted: an operation returns, and the card holds what was asked for."""

import pytest

from akis.errors import PinRefused
from akis.pin import Pin, Puk
from akis.secret import Secret
from tests.akis.pin.operations import ISSUED, NEW, SPENDING, STORED
from tests.bench import NEW_PIN, NEW_PUK, PIN, PUK, WRONG_PIN, bench


class TestAccepted:
    """It returns, and the card holds what was asked for."""

    def test_verify(self, on):
        assert on.pin.verify(PIN) is None
        assert on.pin.ask_by_empty_verify(may_spend_try=True) == (True, None)

    def test_logout(self, on):
        on.pin.verify(PIN)
        on.pin.logout()
        assert on.pin.ask_by_empty_verify(may_spend_try=True) == (False, 3)

    def test_change(self, on):
        on.pin.change(PIN, NEW_PIN)
        assert on.stored == (NEW, "active", 3)

    def test_change_keeps_the_counter_full(self, on):
        with pytest.raises(PinRefused):
            on.pin.verify(WRONG_PIN)
        on.pin.change(PIN, NEW_PIN)
        assert on.stored == (NEW, "active", 3)

    def test_change_from_a_transport_pin(self, issuer):
        issuer.pin.reset_to(NEW_PIN)
        assert issuer.stored == (NEW, "transport", 3)
        issuer.pin.change(NEW_PIN, PIN)
        assert issuer.stored == (STORED, "active", 3)

    def test_change_to_keeps_the_counter_as_it_is(self, issuer):
        issuer.emulated.memory.references[0x81].left = 0
        issuer.pin.change_to(NEW_PIN)
        assert issuer.stored == (NEW, "active", 0)

    def test_reset_counter_keeps_the_value(self, issuer):
        issuer.emulated.memory.references[0x81].left = 0
        issuer.pin.reset_counter()
        assert issuer.stored == (STORED, "active", 3)

    def test_puk_verify_allows_a_reset_without_the_issuer(self):
        on = bench(state="blocked")
        on.puk.verify(PUK, permit_puk=True)
        on.pin.reset_to(NEW_PIN)
        assert on.stored == (NEW, "active", 3)  # and it is no transport PIN

    def test_puk_change(self, on):
        on.puk.change(PUK, NEW_PUK, permit_puk=True)
        on.puk.verify(NEW_PUK, permit_puk=True)
        assert on.puk_left == 3

    def test_puk_unblock(self, on):
        on.emulated.memory.references[0x81].left = 0
        on.puk.unblock(PUK, NEW_PIN, permit_puk=True)
        assert on.stored == (NEW, "active", 3)

    def test_puk_reset_counter(self, on):
        on.emulated.memory.references[0x81].left = 0
        on.puk.reset_counter(PUK, permit_puk=True)
        assert on.stored == (STORED, "active", 3)

    @pytest.mark.parametrize("kind", [str, str.encode, Secret, lambda pin: bytearray(pin.encode())])
    def test_a_pin_is_text_bytes_or_a_secret(self, kind):
        pin = kind(PIN)
        bench().pin.verify(pin)
        assert not isinstance(pin, Secret) or pin.reveal() == STORED  # the caller's Secret is the caller's to wipe


def test_every_operation_is_in_these_tables():
    """A new one does not go untested."""
    known = {*SPENDING, *ISSUED}
    others = {"tries_left", "flags", "ask_by_empty_verify", "logout"}
    others |= {"has_keypad", "verify_at_keypad", "change_at_keypad"}  # test_at_keypad.py
    for kind in (Pin, Puk):
        public = {name for name in dir(kind) if not name.startswith("_") and callable(getattr(kind, name))}
        assert {f"{kind.__name__}.{name}" for name in public - others} <= known
