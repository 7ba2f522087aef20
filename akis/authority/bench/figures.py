"""The arithmetic of a measurement."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from akis.authority.bench.server import Figures
from akis.authority.spent import CRYPTOGRAPHY, HTTP, PASSWORDS, STORAGE

REST = "rest"
PARTS = (CRYPTOGRAPHY, STORAGE, HTTP, PASSWORDS, REST)
_CPU = "akis_cpu_seconds_total"


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds: half of all took no longer than ``median``, and so on. By the nearest rank, so each was measured."""

    median: float
    p95: float
    p99: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Latency:
        """Of at least one."""
        ordered = sorted(seconds)
        return cls(*(ordered[math.ceil(part * len(ordered)) - 1] for part in (0.5, 0.95, 0.99)))


def cpu_by_part(before: Figures, after: Figures, passwords: float) -> Mapping[str, float]:
    """Seconds of processor time between two looks at an authority's figures, by :data:`PARTS`; they add up to all.

    ``passwords`` is what comparing passwords must have taken in all threads. What the authority counted of it leaves
    out those of argon2, which are in what no part counted; so it is no more than both together.
    """

    def took(part: str) -> float:
        return max(0.0, after.get((_CPU, part), 0.0) - before.get((_CPU, part), 0.0))

    counted = {part: took(part) for part in (CRYPTOGRAPHY, STORAGE, HTTP)}
    left = max(took("process") - sum(counted.values()), took(PASSWORDS))
    passwords = min(max(passwords, took(PASSWORDS)), left)
    return {**counted, PASSWORDS: passwords, REST: left - passwords}


def shares(seconds: Mapping[str, float]) -> Mapping[str, float]:
    """What each part is of all; they add up to 1, or are all 0 where nothing took any time."""
    total = sum(seconds.values())
    return {part: took / total if total else 0.0 for part, took in seconds.items()}
