"""The issuer's conversation with a card: the same whoever drives it, and how far it came after anything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from akis.card import Card
from akis.codec.apdu import ResponseApdu
from akis.emulator import EmulatorTransport, load_personality
from akis.errors import CardError, PinOutcomeUnknown, PolicyRefused, SecureMessagingError
from akis.pin import Pin
from akis.profile.load import load
from akis.sm.mutual_auth import DeviceKeys
from akis.unlock.holds import Holds
from akis.unlock.issue import OtherCard, Stage, holds
from tests.akis.unlock.issuer import RESET, STEPS, TRANSPORT_PIN, issue_for, new_card, stored
from tests.bench import SUITES
from tests.leaks import silent

UNTIL = {1: Stage.MEETING, 2: Stage.MEETING, 3: Stage.AUTHENTICATING, 4: Stage.AUTHENTICATING, 5: Stage.AUTHENTICATING}
"""The stage that an exchange stays in when it ends at the command with this number."""


def from_afar(issue, card, alter=lambda number, answer: answer):
    """Drive the conversation as an authority does, over bytes; returns the commands. ``alter`` changes answers."""
    conversation, sent = issue.conversation(), []
    try:
        command = next(conversation)
        while True:
            sent.append(command.to_bytes())
            answer = alter(len(sent), card.process(sent[-1]))
            command = conversation.send(ResponseApdu.from_bytes(answer))
    except StopIteration:
        return sent


@pytest.mark.parametrize("name", SUITES)
@pytest.mark.parametrize("state", ["", "new", "blocked", "last-try"])
class TestDone:
    def test_from_afar(self, name, state):
        card = new_card(name, state)
        issue = issue_for(card.personality)
        sent = from_afar(issue, card)
        assert [raw[:2].hex() for raw in sent] == ["00a4", "00ca", "0022", "0084", "0082", "0c2c"]
        assert issue.stage is Stage.DONE
        assert stored(card) == (TRANSPORT_PIN, "transport", 3)

    def test_by_a_card_at_hand(self, name, state):
        """Card.run drives the same conversation; it protects by itself, so it must not be in a session of its own."""
        emulated = new_card(name, state)
        card = Card(EmulatorTransport(emulated), emulated.personality.card_profile())
        issue = issue_for(emulated.personality)
        card.run(issue.conversation())
        assert issue.stage is Stage.DONE
        assert stored(emulated) == (TRANSPORT_PIN, "transport", 3)

    def test_the_transport_pin_serves_one_change(self, name, state):
        emulated = new_card(name, state)
        card = Card(EmulatorTransport(emulated), emulated.personality.card_profile())
        card.run(issue_for(emulated.personality).conversation())
        with pytest.raises(CardError, match="6985"):
            Pin(card).verify(TRANSPORT_PIN)
        Pin(card).change(TRANSPORT_PIN, "593827")
        assert stored(emulated) == ("593827", "active", 3)


@pytest.mark.parametrize("name", SUITES)
class TestRefused:
    def test_a_card_that_is_dead(self, name):
        card = new_card(name, "dead")
        issue = issue_for(card.personality)
        with pytest.raises((CardError, SecureMessagingError)):
            from_afar(issue, card)
        assert holds(issue.stage) is Holds.AS_BEFORE

    def test_another_serial_number_is_not_even_authenticated(self, name):
        card = new_card(name)
        issue = issue_for(card.personality, serial=bytes(12))
        seen = []
        with pytest.raises(OtherCard, match="another serial number"):
            from_afar(issue, card, lambda number, answer: seen.append(number) or answer)
        assert seen == [1, 2]
        assert issue.stage is Stage.MEETING

    def test_other_keys(self, name):
        card = new_card(name)
        own = card.personality.key("issuer")
        other = DeviceKeys(own.reference, own.algorithms[-1], own.mac, own.enc)
        issue = issue_for(card.personality, keys=other)
        with pytest.raises(SecureMessagingError, match="did not take the issuer's key"):
            from_afar(issue, card)
        assert issue.stage is Stage.AUTHENTICATING
        assert stored(card) == ("123456", "active", 0)

    def test_a_key_that_may_not_reset(self, name):
        """The card's 6982 comes authenticated, so the PIN is certainly as it was."""
        card = new_card(name)
        terminal = card.personality.key("terminal")
        issue = issue_for(card.personality, keys=terminal.device_keys(terminal.algorithms[-1]))
        with pytest.raises(CardError, match="6982"):
            from_afar(issue, card)
        assert issue.stage is Stage.REFUSED
        assert holds(issue.stage) is Holds.AS_BEFORE
        assert stored(card) == ("123456", "active", 0)


