"""The demo's holder at the portal, the keyboard and the telephone: a person who is asked, or nobody but the demo."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from akis.secret import Secret
from akis.unlock.code import UnlockCode, grouped

from .language import _
from .unlock_answers import Check, read_pin
from .unlock_prompts import Prompts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akis.authority.demo.machine import DemoMachine
    from akis.unlock.cards import FoundCard
    from akis.unlock.opened import SecondFactor

    from .unlock_view import View

NEW_PIN = "739146"
"""The new PIN that the demo chooses; published, as all its answers."""
_SMS_DIGITS = 6
_COLUMNS = 78


class _Player:
    """What both have in common: the portal and the telephone, whose words are shown."""

    def __init__(self, machine: DemoMachine, view: View, new_pin: str | None = None) -> None:
        """``new_pin`` is where the new PIN comes from, ``env:NAME`` or the like; None leaves it to the holder."""
        self._machine = machine
        self._view = view
        self._source = new_pin
        self.chosen = Secret(b"")
        """The new PIN, once it was chosen."""

    def choose(self, cards: Sequence[FoundCard]) -> FoundCard:
        """There is one card only."""
        return cards[0]

    def _portal(self) -> UnlockCode:
        code = self._machine.code()
        holder = self._machine.card.holder.full_name
        self._view.say(_("The portal shows {} this code: {}").format(holder, grouped(code.reveal())))
        return code

    def _telephone(self) -> str:
        text = self._machine.last_sms()
        self._view.rest()
        self._view.say(_("SMS to {}:").format(self._machine.card.holder.phone))
        self._view.say(textwrap.fill(text, _COLUMNS, initial_indent="  ", subsequent_indent="  "))
        return text[:_SMS_DIGITS]


class ByItself(_Player):
    """Nobody is asked: every answer is the demo's own."""

    again = False

    def code(self) -> UnlockCode:
        return self._portal()

    def new_pin(self, card: FoundCard, check: Check) -> Secret:
        pin = Secret(NEW_PIN) if self._source is None else read_pin(self._source)
        check(pin)
        self.chosen = Secret(pin.reveal())
        return pin

    def second_factor(self, factor: SecondFactor, tries_left: int | None) -> Secret | None:
        return Secret(self._telephone() if factor.kind == "sms" else self._machine.card.holder.password)


class AtTheTerminal(_Player):
    """A person types, and is told what there is to type."""

    again = True

    def __init__(self, machine: DemoMachine, view: View, new_pin: str | None = None) -> None:
        super().__init__(machine, view, new_pin)
        self._prompts = Prompts({"new_pin": new_pin}, view)

    def code(self) -> UnlockCode:
        self._portal()
        return self._prompts.code()

    def new_pin(self, card: FoundCard, check: Check) -> Secret:
        pin = self._prompts.new_pin(card, check)
        self.chosen = Secret(pin.reveal())
        return pin

    def second_factor(self, factor: SecondFactor, tries_left: int | None) -> Secret | None:
        if factor.kind == "sms":
            self._telephone()
            self._view.say(_("It lies in the authority's outbox, {}").format(self._machine.outbox))
        else:
            holder = self._machine.card.holder
            self._view.rest()
            self._view.say(_("The web password of {} is {}").format(holder.full_name, holder.password))
        return self._prompts.second_factor(factor, tries_left)
