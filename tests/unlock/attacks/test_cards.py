"""Cards of somebody else, cards that lie, cards that two want, and what the issuer forbids while it goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

import pytest

from akis.authority.demo.data import CARDS, DemoCard, demo_personality
from akis.authority.store.store import Store
from akis.authority.store.tables import CardLease, Holder, IssuedCard, Unlock
from akis.emulator import EmulatedCard
from akis.emulator.memory import Memory
from akis.emulator.personality import Personality
from akis.unlock.holds import Holds
from akis.unlock.kinds import Kind
from akis.unlock.messages import Answer, Command, Done, Failed
from tests.akis.authority.http.served import (
    BY_SMS,
    CARD,
    HOLDER,
    OTHER,
    Exchange,
    Served,
    bearer,
    new_card,
    pin,
    served,
    until,
)
from tests.unlock.attacks.scene import (
    AUTHENTICATE,
    RESET,
    at_once,
    cut_off,
    nothing_gained,
    second_worker,
    still_works,
    told,
    unharmed,
    until_step,
    without_id,
)


def card_of(personality: Personality) -> EmulatedCard:
    return EmulatedCard(personality, Memory.new(personality, "blocked"))


class TestOfSomebodyElse:
    def test_is_told_from_one_that_does_not_exist_by_nothing(self, authority: Served) -> None:
        token = authority.opened()
        answers = [
            authority.http.put("/v1/unlocks/current/card", headers=bearer(token), json={"serial": serial})
            for serial in (BY_SMS.serial.hex(), "0" * 24, "F" * 24)
        ]
        for answer in answers:
            told(authority, answer, Kind.CARD_NOT_YOURS, "choose_card")
        assert len({str(without_id(answer)) for answer in answers}) == 1
        assert (authority.unlock().state, authority.unlock().card_id) == ("opened", None)
        assert authority.gateway.sent == []

    def test_also_when_it_was_revoked(self, authority: Served) -> None:
        """What became of a card is its holder's business."""
        with authority.authority.begin() as session:
            for card in session.query(IssuedCard):
                card.revoked = True
        answer = authority.choose(authority.opened(), BY_SMS)
        told(authority, answer, Kind.CARD_NOT_YOURS, "choose_card")

    def test_is_not_unlocked_with_the_choice_of_one_s_own(self, authority: Served) -> None:
        card = new_card(BY_SMS)
        with authority.exchange(authority.confirmed()) as exchange, unharmed(card):
            cut_off(authority, exchange.carry(card), Kind.OTHER_CARD)
        nothing_gained(authority)

    def test_is_not_even_authenticated_with(self, authority: Served) -> None:
        """A failed authentication might cost that card something."""
        card, seen = new_card(OTHER), []
        with authority.exchange(authority.confirmed()) as exchange:
            while isinstance(said := exchange.receive(), Command):
                seen.append(said.apdu[1])
                exchange.send(Answer(said.n, card.process(said.apdu)))
            cut_off(authority, said, Kind.OTHER_CARD)
        assert seen == [0xA4, 0xCA]


class TestThatLies:
    """About its serial number, since it has not the keys that belong to it."""

    def test_a_clone_with_the_right_number_and_the_keys_of_another(self, authority: Served) -> None:
        clone = card_of(replace(demo_personality(OTHER), serial=CARD.serial))
        self.fails(authority, clone, CARD)

    def test_a_clone_of_the_same_kind(self, authority: Served) -> None:
        second = next(card for card in CARDS if card.kind == CARD.kind and card is not CARD)
        clone = card_of(replace(demo_personality(second), serial=CARD.serial))
        self.fails(authority, clone, CARD)

    def test_with_a_number_one_off(self, authority: Served) -> None:
        serial = CARD.serial[:-1] + bytes([CARD.serial[-1] ^ 1])
        card = card_of(replace(demo_personality(CARD), serial=serial))
        with authority.exchange(authority.confirmed()) as exchange, unharmed(card):
            cut_off(authority, exchange.carry(card), Kind.OTHER_CARD)
        nothing_gained(authority)

    def test_whose_number_the_reader_gives_for_another_s(self, authority: Served) -> None:
        """The reader's side puts the right number into the answer of another card."""
        card = new_card(OTHER)
        with authority.exchange(authority.confirmed()) as exchange, unharmed(card):
            command = until_step(exchange, card, 2)
            answer = card.process(command.apdu).replace(OTHER.serial, CARD.serial)
            exchange.send(Answer(2, answer))
            cut_off(authority, exchange.carry(card), Kind.CARD_NOT_AUTHENTIC)
        nothing_gained(authority)
        still_works(authority, card, OTHER)

    def test_that_echoes_what_it_is_sent(self, authority: Served) -> None:
        """Sent back, the terminal's own cryptogram proves nothing."""
        card = new_card()
        with authority.exchange(authority.confirmed()) as exchange, unharmed(card):
            command = until_step(exchange, card, AUTHENTICATE)
            exchange.send(Answer(AUTHENTICATE, command.apdu[5:77] + b"\x90\x00"))
            cut_off(authority, exchange.carry(card), Kind.CARD_NOT_AUTHENTIC)
        nothing_gained(authority)

    def fails(self, authority: Served, clone: EmulatedCard, real: DemoCard) -> None:
        card = new_card(real)
        with authority.exchange(authority.confirmed(real)) as exchange, unharmed(clone, card):
            cut_off(authority, exchange.carry(clone), Kind.CARD_NOT_AUTHENTIC)
            assert exchange.commands <= AUTHENTICATE, "no RESET leaves for a card that proved nothing"
        nothing_gained(authority)
        still_works(authority, card, real)


