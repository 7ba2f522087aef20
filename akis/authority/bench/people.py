"""Invented holders for a measurement, each with one card whose keys follow from the demo's master key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from akis.authority.demo.data import MASTER_KEY, DemoCard, DemoHolder
from akis.authority.keys.card_keys import card_keys
from akis.authority.keys.file import FileMasterKey
from akis.authority.passwords import hash_password
from akis.authority.people.file import Entry
from akis.authority.people.given import given_people
from akis.authority.people.operator import bring_in
from akis.authority.store.store import Store
from akis.emulator.personality import Personality, load_personality
from akis.secret import Secret
from akis.unlock.new_pin import ObviousPin, check_new_pin

if TYPE_CHECKING:
    from argon2 import Parameters

PASSWORD = "bench-password-2580"
"""Everybody's: one hash serves for all."""
KINDS = ("akis-2.2", "akis-2.5")
FIRST = 101
"""Cards of lower numbers are the demo's."""
MOST = 0xFFFF - FIRST
_PIN_DIGITS = 8
_HASH_LENGTH = 16


def bench_card(number: int) -> DemoCard:
    """The card ``number``, from 0 to :data:`MOST`, and its holder: both kinds, and both second factors for each."""
    second_factor = ("sms", "password")[number % 2]
    name = f"bench-{number:05}"
    holder = DemoHolder(name, "Bench", f"{number:05}", "", PASSWORD, second_factor, f"+90555{number:07}")
    return DemoCard(name, KINDS[number // 2 % 2], FIRST + number, holder, f"Bench card {number}")


def bench_personality(card: DemoCard) -> Personality:
    """What an emulated card of this is: like its kind, with its own serial number and issuer's key."""
    kind = load_personality(card.kind)
    made = card_keys(FileMasterKey(Secret(MASTER_KEY)), card.serial, card.key_reference, card.algorithm)
    with made.k_enc, made.k_mac:
        enc, mac = made.k_enc.reveal(), made.k_mac.reveal()
    own = replace(kind.key("issuer"), algorithms=(card.algorithm,), enc=enc, mac=mac)
    keys = tuple(own if key.role == "issuer" else key for key in kind.keys)
    return replace(kind, name=card.name, serial=card.serial, keys=keys)


def new_pin(card: DemoCard) -> Secret:
    """The PIN that the holder wants, another for each card and none that is easy to guess."""
    rules = load_personality(card.kind).card_profile().pin
    for attempt in count():
        digest = sha256(f"{card.name}/{attempt}".encode("ascii")).digest()
        pin = Secret(str(int.from_bytes(digest, "big"))[-_PIN_DIGITS:])
        try:
            check_new_pin(pin, rules, card.serial)
        except ObviousPin:
            continue
        return pin
    raise AssertionError("unreachable")


def bring_in_bench(store: Store, numbers: Sequence[int], *, cheap_passwords: bool = False) -> str:
    """Import the holders of these cards, a certificate on each; returns the hash of their password.

    With ``cheap_passwords`` it is one that takes next to no work to compare.
    """
    stored = hash_password(PASSWORD, _cheapest() if cheap_passwords else None)
    bring_in(store, given_people(_entries(numbers, stored)), datetime.now(UTC), "bench")
    return stored


def _cheapest() -> Parameters:
    from argon2.profiles import CHEAPEST

    return replace(CHEAPEST, salt_len=_HASH_LENGTH, hash_len=_HASH_LENGTH)  # what an import takes


def _entries(numbers: Sequence[int], password_hash: str) -> Iterator[Entry]:
    for card in map(bench_card, numbers):
        kind = load_personality(card.kind)
        fields = {
            "name": card.holder.name,
            "full_name": card.holder.full_name,
            "phone": card.holder.phone or "",
            "second_factor": card.holder.second_factor,
            "password_hash": password_hash,
            "serial": card.serial.hex().upper(),
            "card_label": card.label,
            "profile": kind.profile,
            "key_reference": f"{card.key_reference:02X}",
            "algorithm": f"{card.algorithm:02X}",
        }
        yield Entry(card.name, Path(), fields, tuple(kind.certificates.values())[:1])
