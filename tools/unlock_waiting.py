"""Waiting: for one of the holder's cards to be in a reader, and for another unlock to let go of the card."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

from akis.errors import NoReader, NoService

from .language import _
from .unlock_sentences import translated
from .unlock_words import NoCardCame

if TYPE_CHECKING:
    from akis.unlock.cards import FoundCard, Look

    from .unlock_view import View

T = TypeVar("T")

_BETWEEN_LOOKS = 0.5
_SILENCE = 1.5
"""Seconds; looking into healthy readers takes less."""
_MOST_BUSY = 180.0
"""Seconds that other unlocks of the card are waited for, all in all; the lease of one that died is much shorter."""


def wait_for_cards(look: Callable[[], Look], view: View, seconds: float | None) -> tuple[FoundCard, ...]:
    """Look until there is one of the cards, and say what is there meanwhile; :class:`NoCardCame` after ``seconds``.

    None looks once, where nothing can change. A PC/SC service or a reader that goes is waited for like a card: it was
    there before, and the code is spent.
    """
    deadline = time.monotonic() + (seconds or 0)
    while True:
        seen = aside(lambda: _seen(look), view)
        if seen.found:
            view.rest()
            return seen.found
        notes = "; ".join(translated(note) or note for note in seen.notes)
        if seconds is None:
            raise NoCardCame(_("none of your cards is there, and that will not change: {}").format(notes))
        if time.monotonic() >= deadline:
            raise NoCardCame(_("none of your cards was in a reader within {} s; {}").format(round(seconds), notes))
        view.waiting(_("Waiting for one of your cards, Ctrl-C ends it: {}").format(notes))
        time.sleep(_BETWEEN_LOOKS)


class BusyCard:
    """For :meth:`akis.unlock.run.UnlockRun.exchange`: waits as long as the authority says, within limits."""

    def __init__(self, view: View, most: float) -> None:
        """``most`` is how many seconds it may take, all in all, at the utmost."""
        self._view = view
        self._left = min(most, _MOST_BUSY)

    def wait(self, seconds: int) -> bool:
        """Wait; whether to try again is what it returns."""
        # A second at least, whatever the authority says, which else were asked without a pause.
        lasts = max(seconds, 1)
        self._left -= lasts
        if self._left < 0:
            return False
        self._view.waiting(
            _("Another unlock of this card is under way; trying again in {} s, Ctrl-C ends it").format(lasts)
        )
        time.sleep(lasts)
        self._view.rest()
        return True


def _seen(look: Callable[[], Look]) -> Look:
    from akis.unlock.cards import Look

    try:
        return look()
    except (NoService, NoReader) as error:
        return Look(notes=(str(error),))


def aside(work: Callable[[], T], view: View) -> T:
    """What ``work``, a look into readers, returns or raises; it is done in a thread, so that signals get through.

    If it lasts that is said: PC/SC returns only once another program's transaction has ended. A look changes nothing,
    so one that nobody waits for any more may be left to itself.
    """
    returned: list[T] = []
    raised: list[BaseException] = []

    def do() -> None:
        try:
            returned.append(work())
        except BaseException as error:
            raised.append(error)

    thread = Thread(target=do, daemon=True)
    thread.start()
    thread.join(_SILENCE)
    if thread.is_alive():
        view.waiting(_("Looking into the readers; another program may keep a card busy"))
        thread.join()
    if raised:
        raise raised[0]
    return returned[0]
