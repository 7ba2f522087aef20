"""Puts the entries of two sessions side by side: what belongs together, and what only one of them has.

Nothing beyond :data:`LOOK_AHEAD` entries of either is held, so a longer piece that one of them lacks is told as a row
of differences.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from itertools import islice, takewhile
from typing import Generic, TypeVar

LOOK_AHEAD = 256
T = TypeVar("T")
Pair = tuple[T | None, T | None]


def aligned(
    first: Iterator[T], second: Iterator[T], meaning: Callable[[T], Hashable], kind: Callable[[T], Hashable]
) -> Iterator[Pair[T]]:
    """The entries in pairs, None where one has no counterpart.

    Those of the same ``meaning`` belong together. What lies between them is put together where its ``kind`` is the
    same: a command of other data is a difference, another command is none.
    """
    one, other = _Window(first, meaning), _Window(second, meaning)
    while one.filled() and other.filled():
        if one.meanings[0] == other.meanings[0]:
            yield one.take(), other.take()
            continue
        one.fill()
        other.fill()
        skip, skip_other = _nearest(list(one.meanings), list(other.meanings))
        yield from _between([one.take() for _ in range(skip)], [other.take() for _ in range(skip_other)], kind)
    while one.filled():
        yield one.take(), None
    while other.filled():
        yield None, other.take()


class _Window(Generic[T]):
    def __init__(self, source: Iterator[T], meaning: Callable[[T], Hashable]) -> None:
        self._source = source
        self._meaning = meaning
        self._items: deque[T] = deque()
        self.meanings: deque[Hashable] = deque()

    def filled(self) -> bool:
        """Whether there is another entry."""
        return bool(self._items) or self._more()

    def fill(self) -> None:
        """Look as far ahead as may be."""
        while len(self._items) < LOOK_AHEAD and self._more():
            pass

    def take(self) -> T:
        self.meanings.popleft()
        return self._items.popleft()

    def _more(self) -> bool:
        for item in self._source:
            self._items.append(item)
            self.meanings.append(self._meaning(item))
            return True
        return False


def _nearest(one: list[Hashable], other: list[Hashable]) -> tuple[int, int]:
    """How many entries of each come before the nearest two of the same meaning; all of both where there are none.

    Of those that are equally near, the ones after which the most is the same.
    """
    places: dict[Hashable, int] = {}
    for at, item in enumerate(other):
        places.setdefault(item, at)
    found = [(at, places[item]) for at, item in enumerate(one) if item in places]
    if not found:
        return len(one), len(other)
    least = min(map(sum, found))
    return max((pair for pair in found if sum(pair) == least), key=lambda pair: _run(one, other, *pair))


def _run(one: list[Hashable], other: list[Hashable], at: int, place: int) -> int:
    """How many in a row are the same from there."""
    pairs = zip(islice(one, at, None), islice(other, place, None), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _between(one: list[T], other: list[T], kind: Callable[[T], Hashable]) -> Iterator[Pair[T]]:
    """The longest row of pairs of the same kind, and in between what has no counterpart."""
    kinds, others = [kind(item) for item in one], [kind(item) for item in other]
    longest = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for at in reversed(range(len(one))):
        for place in reversed(range(len(other))):
            longest[at][place] = (
                longest[at + 1][place + 1] + 1
                if kinds[at] == others[place]
                else max(longest[at + 1][place], longest[at][place + 1])
            )
    at = place = 0
    while at < len(one) or place < len(other):
        if at < len(one) and place < len(other) and kinds[at] == others[place]:
            yield one[at], other[place]
            at, place = at + 1, place + 1
        elif place == len(other) or (at < len(one) and longest[at + 1][place] >= longest[at][place + 1]):
            yield one[at], None
            at += 1
        else:
            yield None, other[place]
            place += 1
