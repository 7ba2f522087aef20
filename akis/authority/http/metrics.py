"""Figures for Prometheus: who asked for what and how it ended, never about whom.

Where there are several workers, each writes into files of its own in the folder that ``PROMETHEUS_MULTIPROC_DIR`` names
(prometheus_client looks at that once, when it is imported), and whichever is asked adds them all up.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from akis.authority.http.environment import FIGURES

MEDIA_TYPE = CONTENT_TYPE_LATEST
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_LASTS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_OF_PROCESS = re.compile(r"gauge_live\w+_(\d+)\.db")


class Metrics:
    """The figures of one process. ``parts()`` gives the seconds of processor time of parts of it until now.

    ``speaking()`` is called in the thread that speaks to clients, before they are asked for there.
    """

    def __init__(
        self,
        parts: Callable[[], Mapping[str, float]],
        clock: Callable[[], float] = time.process_time,
        speaking: Callable[[], None] = lambda: None,
    ) -> None:
        self._parts = parts
        self._speaking = speaking
        self._clock = clock
        self._counted: dict[str, float] = {}
        self._lock = Lock()
        self._registry = CollectorRegistry()
        own = self._registry
        self._requests = Counter("akis_requests", "Requests.", ["method", "route", "status"], registry=own)
        self._lasted = Histogram(
            "akis_request_seconds", "How long requests took.", ["route"], registry=own, buckets=_LASTS
        )
        self._exchanges = Counter("akis_exchanges", "Exchanges with a card, by outcome.", ["outcome"], registry=own)
        self._exchange_lasted = Histogram(
            "akis_exchange_seconds", "How long exchanges with a card took.", registry=own, buckets=_LASTS
        )
        self._in_progress = Gauge(
            "akis_unlocks_in_progress",
            "Exchanges with a card going on now.",
            registry=own,
            multiprocess_mode="livesum",
        )
        self._cpu = Counter(
            "akis_cpu_seconds", "Processor time, of the whole process and of parts of it.", ["part"], registry=own
        )
        _forget_dead()

    def request(self, method: str, route: str, status: int, lasted: float) -> None:
        """One request came to its end."""
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()
        self._lasted.labels(route).observe(lasted)
        self._speaking()
        self._count_cpu()

    def exchange_began(self) -> None:
        """An exchange with a card goes on from now."""
        self._in_progress.inc()

    def exchange_refused(self, outcome: str) -> None:
        """One was not even begun."""
        self._exchanges.labels(outcome).inc()

    def exchange_ended(self, outcome: str, lasted: float) -> None:
        """It came to its end."""
        self._in_progress.dec()
        self._exchanges.labels(outcome).inc()
        self._exchange_lasted.observe(lasted)
        self._speaking()
        self._count_cpu()

    def page(self) -> bytes:
        """All figures, in :data:`MEDIA_TYPE`."""
        self._count_cpu()
        if not os.environ.get(FIGURES):
            return generate_latest(self._registry)
        everybodys = CollectorRegistry()
        MultiProcessCollector(everybodys)  # type: ignore[no-untyped-call]
        return generate_latest(everybodys)

    def close(self) -> None:
        """This process counts for what goes on no more."""
        if os.environ.get(FIGURES):
            mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]

    def _count_cpu(self) -> None:
        with self._lock:
            for part, seconds in {"process": self._clock(), **self._parts()}.items():
                self._cpu.labels(part).inc(max(0.0, seconds - self._counted.get(part, 0.0)))
                self._counted[part] = seconds


def _forget_dead() -> None:
    """Leave out what workers that died had going on."""
    folder = os.environ.get(FIGURES)
    for path in Path(folder).iterdir() if folder else ():
        found = _OF_PROCESS.fullmatch(path.name)
        if found and not _is_alive(int(found[1])):
            mark_process_dead(int(found[1]))  # type: ignore[no-untyped-call]


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
