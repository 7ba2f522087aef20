"""Emulated cards with the files that a test lists."""

from __future__ import annotations

from dataclasses import replace

from akis.emulator import EmulatedCard, load_personality
from akis.emulator.contents import FileEntry
from tests.akis.emulator.cards import PIN, SELECT, Way, plain_way

VERIFY = f"00200081 06 {PIN}"
SELECT_1_0 = "00A40000 02 3D00 00"


def card_with(*entries: FileEntry, name: str = "akis-2.2") -> EmulatedCard:
    """A card whose application holds these files and no others but EF.TokenInfo; it is selected."""
    card = EmulatedCard(replace(load_personality(name), files=entries))
    assert plain_way(card)(SELECT_1_0 if name == "akis-1.0" else SELECT).endswith("9000")
    return card


def sending(*entries: FileEntry, name: str = "akis-2.2") -> Way:
    """A way to :func:`card_with`."""
    return plain_way(card_with(*entries, name=name))


def first_generation() -> Way:
    """A way to an akis-1.0 card as it comes, its MF current."""
    return plain_way(EmulatedCard.named("akis-1.0"))
