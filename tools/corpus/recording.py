"""Records one session of the corpus, so that recording it again gives the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from akis.emulator.seed import seeded
from akis.emulator.wanted import WantedCard, wanted
from akis.errors import AkisError
from akis.trace.entries import Header
from akis.trace.jsonl import Writer
from akis.trace.redactor import SLOTS, Redactor
from akis.transport.recorder import Recorder

from .driver import Driver, Reader, Session, Unplanned
from .reader import EmulatedReader

Clock = Callable[[], int]

_SOURCE = "akis make_traces"
_LOOK = 250_000
_EPOCH = datetime(2025, 1, 1, tzinfo=UTC)


def steady_clock() -> Clock:
    """Nanoseconds of a clock that moves on by a quarter of a millisecond each time somebody looks at it."""
    looks = count()
    return lambda: next(looks) * _LOOK


@dataclass(frozen=True, slots=True)
class Times:
    """When a session is recorded, and the clock it is timed with; those of nobody, unless told others."""

    now: datetime = _EPOCH
    clock: Clock = field(default_factory=steady_clock)


def card_of(session: Session) -> WantedCard:
    """The emulated card that a session is played to."""
    return wanted(",".join(filter(None, (session.personality, session.state, "extended" if session.extended else ""))))


def record(session: Session, path: Path, times: Times) -> None:
    """Play ``session`` to an emulated card of this process and write its trace."""
    card = card_of(session).card(seeded(session.name))
    record_in(session, EmulatedReader(card), Header(reader="emulator", protocol="T=1"), path, times)


def record_in(session: Session, reader: Reader, header: Header, path: Path, times: Times) -> None:
    """Play ``session`` to the card in ``reader``, whose random numbers have the session's name for a seed.

    ``header`` says what there is to know of the reader. The file at ``path`` is replaced once the trace is whole.
    Raises :class:`Unplanned` where the session does not go as it says.
    """
    chosen = card_of(session)
    header = Header(
        atr=reader.way.atr,
        protocol=header.protocol,
        reader=header.reader,
        profile=chosen.personality.profile,
        personality=session.personality,
        state=session.state,
        extended=session.extended,
        seed=session.name,
        created=times.now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        title=session.title,
        source=_SOURCE,
        slots=SLOTS,
    )
    fresh = path.with_suffix(".new")
    try:
        with fresh.open("w", encoding="utf-8", newline="\n") as stream:
            redactor = Redactor(chosen.personality.card_profile())
            recorder = Recorder(reader.way, Writer(stream, header).write, redactor, clock=times.clock)
            driver = Driver(chosen.personality, reader, recorder, seeded(f"{session.name}/driver"))
            with driver.card:
                _play(session, driver)
        if recorder.failure is not None:
            raise recorder.failure
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _play(session: Session, driver: Driver) -> None:
    try:
        session.play(driver)
    except AkisError as error:
        raise Unplanned(f"the session {session.name} went otherwise than planned: {error}") from error
