"""Ctrl-C and ``kill``: either ends an unlock in order, and neither ends what is said once it has ended."""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack
from types import FrameType
from typing import Self


class Terminated(KeyboardInterrupt):
    """The process was asked to end by SIGTERM."""


class Signals:
    """For the time of a ``with``: until :meth:`end`, SIGINT raises KeyboardInterrupt and SIGTERM a kind of it."""

    def __init__(self) -> None:
        self._ended = False
        self._before = ExitStack()

    def end(self) -> None:
        """From here on neither does anything: what became of the card is told to its end."""
        self._ended = True

    def __enter__(self) -> Self:
        # Python has signals in the main thread only; elsewhere nobody sends any.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before.callback(signal.signal, number, signal.signal(number, self._handle))
        return self

    def __exit__(self, *_: object) -> None:
        self._before.close()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self._ended:
            raise Terminated if number == signal.SIGTERM else KeyboardInterrupt
