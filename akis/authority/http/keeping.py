"""The card of an exchange, kept for it without asking the database more often than that takes."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable


class Keeping:
    """One exchange's hold on its card, taken at the moment ``since`` of ``clock`` for ``lease`` seconds.

    Nobody else can have the card before these are over. So they are only renewed where they would not last for another
    answer, which takes ``answer_wait`` seconds at most, by ``renew()``, which tells whether the card is still ours.
    """

    def __init__(
        self,
        renew: Callable[[], Awaitable[bool]],
        lease: float,
        answer_wait: float,
        since: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._renew = renew
        # Half of what is to spare: the clocks of several machines do not agree to the second.
        self._spare = max(0.0, (lease - answer_wait) / 2)
        self._clock = clock
        self._kept = since

    async def still_ours(self, *, ask: bool = False) -> bool:
        """Whether the card is this exchange's until the next answer has come; with ``ask`` the database is asked."""
        now = self._clock()
        if not ask and now - self._kept < self._spare:
            return True
        self._kept = now
        return await self._renew()
