"""Every refusal that is documented comes as a problem document: status, kind, a sentence, nothing of the request."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from akis.authority.http.problems import MEDIA_TYPE, STATUS
from akis.authority.store.store import Store
from akis.authority.store.tables import Holder, IssuedCard
from akis.unlock.code import check_digit
from akis.unlock.kinds import Kind
from tests.akis.authority.http.served import BY_SMS, CARD, HOLDER, Served, bearer, served
from tests.leaks import silent

PASSWORD = "wrong-wrong-wrong"


def refused(answer: httpx.Response, kind: Kind) -> dict[str, Any]:
    """The document, which is one of this kind."""
    assert answer.headers["content-type"] == MEDIA_TYPE
    document = answer.json()
    assert (document["kind"], answer.status_code) == (kind, STATUS[kind]), document
    assert document["status"] == answer.status_code
    assert document["type"] == "about:blank"
    assert document["request_id"] == answer.headers["x-request-id"]
    assert document["detail"]
    assert document["title"]
    assert ("retry-after" in answer.headers) == ("retry_after" in document)
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
    return document


def wrong(code: str) -> str:
    """The same lookup, another secret."""
    digits = code[:6] + ("00000000" if code[6:14] != "00000000" else "11111111")
    return digits + check_digit(digits)


def redeem(authority: Served, code: str) -> httpx.Response:
    return authority.http.post("/v1/unlocks", json={"code": code})


def sign_in(authority: Served, name: str = HOLDER.name, password: str = PASSWORD) -> httpx.Response:
    return authority.http.post("/v1/sign-ins", json={"name": name, "password": password})


def lock(authority: Served) -> None:
    with authority.authority.begin() as session:
        for holder in session.query(Holder):
            holder.locked = True


def revoke(authority: Served) -> None:
    with authority.authority.begin() as session:
        for card in session.query(IssuedCard):
            card.revoked = True


def test_a_name_and_a_password_that_do_not_fit(authority: Served) -> None:
    first, second = (refused(sign_in(authority, name), Kind.SIGN_IN_REFUSED) for name in (HOLDER.name, "nobody"))
    assert first["detail"] == second["detail"]


def test_too_many_wrong_passwords(sqlite_store: Store) -> None:
    with served(sqlite_store, sign_ins_wrong=1) as authority:
        refused(sign_in(authority), Kind.SIGN_IN_REFUSED)
        answer = sign_in(authority)
        assert refused(answer, Kind.TOO_MANY)["retry_after"] == int(answer.headers["retry-after"]) > 0


def test_a_holder_who_is_locked(authority: Served) -> None:
    token, unlock, asked = authority.sign_in(), authority.opened(BY_SMS), authority.opened()
    authority.choose(asked)
    code = authority.code()
    lock(authority)
    refused(sign_in(authority, password=HOLDER.password), Kind.HOLDER_LOCKED)
    refused(authority.http.post("/v1/codes", headers=bearer(token)), Kind.HOLDER_LOCKED)
    refused(redeem(authority, code), Kind.HOLDER_LOCKED)
    refused(authority.choose(unlock, BY_SMS), Kind.HOLDER_LOCKED)
    refused(authority.answer(asked, HOLDER.password), Kind.HOLDER_LOCKED)


@pytest.mark.parametrize("shown", [{}, bearer("x"), {"Authorization": "Basic eA=="}, {"Authorization": "Bearer"}])
def test_no_token_of_a_sign_in(authority: Served, shown: dict[str, str]) -> None:
    refused(authority.http.post("/v1/codes", headers=shown), Kind.NOT_SIGNED_IN)
    refused(authority.http.delete("/v1/sign-ins/current", headers=shown), Kind.NOT_SIGNED_IN)


@pytest.mark.parametrize("shown", [{}, bearer("x"), {"Authorization": "Basic eA=="}, bearer("A" * 5000)])
def test_no_token_of_an_unlock(authority: Served, shown: dict[str, str]) -> None:
    card, answer = {"serial": "0" * 24}, {"answer": "000000"}
    refused(authority.http.put("/v1/unlocks/current/card", headers=shown, json=card), Kind.UNLOCK_OVER)
    refused(authority.http.post("/v1/unlocks/current/second-factor", headers=shown, json=answer), Kind.UNLOCK_OVER)


def test_neither_token_serves_in_the_place_of_the_other(authority: Served) -> None:
    refused(authority.choose(authority.sign_in()), Kind.UNLOCK_OVER)
    refused(authority.http.post("/v1/codes", headers=bearer(authority.opened())), Kind.NOT_SIGNED_IN)


def test_a_sign_in_that_was_ended(authority: Served) -> None:
    token = authority.sign_in()
    ended = authority.http.delete("/v1/sign-ins/current", headers=bearer(token))
    assert (ended.status_code, ended.content) == (204, b"")
    refused(authority.http.delete("/v1/sign-ins/current", headers=bearer(token)), Kind.NOT_SIGNED_IN)


def test_codes_that_open_nothing(authority: Served) -> None:
    cancelled = authority.code()
    used = authority.code()
    refused(redeem(authority, wrong(used)), Kind.CODE_WRONG)
    refused(redeem(authority, cancelled), Kind.CODE_CANCELLED)
    assert redeem(authority, used).status_code == 201
    refused(redeem(authority, used), Kind.CODE_USED)


def test_a_code_that_came_too_late(sqlite_store: Store) -> None:
    with served(sqlite_store) as authority:
        code = authority.code()
        now = authority.authority.now
        object.__setattr__(authority.authority, "now", lambda: now() + timedelta(seconds=301))
        refused(redeem(authority, code), Kind.CODE_EXPIRED)


def test_too_many_codes_that_nobody_has(sqlite_store: Store) -> None:
    with served(sqlite_store, lookups_unknown=1) as authority:
        code = authority.code()
        refused(redeem(authority, wrong(code)), Kind.CODE_WRONG)
        refused(redeem(authority, code), Kind.TOO_MANY)


def test_a_mistyped_code_costs_nothing(sqlite_store: Store) -> None:
    with served(sqlite_store, lookups_unknown=1) as authority:
        code = authority.code()
        for _ in range(3):
            refused(redeem(authority, code[:-1] + str((int(code[-1]) + 1) % 10)), Kind.MALFORMED)
        assert redeem(authority, code).status_code == 201


def test_a_card_that_is_not_theirs_or_was_revoked(authority: Served) -> None:
    token = authority.opened()
    refused(authority.choose(token, BY_SMS), Kind.CARD_NOT_YOURS)
    assert authority.choose(token).json() == {"second_factor": {"kind": "password", "to": None}}
    revoke(authority)
    refused(authority.choose(token), Kind.CARD_REVOKED)
    refused(authority.answer(token, HOLDER.password), Kind.CARD_REVOKED)


def test_steps_in_the_wrong_order(authority: Served) -> None:
    token = authority.opened()
    refused(authority.answer(token, HOLDER.password), Kind.WRONG_ORDER)
    authority.choose(token)
    assert authority.answer(token, HOLDER.password).json() == {"confirmed": True}
    refused(authority.choose(token), Kind.WRONG_ORDER)


def test_wrong_answers_until_there_are_none_left(authority: Served) -> None:
    token = authority.opened()
    authority.choose(token)
    left = [refused(authority.answer(token, PASSWORD), Kind.SECOND_FACTOR_WRONG)["tries_left"] for _ in range(2)]
    assert left == [2, 1]
    refused(authority.answer(token, PASSWORD), Kind.SECOND_FACTOR_SPENT)
    refused(authority.answer(token, HOLDER.password), Kind.UNLOCK_OVER)


def test_an_sms_that_cannot_be_sent_and_too_many(authority: Served) -> None:
    token = authority.opened(BY_SMS)
    authority.gateway.broken = True
    refused(authority.choose(token, BY_SMS), Kind.SMS_NOT_SENT)
    authority.gateway.broken = False
    for _ in range(3):
        assert authority.choose(token, BY_SMS).json() == {"second_factor": {"kind": "sms", "to": "… 42"}}
    refused(authority.choose(token, BY_SMS), Kind.TOO_MANY)


def test_nothing_of_what_was_refused_comes_back(authority: Served) -> None:
    token, code = authority.opened(), authority.code()
    for answer in (sign_in(authority), redeem(authority, wrong(code)), authority.answer(token, PASSWORD)):
        silent(answer.text, [PASSWORD, token, wrong(code), code])


def test_all_cards_come_with_their_certificates(authority: Served) -> None:
    document = redeem(authority, authority.code()).json()
    assert document["holder"] == {"name": HOLDER.name, "full_name": HOLDER.full_name}
    assert document["second_factor"] == {"kind": "password", "to": None}
    assert document["expires_in"] == authority.authority.rules.unlock_lasts
    card = document["cards"][0]
    assert (card["serial"], card["label"], card["profile"]) == (CARD.serial.hex().upper(), CARD.label, "akis-2")
    assert card["certificates"] == [
        {"subject": HOLDER.full_name, "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z"}
    ]


def test_a_new_code_says_until_when_it_serves(authority: Served) -> None:
    document = authority.http.post("/v1/codes", headers=bearer(authority.sign_in())).json()
    assert document["expires_in"] == 300
    assert document["expires_at"].endswith("Z")
    assert len(document["code"]) == 15
