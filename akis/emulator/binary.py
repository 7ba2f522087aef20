"""READ BINARY and UPDATE BINARY of the emulated card (ISO/IEC 7816-4:2005 §7.2)."""

from __future__ import annotations

from akis.codec import tlv
from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.codec.tlv import Tlv
from akis.emulator.answers import up_to_the_end
from akis.emulator.current import Current
from akis.emulator.file_tree import Ef
from akis.emulator.status import (
    DONE,
    FILE_NOT_FOUND,
    OUTSIDE_FILE,
    WRONG_DATA,
    WRONG_LENGTH,
    WRONG_STRUCTURE,
    Refuse,
    require,
)
from akis.errors import CodecError

_OFFSET, _DATA = 0x54, 0x53
_LONGEST_OFFSET = 3


class BinaryCommands:
    """Reading and writing of transparent files: the current one, or one below the DF that the command names."""

    def __init__(self, current: Current) -> None:
        self._current = current

    def read(self, command: CommandApdu) -> ResponseApdu:
        """READ BINARY (B0)."""
        require(not command.data and command.ne, WRONG_LENGTH)
        ef, offset = self._by_offset(command)
        return up_to_the_end(self._content(ef, offset, command.ne or 0), command)

    def read_odd(self, command: CommandApdu) -> ResponseApdu:
        """READ BINARY (B1): DO'54' with the offset in, DO'53' with the data out."""
        require(command.data and command.ne, WRONG_LENGTH)
        ef = self._by_identifier(command)
        found = _objects(command.data)
        require(len(found) == 1, WRONG_DATA)
        offset, ne = _offset(found[0]), command.ne or 0
        content = self._content(ef, offset, ne)
        at_end = offset + len(content) == len(ef.content)
        # Ne counts the object's tag and length too.
        while len(Tlv(_DATA, content).to_bytes()) > ne:
            require(content, WRONG_LENGTH)
            content, at_end = content[:-1], False
        answer = Tlv(_DATA, content).to_bytes()
        return up_to_the_end(answer, command) if at_end else ResponseApdu(answer)

    def update(self, command: CommandApdu) -> ResponseApdu:
        """UPDATE BINARY (D6)."""
        require(command.data and command.ne is None, WRONG_LENGTH)
        ef, offset = self._by_offset(command)
        return self._write(ef, offset, command.data)

    def update_odd(self, command: CommandApdu) -> ResponseApdu:
        """UPDATE BINARY (D7): DO'54' with the offset, DO'53' with the data."""
        require(command.data and command.ne is None, WRONG_LENGTH)
        ef = self._by_identifier(command)
        found = _objects(command.data)
        require(len(found) == 2 and found[1].tag == _DATA and found[1].value, WRONG_DATA)
        return self._write(ef, _offset(found[0]), found[1].value)

    def _by_offset(self, command: CommandApdu) -> tuple[Ef, int]:
        """The file and offset in P1-P2: fifteen bits of offset, or a short identifier and eight bits of it."""
        if not command.p1 & 0x80:
            return self._current.current_ef(), command.p1 << 8 | command.p2
        short_id = command.p1 & 0x1F
        require(short_id, FILE_NOT_FOUND)
        return self._current.by_short_id(short_id), command.p2

    def _by_identifier(self, command: CommandApdu) -> Ef:
        """The file in P1-P2 of an odd instruction: a short identifier, 0 for the current EF, or an identifier."""
        p1p2 = command.p1 << 8 | command.p2
        # ISO/IEC 7816-4:2005 §7.2.2: eleven zero bits, and a short identifier unless the last five are equal.
        if p1p2 < 0x1F:
            return self._current.by_short_id(p1p2)
        ef = self._current.df.child(p1p2)
        if not isinstance(ef, Ef):
            raise Refuse(FILE_NOT_FOUND)
        self._current.enter(ef)
        return ef

    def _content(self, ef: Ef, offset: int, ne: int) -> bytes:
        require(ef.structure == "transparent", WRONG_STRUCTURE)
        self._current.require_access(ef.read)
        require(offset < len(ef.content), OUTSIDE_FILE)
        return ef.content[offset : offset + ne]

    def _write(self, ef: Ef, offset: int, data: bytes) -> ResponseApdu:
        require(ef.structure == "transparent", WRONG_STRUCTURE)
        self._current.require_access(ef.update)
        require(offset < len(ef.content) or (ef.grows and offset == len(ef.content)), OUTSIDE_FILE)
        self._current.tree.write(ef, data, offset)
        return DONE


def _objects(data: bytes) -> tuple[Tlv, ...]:
    try:
        return tlv.parse(data)
    except CodecError:
        raise Refuse(WRONG_DATA) from None


def _offset(found: Tlv) -> int:
    require(found.tag == _OFFSET and 1 <= len(found.value) <= _LONGEST_OFFSET, WRONG_DATA)
    return int.from_bytes(found.value, "big")
