"""The emulated card in a reader of pyscard, inside this process, with or without a PC/SC service.

``install(card)`` once, and a program written with pyscard runs unchanged: pyscard's classes stay as they are, and only
the PC/SC functions beneath them (``SCardConnect`` and the others of ``smartcard.scard``) are answered here where they
concern an emulated reader. All else goes to the PC/SC service, if there is one. Behaviour is that of pcsc-lite.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from threading import Condition
from types import ModuleType
from typing import Any

from smartcard import scard
from smartcard.pcsc.PCSCReader import PCSCReader

from akis.codec.atr import Atr
from akis.emulator.card import EmulatedCard
from akis.errors import AkisError, InvalidArgument

NAME = "akis emulator 0"

_NO_SERVICE = (scard.SCARD_E_NO_SERVICE, scard.SCARD_E_SERVICE_STOPPED)
_ALL_GROUPS = ("SCard$AllReaders", "SCard$DefaultReaders")
_PLUG_AND_PLAY = "\\\\?PnP?\\Notification"
_PROTOCOL_OF_HEADER = {
    scard.SCARD_PCI_T0: scard.SCARD_PROTOCOL_T0,
    scard.SCARD_PCI_T1: scard.SCARD_PROTOCOL_T1,
    scard.SCARD_PCI_RAW: scard.SCARD_PROTOCOL_RAW,
}
_ABSENT, _PRESENT = 0x02, 0x34
"""SCARD_ABSENT; SCARD_PRESENT, POWERED and NEGOTIABLE, as pcsc-lite says it: names that pyscard does not have."""
_HANDLES = 1 << 48
"""Where our contexts and cards start: those of pcsc-lite have 32 bits."""
_LOOK_AGAIN = 0.05
"""Seconds between looks at our readers while the service is waiting for its own."""


class _Failed(Exception):
    """A PC/SC function ends with this code, and with these values instead of the usual empty ones."""

    def __init__(self, code: int, *values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


class _Link:
    """A connection to the card: what a card handle stands for."""

    def __init__(self, reader: EmulatedReader, context: int, mode: int, protocol: int) -> None:
        self.reader = reader
        self.context = context
        self.mode = mode
        self.protocol = protocol
        self.lost: int | None = None
        """Why it is good for nothing until it is reconnected."""


class EmulatedReader:
    """A reader with one emulated card, or without; :func:`install` makes them.

    ``smartcard.System.readers()`` lists pyscard's own object of the same name.
    """

    def __init__(self, name: str, card: EmulatedCard, changed: Condition) -> None:
        self.name = name
        self._changed = changed
        self._card: EmulatedCard | None = None
        self._links: list[_Link] = []
        self._owner: _Link | None = None
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

    def connect(self, context: int, mode: int, protocols: int) -> _Link:
        self._check_sharing(mode, self._links)
        link = _Link(self, context, mode, self._protocol(mode, protocols))
        self._links.append(link)
        return link

    def reconnect(self, link: _Link, mode: int, protocols: int, disposition: int) -> tuple[int]:
        self._check_sharing(mode, [other for other in self._links if other is not link])
        if self._owner not in (None, link):
            raise _Failed(scard.SCARD_E_SHARING_VIOLATION)
        protocol = self._protocol(mode, protocols)
        self._dispose(link, disposition)
        link.mode, link.protocol, link.lost = mode, protocol, None
        return (protocol,)

    def disconnect(self, link: _Link, disposition: int) -> tuple[()]:
        self._links.remove(link)
        if link.lost is None and self._owner in (None, link):
            self._dispose(link, disposition)
        self._release(link)
        return ()

    def begin(self, link: _Link) -> tuple[()]:
        while self._owner not in (None, link):
            self._changed.wait()
        self._usable(link)
        self._owner = link
        self._depth += 1
        return ()

    def end(self, link: _Link, disposition: int) -> tuple[()]:
        if self._owner is not link:
            raise _Failed(scard.SCARD_E_NOT_TRANSACTED)
        self._dispose(link, disposition)
        self._depth -= 1
        if not self._depth:
            self._release(link)
        return ()

    def transmit(self, link: _Link, header: int, command: list[int]) -> tuple[list[int]]:
        card = self._usable(link)
        if _PROTOCOL_OF_HEADER.get(header) != link.protocol:
            raise _Failed(scard.SCARD_E_PROTO_MISMATCH)
        if not isinstance(command, list):
            raise TypeError("Expected a list object.")  # as pyscard, so that nothing runs here that fails there
        try:
            return (list(card.process(bytes(byte & 0xFF for byte in command))),)
        except AkisError:
            # The card could not write its memory: no answer, and its power is gone.
            self.remove()
            raise _Failed(scard.SCARD_E_NOT_TRANSACTED) from None

    def status(self, link: _Link) -> tuple[str, int, int, list[int]]:
        if link.lost is not None:
            raise _Failed(link.lost)
        if self._card is None:
            return self.name, _ABSENT, link.protocol, []
        return self.name, _PRESENT, link.protocol, list(self._card.atr)

    def control(self, link: _Link, code: int, data: list[int]) -> tuple[list[int]]:
        raise _Failed(scard.SCARD_E_UNSUPPORTED_FEATURE)

    def attribute(self, link: _Link, which: int) -> tuple[list[int]]:
        if which == scard.SCARD_ATTR_ATR_STRING:
            return (list(self._usable(link).atr),)
        if which == scard.SCARD_ATTR_VENDOR_NAME:
            return (list(b"akis\0"),)
        raise _Failed(scard.SCARD_E_UNSUPPORTED_FEATURE)

    def set_attribute(self, link: _Link, which: int, value: list[int]) -> tuple[()]:
        raise _Failed(scard.SCARD_E_UNSUPPORTED_FEATURE)

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

    def _usable(self, link: _Link) -> EmulatedCard:
        if link.lost is not None:
            raise _Failed(link.lost)
        if self._card is None:
            raise _Failed(scard.SCARD_E_NO_SMARTCARD)
        if self._owner not in (None, link):
            raise _Failed(scard.SCARD_E_SHARING_VIOLATION)
        return self._card

    def _check_sharing(self, mode: int, others: list[_Link]) -> None:
        exclusive = scard.SCARD_SHARE_EXCLUSIVE
        if others and (mode == exclusive or any(link.mode == exclusive for link in others)):
            raise _Failed(scard.SCARD_E_SHARING_VIOLATION)

    def _protocol(self, mode: int, wanted: int) -> int:
        """The protocol of a new connection: the card's own choice where that is wanted."""
        if mode == scard.SCARD_SHARE_DIRECT:
            return 0
        if self._card is None:
            raise _Failed(scard.SCARD_E_NO_SMARTCARD)
        atr = Atr.from_bytes(self._card.atr)
        known: dict[int, int] = {0: scard.SCARD_PROTOCOL_T0, 1: scard.SCARD_PROTOCOL_T1}
        for offered in (atr.default_protocol, *atr.protocols):
            if known.get(offered, 0) & wanted:
                return known[offered]
        raise _Failed(scard.SCARD_E_PROTO_MISMATCH)

    def _dispose(self, link: _Link, disposition: int) -> None:
        if disposition != scard.SCARD_LEAVE_CARD and self._card is not None:
            self._card.reset()
            self._lose(scard.SCARD_W_RESET_CARD, [other for other in self._links if other is not link])

    def _lose(self, why: int, links: list[_Link]) -> None:
        for link in links:
            # A removed card stays removed, whatever happens to the next one.
            link.lost = link.lost or why
            self._release(link)

    def _release(self, link: _Link) -> None:
        """End the link's transaction, if it has one."""
        if self._owner is link:
            self._owner = None
            self._depth = 0
        self._changed.notify_all()


