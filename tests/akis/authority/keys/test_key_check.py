"""A database remembers the first master key it was used with, and takes no other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from akis.authority.keys.file import FileMasterKey
from akis.authority.keys.key_check import OtherMasterKey, check_key_fits
from akis.authority.store.store import Store
from akis.authority.store.tables import Service
from akis.secret import Secret

ONE, OTHER = bytes(range(32)), bytes(range(1, 33))


def key(value: bytes) -> FileMasterKey:
    return FileMasterKey(Secret(value))


def kept(store: Store) -> list[bytes]:
    with store.read() as session:
        return list(session.scalars(select(Service.key_check)))


def test_the_first_is_remembered_and_is_the_one(store: Store) -> None:
    for _ in range(2):
        check_key_fits(store, key(ONE))
    [value] = kept(store)
    assert len(value) == 32
    assert ONE not in value


def test_another_is_refused_and_changes_nothing(store: Store) -> None:
    check_key_fits(store, key(ONE))
    before = kept(store)
    with pytest.raises(OtherMasterKey, match="this database was used with another master key, so nothing was done"):
        check_key_fits(store, key(OTHER))
    assert kept(store) == before


def test_of_two_that_come_first_at_once_one_is_refused(store: Store) -> None:
    def tried(value: bytes) -> bool:
        try:
            check_key_fits(store, key(value))
        except OtherMasterKey:
            return False
        return True

    with ThreadPoolExecutor(2) as workers:
        assert sorted(workers.map(tried, (ONE, OTHER))) == [False, True]
    assert len(kept(store)) == 1
