"""The commands of the 2.x card."""

from __future__ import annotations

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.commands import files, objects, pin, security
from akis.commands.records import APPEND_RECORD, READ_RECORD, UPDATE_RECORD
from akis.commands.signing import PSO
from akis.emulator.binary import BinaryCommands
from akis.emulator.data_objects import DataCommands
from akis.emulator.dialect import Commands, Parts
from akis.emulator.pins import PinCommands
from akis.emulator.records import RecordCommands
from akis.emulator.select import SelectCommand
from akis.emulator.signing import Signing

_FOR_SIGNATURES = (0x41, 0xB6)
"""P1-P2 of the MSE SET that chooses a signature key."""


def dialect_2(parts: Parts) -> Commands:
    """The 2.x card: ISO forms throughout, device authentication, secure messaging."""
    current, personality = parts.current, parts.personality
    select = SelectCommand(current, parts.memory, personality.application)
    binary, records = BinaryCommands(current), RecordCommands(current)
    data = DataCommands(personality.serial, parts.memory, current)
    pins = PinCommands(parts.memory, parts.security)
    signing = Signing(personality.sign_keys, parts.security, lambda: current.in_application, parts.random)

    def mse_set(command: CommandApdu) -> ResponseApdu:
        """MSE SET, for a signature or for device authentication."""
        for_signatures = (command.p1, command.p2) == _FOR_SIGNATURES
        return signing.mse_set(command) if for_signatures else parts.security.mse_set(command)

    return Commands(
        {
            files.SELECT: select.select,
            files.READ_BINARY: binary.read,
            files.READ_BINARY_ODD: binary.read_odd,
            files.UPDATE_BINARY: binary.update,
            files.UPDATE_BINARY_ODD: binary.update_odd,
            READ_RECORD: records.read,
            UPDATE_RECORD: records.update,
            APPEND_RECORD: records.append,
            objects.GET_DATA: data.get_data,
            objects.GET_DATA_ODD: data.get_data_objects,
            pin.VERIFY: pins.verify,
            pin.CHANGE: pins.change,
            pin.RESET: pins.reset_retry_counter,
            security.MSE: mse_set,
            security.GET_CHALLENGE: parts.security.get_challenge,
            security.MUTUAL_AUTHENTICATE: parts.security.mutual_authenticate,
            PSO: signing.sign,
        },
        of_pins=frozenset((pin.VERIFY, pin.CHANGE, pin.RESET)),
        when_dead=frozenset((files.SELECT, objects.GET_DATA, objects.GET_DATA_ODD)),
        reset=signing.reset,
        proprietary={},
        secure_messaging=True,
        max_data=0xFFFF,
    )
