"""Command and response APDUs (ISO/IEC 7816-4:2005 §5.1): values, and the layout that makes bytes of them."""

from __future__ import annotations

from typing import Any

from akis.codec.frozen import Frozen, freeze
from akis.codec.schema import BytesConstruct
from akis.errors import CodecError, InvalidArgument, WrongType
from akis.status import StatusWord

CHAINED = 0x10
"""CLA bit 5: not the last command of a chain (ISO/IEC 7816-4:2005 §5.1.1.1)."""
SM_BITS = 0x0C
"""CLA bits 4 and 3, first interindustry values: secure messaging, header authenticated (§5.1.1, table 2)."""

MAX_DATA = 0xFFFF
MAX_NE = 0x10000


class _CommandFields:
    """A command while it is being made: its fields can still be set."""

    __slots__ = ("cla", "data", "extended", "ins", "ne", "p1", "p2")

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes
    ne: int | None
    extended: bool


class _ResponseFields:
    """An answer while it is being made."""

    __slots__ = ("data", "sw")

    data: bytes
    sw: StatusWord


class CommandApdu(Frozen, _CommandFields):
    """One command: header, data field of up to 65535 bytes, and Ne, the greatest number of bytes wanted back.

    ``ne`` is None (no answer data expected, no Le field) or 1 to 65536. ``extended`` asks for extended length fields;
    it is False where there is neither data nor Ne, and True where they need it. Two commands are equal when their bytes
    are.

    Raises :class:`InvalidArgument` or :class:`WrongType` for what no command can carry.
    """

    __slots__ = ()

    def __new__(
        cls, cla: int, ins: int, p1: int, p2: int, data: bytes = b"", ne: int | None = None, extended: bool = False
    ) -> CommandApdu:
        if type(data) is not bytes:
            if not isinstance(data, bytes | bytearray | memoryview):
                raise WrongType(f"the data field is bytes, not {type(data).__name__}")
            data = bytes(data)
        for name, value in (("CLA", cla), ("INS", ins), ("P1", p1), ("P2", p2)):
            if not isinstance(value, int):
                raise WrongType(f"{name} is a number, not {type(value).__name__}")
            if not 0 <= value <= 0xFF:
                raise InvalidArgument(f"{name} is one byte, 0 to 255")
        if len(data) > MAX_DATA:
            raise InvalidArgument(f"the data field holds at most {MAX_DATA} bytes, not {len(data)}")
        if ne is not None:
            if not isinstance(ne, int) or isinstance(ne, bool):
                raise WrongType(f"Ne is a number or None, not {type(ne).__name__}")
            if not 1 <= ne <= MAX_NE:
                raise InvalidArgument(f"Ne is None or 1 to {MAX_NE}")
        needed = len(data) > 0xFF or (ne is not None and ne > 0x100)
        present = bool(data) or ne is not None
        return _command(cla, ins, p1, p2, data, ne, needed or (bool(extended) and present))

    def to_bytes(self) -> bytes:
        """The command as it goes to the card."""
        return _COMMAND.encode(self)

    @classmethod
    def from_bytes(cls, raw: bytes) -> CommandApdu:
        """Read a command in any of the seven encodings; raises :class:`CodecError` for anything else."""
        return _COMMAND.parse(_plain_bytes(raw, "a command"))

    @property
    def case(self) -> str:
        """Which of the seven encodings it has: 1, 2S, 3S, 4S, 2E, 3E or 4E (ISO/IEC 7816-3:2006 §12.1)."""
        number = 1 + (self.ne is not None) + 2 * bool(self.data)
        return "1" if number == 1 else f"{number}{'E' if self.extended else 'S'}"

    @property
    def header(self) -> bytes:
        """CLA INS P1 P2."""
        return bytes((self.cla, self.ins, self.p1, self.p2))

    def replace(self, **changes: Any) -> CommandApdu:
        """The same command with some fields changed, checked anew."""
        fields = {name: getattr(self, name) for name in ("cla", "ins", "p1", "p2", "data", "ne", "extended")}
        return CommandApdu(**{**fields, **changes})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CommandApdu):
            return NotImplemented
        return self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash((self.cla, self.ins, self.p1, self.p2, len(self.data), self.ne, self.extended))

    def __repr__(self) -> str:
        lengths = f"Nc={len(self.data)}, Ne={self.ne}, case {self.case}"
        return f"CommandApdu({self.cla:02X} {self.ins:02X} {self.p1:02X} {self.p2:02X}, {lengths})"

    def __reduce__(self) -> tuple[type[CommandApdu], tuple[Any, ...]]:
        return CommandApdu, (self.cla, self.ins, self.p1, self.p2, self.data, self.ne, self.extended)


