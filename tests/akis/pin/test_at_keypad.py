"""PINs typed at the reader: each field it is told, the same three outcomes, and nothing that is sent twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from akis.errors import (
    CardError,
    KeypadError,
    PinBlocked,
    PinOutcomeUnknown,
    PinRefused,
    PolicyRefused,
    ReaderRefused,
    TransportError,
)
from tests.akis.keypad_reader import (
    CANCELLED,
    MODIFY,
    NOT_TAKEN,
    PROPERTIES,
    TIMEOUT,
    VERIFY,
    KeypadReader,
    Typing,
    lost,
)
from tests.bench import PIN, PUK, Bench, bench

NEW = "593827"
CALLS = {
    "verify": lambda on, **how: on.pin.verify_at_keypad(**how),
    "change": lambda on, **how: on.pin.change_at_keypad(**how),
}
TYPED = {"verify": [PIN], "change": [PIN, NEW, NEW]}
WRONG = {"verify": ["000000"], "change": ["000000", NEW, NEW]}


def at_reader(*pins: str, on: Bench | None = None, display: bool | None = True, codes=(), **typing) -> Bench:
    """A card in a reader with a keypad, at which these PINs are typed."""
    on = on or bench()
    on.card.transport = KeypadReader(on.wire, Typing(pins, **typing), display, codes)
    return on


def told(on: Bench):
    """The one structure that the reader was given."""
    [found] = on.card.transport.told
    return found


@pytest.fixture(params=CALLS)
def call(request):
    return request.param


# What the reader is told


def test_every_field_of_a_verification():
    on = at_reader(PIN)
    on.pin.verify_at_keypad()
    assert told(on).fields == {
        "bTimerOut": 30,
        "bTimerOut2": 30,
        "bmFormatString": 0x82,
        "bmPINBlockString": 0x06,
        "bmPINLengthFormat": 0x00,
        "wPINMaxExtraDigit": 0x0606,
        "bEntryValidationCondition": 0x02,
        "bNumberMessage": 1,
        "wLangId": 0x0409,
        "bMsgIndex": 0,
        "bTeoPrologue": bytes(3),
        "ulDataLength": 11,
    }
    assert told(on).command == bytes.fromhex("0020008106FFFFFFFFFFFF")
    assert on.wire.pin_commands_arrived == [b"\x00\x20\x00\x81\x06" + PIN.encode()]


def test_every_field_of_a_modification():
    on = at_reader(PIN, NEW, NEW)
    on.pin.change_at_keypad()
    assert told(on).fields == {
        "bTimerOut": 30,
        "bTimerOut2": 30,
        "bmFormatString": 0x82,
        "bmPINBlockString": 0x06,
        "bmPINLengthFormat": 0x00,
        "bInsertionOffsetOld": 0,
        "bInsertionOffsetNew": 6,
        "wPINMaxExtraDigit": 0x0606,
        "bConfirmPIN": 0x03,
        "bEntryValidationCondition": 0x02,
        "bNumberMessage": 3,
        "wLangId": 0x0409,
        "bMsgIndex1": 0,
        "bMsgIndex2": 1,
        "bMsgIndex3": 2,
        "bTeoPrologue": bytes(3),
        "ulDataLength": 17,
    }
    assert on.wire.pin_commands_arrived == [b"\x00\x24\x00\x81\x0c" + PIN.encode() + NEW.encode()]
    assert on.stored == (NEW.encode(), "active", 3)


@pytest.mark.parametrize(
    "rules",
    [
        {"encoding": "bcd"},
        {"encoding": "digits"},
        {"pad_to": 8},
        {"pad_to": 12, "pad_byte": 0},
        {"encoding": "bcd", "pad_to": 8},
        {"encoding": "iso9564-2", "maximum": 12},
        {"change": "length-prefixed"},
    ],
    ids=str,
)
@pytest.mark.parametrize("pin", ["1234", "12345", "12345678"])
def test_the_reader_makes_the_same_command_as_we_do(rules, pin, call):
    """Whatever the profile has: of the same PINs the keyboard and the keypad make the same bytes."""
    new = pin[::-1]
    on = bench(pin=pin)
    length = len(replace(on.card.profile.pin, **rules).block(pin.encode()))
    on.emulated.memory.references[0x81].value = bytes(length)
    on.card.profile = replace(on.card.profile, pin=replace(on.card.profile.pin, **rules))
    on.card.transport = KeypadReader(on.wire, Typing([pin] if call == "verify" else [pin, new, new]))
    by_keyboard = {"verify": lambda on: on.pin.verify(pin), "change": lambda on: on.pin.change(pin, new)}
    for way in (by_keyboard, CALLS):
        with pytest.raises((PinRefused, CardError)):
            way[call](on)
    keyboard, keypad = on.wire.pin_commands_arrived
    assert keyboard == keypad


def test_a_pin_whose_length_the_card_does_not_say():
    on = at_reader(PIN, on=bench(pin_rules={"tries_by": "none"}))
    on.pin.verify_at_keypad(allow_last_try=True)
    assert told(on)["bmPINBlockString"] == 0
    assert told(on)["wPINMaxExtraDigit"] == 0x0408
    assert told(on).command == bytes.fromhex("0020008100")
    assert on.wire.pin_commands_arrived == [b"\x00\x20\x00\x81\x06" + PIN.encode()]


def test_a_reader_without_a_display_shows_no_message():
    on = at_reader(PIN, display=False)
    on.pin.verify_at_keypad()
    assert told(on)["bNumberMessage"] == 0


# The three outcomes


def test_accepted(call):
    on = at_reader(*TYPED[call])
    assert CALLS[call](on) is None
    assert len(on.wire.pin_commands_arrived) == 1


def test_refused(call):
    on = at_reader(*WRONG[call])
    with pytest.raises(PinRefused) as refused:
        CALLS[call](on)
    assert refused.value.tries_left == 2
    assert len(on.wire.pin_commands_arrived) == 1


@pytest.mark.parametrize("reaches_card", [False, True])
def test_a_lost_answer_is_unknown_and_nothing_is_sent_again(call, reaches_card):
    on = at_reader(*TYPED[call])

    def fault(command, forward):
        if reaches_card:
            forward(command)
        lost()

    on.wire.break_at(fault)
    with pytest.raises(PinOutcomeUnknown, match="was sent, its outcome is unknown"):
        CALLS[call](on)
    assert len(on.card.transport.told) == 1
    assert len(on.wire.pin_commands) == 1


@pytest.mark.parametrize("answer", [b"", b"\x90", "9000"])
def test_an_answer_that_is_none_is_unknown(call, answer):
    on = at_reader(*TYPED[call], instead=answer)
    with pytest.raises(PinOutcomeUnknown):
        CALLS[call](on)


@pytest.mark.parametrize("answer", [TIMEOUT, CANCELLED, NOT_TAKEN])
def test_where_nothing_was_typed_no_try_is_spent(call, answer):
    on = at_reader(*TYPED[call], instead=answer)
    with pytest.raises(KeypadError, match="nothing was sent to the card, no try was spent"):
        CALLS[call](on)
    assert on.wire.pin_commands == []
    assert on.stored == (PIN.encode(), "active", 3)


def test_a_new_pin_that_is_not_the_same_both_times():
    on = at_reader(PIN, NEW, NEW[::-1])
    with pytest.raises(KeypadError, match="the new PIN was not the same both times"):
        on.pin.change_at_keypad()
    assert on.stored == (PIN.encode(), "active", 3)


@pytest.mark.parametrize("pins", [["12345", "678901", "678901"], ["1234567", NEW, NEW], [PIN, "1234", "1234"]])
def test_a_pin_of_another_length_than_the_stored_one_never_leaves_the_reader(pins, call):
    """Of 12345 ‖ 678901 the card would compare 123456 and store 78901, which nobody chose."""
    if call == "verify" and len(pins[0]) == 6:
        pins = ["1234"]
    on = at_reader(*(pins[:1] if call == "verify" else pins))
    with pytest.raises(KeypadError, match="too short or too long"):
        CALLS[call](on)
    assert on.wire.pin_commands == []
    assert on.stored == (PIN.encode(), "active", 3)


def test_a_reader_that_will_not(call):
    def happening():
        raise ReaderRefused("the reader cannot do this; nothing reached the card")

    on = at_reader(*TYPED[call], happening=happening)
    with pytest.raises(ReaderRefused):
        CALLS[call](on)
    assert on.wire.pin_commands == []


# Before anything is sent


def test_the_guard_is_the_same(call):
    on = at_reader(*TYPED[call], on=bench(state="last-try"))
    with pytest.raises(PolicyRefused, match="one try left; nothing was sent"):
        CALLS[call](on)
    assert on.card.transport.told == []
    CALLS[call](on, allow_last_try=True)


def test_a_blocked_pin_is_not_asked_for(call):
    on = at_reader(*TYPED[call], on=bench(state="blocked"))
    with pytest.raises(PinBlocked):
        CALLS[call](on, allow_last_try=True)
    assert on.card.transport.told == []


def test_counter_and_typing_are_one_transaction(call):
    on = at_reader(*TYPED[call])
    on.wire.log.clear()
    CALLS[call](on)
    [sent] = on.wire.transactions
    assert [command[1] for command in sent] == [0xCB, 0x20 if call == "verify" else 0x24]


@pytest.mark.parametrize("role", ["issuer", "terminal"])
def test_nothing_goes_around_a_secure_session(call, role):
    on = at_reader(*TYPED[call], on=bench().open(role))
    assert not on.pin.has_keypad(call)
    with pytest.raises(PolicyRefused, match="a secure session is open; nothing was sent"):
        CALLS[call](on)
    with pytest.raises(PolicyRefused, match="goes around the secure session; nothing was sent"):
        on.card.control(VERIFY, b"")
    assert on.card.session is not None
    assert on.card.transport.told == []


def test_a_reader_without_a_keypad(call):
    on = bench()
    assert not on.pin.has_keypad(call)
    with pytest.raises(PolicyRefused, match="the reader has no keypad for that; nothing was sent"):
        CALLS[call](on)


@pytest.mark.parametrize("codes", [[VERIFY, PROPERTIES], [MODIFY]])
def test_a_keypad_that_does_one_of_the_two(codes):
    for call, code in (("verify", VERIFY), ("change", MODIFY)):
        on = at_reader(*TYPED[call], codes=codes)
        assert on.pin.has_keypad(call) is (code in codes)
        if code in codes:
            CALLS[call](on)
        else:
            with pytest.raises(PolicyRefused, match="no keypad for that"):
                CALLS[call](on)


def test_a_change_where_the_card_does_not_say_how_long_its_pin_is():
    on = at_reader(PIN, NEW, NEW, on=bench(pin_rules={"tries_by": "none"}))
    with pytest.raises(PolicyRefused, match="it is not known how long the PIN is"):
        on.pin.change_at_keypad(allow_last_try=True)
    assert on.card.transport.told == []


@pytest.mark.parametrize(
    ("rules", "verify", "change"),
    [
        ({}, True, True),
        ({"encoding": "bcd"}, True, True),
        ({"tries_by": "none"}, True, False),
        ({"tries_by": "none", "encoding": "bcd"}, False, False),
        ({"tries_by": "none", "minimum": 6, "maximum": 6}, True, True),
        ({"change": "length-prefixed", "tries_by": "fci"}, True, False),
        ({"characters": "printable"}, False, False),
    ],
    ids=str,
)
def test_whether_a_pin_can_be_typed_is_known_before_any_command(rules, verify, change):
    on = at_reader()
    on.card.profile = replace(on.card.profile, pin=replace(on.card.profile.pin, **rules))
    on.wire.sent.clear()
    assert (on.pin.has_keypad("verify"), on.pin.has_keypad("change")) == (verify, change)
    assert on.wire.sent == []


def test_no_error_holds_what_was_typed(call):
    for typing in ({"instead": CANCELLED}, {"happening": lost}):
        with pytest.raises((KeypadError, PinOutcomeUnknown)) as error:
            CALLS[call](at_reader(*TYPED[call], **typing))
        assert PIN not in str(error.value)


def test_what_goes_wrong_at_the_reader_is_ours(call):
    """A foreign error may hold anything: its kind goes further and no more."""

    def happening():
        raise ValueError(PUK)

    with pytest.raises(PinOutcomeUnknown) as error:
        CALLS[call](at_reader(*TYPED[call], happening=happening))
    assert isinstance(error.value.__cause__, TransportError)
    assert PUK not in str(error.value)
