"""The emulated card's files: MF, the PKCS#15 application, and the data that GET DATA reads."""

from __future__ import annotations

from dataclasses import dataclass

from akis.codec import tlv
from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.codec.fci import FCI, FCP, TERMINATED, FileControl
from akis.codec.tlv import Tlv
from akis.commands.files import MF
from akis.commands.objects import HEADER_LIST, pin_object_tag
from akis.emulator.memory import PIN, PUK, Memory
from akis.emulator.personality import Personality
from akis.emulator.security import SecurityStatus
from akis.emulator.status import (
    DONE,
    END_OF_FILE,
    FILE_NOT_FOUND,
    NO_CURRENT_EF,
    NOT_FOUND,
    OUTSIDE_FILE,
    WRONG_DATA,
    WRONG_LE,
    WRONG_LENGTH,
    WRONG_P1P2,
    Refuse,
    require,
)
from akis.errors import CodecError

EF_DIR, APPLICATION, TOKEN_INFO = 0x2F00, 0x3D00, 0x5032
NAME = b"PKCS-15"
AID = bytes.fromhex("A000000063504B43532D3135")
_ACTIVATED = 0x05
_DF, _TRANSPARENT = 0x38, 0x01
_SYSTEM_INFORMATION, _SERIAL_AT = 0x4D, 55
_MEMORY_INFORMATION, _LIFE_CYCLE_AT = 10, 6


@dataclass(frozen=True, slots=True)
class File:
    """A DF (``content`` None) or a transparent EF."""

    fid: int
    parent: int | None
    content: bytes | None = None
    names: tuple[bytes, ...] = ()


