"""From the transport PIN to the holder's: three ends of every command, and what the card holds after each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from akis.card import Card
from akis.codec.apdu import ResponseApdu
from akis.emulator import EmulatedCard, EmulatorTransport
from akis.errors import (
    CardError,
    NoCard,
    PinBlocked,
    PinFormatError,
    PinOutcomeUnknown,
    PinRefused,
    PolicyRefused,
    SecureMessagingError,
    TransportError,
)
from akis.secret import Secret
from akis.sm.mutual_auth import DeviceKeys
from akis.sources.keys import TerminalKeys
from akis.unlock.finish import Finishing, VerifyContradicts
from akis.unlock.holds import Holds
from akis.unlock.steps import Step
from tests.akis.unlock.issuer import NEW_PIN, TRANSPORT_PIN, Faulty, issue_for, new_card, stored
from tests.bench import SN_IFD, SUITES
from tests.leaks import silent

CHANGE, VERIFY = 0x24, 0x20
HELD = {
    Holds.TRANSPORT_PIN: (TRANSPORT_PIN, "transport", 3),
    Holds.HOLDER_PIN: (NEW_PIN, "active", 3),
}


def terminal_keys(card: EmulatedCard) -> TerminalKeys:
    key = card.personality.key("terminal")
    return TerminalKeys(key.device_keys(key.algorithms[-1]), SN_IFD)


class Finish:
    """A card that an issuer has just reset, in the issuer's session still, and what follows on it."""

    def __init__(self, name="akis-2.2", in_session=False, fault="", at=0, pin_rules=None, **own) -> None:
        card = new_card(name)
        self.card = EmulatedCard(replace(card.personality, **own), card.memory)
        profile = self.card.personality.card_profile()
        Card(EmulatorTransport(self.card), profile).run(issue_for(self.card.personality).conversation())
        if pin_rules:
            profile = replace(profile, pin=replace(profile.pin, **pin_rules))
        self.way = Faulty(self.card, fault, at)
        self.steps: list[Step] = []
        keys = terminal_keys(self.card) if in_session else None
        self.finishing = Finishing(self.way, profile, keys, self.steps.append)

    def run(self, transport_pin=TRANSPORT_PIN, new_pin=NEW_PIN) -> None:
        with Secret(transport_pin) as old, Secret(new_pin) as new:
            self.finishing.run(old, new)

    def fails(self, kind: type[BaseException], match: str | None = None) -> BaseException:
        old, new = Secret(TRANSPORT_PIN), Secret(NEW_PIN)
        with pytest.raises(kind, match=match) as error:
            self.finishing.run(old, new)
        assert type(error.value) is kind
        silent(error.value, [TRANSPORT_PIN, NEW_PIN])
        return error.value

    def number_of(self, ins: int) -> int:
        return [raw[1] for raw in self.way.sent].index(ins) + 1


@pytest.fixture(params=[(name, way) for name in SUITES for way in ("plain", "session")], ids="-".join)
def on(request):
    name, way = request.param
    return {"name": name, "in_session": way == "session"}


def place_of(ins: int, on) -> int:
    """Which command of all that are sent is the one with this instruction."""
    made = Finish(**on)
    made.run()
    return made.number_of(ins)


def test_the_holders_pin_is_in_force(on):
    made = Finish(**on)
    assert made.finishing.holds is Holds.TRANSPORT_PIN
    made.run()
    assert made.finishing.holds is Holds.HOLDER_PIN
    assert stored(made.card) == HELD[Holds.HOLDER_PIN]
    assert made.steps == [Step.CHANGING, Step.CHECKING]
    protected = [raw[0] == 0x0C for raw in made.way.sent if raw[1] in (CHANGE, VERIFY)]
    assert protected == [on["in_session"]] * 2


