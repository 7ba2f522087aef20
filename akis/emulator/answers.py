"""How much of what a command asks for goes into its answer (ISO/IEC 7816-4:2005 §5.1.1 and §7.2.3)."""

from __future__ import annotations

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.emulator.status import END_OF_FILE, WRONG_LE, Refuse


def fit(data: bytes, ne: int | None) -> ResponseApdu:
    """An answer of ``data``, or 6CXX where Ne is too small for it."""
    if ne is not None and ne < len(data):
        raise Refuse(WRONG_LE | len(data) & 0xFF)
    return ResponseApdu(data)


def up_to_the_end(data: bytes, command: CommandApdu) -> ResponseApdu:
    """An answer of ``data``, which ends where its file ends: 6282 where Ne is more than that.

    An Le field of zeros asks for all there is, anything else for that many bytes.
    """
    ne = command.ne or 0
    return ResponseApdu(data, 0x9000 if len(data) >= ne or asks_for_all(command) else END_OF_FILE)


def asks_for_all(command: CommandApdu) -> bool:
    """Whether the Le field is zeros."""
    return command.ne == (0x10000 if command.extended else 0x100)
