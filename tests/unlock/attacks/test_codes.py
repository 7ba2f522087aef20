"""Codes that were used, are too old, were guessed, or are wanted by two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from akis.authority.serving.settings import Settings
from akis.authority.store.store import Store
from akis.authority.store.tables import Attempts, Code, Unlock
from akis.unlock.kinds import Kind
from tests.akis.authority.http.served import Served, served
from tests.akis.authority.http.test_refusals import redeem, refused
from tests.unlock.attacks.scene import another_secret, at_once, nobodys, nothing_gained, second_worker, told, without_id


def later(authority: Served, seconds: int) -> None:
    now = authority.authority.now
    object.__setattr__(authority.authority, "now", lambda: now() + timedelta(seconds=seconds))


def test_a_code_that_was_used(authority: Served) -> None:
    code = authority.code()
    assert redeem(authority, code).status_code == 201
    told(authority, redeem(authority, code), Kind.CODE_USED, "redeem")
    assert len(authority.rows(Unlock)) == 1


def test_a_code_that_is_too_old(authority: Served) -> None:
    code = authority.code()
    later(authority, authority.authority.rules.code_lasts)
    told(authority, redeem(authority, code), Kind.CODE_EXPIRED, "redeem")
    assert not authority.rows(Unlock)


def test_a_code_whose_secret_was_guessed_at_is_dead_after_five(authority: Served) -> None:
    code = authority.code()
    for number in range(1, 6):
        told(authority, redeem(authority, another_secret(code, number)), Kind.CODE_WRONG, "redeem")
    told(authority, redeem(authority, code), Kind.CODE_CANCELLED, "redeem")
    assert not authority.rows(Unlock)


def test_four_guesses_leave_it_to_its_holder(authority: Served) -> None:
    code = authority.code()
    for number in range(1, 5):
        refused(redeem(authority, another_secret(code, number)), Kind.CODE_WRONG)
    assert redeem(authority, code).status_code == 201


def test_guesses_at_one_moment_count_one_by_one(store: Store) -> None:
    with served(store, lookups_unknown=1000) as authority:
        code = authority.code()
        guesses = [partial(redeem, authority, another_secret(code, number)) for number in range(1, 9)]
        assert {answer.status_code for answer in at_once(*guesses)} == {403}
        [row] = authority.rows(Code)
        assert row.cancelled_at is not None
        told(authority, redeem(authority, code), Kind.CODE_CANCELLED, "redeem")


def test_nothing_tells_a_lookup_that_exists_from_one_that_does_not(authority: Served) -> None:
    live, unknown = authority.code(), nobodys()
    first = redeem(authority, unknown)
    assert without_id(first) == without_id(redeem(authority, another_secret(live)))
    assert redeem(authority, live).status_code == 201
    assert without_id(first) == without_id(redeem(authority, another_secret(live)))
    cancelled = authority.code()
    authority.code()
    assert without_id(first) == without_id(redeem(authority, another_secret(cancelled)))
    later(authority, 10_000)
    assert without_id(first) == without_id(redeem(authority, another_secret(cancelled)))


def test_unknown_codes_from_one_address_are_limited(authority: Served) -> None:
    most, code = authority.authority.rules.lookups_unknown, authority.code()
    for number in range(most):
        refused(redeem(authority, nobodys(number)), Kind.CODE_WRONG)
    answer = redeem(authority, code)
    wait = told(authority, answer, Kind.TOO_MANY, "redeem")["retry_after"]
    assert 0 < wait == int(answer.headers["retry-after"]) <= authority.authority.rules.window
    later(authority, wait)
    authority.code()
    told(authority, redeem(authority, code), Kind.CODE_EXPIRED, "redeem")


def test_many_at_one_moment_get_no_more_of_them(store: Store) -> None:
    with served(store, lookups_unknown=5) as authority:
        answers = at_once(*[partial(redeem, authority, nobodys(number)) for number in range(16)])
        assert Counter(answer.status_code for answer in answers) == {403: 5, 429: 11}


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP"])
def test_nobody_is_believed_who_says_that_another_asks(sqlite_store: Store, name: str) -> None:
    with served(sqlite_store, lookups_unknown=2) as authority:
        answers = []
        for number in range(4):
            body, headers = {"code": nobodys(number)}, {name: f"198.51.100.{number}"}
            answers.append(authority.http.post("/v1/unlocks", json=body, headers=headers).status_code)
        assert answers == [403, 403, 429, 429]
        assert [row.who for row in authority.rows(Attempts)] == ["codes/127.0.0.1"]
        assert {line.details["address"] for line in authority.audited("redeem")} == {"127.0.0.1"}


def test_behind_a_proxy_what_stands_before_its_own_word_counts_for_nothing(sqlite_store: Store) -> None:
    with served(sqlite_store, Settings(behind_proxy=True), lookups_unknown=2) as authority:
        answers = []
        for number in range(4):
            body, said = {"code": nobodys(number)}, f"198.51.100.{number}, 203.0.113.9"
            answers.append(authority.http.post("/v1/unlocks", json=body, headers={"X-Forwarded-For": said}).status_code)
        assert answers == [403, 403, 429, 429]
        assert [row.who for row in authority.rows(Attempts)] == ["codes/203.0.113.9"]


def test_who_has_a_whole_network_of_ipv6_addresses_is_one(sqlite_store: Store) -> None:
    with served(sqlite_store, Settings(behind_proxy=True), lookups_unknown=2, sign_ins_wrong=2) as authority:
        redeemed, signed_in = [], []
        for number in range(4):
            headers = {"X-Forwarded-For": f"2001:db8::{number:x}:1"}
            body = {"code": nobodys(number)}
            redeemed.append(authority.http.post("/v1/unlocks", json=body, headers=headers).status_code)
            body = {"name": f"nobody-{number}", "password": "x"}
            signed_in.append(authority.http.post("/v1/sign-ins", json=body, headers=headers).status_code)
        assert redeemed == [403, 403, 429, 429]
        assert signed_in == [401, 401, 429, 429]
        elsewhere = {"X-Forwarded-For": "2001:db8:0:1::1"}
        answer = authority.http.post("/v1/unlocks", json={"code": nobodys(9)}, headers=elsewhere)
        refused(answer, Kind.CODE_WRONG)
        # The audit log says it exactly.
        assert authority.audited("redeem")[0].actor == "2001:db8::1"


def test_two_clients_with_one_code(store: Store) -> None:
    """At the same moment, at two servers, again and again: one has it."""
    with served(store) as authority, second_worker(authority) as other:
        for _ in range(10):
            code = authority.code()
            answers = at_once(*[partial(redeem, one, code) for one in (authority, other) * 2])
            assert Counter(answer.status_code for answer in answers) == {201: 1, 403: 3}
            assert {answer.json().get("kind") for answer in answers} == {None, Kind.CODE_USED}
        assert len(authority.rows(Unlock)) == 10
        outcomes = Counter(line.outcome for line in authority.audited("redeem"))
        assert outcomes == {"ok": 10, "code_used": 30}
        nothing_gained(authority)


def test_a_code_that_is_cancelled_while_it_is_redeemed(store: Store) -> None:
    """It opens one unlock or none, and the newer code is not lost."""
    with served(store) as authority, second_worker(authority) as other:
        for _ in range(5):
            code, opened = authority.code(), len(authority.rows(Unlock))
            work: list[Callable[[], Any]] = [partial(redeem, authority, code), other.code]
            answer, newer = at_once(*work)
            assert answer.status_code == 201 or answer.json()["kind"] == Kind.CODE_CANCELLED
            assert len(authority.rows(Unlock)) == opened + (answer.status_code == 201)
            assert redeem(authority, newer).status_code == 201
