"""A client, or a reader, that does not only carry: it replays, swaps, cuts, doubles, forges.

Whatever it does, no transport PIN comes out that the card's own answer did not prove.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

import pytest

from akis.authority.demo.data import DemoCard
from akis.unlock.holds import Holds
from akis.unlock.kinds import Kind
from akis.unlock.messages import Answer, Command, Done, Failed, Gone, Report
from tests.akis.authority.http.served import BY_SMS, CARD, Exchange, Served, new_card, pin
from tests.unlock.attacks.scene import (
    AUTHENTICATE,
    RESET,
    STEPS,
    cut_off,
    last_unlock,
    nothing_gained,
    recorded,
    still_works,
    unharmed,
    until_step,
)

OK = b"\x90\x00"
ALL = range(1, len(STEPS) + 1)


@pytest.fixture
def authority(shared: Served) -> Served:
    return shared


def named(step: object) -> str | None:
    return STEPS[step - 1] if isinstance(step, int) else None


def text(type: str, n: object, **fields: object) -> str:
    """A message as it is written, whether it is one or not."""
    return json.dumps({"type": type, "n": n, **fields})


def holds_at(step: int) -> Holds:
    """What nobody knows better once that command has left."""
    return Holds.UNKNOWN if step == RESET else Holds.AS_BEFORE


def ended(exchange: Exchange, kind: Kind, authority: Served, holds: Holds) -> None:
    cut_off(authority, exchange.receive(), kind, holds)
    assert last_unlock(authority).state == "confirmed"


@pytest.mark.parametrize("step", ALL, ids=named)
class TestNotCarried:
    """The card is not even asked: something else is said in its place, so nothing may change on it."""

    @pytest.mark.parametrize(
        "say",
        [
            lambda n: Answer(n - 1, OK),
            lambda n: Answer(n + 1, OK),
            lambda n: Answer(0, OK),
            lambda n: Gone(n + 1),
            lambda n: Report(n, Holds.HOLDER_PIN),
            lambda n: Command(n, bytes(5)),
            lambda n: Failed(n, "card_gone", "", Holds.AS_BEFORE),
            lambda n: text("done", n, transport_pin="12345678"),
            lambda n: text("answer", n, apdu="90"),
            lambda n: text("answer", n, apdu="900"),
            lambda n: text("answer", n, apdu="90" * 1025),
            lambda n: text("answer", float(n), apdu="9000"),
            lambda n: text("answer", str(n), apdu="9000"),
            lambda n: text("answer", n, apdu="9000", more=1),
            lambda n: text("answer", n, apdu="9000").encode(),
        ],
        ids=range(15),
    )
    def test_what_is_not_the_message_that_is_due(
        self, authority: Served, step: int, say: Callable[[int], object]
    ) -> None:
        card = new_card()
        with authority.exchange(authority.confirmed()) as exchange:
            until_step(exchange, card, step)
            with unharmed(card):
                exchange.send(say(step))  # type: ignore[arg-type]
                ended(exchange, Kind.OUT_OF_ORDER, authority, holds_at(step))
        nothing_gained(authority)

    def test_an_answer_from_a_session_that_was_recorded(self, authority: Served, step: int) -> None:
        """From this step on, the rest of the old session is played."""
        old, card = recorded(authority), new_card()
        with authority.exchange(authority.confirmed()) as exchange, unharmed(card):
            said: object = until_step(exchange, card, step)
            while isinstance(said, Command):
                exchange.send(Answer(said.n, old.answers[said.n - 1]))
                said = exchange.receive()
            cut_off(authority, said, Kind.CARD_NOT_AUTHENTIC, holds_at(step))
        nothing_gained(authority)
        still_works(authority, card)


@pytest.mark.parametrize("step", ALL[1:], ids=[named(step) for step in ALL[1:]])
@pytest.mark.parametrize("chosen", [CARD, BY_SMS], ids=["AES", "3DES"])
class TestAltered:
    """The card is asked; its answer is not brought back as it was."""

    def altered(self, authority: Served, step: int, chosen: DemoCard, change: Callable[[bytes], bytes]) -> None:
        card = new_card(chosen)
        before = pin(card)
        with authority.exchange(authority.confirmed(chosen)) as exchange:
            command = until_step(exchange, card, step)
            exchange.send(Answer(step, change(card.process(command.apdu))))
            said = exchange.carry(card)
            assert isinstance(said, Failed)
            assert said.kind in (Kind.CARD_NOT_AUTHENTIC, Kind.CARD_REFUSED, Kind.OTHER_CARD)
            cut_off(authority, said, Kind(said.kind), holds_at(step))
        nothing_gained(authority)
        if step < RESET:
            assert pin(card) == before
        still_works(authority, card, chosen)

    def test_a_status_word(self, authority: Served, step: int, chosen: DemoCard) -> None:
        self.altered(authority, step, chosen, lambda answer: answer[:-2] + b"\x63\x00")

    def test_cut_short(self, authority: Served, step: int, chosen: DemoCard) -> None:
        self.altered(
            authority, step, chosen, lambda answer: answer[: len(answer) // 2 - 1] + OK if len(answer) > 2 else b"\x90a"
        )

    def test_left_with_its_status_word(self, authority: Served, step: int, chosen: DemoCard) -> None:
        if STEPS[step - 1] == "MSE":  # says nothing else
            self.altered(authority, step, chosen, lambda _: b"\x6f\x00")
        else:
            self.altered(authority, step, chosen, lambda _: OK)


@pytest.mark.parametrize("place", range(16))
@pytest.mark.parametrize("step", [4, AUTHENTICATE, RESET], ids=named)
def test_one_bit_is_enough(authority: Served, step: int, place: int) -> None:
    """Everywhere in what device authentication and the secure session protect."""
    card = new_card()
    with authority.exchange(authority.confirmed()) as exchange:
        command = until_step(exchange, card, step)
        answer = bytearray(card.process(command.apdu))
        answer[place * len(answer) // 16] ^= 1 << place % 8
        exchange.send(Answer(step, bytes(answer)))
        cut_off(authority, exchange.carry(card), Kind.CARD_NOT_AUTHENTIC, holds_at(step))
    nothing_gained(authority)


@pytest.mark.parametrize("step", ALL[:-1], ids=named)
def test_an_answer_twice(authority: Served, step: int) -> None:
    card = new_card()
    with authority.exchange(authority.confirmed()) as exchange:
        command = until_step(exchange, card, step)
        answer = Answer(step, card.process(command.apdu))
        with unharmed(card):
            exchange.send(answer)
            exchange.send(answer)
            assert isinstance(exchange.receive(), Command)
            ended(exchange, Kind.OUT_OF_ORDER, authority, holds_at(step + 1))
    nothing_gained(authority)


def test_the_last_answer_twice_reports_nothing(authority: Served) -> None:
    card = new_card()
    with authority.exchange(authority.confirmed()) as exchange:
        command = until_step(exchange, card, RESET)
        answer = Answer(RESET, card.process(command.apdu))
        exchange.send(answer)
        exchange.send(answer)
        assert isinstance(exchange.receive(), Done)
    unlock = last_unlock(authority)
    assert (unlock.state, unlock.reported) == ("done", None)
    assert unlock.id not in [line.details["unlock"] for line in authority.audited("report")]


@pytest.mark.parametrize(("first", "second"), [(1, 2), (3, 4), (4, 5), (5, 6)])
def test_answers_in_another_order(authority: Served, first: int, second: int) -> None:
    """The answer that is due later comes now, under the right number."""
    old, card = recorded(authority), new_card()
    with authority.exchange(authority.confirmed()) as exchange:
        until_step(exchange, card, first)
        exchange.send(Answer(first, old.answers[second - 1]))
        said = exchange.carry(card)
        assert isinstance(said, Failed)
        cut_off(authority, said, Kind(said.kind))
        assert said.kind in (Kind.OTHER_CARD, Kind.CARD_NOT_AUTHENTIC, Kind.CARD_REFUSED)


def test_commands_from_a_session_that_was_recorded_do_nothing_to_the_card(authority: Served) -> None:
    """What was sent to it once, the protected RESET in it, is worth nothing a second time."""
    old, card = recorded(authority), new_card()
    with unharmed(card):
        answers = [card.process(command) for command in old.commands]
        assert answers[AUTHENTICATE - 1][-2:] != OK
        assert answers[RESET - 1][-2:] != OK
        card.reset()
        assert card.process(old.commands[RESET - 1])[-2:] != OK
    still_works(authority, card)


def test_a_reset_that_is_given_to_the_card_twice(authority: Served) -> None:
    card = new_card()
    with authority.exchange(authority.confirmed()) as exchange:
        command = until_step(exchange, card, RESET)
        answer = card.process(command.apdu)
        with unharmed(card):
            assert card.process(command.apdu)[-2:] != OK
        exchange.send(Answer(RESET, answer))
        assert isinstance(exchange.receive(), Done)


class TestForgedSuccess:
    """The reader's side says that the card took the new PIN, and has not asked it."""

    def forged(self, authority: Served, answer: bytes, chosen: DemoCard = CARD) -> None:
        card = new_card(chosen)
        with authority.exchange(authority.confirmed(chosen)) as exchange:
            until_step(exchange, card, RESET)
            with unharmed(card):
                exchange.send(Answer(RESET, answer))
                said = exchange.receive()
                cut_off(authority, said, Kind.CARD_NOT_AUTHENTIC, Holds.UNKNOWN)
        nothing_gained(authority)
        end = authority.audited("exchange")[-1]
        assert "sw" not in end.details, "a status word that nobody vouches for"
        still_works(authority, card, chosen)

    @pytest.mark.parametrize("chosen", [CARD, BY_SMS], ids=["AES", "3DES"])
    def test_a_plain_9000(self, authority: Served, chosen: DemoCard) -> None:
        self.forged(authority, OK, chosen)

    @pytest.mark.parametrize(
        "garbage",
        [
            bytes.fromhex("99029000") + OK,
            bytes.fromhex("99029000 8E08") + bytes(8) + OK,
            bytes.fromhex("99029000 8E00") + OK,
            bytes.fromhex("8E08") + bytes(8) + OK,
            bytes.fromhex("9902900099029000 8E08") + bytes(8) + OK,
            bytes.fromhex("8711 01") + bytes(16) + bytes.fromhex("99029000 8E08") + bytes(8) + OK,
            bytes.fromhex("99029000 8E84FFFFFFFF") + OK,
            Random(1).randbytes(200) + OK,
        ],
        ids=range(8),
    )
    def test_what_looks_protected(self, authority: Served, garbage: bytes) -> None:
        self.forged(authority, garbage)

    def test_the_card_s_own_answer_of_another_session(self, authority: Served) -> None:
        self.forged(authority, recorded(authority).answers[RESET - 1][:-2] + OK)

    def test_a_refusal_of_the_card_with_9000_around_it(self, authority: Served) -> None:
        """The card refuses, authentically; the status word outside is no part of that, but must be the same."""
        card = new_card()
        card.instead[0x2C] = 0x6985
        with authority.exchange(authority.confirmed()) as exchange:
            command = until_step(exchange, card, RESET)
            with unharmed(card):
                refusal = card.process(command.apdu)
                assert refusal[-2:] == bytes.fromhex("6985")
                exchange.send(Answer(RESET, refusal[:-2] + OK))
                cut_off(authority, exchange.receive(), Kind.CARD_NOT_AUTHENTIC, Holds.UNKNOWN)
        nothing_gained(authority)

    def test_a_success_with_a_refusal_around_it(self, authority: Served) -> None:
        card = new_card()
        with authority.exchange(authority.confirmed()) as exchange:
            command = until_step(exchange, card, RESET)
            exchange.send(Answer(RESET, card.process(command.apdu)[:-2] + bytes.fromhex("6982")))
            cut_off(authority, exchange.receive(), Kind.CARD_NOT_AUTHENTIC, Holds.UNKNOWN)
        nothing_gained(authority)
        still_works(authority, card)
