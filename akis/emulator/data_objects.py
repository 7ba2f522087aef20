"""GET DATA of the emulated card: life cycle, serial number, and on 2.x the counters of PIN and PUK."""

from __future__ import annotations

from akis.codec import tlv
from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.codec.tlv import Tlv
from akis.commands.objects import HEADER_LIST, pin_object_tag
from akis.emulator.answers import fit
from akis.emulator.current import Current
from akis.emulator.memory import PIN, PUK, Memory
from akis.emulator.status import NOT_FOUND, WRONG_DATA, WRONG_LENGTH, WRONG_P1P2, Refuse, require
from akis.errors import CodecError

_SYSTEM_INFORMATION, _SERIAL_AT = 0x4D, 55
_MEMORY_INFORMATION, _LIFE_CYCLE_AT = 10, 6


class DataCommands:
    """GET DATA with P1-P2 (CA) and with an extended header list (CB)."""

    def __init__(self, serial: bytes, memory: Memory, current: Current) -> None:
        self._serial = serial
        self._memory = memory
        self._current = current

    def get_data(self, command: CommandApdu) -> ResponseApdu:
        """GET DATA of memory information (01 04, the life cycle in it) and system information (01 06, the serial)."""
        require(not command.data and command.ne, WRONG_LENGTH)
        if (command.p1, command.p2) == (0x01, 0x04):
            answer = bytearray(_MEMORY_INFORMATION)
            answer[_LIFE_CYCLE_AT] = self._memory.life_cycle
        elif (command.p1, command.p2) == (0x01, 0x06):
            answer = bytearray(_SYSTEM_INFORMATION)
            answer[_SERIAL_AT : _SERIAL_AT + len(self._serial)] = self._serial
        else:
            raise Refuse(NOT_FOUND)
        return fit(bytes(answer), command.ne)

    def get_data_objects(self, command: CommandApdu) -> ResponseApdu:
        """GET DATA of the PIN objects of the current DF, named by an extended header list."""
        require((command.p1, command.p2) == (0x3F, 0xFF), WRONG_P1P2)
        require(command.ne, WRONG_LENGTH)
        try:
            objects = tlv.parse(command.data)
        except CodecError:
            raise Refuse(WRONG_DATA) from None
        require(len(objects) == 1 and objects[0].tag == HEADER_LIST, WRONG_DATA)
        for number, reference in ((1, PIN), (2, PUK)):
            if objects[0].value == tlv.tag_bytes(pin_object_tag(number)) + b"\x80" and self._current.in_application:
                data = self._memory.references[reference]
                counts = {0x9A: data.tries, 0x9B: data.left, 0x80: len(data.value)}
                found = Tlv(pin_object_tag(number), [Tlv(tag, bytes((count,))) for tag, count in counts.items()])
                return fit(found.to_bytes(), command.ne)
        raise Refuse(NOT_FOUND)
