"""A report of one card, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from akis.conversation.certificates import FoundCertificates
from akis.conversation.list_files import ListedFile
from akis.report.check import Done, Verdict
from akis.report.times import CommandTimes


@dataclass(frozen=True, slots=True)
class Counter:
    """The tries of a PIN or PUK; None where the card does not say. ``unmoved``: they are the same at the end."""

    name: str
    left: int | None
    most: int | None
    unmoved: bool = True


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the card is; None where it does not say.

    ``version`` is by its ATR, ``flags`` those in tag 90 of AKİS 1.0. ``guessed``: the profile was chosen for want of a
    better one.
    """

    atr: bytes
    version: str | None
    profile: str
    guessed: bool
    application: str | None
    life_cycle: str | None
    serial: bytes | None
    flags: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Report:
    """All of it.

    ``lists_itself``: the list of files is the card's own, and complete, and tag 90 is that of AKİS 1.0. ``commands``
    counts what was sent.
    """

    made: datetime
    reader: str
    identity: Identity
    counters: tuple[Counter, ...]
    lists_itself: bool
    files: tuple[ListedFile, ...]
    certificates: FoundCertificates
    checks: tuple[Done, ...]
    times: tuple[CommandTimes, ...]
    commands: int

    def count(self, verdict: Verdict) -> int:
        """How many checks have this verdict."""
        return sum(done.outcome.verdict == verdict for done in self.checks)