class ResponseApdu(Frozen, _ResponseFields):
    """One answer: data field and status word."""

    __slots__ = ()

    def __new__(cls, data: bytes = b"", sw: int = 0x9000) -> ResponseApdu:
        if type(data) is not bytes:
            if not isinstance(data, bytes | bytearray | memoryview):
                raise WrongType(f"the data field is bytes, not {type(data).__name__}")
            data = bytes(data)
        if not isinstance(sw, int):
            raise WrongType(f"a status word is a number, not {type(sw).__name__}")
        if not 0 <= sw <= 0xFFFF:
            raise InvalidArgument("a status word is two bytes, 0 to FFFF")
        if len(data) > MAX_NE:
            raise InvalidArgument(f"the data field holds at most {MAX_NE} bytes, not {len(data)}")
        return _response(data, StatusWord(sw))

    def to_bytes(self) -> bytes:
        """The answer as the card sends it."""
        return self.data + self.sw.to_bytes(2, "big")

    @classmethod
    def from_bytes(cls, raw: bytes) -> ResponseApdu:
        """Read an answer; raises :class:`CodecError` where not even a status word is there."""
        raw = _plain_bytes(raw, "an answer")
        length = len(raw)
        if not 2 <= length <= MAX_NE + 2:
            raise CodecError(f"an answer is 2 to {MAX_NE + 2} bytes, not {length}", length)
        return _response(raw[:-2], StatusWord(raw[-2] << 8 | raw[-1]))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ResponseApdu):
            return NotImplemented
        return self.data == other.data and self.sw == other.sw

    def __hash__(self) -> int:
        return hash((len(self.data), self.sw))

    def __repr__(self) -> str:
        return f"ResponseApdu(Nr={len(self.data)}, SW={self.sw})"

    def __reduce__(self) -> tuple[type[ResponseApdu], tuple[bytes, int]]:
        return ResponseApdu, (self.data, int(self.sw))


def _command(cla: int, ins: int, p1: int, p2: int, data: bytes, ne: int | None, extended: bool) -> CommandApdu:
    """A command from fields known to be right."""
    fields = _CommandFields()
    fields.cla = cla
    fields.ins = ins
    fields.p1 = p1
    fields.p2 = p2
    fields.data = data
    fields.ne = ne
    fields.extended = extended
    return freeze(fields, CommandApdu)


def _response(data: bytes, sw: StatusWord) -> ResponseApdu:
    fields = _ResponseFields()
    fields.data = data
    fields.sw = sw
    return freeze(fields, ResponseApdu)


def _plain_bytes(raw: bytes, what: str) -> bytes:
    if type(raw) is bytes:
        return raw
    if not isinstance(raw, bytes | bytearray | memoryview):
        raise WrongType(f"{what} is bytes, not {type(raw).__name__}")
    return bytes(raw)


class CommandLayout(BytesConstruct[CommandApdu]):
    """``CLA INS P1 P2 [Lc data] [Le]``, told apart by length alone (ISO/IEC 7816-3:2006 §12.1).

    ======  =======================  =========================
    case    short                    extended
    ======  =======================  =========================
    1       header                   the same
    2       header Le                header 00 Le Le
    3       header Lc data           header 00 Lc Lc data
    4       header Lc data Le        header 00 Lc Lc data Le Le
    ======  =======================  =========================
    """

    def decode(self, raw: bytes, start: int) -> tuple[CommandApdu, int]:
        body = raw[start:] if start else raw
        length = len(body)
        data, ne, extended = b"", None, False
        if length > 5 and body[4]:
            lc = body[4]
            data = body[5 : 5 + lc]
            if length == 6 + lc:
                ne = body[5 + lc] or 0x100
            elif length != 5 + lc:
                raise CodecError(f"Lc does not fit the {length - 5} bytes that follow it", start + 4)
        elif length == 5:
            ne = body[4] or 0x100
        elif length > 7:
            lc = body[5] << 8 | body[6]
            data = body[7 : 7 + lc]
            extended = True
            if not lc:
                raise CodecError("extended Lc of zero", start + 5)
            if length == 9 + lc:
                ne = body[7 + lc] << 8 | body[8 + lc] or MAX_NE
            elif length != 7 + lc:
                raise CodecError(f"extended Lc does not fit the {length - 7} bytes that follow it", start + 5)
        elif length == 7:
            ne = body[5] << 8 | body[6] or MAX_NE
            extended = True
        elif length != 4:
            raise CodecError(f"a command of {length} bytes has no layout", start + min(length, 4))
        return _command(body[0], body[1], body[2], body[3], data, ne, extended), len(raw)

    def encode(self, value: CommandApdu) -> bytes:
        header = bytes((value.cla, value.ins, value.p1, value.p2))
        data, ne = value.data, value.ne
        if not value.extended:
            le = b"" if ne is None else bytes((ne & 0xFF,))
            return header + bytes((len(data),)) + data + le if data else header + le
        le = b"" if ne is None else (ne & 0xFFFF).to_bytes(2, "big")
        if not data:
            return header + b"\x00" + le
        return header + b"\x00" + len(data).to_bytes(2, "big") + data + le


_COMMAND = CommandLayout()
