"""What was typed at the reader is recorded as what it is: a PIN command of which nobody here knows the PIN."""

from __future__ import annotations

import pytest

from akis.card import Card
from akis.emulator import EmulatedCard, EmulatorTransport
from akis.errors import InvalidArgument, KeypadError, PinOutcomeUnknown, PinRefused, ReaderRefused
from akis.pin import Pin
from akis.profile.load import load
from akis.trace.entries import Exchanged, Header, Kept
from akis.trace.jsonl import entry_line
from akis.trace.line import parse_entry, parse_object
from akis.trace.redactor import Redactor
from akis.transport.recorder import Recorder
from akis.transport.replay import ReplayTransport
from tests.akis.keypad_reader import CANCELLED, KeypadReader, Typing, lost

PROFILE = load("akis-2")
PIN, NEW = "123456", "593827"


@pytest.fixture(params=[False, True], ids=["redacted", "secrets kept"])
def session(request):
    """A card behind a recorded reader, whose application is selected, and what is recorded from then on."""
    entries = []
    reader = KeypadReader(EmulatorTransport(EmulatedCard.named()))
    card = Card(Recorder(reader, entries.append, Redactor(PROFILE, request.param)), PROFILE)
    card.select_application()
    entries.clear()
    return card, reader, entries


def pin_commands(entries):
    found = [entry for entry in entries if isinstance(entry, Exchanged) and entry.command.raw[1] in (0x20, 0x24)]
    for entry in found:
        assert parse_entry(parse_object(entry_line(entry).encode(), 2), 2) == entry, "it can be written and read"
    return found


def masks(entry):
    return [(mask.start, mask.length, mask.slot, mask.hidden) for mask in entry.command.masks]


def test_verify(session):
    card, reader, entries = session
    reader.typing = Typing([PIN])
    Pin(card).verify_at_keypad()
    [entry] = pin_commands(entries)
    assert (entry.command.text, entry.answer.text) == ("0020008106************", "9000")
    assert masks(entry) == [(5, 6, "pin", True)]


def test_a_wrong_one(session):
    card, reader, entries = session
    reader.typing = Typing(["000000"])
    with pytest.raises(PinRefused):
        Pin(card).verify_at_keypad()
    [entry] = pin_commands(entries)
    assert (entry.answer.text, masks(entry)) == ("63C2", [(5, 6, "wrong-pin", True)])


def test_change(session):
    card, reader, entries = session
    reader.typing = Typing([PIN, NEW, NEW])
    Pin(card).change_at_keypad()
    [entry] = pin_commands(entries)
    assert entry.command.text == "002400810C" + "**" * 12
    assert masks(entry) == [(5, 6, "pin", True), (11, 6, "new-pin", True)]


def test_one_whose_length_nobody_knows(session):
    """Neither Lc nor a single byte of it is made up, and who plays the session cannot send it by mistake."""
    card, reader, entries = session
    told = bytes.fromhex("1E1E 820000 0804 0201 0904 00 000000 05000000 0020008100")
    reader.typing = Typing([PIN])
    assert card.control(0x42330006, told) == b"\x90\x00"
    [entry] = pin_commands(entries)
    assert (entry.command.text, entry.answer.text) == ("00200081****", "9000")
    assert masks(entry) == [(4, 2, "unknown", True)]
    assert Redactor(PROFILE).again(entry) == entry
    for slot, value in ((mask.slot, PIN.encode()) for mask in entry.command.masks):
        with pytest.raises(InvalidArgument, match=f"slot {slot} hides 2 bytes"):
            entry.command.filled(lambda _, value=value: value)


def test_after_such_a_change_nobody_knows_how_long_the_pin_is():
    redactor = Redactor(PROFILE)
    redactor.exchange(bytes.fromhex("002401810431323334"), b"\x90\x00")
    redactor.typed(bytes.fromhex("0024008100"), False, b"\x90\x00")
    changed = redactor.exchange(bytes.fromhex("002400810831323334") + b"5678", b"\x90\x00")
    assert [mask.slot for mask in changed.command.masks if mask.start == 5] != ["pin"]


@pytest.mark.parametrize("call", [lambda card: Pin(card).verify_at_keypad(), lambda card: Pin(card).change_at_keypad()])
def test_where_nothing_was_typed_the_card_had_no_command(session, call):
    card, reader, entries = session

    def refused():
        raise ReaderRefused("the reader cannot do this")

    for typing in (Typing(instead=CANCELLED), Typing(happening=refused)):
        reader.typing = typing
        with pytest.raises((KeypadError, ReaderRefused)):
            call(card)
    assert pin_commands(entries) == []


def test_a_lost_answer(session):
    card, reader, entries = session
    reader.typing = Typing([PIN], happening=lost)
    with pytest.raises(PinOutcomeUnknown):
        Pin(card).verify_at_keypad()
    [entry] = pin_commands(entries)
    assert entry.answer is None
    assert entry.failure.kind == "TransportError"


def test_what_else_is_said_to_the_reader_is_not_recorded(session):
    card, _, entries = session
    assert Pin(card).has_keypad("verify")
    assert entries == []


def test_a_recording_of_it_takes_the_place_of_a_card(session):
    """There the PIN comes from the keyboard: a recording has no reader."""
    card, reader, entries = session
    reader.typing = Typing([PIN])
    Pin(card).verify_at_keypad()
    with Card(ReplayTransport(Kept(Header(atr=card.atr), tuple(entries)), profile=PROFILE), PROFILE) as played:
        assert not Pin(played).has_keypad("verify")
        Pin(played).verify(PIN)