class FileCommands:
    """SELECT, READ BINARY, GET DATA."""

    def __init__(self, personality: Personality, memory: Memory, security: SecurityStatus) -> None:
        self._serial = personality.serial
        self._memory = memory
        self._security = security
        self._files = {file.fid: file for file in _files(personality)}
        self.reset()

    def reset(self) -> None:
        """The MF is current, no EF is."""
        self._df = self._files[MF]
        self._ef: File | None = None

    @property
    def in_application(self) -> bool:
        """Whether the DF with PIN and PUK is current."""
        return self._df.fid == APPLICATION

    def select(self, command: CommandApdu) -> ResponseApdu:
        """SELECT by file identifier, name, or path, with FCI, FCP or nothing in the answer."""
        form = command.p2
        require(form in (0x00, 0x04, 0x0C), WRONG_P1P2)
        file = self._find(command.p1, command.data)
        if file is None:
            raise Refuse(FILE_NOT_FOUND)
        self._enter(file)
        if form == 0x0C or command.ne is None:
            return DONE
        return fit(self._control(file).to_bytes(FCI if form == 0x00 else FCP), command.ne)

    def read_binary(self, command: CommandApdu) -> ResponseApdu:
        """READ BINARY of the current EF, or of one below the DF by short identifier."""
        require(not command.data and command.ne, WRONG_LENGTH)
        if command.p1 & 0x80:
            # An EF without a short identifier of its own answers to the last five bits of its identifier
            # (ISO/IEC 7816-4:2005 §5.3.3, tag 88).
            short = command.p1 & 0x1F
            below = [file for file in self._below(self._df) if file.content is not None and file.fid & 0x1F == short]
            if not short or not below:
                raise Refuse(FILE_NOT_FOUND)
            self._ef, offset = below[0], command.p2
        else:
            offset = command.p1 << 8 | command.p2
        if self._ef is None or self._ef.content is None:
            raise Refuse(NO_CURRENT_EF)
        require(offset < len(self._ef.content), OUTSIDE_FILE)
        ne = command.ne or 0
        found = self._ef.content[offset : offset + ne]
        # An Le field of zeros asks for all there is, anything else for that many bytes (ISO/IEC 7816-4:2005 §7.2.3).
        all_there_is = ne == (0x10000 if command.extended else 0x100)
        return ResponseApdu(found, 0x9000 if len(found) == ne or all_there_is else END_OF_FILE)

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
            if objects[0].value == tlv.tag_bytes(pin_object_tag(number)) + b"\x80" and self.in_application:
                data = self._memory.references[reference]
                counts = {0x9A: data.tries, 0x9B: data.left, 0x80: len(data.value)}
                found = Tlv(pin_object_tag(number), [Tlv(tag, bytes((count,))) for tag, count in counts.items()])
                return fit(found.to_bytes(), command.ne)
        raise Refuse(NOT_FOUND)

    def _find(self, p1: int, data: bytes) -> File | None:
        if p1 == 0x04:
            return next((file for file in self._files.values() if data in file.names), None)
        require(p1 in (0x00, 0x01, 0x02, 0x03, 0x08, 0x09), WRONG_P1P2)
        require(len(data) % 2 == 0, WRONG_DATA)
        fids = [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]
        if p1 in (0x08, 0x09):
            require(fids, WRONG_DATA)
            file: File | None = self._files[MF] if p1 == 0x08 else self._df
            for fid in fids:
                file = self._child(file, fid)
            return file
        require(len(fids) <= 1, WRONG_DATA)
        if p1 == 0x03:
            return self._files.get(self._df.parent or MF)
        if not fids:
            return self._files[MF] if p1 == 0x00 else None
        child = self._child(self._df, fids[0])
        if p1 == 0x00:
            above = {self._df.fid, self._df.parent, MF}
            return child or (self._files[fids[0]] if fids[0] in above else self._child(self._files[MF], fids[0]))
        return child if child and (child.content is None) == (p1 == 0x01) else None

    def _child(self, parent: File | None, fid: int) -> File | None:
        return next((file for file in self._below(parent) if file.fid == fid), None)

    def _below(self, parent: File | None) -> list[File]:
        return [file for file in self._files.values() if parent is not None and file.parent == parent.fid]

    def _enter(self, file: File) -> None:
        df = file if file.content is None else self._files[file.parent or MF]
        if df.fid != self._df.fid:
            # Leaving a DF ends what was verified in it.
            self._security.verified.clear()
        self._df = df
        self._ef = file if file.content is not None else None

    def _control(self, file: File) -> FileControl:
        return FileControl(
            size=None if file.content is None else len(file.content),
            descriptor=_DF if file.content is None else _TRANSPARENT,
            fid=file.fid,
            name=file.names[0] if file.names else None,
            life_cycle=TERMINATED if self._memory.dead else _ACTIVATED,
        )


def fit(data: bytes, ne: int | None) -> ResponseApdu:
    """An answer of ``data``, or 6CXX where Ne is too small for it."""
    if ne is not None and ne < len(data):
        raise Refuse(WRONG_LE | len(data) & 0xFF)
    return ResponseApdu(data)


def _files(personality: Personality) -> list[File]:
    """MF, application, and in them EF.DIR and EF.TokenInfo as PKCS #15 v1.1 has them."""
    label = personality.label.encode("ascii")
    path = MF.to_bytes(2, "big") + APPLICATION.to_bytes(2, "big")
    template = Tlv(0x61, [Tlv(0x4F, AID), Tlv(0x50, label), Tlv(0x51, path)])
    version, serial, maker = Tlv(0x02, b"\x00"), Tlv(0x04, personality.serial), Tlv(0x0C, b"AKIS")
    flags = Tlv(0x03, b"\x05\x60")  # loginRequired and prnGeneration, five bits unused
    token = Tlv(0x30, [version, serial, maker, Tlv(0x80, label), flags])
    return [
        File(MF, None),
        File(EF_DIR, MF, template.to_bytes()),
        File(APPLICATION, MF, names=(NAME, AID)),
        File(TOKEN_INFO, APPLICATION, token.to_bytes()),
    ]
