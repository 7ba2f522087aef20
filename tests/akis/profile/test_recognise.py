"""Which card an ATR speaks of: published labels, the rule behind them, and cards that nobody knows."""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.codec.atr import Atr
from akis.errors import CodecError
from akis.profile.known_cards import KNOWN_CARDS
from akis.profile.recognise import profile_for, recognise
from akis.profile.version import card_version
from tests.akis.codec.atrs import AKIS, CAC, IDPRIME, OPENPGP, checked

LABELS = {
    "3BBA11008131FE4D55454B41452056312E30AE": "AKİS 1.0, Infineon",
    "3B9F968131FE45806755454B41451112318073B3A180E9": "AKİS 1.1, Infineon",
    "3B9F968131FE45806755454B41451212318073B3A180EA": "AKİS 1.2, Infineon",
    "3B9F968131FE45806755454B41451213318073B3A180EB": "AKİS 1.2, NXP",
    "3B9F968131FE45806755454B41451252318073B3A180AA": "AKİS 1.2.1, Infineon",
    "3B9F968131FE45806755454B41451253318073B3A180AB": "AKİS 1.2.1, NXP",
    "3B9F968131FE45806755454B41451292318073B3A1806A": "AKİS 1.2.2, Infineon",
    "3B9F968131FE45806755454B41451293318073B3A1806B": "AKİS 1.2.2, NXP",
    "3B9F968131FE45806755454B41451312318073B3A180EB": "AKİS 1.3, Infineon",
    "3B9F968131FE45806755454B414512A4318073B3A1805C": "UKİS 1.2.2, HHNEC",
    "3B9F968131FE45806755454B414512A5318073B3A1805D": "UKİS 1.2.2, SMIC",
    "3B9F158131FE45806755454B41451221318073B3A1805A": "UKİS 1.2",
    "3B9F968131FE45806755454B41451221318073B3A180D9": "UKİS 1.2",
    "3B9F138131FE45806755454B41451221318073B3A1805C": "UKİS 1.2",
    "3B9F138131FE45806755454B41451261318073B3A1801C": "UKİS 1.2.1, YITAL",
    "3B9F158131FE45806755454B41451261318073B3A1801A": "UKİS 1.2.1, YITAL",
    "3B9F968131FE45806755454B41451261318073B3A18099": "UKİS 1.2.1, YITAL",
    "3B9F138131FE45806755454B41451264318073B3A18019": "UKİS 1.2.1, HHNEC",
    "3B9F138131FE45806755454B41451265318073B3A18018": "UKİS 1.2.1, SMIC",
    "3B9F968131FE458065544320201231C073F621808105B3": "AKİS 2.0, Infineon",
    "3B9F978131FE458065544312210031C073F62180810593": "AKİS 2.2.0, Infineon",
    "3B9F978131FE458065544312210731C073F62180810594": "AKİS 2.2.7, Infineon",
    "3B9F978131FE4580655443D2210831C073F6218081015F": "AKİS 2.2.8, Infineon, creation state",
    "3B9F978131FE458065544312210831C073F6218081019F": "AKİS 2.2.8, Infineon, creation state",
    "3B9F978131FE4580655443D2210831C073F6218081055B": "AKİS 2.2.8, Infineon, also seen on identity cards",
    "3B9F978131FE4580655443E4210831C073F6218081056D": "AKİS 2.2.8, UKTÜM",
    "3B9F978131FE458065544312210831C073F6218081059B": "AKİS 2.2.8, Infineon",
    "3B9F968131FE458065544312210831C073F6218081059A": "AKİS 2.2.8, Infineon, test card",
    "3B9F968131FE4580655443D3210831C073F6218081055B": "AKİS 2.2.8, NXP",
    "3B9F968131FE4580655443D2210831C073F6218081055A": "AKİS 2.2.8, Infineon",
    "3B9F978131FE458065544353228231C073F62180810553": "AKİS 2.5.2, NXP",
    "3B9F978131FE4580655443D3228231C073F621808105D3": "AKİS 2.5.2, NXP, seen on qualified-signature cards",
    "3B9F978131FE4580655443D3230231C073F62180810552": "AKİS 2.6.2, NXP",
    "3B8F80018065544320141331C073F4A180810508": "contactless side of an identity card",
}


