"""A card in a reader of this machine, through the PC/SC service (pcscd).

What PC/SC answers when it fails becomes an error that says what happened and what to do. Nothing is repaired behind
the caller's back: after a reset by another program, or once the card was out, every command is refused until
:meth:`PcscTransport.reset`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from smartcard import scard

from akis.errors import (
    CardMute,
    CardRemoved,
    CardReset,
    InvalidArgument,
    NoCard,
    NoReader,
    NoService,
    ServiceForbidden,
    SharingViolation,
    TransportError,
    WrongType,
)
from akis.transport.base import Transport
from akis.transport.readers import Reader, is_ignored

IGNORE_READERS = "AKIS_IGNORE_READERS"
"""The environment variable with parts of the names of readers to leave alone, between commas or semicolons."""

Meanings = dict[int, tuple[type[TransportError], str]]

_PCI = {scard.SCARD_PROTOCOL_T0: scard.SCARD_PCI_T0, scard.SCARD_PROTOCOL_T1: scard.SCARD_PCI_T1}
_ANY_PROTOCOL = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
_SHORTEST_COMMAND, _SHORTEST_ANSWER = 4, 2
_TIME_TO_NOTICE = 1000
"""Milliseconds; pcscd looks every 400 at readers that do not report by themselves."""

_START = "start pcscd, then connect again"
_NOT_ALLOWED = "the PC/SC service does not let this user in; ask for access, often given by polkit"
_TURN = "see that it is a smart card, clean and the right way up"
_UNKNOWN = "nobody can say whether the command took effect"

_MEANINGS: Meanings = {
    scard.SCARD_E_NO_SERVICE: (NoService, f"the PC/SC service does not answer; {_START}"),
    scard.SCARD_E_SERVICE_STOPPED: (NoService, f"the PC/SC service has stopped; {_START}"),
    scard.SCARD_E_NO_ACCESS: (ServiceForbidden, _NOT_ALLOWED),
    scard.SCARD_W_SECURITY_VIOLATION: (ServiceForbidden, _NOT_ALLOWED),
    scard.SCARD_E_NO_READERS_AVAILABLE: (NoReader, "there is no card reader; plug one in"),
    scard.SCARD_E_UNKNOWN_READER: (NoReader, "there is no reader {reader}; see which ones there are"),
    scard.SCARD_E_READER_UNAVAILABLE: (NoReader, "the reader {reader} is gone; plug it in, then connect again"),
    scard.SCARD_E_NO_SMARTCARD: (NoCard, "there is no card in {reader}; insert one"),
    scard.SCARD_W_UNRESPONSIVE_CARD: (CardMute, f"the card in {{reader}} does not answer; {_TURN}"),
    scard.SCARD_W_UNSUPPORTED_CARD: (CardMute, f"{{reader}} can make nothing of its card; {_TURN}"),
    scard.SCARD_E_CARD_UNSUPPORTED: (CardMute, f"{{reader}} can make nothing of its card; {_TURN}"),
    scard.SCARD_E_INVALID_ATR: (CardMute, f"the card in {{reader}} answers nonsense to its reset; {_TURN}"),
    scard.SCARD_E_PROTO_MISMATCH: (CardMute, f"the card in {{reader}} offers neither T=0 nor T=1; {_TURN}"),
    scard.SCARD_W_REMOVED_CARD: (CardRemoved, "the card was taken out of {reader}; put it back, then begin again"),
    scard.SCARD_W_UNPOWERED_CARD: (CardRemoved, "the card in {reader} has lost its power; begin again"),
    scard.SCARD_W_RESET_CARD: (
        CardReset,
        "another program reset the card in {reader}, PIN state and secure session are gone; reset it, then begin again",
    ),
    scard.SCARD_E_SHARING_VIOLATION: (
        SharingViolation,
        "another program has the card in {reader}; end that one, then try again",
    ),
    scard.SCARD_E_NOT_TRANSACTED: (TransportError, f"the card in {{reader}} gave no answer ({{code}}); {_UNKNOWN}"),
    scard.SCARD_F_COMM_ERROR: (TransportError, f"the reader {{reader}} gave no answer ({{code}}); {_UNKNOWN}"),
    scard.SCARD_E_INVALID_HANDLE: (
        TransportError,
        "the PC/SC service has forgotten this connection to {reader} ({code}); connect again",
    ),
    scard.SCARD_E_INSUFFICIENT_BUFFER: (
        TransportError,
        "a command or an answer is too long for {reader} ({code}); use shorter ones",
    ),
    scard.SCARD_E_UNSUPPORTED_FEATURE: (TransportError, "the reader {reader} cannot do this ({code})"),
}
_OPENING: Meanings = {
    # It could not be powered up, as opposed to one that was and has lost it.
    scard.SCARD_W_UNPOWERED_CARD: _MEANINGS[scard.SCARD_W_UNRESPONSIVE_CARD],
}
_IN_USE: Meanings = {
    # There was one, or there would be no connection.
    scard.SCARD_E_NO_SMARTCARD: _MEANINGS[scard.SCARD_W_REMOVED_CARD],
}
_OTHERWISE = (TransportError, "PC/SC failed at {reader} with {code}")
_EXCHANGE_FAILED = (scard.SCARD_E_NOT_TRANSACTED, scard.SCARD_F_COMM_ERROR)
_NAMES = {
    value: name
    for name, value in vars(scard).items()
    if name.startswith(("SCARD_E_", "SCARD_F_", "SCARD_P_", "SCARD_W_"))
}
_LASTING = (CardRemoved, CardReset, CardMute, NoCard, NoReader, NoService)
"""What a connection does not recover from by itself."""


class PcscTransport(Transport):
    """The card in ``reader``, by its full name, in T=0 or T=1 as card and reader agree.

    ``exclusive`` keeps all other programs from the card. :meth:`close` resets the card, so that nobody finds a verified
    PIN; with ``leave_card`` it stays as it is.

    Where another program has a transaction with the card, connecting and commands wait for its end. Raises the errors
    of :func:`error` and holds no data of commands in any of them.
    """

    def __init__(self, reader: str, *, exclusive: bool = False, leave_card: bool = False) -> None:
        if not isinstance(reader, str):
            raise WrongType(f"a reader is named by a text, not by {type(reader).__name__}")
        self.reader = reader
        self._share = scard.SCARD_SHARE_EXCLUSIVE if exclusive else scard.SCARD_SHARE_SHARED
        self._leave_card = leave_card
        self._lost: TransportError | None = None
        """Why no command can be sent until the next reset."""
        self._closed: TransportError | None = None
        self._depth = 0
        with ExitStack() as stack:
            self._context = stack.enter_context(_service())
            code, self._card, _ = scard.SCardConnect(self._context, reader, self._share, _ANY_PROTOCOL)
            if code:
                raise error(code, reader, _OPENING)
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
        code, _ = scard.SCardReconnect(self._card, self._share, _ANY_PROTOCOL, scard.SCARD_RESET_CARD)
        if code:
            self._lost = error(code, self.reader, _OPENING)
            raise _copy(self._lost)
        self._look_at_card()
        self._lost = None
        return self._atr

    def control(self, code: int, data: bytes) -> bytes:
        """Send ``data`` to the reader's driver under the control code ``code``, as SCARD_CTL_CODE gives it."""
        if self._closed is not None:
            raise _copy(self._closed)
        result, answer = scard.SCardControl(self._card, code, list(data))
        if result:
            raise self._failed(result)
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
        self._depth += 1
        try:
            yield
        finally:
            if self._depth:  # or it was closed meanwhile
                self._depth -= 1
                if not self._depth:
                    scard.SCardEndTransaction(self._card, scard.SCARD_LEAVE_CARD)

    def close(self) -> None:
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

    def _failed(self, code: int) -> TransportError:
        """The error for ``code``, remembered where it is one that lasts."""
        if code in _EXCHANGE_FAILED:
            code = self._why_no_answer(code)
        failure = error(code, self.reader, _IN_USE)
        if isinstance(failure, _LASTING):
            self._lost = failure
        return failure

    def _why_no_answer(self, code: int) -> int:
        """What is behind a failed exchange: an empty reader, seen at the service's next look, or no service at all."""
        state = scard.SCARD_STATE_UNAWARE
        for timeout in (0, _TIME_TO_NOTICE):
            failed, states = scard.SCardGetStatusChange(self._context, timeout, [(self.reader, state)])
            if failed:
                gone = issubclass(_MEANINGS.get(failed, _OTHERWISE)[0], NoService)
                return int(failed) if gone else code
            state = states[0][1]
            if state & scard.SCARD_STATE_EMPTY:
                return int(scard.SCARD_W_REMOVED_CARD)
        return code

    def _disconnect(self) -> None:
        # A card that another program has reset is that one's now.
        leave = self._leave_card or self._lost is not None
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


def error(code: int, reader: str = "", instead: Meanings | None = None) -> TransportError:
    """The error for what PC/SC answers; ``instead`` has the meanings that differ from the usual ones."""
    kind, sentence = (instead or {}).get(code) or _MEANINGS.get(code, _OTHERWISE)
    name = f"{_NAMES.get(code, 'an unknown code')}, {code & 0xFFFFFFFF:08X}"
    return kind(sentence.format(reader=reader or "some reader", code=name))


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
