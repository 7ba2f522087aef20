"""PIN commands of the emulated card.

The counter is written down before the comparison and written back after a right one: power cut in between costs a try
and never gains one.
"""

from __future__ import annotations

import hmac
from typing import Literal

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.emulator.memory import DEATH, PIN, PUK, Memory, ReferenceData
from akis.emulator.personality import LENGTHS
from akis.emulator.security import SecurityStatus
from akis.emulator.status import (
    BLOCKED,
    CONDITIONS,
    DONE,
    NOT_FOUND,
    NOT_USABLE,
    SECURITY_STATUS,
    TRIES,
    WRONG_DATA,
    WRONG_LENGTH,
    WRONG_P1P2,
    Refuse,
    require,
)

_LOGOUT = 0xFF


class PinCommands:
    """VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER of PIN 81 and PUK 82.

    ``locked`` is the status word of a counter at zero.
    """

    def __init__(self, memory: Memory, security: SecurityStatus, locked: int = BLOCKED) -> None:
        self._locked = locked
        self._lengths = dict(zip((PIN, PUK), LENGTHS[memory.dialect], strict=True))
        self._memory = memory
        self._security = security

    def verify(self, command: CommandApdu) -> ResponseApdu:
        """VERIFY: with data, without (asks for the state), with P1 = FF (takes the verification back)."""
        reference, data = self._reference(command)
        if command.p1 == _LOGOUT:
            require(not command.data, WRONG_LENGTH)
            self._security.verified.discard(reference)
            return DONE
        require(command.p1 == 0, WRONG_P1P2)
        if not command.data:
            return self._state(reference, data)
        self._compare(reference, command.data)
        require(data.state == "active", CONDITIONS)
        self._security.verified.add(reference)
        return DONE

    def change(self, command: CommandApdu) -> ResponseApdu:
        """CHANGE REFERENCE DATA: old and new (P1 = 00), or new by the issuer (P1 = 01)."""
        reference, data = self._reference(command)
        if command.p1 == 0x01 and reference == PIN:
            require(self._security.role == "issuer", SECURITY_STATUS)
            self._check_format(reference, command.data)
            self._set(reference, command.data, "active")
            return DONE
        require(command.p1 == 0x00, WRONG_P1P2)
        self._check_usable(data)
        # No delimiter: the card knows how long the stored value is.
        old, new = command.data[: len(data.value)], command.data[len(data.value) :]
        self._check_format(reference, new)
        self._compare(reference, old)
        self._set(reference, new, "active")
        return DONE

    def reset_retry_counter(self, command: CommandApdu) -> ResponseApdu:
        """RESET RETRY COUNTER of the PIN, by PUK (P1 = 00, 01) or by the security status (P1 = 02, 03)."""
        require(command.p2 != PUK, WRONG_P1P2)
        _, pin = self._reference(command)
        if command.p1 == 0x00:
            puk, new = command.data[:8], command.data[8:]
            self._check_format(PIN, new)
            self._compare(PUK, puk)
            self._set(PIN, new, "active", pin.tries)
        elif command.p1 == 0x01:
            require(pin.state != "unset", NOT_USABLE)
            self._compare(PUK, command.data)
            self._fill(pin)
        elif command.p1 == 0x02:
            by_issuer = self._security.role == "issuer"
            require(by_issuer or PUK in self._security.verified, SECURITY_STATUS)
            self._check_format(PIN, command.data)
            self._set(PIN, command.data, "transport" if by_issuer else "active", pin.tries)
        elif command.p1 == 0x03:
            require(self._security.role == "issuer" or PUK in self._security.verified, SECURITY_STATUS)
            require(not command.data, WRONG_LENGTH)
            require(pin.state != "unset", NOT_USABLE)
            self._fill(pin)
        else:
            raise Refuse(WRONG_P1P2)
        return DONE

    def _reference(self, command: CommandApdu) -> tuple[int, ReferenceData]:
        data = self._memory.references.get(command.p2)
        if data is None:
            raise Refuse(NOT_FOUND)
        return command.p2, data

    def _state(self, reference: int, data: ReferenceData) -> ResponseApdu:
        self._check_usable(data)
        return DONE if reference in self._security.verified else ResponseApdu(sw=TRIES | data.left)

    def _check_usable(self, data: ReferenceData) -> None:
        require(data.state != "unset", NOT_USABLE)
        require(not data.blocked, self._locked)

    def _check_format(self, reference: int, value: bytes) -> None:
        require(len(value) in self._lengths[reference] and value.isdigit(), WRONG_DATA)

    def _compare(self, reference: int, given: bytes) -> None:
        """Return when ``given`` is right, the counter full; refuse otherwise, a try spent."""
        data = self._memory.references[reference]
        self._check_usable(data)
        self._check_format(reference, given)
        data.left -= 1
        self._memory.commit()
        if not hmac.compare_digest(given, data.value):
            self._security.verified.discard(reference)
            if reference == PUK and data.blocked:
                self._memory.life_cycle = DEATH
                self._memory.commit()
            raise Refuse(TRIES | data.left)
        self._fill(data)

    def _fill(self, data: ReferenceData) -> None:
        """Write the counter full; value, state and what is verified stay."""
        data.left = data.tries
        self._memory.commit()

    def _set(
        self,
        reference: int,
        value: bytes,
        state: Literal["unset", "transport", "active"],
        left: int | None = None,
    ) -> None:
        """Write a new value, its state and, unless None, the counter; even the old value again is not verified."""
        data = self._memory.references[reference]
        self._security.verified.discard(reference)
        data.value, data.state = value, state
        data.left = data.left if left is None else left
        self._memory.commit()
