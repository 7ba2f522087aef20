"""Runs of ``akis apdu`` in this process, and what reaches the emulated card."""

from __future__ import annotations

import json
from typing import Any

import pytest

from akis.emulator import EmulatedCard
from tests.leaks import leaks
from tools.__main__ import main

PIN, WRONG, PUK = "123456", "918273", "87654321"
SELECT = "00A4040C:504B43532D3135=9000"
VERIFY = "00200081:{env:PIN}"
EMULATED = ("--reader", "emulator:")
INSIDE = ("--sm-keys", "emulator:akis-2.2/issuer")


def set_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables that the commands name."""
    for name, value in {"PIN": PIN, "WRONG": WRONG, "PUK": PUK, "EMPTY": ""}.items():
        monkeypatch.setenv(name, value)


def listen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every command that reaches a card from here on, in hex."""
    commands: list[str] = []
    process = EmulatedCard.process

    def heard(card: EmulatedCard, raw: bytes) -> bytes:
        commands.append(raw.hex().upper())
        return process(card, raw)

    monkeypatch.setattr(EmulatedCard, "process", heard)
    return commands


class Run:
    """One run of the command."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
        capsys.readouterr()
        try:
            self.code = main(["apdu", *arguments])
        except SystemExit as stopped:
            self.code = int(stopped.code or 0)
        self.out, self.err = capsys.readouterr()
        assert not leaks(self.out + self.err, [PIN, WRONG, PUK])

    @property
    def report(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert found["schema"] == 1
        return dict(found)

    @property
    def headings(self) -> list[str]:
        return [line.strip("- ") for line in self.out.splitlines() if line.startswith("----")]

    @property
    def titles(self) -> list[str]:
        """The line of each exchange, without its time."""
        return [line.partition("  at ")[0].strip() for line in self.out.splitlines() if line[1:5].strip().isdigit()]