def test_the_counter_is_read_before_each_comparison():
    made = Finish()
    made.run()
    sent = [raw[1] for raw in made.way.sent]
    assert all(sent[at - 1] == 0xCB for at, ins in enumerate(sent) if ins in (CHANGE, VERIFY))
    assert sent.count(CHANGE) == sent.count(VERIFY) == 1


@pytest.mark.parametrize("fault", ["lost", "removed", "interrupted"])
def test_whatever_is_lost_anywhere(on, fault):
    """The card's PIN is unknown exactly where the CHANGE had left and its answer did not come back."""
    change, last = place_of(CHANGE, on), place_of(VERIFY, on)
    for number in range(1, last + 1):
        made = Finish(**on, fault=fault, at=number)
        with pytest.raises((TransportError, PinOutcomeUnknown, KeyboardInterrupt)):
            made.run()
        expected = Holds.UNKNOWN if number == change else Holds.HOLDER_PIN if number > change else Holds.TRANSPORT_PIN
        assert made.finishing.holds is expected
        assert expected is Holds.UNKNOWN or stored(made.card) == HELD[expected]
        assert len(made.way.sent) == number, "something was sent after that"


def test_the_change_is_refused(on):
    made = Finish(**on)
    made.card.instead[CHANGE] = 0x6985
    made.fails(CardError, "6985")
    assert made.finishing.holds is Holds.TRANSPORT_PIN
    assert stored(made.card) == HELD[Holds.TRANSPORT_PIN]
    assert made.steps == [Step.CHANGING]


@pytest.mark.parametrize(("sw", "kind"), [(0x63C2, PinRefused), (0x6983, PinBlocked)])
def test_the_transport_pin_is_refused(sw, kind):
    made = Finish()
    made.card.instead[CHANGE] = sw
    made.fails(kind)
    assert made.finishing.holds is Holds.TRANSPORT_PIN


def test_the_change_leaves_it_open(on):
    made = Finish(**on)
    made.card.instead[CHANGE] = 0x6581
    made.fails(PinOutcomeUnknown)
    assert made.finishing.holds is Holds.UNKNOWN


def test_an_answer_to_the_change_that_is_not_authentic():
    made = Finish(in_session=True, fault="mangled", at=place_of(CHANGE, {"in_session": True}))
    made.fails(PinOutcomeUnknown)
    assert made.finishing.holds is Holds.UNKNOWN


@pytest.mark.parametrize("sw", [0x63C2, 0x6983, 0x6985])
def test_a_verify_that_is_refused_right_after_contradicts_it(on, sw):
    made = Finish(**on)
    made.card.instead[VERIFY] = sw
    error = made.fails(VerifyContradicts, "accepted the new PIN and then did not take it")
    assert isinstance(error.refusal, CardError | PinRefused | PinBlocked)
    assert made.finishing.holds is Holds.HOLDER_PIN


class TestOnlyInASession:
    """Cards on which the holder's commands need the terminal's key."""

    def test_without_keys_the_sentence_says_what_is_missing(self):
        made = Finish(pin_over_sm_only=True)
        error = made.fails(CardError, "only in a secure session of the terminal's key.*give --terminal-keys")
        assert error.sw == 0x6982
        assert made.finishing.holds is Holds.TRANSPORT_PIN
        assert stored(made.card) == HELD[Holds.TRANSPORT_PIN]

    def test_with_keys(self):
        made = Finish(pin_over_sm_only=True, in_session=True)
        made.run()
        assert stored(made.card) == HELD[Holds.HOLDER_PIN]

    def test_with_keys_6982_means_something_else(self):
        made = Finish(in_session=True)
        made.card.instead[CHANGE] = 0x6982
        error = made.fails(CardError)
        assert "--terminal-keys" not in str(error)

    def test_with_keys_that_are_not_the_cards(self):
        made = Finish(in_session=True)
        own = made.card.personality.key("terminal")
        wrong = DeviceKeys(own.reference, own.algorithms[-1], own.mac, own.enc)
        finishing = Finishing(made.way, made.card.personality.card_profile(), TerminalKeys(wrong, SN_IFD))
        with pytest.raises((CardError, SecureMessagingError)):
            finishing.run(Secret(TRANSPORT_PIN), Secret(NEW_PIN))
        assert finishing.holds is Holds.TRANSPORT_PIN
        assert CHANGE not in [raw[1] for raw in made.way.sent]

    def test_with_keys_for_a_card_that_has_no_secure_messaging(self):
        made = Finish()
        profile = replace(made.card.personality.card_profile(), secure_messaging=None)
        with pytest.raises(PolicyRefused, match="no secure messaging is known"):
            Finishing(made.way, profile, terminal_keys(made.card)).run(Secret(TRANSPORT_PIN), Secret(NEW_PIN))
        assert made.way.sent == []


