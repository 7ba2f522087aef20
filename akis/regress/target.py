"""The card that a recorded session is played to: an emulated one made for it, or whatever ``connect`` reaches."""

from __future__ import annotations

from dataclasses import dataclass, replace

import akis.errors
from akis.connect import EMULATOR, connect
from akis.emulator import EmulatorTransport, Personality
from akis.emulator.seed import seeded
from akis.emulator.wanted import wanted
from akis.errors import InvalidArgument, TransportError
from akis.profile.load import names
from akis.trace.entries import Failure, Header
from akis.transport.base import Transport
from akis.transport.wrapper import TransportWrapper

_NOT_REACHED = ("NoCard", "NoReader", "NoService", "ServiceForbidden", "SharingViolation", "CardMute", "CardReset")
"""Kinds of failure with which a command does not get to the card."""


class Losing(TransportWrapper):
    """An emulated card whose next answer can be lost, as it was when the session was recorded."""

    def __init__(self, reader: EmulatorTransport) -> None:
        super().__init__(reader)
        self.reader = reader
        self._loss: Failure | None = None

    def lose(self, failure: Failure) -> None:
        """Lose the answer to the next command. Which kinds of failure the command itself gets lost with is assumed."""
        self._loss = failure

    def transmit(self, command: bytes) -> bytes:
        loss, self._loss = self._loss, None
        if loss is None:
            return self.inner.transmit(command)
        if loss.kind not in _NOT_REACHED:
            self.inner.transmit(command)
        if loss.kind in ("CardRemoved", "CardReset"):
            self.reader.card.reset()
        raise _error(loss)


@dataclass(slots=True)
class Target:
    """The way to the card, its name, and what there is to know of an emulated one.

    ``foretold`` says that its random numbers are those of the recording, ``header`` is that of a new recording.
    """

    transport: Transport
    name: str
    personality: Personality | None = None
    losing: Losing | None = None
    foretold: bool = False
    header: Header | None = None

    @property
    def emulated(self) -> bool:
        """Whether it is a card that cannot be harmed."""
        return self.personality is not None


def is_emulated(reader: str) -> bool:
    """Whether ``reader`` names an emulated card, of which there can be as many as one likes."""
    return reader.startswith(EMULATOR)


def open_target(reader: str | None, header: Header) -> Target:
    """The card that ``reader`` names; ``emulator:`` is the one that the header names, ``emulator:,24=6985`` its twin.

    Its random numbers are those of the recording, where the header has their seed.
    """
    if reader is None or not is_emulated(reader):
        connection = connect(reader)
        return Target(connection.way, connection.name)
    text = reader.removeprefix(EMULATOR)
    if not text.partition(",")[0]:
        text = _of_header(header) + text
    chosen = wanted(text)
    card = chosen.card() if header.seed is None else chosen.card(seeded(header.seed))
    losing = Losing(EmulatorTransport(card))
    said = chosen.header(header.seed)
    anew = replace(header, personality=said.personality, state=said.state, extended=said.extended)
    name = f"emulator, {card.personality.name}"
    return Target(losing, name, card.personality, losing, header.seed is not None, anew)


def _of_header(header: Header) -> str:
    if header.personality is None:
        raise InvalidArgument(
            "the trace does not say which emulated card it was; name one, such as --reader emulator:akis-2.2"
        )
    # Anything else may be the path of a file, and a trace chooses none to be opened; nor does an empty name, behind
    # which the state would stand in its place.
    if header.personality not in names("akis.emulator"):
        raise InvalidArgument(
            "the trace names an emulated card that does not come with the library; name one, such as "
            "--reader emulator:akis-2.2, or the personality's file"
        )
    return ",".join(filter(None, (header.personality, header.state, "extended" if header.extended else "")))


def _error(failure: Failure) -> TransportError:
    kind = getattr(akis.errors, failure.kind, TransportError)
    known = isinstance(kind, type) and issubclass(kind, TransportError)
    made: TransportError = (kind if known else TransportError)(failure.message or failure.kind)
    return made
