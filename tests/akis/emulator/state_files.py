"""State files for tests: made by a card, looked into, or put together by hand."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from akis.emulator import load_personality
from akis.emulator.state_file import StateFile
from tests.akis.emulator.cards import SELECT, raw

TDES, AES = load_personality("akis-2.2"), load_personality("akis-2.5")


def left(path: Path) -> int:
    """The tries of the PIN as they are on the disk, whoever holds the file."""
    saved = json.loads(path.read_bytes().partition(b"\n")[2])
    return saved["references"]["81"]["left"]


def made(path: Path, *commands: str, personality=TDES, state="") -> list[str]:
    """Open, send, close."""
    with StateFile(path, personality, state) as file:
        return [raw(file.card, command) for command in (SELECT, *commands)][1:]


def sealed(body: bytes, name: str = "akis-2.2", version: object = 1) -> bytes:
    """A state file with this second line, its digest right."""
    digest = hashlib.sha256(name.encode() + b"\n" + body).hexdigest()
    head = {"akis-state": version, "personality": name, "sha256": digest}
    return json.dumps(head).encode() + b"\n" + body + b"\n"
