"""A second factor that was guessed, came from elsewhere or was left out, and tokens shown by whoever found them."""

from __future__ import annotations

from functools import partial

import pytest

from akis.authority.store.store import Store
from akis.authority.store.tables import Holder, IssuedCard, SignIn, Unlock
from akis.unlock.holds import Holds
from akis.unlock.kinds import Kind
from akis.unlock.messages import Failed
from tests.akis.authority.http.served import BY_SMS, HOLDER, Served, bearer, new_card, served
from tests.akis.authority.http.test_refusals import refused, sign_in
from tests.unlock.attacks.scene import at_once, cut_off, nothing_gained, still_works, told, unharmed

EVENT = "second_factor"


def wrong(code: str) -> str:
    """Another code of as many digits."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"


def asked(authority: Served) -> str:
    """The token of an unlock whose SMS was sent."""
    token = authority.opened(BY_SMS)
    assert authority.choose(token, BY_SMS).status_code == 200
    return token


def first_said(authority: Served, token: str) -> object:
    with authority.exchange(token) as exchange:
        return exchange.receive()


def turned_away(authority: Served, token: str) -> None:
    """A token that no unlock has is refused, and fills no audit log, however often it comes."""
    before = len(authority.audited("exchange"))
    said = first_said(authority, token)
    assert isinstance(said, Failed)
    assert (said.kind, said.holds) == (Kind.UNLOCK_OVER, Holds.AS_BEFORE)
    assert len(authority.audited("exchange")) == before


def test_three_wrong_codes_end_the_unlock_also_for_the_right_one(authority: Served) -> None:
    token, card = asked(authority), new_card(BY_SMS)
    right = authority.gateway.code
    with unharmed(card):
        for left in (2, 1):
            document = told(authority, authority.answer(token, wrong(right)), Kind.SECOND_FACTOR_WRONG, EVENT)
            assert document["tries_left"] == left
        told(authority, authority.answer(token, wrong(right)), Kind.SECOND_FACTOR_SPENT, EVENT)
        told(authority, authority.answer(token, right), Kind.UNLOCK_OVER, EVENT)
        told(authority, authority.choose(token, BY_SMS), Kind.UNLOCK_OVER, "choose_card")
        cut_off(authority, first_said(authority, token), Kind.UNLOCK_OVER)
    nothing_gained(authority)
    still_works(authority, card, BY_SMS)


def test_a_new_sms_brings_no_new_tries(authority: Served) -> None:
    token = asked(authority)
    refused(authority.answer(token, wrong(authority.gateway.code)), Kind.SECOND_FACTOR_WRONG)
    authority.choose(token, BY_SMS)
    refused(authority.answer(token, wrong(authority.gateway.code)), Kind.SECOND_FACTOR_WRONG)
    told(authority, authority.answer(token, wrong(authority.gateway.code)), Kind.SECOND_FACTOR_SPENT, EVENT)


def test_many_guesses_at_one_moment_are_no_more_than_three(store: Store) -> None:
    with served(store) as authority:
        token = asked(authority)
        right = int(authority.gateway.code)
        guesses = [f"{(right + number) % 10**6:06d}" for number in range(1, 9)]
        answers = at_once(*[partial(authority.answer, token, guess) for guess in guesses])
        kinds = [answer.json()["kind"] for answer in answers]
        assert kinds.count(Kind.SECOND_FACTOR_WRONG) <= 2
        assert set(kinds) <= {Kind.SECOND_FACTOR_WRONG, Kind.SECOND_FACTOR_SPENT, Kind.UNLOCK_OVER}
        told(authority, authority.answer(token, f"{right:06d}"), Kind.UNLOCK_OVER, EVENT)
        assert authority.unlock().state == "over"


def test_one_unlock_after_the_other_does_not_make_guessing_endless(sqlite_store: Store) -> None:
    with served(sqlite_store, sign_ins_wrong=4) as authority:
        for guesses in (3, 1):
            token = asked(authority)
            for _ in range(guesses):
                authority.answer(token, wrong(authority.gateway.code))
        document = told(authority, authority.choose(authority.opened(BY_SMS), BY_SMS), Kind.TOO_MANY, "choose_card")
        assert document["retry_after"] > 0


def test_who_knows_a_password_cannot_have_its_holder_pestered(store: Store) -> None:
    """With one SMS after the other, over as many unlocks as there may be, until one is answered by mistake."""
    with served(store, sms_to_one=4) as authority:
        tokens = [authority.opened(BY_SMS) for _ in range(8)]
        answers = at_once(*[partial(authority.choose, token, BY_SMS) for token in tokens])
        assert sorted(answer.status_code for answer in answers) == [200] * 4 + [429] * 4
        assert len(authority.gateway.sent) == 4
        answer = authority.choose(authority.opened(BY_SMS), BY_SMS)
        wait = told(authority, answer, Kind.TOO_MANY, "choose_card")["retry_after"]
        assert 0 < wait <= authority.authority.rules.window


def test_the_code_of_another_unlock(authority: Served) -> None:
    first, second = asked(authority), asked(authority)
    [(_, old), (_, new)] = authority.gateway.sent
    refused(authority.answer(first, new[:6]), Kind.SECOND_FACTOR_WRONG)
    told(authority, authority.answer(second, old[:6]), Kind.SECOND_FACTOR_WRONG, EVENT)
    assert {row.state for row in authority.rows(Unlock)} == {"asked"}


def test_the_code_of_an_sms_before_the_last_one(authority: Served) -> None:
    token = asked(authority)
    old = authority.gateway.code
    authority.choose(token, BY_SMS)
    told(authority, authority.answer(token, old), Kind.SECOND_FACTOR_WRONG, EVENT)


def test_the_code_once_more(authority: Served) -> None:
    token = authority.confirmed(BY_SMS)
    told(authority, authority.answer(token, authority.gateway.code), Kind.WRONG_ORDER, EVENT)


def test_the_code_of_one_card_for_another(authority: Served) -> None:
    """The SMS names the card; its code serves for that one alone."""
    token = asked(authority)
    code = authority.gateway.code
    other = next(row.serial for row in authority.rows(IssuedCard) if row.serial.endswith("0002"))
    answer = authority.http.put("/v1/unlocks/current/card", headers=bearer(token), json={"serial": other})
    assert answer.status_code == 200
    told(authority, authority.answer(token, code), Kind.SECOND_FACTOR_WRONG, EVENT)


@pytest.mark.parametrize("given", ["", " ", "000000\x00", "' OR '1'='1", "١٢٣٤٥٦", "1" * 1024, "1" * 1025, "\ud800"])
def test_answers_of_other_kinds(authority: Served, given: str) -> None:
    token = asked(authority)
    body = b'{"answer":"%s"}' % given.encode("unicode_escape").replace(rb"\x00", rb"\u0000").replace(b'"', b'\\"')
    headers = {**bearer(token), "Content-Type": "application/json"}
    answer = authority.http.post("/v1/unlocks/current/second-factor", content=body, headers=headers)
    assert answer.status_code in (403, 422)
    assert authority.unlock().state == "asked"


class TestStepsLeftOut:
    """Each step needs the one before it, whatever the token is worth."""

    def test_the_exchange_before_a_card_was_chosen(self, authority: Served) -> None:
        card = new_card()
        with unharmed(card):
            cut_off(authority, first_said(authority, authority.opened()), Kind.WRONG_ORDER)
        nothing_gained(authority)

    def test_the_exchange_before_the_second_factor(self, authority: Served) -> None:
        token = authority.opened()
        authority.choose(token)
        cut_off(authority, first_said(authority, token), Kind.WRONG_ORDER)
        nothing_gained(authority)

    def test_the_exchange_after_a_wrong_answer(self, authority: Served) -> None:
        token = authority.opened()
        authority.choose(token)
        authority.answer(token, "wrong")
        cut_off(authority, first_said(authority, token), Kind.WRONG_ORDER)
        nothing_gained(authority)

    def test_an_answer_before_a_card_was_chosen(self, authority: Served) -> None:
        token = authority.opened()
        told(authority, authority.answer(token, HOLDER.password), Kind.WRONG_ORDER, EVENT)
        assert authority.unlock().answers_wrong == 0

    def test_another_card_after_the_second_factor(self, authority: Served) -> None:
        token = authority.confirmed()
        other = next(row for row in authority.rows(IssuedCard) if row.serial.endswith("0004"))
        answer = authority.http.put("/v1/unlocks/current/card", headers=bearer(token), json={"serial": other.serial})
        told(authority, answer, Kind.WRONG_ORDER, "choose_card")
        assert authority.unlock().card_id != other.id


class TestTokens:
    """Of others, of another kind, or after their time."""

    def test_after_the_unlock_was_done(self, authority: Served) -> None:
        token, card = authority.confirmed(), new_card()
        with authority.exchange(token) as exchange:
            exchange.carry(card)
        with unharmed(card):
            cut_off(authority, first_said(authority, token), Kind.UNLOCK_OVER)
            told(authority, authority.choose(token), Kind.UNLOCK_OVER, "choose_card")
            told(authority, authority.answer(token, HOLDER.password), Kind.UNLOCK_OVER, EVENT)

    def test_while_its_owner_is_at_it(self, authority: Served) -> None:
        token, card = authority.confirmed(), new_card()
        with authority.exchange(token) as exchange:
            exchange.carry(card, 3)
            said = first_said(authority, token)
            cut_off(authority, said, Kind.CARD_BUSY)
            assert isinstance(said, Failed)
            assert said.retry_after
            told(authority, authority.choose(token), Kind.WRONG_ORDER, "choose_card")
            assert authority.unlock().state == "exchanging"

    def test_of_a_sign_in_for_an_unlock_and_the_other_way(self, authority: Served) -> None:
        unlock, portal = authority.confirmed(), authority.sign_in()
        turned_away(authority, portal)
        refused(authority.http.post("/v1/codes", headers=bearer(unlock)), Kind.NOT_SIGNED_IN)
        refused(authority.http.delete("/v1/sign-ins/current", headers=bearer(unlock)), Kind.NOT_SIGNED_IN)

    def test_what_the_database_holds_opens_nothing(self, authority: Served) -> None:
        """Whoever reads it finds hashes."""
        authority.confirmed()
        for kind in (Unlock, SignIn):
            for row in authority.rows(kind):
                for shown in (row.token_hash.hex(), getattr(row, "id", "")):
                    turned_away(authority, shown)
        nothing_gained(authority)


class TestSignIn:
    """Guessing passwords."""

    def test_at_one_name(self, authority: Served) -> None:
        for _ in range(authority.authority.rules.sign_ins_wrong):
            told(authority, sign_in(authority), Kind.SIGN_IN_REFUSED, "sign_in")
        answer = sign_in(authority, password=HOLDER.password)
        assert told(authority, answer, Kind.TOO_MANY, "sign_in")["retry_after"] == int(answer.headers["retry-after"])
        assert not authority.rows(SignIn)

    def test_from_one_address(self, authority: Served) -> None:
        for number in range(authority.authority.rules.sign_ins_wrong):
            refused(sign_in(authority, f"nobody-{number}"), Kind.SIGN_IN_REFUSED)
        told(authority, sign_in(authority, password=HOLDER.password), Kind.TOO_MANY, "sign_in")

    def test_many_at_one_moment(self, store: Store) -> None:
        with served(store, sign_ins_wrong=3) as authority:
            answers = at_once(*[partial(sign_in, authority)] * 10)
            assert sorted(answer.status_code for answer in answers) == [401] * 3 + [429] * 7

    def test_a_name_that_exists_is_told_the_same(self, authority: Served) -> None:
        texts = set()
        for name in (HOLDER.name, "nobody", "' OR 1=1 --", "mehmet\u200b", HOLDER.name.upper()):
            answer = sign_in(authority, name)
            texts.add(answer.text.replace(answer.headers["x-request-id"], ""))
        assert len(texts) == 1

    @pytest.mark.parametrize(
        "name", ["mehmet' --", 'mehmet"; DROP TABLE holders; --', "%", "mehmet%", "_ehmet", "{0}", "%s", "\\", "$1"]
    )
    def test_names_that_mean_something_to_a_database(self, store: Store, name: str) -> None:
        with served(store) as authority:
            told(authority, sign_in(authority, name, HOLDER.password), Kind.SIGN_IN_REFUSED, "sign_in")
            assert len(authority.rows(Holder)) == 2
            assert sign_in(authority, password=HOLDER.password).status_code == 201
