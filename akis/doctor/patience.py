"""Calls that may never return: PC/SC waits without end for a service that hangs, or a program that keeps a card."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from akis.errors import TransportError

T = TypeVar("T")


class Silent(TransportError):
    """Nothing came back in time."""


class _Call(Generic[T]):
    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self.result: T | None = None
        self.error: BaseException | None = None
        self.done = threading.Event()

    def run(self) -> None:
        try:
            self.result = self._call()
        except BaseException as error:
            self.error = error
        self.done.set()


def within(seconds: float, call: Callable[[], T]) -> T:
    """What ``call`` returns or raises; :class:`Silent` where it takes longer, and then it is left to itself."""
    made = _Call(call)
    threading.Thread(target=made.run, daemon=True).start()
    if not made.done.wait(seconds):
        raise Silent("no answer came in time")
    if made.error is not None:
        raise made.error
    return made.result  # type: ignore[return-value]  # it is there, even if it is None
