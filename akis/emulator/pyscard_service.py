"""The PC/SC functions of ``smartcard.scard``, answered here where they concern an emulated reader.

While there is one, ours stand in place of the real ones in all modules of pyscard, and hand on to those what is not for
us. Contexts, card handles and the list of readers are kept here; what happens at one reader is its own business.
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

from akis.emulator.pyscard_slot import EmulatedReader, Failed, Link

_NO_SERVICE = (scard.SCARD_E_NO_SERVICE, scard.SCARD_E_SERVICE_STOPPED)
_ALL_GROUPS = ("SCard$AllReaders", "SCard$DefaultReaders")
_PLUG_AND_PLAY = "\\\\?PnP?\\Notification"
_HANDLES = 1 << 48
"""Where our contexts and cards start: those of pcsc-lite have 32 bits."""
_LOOK_AGAIN = 0.05
"""Seconds between looks at our readers while the service is waiting for its own."""

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
"""Functions of :class:`Service`, and what each returns after its result code when it fails."""

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


class Service:
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
        self._links: dict[int, Link] = {}
        self._entered = False

    def _call(self, empty: tuple[Any, ...], function: Callable[..., tuple[Any, ...]], *arguments: Any) -> Any:
        """Run one of the functions; a result code in front, as in ``smartcard.scard``."""
        try:
            code, values = scard.SCARD_S_SUCCESS, function(*arguments)
        except Failed as failed:
            code, values = failed.code, failed.values or empty
        finally:
            self.leave()
        return [code, *values] if empty else code

    def _real(self, name: str, *arguments: Any) -> tuple[Any, ...]:
        """What the PC/SC service answers, or nothing but its result code."""
        answer = self.real[name](*arguments)
        code, *values = answer if isinstance(answer, list) else [answer]
        if code != scard.SCARD_S_SUCCESS:
            raise Failed(code, *values)
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
        except Failed:
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
            except Failed as failed:
                if failed.code not in (*_NO_SERVICE, scard.SCARD_E_NO_READERS_AVAILABLE):
                    raise
        if not ours and not theirs:
            raise Failed(scard.SCARD_E_NO_READERS_AVAILABLE)
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
                    raise Failed(scard.SCARD_E_CANCELLED, found)
                if not forever and time.monotonic() >= end:
                    raise Failed(scard.SCARD_E_TIMEOUT, found)

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
                    raise Failed(scard.SCARD_E_UNKNOWN_READER)
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
                raise Failed(code, theirs)
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
            raise Failed(scard.SCARD_E_UNKNOWN_READER)
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
