"""How sentences for people are printed."""

from __future__ import annotations

import sys

import pytest

from tools.tell import tell

TEXT = "The issuer's secure session (--sm-keys) unblocks without it, as four of four lines say."


def test_one_line_for_programs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    tell(TEXT)
    assert capsys.readouterr() == ("", f"{TEXT}\n")


def test_lines_broken_at_words_for_people(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "38")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    tell(TEXT)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["The issuer's secure session", "(--sm-keys) unblocks without it, as", "four of four lines say."]


def test_what_has_lines_keeps_them(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    tell("there are 2 mistakes:\n  the first, which is long\n  the second")
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["there are 2 mistakes:", "  the first, which is", "long", "  the second"]
