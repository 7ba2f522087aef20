"""What all services share: secrets for each purpose, and the time that keys and storage take."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from akis.authority.keys.card_keys import service_secret
from akis.authority.spent import CRYPTOGRAPHY, STORAGE
from akis.authority.store.store import Store
from tests.akis.authority.world import World


@pytest.fixture
def world(sqlite_store: Store) -> World:
    return World(sqlite_store)


def test_the_mac_is_an_hmac_under_the_secret_for_its_purpose(world: World) -> None:
    secret = service_secret(world.authority.master, "codes").reveal()
    message = b"\0\0\0\x02ab" + b"\0\0\0\x01c"
    assert world.authority.mac("codes", b"ab", b"c") == hmac.new(secret, message, hashlib.sha256).digest()


def test_no_other_purpose_and_no_other_cut_has_the_same_mac(world: World) -> None:
    mac = world.authority.mac
    made = [mac("codes", b"ab", b"c"), mac("codes", b"a", b"bc"), mac("codes", b"abc"), mac("answers", b"ab", b"c")]
    assert len(set(made)) == 4


def test_the_master_key_is_asked_once_for_each_purpose(world: World) -> None:
    world.authority.mac("codes", b"1")
    world.authority.master.close()
    assert world.authority.mac("codes", b"2")


def test_its_repr_shows_no_secret(world: World) -> None:
    world.authority.mac("codes", b"1")
    assert service_secret(world.authority.master, "codes").reveal().hex() not in repr(world.authority).lower()
    assert "_secrets" not in repr(world.authority)


def test_the_time_of_keys_and_storage_is_counted(world: World) -> None:
    world.code(world.holder())
    assert set(world.authority.spent.seconds()) == {CRYPTOGRAPHY, STORAGE}
