"""The same seed gives the same card the same answers."""

from __future__ import annotations

from hashlib import shake_256

from akis.emulator import EmulatedCard
from akis.emulator.seed import new_seed, seeded

CHALLENGE = bytes.fromhex("0084000008")


def test_draws_follow_the_seed() -> None:
    one, same, other = seeded("a"), seeded("a"), seeded("b")
    draws = [one(length) for length in (8, 8, 0, 1000)]
    assert draws == [same(length) for length in (8, 8, 0, 1000)]
    assert [len(draw) for draw in draws] == [8, 8, 0, 1000]
    assert draws[0] != draws[1]
    assert other(8) != draws[0]


def test_a_draw_is_what_the_specification_says() -> None:
    draw = seeded("00ff")
    draw(1)
    assert draw(5) == shake_256(b"00ff/1").digest(5)


def test_a_card_with_a_seed_gives_the_same_challenges() -> None:
    cards = [EmulatedCard.named(random=seeded("2026")) for _ in range(2)]
    first, second = ([card.process(CHALLENGE) for _ in range(3)] for card in cards)
    assert first == second
    assert len(set(first)) == 3


def test_seeds_are_new() -> None:
    assert len({new_seed() for _ in range(100)}) == 100
    assert len(new_seed()) == 16
