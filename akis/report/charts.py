"""The charts of a page: small drawings without text of their own, as wide as there is room, coloured by its style."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_HEIGHT = 24
_ROOM_ABOVE = 3


@dataclass(frozen=True, slots=True)
class LogAxis:
    """A time axis from ``low`` to ``high``, powers of ten of microseconds; both are whole, and ``low`` is less."""

    low: int
    high: int

    @classmethod
    def of(cls, times: Sequence[Mapping[str, Any]]) -> LogAxis:
        """The axis that all these times are on; at least one."""
        starts = [one["distribution"][0]["from"] for one in times]
        ends = [one["distribution"][-1]["to"] for one in times]
        low = math.floor(math.log10(max(min(starts), 1)))
        return cls(low, max(math.ceil(math.log10(max(ends))), low + 1))

    @property
    def ticks(self) -> list[int]:
        """Microseconds at each power of ten."""
        return [10**power for power in range(self.low, self.high + 1)]

    def at(self, duration: float) -> float:
        """Where a time is, in percent from the left."""
        return 100 * (math.log10(max(duration, 10**self.low)) - self.low) / (self.high - self.low)


def distribution(times: Mapping[str, Any], axis: LogAxis, words: str) -> str:
    """How many answers took how long: a column for each span of time, a line at the median, a mark at the worst."""
    most = max(one["count"] for one in times["distribution"])
    pieces = [_line("grid", axis.at(tick), _HEIGHT) for tick in axis.ticks]
    for one in times["distribution"]:
        left, right = axis.at(one["from"]), axis.at(one["to"])
        height = (_HEIGHT - _ROOM_ABOVE) * one["count"] / most
        if one["count"]:
            pieces.append(_box("bar", left, _HEIGHT - height, right - left, height))
    pieces.append(_line("worst", axis.at(times["worst"]), _HEIGHT))
    pieces.append(_line("median", axis.at(times["median"]), _HEIGHT))
    return _svg("distribution", f"0 0 100 {_HEIGHT}", words, "".join(pieces))


def tries(left: int, most: int, words: str) -> str:
    """A dot for each try, those that are left filled."""
    dots = "".join(
        f'<circle class="{"left" if at < left else "spent"}" cx="{6 + 14 * at}" cy="6" r="4.5"/>' for at in range(most)
    )
    place = f'viewBox="0 0 {14 * most - 2} 12" width="{14 * most - 2}" height="12"'
    return f'<svg class="tries" {place} role="img" aria-label="{words}">{dots}</svg>'


def verdicts(counts: Mapping[str, int], words: str) -> str:
    """One bar of all checks, cut by their verdicts."""
    total, at, pieces = max(sum(counts.values()), 1), 0.0, []
    for verdict, count in counts.items():
        width = 100 * count / total
        if count:
            pieces.append(_box(kind(verdict), at, 0, width, 8))
        at += width
    return _svg("verdicts", "0 0 100 8", words, "".join(pieces))


def validity(begins: datetime, ends: datetime, now: datetime, words: str) -> str:
    """From when to when, and where in it now is."""
    first, last = min(begins, now), max(ends, now)
    whole = max((last - first).total_seconds(), 1.0)

    def at(moment: datetime) -> float:
        return 98 * (moment - first).total_seconds() / whole + 1

    span = _box("inside" if begins <= now <= ends else "outside", at(begins), 3, max(at(ends) - at(begins), 0.5), 6)
    return _svg("validity", "0 0 100 12", words, span + _line("now", at(now), 12))


def kind(verdict: str) -> str:
    """A verdict as the name of a class."""
    return verdict.replace(" ", "-")


def _box(name: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{name}" x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}"/>'


def _line(name: str, x: float, height: int) -> str:
    return f'<line class="{name}" x1="{x:.2f}" x2="{x:.2f}" y1="0" y2="{height}"/>'


def _svg(name: str, box: str, words: str, inside: str) -> str:
    head = f'class="{name}" viewBox="{box}" preserveAspectRatio="none" role="img" aria-label="{words}"'
    return f"<svg {head}>{inside}</svg>"
