"""Cards for probes: emulated ones in every state behind a wire that keeps what went over it, and cards made up."""

from __future__ import annotations

from dataclasses import dataclass, field

from akis.card import Card
from akis.emulator import EmulatedCard, EmulatorTransport
from akis.emulator.wanted import wanted
from akis.probe.ask import probe
from akis.probe.draft import Draft, draft
from akis.probe.findings import Findings
from akis.profile.load import load
from akis.transport.base import Transport
from akis.transport.chaining import ChainingTransport
from akis.transport.get_response import GetResponseTransport
from akis.transport.wrapper import TransportWrapper

STATES = ("", "new", "blocked", "last-try", "dead")
CARDS = (*(f"{name},{state}".rstrip(",") for name in ("akis-1.0", "akis-2.2", "akis-2.5") for state in STATES), "blank")
SECOND_GENERATION = "3B9F978131FE4580655443D2210831C073F6218081055B"
STRANGER = "3B951381018073FF01000B"
"""An ATR that nobody knows, of a card that declares extended length and no chaining."""
LOOKING = {0xA4, 0xCA, 0xCB, 0xC0}
"""SELECT, GET DATA, and the GET RESPONSE by which a transport fetches what they have to say."""


class Wire(TransportWrapper):
    """Keeps every command that goes to the card."""

    def __init__(self, inner: Transport) -> None:
        super().__init__(inner)
        self.sent: list[bytes] = []

    def transmit(self, command: bytes) -> bytes:
        self.sent.append(command)
        return self.inner.transmit(command)


def emulated(name: str) -> EmulatedCard:
    return wanted(name).card()


def ask(way: Transport) -> tuple[Findings, list[bytes]]:
    """What the card behind ``way`` said, and what it was sent, in the transports that every tool has."""
    wire = Wire(way)
    with Card(ChainingTransport(GetResponseTransport(wire), 0xFF), load("akis-2")) as card:
        return probe(card), wire.sent


def drafted(way: Transport | str) -> Draft:
    return draft(ask(EmulatorTransport(emulated(way)) if isinstance(way, str) else way)[0])


@dataclass
class MadeUp(Transport):
    """Answers the commands in ``answers``, by their beginnings in hex, the longest that fits, and no other one."""

    answers: dict[str, str] = field(default_factory=dict)
    reset_answer: str = STRANGER
    otherwise: str = "6A82"

    @property
    def atr(self) -> bytes:
        return bytes.fromhex(self.reset_answer)

    def transmit(self, command: bytes) -> bytes:
        asked = command.hex().upper()
        fitting = [known for known in self.answers if asked.startswith(known)]
        return bytes.fromhex(self.answers[max(fitting, key=len)] if fitting else self.otherwise)

    def reset(self) -> bytes:
        return self.atr

    def close(self) -> None: ...


BY_NAME, BY_AID, BY_PATH = "00A40400 07 504B43532D3135", "00A40400 0C A0", "00A40800 02"
"""The beginnings of the ways to select an application; the last needs a file identifier behind it."""


def made_up(answers: dict[str, str], atr: str = STRANGER, otherwise: str = "6A82") -> MadeUp:
    """A card with these answers; spaces are for those who read."""
    return MadeUp({key.replace(" ", ""): value.replace(" ", "") for key, value in answers.items()}, atr, otherwise)


def pin_object(number: int) -> str:
    """The beginning of GET DATA of a PIN object."""
    return f"00CB3FFF 06 4D04 BF81{number:02X} 80"
