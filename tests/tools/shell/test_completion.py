"""Completion: commands, files and status words, without a byte to the card."""

from __future__ import annotations

import pytest

from tests.tools.apdu_runs import listen
from tests.tools.shell.shells import bench
from tools.shell.completion import candidates, takes_path
from tools.shell.lines import COMMANDS, do


def words(line: str, *before: str) -> list[str]:
    on = bench()
    for done in before:
        do(on, done)
    return [found.word for found in candidates(line, on)[1]]


def test_commands() -> None:
    assert words("") == [command.name for command in COMMANDS]
    assert words("se") == ["select"]
    assert words("r") == ["record", "run", "reset"]
    assert words("help r") == ["record", "run", "reset"]
    assert words("nonsense x") == []


def test_files_of_the_current_directory_and_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert words("select ") == ["app", "2F00", "2F01", "3D00", *words("select /")]
    assert "5031" in words("cat ", "ls /3D00", "select 3D00")
    assert ".." in words("select ", "select 3D00")
    assert "/3D00/5031" in words("cat /3d", "ls /3D00")
    assert words("ls ", "ls /3D00") == ["3D00", "/", "/3D00"]
    assert words("cat 2F00 ") == []


def test_status_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert words("expect 63") == ["6300", "6381", "63Cx", "63xx"]
    assert words("expect ", "apdu 84/08")[0] == "9000"
    assert words("apdu 84/08=6A8")[:2] == ["6A80", "6A81"]
    assert words("apdu 84/08") == []


def test_options() -> None:
    assert words("cat --") == ["--record", "--out"]
    assert words("verify --p") == ["--pin"]
    assert words("apdu --yes --y") == []


def test_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    on = bench()
    sent = listen(monkeypatch)
    for line in ("", "select ", "ls /", "cat 2", "expect ", "apdu 84=", "sm ", "record ", "help "):
        candidates(line, on)
    assert sent == []


@pytest.mark.parametrize(
    ("line", "path"),
    [("run x", "x"), ("record ", ""), ("sm /etc", "/etc"), ("cat 2F00 --out /t", "/t"), ("cat 2F", None), ("ru", None)],
)
def test_paths_of_this_computer(line: str, path: str | None) -> None:
    assert takes_path(line) == path
