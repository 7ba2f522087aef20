"""Master keys for tests that need no file and no HSM."""

from __future__ import annotations

import json
from pathlib import Path

from akis.authority.keys.file import FileMasterKey
from akis.secret import Secret

RFC_4493 = json.loads((Path(__file__).parents[4] / "vectors" / "rfc-4493.json").read_text(encoding="utf-8"))
KEY = bytes.fromhex(RFC_4493["K"])


def master_key(value: bytes = KEY) -> FileMasterKey:
    """The key of RFC 4493's examples, or another."""
    return FileMasterKey(Secret(value))


class Scripted:
    """Answers every CMAC with what it was given, one after the other, and keeps what was asked of it."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = iter(answers)
        self.asked: list[bytes] = []

    def cmac(self, data: bytes) -> bytes:
        self.asked.append(data)
        return next(self._answers)

    def check(self) -> None: ...

    def close(self) -> None: ...
