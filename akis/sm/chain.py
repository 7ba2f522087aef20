"""Command chaining under secure messaging (ISO/IEC 7816-4:2005 §5.1.1.1): cutting what does not fit one command."""

from __future__ import annotations

from akis.codec.apdu import CHAINED, CommandApdu
from akis.sm.suite import Suite

# DO'8E' with its eight bytes, DO'97' with one, and tag, two length bytes and indicator of DO'87'.
_CHECKSUM, _LE, _CRYPTOGRAM = 10, 3, 4


def plain_room(suite: Suite, max_data: int, with_le: bool) -> int:
    """How many bytes of plain data fit a protected command of ``max_data`` bytes."""
    wider = max_data > 0xFF  # then Ne and the length of DO'87' may take a byte more each
    objects = max_data - _CHECKSUM - _CRYPTOGRAM - wider - (_LE + wider if with_le else 0)
    # Whole blocks, one byte of which at least is padding.
    return objects // suite.block * suite.block - 1


def links(command: CommandApdu, room: int) -> list[CommandApdu]:
    """The command as a chain, no more than ``room`` bytes of data each; the last one keeps Ne and the plain CLA."""
    pieces = [command.data[start : start + room] for start in range(0, len(command.data), room)] or [b""]
    last = command.replace(data=pieces[-1], extended=False)
    others = [command.replace(cla=command.cla | CHAINED, data=piece, ne=None, extended=False) for piece in pieces[:-1]]
    return [*others, last]
