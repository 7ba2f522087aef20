"""A million exchanges are shown and played again in memory that does not grow with the trace."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from akis.trace.jsonl import entry_line, header_line
from tests.akis.regress.recorded import raw, recorded
from tests.tools.akis_process import ROOT

PIECE = recorded(
    raw("00A4040C07504B43532D3135", "0020008106303030303030", "0020008106313233343536", "00CB3FFF064D04BF81018000")
)
FEW, MANY = 20_000, 1_000_000
_KILOBYTES_MORE = 4096


def a_trace(path: Path, exchanges: int) -> Path:
    piece = "".join(entry_line(entry) + "\n" for entry in PIECE.entries())
    with path.open("w", encoding="utf-8") as stream:
        stream.write(header_line(PIECE.header) + "\n")
        for _ in range(exchanges // len(PIECE.kept)):
            stream.write(piece)
    return path


def peak(*arguments: object) -> int:
    """The most memory that ``akis`` had in one run, in kilobytes."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tools", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss


@pytest.mark.slow
@pytest.mark.parametrize("command", [("trace", "show"), ("trace", "show", "--brief"), ("trace", "stats"), ("replay",)])
def test_memory_does_not_grow(tmp_path: Path, command: tuple[str, ...]) -> None:
    few = peak(*command, a_trace(tmp_path / "few.jsonl", FEW))
    many = peak(*command, a_trace(tmp_path / "many.jsonl", MANY))
    assert many < few + _KILOBYTES_MORE
