"""How much of the processor the parts of the authority take."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock, local

CRYPTOGRAPHY = "cryptography"
STORAGE = "storage"
PASSWORDS = "passwords"
"""Only what the asking thread does: argon2 works in others besides, which end with it and are not heard of here."""
HTTP = "http"
"""What the thread that speaks to clients does besides: HTTP, WebSocket, JSON, log lines."""


class Spent:
    """Seconds of processor time by part, added up over all threads.

    Only the own time of a part counts: what a part within it took is that part's. Waiting costs nothing here.
    """

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        """``clock()`` gives the seconds of processor time that the calling thread has had."""
        self._clock = clock
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._lock = Lock()
        self._threads = local()

    @contextmanager
    def on(self, part: str) -> Iterator[None]:
        """Count what happens inside for ``part``. It must not leave its thread, so nothing is awaited in there."""
        outer: list[float] | None = getattr(self._threads, "within", None)
        inner = self._threads.within = [0.0]
        start = self._clock()
        try:
            yield
        finally:
            took = self._clock() - start
            self._threads.within = outer
            if outer is not None:
                outer[0] += took
            else:
                self._threads.counted = getattr(self._threads, "counted", 0.0) + took
            with self._lock:
                self._seconds[part] += took - inner[0]

    def rest(self, part: str) -> None:
        """Count for ``part`` what this thread did since it last said so and no part counted; the first time, nothing.

        It is called outside of all parts.
        """
        uncounted = self._clock() - getattr(self._threads, "counted", 0.0)
        took = uncounted - getattr(self._threads, "uncounted", uncounted)
        self._threads.uncounted = uncounted
        with self._lock:
            self._seconds[part] += took

    def seconds(self) -> Mapping[str, float]:
        """What each part took until now."""
        with self._lock:
            return dict(self._seconds)
