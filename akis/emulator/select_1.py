"""SELECT of the AKİS 1.0 card: always an FCI, with flags in tag 90."""

from __future__ import annotations

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.codec.fci import FCI, FileControl
from akis.codec.tlv import Tlv
from akis.emulator.answers import fit
from akis.emulator.current import Current
from akis.emulator.file_tree import MF, Df, Ef
from akis.emulator.flags_1 import Flags
from akis.emulator.memory import PIN, Memory
from akis.emulator.personality import APPLICATION
from akis.emulator.select import DF_DESCRIPTOR, ef_control, identifiers
from akis.emulator.status import DONE, FILE_NOT_FOUND, WRONG_DATA, WRONG_P1P2, Refuse, require

_FLAGS = 0x90
_DF_BY_IDENTIFIER, _EF_BY_IDENTIFIER, _BY_PATH = 0x00, 0x02, 0x08
_WITH_FCI, _WITH_NOTHING = 0x00, 0x0C


class SelectCommand1:
    """SELECT of a DF or an EF by identifier, or of either by its path from the MF, 3F00 in front or not."""

    def __init__(self, current: Current, memory: Memory) -> None:
        self._current = current
        self._memory = memory

    def select(self, command: CommandApdu) -> ResponseApdu:
        """SELECT."""
        require(command.p2 in (_WITH_FCI, _WITH_NOTHING), WRONG_P1P2)
        file = self._find(command.p1, identifiers(command.data))
        if file is None:
            raise Refuse(FILE_NOT_FOUND)
        self._current.enter(file)
        if command.p2 == _WITH_NOTHING or command.ne is None:
            return DONE
        return fit(self._control(file).to_bytes(FCI), command.ne)

    def _find(self, p1: int, fids: list[int]) -> Df | Ef | None:
        require(p1 in (_DF_BY_IDENTIFIER, _EF_BY_IDENTIFIER, _BY_PATH), WRONG_P1P2)
        tree, df = self._current.tree, self._current.df
        if p1 == _BY_PATH:
            require(fids, WRONG_DATA)
            return tree.find(fids[1:] if fids[0] == MF else fids)
        require(len(fids) == 1, WRONG_DATA)
        below = df.child(fids[0])
        if p1 == _EF_BY_IDENTIFIER:
            return below if isinstance(below, Ef) else None
        around = (below, df, df.parent, tree.mf, (df.parent or tree.mf).child(fids[0]), tree.mf.child(fids[0]))
        return next((found for found in around if isinstance(found, Df) and found.fid == fids[0]), None)

    def _control(self, file: Df | Ef) -> FileControl:
        flags = (Tlv(_FLAGS, bytes((self._flags(file),))),)
        if isinstance(file, Df):
            return FileControl(descriptor=DF_DESCRIPTOR, fid=file.fid, others=flags)
        return ef_control(file, None, flags)

    def _flags(self, file: Df | Ef) -> int:
        """Tag 90: what reading and writing need, and the state of the application's PIN on what that PIN guards."""
        flags = Flags.VALID
        if isinstance(file, Ef):
            for access, flag in ((file.read, Flags.READ), (file.update, Flags.WRITE)):
                flags |= flag | Flags.PIN_NEEDED if access == "pin" else Flags(0)
            guarded = bool(flags & Flags.PIN_NEEDED)
        else:
            guarded = file.path == APPLICATION
        pin = self._memory.references[PIN]
        if guarded:
            flags |= Flags.NEW_PIN if pin.state == "unset" else Flags(0)
            flags |= Flags.WRONG_ONCE if pin.left < pin.tries else Flags(0)
            flags |= Flags.LAST_TRY if pin.left <= 1 else Flags(0)
        return int(flags)
