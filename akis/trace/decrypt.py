"""Recorded secure messaging opened again by who has the keys: plain commands and answers, and what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from akis.codec.apdu import CHAINED, SM_BITS, CommandApdu, ResponseApdu
from akis.codec.sm_objects import COMMAND_OBJECTS
from akis.errors import CodecError, SecureMessagingError, WrongType
from akis.profile.model import SmRules
from akis.sm.mutual_auth import DeviceKeys
from akis.sm.observer import Observer, SessionKeys
from akis.trace.entries import Entry, Event
from akis.trace.joined import Joined, joined
from akis.trace.near_miss import NearMiss, answer_near_miss, command_near_miss
from akis.trace.overheard import Authentication

_TO_READER = 0xFF
_SM_ERRORS = (0x6987, 0x6988)
_MOST_UNEXPLAINED = 32
"""So many messages in a row that nothing explains, and no more causes are looked for: they would all be the same."""
_NOT_LOOKED = "no cause was looked for, as none was found for the messages before"


@dataclass(frozen=True, slots=True)
class Opened:
    """One exchange, or an event, and what is inside.

    ``entries`` are those of the trace, ``numbers`` theirs among the exchanges, counted from 1; ``command`` and
    ``answer`` are the wire as it was meant, links and pieces joined. The plain forms are there where a checksum
    vouches for them, if only in the way that ``finding`` says; both are None for what went in the clear.
    ``command_ssc`` and ``answer_ssc`` are the counters of the two messages, None where there was no session. ``step``
    says what became of the session, "" for nothing; ``finding`` what does not fit.
    """

    numbers: tuple[int, ...]
    entries: tuple[Entry, ...]
    command: CommandApdu | None = None
    answer: ResponseApdu | None = None
    plain_command: CommandApdu | None = None
    plain_answer: ResponseApdu | None = None
    command_ssc: bytes | None = None
    answer_ssc: bytes | None = None
    step: str = ""
    finding: str | None = None

    @property
    def protected(self) -> bool:
        """Whether the command went through secure messaging, opened or not."""
        return self.command is not None and _kind(self.command.cla) == "protected"


def opened(
    entries: Iterable[Entry],
    keys: Sequence[DeviceKeys] = (),
    session: SessionKeys | None = None,
    rules: SmRules | None = None,
) -> Iterator[Opened]:
    """Every exchange and event of a trace in order, opened where ``keys`` or ``session`` allow it.

    ``keys`` open the sessions whose device authentication was recorded. ``session`` has the keys of one session, which
    begins with the first protected command that belongs to no such session.
    """
    return Listener(keys, session, rules).opened(entries)


class Listener:
    """Goes along a trace; :attr:`observer` hears the session that is open at the moment.

    ``watch`` is called with it and each exchange whose command was just opened, before the answer is looked at.
    """

    def __init__(
        self,
        keys: Sequence[DeviceKeys] = (),
        session: SessionKeys | None = None,
        rules: SmRules | None = None,
        watch: Callable[[Observer, Opened], None] | None = None,
    ) -> None:
        if not all(isinstance(pair, DeviceKeys) for pair in keys):
            raise WrongType("the keys are a list of DeviceKeys")
        if rules is not None and not isinstance(rules, SmRules):
            raise WrongType(f"the rules are SmRules, not {type(rules).__name__}")
        self.observer: Observer | None = None
        self._authentication = Authentication(keys, rules)
        self._given = None if session is None else session.observer(rules)
        self._chain: Literal["each", "whole"] | None = None if rules is None else rules.chain
        self._ended = ""
        self._unexplained = 0
        self._watch = watch

    def opened(self, entries: Iterable[Entry]) -> Iterator[Opened]:
        """Every exchange and event, as :func:`opened` has them."""
        for found in joined(entries, self._chain):
            yield self._event(found) if isinstance(found, Event) else self._exchange(found)

    def _event(self, event: Event) -> Opened:
        self._authentication.forget()
        what = {"reset": "a reset", "removed": "the removal of the card"}.get(event.kind, "another card, or the same")
        return Opened((), (event,), step=self._end(what))

    def _exchange(self, found: Joined) -> Opened:
        made = Opened(found.numbers, found.entries, found.command, found.answer)
        command = found.command
        if command is None:
            return made
        kind = _kind(command.cla)
        if kind == "reader":
            return made
        if kind == "plain":
            step = self._end(f"a plain command (exchange {found.numbers[0]})")
            return self._authenticated(replace(made, step=step), command, found.answer, found.hides)
        if self.observer is None and self._given is not None:
            self.observer, self._given = self._given, None
            made = replace(made, step="session of the given keys")
        if self.observer is None:
            return replace(made, step=self._ended or "protected, and the keys of its session are not known")
        if kind == "other":
            return replace(
                made, finding=f"CLA {command.cla:02X} asks for secure messaging of a kind that is not opened"
            )
        if found.hides:
            self._pass_over(self.observer, found)
            return replace(made, finding="bytes of this exchange are hidden, so it cannot be opened")
        return self._heard(made, self.observer, command, found.answer)

    def _heard(self, made: Opened, observer: Observer, command: CommandApdu, answer: ResponseApdu | None) -> Opened:
        """A protected exchange inside a session."""
        if answer is not None and not answer.data and self._is_part(command):
            observer.pass_over()
            ended = self._end(f"{answer.sw} in the clear") if answer.sw in _SM_ERRORS else ""
            return replace(
                made, step=_and(_and(made.step, f"the chain ends with {answer.sw}, before its last link"), ended)
            )
        plain, wrong = self._command(observer, command)
        findings = [f"command: {wrong}"] if wrong else []
        made = replace(made, plain_command=plain, command_ssc=observer.ssc)
        if plain is not None and self._watch is not None:
            self._watch(observer, made)
        if answer is None:
            observer.pass_over()  # the card may have answered all the same, and counted
        elif answer.data:
            plain_answer, wrong = self._answer(observer, answer)
            findings += [f"answer: {wrong}"] if wrong else []
            made = replace(made, plain_answer=plain_answer, answer_ssc=observer.ssc)
        else:
            findings += self._plain_answer(plain, answer)
            if answer.sw in _SM_ERRORS:
                made = replace(made, step=_and(made.step, self._end(f"{answer.sw} in the clear")))
        made = replace(made, finding="; ".join(findings) or None)
        if plain is None:
            return made
        return self._authenticated(made, plain, made.plain_answer, hidden=False)

    def _is_part(self, command: CommandApdu) -> bool:
        """Whether it is the beginning of a command that was protected as a whole: such a piece has no checksum."""
        if not command.cla & CHAINED or self._chain == "each":
            return False
        try:
            COMMAND_OBJECTS.parse(command.data)
        except CodecError:
            return True
        return False

    @staticmethod
    def _plain_answer(plain: CommandApdu | None, answer: ResponseApdu) -> list[str]:
        """What a bare status word says after a protected command."""
        if answer.sw in _SM_ERRORS:
            fits = plain is not None
            return [f"answer: the card refuses with {answer.sw} a command that fits these keys"] if fits else []
        return [f"answer: {answer.sw} in the clear, which nothing vouches for"]

    def _command(self, observer: Observer, command: CommandApdu) -> tuple[CommandApdu | None, str]:
        try:
            plain = observer.command(command)
        except SecureMessagingError as error:
            near = self._near(command_near_miss(observer, command) if self._searching else None, observer)
            try:
                fits = None if near.objects is None else observer.plain_command(command, near.objects)
            except SecureMessagingError:
                fits = None
            return fits, _and(error.reason, near.cause)
        self._unexplained = 0
        return plain, ""

    def _answer(self, observer: Observer, answer: ResponseApdu) -> tuple[ResponseApdu | None, str]:
        try:
            plain = observer.answer(answer)
        except SecureMessagingError as error:
            near = self._near(answer_near_miss(observer, answer) if self._searching else None, observer)
            outside = near.objects is None or near.objects.second not in (None, answer.sw.to_bytes(2, "big"))
            try:
                fits = None if near.objects is None or outside else observer.plain_answer(answer, near.objects)
            except SecureMessagingError:
                fits = None
            return fits, _and(error.reason, near.cause)
        self._unexplained = 0
        return plain, ""

    @property
    def _searching(self) -> bool:
        return self._unexplained < _MOST_UNEXPLAINED

    def _near(self, near: NearMiss | None, observer: Observer) -> NearMiss:
        """Take up the counter and the keys that were found to fit."""
        if near is None or near.objects is None:
            self._unexplained += 1
            return near or NearMiss(_NOT_LOOKED)
        self._unexplained = 0
        observer.resume(observer.ssc_at(near.step))
        if near.swapped:
            observer.swap_keys()
        return near

    def _authenticated(self, made: Opened, command: CommandApdu, answer: ResponseApdu | None, hidden: bool) -> Opened:
        """``made``, with the session that this exchange has opened, if it did."""
        outcome = self._authentication.hear(command, answer, hidden)
        if outcome is None:
            return made
        before = self._end("another authentication")
        self.observer, self._unexplained = outcome.observer, 0
        self._ended = "" if outcome.observer is not None else "protected, and the keys of its session are not known"
        finding = "; ".join(filter(None, (made.finding, outcome.finding))) or None
        return replace(made, step=_and(_and(made.step, before), outcome.step), finding=finding)

    def _end(self, by: str) -> str:
        """The session is over; what is to be said of it, "" where there was none."""
        if self.observer is None:
            return ""
        self.observer.close()
        self.observer = None
        self._ended = f"protected, after the session was ended by {by}"
        return f"session ended by {by}"

    @staticmethod
    def _pass_over(observer: Observer, found: Joined) -> None:
        observer.pass_over()
        if found.answer is None or found.answer.data:
            observer.pass_over()


def _kind(cla: int) -> Literal["plain", "protected", "reader", "other"]:
    """What a class byte says of secure messaging (ISO/IEC 7816-4:2005 §5.1.1, tables 2 and 3)."""
    if cla == _TO_READER:
        return "reader"
    if cla & 0xC0 == 0x40:
        return "other" if cla & 0x20 else "plain"
    return {0: "plain", SM_BITS: "protected"}.get(cla & SM_BITS, "other")  # type: ignore[return-value]


def _and(one: str, other: str) -> str:
    return "; ".join(filter(None, (one, other)))
