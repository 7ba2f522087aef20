"""``akis emulate`` as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from akis.emulator import load_personality
from tests.akis.emulator.cards import COUNTERS, SELECT
from tests.akis.emulator.virtual_reader import VirtualReader

ROOT = Path(__file__).parent.parent.parent
EMPTY_VERIFY = "00200081"
ATR = load_personality("akis-2.2").atr


class Emulate:
    """The command in a process; ``code`` runs it some other way than ``python -m tools``."""

    def __init__(
        self, reader: VirtualReader | int, *arguments: object, code: str | None = None, step: str = ""
    ) -> None:
        port = reader if isinstance(reader, int) else reader.port
        how = ["-m", "tools"] if code is None else ["-c", code]
        self.process = subprocess.Popen(
            [sys.executable, *how, "emulate", "--vpcd", f"127.0.0.1:{port}", *map(str, arguments)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "KILL_AT": step},
        )

    def line(self) -> str:
        """The next line it prints."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def end(self, how: signal.Signals | None = None) -> tuple[int, str, str]:
        """Wait for its end, after this signal if one is given: exit code, the rest it printed, what it complained."""
        if how is not None:
            self.process.send_signal(how)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err

    def __enter__(self) -> Emulate:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


def tries_left(reader: VirtualReader) -> int:
    """The PIN's counter by GET DATA, from a card that has just been put in."""
    assert reader.wait_for_card() == ATR
    assert reader.apdu(SELECT)[-4:] == "9000"
    answer = reader.apdu(COUNTERS[1])
    assert (answer[:8], answer[-4:]) == ("BF810109", "9000")
    return int(answer[18:20], 16)
