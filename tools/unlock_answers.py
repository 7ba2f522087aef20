"""What an unlock asks its holder, and the holder who is a script: every answer comes from where the options say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from akis.errors import InvalidArgument
from akis.secret import Secret

from .language import N_, _

if TYPE_CHECKING:
    from akis.unlock.cards import FoundCard
    from akis.unlock.code import UnlockCode
    from akis.unlock.opened import SecondFactor

Check = Callable[[Secret], None]
"""Raises :class:`PinFormatError` or :class:`ObviousPin` where a PIN will not do."""


class Answers(Protocol):
    """The holder, as :func:`tools.unlock_flow.unlock` knows one.

    Each method raises :class:`InvalidArgument` where there is no answer to be had, which ends the unlock before
    anything more is sent.
    """

    @property
    def again(self) -> bool:
        """Whether somebody who is asked the same a second time may say something else."""

    def code(self) -> UnlockCode:
        """The 15 digits of the portal, well formed."""

    def choose(self, cards: Sequence[FoundCard]) -> FoundCard:
        """One of two cards or more; they have been shown, numbered from 1."""

    def new_pin(self, card: FoundCard, check: Check) -> Secret:
        """The new PIN, one that ``check`` lets through."""

    def second_factor(self, factor: SecondFactor, tries_left: int | None) -> Secret | None:
        """The SMS code or the web password; None for a new SMS.

        ``tries_left`` is None the first time; afterwards the last answer was wrong, and so many may follow.
        """


OPTIONS: Mapping[str, str] = {
    "code": N_("no code was given; say where it comes from with --code env:NAME, fd:NUMBER or file:PATH"),
    "new_pin": N_("no new PIN was given; say where it comes from with --new-pin env:NAME, fd:NUMBER or file:PATH"),
    "answer": N_(
        "no answer to the second factor was given; say where it comes from with --answer env:NAME, fd:NUMBER or "
        "file:PATH"
    ),
}
"""The options that answer, by their names among the arguments, and what is said where one is missing."""


class GivenAnswers:
    """Answers from ``sources`` (``env:NAME``, ``fd:NUMBER``, ``file:PATH``), by the names of :data:`OPTIONS`.

    Code and PIN are read at once, so what is wrong with their sources reaches nobody; the answer to the second factor,
    which may be on its way by SMS, when it is asked for. Before it gives the code away, :meth:`code` raises what
    :func:`akis.unlock.new_pin.check_ahead` has against the PIN.
    """

    again = False

    def __init__(self, sources: Mapping[str, str | None]) -> None:
        for name, missing in OPTIONS.items():
            if sources.get(name) is None:
                raise InvalidArgument(_(missing))
        self._code = read_code(str(sources["code"]))
        self._new_pin = read_pin(str(sources["new_pin"]))
        self._answer = str(sources["answer"])
        if self._answer.startswith("env:"):
            read_answer(self._answer).wipe()

    def code(self) -> UnlockCode:
        from akis.unlock.new_pin import check_ahead

        # Nobody can be asked for another PIN, so one that will do for no card is not worth the code.
        check_ahead(self._new_pin)
        return self._code

    def choose(self, cards: Sequence[FoundCard]) -> FoundCard:
        raise InvalidArgument(_("several of your cards are in readers; say which one is meant with --reader"))

    def new_pin(self, card: FoundCard, check: Check) -> Secret:
        check(self._new_pin)
        return self._new_pin

    def second_factor(self, factor: SecondFactor, tries_left: int | None) -> Secret | None:
        return read_answer_to(factor, self._answer)


def read_code(source: str) -> UnlockCode:
    """A code from where a script keeps it."""
    from akis.sources.secrets import read_secret
    from akis.unlock.code import UnlockCode

    with read_secret(source, "code") as read:
        return UnlockCode.from_text(read.reveal().decode("ascii", "replace"))


def read_pin(source: str) -> Secret:
    """A new PIN from where a script keeps it."""
    from akis.sources.secrets import read_secret

    return read_secret(source, "new PIN")


def read_answer(source: str) -> Secret:
    """An SMS code or web password from where a script keeps it."""
    from akis.sources.secrets import read_secret

    return read_secret(source, "answer")


def read_answer_to(factor: SecondFactor, source: str) -> Secret:
    """The same once ``factor`` asks for it; :class:`InvalidArgument` for one that cannot be right."""
    from akis.unlock.answer import check_answer

    try:
        answer = read_answer(source)
    except InvalidArgument as error:
        # A code was redeemed, and an SMS may have been sent.
        raise InvalidArgument(str(error).removesuffix("; nothing was sent")) from None
    return check_answer(factor, answer)
