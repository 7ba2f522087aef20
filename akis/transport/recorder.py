"""Records what goes over a transport, as it happens, redacted before it is written."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import RLock

from akis.codec.pin_entry import pin_entry
from akis.commands.pin_entry import is_said_by_reader
from akis.errors import AkisError, CardRemoved, NoCard, ReaderRefused
from akis.trace.entries import Entry, Event, Exchanged, Failure
from akis.trace.redactor import Redactor
from akis.transport.base import Transport
from akis.transport.foreign import strip
from akis.transport.wrapper import TransportWrapper

_MICROSECOND = 1000
_Made = Callable[[bytes | None, int, int, Failure | None], Exchanged]


class Recorder(TransportWrapper):
    """Gives ``write`` every exchange and event. Put right around the reader, it sees what really went over the wire.

    What ``write`` raises is not the card's doing: it is kept in :attr:`failure`, nothing more is written, and the card
    goes on; only what is no ``Exception``, such as a Ctrl-C, is raised again. ``finish`` is called once, by
    :meth:`stop` or at the end of :meth:`close`. Of what goes to the reader itself (:meth:`control`) a PIN command that
    it has sent is recorded, with what was typed hidden, and nothing else.
    """

    def __init__(
        self,
        inner: Transport,
        write: Callable[[Entry], object],
        redactor: Redactor,
        finish: Callable[[], object] = lambda: None,
        clock: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        super().__init__(inner)
        self.failure: BaseException | None = None
        self._write = write
        self._redactor = redactor
        self._finish: Callable[[], object] | None = finish
        self._clock = clock
        self._origin = clock()
        self._removed = False
        self._lock = RLock()

    def transmit(self, command: bytes) -> bytes:
        return self._recorded(lambda: self.inner.transmit(command), partial(self._redactor.exchange, command))

    def control(self, code: int, data: bytes) -> bytes:
        entry = pin_entry(data)
        if entry is None:
            return self.inner.control(code, data)
        made = partial(self._redactor.typed, entry.command, entry.whole)
        return self._recorded(lambda: self.inner.control(code, data), made, is_said_by_reader)

    def _recorded(
        self, call: Callable[[], bytes], made: _Made, unsent: Callable[[bytes], bool] = lambda _: False
    ) -> bytes:
        """What ``call`` returns or raises, written down as ``made`` has it; ``unsent``: the card had no command."""
        begin = self._now()
        try:
            answer = call()
        except BaseException as error:
            if not isinstance(error, ReaderRefused):
                self._exchange(made, None, begin, _failure(error))
            self._absent(error)
            raise
        self._present()
        if not isinstance(answer, bytes | bytearray | memoryview):
            self._exchange(made, None, begin, Failure("WrongType", "what came back were no bytes"))
        elif not unsent(answer):
            self._exchange(made, answer, begin, None)
        return answer

    def reset(self) -> bytes:
        try:
            atr = self.inner.reset()
        except BaseException as error:
            self._absent(error)
            raise
        self._present()
        self._put(lambda: Event("reset", self._now(), bytes(atr)))
        return atr

    def close(self) -> None:
        try:
            self.inner.close()
        finally:
            self.stop()

    def stop(self) -> None:
        """Write no more; the way stays open."""
        with self._lock:
            finish, self._finish = self._finish, None
        if finish is not None:
            try:
                finish()
            except Exception as error:
                self.failure = self.failure or error

    def _absent(self, error: BaseException) -> None:
        if isinstance(error, CardRemoved | NoCard) and not self._removed:
            self._removed = True
            self._put(lambda: Event("removed", self._now()))

    def _present(self) -> None:
        if self._removed:
            self._removed = False
            self._put(lambda: Event("inserted", self._now()))

    def _exchange(self, made: _Made, answer: bytes | None, begin: int, failure: Failure | None) -> None:
        took = max(self._now() - begin, 0)
        self._put(lambda: made(answer, begin, took, failure))

    def _put(self, make: Callable[[], Entry]) -> None:
        with self._lock:
            if self.failure is not None or self._finish is None:
                return
            try:
                self._write(make())
            except BaseException as error:
                # Whether or not it was written, nobody can say: nothing may follow it.
                strip(error)
                self.failure = error
                if not isinstance(error, Exception):
                    raise
                error.__traceback__ = None  # its frames hold the command

    def _now(self) -> int:
        """Microseconds since the recording began."""
        return max((self._clock() - self._origin) // _MICROSECOND, 0)


def _failure(error: BaseException) -> Failure:
    # The text of an error that is not ours may hold the command.
    text = ""
    if isinstance(error, AkisError):
        with suppress(Exception):
            text = str(error)
    return Failure(type(error).__name__, text)