def without_length(made: Finish) -> Finish:
    """Its card's PIN object without the last of its three objects, 80 01 and the stored length."""
    real = made.way.transmit

    def transmit(command: bytes) -> bytes:
        answer = ResponseApdu.from_bytes(real(command))
        if command[1] != 0xCB:
            return answer.to_bytes()
        assert answer.data[-3:-1] == b"\x80\x01"
        shorter = bytearray(answer.data[:-3])
        shorter[3] -= 3
        return bytes(shorter) + b"\x90\x00"

    made.way.transmit = transmit
    return made


class TestSafety:
    def test_a_counter_that_is_not_full_stops_it(self):
        """The RESET has filled it, so this is not the card it was: nothing is compared."""
        made = Finish()
        made.card.memory.references[0x81].left = 1
        made.fails(PolicyRefused, "one try left; nothing was sent")
        assert made.finishing.holds is Holds.TRANSPORT_PIN

    def test_a_card_that_does_not_tell_its_counter(self):
        """It would be left with a PIN that nobody knows."""
        made = Finish(pin_rules={"tries_by": "none"})
        made.run()
        assert stored(made.card) == HELD[Holds.HOLDER_PIN]
        assert [raw[1] for raw in made.way.sent if raw[1] in (CHANGE, VERIFY)] == [CHANGE, VERIFY]

    def test_a_silent_card_whose_answer_is_lost(self):
        made = Finish(pin_rules={"tries_by": "none"}, fault="lost", at=2)
        made.fails(PinOutcomeUnknown)
        assert made.finishing.holds is Holds.UNKNOWN

    def test_a_card_that_does_not_say_how_long_its_pin_is(self):
        """Nothing is verified first: a transport PIN would be refused there."""
        made = without_length(Finish())
        made.run()
        assert stored(made.card) == HELD[Holds.HOLDER_PIN]
        assert [raw[1] for raw in made.way.sent if raw[1] in (CHANGE, VERIFY)] == [CHANGE, VERIFY]

    def test_and_whose_counter_is_not_full(self):
        made = without_length(Finish())
        made.card.memory.references[0x81].left = 1
        made.fails(PolicyRefused, "one try left; nothing was sent")

    @pytest.mark.parametrize("new", ["123", "123456789", "12345x"])
    def test_a_pin_that_the_card_does_not_take_is_not_sent(self, new):
        made = Finish()
        with pytest.raises(PinFormatError, match="nothing was sent"):
            made.run(new_pin=new)
        assert made.finishing.holds is Holds.TRANSPORT_PIN
        assert CHANGE not in [raw[1] for raw in made.way.sent]

    def test_the_application_cannot_be_selected(self):
        made = Finish()
        made.card.instead[0xA4] = 0x6A82
        made.fails(CardError, "SELECT of the application failed")
        assert made.finishing.holds is Holds.TRANSPORT_PIN

    def test_no_card_any_more(self):
        made = Finish(fault="removed", at=1)
        made.fails(NoCard)
        assert made.finishing.holds is Holds.TRANSPORT_PIN
