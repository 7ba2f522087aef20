"""The readers, their cards, and which of these can be reached; what keeps one from being reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from akis.doctor.finding import Finding, Program, SeenReader, Severity
from akis.doctor.holders import named
from akis.doctor.patience import Silent, within
from akis.errors import CardMute, CodecError, NoCard, ServiceForbidden, SharingViolation, TransportError
from akis.profile.recognise import recognise
from akis.transport.readers import Reader, is_ignored

IGNORE_READERS = "AKIS_IGNORE_READERS"
_PATIENCE = 2.0
_HELD = "in use exclusively"

Connect = Callable[[str], object]
"""Connects to the card in the reader of that name, and lets go of it as it is; raises what kept it from that."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen of one reader, and why its card was not reached."""

    reader: SeenReader
    failure: TransportError | None = None


def look(readers: Sequence[Reader], environ: Mapping[str, str], connect: Connect) -> list[Looked]:
    """Try each card. One that a program has for itself is left alone, as PC/SC says so already."""
    ignore, number = environ.get(IGNORE_READERS, ""), count()
    return [_look(reader, None if is_ignored(reader.name, ignore) else next(number), connect) for reader in readers]


def _look(reader: Reader, index: int | None, connect: Connect) -> Looked:
    def seen(reachable: bool | None) -> SeenReader:
        card = None if reader.atr is None else _kind(reader.atr)
        return SeenReader(index, reader.name, reader.state, reader.atr, card, reachable)

    if not reader.state.startswith(("card", "mute")):
        return Looked(seen(None))
    if reader.state.endswith(_HELD):
        return Looked(seen(False), SharingViolation(f"another program has the card in {reader.name}"))
    try:
        within(_PATIENCE, lambda: connect(reader.name))
    except NoCard:
        return Looked(seen(None))  # it was taken out in between
    except TransportError as failure:
        return Looked(seen(False), failure)
    return Looked(seen(True))


def _kind(atr: bytes) -> str | None:
    try:
        found = recognise(atr)
    except CodecError:
        return None
    return None if found.source is None else found.name or found.label


def findings(looked: Sequence[Looked], programs: Sequence[Program] | None) -> list[Finding]:
    """What is wrong with readers and cards; a card out of reach is a problem where no other can be reached."""
    found = [finding for one in looked if (finding := _finding(one, looked, programs)) is not None]
    there = [one.reader for one in looked if not one.reader.ignored]
    if looked and not there:
        found.append(
            Finding(
                "environment",
                "problem",
                f"{IGNORE_READERS} leaves out all card readers there are",
                f"unset {IGNORE_READERS}, or name fewer readers in it",
            )
        )
    elif there and all(reader.reachable is None for reader in there):
        where = "the reader" if len(there) == 1 else f"any of the {len(there)} readers"
        found.append(Finding("cards", "problem", f"there is no card in {where}", "insert a card, chip first"))
    return found


def _finding(one: Looked, looked: Sequence[Looked], programs: Sequence[Program] | None) -> Finding | None:
    reader, failure = one.reader, one.failure
    if reader.ignored:
        return Finding(
            "readers",
            "note",
            f"{IGNORE_READERS} leaves out {reader.name}",
            f"unset {IGNORE_READERS} to use that reader",
        )
    if reader.state.startswith("unavailable"):
        return Finding("readers", "warning", f"{reader.name} is not available", "unplug it, then plug it in again")
    if reader.reachable and reader.card is None:
        return Finding(
            "cards",
            "note",
            f"the card in {reader.name} is not one that akis knows by its ATR",
            "ask it what it is, at no risk: akis probe",
        )
    if failure is None:
        return None
    others = any(other.reader.reachable and not other.reader.ignored for other in looked)
    severity: Severity = "warning" if others else "problem"
    message, remedy = _in_words(reader.name, failure, _named(programs))
    return Finding("cards", severity, message, remedy)


def _in_words(name: str, failure: TransportError, others: str) -> tuple[str, str]:
    if isinstance(failure, SharingViolation):
        return f"another program has the card in {name} for itself: {others}", "end that program, then try again"
    if isinstance(failure, Silent):
        return (
            f"another program keeps the card in {name} busy with a transaction: {others}",
            "wait for its end, or end that program",
        )
    if isinstance(failure, CardMute):
        return (
            f"the card in {name} does not answer",
            "see that it is a smart card, clean, chip first and the right way up, and try it in another reader",
        )
    if isinstance(failure, ServiceForbidden):
        return (
            f"polkit does not let this user use the card in {name}",
            "allow the action org.debian.pcsc-lite.access_card to this user in /etc/polkit-1/rules.d",
        )
    return str(failure).partition(";")[0], "take the card out and put it back, then try again"


def _named(programs: Sequence[Program] | None) -> str:
    if programs is None:
        return "this system does not say which"
    if not programs:
        return "which one does not show"
    return named(programs)
