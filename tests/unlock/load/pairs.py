"""Two clients that want to unlock the same card at the same moment, each with a code of its own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier, Event

from akis.authority.bench.clients import Place, Prepared
from akis.authority.bench.holder import HolderAtWork, Inbox
from akis.authority.bench.people import bench_card
from akis.unlock.steps import Step

WAIT = 30
_PAUSE = 0.02


@dataclass(frozen=True)
class PairDone:
    """How often the card was taken when one of the two asked for it, and whether both ended with the new PIN."""

    number: int
    busy: int
    right: bool


@dataclass
class Pair:
    """The card is in two readers, as if it had been copied, so that nothing but the authority keeps the two apart.

    Whoever is first holds on to the card until the other was refused, so that they meet in every run.
    """

    place: Place
    inbox: Inbox
    number: int
    busy: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.refused = Event()
        self.both = Barrier(2)
        self.clients = [
            HolderAtWork(
                self.place.url,
                self.inbox,
                bench_card(self.number),
                "blocked",
                timeout=self.place.timeout,
                step=self._step,
            )
            for _ in range(2)
        ]

    def prepare(self) -> None:
        """One after the other, since a code that was not redeemed is cancelled by the next."""
        for client in self.clients:
            client.prepare()

    def exchange(self, client: HolderAtWork) -> None:
        self.both.wait(WAIT)
        client.exchange(self._wait)

    def done(self) -> PairDone:
        return PairDone(self.number, len(self.busy), all(client.has_new_pin for client in self.clients))

    def _step(self, step: Step) -> None:
        if step is Step.MEETING:
            assert self.refused.wait(WAIT), "both had the card at once"

    def _wait(self, seconds: int) -> bool:
        self.busy.append(seconds)
        self.refused.set()
        time.sleep(_PAUSE)  # the lease says how long it may last, and the other is faster
        return True


def unlock_twice(place: Place, numbers: Sequence[int], at_once: int) -> Prepared:
    """A task for :class:`akis.authority.bench.clients.Clients`: each card by two clients at the same moment."""
    inbox = Inbox(place.outbox)
    pairs = [Pair(place, inbox, number) for number in numbers]

    def do() -> list[PairDone]:
        with ThreadPoolExecutor(2 * len(pairs)) as threads:
            list(threads.map(Pair.prepare, pairs))
            both = [(pair, client) for pair in pairs for client in pair.clients]
            list(threads.map(lambda of: Pair.exchange(*of), both))
        return [pair.done() for pair in pairs]

    return do
