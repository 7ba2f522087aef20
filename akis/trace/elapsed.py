"""How long a session was, the one meaning that it has wherever it is told."""

from __future__ import annotations

from akis.trace.entries import Entry, Exchanged


class Elapsed:
    """From the start of the first entry that has a time to the end of the last, in microseconds."""

    def __init__(self) -> None:
        self.first: int | None = None
        self.end = 0
        """Where the last one ends, counted from the start of the recording; 0 where there is none."""

    def add(self, entry: Entry) -> None:
        """Count one."""
        if entry.start is not None:
            took = entry.duration or 0 if isinstance(entry, Exchanged) else 0
            self.first = entry.start if self.first is None else min(self.first, entry.start)
            self.end = max(self.end, entry.start + took)

    @property
    def time(self) -> int | None:
        """How long; None where nothing has a time."""
        return None if self.first is None else self.end - self.first
