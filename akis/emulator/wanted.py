"""What stands behind ``emulator:`` on a command line: which card, in which state, with which quirks."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import get_args

from akis.emulator.card import EmulatedCard
from akis.emulator.extended import with_extended_length
from akis.emulator.memory import Memory
from akis.emulator.personality import Personality, State, load_personality
from akis.errors import InvalidArgument
from akis.trace.entries import Header

_DEFAULT = "akis-2.2"
_EXTENDED = "extended"
_INSTEAD = re.compile(r"([0-9A-Fa-f]{2})=([69][0-9A-Fa-f]{3})")


@dataclass(frozen=True, slots=True)
class WantedCard:
    """One emulated card: ``instead`` maps instruction codes to the status word to answer without doing anything."""

    personality: Personality
    state: State = ""
    extended: bool = False
    instead: Mapping[int, int] = field(default_factory=dict)

    def card(self, random: Callable[[int], bytes] = secrets.token_bytes) -> EmulatedCard:
        """The card itself, just powered up."""
        card = EmulatedCard(self.personality, Memory.new(self.personality, self.state), random)
        card.instead.update(self.instead)
        return card

    def header(self, seed: str | None, reader: str = "emulator") -> Header:
        """What a trace says of this card, whose random numbers come from ``seed``."""
        quirks = (f"{ins:02X}={sw:04X}" for ins, sw in self.instead.items())
        return Header(
            protocol="T=1",
            reader=reader,
            profile=self.personality.profile,
            personality=self.personality.name,
            state=",".join(filter(None, (self.state, *quirks))),
            extended=self.extended,
            seed=seed,
        )


def wanted(text: str) -> WantedCard:
    """The card that ``[NAME][,STATE][,extended][,INS=SW]…`` names: akis-2.2 with its PIN in force, unless told others.

    NAME may be a personality's file, ``mine.toml``. ``24=6985`` has every CHANGE REFERENCE DATA answered 6985.
    """
    name, *quirks = text.split(",")
    chosen: State = ""
    instead: dict[int, int] = {}
    extended = False
    for quirk in quirks:
        if answer := _INSTEAD.fullmatch(quirk):
            instead[int(answer[1], 16)] = int(answer[2], 16)
        elif quirk == _EXTENDED and not extended:
            extended = True
        else:
            chosen = _state(quirk, chosen)
    personality = load_personality(name or _DEFAULT)
    return WantedCard(with_extended_length(personality) if extended else personality, chosen, extended, instead)


def _state(text: str, before: State) -> State:
    states: tuple[State, ...] = get_args(State)
    for state in states:
        if text and text == state and before:
            raise InvalidArgument(f"a card is in one state, not in {before} and {text}")
        if text == state and not before:
            return state
    listed = ", ".join(filter(None, states))
    raise InvalidArgument(f"no card state {text!r}; there are {listed}, besides extended and INS=SW such as 24=6985")
