"""The file of the lines of before: for its owner alone, never longer than it should be, and no reason to fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.shell.history import HistoryFile, history_file


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert history_file() == tmp_path / "akis" / "shell-history"
    monkeypatch.setenv("XDG_STATE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert history_file() == tmp_path / ".local" / "state" / "akis" / "shell-history"


def test_lines_come_back_in_order_and_only_to_their_owner(tmp_path: Path) -> None:
    path = tmp_path / "state" / "akis" / "shell-history"
    for line in ("ls", "cat 2F00"):
        HistoryFile(path).add(line)
    assert HistoryFile(path).read() == ["ls", "cat 2F00"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_that_others_can_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "h"
    path.write_text("ls\n")
    path.chmod(0o644)
    HistoryFile(path).add("status")
    assert path.stat().st_mode & 0o777 == 0o600


def test_it_is_cut_where_it_is_too_long(tmp_path: Path) -> None:
    path = tmp_path / "h"
    path.write_text("".join(f"expect {number:04X}\n" for number in range(3000)))
    assert len(HistoryFile(path).read()) == 1000
    assert path.read_text().splitlines()[0] == f"expect {2000:04X}"


def test_what_steers_a_terminal_does_not_come_back(tmp_path: Path) -> None:
    path = tmp_path / "h"
    path.write_bytes(b"ls\n\x1b[2Jcat\n\xff\nstatus\n")
    assert "ls" in HistoryFile(path).read()
    assert not any("\x1b" in line for line in HistoryFile(path).read())


def test_no_link_is_followed(tmp_path: Path) -> None:
    other, path = tmp_path / "other", tmp_path / "h"
    other.write_text("not mine\n")
    path.symlink_to(other)
    file = HistoryFile(path)
    file.add("ls")
    assert (other.read_text(), bool(file.failure)) == ("not mine\n", True)


def test_a_place_that_cannot_be_written_is_said_and_survived(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    file = HistoryFile(tmp_path / "file" / "h")
    file.add("ls")
    assert file.failure
    assert HistoryFile(tmp_path / "none").read() == []
