"""Windows resets a card whose transaction lies idle for five seconds; who holds one for longer has to do something."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

NEEDED = 4.0 if sys.platform == "win32" else None
"""Seconds after which something is to be done with the card; None where nobody resets it.

https://learn.microsoft.com/windows/win32/api/winscard/nf-winscard-scardbegintransaction
"""


class KeepAlive:
    """Calls ``ping`` in a thread of its own whenever nothing was done for ``seconds``, until :meth:`stop`.

    It never comes between a call and its answer, where calls are made inside :meth:`working`. ``ping`` raises nothing.
    """

    def __init__(self, ping: Callable[[], object], seconds: float) -> None:
        self._ping = ping
        self._seconds = seconds
        self._last = time.monotonic()
        self._call = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="akis-keep-alive", daemon=True)
        self._thread.start()

    @contextmanager
    def working(self) -> Iterator[None]:
        """For the time of a call, whose end counts as something done."""
        with self._call:
            try:
                yield
            finally:
                self._last = time.monotonic()

    def stop(self) -> None:
        """No ping comes after this has returned."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(max(self._last + self._seconds - time.monotonic(), 0)):
            with self._call:  # waits for the end of a call that takes longer, which may be a person typing
                if time.monotonic() - self._last >= self._seconds and not self._ended.is_set():
                    self._ping()
                    self._last = time.monotonic()
