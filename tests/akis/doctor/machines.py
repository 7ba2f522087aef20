"""Machines that are not this one: a directory in the place of their file system, and what their programs say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from akis.doctor.finding import SeenReader
from akis.doctor.machine import Machine
from akis.transport.readers import Reader

ATR = bytes.fromhex("3B9F978131FE4580655443D2210831C073F6218081055B")
OMNIKEY = "OMNIKEY CardMan 3x21 00 00"


@dataclass(frozen=True)
class MadeUp(Machine):
    """``programs`` maps each program that is installed to what it prints."""

    environ: Mapping[str, str] = field(default_factory=dict)
    programs: Mapping[str, str] = field(default_factory=dict)

    def program(self, name: str) -> str | None:
        return f"/usr/bin/{name}" if name in self.programs else None

    def said(self, name: str, *arguments: str) -> str:
        return self.programs.get(name, "")


def files(root: Path, **contents: str) -> Path:
    """Files beneath ``root``, a double underscore for each slash of their paths."""
    for name, content in contents.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def a_reader(state: str = "card", atr: bytes | None = ATR, name: str = OMNIKEY, index: int = 0) -> Reader:
    return Reader(index, name, None if state == "empty" else atr, state)


def seen(name: str = OMNIKEY, index: int | None = 0, state: str = "card", atr: bytes | None = ATR) -> SeenReader:
    return SeenReader(index, name, state, atr, "AKİS 2.2.8, Infineon", reachable=True)
