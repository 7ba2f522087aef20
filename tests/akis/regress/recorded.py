"""Sessions recorded from emulated cards, for tests that play them again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from akis.card import Card
from akis.emulator import EmulatorTransport
from akis.emulator.seed import seeded
from akis.emulator.wanted import wanted
from akis.errors import PinRefused
from akis.pin import Pin
from akis.sm.mutual_auth import DeviceKeys
from akis.trace.entries import Entry, Header, Kept
from akis.trace.jsonl import Writer
from akis.trace.redactor import SLOTS, Redactor
from akis.transport.base import Transport
from akis.transport.chaining import ChainingTransport
from akis.transport.get_response import GetResponseTransport
from akis.transport.recorder import Recorder

PIN, NEW_PIN, WRONG_PIN = "123456", "2468", "000000"
PUK, WRONG_PUK = "87654321", "00000000"
SN_IFD = bytes(range(8))
Story = Callable[[Card], object]


def recorded(story: Story, card: str = "akis-2.2", *, seed: str | None = None, keep_secrets: bool = False) -> Kept:
    """What is recorded when ``story`` happens to the emulated card ``card``; a seed lets it replay strictly."""
    chosen = wanted(card)
    emulated = chosen.card() if seed is None else chosen.card(seeded(seed))
    header = Header(
        atr=emulated.atr,
        profile=chosen.personality.profile,
        personality=chosen.personality.name,
        state=chosen.state,
        extended=chosen.extended,
        seed=seed,
        secrets=keep_secrets,
        slots=() if keep_secrets else SLOTS,
    )
    entries: list[Entry] = []
    way = Recorder(
        EmulatorTransport(emulated), entries.append, Redactor(emulated.personality.card_profile(), keep_secrets)
    )
    with Card(ChainingTransport(GetResponseTransport(way)), emulated.personality.card_profile()) as driver:
        story(driver)
    return Kept(header, tuple(entries))


def written(trace: Kept, path: Path) -> Path:
    """The trace in a file."""
    with path.open("w", encoding="utf-8") as stream:
        writer = Writer(stream, trace.header)
        for entry in trace.entries():
            writer.write(entry)
    return path


def named(trace: Kept, **changes: object) -> Kept:
    """The same session with another header."""
    return Kept(replace(trace.header, **changes), trace.kept)


def keys_of(card: str, role: str = "issuer") -> DeviceKeys:
    """Published keys of an emulated card."""
    key = wanted(card).personality.key(role)  # type: ignore[arg-type]
    return key.device_keys(key.algorithms[-1])


def verify_wrong_then_right(card: Card) -> None:
    card.select_application()
    pin = Pin(card)
    with pytest.raises(PinRefused):
        pin.verify(WRONG_PIN)
    pin.verify(PIN)
    pin.change(PIN, NEW_PIN)
    pin.verify(NEW_PIN)


def unblock(card: Card) -> None:
    """What the issuer does, with the keys of the card's first suite."""
    unblock_on("akis-2.2")(card)


def unblock_on(name: str) -> Story:
    def story(card: Card) -> None:
        card.select_application()
        card.open_session(keys_of(name), SN_IFD)
        pin = Pin(card)
        pin.unblock(NEW_PIN)
        assert pin.tries_left() == 3

    return story


def raw(*commands: str) -> Story:
    """Commands in hex, sent as they are."""

    def story(card: Card) -> None:
        way: Transport = card.transport.inner.inner  # type: ignore[attr-defined]
        for command in commands:
            way.transmit(bytes.fromhex(command))

    return story
