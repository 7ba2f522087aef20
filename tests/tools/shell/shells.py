"""Runs of ``akis shell``: scripts on standard input of this process, and a bench without a prompt."""

from __future__ import annotations

import io
import sys

import pytest

from akis.connect import connect
from tests.leaks import leaks
from tools.__main__ import main
from tools.shell.bench import Bench

PIN, WRONG, NEW, PUK = "123456", "918273", "61947385", "87654321"
SECRETS = (PIN, WRONG, NEW, PUK)
KEYS = "emulator:akis-2.2/issuer"


def bench(reader: str = "emulator:") -> Bench:
    """A card on the bench."""
    return Bench(connect(reader))


class Script:
    """One run of the shell on these lines; no secret shows in what it says."""

    def __init__(
        self,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
        *lines: str,
        reader: str = "emulator:",
        options: tuple[str, ...] = (),
    ) -> None:
        capsys.readouterr()
        for name, value in {"PIN": PIN, "WRONG": WRONG, "NEW": NEW, "PUK": PUK}.items():
            monkeypatch.setenv(name, value)
        text = "".join(f"{line}\n" for line in lines)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        self.code = main(["shell", "--reader", reader, *options])
        self.out, self.err = capsys.readouterr()
        assert not leaks(self.out + self.err, SECRETS)

    @property
    def complaint(self) -> str:
        """The last thing that it complained of, a sentence."""
        line = self.err.splitlines()[-1]
        assert line.startswith("akis: "), self.err
        return line.removeprefix("akis: ")

    def said(self, line: str) -> list[str]:
        """What came of a line, the first one of that kind."""
        after = self.out.partition(f"> {line}\n")[2]
        return after.partition("\n> ")[0].splitlines()
