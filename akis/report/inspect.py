"""The inspection as a whole: identity, counters, files, certificates, checks, times, and the counters once more."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from akis.card import Card
from akis.codec.atr import Atr
from akis.codec.historical import CommandSupport
from akis.conversation.certificates import read_certificates
from akis.conversation.list_files import ListedFile
from akis.conversation.room import Room
from akis.errors import CodecError, InvalidArgument, WrongType
from akis.files import Files
from akis.profile.model import CardProfile
from akis.report.check import Done, Subject, carry_out
from akis.report.check_commands import COMMAND_CHECKS
from akis.report.check_profile import PROFILE_CHECKS
from akis.report.check_reading import READING_CHECKS
from akis.report.check_session import SessionChecks, SessionKeys
from akis.report.conclude import no_counter_moved, no_slow_command
from akis.report.gate import Gate
from akis.report.identity import counters, identity, said
from akis.report.model import Identity, Report
from akis.report.readable import find_file, find_records
from akis.report.timed import one_round, timed_commands
from akis.report.times import Stopwatch, Timekeeper
from akis.transport.base import Transport
from akis.transport.chaining import ChainingTransport
from akis.transport.get_response import GetResponseTransport

CHECKS = (*PROFILE_CHECKS, *COMMAND_CHECKS, *READING_CHECKS)
MOST_ROUNDS = 1000
Progress = Callable[[int, int | None], None]
"""Called with the steps that are done and those there are."""
_DEATH = "death"
_STEPS_BEFORE = 3


class Inspection:
    """One inspection of the card behind ``way``, which stays open.

    ``rounds`` is how often each command is timed; ``guessed``, that the profile is. ``keys`` open a secure session.
    ``protocol`` is "T=0" or "T=1", where somebody knows.
    """

    def __init__(
        self,
        way: Transport,
        profile: CardProfile,
        *,
        guessed: bool = False,
        keys: SessionKeys | None = None,
        rounds: int = 20,
        protocol: str | None = None,
        clock: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        if not isinstance(profile, CardProfile):
            raise WrongType(f"a card is described by a CardProfile, not {type(profile).__name__}")
        if not 1 <= rounds <= MOST_ROUNDS:
            raise InvalidArgument(f"each command is timed 1 to {MOST_ROUNDS} times")
        self._gate = Gate(way, keys is not None)
        stopwatch = Stopwatch(self._gate, clock)
        # Checks see what the card says: nothing between them and it follows up 61XX and 6CXX.
        self._raw = Card(stopwatch, profile)
        self._card = Card(ChainingTransport(GetResponseTransport(stopwatch), min(profile.max_data, 0xFF)), profile)
        self._times = Timekeeper(stopwatch)
        self._profile = profile
        self._guessed = guessed
        self._keys = keys
        self._rounds = rounds
        self._protocol = protocol

    def run(self, reader: str, made: datetime, progress: Progress | None = None) -> Report:
        """Inspect, in one transaction; ``made`` is the time that the report bears.

        No answer of the card is an error. A way to it that breaks is a :class:`TransportError`, and so is an answer
        that the card announces and does not give; bytes that are no answer at all are a :class:`CodecError`. Afterwards
        another file is selected, and where there were keys the card was reset: what was verified is gone.
        """
        total = _STEPS_BEFORE + len(CHECKS) + self._rounds
        tell = progress or (lambda done, total: None)
        with self._raw.transaction():
            tell(0, total)
            who = identity(self._card, self._guessed)
            before = self._card.run(counters(self._profile))
            tell(1, total)
            files = Files(self._card)
            listed = said(files.tree) or ()
            tell(2, total)
            certificates = self._card.run(read_certificates(self._profile, Room.of(self._profile)))
            tell(3, total)
            subject = self._subject(who, listed)
            done: list[Done] = []
            for number, check in enumerate(CHECKS, _STEPS_BEFORE + 1):
                done.append(self._raw.run(carry_out(check, subject)))
                tell(number, total)
            timed = self._card.run(timed_commands(subject))
            for number in range(total - self._rounds + 1, total + 1):
                self._card.run(one_round(timed, self._times))
                tell(number, total)
            done += self._in_session(subject, who.serial)
            after = self._card.run(counters(self._profile))
        times = self._times.times
        return Report(
            made=made,
            reader=reader,
            identity=who,
            counters=tuple(replace(one, unmoved=one == same) for one, same in zip(before, after, strict=True)),
            lists_itself=files.lists_itself,
            files=listed,
            certificates=certificates,
            checks=(*done, no_slow_command(times), no_counter_moved(before, after)),
            times=times,
            commands=self._gate.commands,
        )

    def _subject(self, who: Identity, listed: tuple[ListedFile, ...]) -> Subject:
        return Subject(
            profile=self._profile,
            atr=who.atr,
            guessed=self._guessed,
            ended=_ended(who.life_cycle, self._profile),
            application=who.application is not None,
            protocol=self._protocol,
            declared=_declared(who.atr),
            file=self._card.run(find_file(listed)),
            records=self._card.run(find_records(listed)),
        )

    def _in_session(self, subject: Subject, serial: bytes | None) -> tuple[Done, ...]:
        if self._keys is None:
            return ()
        checks = SessionChecks(subject, self._keys, serial, self._times)
        try:
            return self._raw.run(checks.run(self._rounds))
        finally:
            checks.close()
            # Whatever a card makes of commands in the clear, nobody after us is to have this session's rights.
            self._raw.reset()


def _ended(life_cycle: str | None, profile: CardProfile) -> str | None:
    """Why nobody demands of this card what others can; None where it is in a phase of its life that is known."""
    if life_cycle == _DEATH:
        return "the card has come to the end of its life"
    if life_cycle is not None and life_cycle not in profile.life_cycles.values():
        return "the profile does not know the phase of its life that this card is in"
    return None


def _declared(atr: bytes) -> CommandSupport | None:
    try:
        capabilities = Atr.from_bytes(atr).historical.capabilities
    except CodecError:
        return None
    return None if capabilities is None else capabilities.commands
