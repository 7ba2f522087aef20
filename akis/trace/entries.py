"""What a trace is made of: a header, then exchanges and events in the order they happened."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from akis.errors import InvalidArgument
from akis.trace.redact import HIDDEN, Mask

VERSION = 1
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}|\*\*)*")
_NO_HEX = "bytes are pairs of hex digits, or ** for a hidden one"


@dataclass(frozen=True, slots=True)
class Header:
    """Where a session was recorded, and what is needed to play it again; None for what nobody knows.

    ``personality``, ``state``, ``extended`` and ``seed`` (of its random numbers) describe an emulated card. ``slots``
    are the names that masks of this trace may have. ``source`` names the program that wrote or the log that held it,
    and ``heuristic`` says that parts of it are conclusions. With ``secrets`` nothing is hidden: for test cards only.
    """

    atr: bytes | None = None
    protocol: str | None = None
    reader: str | None = None
    profile: str | None = None
    personality: str | None = None
    state: str = ""
    extended: bool = False
    seed: str | None = None
    created: str | None = None
    title: str = ""
    source: str = ""
    heuristic: bool = False
    secrets: bool = False
    slots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wire:
    """The bytes of one command or answer. Zeros stand in for hidden ones; each lies under a mask.

    A mask that hides nothing names bytes that differ from one session to the next: challenge, serial, signature.
    """

    raw: bytes
    masks: tuple[Mask, ...] = ()

    @property
    def hides(self) -> bool:
        """Whether some of its bytes are not there."""
        return any(mask.hidden for mask in self.masks)

    @property
    def text(self) -> str:
        """Hex without spaces, ``**`` for each hidden byte."""
        text = self.raw.hex().upper()
        pieces, after = [], 0
        for mask in self.masks:
            if mask.hidden:
                pieces += [text[2 * after : 2 * mask.start], HIDDEN * mask.length]
                after = mask.start + mask.length
        return "".join([*pieces, text[2 * after :]]) if pieces else text

    def __repr__(self) -> str:
        # No bytes: a trace that keeps its secrets has them here.
        named = "".join(f", {mask.slot} {mask.length}" for mask in self.masks[:8])
        return f"Wire({len(self.raw)} bytes{named}{', …' if len(self.masks) > 8 else ''})"

    @classmethod
    def from_text(cls, text: str, masks: tuple[tuple[int, int, str], ...] = ()) -> Wire:
        """From :attr:`text` and (start, length, slot) of each mask; raises :class:`InvalidArgument`."""
        if not masks and text.isalnum():  # most lines, and without white space fromhex takes pairs of digits only
            try:
                return cls(bytes.fromhex(text))
            except ValueError:
                raise InvalidArgument(_NO_HEX) from None
        if not _HEX.fullmatch(text):
            raise InvalidArgument(_NO_HEX)
        size = len(text) // 2
        made, after = [], 0
        for start, length, slot in masks:
            if start < after or length < 1 or start + length > size:
                raise InvalidArgument("masks lie inside the bytes, one after the other")
            after = start + length
            piece = text[2 * start : 2 * after]
            hidden = HIDDEN in piece
            if hidden and piece != HIDDEN * length:
                raise InvalidArgument("a mask hides all of its bytes or none")
            made.append(Mask(start, length, slot, hidden))
        if sum(mask.length for mask in made if mask.hidden) != text.count(HIDDEN):
            raise InvalidArgument("a hidden byte lies under no mask")
        return cls(bytes.fromhex(text.replace(HIDDEN, "00")), tuple(made))

    def filled(self, value: Callable[[Mask], bytes]) -> bytes:
        """The bytes with ``value(mask)`` at each hidden mask; :class:`InvalidArgument` for one of another length."""
        raw = bytearray(self.raw)
        for mask in self.masks:
            if mask.hidden:
                found = value(mask)
                if len(found) != mask.length:
                    raise InvalidArgument(f"slot {mask.slot} hides {mask.length} bytes, its value has {len(found)}")
                raw[mask.start : mask.start + mask.length] = found
        return bytes(raw)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why no answer came: the kind of error (``CardRemoved``), and its sentence."""

    kind: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A command and its answer, or what went wrong instead; ``start`` and ``duration`` in microseconds, None unknown.

    ``start`` counts from the start of the recording.
    """

    command: Wire
    answer: Wire | None
    start: int | None = None
    duration: int | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """What happened between exchanges: the card was reset (``atr`` is its answer), removed, or inserted."""

    kind: Literal["reset", "removed", "inserted"]
    start: int | None = None
    atr: bytes | None = None


Entry = Exchanged | Event


class Trace(Protocol):
    """A recorded session, wherever it is kept. ``entries()`` starts from the beginning each time."""

    @property
    def header(self) -> Header:
        """What is known of the whole session."""

    def entries(self) -> Iterator[Entry]:
        """Exchanges and events in order, read as they are asked for; raises :class:`TraceError`."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A trace in memory."""

    header: Header
    kept: tuple[Entry, ...] = ()

    def entries(self) -> Iterator[Entry]:
        """Exchanges and events in order."""
        return iter(self.kept)
