"""A card in a reader of this machine, through the PC/SC service (pcscd).

What PC/SC answers when it fails becomes an error that says what happened and what to do. Nothing is repaired behind
the caller's back: after a reset by another program, or once the card was out, every command is refused until
:meth:`PcscTransport.reset`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext

from smartcard import scard

from akis.errors import (
    CardMute,
    CardRemoved,
    CardReset,
    InvalidArgument,
    NoCard,
    NoReader,
    NoService,
    TransportError,
    WrongType,
)
from akis.transport.base import Transport
from akis.transport.keep_alive import NEEDED, KeepAlive
from akis.transport.leaving import only_looks
from akis.transport.pcsc_codes import ASKING_READER, EXCHANGE_FAILED, IN_USE, OPENING, Meanings, error, is_of_service
from akis.transport.readers import Reader, is_ignored

IGNORE_READERS = "AKIS_IGNORE_READERS"
"""The environment variable with parts of the names of readers to leave alone, between commas or semicolons."""

_PCI = {scard.SCARD_PROTOCOL_T0: scard.SCARD_PCI_T0, scard.SCARD_PROTOCOL_T1: scard.SCARD_PCI_T1}
_ANY_PROTOCOL = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
_SHORTEST_COMMAND, _SHORTEST_ANSWER = 4, 2
_TIME_TO_NOTICE = 1000
"""Milliseconds; pcscd looks every 400 at readers that do not report by themselves."""

_LASTING = (CardRemoved, CardReset, CardMute, NoCard, NoReader, NoService)
"""What a connection does not recover from by itself."""


class PcscTransport(Transport):
    """The card in ``reader``, by its full name, in T=0 or T=1 as card and reader agree.

    ``exclusive`` keeps all other programs from the card. :meth:`close` resets the card, so that nobody finds a verified
    PIN or an open session; where all that was done was looking (SELECT, reading), others may still be at work with it,
    and it stays as it is. With ``leave_card`` it stays so in any case.

    Where another program has a transaction with the card, connecting and commands wait for its end. In a transaction
    of ours the service is asked for the card's state after each ``keep_alive`` seconds without a command; None: never.
    Raises the errors of :func:`error` and holds no data of commands in any of them.
    """

    def __init__(
        self, reader: str, *, exclusive: bool = False, leave_card: bool = False, keep_alive: float | None = NEEDED
    ) -> None:
        if not isinstance(reader, str):
            raise WrongType(f"a reader is named by a text, not by {type(reader).__name__}")
        self.reader = reader
        self._share = scard.SCARD_SHARE_EXCLUSIVE if exclusive else scard.SCARD_SHARE_SHARED
        self._leave_card = leave_card
        self._opened = False
        """Whether something was sent since the last reset that may have opened something."""
        self._seconds = keep_alive
        self._kept: KeepAlive | None = None
        self._lost: TransportError | None = None
        """Why no command can be sent until the next reset."""
        self._closed: TransportError | None = None
        self._depth = 0
        with ExitStack() as stack:
            self._context = stack.enter_context(_service())
            code, self._card, _ = scard.SCardConnect(self._context, reader, self._share, _ANY_PROTOCOL)
            if code:
                raise error(code, reader, OPENING)
            stack.callback(self._disconnect)
            self._look_at_card()
            self._way_out = stack.pop_all()

    @property
    def atr(self) -> bytes:
        return self._atr

    @property
    def protocol(self) -> str:
        """T=0 or T=1."""
        return "T=0" if self._protocol == scard.SCARD_PROTOCOL_T0 else "T=1"

    def transmit(self, command: bytes) -> bytes:
        if self._lost is not None:
            raise _copy(self._lost)
        if not isinstance(command, bytes | bytearray | memoryview):
            raise WrongType(f"a command is bytes, not {type(command).__name__}")
        if len(command) < _SHORTEST_COMMAND:
            # Drivers take it for something else: vpcd for a control message, and waits forever.
            raise InvalidArgument(f"a command has at least {_SHORTEST_COMMAND} bytes, not {len(command)}")
        self._opened = self._opened or not only_looks(bytes(command))
        with self._working():
            code, answer = scard.SCardTransmit(self._card, self._pci, list(command))
        if code or len(answer) < _SHORTEST_ANSWER:
            # vpcd calls it success when a card is pulled before it has answered.
            raise self._failed(code or scard.SCARD_E_NOT_TRANSACTED)
        return bytes(answer)

    def reset(self) -> bytes:
        """Reset the card, the one that is in the reader now, and return its ATR.

        This is also the way back after :class:`CardReset` and :class:`CardRemoved`; PIN state and secure session are
        gone, and after the latter it may be another card. After :class:`NoService` there is none: connect again.
        """
        if self._closed is not None:
            raise _copy(self._closed)
        with self._working():
            code, _ = scard.SCardReconnect(self._card, self._share, _ANY_PROTOCOL, scard.SCARD_RESET_CARD)
        if code:
            self._lost = error(code, self.reader, OPENING)
            raise _copy(self._lost)
        self._look_at_card()
        self._lost, self._opened = None, False
        return self._atr

    def control(self, code: int, data: bytes) -> bytes:
        """Send ``data`` to the reader's driver under the control code ``code``, as SCARD_CTL_CODE gives it.

        :class:`ReaderRefused` where it does not know this, or not with such data.
        """
        if self._closed is not None:
            raise _copy(self._closed)
        self._opened = self._opened or len(data) > 0
        with self._working():
            result, answer = scard.SCardControl(self._card, code, list(data))
        if result:
            raise self._failed(result, ASKING_READER)
        return bytes(answer)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep other programs from the card for the time of a ``with``, and wait here for theirs to end.

        One inside another is the same one. Where the end of it fails, what was done in it still counts: the next
        command says what is wrong.
        """
        if self._lost is not None:
            raise _copy(self._lost)
        if not self._depth:
            code = scard.SCardBeginTransaction(self._card)
            if code:
                raise self._failed(code)
            if self._seconds is not None:
                self._kept = KeepAlive(lambda: scard.SCardStatus(self._card), self._seconds)
        self._depth += 1
        try:
            yield
        finally:
            if self._depth:  # or it was closed meanwhile
                self._depth -= 1
                if not self._depth:
                    self._stop_keeping()
                    scard.SCardEndTransaction(self._card, scard.SCARD_LEAVE_CARD)

    def close(self) -> None:
        self._stop_keeping()
        self._way_out.close()
        self._depth = 0
        self._lost = self._closed = TransportError(f"the connection to the card in {self.reader} is closed")

    def __repr__(self) -> str:
        return f"PcscTransport({self.reader!r})"

    def _look_at_card(self) -> None:
        code, _, _, protocol, atr = scard.SCardStatus(self._card)
        if code or protocol not in _PCI:
            raise self._failed(code or scard.SCARD_E_PROTO_MISMATCH)
        self._protocol = protocol
        self._pci = _PCI[protocol]
        self._atr = bytes(atr)

    def _working(self) -> AbstractContextManager[None]:
        return nullcontext() if self._kept is None else self._kept.working()

    def _stop_keeping(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.stop()

    def _failed(self, code: int, instead: Meanings = IN_USE) -> TransportError:
        """The error for ``code``, remembered where it is one that lasts."""
        if code in EXCHANGE_FAILED:
            code = self._why_no_answer(code)
        failure = error(code, self.reader, {**IN_USE, **instead})
        if isinstance(failure, _LASTING):
            self._lost = failure
        return failure

    def _why_no_answer(self, code: int) -> int:
        """What is behind a failed exchange: an empty reader, seen at the service's next look, or no service at all."""
        state = scard.SCARD_STATE_UNAWARE
        for timeout in (0, _TIME_TO_NOTICE):
            failed, states = scard.SCardGetStatusChange(self._context, timeout, [(self.reader, state)])
            if failed:
                return int(failed) if is_of_service(failed) else code
            state = states[0][1]
            if state & scard.SCARD_STATE_EMPTY:
                return int(scard.SCARD_W_REMOVED_CARD)
        return code

    def _disconnect(self) -> None:
        # A card that another program has reset is that one's now.
        leave = self._leave_card or not self._opened or self._lost is not None
        scard.SCardDisconnect(self._card, scard.SCARD_LEAVE_CARD if leave else scard.SCARD_RESET_CARD)


def list_readers(ignore: str | None = None) -> list[Reader]:
    """The readers there are, and what is in them; none is no error, but a missing service is :class:`NoService`.

    Readers that ``ignore`` names by parts of their names are left out; None takes it from ``AKIS_IGNORE_READERS``.
    """
    ignore = os.environ.get(IGNORE_READERS, "") if ignore is None else ignore
    readers: list[Reader] = []
    with _service() as context:
        code, names = scard.SCardListReaders(context, [])
        if code not in (scard.SCARD_S_SUCCESS, scard.SCARD_E_NO_READERS_AVAILABLE):
            raise error(code)
        for name in names:
            code, states = scard.SCardGetStatusChange(context, 0, [(name, scard.SCARD_STATE_UNAWARE)])
            if code in (scard.SCARD_E_UNKNOWN_READER, scard.SCARD_E_READER_UNAVAILABLE) or is_ignored(name, ignore):
                continue  # gone since it was listed, or left out
            if code:
                raise error(code, name)
            _, state, atr = states[0]
            readers.append(Reader(len(readers), name, bytes(atr) or None, _in_words(state)))
    return readers


def _copy(failure: TransportError) -> TransportError:
    """A fresh one to raise: the same object would collect a traceback at each."""
    return type(failure)(*failure.args)


@contextmanager
def _service() -> Iterator[int]:
    """A context of the service, the root of all its handles."""
    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    if code:
        raise error(code)
    try:
        yield context
    finally:
        scard.SCardReleaseContext(context)


def _in_words(state: int) -> str:
    if state & scard.SCARD_STATE_EMPTY:
        return "empty"
    if not state & scard.SCARD_STATE_PRESENT:
        return "unavailable"
    words = "mute card" if state & scard.SCARD_STATE_MUTE else "card"
    if state & scard.SCARD_STATE_EXCLUSIVE:
        return f"{words}, in use exclusively"
    return f"{words}, in use" if state & scard.SCARD_STATE_INUSE else words
