"""The format of PIN and PUK, checked before anything is sent."""

import pytest

from akis.errors import InvalidArgument, PinFormatError, PinRefused, PolicyRefused, WrongType
from akis.secret import Secret
from tests.akis.pin.operations import NEW, STORED
from tests.bench import NEW_PIN, NEW_PUK, PIN, PUK, bench


class TestFormat:
    """Checked before anything at all is sent: not even the counter is read."""

    bad_pins = (
        *("", "123", "123456789", "12345a", "abcdef", "12 456", "-12345", "12345\n", "１２３４５６"),
        *(b"\xb2\xb3\xb9\xb2", b"\x01\x02\x03\x04", b"12345\xff"),
    )
    bad_puks = ("", "1234567", "123456789", "1234567x", "１２３４５６７８", bytes(range(8)))

    @pytest.mark.parametrize("bad", bad_pins)
    @pytest.mark.parametrize("role", [None, "issuer"])
    def test_of_a_pin(self, bad, role):
        on = bench()
        if role:
            on.open(role)
        sent = len(on.wire.sent)
        for call in (
            lambda: on.pin.verify(bad, allow_last_try=True),
            lambda: on.pin.change(bad, NEW_PIN),
            lambda: on.pin.change(PIN, bad),
            lambda: on.pin.change_to(bad),
            lambda: on.pin.reset_to(bad),
            lambda: on.pin.unblock(bad),
            lambda: on.puk.unblock(PUK, bad, permit_puk=True),
        ):
            with pytest.raises(PinFormatError):
                call()
        assert len(on.wire.sent) == sent
        assert on.stored == (STORED, "active", 3)

    @pytest.mark.parametrize("bad", bad_puks)
    def test_of_a_puk(self, bad):
        on = bench()
        sent = len(on.wire.sent)
        for call in (
            lambda: on.puk.verify(bad, permit_puk=True),
            lambda: on.puk.change(bad, NEW_PUK, permit_puk=True),
            lambda: on.puk.change(PUK, bad, permit_puk=True),
            lambda: on.puk.unblock(bad, NEW_PIN, permit_puk=True),
            lambda: on.puk.reset_counter(bad, permit_puk=True),
        ):
            with pytest.raises(PinFormatError):
                call()
        assert len(on.wire.sent) == sent
        assert on.puk_left == 3

    @pytest.mark.parametrize("bad", [None, 123456, ["1", "2", "3", "4"], 4.5])
    def test_of_something_else(self, bad):
        on = bench()
        sent = len(on.wire.sent)
        for call in (on.pin.verify, on.pin.change_to, on.pin.reset_to, lambda bad: on.puk.verify(bad, permit_puk=True)):
            with pytest.raises(WrongType):
                call(bad)
        assert len(on.wire.sent) == sent

    def test_a_wiped_secret_is_not_a_pin_of_zeros(self):
        on, pin = bench(), Secret(PIN)
        pin.wipe()
        sent = len(on.wire.sent)
        with pytest.raises(InvalidArgument, match="wiped"):
            on.pin.verify(pin)
        assert len(on.wire.sent) == sent

    @pytest.mark.parametrize("pin", ["1234", "12345678"])
    def test_shortest_and_longest_go(self, pin):
        on = bench()
        on.pin.change(PIN, pin)
        on.pin.verify(pin)


class TestWhereTheCardCutsOldFromNew:
    """``old ‖ new`` without a delimiter: an old PIN of another length must not become part of the new one."""

    @pytest.mark.parametrize("old", ["1234", "12345678"])
    def test_an_old_pin_of_another_length_cannot_be_right(self, on, old):
        with pytest.raises(PinFormatError, match="not as long"):
            on.pin.change(old, "567890")
        assert not on.wire.pin_commands
        assert on.stored == (STORED, "active", 3)

    def test_a_pin_without_a_value_has_no_old_one(self):
        on = bench(state="new")
        with pytest.raises(PolicyRefused, match="no value yet"):
            on.pin.change(PIN, NEW_PIN)
        assert not on.wire.pin_commands

    def test_where_the_length_is_unknown_the_whole_old_pin_is_compared_first(self):
        on = bench(pin_rules={"tries_by": "none"})
        with pytest.raises(PinRefused):
            on.pin.change("1234", "567890", allow_last_try=True)
        assert on.stored == (STORED, "active", 2)
        on.pin.change(PIN, NEW_PIN, allow_last_try=True)
        assert on.stored == (NEW, "active", 3)