def cut(answer: bytes) -> bytes:
    return answer[1:-2] + answer[-2:]


def forged(answer: bytes) -> bytes:
    return bytes(byte ^ 1 for byte in answer[:-2]) + answer[-2:]


def plain(answer: bytes) -> bytes:
    return answer[-2:]


def refused(_: bytes) -> bytes:
    return bytes.fromhex("6A80")


SPOILT = {
    # What SELECT and MSE SET answer besides their status word is nothing that the issuer goes by.
    1: [refused],
    2: [cut, forged, plain, refused],
    3: [refused],
    4: [cut, plain, refused],
    5: [cut, forged, plain, refused],
    RESET: [cut, forged, plain, refused],
}


@pytest.mark.parametrize("name", SUITES)
@pytest.mark.parametrize(
    ("number", "spoil"),
    [
        pytest.param(number, spoil, id=f"{STEPS[number - 1]}-{spoil.__name__}")
        for number, spoils in SPOILT.items()
        for spoil in spoils
    ],
)
def test_an_answer_that_was_changed_on_its_way(name, number, spoil):
    """It ends the exchange there; the card may hold another PIN exactly when the RESET had left."""
    card = new_card(name)
    issue = issue_for(card.personality)
    with pytest.raises((CardError, OtherCard, SecureMessagingError)) as error:
        from_afar(issue, card, lambda at, answer: spoil(answer) if at == number else answer)
    silent(error.value, [TRANSPORT_PIN])
    assert issue.stage is UNTIL.get(number, Stage.RESETTING)
    if number == RESET:
        assert type(error.value) is SecureMessagingError
        assert holds(issue.stage) is Holds.UNKNOWN
    else:
        assert holds(issue.stage) is Holds.AS_BEFORE
        assert stored(card) == ("123456", "active", 0)


@pytest.mark.parametrize("name", SUITES)
def test_an_authentic_answer_that_leaves_it_open(name):
    """65XX: something was changed in the card, nobody says what."""
    card = new_card(name)
    card.instead[0x2C] = 0x6581
    issue = issue_for(card.personality)
    with pytest.raises(PinOutcomeUnknown):
        from_afar(issue, card)
    assert issue.stage is Stage.RESETTING
    assert holds(issue.stage) is Holds.UNKNOWN


@pytest.mark.parametrize("name", SUITES)
def test_a_driver_that_gives_up_after_the_reset_left(name):
    card = new_card(name)
    issue = issue_for(card.personality)
    conversation = issue.conversation()
    command = next(conversation)
    for _ in range(RESET - 1):
        command = conversation.send(ResponseApdu.from_bytes(card.process(command.to_bytes())))
    conversation.close()
    assert command.ins == 0x2C
    assert holds(issue.stage) is Holds.UNKNOWN


def test_a_card_on_which_no_way_is_known():
    with pytest.raises(PolicyRefused, match=r"no way of resetting the PIN is known on this card \(AKİS 1\.x\)"):
        issue_for(load_personality("akis-2.2"), profile=load("akis-1"))
    no_sm = replace(load("akis-2"), secure_messaging=None)
    with pytest.raises(PolicyRefused, match="nothing was sent"):
        issue_for(load_personality("akis-2.2"), profile=no_sm)


def test_what_the_card_holds_after_each_stage():
    assert {stage: holds(stage) for stage in Stage} == {
        Stage.MEETING: Holds.AS_BEFORE,
        Stage.AUTHENTICATING: Holds.AS_BEFORE,
        Stage.RESETTING: Holds.UNKNOWN,
        Stage.REFUSED: Holds.AS_BEFORE,
        Stage.DONE: Holds.TRANSPORT_PIN,
    }
