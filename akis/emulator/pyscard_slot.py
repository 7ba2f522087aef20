"""A reader with one emulated card: who is connected to it, who has it alone, and what each may do meanwhile.

What it answers, and when it refuses, is the behaviour of pcsc-lite.
"""

from __future__ import annotations

from threading import Condition
from typing import Any

from smartcard import scard
from smartcard.pcsc.PCSCReader import PCSCReader

from akis.codec.atr import Atr
from akis.emulator.card import EmulatedCard
from akis.errors import AkisError

_PROTOCOL_OF_HEADER = {
    scard.SCARD_PCI_T0: scard.SCARD_PROTOCOL_T0,
    scard.SCARD_PCI_T1: scard.SCARD_PROTOCOL_T1,
    scard.SCARD_PCI_RAW: scard.SCARD_PROTOCOL_RAW,
}
_ABSENT, _PRESENT = 0x02, 0x34
"""SCARD_ABSENT; SCARD_PRESENT, POWERED and NEGOTIABLE, as pcsc-lite says it: names that pyscard does not have."""


class Failed(Exception):
    """A PC/SC function ends with this code, and with these values instead of the usual empty ones."""

    def __init__(self, code: int, *values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


class Link:
    """A connection to the card: what a card handle stands for."""

    def __init__(self, reader: EmulatedReader, context: int, mode: int, protocol: int) -> None:
        self.reader = reader
        self.context = context
        self.mode = mode
        self.protocol = protocol
        self.lost: int | None = None
        """Why it is good for nothing until it is reconnected."""


class EmulatedReader:
    """A reader with one emulated card, or without; :func:`akis.emulator.pyscard_reader.install` makes them.

    ``smartcard.System.readers()`` lists pyscard's own object of the same name.
    """

    def __init__(self, name: str, card: EmulatedCard, changed: Condition) -> None:
        self.name = name
        self._changed = changed
        self._card: EmulatedCard | None = None
        self._links: list[Link] = []
        self._owner: Link | None = None
        self._depth = 0
        self._events = 0
        self.insert(card)

    @property
    def card(self) -> EmulatedCard | None:
        """The card in the reader."""
        return self._card

    def insert(self, card: EmulatedCard) -> None:
        """Put a card in; the one that is in comes out."""
        Atr.from_bytes(card.atr)
        self.remove()
        with self._changed:
            card.reset()
            self._card = card
            self._events += 1
            self._changed.notify_all()

    def remove(self) -> None:
        """Pull the card out: its power is gone, and so are all connections to it."""
        with self._changed:
            if self._card is not None:
                self._card.reset()
                self._card = None
                self._events += 1
                self._lose(scard.SCARD_W_REMOVED_CARD, self._links)
                self._changed.notify_all()

    def createConnection(self) -> Any:
        """A connection of pyscard to this reader."""
        return PCSCReader(self.name).createConnection()

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"EmulatedReader({self.name!r}, {self._card})"

    # ---- what the PC/SC functions do; they hold the lock, and return what comes after the result code

    def connect(self, context: int, mode: int, protocols: int) -> Link:
        self._check_sharing(mode, self._links)
        link = Link(self, context, mode, self._protocol(mode, protocols))
        self._links.append(link)
        return link

    def reconnect(self, link: Link, mode: int, protocols: int, disposition: int) -> tuple[int]:
        self._check_sharing(mode, [other for other in self._links if other is not link])
        if self._owner not in (None, link):
            raise Failed(scard.SCARD_E_SHARING_VIOLATION)
        protocol = self._protocol(mode, protocols)
        self._dispose(link, disposition)
        link.mode, link.protocol, link.lost = mode, protocol, None
        return (protocol,)

    def disconnect(self, link: Link, disposition: int) -> tuple[()]:
        self._links.remove(link)
        if link.lost is None and self._owner in (None, link):
            self._dispose(link, disposition)
        self._release(link)
        return ()

    def begin(self, link: Link) -> tuple[()]:
        while self._owner not in (None, link):
            self._changed.wait()
        self._usable(link)
        self._owner = link
        self._depth += 1
        return ()

    def end(self, link: Link, disposition: int) -> tuple[()]:
        if self._owner is not link:
            raise Failed(scard.SCARD_E_NOT_TRANSACTED)
        self._dispose(link, disposition)
        self._depth -= 1
        if not self._depth:
            self._release(link)
        return ()

    def transmit(self, link: Link, header: int, command: list[int]) -> tuple[list[int]]:
        card = self._usable(link)
        if _PROTOCOL_OF_HEADER.get(header) != link.protocol:
            raise Failed(scard.SCARD_E_PROTO_MISMATCH)
        if not isinstance(command, list):
            raise TypeError("Expected a list object.")  # as pyscard, so that nothing runs here that fails there
        try:
            return (list(card.process(bytes(byte & 0xFF for byte in command))),)
        except AkisError:
            # The card could not write its memory: no answer, and its power is gone.
            self.remove()
            raise Failed(scard.SCARD_E_NOT_TRANSACTED) from None

    def status(self, link: Link) -> tuple[str, int, int, list[int]]:
        if link.lost is not None:
            raise Failed(link.lost)
        if self._card is None:
            return self.name, _ABSENT, link.protocol, []
        return self.name, _PRESENT, link.protocol, list(self._card.atr)

    def control(self, link: Link, code: int, data: list[int]) -> tuple[list[int]]:
        raise Failed(scard.SCARD_E_UNSUPPORTED_FEATURE)

    def attribute(self, link: Link, which: int) -> tuple[list[int]]:
        if which == scard.SCARD_ATTR_ATR_STRING:
            return (list(self._usable(link).atr),)
        if which == scard.SCARD_ATTR_VENDOR_NAME:
            return (list(b"akis\0"),)
        raise Failed(scard.SCARD_E_UNSUPPORTED_FEATURE)

    def set_attribute(self, link: Link, which: int, value: list[int]) -> tuple[()]:
        raise Failed(scard.SCARD_E_UNSUPPORTED_FEATURE)

    def state(self) -> tuple[int, list[int]]:
        """What SCardGetStatusChange says of the reader: the event state without "changed", and the ATR."""
        events = (self._events & 0xFFFF) << 16
        if self._card is None:
            return events | scard.SCARD_STATE_EMPTY, []
        use = 0
        if self._links:
            exclusive = any(link.mode == scard.SCARD_SHARE_EXCLUSIVE for link in self._links)
            use = scard.SCARD_STATE_EXCLUSIVE if exclusive else scard.SCARD_STATE_INUSE
        return events | scard.SCARD_STATE_PRESENT | use, list(self._card.atr)

    def _usable(self, link: Link) -> EmulatedCard:
        if link.lost is not None:
            raise Failed(link.lost)
        if self._card is None:
            raise Failed(scard.SCARD_E_NO_SMARTCARD)
        if self._owner not in (None, link):
            raise Failed(scard.SCARD_E_SHARING_VIOLATION)
        return self._card

    def _check_sharing(self, mode: int, others: list[Link]) -> None:
        exclusive = scard.SCARD_SHARE_EXCLUSIVE
        if others and (mode == exclusive or any(link.mode == exclusive for link in others)):
            raise Failed(scard.SCARD_E_SHARING_VIOLATION)

    def _protocol(self, mode: int, wanted: int) -> int:
        """The protocol of a new connection: the card's own choice where that is wanted."""
        if mode == scard.SCARD_SHARE_DIRECT:
            return 0
        if self._card is None:
            raise Failed(scard.SCARD_E_NO_SMARTCARD)
        atr = Atr.from_bytes(self._card.atr)
        known: dict[int, int] = {0: scard.SCARD_PROTOCOL_T0, 1: scard.SCARD_PROTOCOL_T1}
        for offered in (atr.default_protocol, *atr.protocols):
            if known.get(offered, 0) & wanted:
                return known[offered]
        raise Failed(scard.SCARD_E_PROTO_MISMATCH)

    def _dispose(self, link: Link, disposition: int) -> None:
        if disposition != scard.SCARD_LEAVE_CARD and self._card is not None:
            self._card.reset()
            self._lose(scard.SCARD_W_RESET_CARD, [other for other in self._links if other is not link])

    def _lose(self, why: int, links: list[Link]) -> None:
        for link in links:
            # A removed card stays removed, whatever happens to the next one.
            link.lost = link.lost or why
            self._release(link)

    def _release(self, link: Link) -> None:
        """End the link's transaction, if it has one."""
        if self._owner is link:
            self._owner = None
            self._depth = 0
        self._changed.notify_all()
