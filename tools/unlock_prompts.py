"""The holder at a terminal: asked on standard error, secrets hidden, and asked again where an answer will not do."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from akis.errors import InvalidArgument, PinFormatError
from akis.secret import Secret
from akis.unlock.answer import check_answer
from akis.unlock.code import UnlockCode
from akis.unlock.new_pin import ObviousPin

from .language import _, sentence
from .unlock_answers import Check, read_answer_to, read_code, read_pin
from .unlock_card_text import pin_size
from .unlock_signals import HungUp
from .unlock_words import why, wrong_answer

if TYPE_CHECKING:
    from akis.unlock.cards import FoundCard
    from akis.unlock.opened import SecondFactor

    from .unlock_view import View

_NO_TEXT = "\udcff"
"""What was typed in another encoding than the terminal's: no code, no PIN, and no answer that is sent."""


class Prompts:
    """Answers that are typed. What ``sources`` name, as for :class:`GivenAnswers`, is taken from there the first time.

    The end of input at a prompt is :class:`InvalidArgument`.
    """

    again = True

    def __init__(self, sources: Mapping[str, str | None], view: View) -> None:
        self._given = {name: source for name, source in sources.items() if source is not None}
        self._view = view
        # What a script gives is read at once: what is wrong with it is told before anything is sent.
        self._code = read_code(self._given["code"]) if "code" in self._given else None
        self._pin = read_pin(self._given["new_pin"]) if "new_pin" in self._given else None

    def code(self) -> UnlockCode:
        given, self._code = self._code, None
        while given is None:
            typed = self._ask(_("Code of the portal (15 digits): "))
            try:
                given = UnlockCode.from_text(typed)
            except InvalidArgument as error:
                self._view.say(sentence(why(error)))
        return given

    def choose(self, cards: Sequence[FoundCard]) -> FoundCard:
        while True:
            typed = self._ask(_("Number of the card to unlock: ")).strip()
            if typed.isascii() and typed.isdecimal() and 1 <= int(typed) <= len(cards):
                return cards[int(typed) - 1]
            self._view.say(_("Type a number from 1 to {}.").format(len(cards)))

    def new_pin(self, card: FoundCard, check: Check) -> Secret:
        given, self._pin = self._pin, None
        while True:
            try:
                pin = given or self._typed_twice(_("New PIN ({}): ").format(pin_size(card.profile.pin)), check)
                check(pin)
                return pin
            except (PinFormatError, ObviousPin) as error:
                self._view.say(sentence(why(error)))
            given = None

    def second_factor(self, factor: SecondFactor, tries_left: int | None) -> Secret | None:
        source = self._given.pop("answer", None)
        if tries_left is not None:
            self._view.say(sentence(wrong_answer(factor.kind, tries_left)))
        if source is not None:
            try:
                return read_answer_to(factor, source)
            except InvalidArgument as error:
                self._view.say(sentence(why(error)))
        while True:
            typed = self._hidden(_("Web password: ") if factor.kind == "password" else _sms(factor))
            if factor.kind == "sms" and not typed.strip():
                return None
            try:
                return check_answer(factor, _secret(typed))
            except InvalidArgument as error:
                self._view.say(sentence(why(error)))

    def _typed_twice(self, prompt: str, check: Check) -> Secret:
        """A PIN; one that will not do is not asked for a second time."""
        while True:
            first = _secret(self._hidden(prompt))
            check(first)
            if _secret(self._hidden(_("New PIN again: "))) == first:
                return first
            self._view.say(_("That was not the same both times."))

    def _ask(self, prompt: str) -> str:
        self._view.rest()
        # Not by input(), which may write to standard output.
        print(prompt, end="", file=sys.stderr, flush=True)
        try:
            line = sys.stdin.readline()
        except UnicodeDecodeError:
            return _NO_TEXT
        except OSError:
            raise HungUp from None
        if not line.endswith("\n"):
            _on_a_new_line()
        if not line:
            raise _nothing_typed()
        return line

    def _hidden(self, prompt: str) -> str:
        self._view.rest()
        try:
            return getpass.getpass(prompt)
        except UnicodeDecodeError:  # which would show a part of what was typed
            return _NO_TEXT
        except _terminal_gone():  # before SIGHUP says so, or where it never comes
            raise HungUp from None
        except EOFError:
            _on_a_new_line()
            failure = _nothing_typed()
        raise failure


def _secret(typed: str) -> Secret:
    """Whatever letters there are: whether they will do is for the card's rules, or the authority, to say."""
    return Secret(typed.encode("utf-8", "surrogateescape"))


def _sms(factor: SecondFactor) -> str:
    if factor.to is None:
        return _("Code of the SMS (Enter alone for a new one): ")
    return _("Code of the SMS to {} (Enter alone for a new one): ").format(factor.to)


def _on_a_new_line() -> None:
    """After Ctrl-D, which the terminal leaves at the prompt."""
    print(file=sys.stderr, flush=True)


def _nothing_typed() -> InvalidArgument:
    return InvalidArgument(_("the input ended where an answer was needed; nothing more was sent"))


def _terminal_gone() -> tuple[type[Exception], ...]:
    """What reading from a terminal raises that is not there any more."""
    try:
        import termios
    except ImportError:  # not on Windows
        return (OSError,)
    return OSError, termios.error
