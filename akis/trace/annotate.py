"""Names for every field of a command and its answer, with the secret bytes already hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from akis.codec import tlv
from akis.codec.apdu import CHAINED, SM_BITS, CommandApdu, ResponseApdu
from akis.codec.fci import FCI, FCP
from akis.codec.tlv import Tlv
from akis.commands import files, objects, pin, security
from akis.errors import CodecError
from akis.profile.model import CardProfile, DataField
from akis.trace.redact import HIDDEN, answer_masks, hex_text, masks

_NAMES: Mapping[int, str] = {
    files.SELECT: "SELECT",
    files.READ_BINARY: "READ BINARY",
    objects.GET_DATA: "GET DATA",
    objects.GET_DATA_ODD: "GET DATA",
    pin.VERIFY: "VERIFY",
    pin.CHANGE: "CHANGE REFERENCE DATA",
    pin.RESET: "RESET RETRY COUNTER",
    security.MSE: "MANAGE SECURITY ENVIRONMENT",
    security.GET_CHALLENGE: "GET CHALLENGE",
    security.MUTUAL_AUTHENTICATE: "MUTUAL AUTHENTICATE",
}
_P1: Mapping[tuple[int, int], str] = {
    (files.SELECT, 0x00): "by file identifier",
    (files.SELECT, 0x04): "by DF name",
    (files.SELECT, 0x08): "by path from the MF",
    (pin.VERIFY, 0x00): "compare",
    (pin.VERIFY, 0xFF): "take the verification back",
    (pin.CHANGE, 0x00): "from old to new",
    (pin.CHANGE, 0x01): "new value only",
    (pin.RESET, 0x00): "resetting code and new value",
    (pin.RESET, 0x01): "resetting code only",
    (pin.RESET, 0x02): "new value only",
    (pin.RESET, 0x03): "counter only",
    (objects.GET_DATA, 0x01): "with P2, the data wanted",
    (objects.GET_DATA_ODD, 0x3F): "with P2, of the current DF",
    (security.MSE, 0xC1): "SET for both directions of authentication",
}
_P2: Mapping[tuple[int, int], str] = {
    (files.SELECT, 0x00): "answer with FCI",
    (files.SELECT, 0x04): "answer with FCP",
    (files.SELECT, 0x0C): "answer with nothing",
    (objects.GET_DATA, 0x04): "memory information, life cycle",
    (objects.GET_DATA, 0x06): "system information, serial number",
    (security.MSE, 0xA4): "authentication template",
}
_OBJECTS: Mapping[int, str] = {
    0x4D: "extended header list",
    FCP: "file control parameters",
    FCI: "file control information",
    0x82: "file descriptor",
    0x84: "DF name",
    0x8A: "life-cycle byte",
    0x9A: "tries in all",
    0x9B: "tries left",
    objects.pin_object_tag(1): "PIN object 1",
    objects.pin_object_tag(2): "PIN object 2",
}
# The same tags mean something else inside these commands and templates.
_IN_FILE_CONTROL: Mapping[int, str] = {0x80: "size", 0x83: "file identifier"}
_IN_MSE: Mapping[int, str] = {security.ALGORITHM: "algorithm", security.KEY: "key reference"}
_IN_PIN_OBJECT: Mapping[int, str] = {0x80: "stored length"}
_SM_OBJECTS: Mapping[int, str] = {
    0x81: "plain value",
    0x85: "cryptogram",
    0x87: "01 (ISO padding), cryptogram",
    0x8E: "checksum",
    0x97: "Ne of the plain command",
    0x99: "authenticated status word",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name (``P1``, ``DO'87'``), its bytes as text with secrets hidden, and what it says."""

    name: str
    text: str
    meaning: str = ""


def command_name(command: CommandApdu) -> str:
    """The command's name in the standard, or its instruction code where it has none here."""
    return _NAMES.get(command.ins, f"INS {command.ins:02X}")


def command_fields(command: CommandApdu, profile: CardProfile | None = None) -> list[Field]:
    """Every field of a command, header to Le."""
    ins = command.ins
    fields = [
        Field("CLA", f"{command.cla:02X}", _class_meaning(command.cla)),
        Field("INS", f"{ins:02X}", command_name(command)),
        Field("P1", f"{command.p1:02X}", _P1.get((ins, command.p1), "")),
        Field("P2", f"{command.p2:02X}", _P2.get((ins, command.p2), "") or _reference(command, profile)),
    ]
    if command.data:
        lc = f"00 {len(command.data) >> 8:02X} {len(command.data) & 0xFF:02X}" if command.extended else ""
        fields.append(Field("Lc", lc or f"{len(command.data):02X}", f"{len(command.data)} bytes of data"))
        fields += _command_data(command, profile)
    if command.ne is not None:
        width = (2 if command.data else 3) if command.extended else 1
        raw = (command.ne & (0xFFFF if command.extended else 0xFF)).to_bytes(width, "big")
        fields.append(Field("Le", hex_text(raw), f"at most {command.ne} bytes back"))
    return fields


