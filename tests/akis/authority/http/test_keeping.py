"""A card is kept for its exchange, and the database asked only where that is needed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from akis.authority.http.keeping import Keeping

LEASE, ANSWER_WAIT = 30, 20
SPARE = 5


@dataclass
class World:
    """A clock, and a database that says whether the card is still ours."""

    now: float = 100.0
    ours: bool = True
    asked: list[float] = field(default_factory=list)

    def keeping(self, lease: float = LEASE) -> Keeping:
        return Keeping(self._renew, lease, ANSWER_WAIT, self.now, lambda: self.now)

    async def _renew(self) -> bool:
        self.asked.append(self.now)
        return self.ours


def still_ours(keeping: Keeping, *, ask: bool = False) -> bool:
    return asyncio.run(keeping.still_ours(ask=ask))


def test_as_long_as_the_lease_outlasts_another_answer_nobody_is_asked() -> None:
    world = World()
    keeping = world.keeping()
    world.now += SPARE - 0.1
    assert still_ours(keeping)
    assert world.asked == []


def test_it_is_renewed_before_it_could_run_out_during_an_answer() -> None:
    world = World()
    keeping = world.keeping()
    world.now += SPARE
    assert still_ours(keeping)
    world.now += SPARE - 0.1
    assert still_ours(keeping)
    world.now += 0.1
    assert still_ours(keeping)
    assert world.asked == [100 + SPARE, 100 + 2 * SPARE]


def test_who_wants_to_be_certain_is_told_what_the_database_says() -> None:
    world = World()
    keeping = world.keeping()
    assert still_ours(keeping, ask=True)
    world.ours = False
    assert still_ours(keeping)
    assert not still_ours(keeping, ask=True)


def test_a_lease_with_nothing_to_spare_is_renewed_at_every_answer() -> None:
    world = World()
    keeping = world.keeping(lease=ANSWER_WAIT)
    assert still_ours(keeping)
    assert still_ours(keeping)
    assert len(world.asked) == 2
