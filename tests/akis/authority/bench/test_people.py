"""The invented holders of a measurement."""

from __future__ import annotations

from akis.authority.bench.people import bench_card, bench_personality, bring_in_bench, new_pin
from akis.authority.demo.data import CARDS, MASTER_KEY
from akis.authority.keys.card_keys import card_keys
from akis.authority.keys.file import FileMasterKey
from akis.authority.passwords import password_fits
from akis.authority.people.database import find_card
from akis.authority.store.store import Store
from akis.secret import Secret
from akis.unlock.new_pin import check_new_pin

NUMBERS = range(100)


def test_each_has_a_card_and_a_pin_of_its_own() -> None:
    cards = [bench_card(number) for number in NUMBERS]
    assert len({card.serial for card in [*cards, *CARDS]}) == len(cards) + len(CARDS)
    assert len({new_pin(card).reveal() for card in cards}) == len(cards)
    for card in cards:
        check_new_pin(new_pin(card), bench_personality(card).card_profile().pin, card.serial)


def test_both_kinds_of_card_and_both_second_factors_are_among_any_four() -> None:
    found = {(card.kind, card.holder.second_factor) for card in map(bench_card, range(4))}
    assert found == {
        ("akis-2.2", "sms"),
        ("akis-2.2", "password"),
        ("akis-2.5", "sms"),
        ("akis-2.5", "password"),
    }


def test_the_keys_of_a_card_are_those_an_authority_derives() -> None:
    card = bench_card(7)
    derived = card_keys(FileMasterKey(Secret(MASTER_KEY)), card.serial, card.key_reference, card.algorithm)
    own = bench_personality(card).key("issuer")
    assert (own.enc, own.mac) == (derived.k_enc.reveal(), derived.k_mac.reveal())
    assert own.algorithms == (card.algorithm,)


def test_they_are_brought_in_with_a_password_that_costs_little_where_that_is_wanted(sqlite_store: Store) -> None:
    stored = bring_in_bench(sqlite_store, NUMBERS[:3], cheap_passwords=True)
    assert "$m=8,t=1,p=1$" in stored
    with sqlite_store.read() as session:
        found = find_card(session, bench_card(2).serial.hex())
        assert found is not None
        assert len(found.certificates) == 1
        assert found.holder.name == bench_card(2).holder.name
        assert password_fits(found.holder.password_hash, "bench-password-2580")
