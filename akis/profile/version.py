"""Which AKİS an ATR speaks of: a rule concluded from labelled cards, not from the maker's documents.

The same ATR is on signature cards and identity cards: it names the operating system, never the application.
"""

from __future__ import annotations

from dataclasses import dataclass

from akis.codec.atr import Atr

_PRE_ISSUING = 0x6
_FIRST_FAMILY, _SECOND_FAMILY = b"UEKAE", b"TC"
_CHIPS_1 = {1: "YITAL", 2: "Infineon", 3: "NXP", 4: "HHNEC", 5: "SMIC"}
_CHIPS_2 = {2: "Infineon", 3: "NXP", 4: "UKTÜM"}
_LABEL_1_0 = b"UEKAE V1.0"
_CHIP_UNSAID = 0x20
"""The chip byte of cards that the rule does not fit: 2.0, whose patch it leaves open, and one contactless card."""


@dataclass(frozen=True, slots=True)
class CardVersion:
    """Family (AKİS or UKİS), version, and the chip where the rule knows it."""

    family: str
    major: int
    minor: int
    patch: int
    chip: str | None

    @property
    def text(self) -> str:
        """The version alone, ``2.2.8``; without the patch where that is 0."""
        return f"{self.major}.{self.minor}" + (f".{self.patch}" if self.patch else "")

    def __str__(self) -> str:
        text = f"{self.family} {self.text}"
        return text if self.chip is None else f"{text}, {self.chip}"


def card_version(atr: Atr) -> CardVersion | None:
    """The version that the historical bytes name; None where they name no AKİS."""
    if atr.historical_bytes == _LABEL_1_0:
        return CardVersion("AKİS", 1, 0, 0, "Infineon")
    label = atr.historical.value(_PRE_ISSUING)
    if label is None:
        return None
    if label.startswith(_FIRST_FAMILY) and len(label) == 7:
        # Nibbles: major, minor, patch * 4 + family, chip.
        major, minor, patch_family, chip = (nibble for byte in label[5:] for nibble in (byte >> 4, byte & 0xF))
        family = {1: "AKİS", 2: "UKİS"}.get(patch_family & 0x3)
        return None if family is None else CardVersion(family, major, minor, patch_family >> 2, _CHIPS_1.get(chip))
    if label.startswith(_SECOND_FAMILY) and len(label) == 5:
        # Chip in the low nibble; then four bits of major, five of minor, seven of patch.
        word = int.from_bytes(label[3:], "big")
        if label[2] == _CHIP_UNSAID:
            return CardVersion("AKİS", 2, 0, 0, None) if word >> 7 == 2 << 5 else None
        return CardVersion("AKİS", word >> 12, word >> 7 & 0x1F, word & 0x7F, _CHIPS_2.get(label[2] & 0xF))
    return None
