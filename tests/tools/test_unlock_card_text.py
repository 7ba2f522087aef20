"""A card in words: whose certificate, until when, and how long its PIN is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from akis.profile.load import load
from akis.unlock.cards import FoundCard
from akis.unlock.opened import CardCertificate, HolderCard
from tools.language import speak
from tools.unlock_card_text import card_text, pin_size, validity

CERTIFICATE = CardCertificate("CN=Ayşe", datetime(2025, 3, 1, 12, tzinfo=UTC), datetime(2028, 2, 29, 12, tzinfo=UTC))


@pytest.fixture(autouse=True)
def spoken() -> Iterator[None]:
    speak("en")
    yield
    speak("en")


@pytest.mark.parametrize(
    ("year", "english", "turkish"),
    [
        (2024, "not valid yet, only from 2025-03-01", "henüz geçerli değil, geçerlilik başlangıcı 01.03.2025"),
        (2026, "valid until 2028-02-29", "29.02.2028 tarihine kadar geçerli"),
        (2029, "expired since 2028-02-29", "geçerlilik süresi doldu: 29.02.2028"),
    ],
)
def test_validity_in_plain_words(year: int, english: str, turkish: str) -> None:
    now = datetime(year, 6, 1, tzinfo=UTC)
    assert validity(CERTIFICATE, now) == english
    speak("tr")
    assert validity(CERTIFICATE, now) == turkish


@pytest.mark.parametrize("zone", ["Europe/Istanbul", "America/New_York"])
def test_a_certificate_without_an_end_and_one_from_the_beginning_of_time(
    monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    """RFC 5280 §4.1.2.5 has 9999-12-31T23:59:59Z for no end, which is a year further east of Greenwich."""
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert validity(replace(CERTIFICATE, not_after=last), datetime(2026, 6, 1, tzinfo=UTC)) == (
            "valid until 9999-12-31"
        )
        assert "expired since" in validity(replace(CERTIFICATE, not_before=first, not_after=first), last)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_card_a_fact_a_line_and_none_twice() -> None:
    found = FoundCard(
        HolderCard(b"\x41\x4b" * 6, "Signature", "akis-2", (CERTIFICATE,) * 2), "R", "R 00", load("akis-2")
    )
    assert card_text(found, datetime(2026, 6, 1, tzinfo=UTC)).splitlines() == [
        "Signature",
        "Serial number: " + "414B" * 6,
        "Reader: R 00",
        "Certificate: CN=Ayşe, valid until 2028-02-29",
    ]


@pytest.mark.parametrize(
    ("changes", "english", "turkish"),
    [
        ({}, "4 to 8 digits", "4-8 rakam"),
        ({"minimum": 6, "maximum": 6}, "6 digits", "6 rakam"),
        ({"characters": "printable"}, "4 to 8 characters", "4-8 karakter"),
        ({"characters": "printable", "minimum": 6, "maximum": 6}, "6 characters", "6 karakter"),
    ],
)
def test_how_long_a_pin_is(changes: dict[str, object], english: str, turkish: str) -> None:
    rules = replace(load("akis-2").pin, **changes)  # type: ignore[arg-type]
    assert pin_size(rules) == english
    speak("tr")
    assert pin_size(rules) == turkish
