"""What became of playing one recorded session again."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from akis.errors import AkisError
from akis.trace.compare import Difference

Mode = Literal["strict", "masked", "rekey"]
Verdict = Literal["passed", "differs", "slower", "error"]


@dataclass(frozen=True, slots=True)
class Deviation:
    """One difference: ``exchange`` counts from 1 (0: before the first), ``command`` is its name."""

    exchange: int
    command: str
    difference: Difference
    hint: str = ""

    def __str__(self) -> str:
        place = f"exchange {self.exchange}, {self.command}" if self.exchange else self.command
        return f"{place}: {self.difference}" + (f"; {self.hint}" if self.hint else "")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One session: ``deviations`` holds the first difference, or all of them where playing went on; times in seconds.

    ``slots`` are those that hide bytes of commands; ``cut`` says that the last line of the trace was cut off.
    ``fresh`` is a new recording to be accepted in the place of the trace. ``now`` and ``recorded`` sum up what the same
    exchanges took; ``recorded`` is None where the trace has no times.
    """

    name: str
    verdict: Verdict
    mode: Mode | None = None
    exchanges: int = 0
    now: float = 0.0
    recorded: float | None = None
    deviations: tuple[Deviation, ...] = field(default=())
    error: AkisError | None = None
    fresh: Path | None = None
    slots: frozenset[str] = frozenset()
    cut: bool = False

    @property
    def message(self) -> str:
        """What there is to say beyond the verdict, in a sentence; nothing where it passed."""
        if self.error is not None:
            return str(self.error)
        if self.deviations:
            return str(self.deviations[0])
        if self.verdict == "slower":
            return f"took {self.now * 1000:.1f} ms, recorded {(self.recorded or 0) * 1000:.1f} ms"
        return ""
