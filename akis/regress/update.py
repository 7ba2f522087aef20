"""New answers taken into a trace: what keeps a trace from it, and how its new recording takes its place."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from akis.errors import InvalidArgument
from akis.profile.model import CardProfile
from akis.regress.outcome import Outcome
from akis.trace.entries import Event, Trace, Wire
from akis.trace.redactor import Redactor


def check_hidden(trace: Trace, profile: CardProfile) -> None:
    """Raise :class:`InvalidArgument` where a new recording would show what the trace hides, such as marks by hand.

    The values of slots go over the wire, so what hides them in the new recording must be their meaning.
    """
    redactor = Redactor(profile, trace.header.secrets)
    number = 0
    for entry in trace.entries():
        if isinstance(entry, Event):
            continue
        number += 1
        answer = None if entry.answer is None else entry.answer.raw
        anew = redactor.exchange(entry.command.raw, answer)
        for old, new in ((entry.command, anew.command), (entry.answer, anew.answer)):
            if old is not None and new is not None and not _hidden(old) <= _hidden(new):
                raise InvalidArgument(
                    f"the trace hides bytes of exchange {number} that a new recording would show; nothing was sent"
                )


def accept(outcome: Outcome) -> None:
    """Put the new recording of :attr:`akis.regress.run.Plan.update` in the place of the trace."""
    if outcome.fresh is None:
        return
    path = Path(outcome.name)
    try:
        outcome.fresh.chmod(path.stat().st_mode & 0o777)
        outcome.fresh.replace(path)
    except OSError as error:
        discard(outcome)
        raise InvalidArgument(f"{path} did not get its new recording: {error.strerror}") from None


def discard(outcome: Outcome) -> None:
    """Remove the new recording, unless it was accepted."""
    if outcome.fresh is not None:
        with suppress(OSError):
            outcome.fresh.unlink(missing_ok=True)


def _hidden(wire: Wire) -> set[int]:
    """The places of the bytes that do not show."""
    return {at for mask in wire.masks if mask.hidden for at in range(mask.start, mask.start + mask.length)}
