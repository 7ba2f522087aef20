"""PIN commands of the AKİS 1.0 card: VERIFY, and CHANGE REFERENCE DATA in its own form."""

from __future__ import annotations

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.emulator.memory import Memory
from akis.emulator.pins import PinCommands
from akis.emulator.security import SecurityStatus
from akis.emulator.status import DONE, NOT_FOUND, NOT_USABLE, WRONG_DATA, WRONG_P1P2, Refuse, require

_GLOBAL, _LOCAL = 0x01, 0x02
_LOCAL_REFERENCE = 0x80


class PinCommands1(PinCommands):
    """PIN and PUK are both local to the application; a locked one answers 6984."""

    def __init__(self, memory: Memory, security: SecurityStatus) -> None:
        super().__init__(memory, security, locked=NOT_USABLE)

    def verify(self, command: CommandApdu) -> ResponseApdu:
        """VERIFY with P1 = 00: there is another command to take a verification back."""
        require(command.p1 == 0, WRONG_P1P2)
        return super().verify(command)

    def change(self, command: CommandApdu) -> ResponseApdu:
        """CHANGE REFERENCE DATA: length and old value, length and new one; bit 8 of a local reference is not in P2."""
        require(command.p1 in (_GLOBAL, _LOCAL), WRONG_P1P2)
        require(command.p1 == _LOCAL and not command.p2 & _LOCAL_REFERENCE, NOT_FOUND)
        reference, data = self._reference(command.replace(p2=command.p2 | _LOCAL_REFERENCE))
        self._check_usable(data)
        old, rest = _prefixed(command.data)
        new, rest = _prefixed(rest)
        require(not rest, WRONG_DATA)
        self._check_format(reference, new)
        self._compare(reference, old)
        self._set(reference, new, "active")
        return DONE


def _prefixed(data: bytes) -> tuple[bytes, bytes]:
    """A value with its length in front, and what comes after it."""
    if not data or len(data) <= data[0]:
        raise Refuse(WRONG_DATA)
    return data[1 : 1 + data[0]], data[1 + data[0] :]
