"""The bar of long transfers: on a terminal only, on standard error, and gone afterwards."""

from __future__ import annotations

import io

import pytest

from tools.progress import step_bar, transfer_bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_no_terminal_no_bar() -> None:
    with transfer_bar("Reading") as progress:
        assert progress is None


def test_a_short_transfer_has_none_either(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with transfer_bar("Reading") as progress:
        assert progress is not None
        progress(100, 2048)
        progress(2048, 2048)
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("total", [40_000, None])
def test_a_long_one_has(total: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with transfer_bar("Reading 3D00/2F10") as progress:
        assert progress is not None
        for done in range(0, 40_001, 250):
            progress(done, total)
    assert "Reading 3D00/2F10" in terminal.getvalue()
    assert ("100%" in terminal.getvalue()) is (total is not None)


def test_steps_show_nothing_within_the_first_second(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    now = [0.0]
    with step_bar("Inspecting", clock=lambda: now[0]) as progress:
        assert progress is not None
        progress(1, 40)
        now[0] = 0.9
        progress(2, 40)
        assert terminal.getvalue() == ""
        now[0] = 1.1
        progress(3, 40)
    assert "Inspecting" in terminal.getvalue()


def test_no_terminal_no_steps() -> None:
    with step_bar("Inspecting") as progress:
        assert progress is None
