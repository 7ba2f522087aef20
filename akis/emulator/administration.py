"""What AKİS 1.0 has in a class of its own: listing, making and deleting files, and the phase of the card's life.

Open code shows the bytes of these commands and not who may send them. Here (assumed) files are made and deleted in the
administration phase, or by who has verified the PIN; so has, to enter that phase, who finds a PIN on the card.
"""

from __future__ import annotations

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.emulator.contents import Access, FileEntry, Structure
from akis.emulator.current import Current
from akis.emulator.file_tree import MF, Df
from akis.emulator.flags_1 import Flags
from akis.emulator.memory import ADMINISTRATION, OPERATION, PIN, Memory
from akis.emulator.personality import APPLICATION
from akis.emulator.security import SecurityStatus
from akis.emulator.select import identifiers
from akis.emulator.status import (
    CONDITIONS,
    DONE,
    FILE_EXISTS,
    FILE_NOT_FOUND,
    NO_SPACE,
    SECURITY_STATUS,
    WRONG_DATA,
    WRONG_LENGTH,
    WRONG_P1P2,
    Refuse,
    require,
)
from akis.errors import InvalidArgument

_ENTRY = 20
_EF_ENTRY, _DF_ENTRY = 0x2F, 0x3D
_TO_OPERATION, _TO_ADMINISTRATION = 0x01, 0x02
_BY_IDENTIFIER, _BY_PATH = 0x02, 0x08
_STRUCTURES: dict[int, Structure] = {0x80: "transparent", 0x41: "linear-fixed", 0x43: "cyclic", 0x45: "linear-variable"}
_WITH_LENGTH = (0x41, 0x43)


class AdministrationCommands:
    """DIRECTORY, CREATE, DELETE, and the change of phase."""

    def __init__(self, current: Current, memory: Memory, security: SecurityStatus) -> None:
        self._current = current
        self._memory = memory
        self._security = security

    def directory(self, command: CommandApdu) -> ResponseApdu:
        """DIRECTORY: twenty bytes for each file of the current DF, its kind and its identifier in front."""
        require((command.p1, command.p2) == (0, 0), WRONG_P1P2)
        require(not command.data and command.ne, WRONG_LENGTH)
        entries = (
            bytes((_DF_ENTRY if isinstance(file, Df) else _EF_ENTRY,)) + file.fid.to_bytes(2, "big")
            for file in self._current.df.children
        )
        return ResponseApdu(b"".join(entry.ljust(_ENTRY, b"\x00") for entry in entries))

    def create_ef(self, command: CommandApdu) -> ResponseApdu:
        """CREATE EF: kind in P1, access in P2, identifier and for records of one length that length in the data."""
        structure = _STRUCTURES.get(command.p1)
        if structure is None:
            raise Refuse(WRONG_P1P2)
        with_length = command.p1 in _WITH_LENGTH
        require(len(command.data) == 2 + with_length and command.ne is None, WRONG_LENGTH)
        length = command.data[2] if with_length else 0
        access = Flags(command.p2)
        read: Access = "pin" if Flags.PIN_NEEDED | Flags.READ in access else "always"
        update: Access = "pin" if Flags.PIN_NEEDED | Flags.WRITE in access else "always"
        self._create(command.data[:2], structure, record_length=length, read=read, update=update)
        return DONE

    def create_df(self, command: CommandApdu) -> ResponseApdu:
        """CREATE DF: access in P2, which counts for nothing here, and the identifier."""
        require(command.p1 == 0, WRONG_P1P2)
        require(len(command.data) == 2 and command.ne is None, WRONG_LENGTH)
        self._create(command.data, "df")
        return DONE

    def delete(self, command: CommandApdu) -> ResponseApdu:
        """DELETE FILE by identifier in the current DF, or by path from the MF; a DF goes with all that is in it."""
        require(command.p1 in (_BY_IDENTIFIER, _BY_PATH) and command.p2 == 0, WRONG_P1P2)
        require(command.ne is None, WRONG_LENGTH)
        self._require_right()
        fids, tree = identifiers(command.data), self._current.tree
        if command.p1 == _BY_PATH:
            require(fids, WRONG_DATA)
            file = tree.find(fids[1:] if fids[0] == MF else fids)
        else:
            require(len(fids) == 1, WRONG_DATA)
            file = self._current.df.child(fids[0])
        if file is None:
            raise Refuse(FILE_NOT_FOUND)
        # PIN and keys are in the application, and would have no place.
        path = file.path if isinstance(file, Df) else None
        require(path is None or path != APPLICATION[: len(path)], CONDITIONS)
        self._leave(file)
        tree.delete(file)
        return DONE

    def set_life_cycle(self, command: CommandApdu) -> ResponseApdu:
        """To the administration phase (P2 = 02), or back to operation (01)."""
        require(command.p1 == 0 and command.p2 in (_TO_OPERATION, _TO_ADMINISTRATION), WRONG_P1P2)
        require(not command.data and command.ne is None, WRONG_LENGTH)
        if command.p2 == _TO_ADMINISTRATION:
            self._require_right()
        self._memory.life_cycle = ADMINISTRATION if command.p2 == _TO_ADMINISTRATION else OPERATION
        self._memory.commit()
        return DONE

    def _require_right(self) -> None:
        free = self._memory.life_cycle == ADMINISTRATION or self._memory.references[PIN].state == "unset"
        require(free or PIN in self._security.verified, SECURITY_STATUS)

    def _create(
        self,
        fid: bytes,
        structure: Structure,
        record_length: int = 0,
        read: Access = "always",
        update: Access = "never",
    ) -> None:
        """Make a file in the current DF; an EF becomes current."""
        self._require_right()
        path = (*self._current.df.path, int.from_bytes(fid, "big"))
        require(self._current.df.child(path[-1]) is None, FILE_EXISTS)
        require(len(path) <= 8, NO_SPACE)
        try:
            entry = FileEntry(path, structure, record_length=record_length, read=read, update=update)
        except InvalidArgument:
            raise Refuse(WRONG_DATA) from None
        made = self._current.tree.create(entry)
        if not isinstance(made, Df):
            self._current.enter(made)

    def _leave(self, file: object) -> None:
        """Go out of what is about to be deleted."""
        if file is self._current.ef:
            self._current.enter(self._current.df)
        df: Df | None = self._current.df
        while df is not None and df is not file:
            df = df.parent
        if df is not None and df.parent is not None:
            self._current.enter(df.parent)
