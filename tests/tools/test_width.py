"""How wide the lines are that go to standard output."""

from __future__ import annotations

import sys

import pytest

from tools.width import columns


@pytest.mark.parametrize(("terminal", "wide"), [("120", 120), ("50", 50), ("20", 40)])
def test_as_the_terminal_and_never_less_than_40(terminal: str, wide: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", terminal)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert columns() == wide
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    assert columns() == 80
