"""SELECT of the emulated 2.x card (ISO/IEC 7816-4:2005 §7.1.1)."""

from __future__ import annotations

from akis.codec.access import compact
from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.codec.fci import FCI, FCP, TERMINATED, FileControl
from akis.codec.tlv import Tlv
from akis.emulator.answers import fit
from akis.emulator.current import Current
from akis.emulator.file_tree import Df, Ef
from akis.emulator.memory import Memory
from akis.emulator.status import DONE, FILE_NOT_FOUND, WRONG_DATA, WRONG_P1P2, Refuse, require

DF_DESCRIPTOR = 0x38
EF_DESCRIPTORS = {"transparent": 0x01, "linear-fixed": 0x02, "linear-variable": 0x04, "cyclic": 0x06}
"""File descriptor bytes (ISO/IEC 7816-4:2005 table 14)."""
_DATA_CODING = 0x21
"""Data coding byte, as the card capabilities in the ATR of a 2.x card have it."""
_CREATION, _ACTIVATED = 0x01, 0x05
_USUAL_ACCESS = ("always", "never")
_COMPACT_SECURITY = 0x8C
_CONDITIONS = {"always": 0x00, "pin": 0x90, "issuer": 0xE0, "never": 0xFF}
"""Security condition bytes (ISO/IEC 7816-4:2005 table 20): user authentication; secure messaging and the terminal's."""


class SelectCommand:
    """SELECT by identifier, name or path, with FCI, FCP or nothing in the answer.

    ``finished``: the card has its application; without one it is still in the creation state.
    """

    def __init__(self, current: Current, memory: Memory, finished: bool) -> None:
        self._current = current
        self._memory = memory
        self._alive = _ACTIVATED if finished else _CREATION

    def select(self, command: CommandApdu) -> ResponseApdu:
        """SELECT."""
        form = command.p2
        require(form in (0x00, 0x04, 0x0C), WRONG_P1P2)
        file = self._find(command.p1, command.data)
        if file is None:
            raise Refuse(FILE_NOT_FOUND)
        self._current.enter(file)
        if form == 0x0C or command.ne is None:
            return DONE
        return fit(self._control(file).to_bytes(FCI if form == 0x00 else FCP), command.ne)

    def _find(self, p1: int, data: bytes) -> Df | Ef | None:
        tree, df = self._current.tree, self._current.df
        if p1 == 0x04:
            return tree.named(data)
        require(p1 in (0x00, 0x01, 0x02, 0x03, 0x08, 0x09), WRONG_P1P2)
        fids = identifiers(data)
        if p1 in (0x08, 0x09):
            require(fids, WRONG_DATA)
            return tree.find(fids, tree.mf if p1 == 0x08 else df)
        require(len(fids) <= 1, WRONG_DATA)
        if p1 == 0x03:
            return df.parent or tree.mf
        if not fids:
            return tree.mf if p1 == 0x00 else None
        if p1 == 0x00:
            return self._around(fids[0])
        child = df.child(fids[0])
        return child if child and isinstance(child, Df) == (p1 == 0x01) else None

    def _around(self, fid: int) -> Df | Ef | None:
        """The file below, the current DF, the one above, one beside, and the MF and what is right below it."""
        tree, df = self._current.tree, self._current.df
        above = df.parent or tree.mf
        named = (found for found in (df, above, tree.mf) if found.fid == fid)
        return df.child(fid) or next(named, None) or above.child(fid) or tree.mf.child(fid)

    def _control(self, file: Df | Ef) -> FileControl:
        life_cycle = TERMINATED if self._memory.dead else self._alive
        if isinstance(file, Df):
            name = file.names[0] if file.names else None
            return FileControl(descriptor=DF_DESCRIPTOR, fid=file.fid, name=name, life_cycle=life_cycle)
        return ef_control(file, life_cycle, security(file))


def ef_control(ef: Ef, life_cycle: int | None, others: tuple[Tlv, ...]) -> FileControl:
    """What SELECT says of an EF: size, structure, and for records their length and number."""
    records = ef.structure != "transparent"
    return FileControl(
        size=ef.length,
        descriptor=EF_DESCRIPTORS[ef.structure],
        fid=ef.fid,
        life_cycle=life_cycle,
        others=others,
        coding=_DATA_CODING if records else None,
        record_length=ef.longest_record if records else None,
        records=len(ef.records) if records else None,
    )


def security(ef: Ef) -> tuple[Tlv, ...]:
    """DO'8C' where the file is not one that all may read and nobody may write."""
    if (ef.read, ef.update) == _USUAL_ACCESS:
        return ()
    return (Tlv(_COMPACT_SECURITY, compact(_CONDITIONS[ef.read], _CONDITIONS[ef.update])),)


def identifiers(data: bytes) -> list[int]:
    """File identifiers, two bytes each."""
    require(len(data) % 2 == 0, WRONG_DATA)
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]
