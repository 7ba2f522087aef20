"""What all importers have in common: a log is told from others by its beginning, and read as raw exchanges.

Nobody redacts before :class:`Imported` does, so no importer can forget to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Protocol

from akis.errors import InvalidArgument, TraceError
from akis.profile.load import load
from akis.trace.entries import Entry, Event, Failure, Header
from akis.trace.line import in_file
from akis.trace.redactor import SLOTS, Redactor

ENDED = Failure("LogEnded", "the log ends before the answer")
"""What is wrong with a command whose answer was cut off with the rest of the log."""
UNANSWERED = Failure("Unanswered", "the log has no answer to this command")
_MOST_NAMED = 10
"""Readers in an error message."""


@dataclass(frozen=True, slots=True, repr=False)
class Heard:
    """One exchange as a log has it, secrets in it; times in microseconds, None where the log has none.

    ``reader`` is where it was heard, for logs in which several readers may be.
    """

    command: bytes
    answer: bytes | None
    start: int | None = None
    duration: int | None = None
    failure: Failure | None = None
    reader: str | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """An event in one reader of several."""

    event: Event
    reader: str | None = None


Item = Heard | Happened | Event


class Importer(Protocol):
    """A kind of log: a module with these names."""

    NAME: str
    """What people call it."""
    HEURISTIC: bool
    """Whether what it says has to be guessed in part."""

    def sniff(self, head: bytes) -> bool:
        """Whether a file that begins with these bytes (its first 64 KiB) is of this kind."""

    def header(self, path: Path) -> Header:
        """What the log says of reader, ATR, protocol, time; it reads no more than it must."""

    def read(self, path: Path) -> Iterable[Item]:
        """The exchanges, streamed; raises :class:`akis.errors.TraceError` with the line where the log is damaged."""


class Imported:
    """Another program's log as a trace, redacted by the 2.x profile unless told another.

    A trace is the story of one card. Where a log holds exchanges with several readers, ``reader`` (part of a name)
    says which one is meant, :class:`InvalidArgument` that there is none of that name; without it the second one is a
    :class:`TraceError`. ``cut`` says, once the entries have been read, that the log ended in the middle of an exchange.
    """

    def __init__(
        self,
        path: Path,
        importer: Importer,
        profile: str = "akis-2",
        keep_secrets: bool = False,
        reader: str | None = None,
    ) -> None:
        self.path = path
        self.cut = False
        self._importer = importer
        self._profile = load(profile)
        self._keep = keep_secrets
        self._reader = reader
        with in_file(path):
            found = importer.header(path)
            if reader is not None:
                self._check_reader(found.reader)
        self.header = replace(
            self._of_reader(found),
            profile=profile,
            source=importer.NAME,
            heuristic=importer.HEURISTIC,
            secrets=keep_secrets,
            slots=() if keep_secrets else SLOTS,
        )

    def entries(self) -> Iterator[Entry]:
        """Exchanges and events in order, redacted."""
        self.cut = False
        redactor = Redactor(self._profile, self._keep)
        with in_file(self.path):
            for item in self._chosen():
                if isinstance(item, Event):
                    yield item
                elif isinstance(item, Happened):
                    yield item.event
                else:
                    self.cut = item.failure is ENDED
                    yield redactor.exchange(item.command, item.answer, item.start, item.duration, item.failure)

    def _check_reader(self, named: str | None) -> None:
        """Read up to where the wanted reader occurs; ``named`` is the one in the header."""
        seen: dict[str, None] = {}
        for reader in chain((named,), map(_reader_of, self._importer.read(self.path))):
            if reader is None:
                continue
            if self._wanted(reader):
                return
            if len(seen) < _MOST_NAMED:
                seen[reader] = None
        there = f"there {'is' if len(seen) == 1 else 'are'} {', '.join(map(repr, seen))}" if seen else "it names none"
        raise InvalidArgument(f"there is no reader {self._reader!r} in this log; {there}")

    def _chosen(self) -> Iterator[Item]:
        first: str | None = None
        for item in self._importer.read(self.path):
            reader = _reader_of(item)
            if reader is None or self._wanted(reader):
                yield item
            elif self._reader is not None:
                continue
            elif first in (None, reader):
                first = reader
                yield item
            elif isinstance(item, Heard):
                raise TraceError(
                    f"this log holds exchanges with more than one reader, {first!r} and {reader!r};"
                    " say which one is meant"
                )

    def _wanted(self, reader: str) -> bool:
        return self._reader is not None and self._reader.casefold() in reader.casefold()

    def _of_reader(self, header: Header) -> Header:
        if self._reader is None or (header.reader is not None and self._wanted(header.reader)):
            return header
        return replace(header, reader=self._reader, atr=None, protocol=None)


def _reader_of(item: Item) -> str | None:
    return None if isinstance(item, Event) else item.reader
