"""Whether an authority can work, found out at most every few seconds, however often and by whomever it is asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from akis.authority.context import Authority
from akis.authority.http import logs
from akis.authority.store.migrate import is_current
from akis.errors import AkisError

LASTS = 2.0
"""Seconds for which an answer counts: asking costs a query, and an operation of the HSM."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """``complaint`` is a sentence, or None where all is well."""

    complaint: str | None
    until: float


class Readiness:
    """The answer of one process; several threads may ask."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._asking = threading.Lock()
        self._last: _Answer | None = None

    def complaint(self, authority: Authority) -> str | None:
        """Why it cannot work, or None. While one thread finds out, others are told what was found the last time."""
        last = self._last
        if last is not None and self._clock() < last.until:
            return last.complaint
        if not self._asking.acquire(blocking=last is None):
            assert last is not None
            return last.complaint
        try:
            last = self._last
            if last is None or self._clock() >= last.until:
                complaint = _complaint(authority)
                last = self._last = _Answer(complaint, self._clock() + LASTS)
            return last.complaint
        finally:
            self._asking.release()


def _complaint(authority: Authority) -> str | None:
    part = "database"
    try:
        authority.store.check()
        current = is_current(authority.store)
        part = "master key"
        authority.master.check()
    except AkisError as error:
        logs.logger().error("not ready", part=part, exc_info=error)
        return f"the {part} cannot be used at present"
    return None if current else "the database has not the tables of this version"
