"""Signing in: who knows the password gets a token, and nobody learns more than that."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from akis.authority.refused import Refused
from akis.authority.steps import sign_in as module
from akis.authority.steps.sign_in import sign_in, sign_out, signed_in
from akis.authority.steps.tokens import token_hash
from akis.authority.store.store import Store
from akis.authority.store.tables import Attempts, SignIn
from akis.unlock.kinds import Kind
from tests.akis.authority.world import HERE, PASSWORD, THERE, World, refused
from tests.leaks import silent

WRONG = "wrong battery 2580"


@pytest.fixture
def world(sqlite_store: Store) -> World:
    return World(sqlite_store)


def test_the_right_password_gives_a_token_that_says_who_it_is(world: World) -> None:
    ayse = world.holder()
    token, holder = sign_in(world.authority, "ayse", PASSWORD, HERE)
    assert (holder.id, holder.full_name) == (ayse.id, "Ayse")
    assert signed_in(world.authority, token).id == ayse.id
    assert world.trail() == [("sign_in", "ok", "ayse")]
    assert world.lines()[0].details == {"address": HERE, "name": "ayse"}


def test_the_database_has_the_token_only_as_a_hash(world: World) -> None:
    world.holder()
    token, _ = sign_in(world.authority, "ayse", PASSWORD, HERE)
    with world.authority.read() as session:
        assert session.scalars(select(SignIn.token_hash)).all() == [token_hash(token)]


def test_a_token_lasts_as_long_as_the_rules_say(world: World) -> None:
    world.holder()
    token, _ = sign_in(world.authority, "ayse", PASSWORD, HERE)
    world.later(1799)
    signed_in(world.authority, token)
    world.later(1)
    with refused(Kind.NOT_SIGNED_IN):
        signed_in(world.authority, token)


def test_old_tokens_are_thrown_away_when_their_holder_signs_in_again(world: World) -> None:
    world.holder()
    sign_in(world.authority, "ayse", PASSWORD, HERE)
    world.later(1800)
    token, _ = sign_in(world.authority, "ayse", PASSWORD, HERE)
    with world.authority.read() as session:
        assert session.scalars(select(SignIn.token_hash)).all() == [token_hash(token)]


def test_signing_out_ends_that_token_and_no_other(world: World) -> None:
    world.holder()
    one, other = (sign_in(world.authority, "ayse", PASSWORD, HERE)[0] for _ in range(2))
    sign_out(world.authority, one, HERE)
    for gone in (one, "nobody's", "\ud800"):
        with refused(Kind.NOT_SIGNED_IN):
            signed_in(world.authority, gone)
    with refused(Kind.NOT_SIGNED_IN):
        sign_out(world.authority, one, HERE)
    assert signed_in(world.authority, other).name == "ayse"
    assert world.trail()[2:] == [("sign_out", "ok", "ayse")]


def test_a_wrong_password_and_an_unknown_name_are_told_the_same(world: World) -> None:
    world.holder()
    world.holder("nopassword", password_hash=None)
    said = set()
    for name, password in (
        ("ayse", WRONG),
        ("nobody", PASSWORD),
        ("nopassword", PASSWORD),
        ("a\0b", ""),
        ("x" * 99, ""),
    ):
        with refused(Kind.SIGN_IN_REFUSED) as caught:
            sign_in(world.authority, name, password, HERE)
        said.add((caught.said.message, caught.said.tries_left, caught.said.retry_after))
    assert len(said) == 1
    assert world.trail() == [("sign_in", "sign_in_refused", HERE)] * 5


def test_an_unknown_name_is_as_much_work_as_a_known_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.holder()
    compared = []

    def watched(stored: str | None, password: str) -> bool:
        compared.append(stored is None)
        return False

    monkeypatch.setattr(module, "password_fits", watched)
    for name in ("ayse", "nobody"):
        with refused(Kind.SIGN_IN_REFUSED):
            sign_in(world.authority, name, WRONG, HERE)
    assert compared == [False, True]


def test_only_the_right_password_learns_that_a_holder_is_locked(world: World) -> None:
    world.holder(locked=True)
    with refused(Kind.SIGN_IN_REFUSED):
        sign_in(world.authority, "ayse", WRONG, HERE)
    with refused(Kind.HOLDER_LOCKED):
        sign_in(world.authority, "ayse", PASSWORD, HERE)
    assert world.trail() == [("sign_in", "sign_in_refused", HERE), ("sign_in", "holder_locked", "ayse")]


def test_wrong_passwords_for_one_name_are_limited_from_wherever_they_come(world: World) -> None:
    world.holder()
    for number in range(10):
        with refused(Kind.SIGN_IN_REFUSED):
            sign_in(world.authority, "ayse", WRONG, f"192.0.2.{number}")
    with refused(Kind.TOO_MANY) as caught:
        sign_in(world.authority, "ayse", PASSWORD, THERE)
    assert caught.said.retry_after == 600
    world.later(600)
    sign_in(world.authority, "ayse", PASSWORD, THERE)


def test_wrong_passwords_from_one_address_are_limited_for_whatever_name(world: World) -> None:
    world.holder()
    for number in range(10):
        with refused(Kind.SIGN_IN_REFUSED):
            sign_in(world.authority, f"nobody{number}", WRONG, HERE)
    with refused(Kind.TOO_MANY):
        sign_in(world.authority, "ayse", PASSWORD, HERE)
    sign_in(world.authority, "ayse", PASSWORD, THERE)
    assert world.trail()[-2:] == [("sign_in", "too_many", HERE), ("sign_in", "ok", "ayse")]


def test_who_is_told_to_wait_costs_no_work(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(10):
        with refused(Kind.SIGN_IN_REFUSED):
            sign_in(world.authority, "", WRONG, HERE)
    monkeypatch.delattr(module, "password_fits")
    with refused(Kind.TOO_MANY):
        sign_in(world.authority, "", WRONG, HERE)


def test_of_many_guesses_at_one_moment_no_more_are_answered_than_of_one_after_the_other(store: Store) -> None:
    world = World(store, sign_ins_wrong=3)
    world.holder()

    def guess(number: int) -> Kind:
        try:
            sign_in(world.authority, "ayse", WRONG, f"192.0.2.{number}")
        except Refused as why:
            return why.kind
        raise AssertionError("signed in")

    with ThreadPoolExecutor(8) as clients:
        said = list(clients.map(guess, range(8)))
    assert said.count(Kind.SIGN_IN_REFUSED) == 3
    assert said.count(Kind.TOO_MANY) == 5
    assert len(world.trail()) == 8


def test_what_was_typed_into_the_wrong_field_is_written_nowhere(world: World) -> None:
    world.holder()
    with refused(Kind.SIGN_IN_REFUSED) as caught:
        sign_in(world.authority, PASSWORD, "ayse", HERE)
    token, _ = sign_in(world.authority, "ayse", PASSWORD, HERE)
    with world.authority.read() as session:
        counted = " ".join(session.scalars(select(Attempts.who)))
    silent(world.written() + counted, [PASSWORD, token])
    silent(caught.said, [PASSWORD, token])
