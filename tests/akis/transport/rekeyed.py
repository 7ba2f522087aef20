"""Stories in secure sessions, recorded on emulated cards, and played for drivers with other random numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from akis.card import Card
from akis.emulator import EmulatedCard, EmulatorTransport, load_personality
from akis.emulator.memory import Memory
from akis.emulator.personality import Role
from akis.pin import Pin
from akis.profile.load import load
from akis.profile.model import CardProfile
from akis.sm.mutual_auth import DeviceKeys
from akis.trace.entries import Entry, Header, Kept
from akis.trace.redactor import SLOTS, Redactor
from akis.transport.base import Transport
from akis.transport.chaining import ChainingTransport
from akis.transport.get_response import GetResponseTransport
from akis.transport.recorder import Recorder
from akis.transport.replay_rekeyed import RekeyedReplay

PROFILE = load("akis-2")
NEW_PIN = "2468"
Story = Callable[[Card], object]


def device_keys(name: str = "akis-2.2", role: Role = "issuer") -> DeviceKeys:
    key = load_personality(name).key(role)
    return key.device_keys(key.algorithms[-1])


def recorded(story: Story, name: str = "akis-2.2", profile: CardProfile = PROFILE, keep: bool = False) -> Kept:
    """A trace of ``story`` on a blocked emulated card."""
    entries: list[Entry] = []
    personality = replace(load_personality(name), secure_messaging=profile.secure_messaging)
    way = EmulatorTransport(EmulatedCard(personality, Memory.new(personality, "blocked")))
    card = driver(Recorder(way, entries.append, Redactor(profile, keep)), profile)
    card.select_application()
    story(card)
    return Kept(Header(atr=personality.atr, slots=() if keep else SLOTS), tuple(entries))


def driver(way: Transport, profile: CardProfile = PROFILE) -> Card:
    return Card(ChainingTransport(GetResponseTransport(way)), profile)


def play(trace: Kept, story: Story, keys: Iterable[DeviceKeys] = (), profile: CardProfile = PROFILE) -> object:
    """What ``story`` comes to with the recording in the place of the card."""
    with RekeyedReplay(trace, tuple(keys) or (device_keys(),), profile=profile) as way:
        card = driver(way, profile)
        card.select_application()
        return story(card)


def unblock(card: Card, name: str = "akis-2.2") -> int | None:
    card.open_session(device_keys(name), bytes(8))
    Pin(card).unblock(NEW_PIN)
    return Pin(card).tries_left()


def in_session(story: Story, name: str = "akis-2.2") -> Story:
    """``story`` inside the issuer's session, with nonces of its own."""

    def run(card: Card) -> object:
        card.open_session(device_keys(name), bytes(8))
        return story(card)

    return run
