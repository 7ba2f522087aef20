"""Exchanges on the wire made into those that were meant: links of a chain in one command, pieces in one answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from akis.codec.apdu import CHAINED, MAX_DATA, MAX_NE, SM_BITS, CommandApdu, ResponseApdu
from akis.errors import CodecError
from akis.trace.entries import Entry, Event, Exchanged

_GET_RESPONSE = 0xC0
_MORE, _WRONG_LE = 0x61, 0x6C
_SHORTEST_PIECE = 16
_MOST_EXCHANGES = MAX_NE // _SHORTEST_PIECE
"""How many exchanges may make one; a trace in which it is more is no memory's business."""


@dataclass(frozen=True, slots=True)
class Joined:
    """One exchange as it was meant, and the exchanges on the wire that it is made of.

    ``numbers`` are theirs, counted from 1. ``command`` is None where the bytes are no command, ``answer`` where there
    was none or it is none. ``links`` is how many commands the command was cut into.
    """

    numbers: tuple[int, ...]
    entries: tuple[Exchanged, ...]
    command: CommandApdu | None
    answer: ResponseApdu | None
    links: int = 1

    @property
    def hides(self) -> bool:
        """Whether some of its bytes are not there."""
        return any(wire.hides for entry in self.entries for wire in (entry.command, entry.answer) if wire is not None)


def joined(entries: Iterable[Entry], chain: Literal["each", "whole"] | None = None) -> Iterator[Joined | Event]:
    """The exchanges that were meant, and the events between them, as soon as it is known that they are complete.

    Links of a protected chain are joined where ``chain`` is "whole" (:class:`akis.profile.model.SmRules`), and where
    it is None and the card answers them with a bare 9000, as it does only to links that are not protected each by
    itself. GET RESPONSE after 61XX belongs to the exchange before it.
    """
    waiting: Joined | None = None
    number = 0
    for entry in entries:
        if isinstance(entry, Event):
            if waiting is not None:
                yield waiting
                waiting = None
            yield entry
            continue
        number += 1
        found = _read(number, entry)
        if waiting is not None:
            more = _with(waiting, found)
            if more is None:
                yield waiting
            else:
                found = more
            waiting = None
        if _expects_more(found, chain):
            waiting = found
        else:
            yield found
    if waiting is not None:
        yield waiting


def _read(number: int, entry: Exchanged) -> Joined:
    command = answer = None
    try:
        command = CommandApdu.from_bytes(entry.command.raw)
        answer = None if entry.answer is None else ResponseApdu.from_bytes(entry.answer.raw)
    except CodecError:
        pass
    return Joined((number,), (entry,), command, answer)


def _expects_more(seen: Joined, chain: str | None) -> bool:
    """Whether the next exchange may belong to this one."""
    command, answer = seen.command, seen.answer
    if command is None or answer is None or len(seen.numbers) >= _MOST_EXCHANGES:
        return False
    if _is_link(command):
        done = answer.sw.ok and not answer.data
        return done and chain != "each"
    return answer.sw >> 8 == _MORE or (len(seen.numbers) > seen.links and answer.sw >> 8 == _WRONG_LE)


def _with(begun: Joined, found: Joined) -> Joined | None:
    """Both as one exchange; None where the second has nothing to do with the first."""
    if begun.command is None or begun.answer is None or found.command is None:
        return None
    numbers, entries = begun.numbers + found.numbers, begun.entries + found.entries
    if _is_link(begun.command):
        # ISO/IEC 7816-4:2005 §5.1.1.1: the links of a chain differ in the chaining bit and in data alone.
        whole = begun.command.data + found.command.data
        same = found.command.cla | CHAINED == begun.command.cla and found.command.header[1:] == begun.command.header[1:]
        if not same or len(whole) > MAX_DATA:
            return None
        return Joined(numbers, entries, found.command.replace(data=whole), found.answer, begun.links + 1)
    if not _fetches(begun.command, found.command):
        return None
    if found.answer is None:
        return Joined(numbers, entries, begun.command, None, begun.links)
    data = begun.answer.data + found.answer.data
    if len(data) > MAX_NE:
        return None
    return Joined(numbers, entries, begun.command, ResponseApdu(data, found.answer.sw), begun.links)


def _is_link(command: CommandApdu) -> bool:
    """Whether it is protected and not the last of its chain."""
    return command.cla & SM_BITS == SM_BITS and bool(command.cla & CHAINED) and command.cla & 0xC0 != 0x40


def _fetches(asked: CommandApdu, command: CommandApdu) -> bool:
    """Whether it is a plain GET RESPONSE on the channel of ``asked`` (ISO/IEC 7816-4:2005 §7.6.1)."""
    same_channel = 0x40 | asked.cla & 0x0F if asked.cla & 0x40 else asked.cla & 0x03
    return command.header == bytes((same_channel, _GET_RESPONSE, 0, 0)) and not command.data
