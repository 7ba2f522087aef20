"""From the words of a command line to a card: ``emulator:…``, or a reader by number or part of its name.

Here one sees what stands between a card and its driver, outermost last: the reader, GET RESPONSE and 6CXX, chaining.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from akis.card import Card
from akis.emulator import EmulatedCard, EmulatorTransport
from akis.emulator.memory import Memory
from akis.emulator.personality import personality_and_state
from akis.errors import InvalidArgument, NoCard, NoReader
from akis.profile.load import load
from akis.profile.model import CardProfile
from akis.trace.model import Exchange
from akis.transport.base import Transport
from akis.transport.chaining import ChainingTransport
from akis.transport.get_response import GetResponseTransport
from akis.transport.readers import Reader, choose

EMULATOR = "emulator:"
READER = "AKIS_READER"
_DEFAULT_PROFILE = "akis-2"


@dataclass(frozen=True, slots=True)
class Connection:
    """A way to a card, the name of where it leads, and the profile that describes the card."""

    transport: Transport
    name: str
    profile: CardProfile

    def card(self, watch: Callable[[Exchange], None] | None = None) -> Card:
        """The card itself; closing it closes the way."""
        return Card(self.transport, self.profile, watch)


def connect(target: str | None = None, *, exclusive: bool = False) -> Connection:
    """Open the way that ``target`` names: ``emulator:[NAME][,STATE]``, or a reader by number or part of its name.

    None takes ``AKIS_READER`` from the environment, and without that the only reader there is, or the only one with a
    card in it. ``exclusive`` keeps other programs from the card.
    """
    by_environment = target is None and bool(os.environ.get(READER))
    target = os.environ[READER] if by_environment else target
    if target is not None and target.startswith(EMULATOR):
        card = emulated_card(target.removeprefix(EMULATOR))
        name = f"emulator, {card.personality.name}"
        return Connection(_stacked(EmulatorTransport(card)), name, card.personality.card_profile())
    from akis.transport.pcsc import PcscTransport

    try:
        reader = _choose(target)
    except (InvalidArgument, NoReader) as error:
        if by_environment:
            raise type(error)(f"{error}; the reader is named by {READER}") from None
        raise
    # Real cards are described by the 2.x profile until their ATR chooses another.
    return Connection(_stacked(PcscTransport(reader.name, exclusive=exclusive)), reader.name, load(_DEFAULT_PROFILE))


def _choose(target: str | None) -> Reader:
    from akis.transport.pcsc import IGNORE_READERS, list_readers

    readers = list_readers()
    try:
        return choose(readers, target)
    except NoCard:
        mute = [reader for reader in readers if reader.state.startswith("mute")]
        if len(mute) == 1:
            return mute[0]  # there is a card, and connecting to it says what is wrong
        raise
    except NoReader as error:
        left_out = {reader.name for reader in list_readers(ignore="")} - {reader.name for reader in readers}
        if left_out:
            raise NoReader(f"{error}; {IGNORE_READERS} leaves out {', '.join(sorted(left_out))}") from None
        raise


def _stacked(transport: Transport) -> Transport:
    return ChainingTransport(GetResponseTransport(transport))


def emulated_card(text: str) -> EmulatedCard:
    """The card that ``[NAME][,STATE]`` names, in this process."""
    personality, state = personality_and_state(text)
    return EmulatedCard(personality, Memory.new(personality, state))