_OF_CONTEXTS: dict[str, tuple[Any, ...]] = {
    "SCardEstablishContext": (0,),
    "SCardReleaseContext": (),
    "SCardIsValidContext": (),
    "SCardCancel": (),
    "SCardListReaders": ([],),
    "SCardListReaderGroups": ([],),
    "SCardGetStatusChange": ([],),
    "SCardConnect": (0, 0),
}
"""Functions of :class:`_Service`, and what each returns after its result code when it fails."""

_OF_CARDS: dict[str, tuple[Callable[..., tuple[Any, ...]], tuple[Any, ...]]] = {
    "SCardReconnect": (EmulatedReader.reconnect, (0,)),
    "SCardDisconnect": (EmulatedReader.disconnect, ()),
    "SCardBeginTransaction": (EmulatedReader.begin, ()),
    "SCardEndTransaction": (EmulatedReader.end, ()),
    "SCardStatus": (EmulatedReader.status, ("", 0, 0, [])),
    "SCardTransmit": (EmulatedReader.transmit, ([],)),
    "SCardControl": (EmulatedReader.control, ([],)),
    "SCardGetAttrib": (EmulatedReader.attribute, ([],)),
    "SCardSetAttrib": (EmulatedReader.set_attribute, ()),
}
"""Functions of a card handle: who does it, and what each returns after its result code when it fails."""


