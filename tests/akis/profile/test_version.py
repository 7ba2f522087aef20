"""Which AKİS an ATR speaks of; labels of the cards as integrators published them."""

from __future__ import annotations

import pytest

from akis.codec.atr import Atr
from akis.profile.version import card_version


@pytest.mark.parametrize(
    ("atr", "label"),
    [
        ("3BBA11008131FE4D55454B41452056312E30AE", "AKİS 1.0, Infineon"),
        ("3B9F968131FE45806755454B41451112318073B3A180E9", "AKİS 1.1, Infineon"),
        ("3B9F968131FE45806755454B41451213318073B3A180EB", "AKİS 1.2, NXP"),
        ("3B9F968131FE45806755454B41451252318073B3A180AA", "AKİS 1.2.1, Infineon"),
        ("3B9F968131FE45806755454B41451293318073B3A1806B", "AKİS 1.2.2, NXP"),
        ("3B9F968131FE45806755454B414512A4318073B3A1805C", "UKİS 1.2.2, HHNEC"),
        ("3B9F138131FE45806755454B41451265318073B3A18018", "UKİS 1.2.1, SMIC"),
        ("3B9F968131FE458065544320201231C073F621808105B3", "AKİS 2.0"),
        ("3B9F978131FE458065544312210731C073F62180810594", "AKİS 2.2.7, Infineon"),
        ("3B9F978131FE4580655443E4210831C073F6218081056D", "AKİS 2.2.8, UKTÜM"),
        ("3B9F978131FE4580655443D3228231C073F621808105D3", "AKİS 2.5.2, NXP"),
        ("3B9F978131FE4580655443D3230231C073F62180810552", "AKİS 2.6.2, NXP"),
    ],
)
def test_labelled_cards(atr: str, label: str) -> None:
    assert str(card_version(Atr.from_bytes(bytes.fromhex(atr)))) == label


@pytest.mark.parametrize(
    "atr", ["3B00", "3B8F80018065544320141331C073F4A180810508", "3B951381018073FF01000B", "3B021450"]
)
def test_other_cards_are_no_akis(atr: str) -> None:
    assert card_version(Atr.from_bytes(bytes.fromhex(atr))) is None
