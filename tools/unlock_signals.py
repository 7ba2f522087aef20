"""Ctrl-C, ``kill`` and a closed terminal: each ends an unlock in order, and none what is said once it has ended."""

from __future__ import annotations

import signal
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from types import FrameType
from typing import Self

from .exit_codes import Exit


class Terminated(KeyboardInterrupt):
    """The process was asked to end by SIGTERM."""

    code = Exit.TERMINATED


class HungUp(Terminated):
    """Its terminal is gone: SIGHUP."""

    code = Exit.HUNG_UP


_RAISED: Mapping[str, type[KeyboardInterrupt]] = {
    "SIGINT": KeyboardInterrupt,
    "SIGTERM": Terminated,
    "SIGHUP": HungUp,
}
"""What a signal raises, by its name; not every system has all of them."""


class Signals:
    """For the time of a ``with``: until :meth:`end`, SIGINT raises KeyboardInterrupt, SIGTERM and SIGHUP a kind of it.

    A SIGHUP that is ignored, as under ``nohup``, stays so.
    """

    def __init__(self) -> None:
        self.noticed: KeyboardInterrupt | None = None
        """What was raised: on its way it may be lost, since a terminal that is gone makes errors of its own."""
        self._ended = False
        self._before = ExitStack()

    def end(self) -> None:
        """From here on none does anything: what became of the card is told to its end."""
        self._ended = True

    def __enter__(self) -> Self:
        # Python has signals in the main thread only; elsewhere nobody sends any.
        if threading.current_thread() is threading.main_thread():
            for name in _RAISED:
                number = getattr(signal, name, None)
                if number is None or (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
                    continue
                self._before.callback(signal.signal, number, signal.signal(number, self._handle))
        return self

    def __exit__(self, *_: object) -> None:
        self._before.close()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self._ended:
            self.noticed = _RAISED[signal.Signals(number).name]()
            raise self.noticed
