"""The demo's holders and cards: an authority with the published master key and the emulated cards know each other."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select

from akis.authority.demo.data import (
    CARDS,
    HOLDERS,
    MASTER_KEY,
    DemoCard,
    demo_card,
    demo_certificates,
    demo_personality,
)
from akis.authority.demo.people import bring_in_demo
from akis.authority.keys.card_keys import card_keys
from akis.authority.keys.file import FileMasterKey
from akis.authority.passwords import password_fits
from akis.authority.people.operator import audit_lines
from akis.authority.store.store import Store
from akis.authority.store.tables import Holder, IssuedCard
from akis.card import Card
from akis.emulator import EmulatedCard, EmulatorTransport
from akis.emulator.personality import parse_personality
from akis.emulator.personality_text import personality_text
from akis.errors import InvalidArgument, PolicyRefused, SecureMessagingError
from akis.pin import Pin
from akis.pkcs15.certificate import read_certificate
from akis.secret import Secret
from akis.unlock.issue import Issue

NOW = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
TRANSPORT = "61947385"
every_card = pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)


def issue(card: DemoCard, keys_of: DemoCard) -> EmulatedCard:
    """The emulated card after an unlock by an issuer who takes the keys of ``keys_of`` for it."""
    emulated = EmulatedCard(demo_personality(card))
    profile = emulated.personality.card_profile()
    keys = card_keys(FileMasterKey(Secret(MASTER_KEY)), keys_of.serial, card.key_reference, card.algorithm)
    with Card(EmulatorTransport(emulated), profile) as driven:
        unlock = Issue(profile, keys, bytes(8), card.serial, Secret(TRANSPORT), secrets.token_bytes)
        driven.run(unlock.conversation())
    return emulated


@every_card
def test_the_authority_has_the_key_of_each_card(card: DemoCard) -> None:
    emulated = issue(card, card)
    with Card(EmulatorTransport(emulated), emulated.personality.card_profile()) as driven:
        driven.select_application()
        Pin(driven).change(TRANSPORT, "2846")


def test_and_it_is_a_key_of_that_card_alone() -> None:
    first, *_, last = [card for card in CARDS if card.kind == "akis-2.2"]
    with pytest.raises(SecureMessagingError):
        issue(first, last)


@every_card
def test_a_card_comes_back_from_its_file(card: DemoCard) -> None:
    made = demo_personality(card)
    assert parse_personality(personality_text(made), "card.toml") == made


@every_card
def test_its_certificates_are_its_holders_and_on_it(card: DemoCard) -> None:
    ders = [certificate.public_bytes(Encoding.DER) for certificate in demo_certificates(card)]
    found = [read_certificate(der).holder for der in ders]
    assert [holder.common_name for holder in found if holder] == [card.holder.full_name] * len(ders)
    assert set(ders) < {entry.content for entry in demo_personality(card).entries()}


def test_cards_have_serial_numbers_and_certificates_of_their_own() -> None:
    assert len({card.serial for card in CARDS}) == len(CARDS)
    numbers = [certificate.serial_number for card in CARDS for certificate in demo_certificates(card)]
    assert len(set(numbers)) == len(numbers)


def test_a_kind_stands_for_one_card_and_shows_one_second_factor() -> None:
    assert demo_card("ayse-2.5").kind == "akis-2.5"
    found = {kind: demo_card(kind) for kind in ("akis-2.2", "akis-2.5")}
    assert [card.kind for card in found.values()] == list(found)
    assert {card.holder.second_factor for card in found.values()} == {"sms", "password"}
    with pytest.raises(InvalidArgument, match="there is no demo card 'visa'; there are ayse-2"):
        demo_card("visa")


def test_they_are_brought_in_with_their_passwords_and_a_line_in_the_audit_log(sqlite_store: Store) -> None:
    counts = bring_in_demo(sqlite_store, NOW)
    assert (counts.holders_new, counts.cards_new, counts.certificates_new) == (2, 4, 8)
    with sqlite_store.read() as session:
        found = {holder.name: holder for holder in session.scalars(select(Holder))}
        serials = set(session.scalars(select(IssuedCard.serial)))
        [line] = audit_lines(session)
    assert all(password_fits(found[holder.name].password_hash, holder.password) for holder in HOLDERS)
    assert serials == {card.serial.hex().upper() for card in CARDS}
    assert (line.actor, line.event, line.outcome, line.details["cards_new"]) == ("operator", "import", "ok", 4)


def test_again_nothing_is_new(sqlite_store: Store) -> None:
    bring_in_demo(sqlite_store, NOW)
    counts = bring_in_demo(sqlite_store, NOW)
    assert (counts.holders_new, counts.cards_same, counts.certificates_new) == (0, 4, 0)


def test_they_do_not_come_among_holders_of_the_databases_own(sqlite_store: Store) -> None:
    with sqlite_store.begin() as session:
        session.add(Holder(name="real", full_name="Real", second_factor="password", password_hash="x"))
    with pytest.raises(PolicyRefused, match="everybody knows the passwords"):
        bring_in_demo(sqlite_store, NOW)
    with sqlite_store.read() as session:
        assert session.scalars(select(Holder.name)).all() == ["real"]