def answer_fields(answer: ResponseApdu, command: CommandApdu, profile: CardProfile | None = None) -> list[Field]:
    """Every field of the answer to ``command``, data to status word."""
    fields: list[Field] = []
    hidden = answer_masks(answer, command)
    if hidden:
        fields.append(Field("data", " ".join([HIDDEN] * len(answer.data)), "hidden"))
    elif answer.data and command.cla & SM_BITS:
        fields += _tree(answer.data, _SM_OBJECTS)
    elif answer.data and command.ins == security.GET_CHALLENGE:
        fields.append(Field("data", hex_text(answer.data), "RND.ICC, the card's challenge"))
    elif answer.data and command.ins == security.MUTUAL_AUTHENTICATE:
        fields += _token(answer.data)
    elif answer.data and profile is not None and _asks_serial(command, profile):
        fields += _around(answer.data, profile.serial)
    elif answer.data:
        names = _IN_PIN_OBJECT if command.ins == objects.GET_DATA_ODD else _IN_FILE_CONTROL
        known = command.ins in (files.SELECT, objects.GET_DATA_ODD)
        fields += _tree(answer.data, {**_OBJECTS, **names}) if known else [Field("data", hex_text(answer.data))]
    own = None if profile is None else profile.status_words
    fields.append(Field("SW", hex_text(answer.sw.to_bytes(2, "big")), answer.sw.meaning(own)))
    return fields


def _asks_serial(command: CommandApdu, profile: CardProfile) -> bool:
    return command.ins == objects.GET_DATA and command.p1 << 8 | command.p2 == profile.serial.p1p2


def _around(data: bytes, place: DataField) -> list[Field]:
    """What comes before the serial number, the number, and what comes after."""
    start, end = place.offset, place.offset + place.length
    parts = (("data", data[:start], ""), ("serial", data[start:end], "serial number"), ("data", data[end:], ""))
    return [Field(name, hex_text(part), meaning) for name, part, meaning in parts if part]


def _class_meaning(cla: int) -> str:
    kind = "secure messaging" if cla & SM_BITS else "plain"
    return ("proprietary, " if cla & 0x80 else "") + kind + (", more to follow" if cla & CHAINED else "")


def _reference(command: CommandApdu, profile: CardProfile | None) -> str:
    if command.ins not in (pin.VERIFY, pin.CHANGE, pin.RESET):
        return ""
    if profile is not None:
        for rules in (profile.pin, profile.puk):
            if rules.reference == command.p2:
                return rules.name
    return f"{'local' if command.p2 & 0x80 else 'global'} reference {command.p2 & 0x1F}"


def _command_data(command: CommandApdu, profile: CardProfile | None) -> list[Field]:
    hidden = masks(command, profile)
    if hidden:
        return [Field("data", " ".join([HIDDEN] * mask.length), f"{mask.slot}, hidden") for mask in hidden]
    special: Mapping[int, Callable[[bytes], list[Field]]] = {
        security.MSE: lambda data: _tree(data, _IN_MSE),
        security.MUTUAL_AUTHENTICATE: _token,
        objects.GET_DATA_ODD: lambda data: _tree(data, _OBJECTS),
    }
    if command.cla & SM_BITS:
        return _tree(command.data, _SM_OBJECTS)
    if command.ins in special:
        return special[command.ins](command.data)
    text = command.data.decode("ascii", "replace")
    name = f'"{text}"' if command.ins == files.SELECT and command.p1 == 0x04 and text.isprintable() else ""
    return [Field("data", hex_text(command.data), name)]


def _token(data: bytes) -> list[Field]:
    """The 72 bytes of MUTUAL AUTHENTICATE, either way."""
    return [
        Field("token", hex_text(data[:-8]), "nonces, serials, key share, enciphered with K.ENC"),
        Field("MAC", hex_text(data[-8:]), "over the token, with K.MAC"),
    ]


def _tree(data: bytes, names: Mapping[int, str]) -> list[Field]:
    """A line for each data object, those inside others indented; bytes that are no data objects as they are."""
    try:
        return list(_lines(tlv.parse(data, minimal=False), names, 0))
    except CodecError:
        return [Field("data", hex_text(data))]


def _lines(items: tuple[Tlv, ...], names: Mapping[int, str], depth: int) -> Iterator[Field]:
    for item in items:
        name = f"{'  ' * depth}DO'{item.tag:X}'"
        if item.constructed:
            yield Field(name, "", names.get(item.tag, ""))
            yield from _lines(item.children, names, depth + 1)
        else:
            yield Field(name, hex_text(item.value), names.get(item.tag, ""))
