"""How much fits one command and one answer, plain or inside a secure session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from akis.errors import InvalidArgument
from akis.profile.model import CardProfile
from akis.sm.chain import plain_room
from akis.sm.suite import Suite
from akis.sm.terminal import SecureSession

# DO'99' with its status word, DO'8E' with its eight bytes, and tag, two length bytes and indicator of DO'87'.
_STATUS, _CHECKSUM, _CRYPTOGRAM = 4, 10, 4
_SHORT, _LONG = 0x100, 0x10000


@dataclass(frozen=True, slots=True)
class Room:
    """The most bytes of plain data that one command carries, and that one answer is asked for."""

    command: int
    answer: int

    def __post_init__(self) -> None:
        if not 1 <= self.command <= 0xFFFF or not 1 <= self.answer <= _LONG:
            raise InvalidArgument("there is room for 1 to 65535 bytes in a command, and 1 to 65536 in an answer")

    @classmethod
    def of(cls, profile: CardProfile, session: SecureSession | None = None) -> Self:
        """What this card takes: in a session less than in the clear, so that a piece is one exchange."""
        whole = min(profile.max_data, _LONG if profile.extended_length else _SHORT)
        if session is None:
            return cls(profile.max_data, whole)
        command = plain_room(session.suite, profile.max_data, with_le=False)
        # A command that fits no protected one is refused by Card, which says why.
        return cls(max(command, 1), max(_answer_room(session.suite, whole), 1))


def _answer_room(suite: Suite, whole: int) -> int:
    """How many plain bytes a protected answer of ``whole`` bytes has: whole blocks, one byte of which is padding."""
    wider = whole > 0xFF + _STATUS + _CHECKSUM + _CRYPTOGRAM  # then the length of DO'87' takes a byte more
    objects = whole - _STATUS - _CHECKSUM - _CRYPTOGRAM - wider
    return objects // suite.block * suite.block - 1
