"""The emulated card as a transport, in this process."""

from __future__ import annotations

from akis.emulator.card import EmulatedCard
from akis.errors import NoCard, TransportError, WrongType
from akis.transport.base import Transport


class EmulatorTransport(Transport):
    """A way to an emulated card. ``remove`` pulls the card: what follows raises :class:`NoCard` until ``insert``."""

    def __init__(self, card: EmulatedCard) -> None:
        if not isinstance(card, EmulatedCard):
            raise WrongType(f"the card is an EmulatedCard, not {type(card).__name__}")
        self.card = card
        self._present = True
        self._open = True

    @property
    def atr(self) -> bytes:
        self._check()
        return self.card.atr

    def transmit(self, command: bytes) -> bytes:
        self._check()
        return self.card.process(command)

    def reset(self) -> bytes:
        self._check()
        return self.card.reset()

    def remove(self) -> None:
        """Pull the card: its power is gone."""
        self._present = False
        self.card.reset()

    def insert(self, card: EmulatedCard | None = None) -> None:
        """Put the card back, or another one."""
        self.card = self.card if card is None else card
        self._present = True

    def close(self) -> None:
        if self._open and self._present:
            self.card.reset()
        self._open = False

    def _check(self) -> None:
        if not self._open:
            raise TransportError("this way to the emulated card is closed")
        if not self._present:
            raise NoCard("there is no card in the emulated reader")
