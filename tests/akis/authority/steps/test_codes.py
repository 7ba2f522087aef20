"""Making codes: of a holder's, the newest one is good, and the database cannot tell it to anybody."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from akis.authority.steps.codes import new_code
from akis.authority.steps.redeem import open_unlock
from akis.authority.store.store import Store
from akis.authority.store.tables import Code, Holder
from akis.errors import InvalidArgument
from akis.unlock.code import UnlockCode
from akis.unlock.kinds import Kind
from tests.akis.authority.world import HERE, START, World, refused
from tests.leaks import silent


@pytest.fixture
def world(sqlite_store: Store) -> World:
    return World(sqlite_store)


def test_a_code_has_15_digits_and_an_end(world: World) -> None:
    code, expires_at = new_code(world.authority, world.holder().id, HERE)
    assert UnlockCode.from_text(code.reveal()).lookup == code.lookup
    assert expires_at == START + timedelta(seconds=300)
    assert world.trail() == [("code", "ok", "ayse")]


def test_neither_database_nor_audit_log_holds_it(world: World) -> None:
    code = world.code(world.holder())
    with world.authority.read() as session:
        row = session.scalars(select(Code)).one()
    assert len(row.secret_mac) == 32
    silent(f"{row.lookup} {row.secret_mac.hex()} {world.written()}", [code, code[6:14]])


def test_a_new_code_cancels_the_ones_before_it(world: World) -> None:
    ayse, mehmet = world.holder(), world.holder("mehmet")
    others, first, second = world.code(mehmet), world.code(ayse), world.code(ayse)
    with refused(Kind.CODE_CANCELLED):
        open_unlock(world.authority, first, HERE)
    for good in (second, others):
        open_unlock(world.authority, good, HERE)


def test_of_codes_made_at_one_moment_one_is_good(store: Store) -> None:
    world = World(store)
    ayse = world.holder()
    with ThreadPoolExecutor(6) as clients:
        codes = list(clients.map(lambda _: world.code(ayse), range(6)))
    with world.authority.read() as session:
        good = session.scalars(select(Code.lookup).where(Code.cancelled_at.is_(None))).all()
    assert len(codes) == 6
    assert len(good) == 1


def test_a_locked_holder_gets_none_and_keeps_the_old_one_as_it_is(world: World) -> None:
    ayse = world.holder()
    world.code(ayse)
    world.change(Holder, ayse.id, locked=True)
    with refused(Kind.HOLDER_LOCKED):
        world.code(ayse)
    assert world.trail() == [("code", "ok", "ayse"), ("code", "holder_locked", "ayse")]
    with world.authority.read() as session:
        assert session.scalars(select(Code.cancelled_at)).one() is None


def test_nobody_gets_none(world: World) -> None:
    with refused(Kind.NOT_SIGNED_IN):
        new_code(world.authority, 99, HERE)


def with_draws(world: World, *draws: str) -> None:
    """Let the next random digits be these."""
    left = list(draws)
    world.authority = replace(world.authority, random=lambda count: bytes(int(digit) for digit in left.pop(0)))


def test_a_lookup_that_is_in_use_is_not_given_to_a_second_code(world: World) -> None:
    ayse, mehmet = world.holder(), world.holder("mehmet")
    with_draws(world, "111111", "22222222", "111111", "33333333", "444444", "55555555")
    assert [world.code(holder)[:14] for holder in (ayse, mehmet)] == ["11111122222222", "44444455555555"]


@pytest.mark.parametrize("why", ["expired", "cancelled", "used"])
def test_a_lookup_whose_code_is_dead_is_given_again(world: World, why: str) -> None:
    ayse, mehmet = world.holder(), world.holder("mehmet")
    with_draws(world, "111111", "22222222")
    old = world.code(ayse)
    with world.authority.begin() as session:
        row = session.get_one(Code, "111111")
        row.wrong = 4
        if why == "expired":
            row.expires_at = world.time
        elif why == "cancelled":
            row.cancelled_at = world.time
        else:
            row.used_at = world.time
    with_draws(world, "111111", "33333333")
    new = world.code(mehmet)
    world.authority = replace(world.authority, random=secrets.token_bytes)
    with refused(Kind.CODE_WRONG):
        open_unlock(world.authority, old, HERE)
    assert open_unlock(world.authority, new, HERE).holder.name == "mehmet"


def test_a_source_that_repeats_itself_comes_to_an_end(world: World) -> None:
    ayse, mehmet = world.holder(), world.holder("mehmet")
    world.authority = replace(world.authority, random=bytes)
    world.code(ayse)
    with pytest.raises(InvalidArgument, match="repeats itself"):
        world.code(mehmet)
    assert world.trail() == [("code", "ok", "ayse")]
