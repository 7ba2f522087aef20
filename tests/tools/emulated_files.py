"""An emulated card with files of every kind, which stays the same card from one run of ``akis`` to the next."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from akis.emulator import EmulatedCard, load_personality
from akis.emulator.contents import FileEntry
from akis.emulator.wanted import WantedCard
from tools.__main__ import main

LARGE = bytes(range(251)) * 160
"""More than 32767 bytes, at no two places alike in the pieces that go over the wire."""
FILES = (
    FileEntry((0x2F06,), content=b"for all to read and write", update="always"),
    FileEntry((0x3D00, 0x2F12), content=LARGE, update="pin"),
    FileEntry((0x3D00, 0x2F13), content=b"behind the PIN", read="pin", update="pin"),
    FileEntry((0x3D00, 0x2F14), content=b"the issuer's", update="issuer"),
    FileEntry(
        (0x3D00, 0x2F15), "linear-fixed", records=(b"one.", b"two."), record_length=4, record_count=3, update="pin"
    ),
    FileEntry((0x3D00, 0x2F16), "cyclic", records=(b"new.", b"old."), record_length=4, record_count=2, update="always"),
    FileEntry(
        (0x3D00, 0x2F17), "linear-variable", records=(b"short", b"a longer one"), record_length=20, record_count=4
    ),
)


def card_with_files(name: str = "akis-2.2") -> EmulatedCard:
    """A new card of this personality that has these files too, found where its profile says certificates may be."""
    personality = load_personality(name)
    kept = tuple(file for file in personality.files if file.path not in {added.path for added in FILES})
    return EmulatedCard(replace(personality, files=(*kept, *FILES)))


def keep(card: EmulatedCard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have ``emulator:`` lead to this card, powered up anew each time."""

    def powered_up(*_: object) -> EmulatedCard:
        card.reset()
        return card

    monkeypatch.setattr(WantedCard, "card", powered_up)


class Run:
    """One run of ``akis files`` in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str, reader: str = "emulator:") -> None:
        capsys.readouterr()
        try:
            self.code = main(["files", *arguments, "--reader", reader])
        except SystemExit as stopped:
            self.code = int(stopped.code or 0)
        self.out, self.err = capsys.readouterr()

    @property
    def report(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert found["schema"] == 1
        return dict(found)
