"""A card that is nothing but files, and has the habits that cards differ in; it keeps what it was sent."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from akis.card import Card
from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.codec.atr import Atr
from akis.codec.fci import FileControl
from akis.codec.tlv import Tlv, build, parse
from akis.commands.directory import DirectoryEntry
from akis.files import Files
from akis.profile.load import load
from akis.transport.base import Transport

FIRST_GENERATION = bytes.fromhex("3BBA11008131FE4D55454B41452056312E30AE")
SECOND_GENERATION = bytes.fromhex("3B9F978131FE4580655443D2210831C073F6218081055B")
DF, RECORD_SIZE = None, 16
Content = bytearray | list[bytes] | None
"""Bytes of a transparent file, records of a linear one, or a DF."""


@dataclass
class FileCard(Transport):
    """``files`` by path. What it says of sizes, and how it ends a file, are its habits:

    - ``says_size``: whether the FCI has size and number of records.
    - ``end``: reading over the end is answered with what is there and 6282, or 9000, or with 6CXX and nothing.
    - ``wraps``: whether Ne of READ BINARY with B1 counts the whole "answer" or the "data" in DO'53'.
    - ``most``: bytes it gives at a time.
    - ``refuse``: status words by instruction code, or by instruction code and P1-P2; ``ignores`` updates from there on.
    """

    files: dict[tuple[int, ...], Content]
    atr: bytes = SECOND_GENERATION
    says_size: bool = True
    end: str = "6282"
    wraps: str = "answer"
    most: int = 0x10000
    refuse: dict[int, int] = field(default_factory=dict)
    ignores: int | None = None
    sent: list[CommandApdu] = field(default_factory=list)
    current: tuple[int, ...] = ()

    def transmit(self, command: bytes) -> bytes:
        asked = CommandApdu.from_bytes(command)
        self.sent.append(asked)
        sw = self.refuse.get(asked.ins) or self.refuse.get(asked.ins << 16 | asked.p1 << 8 | asked.p2)
        return (self._answer(asked) if sw is None else ResponseApdu(sw=sw)).to_bytes()

    def reset(self) -> bytes:
        return self.atr

    def close(self) -> None: ...

    @property
    def log(self) -> list[str]:
        """The commands as hex text."""
        return [command.to_bytes().hex().upper() for command in self.sent]

    def driver(self, extended: bool = False) -> Files:
        assert Atr.from_bytes(self.atr)
        profile = load("akis-2")
        return Files(Card(self, replace(profile, extended_length=True, max_data=0x4000) if extended else profile))

    def _answer(self, asked: CommandApdu) -> ResponseApdu:
        match asked.ins:
            case 0xA4:
                return self._select(asked)
            case 0xB0:
                return self._read(asked.p1 << 8 | asked.p2, asked.ne or 0)
            case 0xB1:
                assert asked.p1 == asked.p2 == 0
                return self._read_far(int.from_bytes(parse(asked.data)[0].value, "big"), asked.ne or 0)
            case 0xD6:
                return self._update(asked.p1 << 8 | asked.p2, asked.data)
            case 0xD7:
                offset, data = parse(asked.data)
                assert (offset.tag, data.tag) == (0x54, 0x53)
                return self._update(int.from_bytes(offset.value, "big"), data.value)
            case 0xB2 | 0xDC | 0xE2:
                return self._record(asked)
            case 0x18:
                return self._directory()
        return ResponseApdu(sw=0x6D00)

    def _select(self, asked: CommandApdu) -> ResponseApdu:
        fids = tuple(int.from_bytes(asked.data[at : at + 2], "big") for at in range(0, len(asked.data), 2))
        assert asked.p1 == 0x08 or (asked.p1, fids) == (0x00, (0x3F00,))
        path = fids if asked.p1 == 0x08 else ()
        if path not in self.files:
            return ResponseApdu(sw=0x6A82)
        self.current = path
        return ResponseApdu(self._control(path).to_bytes())

    def _control(self, path: tuple[int, ...]) -> FileControl:
        content, fid = self.files[path], path[-1] if path else 0x3F00
        if content is DF:
            return FileControl(descriptor=0x38, fid=fid, life_cycle=5)
        if isinstance(content, list):
            counts = {"record_length": RECORD_SIZE, "records": len(content)} if self.says_size else {}
            return FileControl(descriptor=0x02, fid=fid, life_cycle=5, **counts)
        return FileControl(size=len(content) if self.says_size else None, descriptor=0x01, fid=fid, life_cycle=5)

    def _read(self, offset: int, ne: int) -> ResponseApdu:
        content = self.files[self.current]
        if not isinstance(content, bytearray):
            return ResponseApdu(sw=0x6981)
        if offset >= len(content):
            return ResponseApdu(sw=0x6B00)
        there = bytes(content[offset : offset + min(ne, self.most)])
        over = offset + ne > len(content)
        if over and self.end == "6CXX":
            return ResponseApdu(sw=0x6C00 | (len(content) - offset) & 0xFF)
        return ResponseApdu(there, 0x6282 if over and self.end == "6282" else 0x9000)

    def _read_far(self, offset: int, ne: int) -> ResponseApdu:
        overhead = 2 if ne < 130 else 3 if ne < 259 else 4
        answer = self._read(offset, ne - overhead if self.wraps == "answer" else ne)
        return ResponseApdu(Tlv(0x53, answer.data).to_bytes(), answer.sw) if answer.data else answer

    def _update(self, offset: int, data: bytes) -> ResponseApdu:
        content = self.files[self.current]
        if not isinstance(content, bytearray) or offset + len(data) > len(content):
            return ResponseApdu(sw=0x6A84)
        if self.ignores is None or offset < self.ignores:
            content[offset : offset + len(data)] = data
        return ResponseApdu()

    def _record(self, asked: CommandApdu) -> ResponseApdu:
        records = self.files[self.current]
        if not isinstance(records, list):
            return ResponseApdu(sw=0x6981)
        if asked.ins == 0xE2:
            assert (asked.p1, asked.p2) == (0, 0)
            records.append(asked.data)
            return ResponseApdu()
        assert asked.p2 == 0x04
        if not 1 <= asked.p1 <= len(records):
            return ResponseApdu(sw=0x6A83)
        if asked.ins == 0xB2:
            return ResponseApdu(records[asked.p1 - 1])
        if self.ignores is None:
            records[asked.p1 - 1] = asked.data
        return ResponseApdu()

    def _directory(self) -> ResponseApdu:
        inside = [path for path in self.files if path and path[:-1] == self.current]
        entries = [DirectoryEntry(path[-1], self.files[path] is DF, bytes(17)) for path in inside]
        return ResponseApdu(b"".join(entry.to_bytes() for entry in entries))


def some(count: int) -> bytearray:
    """Bytes of which no two places look alike."""
    return bytearray(b"".join(number.to_bytes(3, "big") for number in range(count // 3 + 1))[:count])


def directory_file(*objects: Tlv) -> bytearray:
    """A file of data objects with filler behind them."""
    return bytearray(build(objects) + b"\xff" * 7)
