"""Refused or unknown: what Pin and Puk make of every status word that is not 9000."""

import pytest

from akis.codec.apdu import ResponseApdu
from akis.errors import CardError, PinBlocked, PinOutcomeUnknown, PinRefused
from tests.akis.pin.operations import ISSUED, NEW, SPENDING, STORED, WRONG, left
from tests.bench import NEW_PIN, PIN, WRONG_PIN, bench


class TestRefused:
    """The card compared: PinRefused with the tries left, PinBlocked at none."""

    @pytest.mark.parametrize("name", WRONG)
    def test_a_wrong_one_says_how_many_tries_are_left(self, on, name):
        for tries in (2, 1):
            with pytest.raises(PinRefused) as caught:
                WRONG[name](on)
            assert (caught.value.name, caught.value.tries_left) == (name[:3].upper(), tries)
        assert left(on, name) == 1
        assert len(on.wire.pin_commands) == 2

    @pytest.mark.parametrize("name", WRONG)
    def test_the_last_one_blocks(self, on, name):
        on.emulated.memory.references[0x81 if name.startswith("Pin") else 0x82].left = 1
        with pytest.raises(PinBlocked):
            WRONG[name](on, allow_last_try=True)
        assert left(on, name) == 0
        assert len(on.wire.pin_commands) == 1

    def test_it_goes_on_afterwards(self, on):
        with pytest.raises(PinRefused):
            on.pin.verify(WRONG_PIN)
        on.pin.verify(PIN)
        assert on.stored[2] == 3

    def test_blocked_between_counter_and_command(self, on):
        """Where the counter says one thing and the command another, the command counts."""
        on.emulated._commands.handlers[0x20] = lambda command: ResponseApdu(sw=0x6983)
        with pytest.raises(PinBlocked):
            on.pin.verify(PIN)

    def test_refused_without_a_number(self, on):
        on.emulated._commands.handlers[0x20] = lambda command: ResponseApdu(sw=0x6300)
        with pytest.raises(PinRefused) as caught:
            on.pin.verify(PIN)
        assert caught.value.tries_left is None


class TestRefusedWithoutComparison:
    """CardError: no try was spent and the session goes on."""

    def test_a_transport_pin_is_not_accepted(self, issuer):
        issuer.pin.reset_to(NEW_PIN)
        with pytest.raises(CardError) as caught:
            issuer.pin.verify(NEW_PIN)
        assert (caught.value.sw, issuer.stored) == (0x6985, (NEW, "transport", 3))
        assert issuer.card.session.alive

    def test_an_unset_pin(self):
        on = bench(state="new")
        with pytest.raises(CardError) as caught:
            on.pin.verify(PIN)
        assert caught.value.sw == 0x6984

    @pytest.mark.parametrize("name", ISSUED)
    def test_only_the_issuer_sets_pins(self, name):
        on = bench().open("terminal")
        with pytest.raises(CardError) as caught:
            ISSUED[name](on)
        assert (caught.value.sw, on.stored) == (0x6982, (STORED, "active", 3))
        assert len(on.wire.pin_commands) == 1

    def test_a_card_that_wants_pins_in_a_session(self):
        on = bench(pin_over_sm_only=True)
        with pytest.raises(CardError) as caught:
            on.pin.verify(PIN)
        assert caught.value.sw == 0x6982
        on.open("terminal").pin.verify(PIN)

    @pytest.mark.parametrize("sw", [0x6400, 0x6700, 0x6982, 0x6A80, 0x6C10, 0x6D00, 0x6E00])
    def test_any_checking_error(self, issuer, sw):
        issuer.emulated._commands.handlers[0x20] = lambda command: ResponseApdu(sw=sw)
        with pytest.raises(CardError) as caught:
            issuer.pin.verify(PIN)
        assert caught.value.sw == sw


class TestOutcomeUnknownByStatusWord:
    """Warnings, memory errors and what nobody knows say nothing of value and counter."""

    @pytest.mark.parametrize(
        "sw", [0x6200, 0x6281, 0x6285, 0x6380, 0x6500, 0x6581, 0x6600, 0x6F00, 0x6F12, 0x6100, 0x6110, 0x9001, 0x0000]
    )
    @pytest.mark.parametrize(("name", "ins"), [("Pin.verify", 0x20), ("Pin.change", 0x24), ("Puk.unblock", 0x2C)])
    def test_unknown_and_sent_once(self, on, name, ins, sw):
        on.emulated._commands.handlers[ins] = lambda command: ResponseApdu(sw=sw)
        with pytest.raises(PinOutcomeUnknown, match=f"{sw:04X}"):
            SPENDING[name](on)
        assert len(on.wire.pin_commands) == 1
        assert on.wire.sent[-1] == on.wire.pin_commands[0]

    def test_a_conversation_stops_there(self, issuer):
        issuer.emulated._commands.handlers[0x24] = lambda command: ResponseApdu(sw=0x6F00)
        with pytest.raises(PinOutcomeUnknown):
            issuer.pin.unblock(NEW_PIN)
        assert [raw[1] for raw in issuer.wire.pin_commands] == [0x2C, 0x24]
