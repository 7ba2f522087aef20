"""The card is chosen and the second factor given: by SMS or by password, in few tries."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from akis.authority.refused import Refused
from akis.authority.steps import second_factor as module
from akis.authority.steps.choose_card import choose_card
from akis.authority.steps.second_factor import SecondFactor, answer
from akis.authority.steps.sms_text import sms_text
from akis.authority.store.store import Store
from akis.authority.store.tables import Holder, IssuedCard
from akis.unlock.kinds import Kind
from tests.akis.authority.world import HERE, PASSWORD, PHONE, SERIALS, World, refused
from tests.leaks import silent

MINE, MINE_TOO, ANOTHERS = SERIALS[:3]


@pytest.fixture
def world(sqlite_store: Store) -> World:
    return World(sqlite_store)


@pytest.fixture
def ayse(world: World) -> Holder:
    made = world.holder(cards=2)
    world.holder("mehmet", "password", phone=None)
    return made


def another(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


# ---- choosing


def test_choosing_a_card_sends_the_code_to_the_holder(world: World, ayse: Holder) -> None:
    opened = world.opened(ayse)
    assert choose_card(world.authority, opened.token, MINE, HERE) == SecondFactor("sms", "… 42")
    code = world.gateway.code
    assert code.isdecimal()
    assert world.gateway.sent == [(PHONE, sms_text(code, "card 1"))]
    assert (world.unlock(opened).state, world.unlock(opened).card_id) == ("asked", ayse.cards[0].id)
    assert (world.trail()[-1], world.lines()[-1].card) == (("choose_card", "ok", "ayse"), MINE)


def test_the_sms_says_what_its_code_is_for_in_two_languages() -> None:
    text = sms_text("012345", "İmza kartım")
    assert text.startswith("012345: İmza kartım kartınızın PIN'ini")
    assert "unlock the PIN of your card İmza kartım" in text
    assert "paylaşmayın" in text
    assert "Share it with nobody" in text


def test_a_password_needs_no_sms(world: World, ayse: Holder) -> None:
    with world.authority.read() as session:
        mehmet = session.get_one(Holder, 2)
    opened = world.opened(mehmet)
    assert choose_card(world.authority, opened.token, ANOTHERS, HERE) == SecondFactor("password", None)
    assert not world.gateway.sent


def test_hex_in_small_letters_is_the_same_card(world: World, ayse: Holder) -> None:
    opened = world.opened(ayse)
    choose_card(world.authority, opened.token, MINE.lower(), HERE)
    assert world.unlock(opened).card_id == ayse.cards[0].id


@pytest.mark.parametrize("serial", [ANOTHERS, "00" * 12, "", "x\0y", MINE + "00"])
def test_a_card_of_somebody_else_and_one_of_nobody_are_told_the_same(world: World, ayse: Holder, serial: str) -> None:
    opened = world.opened(ayse)
    with refused(Kind.CARD_NOT_YOURS) as caught:
        choose_card(world.authority, opened.token, serial, HERE)
    assert caught.said.message == "this card is not one of yours"
    assert world.unlock(opened).state == "opened"
    assert world.trail()[-1] == ("choose_card", "card_not_yours", "ayse")


def test_a_revoked_card_is_not_unlocked(world: World, ayse: Holder) -> None:
    opened = world.opened(ayse)
    world.change(IssuedCard, ayse.cards[0].id, revoked=True)
    with refused(Kind.CARD_REVOKED):
        choose_card(world.authority, opened.token, MINE, HERE)
    choose_card(world.authority, opened.token, MINE_TOO, HERE)


def test_a_locked_holder_chooses_none(world: World, ayse: Holder) -> None:
    opened = world.opened(ayse)
    world.change(Holder, ayse.id, locked=True)
    with refused(Kind.HOLDER_LOCKED):
        choose_card(world.authority, opened.token, MINE, HERE)


def test_an_unlock_comes_to_its_end(world: World, ayse: Holder) -> None:
    opened = world.opened(ayse)
    world.later(900)
    for token in (opened.token, "nobody's", "\ud800"):
        with refused(Kind.UNLOCK_OVER):
            choose_card(world.authority, token, MINE, HERE)
        with refused(Kind.UNLOCK_OVER):
            answer(world.authority, token, "000000", HERE)
    # What nobody has leaves no line: whoever makes up tokens would fill the log.
    assert [actor for _, outcome, actor in world.trail() if outcome == "unlock_over"] == ["ayse"] * 2


def test_choosing_again_sends_another_code_in_place_of_the_first(world: World, ayse: Holder) -> None:
    opened = world.opened(ayse)
    choose_card(world.authority, opened.token, MINE, HERE)
    first = world.gateway.code
    choose_card(world.authority, opened.token, MINE_TOO, HERE)
    if first != world.gateway.code:
        with refused(Kind.SECOND_FACTOR_WRONG):
            answer(world.authority, opened.token, first, HERE)
    answer(world.authority, opened.token, world.gateway.code, HERE)
    assert world.unlock(opened).card_id == ayse.cards[1].id


def test_few_sms_are_sent_for_one_unlock(world: World, ayse: Holder) -> None:
    opened = world.opened(ayse)
    for _ in range(3):
        choose_card(world.authority, opened.token, MINE, HERE)
    world.later(100)
    with refused(Kind.TOO_MANY) as caught:
        choose_card(world.authority, opened.token, MINE, HERE)
    assert caught.said.retry_after == 800
    assert len(world.gateway.sent) == 3
    answer(world.authority, opened.token, world.gateway.code, HERE)


def test_an_sms_that_was_not_taken_is_not_counted(world: World, ayse: Holder) -> None:
    opened = world.opened(ayse)
    world.gateway.broken = True
    for _ in range(5):
        with refused(Kind.SMS_NOT_SENT):
            choose_card(world.authority, opened.token, MINE, HERE)
    assert (world.unlock(opened).state, world.unlock(opened).sms_sent) == ("opened", 0)
    assert world.trail()[-2:] == [("choose_card", "ok", "ayse"), ("choose_card", "sms_not_sent", "ayse")]
    with refused(Kind.WRONG_ORDER):
        answer(world.authority, opened.token, "000000", HERE)
    world.gateway.broken = False
    choose_card(world.authority, opened.token, MINE, HERE)
    answer(world.authority, opened.token, world.gateway.code, HERE)


def test_the_code_before_an_sms_that_was_not_taken_stays_good(world: World, ayse: Holder) -> None:
    opened = world.opened(ayse)
    choose_card(world.authority, opened.token, MINE, HERE)
    world.gateway.broken = True
    with refused(Kind.SMS_NOT_SENT):
        choose_card(world.authority, opened.token, MINE, HERE)
    answer(world.authority, opened.token, world.gateway.code, HERE)


def test_a_holder_without_a_phone_is_told_so(world: World, ayse: Holder) -> None:
    world.change(Holder, ayse.id, phone=None)
    opened = world.opened(ayse)
    with refused(Kind.SMS_NOT_SENT):
        choose_card(world.authority, opened.token, MINE, HERE)
    assert world.unlock(opened).state == "opened"


# ---- answering


def test_the_code_of_the_sms_confirms_with_or_without_spaces(world: World, ayse: Holder) -> None:
    opened = world.opened(ayse)
    choose_card(world.authority, opened.token, MINE, HERE)
    world.later(800)  # as long as the unlock
    answer(world.authority, opened.token, f" {world.gateway.code[:3]} {world.gateway.code[3:]} ", HERE)
    row = world.unlock(opened)
    assert (row.state, row.answer_mac) == ("confirmed", None)
    assert world.trail()[-1] == ("second_factor", "ok", "ayse")


def test_the_web_password_confirms_where_that_is_the_second_factor(world: World) -> None:
    opened = world.opened(world.holder("mehmet", "password"))
    choose_card(world.authority, opened.token, MINE, HERE)
    with refused(Kind.SECOND_FACTOR_WRONG) as caught:
        answer(world.authority, opened.token, PASSWORD + " ", HERE)
    assert caught.said.tries_left == 2
    answer(world.authority, opened.token, PASSWORD, HERE)
    assert world.unlock(opened).state == "confirmed"


def test_nobody_is_let_in_by_a_password_that_was_never_set(world: World) -> None:
    opened = world.opened(world.holder("mehmet", "password", password_hash=None))
    choose_card(world.authority, opened.token, MINE, HERE)
    with refused(Kind.SECOND_FACTOR_WRONG):
        answer(world.authority, opened.token, "", HERE)


def test_the_third_wrong_answer_ends_the_unlock(world: World, ayse: Holder) -> None:
    opened = world.opened(ayse)
    choose_card(world.authority, opened.token, MINE, HERE)
    for left, given in ((2, another(world.gateway.code)), (1, "\ud800")):
        with refused(Kind.SECOND_FACTOR_WRONG) as caught:
            answer(world.authority, opened.token, given, HERE)
        assert caught.said.tries_left == left
    with refused(Kind.SECOND_FACTOR_SPENT) as caught:
        answer(world.authority, opened.token, "", HERE)
    assert caught.said.tries_left == 0
    with refused(Kind.UNLOCK_OVER):
        answer(world.authority, opened.token, world.gateway.code, HERE)
    assert world.unlock(opened).state == "over"
    outcomes = [outcome for event, outcome, _ in world.trail() if event == "second_factor"]
    assert outcomes == ["second_factor_wrong"] * 2 + ["second_factor_spent", "unlock_over"]


def test_a_new_sms_brings_no_new_tries(world: World, ayse: Holder) -> None:
    opened = world.opened(ayse)
    for kind in (Kind.SECOND_FACTOR_WRONG, Kind.SECOND_FACTOR_WRONG, Kind.SECOND_FACTOR_SPENT):
        choose_card(world.authority, opened.token, MINE, HERE)
        with refused(kind):
            answer(world.authority, opened.token, another(world.gateway.code), HERE)


def test_the_third_answer_may_be_the_right_one(world: World, ayse: Holder) -> None:
    opened = world.opened(ayse)
    choose_card(world.authority, opened.token, MINE, HERE)
    for _ in range(2):
        with refused(Kind.SECOND_FACTOR_WRONG):
            answer(world.authority, opened.token, another(world.gateway.code), HERE)
    answer(world.authority, opened.token, world.gateway.code, HERE)


def test_the_code_of_another_unlock_is_worth_nothing(world: World, ayse: Holder) -> None:
    one, other = world.opened(ayse), world.opened(ayse)
    choose_card(world.authority, one.token, MINE, HERE)
    code = world.gateway.code
    choose_card(world.authority, other.token, MINE, HERE)
    if code != world.gateway.code:
        with refused(Kind.SECOND_FACTOR_WRONG):
            answer(world.authority, other.token, code, HERE)
    assert world.unlock(one).answer_mac != world.unlock(other).answer_mac


def test_steps_have_their_order(world: World, ayse: Holder) -> None:
    opened = world.opened(ayse)
    with refused(Kind.WRONG_ORDER):
        answer(world.authority, opened.token, "000000", HERE)
    choose_card(world.authority, opened.token, MINE, HERE)
    answer(world.authority, opened.token, world.gateway.code, HERE)
    with refused(Kind.WRONG_ORDER):
        choose_card(world.authority, opened.token, MINE_TOO, HERE)
    with refused(Kind.WRONG_ORDER):
        answer(world.authority, opened.token, world.gateway.code, HERE)
    assert world.unlock(opened).state == "confirmed"


def test_a_card_that_was_revoked_meanwhile_is_not_confirmed(world: World, ayse: Holder) -> None:
    opened = world.opened(ayse)
    choose_card(world.authority, opened.token, MINE, HERE)
    world.change(IssuedCard, ayse.cards[0].id, revoked=True)
    with refused(Kind.CARD_REVOKED):
        answer(world.authority, opened.token, world.gateway.code, HERE)


def test_whoever_guesses_on_in_unlock_after_unlock_is_stopped(world: World, ayse: Holder) -> None:
    for _ in range(3):
        opened = world.opened(ayse)
        choose_card(world.authority, opened.token, MINE, HERE)
        for _ in range(3):
            with pytest.raises(Refused):
                answer(world.authority, opened.token, another(world.gateway.code), HERE)
    opened = world.opened(ayse)
    choose_card(world.authority, opened.token, MINE, HERE)
    with refused(Kind.SECOND_FACTOR_WRONG):  # the tenth in the window
        answer(world.authority, opened.token, another(world.gateway.code), HERE)
    with refused(Kind.TOO_MANY) as caught:
        choose_card(world.authority, opened.token, MINE, HERE)
    assert caught.said.retry_after == 600
    assert world.trail()[-1] == ("choose_card", "too_many", "ayse")


def test_whoever_guesses_on_in_unlocks_opened_beforehand_is_stopped(world: World, ayse: Holder) -> None:
    opened = [world.opened(ayse) for _ in range(4)]
    for one in opened:
        choose_card(world.authority, one.token, MINE, HERE)
    for one in opened[:3]:
        for _ in range(3):
            with pytest.raises(Refused):
                answer(world.authority, one.token, "no digits", HERE)
    with refused(Kind.SECOND_FACTOR_WRONG):  # the tenth in the window
        answer(world.authority, opened[3].token, "no digits", HERE)
    with refused(Kind.TOO_MANY) as caught:
        answer(world.authority, opened[3].token, world.gateway.code, HERE)
    assert caught.said.retry_after == 600
    assert world.trail()[-1] == ("second_factor", "too_many", "ayse")
    world.later(600)
    answer(world.authority, opened[3].token, world.gateway.code, HERE)


def test_of_many_answers_at_one_moment_three_are_looked_at(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(store)
    opened = world.opened(world.holder("mehmet", "password"))
    choose_card(world.authority, opened.token, MINE, HERE)
    looked_at = []

    def watched(stored: str | None, password: str) -> bool:
        looked_at.append(password)
        return False

    monkeypatch.setattr(module, "password_fits", watched)

    def guess(number: int) -> Kind:
        try:
            answer(world.authority, opened.token, str(number), HERE)
        except Refused as why:
            return why.kind
        raise AssertionError("confirmed")

    with ThreadPoolExecutor(8) as clients:
        said = list(clients.map(guess, range(8)))
    assert len(looked_at) <= 3
    assert said.count(Kind.SECOND_FACTOR_WRONG) <= 2
    assert set(said) <= {Kind.SECOND_FACTOR_WRONG, Kind.SECOND_FACTOR_SPENT, Kind.UNLOCK_OVER}
    assert world.unlock(opened).state == "over"


def test_a_try_whose_worker_died_was_spent(world: World, ayse: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = world.opened(ayse)
    choose_card(world.authority, opened.token, MINE, HERE)

    def died(*_: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, "_fits", died)
        for _ in range(3):
            with pytest.raises(KeyboardInterrupt):
                answer(world.authority, opened.token, world.gateway.code, HERE)
    with refused(Kind.SECOND_FACTOR_SPENT):
        answer(world.authority, opened.token, world.gateway.code, HERE)


def test_a_new_sms_that_comes_between_does_not_confirm_the_old_answer(
    world: World, ayse: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = world.opened(ayse)
    choose_card(world.authority, opened.token, MINE, HERE)
    fits = module._fits

    def slow(*arguments: object) -> bool:
        choose_card(world.authority, opened.token, MINE_TOO, HERE)
        return fits(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched, refused(Kind.WRONG_ORDER):
        patched.setattr(module, "_fits", slow)
        answer(world.authority, opened.token, world.gateway.code, HERE)
    assert world.unlock(opened).state == "asked"
    answer(world.authority, opened.token, world.gateway.code, HERE)


def test_no_answer_token_or_number_is_written_or_said(world: World, ayse: Holder) -> None:
    opened = world.opened(ayse)
    choose_card(world.authority, opened.token, MINE, HERE)
    given = another(world.gateway.code)
    secrets = [given, world.gateway.code, opened.token, PHONE]
    with refused(Kind.SECOND_FACTOR_WRONG) as caught:
        answer(world.authority, opened.token, given, HERE)
    silent(caught.said, secrets)
    world.gateway.broken = True
    with refused(Kind.SMS_NOT_SENT) as caught:
        choose_card(world.authority, opened.token, MINE, HERE)
    silent(caught.said, secrets)
    world.gateway.broken = False
    answer(world.authority, opened.token, world.gateway.code, HERE)
    silent(world.written(), secrets)
