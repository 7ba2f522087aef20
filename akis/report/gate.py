"""What a report may send: a list of commands, all of which read; whatever else comes is refused before the card."""

from __future__ import annotations

from typing import NamedTuple

from akis.codec.apdu import SM_BITS
from akis.commands import files, objects, records, security
from akis.commands.directory import DIRECTORY
from akis.errors import PolicyRefused
from akis.transport.base import Transport
from akis.transport.get_response import GET_RESPONSE
from akis.transport.wrapper import TransportWrapper

MOST_COMMANDS = 20_000
"""A card that never comes to an end is left alone after so many."""
RESERVED_CLASS = 0x20
"""CLA 001X XXXX is reserved by ISO/IEC 7816-4:2005 §5.1.1 (table 2), so no card has a command of its own there."""
SECOND_CHANNEL = 0x01
INVALID_INSTRUCTION = 0x6E
"""INS 6X and 9X are invalid (ISO/IEC 7816-4:2005 §5.1.2): no card can have such a command."""
_HEADER = 4
_READING = (files.READ_BINARY, files.READ_BINARY_ODD, records.READ_RECORD, objects.GET_DATA, objects.GET_DATA_ODD)


class Allowed(NamedTuple):
    """A row of the list: CLA and INS; P1 and P2 where they have to be these; ``bare``: without data."""

    cla: int
    ins: int
    p1p2: tuple[int, int] | None = None
    bare: bool = False


ALWAYS = (
    Allowed(0x00, files.SELECT),
    *(Allowed(0x00, ins) for ins in _READING),
    Allowed(0x00, GET_RESPONSE, (0x00, 0x00), bare=True),
    Allowed(0x80, DIRECTORY, (0x00, 0x00), bare=True),
    Allowed(RESERVED_CLASS, files.SELECT),
    Allowed(SECOND_CHANNEL, files.SELECT),
    Allowed(0x00, INVALID_INSTRUCTION, (0x00, 0x00), bare=True),
)
"""What goes to every card. SELECT is the worst of it: it leaves a DF, and what was verified there."""
WITH_KEYS = (
    Allowed(0x00, security.MSE, (0xC1, 0xA4)),
    Allowed(0x00, security.GET_CHALLENGE, (0x00, 0x00), bare=True),
    Allowed(0x00, security.MUTUAL_AUTHENTICATE, (0x00, 0x00)),
    *(Allowed(SM_BITS, ins) for ins in (files.SELECT, objects.GET_DATA)),
)
"""What goes to a card whose keys somebody gave: proving them, and reading inside the session."""


class Gate(TransportWrapper):
    """A way to a card on which only :data:`ALWAYS`, and :data:`WITH_KEYS` where there are some, is sent.

    Everything else raises :class:`PolicyRefused` and reaches no card, nor does anything after :data:`MOST_COMMANDS`.
    ``commands`` counts what was sent.
    """

    def __init__(self, inner: Transport, keys: bool = False) -> None:
        super().__init__(inner)
        self.commands = 0
        self._allowed = (*ALWAYS, *WITH_KEYS) if keys else ALWAYS

    def transmit(self, command: bytes) -> bytes:
        if not any(_fits(command, allowed) for allowed in self._allowed):
            raise PolicyRefused("a report sends commands that read and no others; this one was not sent")
        if self.commands == MOST_COMMANDS:
            raise PolicyRefused(f"a report sends at most {MOST_COMMANDS} commands; nothing more was sent")
        self.commands += 1
        return self.inner.transmit(command)

    def control(self, code: int, data: bytes) -> bytes:
        raise PolicyRefused("a report has nothing to say to the reader itself; nothing was sent")


def _fits(command: bytes, allowed: Allowed) -> bool:
    if len(command) < _HEADER or (command[0], command[1]) != (allowed.cla, allowed.ins):
        return False
    if allowed.p1p2 is not None and (command[2], command[3]) != allowed.p1p2:
        return False
    return not allowed.bare or len(command) <= _HEADER + 1
