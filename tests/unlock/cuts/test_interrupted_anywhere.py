"""Ctrl-C between any two lines of the client, not only at its commands: what it says the card holds is still true.

No network is in this, so that there is time for every line.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import akis
from akis.unlock.holds import Holds
from tests.akis.unlock.issuer import NEW_PIN, stored
from tests.akis.unlock.test_run import Holder

pytestmark = pytest.mark.slow

ROOMS = ("card", "conversation", "pin", "secret", "transport", "unlock")
"""Whose lines are counted: from what the holder calls down to where bytes go to the card."""
_CLIENT = tuple(str(Path(akis.__file__).parent / room) for room in ROOMS)


class Interrupted:
    """Counts the lines that the client executes in a ``with``, and raises KeyboardInterrupt before number ``at``."""

    def __init__(self, at: int = 0) -> None:
        self.lines = 0
        self.where = ""
        self._at = at

    def __enter__(self) -> Interrupted:
        self._before = sys.gettrace()
        sys.settrace(self._called)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _called(self, frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        return self._line if frame.f_code.co_filename.startswith(_CLIENT) else None

    def _line(self, frame: FrameType, event: str, _: Any) -> Callable[..., Any]:
        if event == "line":
            self.lines += 1
            if self.lines == self._at:
                self.where = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
                raise KeyboardInterrupt
        return self._line


def test_before_any_line() -> None:
    holder = Holder("akis-2.5")
    holder.begin()
    with Interrupted() as counted:
        holder.unlock()
    assert counted.lines > 500
    said = set()
    for at in range(1, counted.lines + 1):
        holder = Holder("akis-2.5")
        holder.begin()
        with Interrupted(at) as interrupted, pytest.raises(KeyboardInterrupt):
            holder.unlock()
        assert holder.run.holds in (holder.really, Holds.UNKNOWN), interrupted.where
        said.add(holder.run.holds)
        holder.unlock()
        assert stored(holder.card) == (NEW_PIN, "active", 3)
    assert said == set(Holds)
