"""The answers to reset that integrators published with a label, checked for length and check byte.

An ATR names the operating system. That a card with it was seen to be a test card or an identity card is a remark of
whoever published it, not something that its bytes say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownCard:
    """One label: family, version as text, chip, and what else was said of the card. None is what nobody said."""

    family: str | None
    version: str | None
    chip: str | None
    remark: str | None = None


def _akis(version: str, chip: str, remark: str | None = None) -> KnownCard:
    return KnownCard("AKİS", version, chip, remark)


def _ukis(version: str, chip: str | None = None) -> KnownCard:
    return KnownCard("UKİS", version, chip)


KNOWN_CARDS: Mapping[str, KnownCard] = {
    "3BBA11008131FE4D55454B41452056312E30AE": _akis("1.0", "Infineon"),
    "3B9F968131FE45806755454B41451112318073B3A180E9": _akis("1.1", "Infineon"),
    "3B9F968131FE45806755454B41451212318073B3A180EA": _akis("1.2", "Infineon"),
    "3B9F968131FE45806755454B41451213318073B3A180EB": _akis("1.2", "NXP"),
    "3B9F968131FE45806755454B41451252318073B3A180AA": _akis("1.2.1", "Infineon"),
    "3B9F968131FE45806755454B41451253318073B3A180AB": _akis("1.2.1", "NXP"),
    "3B9F968131FE45806755454B41451292318073B3A1806A": _akis("1.2.2", "Infineon"),
    "3B9F968131FE45806755454B41451293318073B3A1806B": _akis("1.2.2", "NXP"),
    "3B9F968131FE45806755454B41451312318073B3A180EB": _akis("1.3", "Infineon"),
    "3B9F968131FE45806755454B414512A4318073B3A1805C": _ukis("1.2.2", "HHNEC"),
    "3B9F968131FE45806755454B414512A5318073B3A1805D": _ukis("1.2.2", "SMIC"),
    "3B9F158131FE45806755454B41451221318073B3A1805A": _ukis("1.2"),
    "3B9F968131FE45806755454B41451221318073B3A180D9": _ukis("1.2"),
    "3B9F138131FE45806755454B41451221318073B3A1805C": _ukis("1.2"),
    "3B9F138131FE45806755454B41451261318073B3A1801C": _ukis("1.2.1", "YITAL"),
    "3B9F158131FE45806755454B41451261318073B3A1801A": _ukis("1.2.1", "YITAL"),
    "3B9F968131FE45806755454B41451261318073B3A18099": _ukis("1.2.1", "YITAL"),
    "3B9F138131FE45806755454B41451264318073B3A18019": _ukis("1.2.1", "HHNEC"),
    "3B9F138131FE45806755454B41451265318073B3A18018": _ukis("1.2.1", "SMIC"),
    "3B9F968131FE458065544320201231C073F621808105B3": _akis("2.0", "Infineon"),
    "3B9F978131FE458065544312210031C073F62180810593": _akis("2.2.0", "Infineon"),
    "3B9F978131FE458065544312210731C073F62180810594": _akis("2.2.7", "Infineon"),
    "3B9F978131FE4580655443D2210831C073F6218081015F": _akis("2.2.8", "Infineon"),
    "3B9F978131FE458065544312210831C073F6218081019F": _akis("2.2.8", "Infineon"),
    "3B9F978131FE4580655443D2210831C073F6218081055B": _akis("2.2.8", "Infineon", "also seen on identity cards"),
    "3B9F978131FE4580655443E4210831C073F6218081056D": _akis("2.2.8", "UKTÜM"),
    "3B9F978131FE458065544312210831C073F6218081059B": _akis("2.2.8", "Infineon"),
    "3B9F968131FE458065544312210831C073F6218081059A": _akis("2.2.8", "Infineon", "test card"),
    "3B9F968131FE4580655443D3210831C073F6218081055B": _akis("2.2.8", "NXP"),
    "3B9F968131FE4580655443D2210831C073F6218081055A": _akis("2.2.8", "Infineon"),
    "3B9F978131FE458065544353228231C073F62180810553": _akis("2.5.2", "NXP"),
    "3B9F978131FE4580655443D3228231C073F621808105D3": _akis("2.5.2", "NXP", "seen on qualified-signature cards"),
    "3B9F978131FE4580655443D3230231C073F62180810552": _akis("2.6.2", "NXP"),
    "3B8F80018065544320141331C073F4A180810508": KnownCard(None, None, None, "contactless side of an identity card"),
}
"""By ATR in hex; that of a card of which neither family nor version was said, too."""
