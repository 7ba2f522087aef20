"""What a reader needs of a card, and a transport that stands in for one."""

from __future__ import annotations

from typing import Protocol

from akis.transport.base import Transport


class CardFace(Protocol):
    """A card as a reader sees it: :class:`akis.emulator.EmulatedCard` is one."""

    @property
    def atr(self) -> bytes:
        """The answer to reset."""

    def reset(self) -> bytes:
        """Take the power away and give it back."""

    def process(self, raw: bytes) -> bytes:
        """Answer one command APDU."""


class TransportFace:
    """The card at the end of ``transport``, so that what a reader sends can be recorded on its way to the card."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @property
    def atr(self) -> bytes:
        return self._transport.atr

    def reset(self) -> bytes:
        return self._transport.reset()

    def process(self, raw: bytes) -> bytes:
        return self._transport.transmit(raw)
