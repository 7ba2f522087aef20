"""No try is spent unasked: the guard over the last one, and the PUK's own permission."""

import pytest

from akis.errors import AkisError, PinBlocked, PinOutcomeUnknown, PinRefused, PolicyRefused
from tests.akis.pin.operations import ISSUED, SPENDING, answering, left
from tests.bench import NEW_PIN, NEW_PUK, PIN, PUK, WRONG_PIN, WRONG_PUK, bench


class TestGuard:
    """With one try left, or an unknown number, nothing is sent unless that call allows it."""

    @pytest.mark.parametrize("name", SPENDING)
    def test_at_one_try(self, on, name):
        on.emulated.memory.references[0x81].left = on.emulated.memory.references[0x82].left = 1
        with pytest.raises(PolicyRefused, match="one try"):
            SPENDING[name](on)
        assert not on.wire.pin_commands
        SPENDING[name](on, allow_last_try=True)
        assert len(on.wire.pin_commands) == 1
        assert left(on, name) == 3

    @pytest.mark.parametrize("name", SPENDING)
    def test_at_an_unknown_number(self, name):
        on = answering(sw=0x6A88)
        with pytest.raises(PolicyRefused, match="does not say how many tries"):
            SPENDING[name](on)
        assert not on.wire.pin_commands
        SPENDING[name](on, allow_last_try=True)
        # Neither is the length known where a change of the PIN would be cut, so a VERIFY goes first.
        assert len(on.wire.pin_commands) == (2 if name == "Pin.change" else 1)

    @pytest.mark.parametrize("name", SPENDING)
    def test_where_the_profile_knows_no_way_to_read_it(self, name):
        on = bench(pin_rules={"tries_by": "none"})
        with pytest.raises(PolicyRefused, match="does not say how many tries"):
            SPENDING[name](on)
        assert not on.wire.pin_commands

    @pytest.mark.parametrize("allow", [False, True])
    @pytest.mark.parametrize("name", SPENDING)
    def test_at_none_it_is_blocked_and_nothing_helps(self, on, name, allow):
        on.emulated.memory.references[0x81].left = on.emulated.memory.references[0x82].left = 0
        with pytest.raises(PinBlocked, match=name[:3].upper()):
            SPENDING[name](on, allow_last_try=allow)
        assert not on.wire.pin_commands

    def test_the_permission_is_of_one_call_only(self):
        on = bench(state="last-try")
        with pytest.raises(PinBlocked):
            on.pin.verify(WRONG_PIN, allow_last_try=True)
        on.emulated.memory.references[0x81].left = 1
        with pytest.raises(PolicyRefused):
            on.pin.verify(PIN)

    @pytest.mark.parametrize("name", SPENDING)
    def test_a_counter_that_cannot_be_read_for_the_way_is_lost_stops_it_all(self, name):
        on = bench().open()
        on.emulated.reset()  # the session is gone on the card only
        with pytest.raises(AkisError) as caught:
            SPENDING[name](on, allow_last_try=True)
        assert not isinstance(caught.value, PinOutcomeUnknown)  # nothing with a PIN was sent
        assert not on.wire.pin_commands

    @pytest.mark.parametrize("name", ISSUED)
    def test_what_compares_nothing_needs_no_permission(self, issuer, name):
        issuer.emulated.memory.references[0x81].left = 0
        ISSUED[name](issuer)


class TestPukPermission:
    @pytest.mark.parametrize(
        "call",
        [
            lambda puk, **how: puk.verify(PUK, **how),
            lambda puk, **how: puk.change(PUK, NEW_PUK, **how),
            lambda puk, **how: puk.unblock(PUK, NEW_PIN, **how),
            lambda puk, **how: puk.reset_counter(PUK, **how),
        ],
    )
    @pytest.mark.parametrize("how", [{}, {"permit_puk": False}, {"allow_last_try": True}])
    def test_nothing_goes_out_without_it(self, call, how):
        on = bench()
        sent = len(on.wire.sent)
        with pytest.raises(PolicyRefused, match="permission"):
            call(on.puk, **how)
        assert len(on.wire.sent) == sent
        call(on.puk, permit_puk=True)

    def test_it_does_not_lift_the_guard(self):
        on = bench()
        for _ in range(2):
            with pytest.raises(PinRefused):
                on.puk.verify(WRONG_PUK, permit_puk=True)
        with pytest.raises(PolicyRefused, match="PUK has one try left"):
            on.puk.verify(PUK, permit_puk=True)
        assert (on.puk_left, on.card.life_cycle()) == (1, "operation")
