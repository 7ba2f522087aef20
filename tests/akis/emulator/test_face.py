"""A transport that stands in for a card, so that a reader's session with it is recorded."""

from __future__ import annotations

from akis.emulator import EmulatedCard, EmulatorTransport
from akis.emulator.face import TransportFace
from akis.trace.entries import Entry, Event, Exchanged
from akis.trace.redactor import Redactor
from akis.transport.recorder import Recorder


def test_it_answers_as_the_card_and_what_it_was_asked_is_recorded() -> None:
    entries: list[Entry] = []
    card = EmulatedCard.named()
    face = TransportFace(Recorder(EmulatorTransport(card), entries.append, Redactor()))
    assert face.atr == face.reset() == card.atr
    assert face.process(bytes.fromhex("00A4040007504B43532D313500"))[-2:] == b"\x90\x00"
    assert face.process(b"\x00") == b"\x67\x00"
    assert [type(entry) for entry in entries] == [Event, Exchanged, Exchanged]