class TestThatTwoWant:
    """Two unlocks of one card, each with a code of its own, at one server and at two."""

    def test_one_after_the_other(self, authority: Served) -> None:
        first, second, card = authority.confirmed(), authority.confirmed(), new_card()
        with authority.exchange(first) as exchange:
            until_step(exchange, card, RESET)
            with authority.exchange(second) as other, unharmed(card):
                said = other.receive()
                cut_off(authority, said, Kind.CARD_BUSY)
                assert isinstance(said, Failed)
                assert 0 < (said.retry_after or 0) <= authority.authority.rules.lease
            assert {row.state for row in authority.rows(Unlock)} == {"exchanging", "confirmed"}

    def test_at_the_same_moment_and_at_two_servers(self, store: Store) -> None:
        with served(store) as authority, second_worker(authority) as other:
            for _ in range(5):
                self.round(authority, other)
            outcomes = Counter(line.outcome for line in authority.audited("exchange"))
            assert outcomes == {"ok": 10, "card_busy": 15}

    def round(self, authority: Served, other: Served) -> None:
        card = new_card()
        tokens = [authority.confirmed() for _ in range(3)]
        tokens.append(tokens[0])
        with ExitStack() as opened:

            def begin(place: int) -> Callable[[], tuple[Exchange, object]]:
                def begun() -> tuple[Exchange, object]:
                    exchange = opened.enter_context((authority, other)[place % 2].exchange(tokens[place]))
                    return exchange, exchange.receive()

                return begun

            found = at_once(*[begin(place) for place in range(4)])
            assert sorted(type(said).__name__ for _, said in found) == ["Command"] + ["Failed"] * 3
            assert {said.kind for _, said in found if isinstance(said, Failed)} == {Kind.CARD_BUSY}
            [(exchange, said)] = [(exchange, said) for exchange, said in found if isinstance(said, Command)]
            exchange.send(Answer(said.n, card.process(said.apdu)))
            done = exchange.carry(card)
            assert isinstance(done, Done)
            assert pin(card) == (done.transport_pin.reveal().decode(), "transport", 3)
        until(lambda: not authority.rows(CardLease))


class TestForbiddenMeanwhile:
    """The issuer locks a holder or revokes a card while an unlock goes on: its next step is its last."""

    @pytest.mark.parametrize(
        ("kind", "column", "reason"),
        [(Holder, "locked", Kind.HOLDER_LOCKED), (IssuedCard, "revoked", Kind.CARD_REVOKED)],
        ids=["locked", "revoked"],
    )
    @pytest.mark.parametrize("step", range(1, RESET))
    def test_during_the_exchange(self, sqlite_store: Store, kind: type, column: str, reason: Kind, step: int) -> None:
        """As soon as the exchange has to show that it is alive, here at each command."""
        with served(sqlite_store, lease=20, answer_wait=20) as authority:
            card, token = new_card(), authority.confirmed()
            with authority.exchange(token) as exchange, unharmed(card):
                command = until_step(exchange, card, step)
                forbid(authority, kind, column)
                exchange.send(Answer(step, card.process(command.apdu)))
                cut_off(authority, exchange.receive(), reason)
            with authority.exchange(token) as exchange:
                cut_off(authority, exchange.receive(), reason)
            nothing_gained(authority)

    @pytest.mark.parametrize(
        ("kind", "column", "reason"),
        [(Holder, "locked", Kind.HOLDER_LOCKED), (IssuedCard, "revoked", Kind.CARD_REVOKED)],
        ids=["locked", "revoked"],
    )
    def test_before_each_other_step(self, authority: Served, kind: type, column: str, reason: Kind) -> None:
        opened, asked, confirmed = authority.opened(), authority.opened(), authority.confirmed()
        authority.choose(asked)
        forbid(authority, kind, column)
        told(authority, authority.choose(opened), reason, "choose_card")
        told(authority, authority.answer(asked, HOLDER.password), reason, "second_factor")
        with authority.exchange(confirmed) as exchange:
            cut_off(authority, exchange.receive(), reason)
        nothing_gained(authority)

    def test_and_in_any_case_before_the_reset_leaves(self, authority: Served) -> None:
        """However quick the exchange is, whose lease needs no renewing yet."""
        card = new_card()
        with authority.exchange(authority.confirmed()) as exchange, unharmed(card):
            command = until_step(exchange, card, AUTHENTICATE)
            forbid(authority, IssuedCard, "revoked")
            exchange.send(Answer(AUTHENTICATE, card.process(command.apdu)))
            cut_off(authority, exchange.receive(), Kind.CARD_REVOKED)
        nothing_gained(authority)

    def test_once_the_reset_has_left_its_answer_counts(self, authority: Served) -> None:
        card = new_card()
        with authority.exchange(authority.confirmed()) as exchange:
            command = until_step(exchange, card, RESET)
            forbid(authority, Holder, "locked")
            exchange.send(Answer(RESET, card.process(command.apdu)))
            assert isinstance(exchange.receive(), Done)
        assert authority.audited("exchange")[-1].details["holds"] == Holds.TRANSPORT_PIN


def forbid(authority: Served, kind: type, column: str) -> None:
    with authority.authority.begin() as session:
        for row in session.query(kind):
            setattr(row, column, True)
