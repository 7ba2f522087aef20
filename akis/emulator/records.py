"""READ, UPDATE and APPEND RECORD of the emulated card (ISO/IEC 7816-4:2005 §7.3).

Records are found by their numbers, or as the first, last, next and previous one; none of them has an identifier.
"""

from __future__ import annotations

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.emulator.answers import fit, up_to_the_end
from akis.emulator.current import Current
from akis.emulator.file_tree import Ef
from akis.emulator.status import (
    DONE,
    NO_SPACE,
    NOT_SUPPORTED,
    RECORD_NOT_FOUND,
    WRONG_LENGTH,
    WRONG_P1P2,
    WRONG_STRUCTURE,
    Refuse,
    require,
)

_FIRST, _LAST, _NEXT, _PREVIOUS, _NUMBER, _FROM, _DOWN_TO = 0, 1, 2, 3, 4, 5, 6
_OUTSIDE_SHORT_IDS = 0x1F


class RecordCommands:
    """Reading and writing of files with records. In a cyclic file, record 1 is the one that was written last."""

    def __init__(self, current: Current) -> None:
        self._current = current

    def read(self, command: CommandApdu) -> ResponseApdu:
        """READ RECORD: one of them, or all from one to the last, in this order or the other (§7.3.3)."""
        require(not command.data and command.ne, WRONG_LENGTH)
        ef = self._file(command)
        self._current.require_access(ef.read)
        mode = command.p2 & 0x07
        if mode in (_FROM, _DOWN_TO):
            number = self._numbered(ef, command.p1)
            found = ef.records[number - 1 :]
            data = b"".join(found if mode == _FROM else reversed(found))[: command.ne]
            return up_to_the_end(data, command)
        record = ef.records[self._one(ef, command) - 1]
        fit(record, command.ne)
        return up_to_the_end(record, command)

    def update(self, command: CommandApdu) -> ResponseApdu:
        """UPDATE RECORD (§7.3.5); "previous" in a cyclic file writes over the oldest, which becomes the first."""
        require(command.data and command.ne is None, WRONG_LENGTH)
        ef = self._file(command)
        require(command.p2 & 0x07 not in (_FROM, _DOWN_TO), WRONG_P1P2)
        self._current.require_access(ef.update)
        if ef.structure == "cyclic":
            require(command.p2 & 0x07 == _PREVIOUS and command.p1 == 0, WRONG_P1P2)
            return self._append(ef, command.data)
        number = self._one(ef, command)
        self._check_length(ef, command.data)
        self._current.tree.require_room(len(command.data) - len(ef.records[number - 1]))
        ef.records[number - 1] = command.data
        self._current.tree.written()
        return DONE

    def append(self, command: CommandApdu) -> ResponseApdu:
        """APPEND RECORD: behind the last of a linear file, before the first of a cyclic one (§7.3.6)."""
        require(command.data and command.ne is None, WRONG_LENGTH)
        require(command.p1 == 0 and command.p2 & 0x07 == 0, WRONG_P1P2)
        ef = self._file(command)
        self._current.require_access(ef.update)
        return self._append(ef, command.data)

    def _append(self, ef: Ef, data: bytes) -> ResponseApdu:
        self._check_length(ef, data)
        full = len(ef.records) >= ef.record_count
        require(not full or (ef.structure == "cyclic" and ef.records), NO_SPACE)
        if not full:
            self._current.tree.require_room(len(data))
        if ef.structure == "cyclic":
            ef.records = [data, *ef.records][: ef.record_count]
            self._current.record = 1
        else:
            ef.records.append(data)
            self._current.record = len(ef.records)
        self._current.tree.written()
        return DONE

    def _file(self, command: CommandApdu) -> Ef:
        """The file that bits 8 to 4 of P2 name (§7.3.2)."""
        short_id = command.p2 >> 3
        require(short_id != _OUTSIDE_SHORT_IDS and command.p2 & 0x07 <= _DOWN_TO, WRONG_P1P2)
        ef = self._current.by_short_id(short_id)
        require(ef.structure != "transparent", WRONG_STRUCTURE)
        return ef

    def _one(self, ef: Ef, command: CommandApdu) -> int:
        """The number of the record that P1 and bits 3 to 1 of P2 name; unless named by number it becomes current."""
        mode, current, count = command.p2 & 0x07, self._current.record, len(ef.records)
        if mode == _NUMBER:
            return self._numbered(ef, command.p1)
        require(command.p1 == 0, NOT_SUPPORTED)  # a record identifier
        # Without a current record, next is the first and previous the last.
        previous = current - 1 if current else count
        number = {_FIRST: 1, _LAST: count, _NEXT: current + 1, _PREVIOUS: previous}[mode]
        require(1 <= number <= count, RECORD_NOT_FOUND)
        self._current.record = number
        return number

    def _numbered(self, ef: Ef, number: int) -> int:
        """A record number, 0 being the current one."""
        number = number or self._current.record
        require(1 <= number <= len(ef.records), RECORD_NOT_FOUND)
        return number

    def _check_length(self, ef: Ef, data: bytes) -> None:
        if ef.structure == "linear-variable":
            require(len(data) <= ef.longest_record, NO_SPACE)
        elif len(data) != ef.record_length:
            raise Refuse(WRONG_LENGTH)
