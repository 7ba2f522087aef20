"""The commands of the AKİS 1.0 card: in the clear only, some in the card's own class, as open code uses them."""

from __future__ import annotations

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.commands import directory, files, objects, pin, records, security
from akis.commands.signing import PSO
from akis.emulator import instructions as own
from akis.emulator.administration import AdministrationCommands
from akis.emulator.binary import BinaryCommands
from akis.emulator.data_objects import DataCommands
from akis.emulator.dialect import Commands, Parts
from akis.emulator.pins_1 import PinCommands1
from akis.emulator.records import RecordCommands
from akis.emulator.select_1 import SelectCommand1
from akis.emulator.signing import RawSigning
from akis.emulator.status import DONE, WRONG_LENGTH, WRONG_P1P2, require

_LONGEST_DATA = 244


def dialect_1(parts: Parts) -> Commands:
    """The 1.0 card. No RESET RETRY COUNTER: no source shows one."""
    current = parts.current
    select = SelectCommand1(current, parts.memory)
    binary, of_records = BinaryCommands(current), RecordCommands(current)
    data = DataCommands(parts.personality.serial, parts.memory, current)
    pins = PinCommands1(parts.memory, parts.security)
    signing = RawSigning(parts.personality.sign_keys, parts.security, lambda: current.in_application)
    administration = AdministrationCommands(current, parts.memory, parts.security)

    def logout(command: CommandApdu) -> ResponseApdu:
        """Nothing is verified any more."""
        require((command.p1, command.p2) == (0, 0), WRONG_P1P2)
        require(not command.data, WRONG_LENGTH)
        parts.security.verified.clear()
        return DONE

    return Commands(
        {
            files.SELECT: select.select,
            files.READ_BINARY: binary.read,
            files.UPDATE_BINARY: binary.update,
            records.READ_RECORD: of_records.read,
            records.UPDATE_RECORD: of_records.update,
            records.APPEND_RECORD: of_records.append,
            objects.GET_DATA: data.get_data,
            pin.VERIFY: pins.verify,
            pin.CHANGE: pins.change,
            security.MSE: signing.mse_set,
            PSO: signing.sign,
        },
        of_pins=frozenset((pin.VERIFY, pin.CHANGE)),
        when_dead=frozenset((files.SELECT, objects.GET_DATA)),
        reset=signing.reset,
        proprietary={
            directory.DIRECTORY: administration.directory,
            own.CREATE_EF: administration.create_ef,
            own.CREATE_DF: administration.create_df,
            own.DELETE_FILE: administration.delete,
            own.SET_LIFE_CYCLE: administration.set_life_cycle,
            pin.LOGOUT: logout,
        },
        secure_messaging=False,
        max_data=_LONGEST_DATA,
    )
