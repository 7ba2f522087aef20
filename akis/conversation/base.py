"""Conversations: several commands as one generator that yields commands and receives answers, without any I/O.

Whoever holds a way to the card drives it: :meth:`akis.card.Card.run` here, an issuer's server from afar, a test with
recorded bytes.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.errors import CardError

T = TypeVar("T")

Conversation = Generator[CommandApdu, ResponseApdu, T]


def ask(command: CommandApdu, what: str) -> Conversation[bytes]:
    """One command that must be done: its answer's data, or :class:`CardError` saying that ``what`` failed."""
    answer = yield command
    if not answer.sw.ok:
        raise CardError(f"{what} failed", answer.sw)
    return answer.data