class TestPublished:
    @pytest.mark.parametrize(("atr", "label"), LABELS.items())
    def test_label(self, atr: str, label: str) -> None:
        found = recognise(bytes.fromhex(atr))
        assert (found.label, found.source) == (label, "reported")

    def test_all_there_are(self) -> None:
        assert set(LABELS) == set(KNOWN_CARDS) == set(AKIS)

    @pytest.mark.parametrize("atr", KNOWN_CARDS)
    def test_generation_and_profile(self, atr: str) -> None:
        found = recognise(bytes.fromhex(atr))
        first = "UKİS" in LABELS[atr] or "AKİS 1" in LABELS[atr]
        assert (found.generation, found.profile) == ((1, "akis-1") if first else (2, "akis-2"))
        assert found.contactless is (atr == "3B8F80018065544320141331C073F4A180810508")

    @pytest.mark.parametrize("atr", KNOWN_CARDS)
    def test_the_rule_says_nothing_else(self, atr: str) -> None:
        """Whatever the bytes say by rule is what the label says; where one is silent the other may speak."""
        rule, known = card_version(Atr.from_bytes(bytes.fromhex(atr))), KNOWN_CARDS[atr]
        if rule is None:
            assert known.family is None
            return
        assert rule.family == known.family
        assert known.version in (rule.text, f"{rule.text}.0")
        assert None in (rule.chip, known.chip) or rule.chip == known.chip

    def test_an_interface_byte_alone_makes_no_test_card(self) -> None:
        """What the label of one ATR adds is not concluded for others that differ in TA1 only."""
        found = recognise(checked("3B9F958131FE458065544312210831C073F621808105").to_bytes())
        assert (found.label, found.source) == ("AKİS 2.2.8, Infineon", "inferred")


class TestByRule:
    @pytest.mark.parametrize(
        ("bytes_without_check", "label", "profile"),
        [
            ("3B9F978131FE4580655443D3248131C073F621808105", "AKİS 2.9.1, NXP", "akis-2"),
            ("3B9F968131FE45806755454B41451452318073B3A180", "AKİS 1.4.1, Infineon", "akis-1"),
            ("3B9F978131FE4580655443D3228231C073F62180810C", "AKİS 2.5.2, NXP, terminated state", "akis-2"),
        ],
    )
    def test_a_version_that_nobody_published(self, bytes_without_check: str, label: str, profile: str) -> None:
        found = recognise(checked(bytes_without_check).to_bytes())
        assert (found.label, found.source, found.profile, found.remark) == (label, "inferred", profile, None)

    def test_a_generation_that_nobody_knows_has_no_profile(self) -> None:
        found = recognise(checked("3B9F978131FE4580655443D3310831C073F621808105").to_bytes())
        assert (found.label, found.source, found.profile) == ("not an AKİS card, by its ATR", None, None)


class TestOthers:
    @pytest.mark.parametrize("atr", ["3B00", "3B951381018073FF01000B", "3B021450", OPENPGP, CAC, IDPRIME])
    def test_are_no_akis(self, atr: str) -> None:
        found = recognise(bytes.fromhex(atr))
        assert found.label == "not an AKİS card, by its ATR"
        assert (found.source, found.generation, found.profile, found.contactless) == (None, None, None, False)

    def test_a_contactless_card_of_somebody_else(self) -> None:
        assert recognise(bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")).contactless

    @pytest.mark.parametrize(
        ("atr", "got", "due"),
        [
            ("3B9F978131FE458065544312210731C073F62180810595", "95", "94"),
            ("3B9F978131FE458065544312210831C073F62180810590", "90", "9B"),
        ],
    )
    def test_two_published_strings_are_none(self, atr: str, got: str, due: str) -> None:
        with pytest.raises(CodecError, match=f"check byte TCK is {got}, {due} would fit .at byte 22"):
            recognise(bytes.fromhex(atr))
        assert profile_for(bytes.fromhex(atr)) is None

    @given(st.binary(max_size=64))
    def test_any_bytes(self, raw: bytes) -> None:
        try:
            assert recognise(raw).label
        except CodecError:
            assert profile_for(raw) is None

    def test_any_change_of_a_known_one(self) -> None:
        random = Random(5)
        for atr in map(bytes.fromhex, KNOWN_CARDS):
            for position in range(len(atr)):
                changed = bytearray(atr)
                changed[position] ^= random.randrange(1, 256)
                with suppress(CodecError):
                    assert recognise(bytes(changed)).source != "reported"
