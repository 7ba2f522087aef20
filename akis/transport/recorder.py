"""Records what goes over a transport, as it happens, redacted before it is written."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from threading import RLock

from akis.errors import AkisError, CardRemoved, NoCard
from akis.trace.entries import Entry, Event, Failure
from akis.trace.redactor import Redactor
from akis.transport.base import Transport
from akis.transport.foreign import strip
from akis.transport.wrapper import TransportWrapper

_MICROSECOND = 1000


class Recorder(TransportWrapper):
    """Gives ``write`` every exchange and event. Put right around the reader, it sees what really went over the wire.

    What ``write`` raises is not the card's doing: it is kept in :attr:`failure`, nothing more is written, and the card
    goes on; only what is no ``Exception``, such as a Ctrl-C, is raised again. ``finish`` is called once, by
    :meth:`stop` or at the end of :meth:`close`. What goes to the reader itself (:meth:`control`) is not recorded.
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
        begin = self._now()
        try:
            answer = self.inner.transmit(command)
        except BaseException as error:
            self._exchange(command, None, begin, _failure(error))
            self._absent(error)
            raise
        self._present()
        if isinstance(answer, bytes | bytearray | memoryview):
            self._exchange(command, answer, begin, None)
        else:
            self._exchange(command, None, begin, Failure("WrongType", "what came back were no bytes"))
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

    def _exchange(self, command: bytes, answer: bytes | None, begin: int, failure: Failure | None) -> None:
        took = max(self._now() - begin, 0)
        self._put(lambda: self._redactor.exchange(command, answer, begin, took, failure))

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
