"""Any trace, by its path: akis' own format, or another program's log."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from akis.errors import InvalidArgument, TraceError
from akis.profile.load import DEFAULT, load
from akis.trace.entries import Entry, Exchanged, Trace
from akis.trace.importers.base import Imported, Importer
from akis.trace.jsonl import Lines, is_trace
from akis.trace.jsonl import is_cut as is_own_cut
from akis.trace.redactor import SLOTS, Redactor

_HEAD = 1 << 16
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BEGINNING = re.compile(rb'\s*\{\s*"(?:command|response|event)"\s*:')


def open_trace(
    path: str | Path, profile: str | None = None, keep_secrets: bool = False, reader: str | None = None
) -> Trace:
    """The trace in a file, whatever wrote it; raises :class:`TraceError` where it is of no kind that is known.

    PINs in it are hidden, by the profile named, else the one that the trace names, else ``akis-2``; with
    ``keep_secrets`` they stay as they are: for test cards only. ``reader`` (part of a name) picks one reader of a log
    that has several; a trace of akis is of one.
    """
    path = Path(path)
    if is_trace(path):
        if reader is not None:
            raise InvalidArgument(f"{path} is an akis trace, which is of one reader; none can be chosen in it")
        return _Own(path, profile, keep_secrets)
    head = _head(path)
    known = importers()
    found = [importer for importer in known if importer.sniff(head)]
    if not found and (why := _plain_mistake(head)):
        raise TraceError(f"{path} {why}")
    if len(found) != 1:
        seen = "is of no kind that is understood" if not found else f"may be {_listed(found, 'or')}"
        raise TraceError(f"{path} {seen}; there are akis traces (JSON Lines), {_listed(known, 'and')}")
    return Imported(path, found[0], profile or DEFAULT, keep_secrets, reader)


def importers() -> tuple[Importer, ...]:
    """All kinds of foreign logs."""
    from akis.trace.importers import (
        apdu4j,
        apdu4j_console,
        cardpeek,
        gsmtap,
        opensc,
        pcscd,
        pcscspy,
        pcscspy_text,
        pyscard_observer,
    )

    return (
        apdu4j,
        apdu4j_console,
        opensc,
        pcscd,
        pcscspy,
        pcscspy_text,
        cardpeek,
        pyscard_observer,
        gsmtap,
    )


def is_cut(path: str | Path) -> bool:
    """Whether a recording breaks off: the last line of a trace, or the last exchange of another program's log.

    For who has played it and does not hold what he read it with. A log is read to its end for that, a trace is not.
    """
    if is_trace(path):
        return is_own_cut(path)
    trace = open_trace(path)
    for _ in trace.entries():
        pass
    return bool(getattr(trace, "cut", False))


class _Own:
    """A trace of akis' own format, hidden wherever it is not already; one in memory at a time."""

    def __init__(self, path: Path, profile: str | None, keep_secrets: bool) -> None:
        self._lines = Lines(path)
        header = self._lines.header
        name = profile or header.profile
        self._profile = None if name is None else load(name)
        self._keep = header.secrets and keep_secrets
        self.path = path
        self.header = replace(header, profile=name, secrets=self._keep, slots=_slots(header.slots, self._keep))

    @property
    def cut(self) -> bool:
        """Whether the last line was cut off, once the entries have been read."""
        return self._lines.cut

    def entries(self) -> Iterator[Entry]:
        """Exchanges and events in order."""
        if self._keep:
            yield from self._lines.entries()
            return
        redactor = Redactor(self._profile)
        for entry in self._lines.entries():
            yield redactor.again(entry) if isinstance(entry, Exchanged) else entry


def _slots(slots: tuple[str, ...], keep: bool) -> tuple[str, ...]:
    return slots if keep or slots else SLOTS


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(_HEAD)
    except (OSError, ValueError) as error:
        raise TraceError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'no such name'}") from None


def _plain_mistake(head: bytes) -> str:
    """What is wrong with a file that no kind of log begins like, where that can be told."""
    if not head:
        return "is empty"
    if head.startswith(_MARKS):
        return "begins with a byte order mark; save it as UTF-8 without one"
    if _BEGINNING.match(head):
        return "has no header line, with which an akis trace begins"
    return ""


def _listed(found: list[Importer] | tuple[Importer, ...], last: str) -> str:
    names = [importer.NAME for importer in found]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"
