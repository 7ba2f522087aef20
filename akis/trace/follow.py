"""Reads exchanges one after the other, and tells what each is by itself and with those before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from akis.codec.apdu import CHAINED, CommandApdu, ResponseApdu
from akis.errors import CodecError
from akis.profile.load import load
from akis.profile.model import CardProfile
from akis.trace import names
from akis.trace.annotate import Field, answer_fields, bytes_fields, command_fields, command_name, protected
from akis.trace.entries import Event, Exchanged, Header

Outcome = Literal["done", "warning", "refused", "failed"]
MARKS: dict[Outcome, str] = {"done": " ", "warning": "~", "refused": "!", "failed": "X"}
"""The sign of each outcome, for those who do not see colours."""
_NO_COMMAND = "bytes that are no command"
_MORE, _WRONG_LE = 0x61, 0x6C
DEFAULT_PROFILE = "akis-2"


def profile_of(header: Header) -> CardProfile:
    """The profile that a trace names; the one of 2.x where it names none, or one that is not known here."""
    from akis.errors import ProfileError

    try:
        return load(header.profile or DEFAULT_PROFILE)
    except ProfileError:
        return load(DEFAULT_PROFILE)


@dataclass(frozen=True, slots=True)
class Step:
    """One exchange, number ``number`` of its trace, and what it is.

    ``command`` and ``answer`` are None where their bytes are none. ``asked`` is the command that the answer belongs to,
    another one than ``command`` where GET RESPONSE fetches it. ``notes`` say how it hangs together with its neighbours.
    """

    number: int
    seen: Exchanged
    command: CommandApdu | None
    answer: ResponseApdu | None
    asked: CommandApdu | None
    in_chain: bool
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """The command's name."""
        return _NO_COMMAND if self.command is None else command_name(self.command)

    @property
    def protected(self) -> bool:
        """Whether it goes through secure messaging."""
        return self.command is not None and protected(self.command.cla)

    @property
    def title(self) -> str:
        """Name and notes."""
        return ", ".join((self.name, *self.notes)) if self.notes else self.name

    @property
    def outcome(self) -> Outcome:
        """What became of it, by its status word."""
        if self.answer is None:
            return "failed"
        sw = self.answer.sw
        if sw == 0x9000 or sw >> 8 == _MORE:
            return "done"
        # ISO/IEC 7816-4:2005 §5.1.3: 62 and 63 are warnings; 6300 and 63CX are what a comparison that failed answers.
        if sw >> 8 == _WRONG_LE or (sw >> 8 in (0x62, 0x63) and sw != 0x6300 and sw.tries_left is None):
            return "warning"
        return "refused"

    def command_fields(self, profile: CardProfile) -> list[Field]:
        """Every field of the command."""
        wire = self.seen.command
        if self.command is None:
            return bytes_fields(wire.raw, wire.masks, _NO_COMMAND)
        return command_fields(self.command, profile, wire.masks, self.in_chain)

    def answer_fields(self, profile: CardProfile) -> list[Field]:
        """Every field of the answer; none where nothing came back."""
        wire = self.seen.answer
        if wire is None:
            return []
        if self.answer is None:
            return bytes_fields(wire.raw, wire.masks, "bytes that are no answer")
        return answer_fields(self.answer, self.asked or CommandApdu(0, 0, 0, 0), profile, wire.masks)


class Follower:
    """Goes along a trace: chains, answers in several pieces. It remembers one command, whatever the trace's length."""

    def __init__(self) -> None:
        self.number = 0
        self._chain: tuple[CommandApdu, int] | None = None
        self._fetched: tuple[CommandApdu, int, bool] | None = None

    def event(self, _: Event) -> None:
        """The card was reset, removed or inserted: nothing goes on from before."""
        self._chain = self._fetched = None

    def exchange(self, seen: Exchanged) -> Step:
        """The next exchange."""
        self.number += 1
        command = answer = None
        try:
            command = CommandApdu.from_bytes(seen.command.raw)
            answer = None if seen.answer is None else ResponseApdu.from_bytes(seen.answer.raw)
        except CodecError:
            pass
        if command is None:
            self._chain = self._fetched = None
            return Step(self.number, seen, None, _parsed(seen), None, False, ())
        notes: list[str] = ["secure messaging"] if protected(command.cla) else []
        in_chain = self._link(command, answer, notes)
        asked = self._asked(command, answer, notes)
        return Step(self.number, seen, command, answer, asked, in_chain, tuple(notes))

    def _link(self, command: CommandApdu, answer: ResponseApdu | None, notes: list[str]) -> bool:
        before, self._chain = self._chain, None
        # ISO/IEC 7816-4:2005 §5.1.1.1: the links of a chain have the same INS, P1 and P2.
        goes_on = before is not None and before[0].header[1:] == command.header[1:]
        more = bool(command.cla & CHAINED) and command.cla != 0xFF
        if not goes_on and not more:
            return False
        link = before[1] + 1 if before is not None and goes_on else 1
        notes.append(f"link {link} of a chain" if more else f"last link of a chain of {link}")
        if more and answer is not None and answer.sw == 0x9000:
            self._chain = command, link
        return True

    def _asked(self, command: CommandApdu, answer: ResponseApdu | None, notes: list[str]) -> CommandApdu:
        before, self._fetched = self._fetched, None
        asked, first, whole = command, self.number, True
        if command.ins == names.GET_RESPONSE and before is not None:
            asked, first, whole = before
            notes.append(f"goes on with the answer to {first}")
        if answer is not None and answer.sw >> 8 == _MORE:
            # Where data came already, what follows is no data object by itself.
            self._fetched = asked, first, whole and not answer.data
            whole = whole and not answer.data
        return asked if whole else CommandApdu(0, names.GET_RESPONSE, 0, 0)


def _parsed(seen: Exchanged) -> ResponseApdu | None:
    try:
        return None if seen.answer is None else ResponseApdu.from_bytes(seen.answer.raw)
    except CodecError:
        return None
