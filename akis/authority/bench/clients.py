"""Processes full of holders who unlock their cards, apart from the authority, so that its own time is its own."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

from akis.authority.bench.holder import HolderAtWork, Inbox
from akis.authority.bench.people import bench_card
from akis.emulator.personality import State
from akis.errors import AkisError

_ENDS_WITHIN = 10.0
_STATES: tuple[State, ...] = ("new", "blocked")


class ClientsFailed(AkisError):
    """A client could not do its unlock, or its process ended."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the clients find the authority and their SMS; ``timeout`` is seconds for each of its answers."""

    url: str
    outbox: Path
    timeout: float = 60.0


@dataclass(frozen=True, slots=True)
class Unlocked:
    """One unlock that is done: seconds from signing in to the end, and those of the exchange with the card.

    ``began`` and ``ended`` are moments of :func:`time.monotonic`. ``right`` tells whether the card holds its own
    holder's new PIN.
    """

    number: int
    began: float
    ended: float
    exchange: float
    right: bool

    @property
    def whole(self) -> float:
        """Seconds from signing in to the end."""
        return self.ended - self.began


@dataclass(frozen=True, slots=True)
class Round:
    """What the clients did at one go; ``lasted`` is seconds, ``cpu`` those of processor time in all their processes."""

    unlocks: Sequence[Any]
    lasted: float
    cpu: float


Prepared = Callable[[], list[Any]]
Task = Callable[[Place, Sequence[int], int], Prepared]
"""Gets ready to unlock the cards of these numbers, so many at once; what it returns does it. A function of a module."""


def unlock_all(place: Place, numbers: Sequence[int], at_once: int) -> Prepared:
    """A :data:`Task`: each card once."""
    inbox = Inbox(place.outbox)
    holders = {
        number: HolderAtWork(
            place.url, inbox, bench_card(number), _STATES[number // 4 % len(_STATES)], timeout=place.timeout
        )
        for number in numbers
    }

    def unlock(number: int) -> Unlocked:
        began = time.monotonic()
        holders[number].prepare()
        prepared = time.monotonic()
        holders[number].exchange()
        ended = time.monotonic()
        return Unlocked(number, began, ended, ended - prepared, holders[number].has_new_pin)

    def do() -> list[Unlocked]:
        with ThreadPoolExecutor(at_once) as threads:
            return list(threads.map(unlock, numbers))

    return do


class Clients:
    """So many ``processes`` of clients, to be used in a ``with``."""

    def __init__(self, place: Place, processes: int, task: Task = unlock_all) -> None:
        self._place = place
        self._task = task
        self._count = processes
        self._ends: list[Connection] = []
        self._held = ExitStack()

    def __enter__(self) -> Self:
        # Not forked: threads and connections of this process are no concern of theirs.
        context = multiprocessing.get_context("spawn")
        with ExitStack() as held:
            for _ in range(self._count):
                ours, theirs = context.Pipe()
                process = context.Process(target=_work, args=(self._place, self._task, theirs), daemon=True)
                process.start()
                theirs.close()
                held.callback(_end, process)
                held.callback(ours.close)
                self._ends.append(ours)
            self._held = held.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def run(self, numbers: Sequence[int], at_once: int) -> Round:
        """Unlock the cards of these numbers, ``at_once`` of them at a time; all begin at the same moment.

        :class:`ClientsFailed` where one of them could not.
        """
        count = min(self._count, len(numbers), at_once)
        ends = self._ends[:count]
        for place, end in enumerate(ends):
            share = at_once // count + (place < at_once % count)
            end.send((numbers[place::count], share))
        for end in ends:
            _received(end)  # it is ready
        start = time.monotonic()
        for end in ends:
            end.send(None)
        unlocks: list[Any] = []
        cpu = 0.0
        for end in ends:
            done, took = _received(end)
            unlocks += done
            cpu += took
        return Round(unlocks, time.monotonic() - start, cpu)


def _received(end: Connection) -> Any:
    try:
        failed, said = end.recv()
    except (EOFError, OSError):
        raise ClientsFailed("a process of clients ended before its work was done") from None
    if failed:
        raise ClientsFailed(said)
    return said


def _work(place: Place, task: Task, end: Connection) -> None:
    """What a process of clients does, until nobody wants anything more."""
    while True:
        try:
            numbers, at_once = end.recv()
        except (EOFError, OSError):
            return
        try:
            do = task(place, numbers, at_once)
            end.send((False, None))
            end.recv()
            before = time.process_time()
            done = do()
            end.send((False, (done, time.process_time() - before)))
        except (EOFError, KeyboardInterrupt):
            return
        except AkisError as error:
            end.send((True, f"a client could not unlock its card: {error}"))


def _end(process: Any) -> None:
    """By now its end of the pipe tells it that there is no more work."""
    process.join(_ENDS_WITHIN)
    if process.is_alive():
        process.kill()
        process.join()
    process.close()
