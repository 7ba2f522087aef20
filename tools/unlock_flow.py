"""One unlock as its holder goes through it: what is asked, what is shown, and in which order.

Who answers is an argument (:class:`tools.unlock_answers.Answers`), and so is where authority and card are, so that the
same flow serves a holder at a terminal, a script, and an authority, a client and a card on one machine.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from akis.connect import connect
from akis.errors import AkisError, AuthorityRefused
from akis.unlock.api import AuthorityClient
from akis.unlock.cards import check_place, never_changes
from akis.unlock.kinds import Kind
from akis.unlock.run import UnlockRun

from .language import _, sentence
from .unlock_card_text import card_text, pin_size
from .unlock_report import Report
from .unlock_signals import Signals
from .unlock_waiting import BusyCard, aside, wait_for_cards
from .unlock_words import HOLDS, NoCardCame, kind_of, why

if TYPE_CHECKING:
    from akis.secret import Secret
    from akis.sources.keys import TerminalKeys
    from akis.unlock.cards import Connect, FoundCard
    from akis.unlock.opened import OpenedUnlock

    from .unlock_answers import Answers
    from .unlock_view import View

_ANOTHER_CODE = (Kind.CODE_WRONG, Kind.CODE_EXPIRED, Kind.CODE_USED, Kind.CODE_CANCELLED)
"""What another code helps against."""
_TALK = (Kind.TOO_MANY, Kind.SMS_NOT_SENT)
"""Why no new SMS was sent, where the last one may still do."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where everything is: the address of the ``authority``, and the PEM file of its CA where it is not a known one.

    ``reader`` is a target as for :func:`akis.connect.connect`, None for every reader there is; ``connect`` leads there.
    ``wait`` is how many seconds to wait for a card, None as long as the authority keeps the unlock open.
    """

    authority: str
    ca: Path | None = None
    reader: str | None = None
    keys: TerminalKeys | None = None
    wait: float | None = None
    connect: Connect = connect


def unlock(where: Where, answers: Answers, view: View, signals: Signals) -> Report:
    """Unlock one card; whatever ends it, Ctrl-C and other ``signals`` included, is in the report, and ends these."""
    run: UnlockRun | None = None
    error: AkisError | KeyboardInterrupt | None = None
    try:
        with AuthorityClient(where.authority, where.ca) as client:
            run = UnlockRun(client, keys=where.keys, connect=where.connect, step=view.step)
            _Flow(where, answers, view, run).go()
            signals.end()
    except BaseException as caught:
        signals.end()
        ended = signals.noticed or caught
        if not isinstance(ended, AkisError | KeyboardInterrupt):
            # Not foreseen; yet what the card holds is what its holder must know.
            view.stop()
            if run is not None and run.opened is not None:
                view.say(_(HOLDS[run.holds]))
            raise
        error = ended
    view.stop()
    return Report.of(run, error, view.steps)


class _Flow:
    """The flow, in the order of its methods."""

    def __init__(self, where: Where, answers: Answers, view: View, run: UnlockRun) -> None:
        self._where = where
        self._answers = answers
        self._view = view
        self._run = run

    def go(self) -> None:
        self._check_place()
        opened = self._open()
        until = time.monotonic() + opened.expires_in
        self._view.say(_("Holder: {}").format(opened.holder), "bold")
        self._use_card(opened, until)
        new_pin = self._new_pin()
        with new_pin:
            self._confirm()
            self._run.exchange(new_pin, wait=BusyCard(self._view, until - time.monotonic()).wait)

    def _check_place(self) -> None:
        """What is wrong with the place for the card costs no code."""
        target, connect = self._where.reader, self._where.connect
        aside(lambda: check_place(target, connect=connect), self._view)
        self._view.rest()

    def _open(self) -> OpenedUnlock:
        while True:
            code = self._answers.code()
            try:
                self._view.busy(_("Asking the authority"))
                return self._run.open(code)
            except AuthorityRefused as refused:
                if not self._answers.again or kind_of(refused) not in _ANOTHER_CODE:
                    raise
                self._view.rest()
                self._view.say(sentence(why(refused)))

    def _use_card(self, opened: OpenedUnlock, until: float) -> None:
        if not opened.cards:
            raise NoCardCame(_("the authority has no card of yours on record; ask your issuer"))
        left = until - time.monotonic()
        wait = left if self._where.wait is None else min(left, self._where.wait)
        changes = not never_changes(self._where.reader)
        found = wait_for_cards(lambda: self._run.look(self._where.reader), self._view, wait if changes else None)
        now = datetime.now(UTC)
        if len(found) == 1:
            self._run.use(found[0])
            self._view.say(card_text(found[0], now))
        else:
            self._view.say(_("Several of your cards are in readers:"))
            self._view.items([card_text(one, now) for one in found])
            self._run.use(self._answers.choose(found))

    def _new_pin(self) -> Secret:
        card = self._card()
        if self._answers.again:
            self._view.say("\n" + _("Please read this first:"), "bold")
            self._view.items(_instructions(card))
        return self._answers.new_pin(card, self._run.check_pin)

    def _confirm(self) -> None:
        self._view.busy(_("Asking the authority"))
        factor = self._run.choose()
        left: int | None = None
        while True:
            answer = self._answers.second_factor(factor, left)
            self._view.busy(_("Asking the authority"))
            try:
                if answer is None:
                    left = None
                    factor = self._run.choose()
                    continue
                with answer:
                    self._run.confirm(answer)
                return
            except AuthorityRefused as refused:
                kind = kind_of(refused)
                self._view.rest()
                if answer is None and kind in _TALK:
                    self._view.say(sentence(why(refused)))
                elif self._answers.again and kind is Kind.SECOND_FACTOR_WRONG and refused.tries_left:
                    left = refused.tries_left
                else:
                    raise

    def _card(self) -> FoundCard:
        found = self._run.found
        assert found is not None, "a card was chosen before"
        return found


def _instructions(card: FoundCard) -> list[str]:
    size = pin_size(card.profile.pin)
    return [
        _("Leave the card in its reader until this says that it is done."),
        _("Do not use the PUK: it is not needed here, and three wrong PUKs destroy the card."),
        _("Choose a new PIN of {}, one that is not easy to guess and that you use nowhere else.").format(size),
        _("Tell the PIN to nobody; it does not leave this computer. Three wrong PINs in a row block the card again."),
        _("Ctrl-C ends this at any time. Nothing is lost by that: with a new code it can be run again."),
    ]
