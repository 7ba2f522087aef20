"""A folder in which somebody operates an authority, and ``akis authority`` called there."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import pytest

from tests.tools.akis_process import ROOT
from tools.__main__ import main

_PATIENCE = 30


class Place:
    """A database that is not there yet and a folder for everything else."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.database = f"sqlite:///{folder / 'authority.db'}"
        self.cards = folder / "cards"
        self.key = self.cards / "demo-master.key"
        self.code = 0
        self.complaint = ""
        self._capsys = capsys

    def run(self, *words: object) -> str:
        """``akis authority`` with these words and this database; what it printed. Exit code and complaint are kept."""
        self._capsys.readouterr()
        self.code = main(["authority", *map(str, words), "--database", self.database])
        out, err = self._capsys.readouterr()
        assert err.count("\n") <= 1
        self.complaint = err.removeprefix("akis: ").rstrip("\n")
        return out

    def json(self, *words: object) -> dict[str, Any]:
        """The same as an object."""
        found = json.loads(self.run(*words, "--json"))
        assert found.pop("schema") == 1
        return dict(found)

    def serve(self, *words: object) -> Served:
        """The service as a process of its own."""
        outbox = f"outbox:{self.folder / 'sms.jsonl'}"
        return Served("--database", self.database, "--master-key", self.key, "--port", 0, "--sms", outbox, *words)


class Served:
    """``akis authority serve`` in a process, ended by SIGTERM."""

    def __init__(self, *words: object) -> None:
        self._command = [sys.executable, "-m", "tools", "authority", "serve", "--json", *map(str, words)]

    def __enter__(self) -> Self:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(self._command, cwd=ROOT, text=True, **pipes)  # type: ignore[call-overload]
        line = self.process.stdout.readline()
        if not line:
            pytest.fail(self.end()[2])
        self.url = str(json.loads(line)["url"])
        return self

    def end(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """End it: exit code, the rest it printed, what it logged."""
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=_PATIENCE)
        return self.process.returncode, out, err

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Place:
    """Where nothing is yet."""
    return Place(tmp_path, capsys)


@pytest.fixture(scope="session")
def demo_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo's holders in a database, and their cards and key in files."""
    folder = tmp_path_factory.mktemp("demo")
    words = ["--cards", str(folder / "cards"), "--database", f"sqlite:///{folder / 'authority.db'}"]
    assert main(["authority", "demo-data", *words]) == 0
    return folder


@pytest.fixture
def filled(demo_database: Path, place: Place) -> Place:
    """Where the demo's holders and cards are."""
    shutil.copytree(demo_database, place.folder, dirs_exist_ok=True)
    return place
