"""``akis`` in a process of its own, as users run it, and cards for the virtual reader that tell what reached them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from akis.emulator import EmulatedCard, load_personality
from akis.emulator.personality import Role
from tests.pcsc_service import PcscService

ROOT = Path(__file__).parent.parent.parent
PIN_COMMANDS = frozenset((0x20, 0x24, 0x2C))
"""VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER."""
_PATIENCE = 30


@dataclass(frozen=True)
class Done:
    """How a run of the command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The JSON it printed."""
        found = json.loads(self.out)
        assert found["schema"] == 1
        return dict(found)

    @property
    def complaint(self) -> str:
        """What it complained of: the last line, which is the only one that begins with its name, and one sentence."""
        line = self.err.splitlines()[-1]
        assert line.startswith("akis: "), self.err
        assert self.err.count("akis: ") == 1
        assert "Traceback" not in self.err
        return line.removeprefix("akis: ")


def akis(*arguments: object, **environment: str) -> Done:
    """Run ``akis`` with nobody at a terminal, and these variables in addition."""
    done = subprocess.run(
        [sys.executable, "-m", "tools", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
    )
    return Done(done.returncode, done.stdout, done.stderr)


class Emulating:
    """``akis emulate`` in a process, its card in the first reader; at the end the reader is empty again.

    ``patch`` is Python that runs in that process before the command does.
    """

    def __init__(self, pcsc: PcscService, *arguments: object, patch: str = "") -> None:
        self._pcsc = pcsc
        program = f"{patch}\nimport sys; from tools.__main__ import main; sys.exit(main())"
        port = f"127.0.0.1:{pcsc.port(0)}"
        self._command = [sys.executable, "-c", program, "emulate", "--json", "--vpcd", port, *map(str, arguments)]

    def __enter__(self) -> Self:
        for _ in range(3):
            self.process = subprocess.Popen(self._command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            with suppress(TimeoutError):
                assert self.process.stdout is not None
                assert json.loads(self.process.stdout.readline())["event"] == "inserted"
                self._pcsc.wait_for_card(0)
                return self
            self._end()
        raise TimeoutError("the card is not seen")

    def __exit__(self, *_: object) -> None:
        self._end()

    def kill(self) -> None:
        """Without a chance to say good-bye."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(_PATIENCE)

    def _end(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=_PATIENCE)
        if self._pcsc.running:
            self._pcsc.wait_until_empty(0)
            time.sleep(0.5)  # see tests.pcsc_service


class Card:
    """An emulated card that remembers the commands it was sent; ``before`` and ``after`` see each, and may raise."""

    def __init__(
        self,
        card: EmulatedCard | None = None,
        before: Callable[[bytes], None] = lambda command: None,
        after: Callable[[bytes], None] = lambda command: None,
    ) -> None:
        self.card = EmulatedCard.named() if card is None else card
        self.before, self.after = before, after
        self.commands: list[bytes] = []

    @property
    def atr(self) -> bytes:
        return self.card.atr

    def reset(self) -> bytes:
        return self.card.reset()

    def process(self, command: bytes) -> bytes:
        self.commands.append(command)
        self.before(command)
        answer = self.card.process(command)
        self.after(command)
        return answer

    @property
    def pin_commands(self) -> list[str]:
        """The headers, in hex, of those that compare or set a PIN."""
        return [command[:4].hex().upper() for command in self.commands if command[1] in PIN_COMMANDS]


def key_file(path: Path, personality: str = "akis-2.2", role: Role = "issuer", **changed: str) -> Path:
    """A file for ``--sm-keys`` with the published keys, and these fields changed; only its owner may read it."""
    key = load_personality(personality).key(role)
    fields = {
        "alg": f"{key.algorithms[-1]:02X}",
        "key": f"{key.reference:02X}",
        "enc": key.enc.hex().upper(),
        "mac": key.mac.hex().upper(),
        "ifd_sn": "0000000000000001",
        **changed,
    }
    path.touch(0o600)
    path.write_text("".join(f'{name} = "{value}"\n' for name, value in fields.items()))
    return path
