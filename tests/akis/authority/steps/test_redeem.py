"""A code is redeemed: once, by whoever has all of it, and it tells nothing to those who guess."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from akis.authority.refused import Refused
from akis.authority.steps import codes
from akis.authority.steps import redeem as module
from akis.authority.steps.redeem import open_unlock
from akis.authority.steps.second_factor import SecondFactor
from akis.authority.steps.tokens import token_hash
from akis.authority.store.store import Store
from akis.authority.store.tables import Code, Holder, IssuedCard, Unlock
from akis.unlock.code import check_digit, grouped
from akis.unlock.kinds import Kind
from tests.akis.authority.world import HERE, SERIALS, START, THERE, World, refused
from tests.leaks import silent


@pytest.fixture
def world(sqlite_store: Store) -> World:
    return World(sqlite_store)


def with_secret(code: str, secret: str) -> str:
    digits = code[:6] + secret
    return digits + check_digit(digits)


def wrong(code: str) -> str:
    """The same lookup with another secret."""
    return with_secret(code, "00000000" if code[6:14] != "00000000" else "11111111")


def unknown(code: str, step: int = 1) -> str:
    """A lookup that nobody has, with the same secret."""
    digits = f"{(int(code[:6]) + step) % 10**6:06}" + code[6:14]
    return digits + check_digit(digits)


def test_a_code_opens_an_unlock_for_its_holder_and_all_cards_of_theirs(world: World) -> None:
    world.holder("mehmet")
    ayse = world.holder(cards=2)
    opened = open_unlock(world.authority, grouped(world.code(ayse)), HERE)
    assert opened.holder.full_name == "Ayse"
    assert [card.serial for card in opened.cards] == list(SERIALS[1:3])
    assert [card.certificates for card in opened.cards] == [[], []]
    assert opened.second_factor == SecondFactor("sms", "… 42")
    row = world.unlock(opened)
    assert (row.token_hash, row.state) == (token_hash(opened.token), "opened")
    assert row.expires_at == START + timedelta(seconds=900)
    assert world.trail()[-1] == ("redeem", "ok", "ayse")
    assert world.lines()[-1].details["unlock"] == row.id


def test_a_revoked_card_is_listed_so_that_whoever_has_it_in_hand_learns_why_it_is_refused(world: World) -> None:
    ayse = world.holder()
    world.change(IssuedCard, ayse.cards[0].id, revoked=True)
    assert [card.revoked for card in world.opened(ayse).cards] == [True]


@pytest.mark.parametrize(("phone", "to"), [(None, None), ("+90 555 000 00 17", "… 17")])
def test_of_a_phone_number_only_the_end_is_told(world: World, phone: str | None, to: str | None) -> None:
    assert world.opened(world.holder(phone=phone)).second_factor == SecondFactor("sms", to)


def test_a_password_goes_nowhere(world: World) -> None:
    assert world.opened(world.holder(second_factor="password")).second_factor == SecondFactor("password", None)


def test_a_code_serves_once(world: World) -> None:
    code = world.code(world.holder())
    open_unlock(world.authority, code, HERE)
    with refused(Kind.CODE_USED):
        open_unlock(world.authority, code, HERE)
    assert world.trail()[1:] == [("redeem", "ok", "ayse"), ("redeem", "code_used", "ayse")]


def test_of_clients_that_redeem_at_the_same_moment_one_is_let_in(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(store)
    code = world.code(world.holder())
    together = threading.Barrier(3)
    use_up = module._use_up

    def use_up_together(*arguments: Any) -> None:
        with suppress(threading.BrokenBarrierError):  # SQLite lets one after the other come that far
            together.wait(0.3)
        use_up(*arguments)

    monkeypatch.setattr(module, "_use_up", use_up_together)

    def redeem(number: int) -> str:
        try:
            return open_unlock(world.authority, code, f"192.0.2.{number}").unlock.id
        except Refused as why:
            return why.kind

    with ThreadPoolExecutor(3) as clients:
        said = list(clients.map(redeem, range(3)))
    assert said.count(Kind.CODE_USED) == 2
    with world.authority.read() as session:
        assert session.scalars(select(Unlock.id)).one() in said
    assert len(world.trail()) == 4


def test_redeeming_and_asking_for_a_new_code_at_the_same_moment_get_out_of_each_others_way(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(store)
    ayse = world.holder()
    code = world.code(ayse)
    redeeming, cancelling = threading.Event(), threading.Event()
    use_up, cancel_live = module._use_up, codes._cancel_live

    def use_up_first(*arguments: Any) -> None:
        use_up(*arguments)
        redeeming.set()
        cancelling.wait(0.3)  # SQLite lets nobody come that far meanwhile

    def cancel_then(*arguments: Any) -> None:
        cancelling.set()
        cancel_live(*arguments)

    monkeypatch.setattr(module, "_use_up", use_up_first)
    monkeypatch.setattr(codes, "_cancel_live", cancel_then)
    with ThreadPoolExecutor(2) as clients:
        redeemed = clients.submit(open_unlock, world.authority, code, HERE)
        assert redeeming.wait(10)
        newer = clients.submit(world.code, ayse)
    assert redeemed.result().unlock.state == "opened"
    open_unlock(world.authority, newer.result(), HERE)


def test_a_code_expires(world: World) -> None:
    ayse = world.holder()
    code = world.code(ayse)
    world.later(299.9)
    open_unlock(world.authority, code, HERE)
    code = world.code(ayse)
    world.later(300)
    with refused(Kind.CODE_EXPIRED):
        open_unlock(world.authority, code, HERE)


def test_five_wrong_secrets_cancel_a_code(world: World) -> None:
    code = world.code(world.holder())
    for _ in range(4):
        with refused(Kind.CODE_WRONG):
            open_unlock(world.authority, wrong(code), HERE)
    with world.authority.read() as session:
        assert session.scalars(select(Code.cancelled_at)).one() is None
    with refused(Kind.CODE_WRONG):
        open_unlock(world.authority, wrong(code), HERE)
    with refused(Kind.CODE_CANCELLED):
        open_unlock(world.authority, code, HERE)
    with refused(Kind.CODE_WRONG):
        open_unlock(world.authority, wrong(code), HERE)


def test_four_wrong_secrets_leave_a_code_good(world: World) -> None:
    code = world.code(world.holder())
    for _ in range(4):
        with refused(Kind.CODE_WRONG):
            open_unlock(world.authority, wrong(code), HERE)
    open_unlock(world.authority, code, HERE)


def test_wrong_secrets_at_the_same_moment_all_count(store: Store) -> None:
    world = World(store)
    code = world.code(world.holder())

    def guess(number: int) -> Kind:
        try:
            open_unlock(world.authority, wrong(code), f"192.0.2.{number}")
        except Refused as why:
            return why.kind
        raise AssertionError("opened")

    with ThreadPoolExecutor(5) as clients:
        assert list(clients.map(guess, range(5))) == [Kind.CODE_WRONG] * 5
    with refused(Kind.CODE_CANCELLED):
        open_unlock(world.authority, code, HERE)


def test_what_is_wrong_with_a_wrong_code_is_told_to_nobody(world: World) -> None:
    ayse = world.holder()
    used, live = world.code(ayse), world.code(world.holder("mehmet"))
    open_unlock(world.authority, used, HERE)
    said = set()
    for guess in (wrong(used), wrong(live), unknown(live), unknown(used)):
        with refused(Kind.CODE_WRONG) as caught:
            open_unlock(world.authority, guess, HERE)
        said.add((caught.said.message, caught.said.tries_left, caught.said.retry_after))
    assert len(said) == 1


def test_wrong_codes_from_one_address_are_limited_whether_somebody_has_the_lookup_or_not(world: World) -> None:
    code = world.code(world.holder())
    for number in range(20):
        with refused(Kind.CODE_WRONG):
            open_unlock(world.authority, unknown(code, number + 1) if number % 10 else wrong(code), HERE)
    with refused(Kind.TOO_MANY) as caught:
        open_unlock(world.authority, code, HERE)
    assert caught.said.retry_after == 600
    open_unlock(world.authority, code, THERE)
    assert world.trail()[-2:] == [("redeem", "too_many", HERE), ("redeem", "ok", "ayse")]


def test_a_mistyped_code_costs_nothing_and_is_not_written_down(world: World) -> None:
    code = world.code(world.holder())
    for mistyped in (code[:-1] + str((int(code[-1]) + 1) % 10), code[:-1], "", "١" * 15, "x" * 5000):
        for _ in range(5):
            with refused(Kind.MALFORMED):
                open_unlock(world.authority, mistyped, HERE)
    open_unlock(world.authority, code, HERE)
    assert len(world.trail()) == 2


def test_a_locked_holder_is_told_so_and_the_code_is_not_used_up(world: World) -> None:
    ayse = world.holder()
    code = world.code(ayse)
    world.change(Holder, ayse.id, locked=True)
    with refused(Kind.HOLDER_LOCKED):
        open_unlock(world.authority, code, HERE)
    with refused(Kind.CODE_WRONG):
        open_unlock(world.authority, wrong(code), HERE)
    world.change(Holder, ayse.id, locked=False)
    open_unlock(world.authority, code, HERE)


def test_neither_code_nor_token_is_written_or_said(world: World) -> None:
    code = world.code(world.holder())
    with refused(Kind.CODE_WRONG) as caught:
        open_unlock(world.authority, unknown(code), HERE)
    opened = open_unlock(world.authority, code, HERE)
    with refused(Kind.CODE_USED) as again:
        open_unlock(world.authority, code, HERE)
    secrets = [code, unknown(code), code[6:14], opened.token]
    silent(world.written(), secrets)
    silent(caught.said, secrets)
    silent(again.said, secrets)