class _Service:
    """The PC/SC functions, for our readers and, through ``real``, for all others."""

    def __init__(self) -> None:
        self.readers: dict[str, EmulatedReader] = {}
        self.changed = Condition()
        self.real: dict[str, Callable[..., Any]] = {name: getattr(scard, name) for name in (*_OF_CONTEXTS, *_OF_CARDS)}
        self.ours: dict[str, Callable[..., Any]] = {
            **{name: partial(self._call, empty, getattr(self, name)) for name, empty in _OF_CONTEXTS.items()},
            **{name: partial(self._call, empty, self._of_card, name) for name, (_, empty) in _OF_CARDS.items()},
        }
        self._handles = count(_HANDLES)
        self._contexts: set[int] = set()
        self._cancelled: set[int] = set()
        self._links: dict[int, _Link] = {}
        self._entered = False

    def _call(self, empty: tuple[Any, ...], function: Callable[..., tuple[Any, ...]], *arguments: Any) -> Any:
        """Run one of the functions; a result code in front, as in ``smartcard.scard``."""
        try:
            code, values = scard.SCARD_S_SUCCESS, function(*arguments)
        except _Failed as failed:
            code, values = failed.code, failed.values or empty
        finally:
            self.leave()
        return [code, *values] if empty else code

    def _real(self, name: str, *arguments: Any) -> tuple[Any, ...]:
        """What the PC/SC service answers, or nothing but its result code."""
        answer = self.real[name](*arguments)
        code, *values = answer if isinstance(answer, list) else [answer]
        if code != scard.SCARD_S_SUCCESS:
            raise _Failed(code, *values)
        return tuple(values)

    def enter(self) -> None:
        """Have our functions called in place of the service's."""
        if not self._entered:
            self._entered = True
            _exchange(self.real, self.ours)

    def leave(self) -> None:
        """Have the service's functions called again, once no reader, context or card of ours is left."""
        with self.changed:
            if self._entered and not (self.readers or self._contexts or self._links):
                self._entered = False
                _exchange(self.ours, self.real)

    # ---- contexts: those of the service where one runs, our own where none does

    def SCardEstablishContext(self, scope: int) -> tuple[int]:
        try:
            (context,) = self._real("SCardEstablishContext", scope)
        except _Failed:
            if not self.readers:
                raise
            context = next(self._handles)
            self._contexts.add(context)
        return (context,)

    def SCardReleaseContext(self, context: int) -> tuple[()]:
        with self.changed:
            for handle, link in list(self._links.items()):
                if link.context == context:
                    self._of_card("SCardDisconnect", handle, scard.SCARD_RESET_CARD)
        if context not in self._contexts:
            self._real("SCardReleaseContext", context)
        self._contexts.discard(context)
        return ()

    def SCardIsValidContext(self, context: int) -> tuple[()]:
        if context not in self._contexts:
            self._real("SCardIsValidContext", context)
        return ()

    def SCardCancel(self, context: int) -> tuple[()]:
        with self.changed:
            self._cancelled.add(context)
            self.changed.notify_all()
        if context not in self._contexts:
            self._real("SCardCancel", context)
        return ()

    # ---- readers

    def SCardListReaders(self, context: int, groups: list[str]) -> tuple[list[str]]:
        ours = list(self.readers) if not groups or any(group in _ALL_GROUPS for group in groups) else []
        theirs: list[str] = []
        if context not in self._contexts:
            try:
                (theirs,) = self._real("SCardListReaders", context, groups)
            except _Failed as failed:
                if failed.code not in (*_NO_SERVICE, scard.SCARD_E_NO_READERS_AVAILABLE):
                    raise
        if not ours and not theirs:
            raise _Failed(scard.SCARD_E_NO_READERS_AVAILABLE)
        # Ours come first: whoever takes the first reader means the emulated one.
        return ([*ours, *(name for name in theirs if name not in ours)],)

    def SCardListReaderGroups(self, context: int) -> tuple[list[str]]:
        if context not in self._contexts:
            (groups,) = self._real("SCardListReaderGroups", context)
            return (groups,)
        return ([_ALL_GROUPS[1]],)

    def SCardGetStatusChange(
        self, context: int, timeout: int, states: list[tuple[Any, ...]]
    ) -> tuple[list[tuple[str, int, list[int]]]]:
        forever = timeout in (scard.INFINITE, 0xFFFFFFFF, -1)
        end = time.monotonic() + timeout / 1000
        with self.changed:
            self._cancelled.discard(context)
            while True:
                left = _LOOK_AGAIN if forever else min(max(end - time.monotonic(), 0), _LOOK_AGAIN)
                found, changed = self._look(context, left, states)
                if changed:
                    return (found,)
                if context in self._cancelled:
                    raise _Failed(scard.SCARD_E_CANCELLED, found)
                if not forever and time.monotonic() >= end:
                    raise _Failed(scard.SCARD_E_TIMEOUT, found)

    def _look(
        self, context: int, wait: float, states: list[tuple[Any, ...]]
    ) -> tuple[list[tuple[str, int, list[int]]], bool]:
        """The state of all readers asked for, and whether one differs; if none does, at most ``wait`` seconds later."""
        found = {name: (name, *self._now(name, known)) for name, known, *_ in states if name in self.readers}
        others = [item for item in states if item[0] not in found]
        changed = any(state & scard.SCARD_STATE_CHANGED for _, state, _ in found.values())
        if context in self._contexts:
            for name, known, *_ in others:
                if name != _PLUG_AND_PLAY:
                    raise _Failed(scard.SCARD_E_UNKNOWN_READER)
                found[name] = (name, known & ~scard.SCARD_STATE_CHANGED, [])
            others = []
        if not others:
            if not changed:
                self.changed.wait(wait)
        else:
            self.changed.release()
            try:
                code, theirs = self.real["SCardGetStatusChange"](context, 0 if changed else int(wait * 1000), others)
            finally:
                self.changed.acquire()
            if code not in (scard.SCARD_S_SUCCESS, scard.SCARD_E_TIMEOUT):
                raise _Failed(code, theirs)
            changed = changed or code == scard.SCARD_S_SUCCESS
            found |= {item[0]: item for item in theirs}
        return [found[name] for name, *_ in states], changed

    def _now(self, name: str, known: int) -> tuple[int, list[int]]:
        """The event state of our reader against the one known so far: "changed" set where they differ."""
        state, atr = self.readers[name].state()
        if known & scard.SCARD_STATE_IGNORE:
            return scard.SCARD_STATE_IGNORE, atr
        same = known & ~scard.SCARD_STATE_CHANGED in (state, state & 0xFFFF)
        return (state if same else state | scard.SCARD_STATE_CHANGED), atr

    # ---- cards

    def SCardConnect(self, context: int, name: str, mode: int, protocols: int) -> tuple[int, int]:
        with self.changed:
            reader = self.readers.get(name)
            if reader is not None:
                link = reader.connect(context, mode, protocols)
                handle = next(self._handles)
                self._links[handle] = link
                return handle, link.protocol
        if context in self._contexts:
            raise _Failed(scard.SCARD_E_UNKNOWN_READER)
        handle, protocol = self._real("SCardConnect", context, name, mode, protocols)
        return handle, protocol

    def _of_card(self, name: str, handle: int, *arguments: Any) -> tuple[Any, ...]:
        """A function of a card handle, ours or the service's."""
        with self.changed:
            link = self._links.get(handle)
            if link is not None:
                if name == "SCardDisconnect":
                    del self._links[handle]
                return _OF_CARDS[name][0](link.reader, link, *arguments)
        return self._real(name, handle, *arguments)


_service = _Service()


def install(card: EmulatedCard, name: str = NAME) -> EmulatedReader:
    """Put a reader of this name with this card in it before all others that pyscard knows."""
    if not name or name in _service.readers:
        raise InvalidArgument(f"there is an emulated reader {name!r} already" if name else "a reader has a name")
    with _service.changed:
        reader = _service.readers[name] = EmulatedReader(name, card, _service.changed)
        _service.enter()
    return reader


def uninstall() -> None:
    """Take all emulated readers away: their cards are pulled, and pyscard is as it was before.

    Contexts and connections that a program still holds fail from here on, and can be closed as ever.
    """
    with _service.changed:
        for reader in _service.readers.values():
            reader.remove()
        _service.readers.clear()
        _service.leave()


def _exchange(old: dict[str, Callable[..., Any]], new: dict[str, Callable[..., Any]]) -> None:
    """Replace functions in all modules of pyscard: most of them import those they need by name."""
    for module in _modules_of_pyscard():
        for name, function in old.items():
            if vars(module).get(name) is function:
                setattr(module, name, new[name])


def _modules_of_pyscard() -> Iterator[ModuleType]:
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "smartcard" and isinstance(module, ModuleType):
            yield module
