"""Names for every field of a command and its answer, with the secret bytes already hidden."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from akis.codec import tlv
from akis.codec.apdu import CHAINED, SM_BITS, CommandApdu, ResponseApdu
from akis.codec.tlv import Tlv
from akis.commands import files, objects, pin, security
from akis.errors import CodecError
from akis.profile.model import CardProfile, DataField
from akis.trace import names
from akis.trace.fields import Field as Field
from akis.trace.fields import Part, fields
from akis.trace.redact import Mask, answer_masks, command_masks, data_start
from akis.trace.redact import masks as masks_of_data

_TO_READER = 0xFF
_BINARY = (files.READ_BINARY, 0xD0, 0xD6, 0x0E)
_WITH_REFERENCE = (pin.VERIFY, pin.CHANGE, pin.RESET, 0x26, 0x28)
_DIGITAL_SIGNATURE = 0x9E
_PIECE = "a piece of the data of a chain"
_TREES_IN_FILES = frozenset((0x30, 0x61, *range(0xA0, 0xA9)))
"""What EF.DIR, EF.ODF and EF.TokenInfo begin with: application templates, SEQUENCEs and choices of PKCS #15."""


def command_name(command: CommandApdu) -> str:
    """The command's name, in the standard or on AKİS 1.0, or its instruction code where it has none here."""
    return names.command(command.cla, command.ins) or f"INS {command.ins:02X}"


def command_fields(
    command: CommandApdu,
    profile: CardProfile | None = None,
    masks: Sequence[Mask] | None = None,
    in_chain: bool = False,
) -> list[Field]:
    """Every field of a command, header to Le.

    ``masks``, counted from the start of the APDU, say what to hide; without them the meaning of the command does.
    ``in_chain`` says that the data is a piece of what several commands carry.
    """
    raw = command.to_bytes()
    head = _header(raw[0], raw[1], raw[2], raw[3], _references(profile))
    masks = command_masks(raw, profile) if masks is None else masks
    parts: list[Part] = []
    size = len(command.data)
    if size:
        start = data_start(command)
        parts.append(Part("Lc", 4, start, f"{size} {'byte' if size == 1 else 'bytes'} of data"))
        whole = not in_chain and not command.cla & CHAINED
        parts += (
            _command_data(command, start) if whole or protected(command.cla) else _plain(start, start + size, _PIECE)
        )
    if command.ne is not None:
        le_start = data_start(command) + size if size else 4
        parts.append(Part("Le", le_start, len(raw), f"at most {command.ne} bytes back"))
    if masks and masks[0].start < len(head):
        return fields(
            raw, [*(Part(field.name, at, at + 1, field.meaning) for at, field in enumerate(head)), *parts], masks
        )
    return [*head, *fields(raw, parts, masks)]


def answer_fields(
    answer: ResponseApdu,
    command: CommandApdu,
    profile: CardProfile | None = None,
    masks: Sequence[Mask] | None = None,
) -> list[Field]:
    """Every field of the answer to ``command``, data to status word; ``masks`` as in :func:`command_fields`."""
    raw = answer.to_bytes()
    parts = list(_answer_data(answer.data, command, profile)) if answer.data else []
    parts.append(
        Part("SW", len(raw) - 2, len(raw), answer.sw.meaning(None if profile is None else profile.status_words))
    )
    return fields(raw, parts, answer_masks(answer, command) if masks is None else masks)


def bytes_fields(raw: bytes, masks: Sequence[Mask], meaning: str) -> list[Field]:
    """Bytes that have no layout, as one field."""
    return fields(raw, [Part("bytes", 0, len(raw), meaning)], masks)


def protected(cla: int) -> bool:
    """Whether a class byte says secure messaging (ISO/IEC 7816-4:2005 §5.1.1, tables 2 and 3)."""
    if cla == _TO_READER:
        return False
    return bool(cla & (0x20 if cla & 0xC0 == 0x40 else SM_BITS))


@lru_cache(4096)
def _header(cla: int, ins: int, p1: int, p2: int, references: tuple[tuple[int, str], ...]) -> tuple[Field, ...]:
    first, second = names.P1.get((ins, p1), ""), names.P2.get((ins, p2), "")
    if ins in _WITH_REFERENCE:
        second = dict(references).get(p2) or f"{'local' if p2 & 0x80 else 'global'} reference {p2 & 0x1F}"
    elif ins in _BINARY and p1 & 0x80:
        first, second = f"short EF identifier {p1 & 0x1F:02X}", f"offset {p2}"
    elif ins in _BINARY:
        first = f"with P2, offset {p1 << 8 | p2}"
    named = (
        ("CLA", cla, _class_meaning(cla)),
        ("INS", ins, names.command(cla, ins) or f"INS {ins:02X}"),
        ("P1", p1, first),
        ("P2", p2, second),
    )
    return tuple(Field(name, f"{value:02X}", meaning) for name, value, meaning in named)


def _references(profile: CardProfile | None) -> tuple[tuple[int, str], ...]:
    return () if profile is None else tuple((rules.reference, rules.name) for rules in (profile.pin, profile.puk))


def _class_meaning(cla: int) -> str:
    # ISO/IEC 7816-4:2005 §5.1.1, tables 2 and 3: the first interindustry values and the further ones
    if cla == _TO_READER:
        return "to the reader, not to the card"
    channel = 4 + (cla & 0x0F) if cla & 0xC0 == 0x40 else cla & 0x03
    kind = "secure messaging" if protected(cla) else "plain"
    more = ", more to follow" if cla & CHAINED else ""
    return ("proprietary, " if cla & 0x80 else "") + kind + more + (f", logical channel {channel}" if channel else "")


def _command_data(command: CommandApdu, start: int) -> Sequence[Part]:
    data, end, ins = command.data, start + len(command.data), command.ins
    if masks_of_data(command):
        return _plain(start, end)
    if protected(command.cla):
        return _tree(data, start, names.IN_SECURE_MESSAGING)
    if ins == security.MSE:
        return _tree(data, start, names.IN_MSE)
    if ins == security.MUTUAL_AUTHENTICATE:
        return _token(start, end)
    if ins == objects.GET_DATA_ODD:
        return _tree(data, start, names.IN_PIN_OBJECT)
    if ins == names.PSO:
        return _plain(start, end, "what is to be signed" if command.p1 == _DIGITAL_SIGNATURE else "")
    if ins == files.SELECT:
        return _plain(start, end, names.text(data) if command.p1 == 0x04 else names.file_name(data))
    return _plain(start, end)


def _answer_data(data: bytes, command: CommandApdu, profile: CardProfile | None) -> Sequence[Part]:
    end, ins = len(data), command.ins
    if protected(command.cla):
        return _tree(data, 0, names.IN_SECURE_MESSAGING)
    if ins == security.GET_CHALLENGE:
        return _plain(0, end, "RND.ICC, the card's challenge")
    if ins == security.MUTUAL_AUTHENTICATE:
        return _token(0, end)
    if ins == objects.GET_DATA and profile is not None:
        return _piece_of_information(data, command.p1 << 8 | command.p2, profile)
    if ins == objects.GET_DATA_ODD:
        return _tree(data, 0, names.IN_PIN_OBJECT)
    if ins == names.PSO:
        return _plain(0, end, "digital signature" if command.p1 == _DIGITAL_SIGNATURE else "")
    in_file = ins == files.READ_BINARY and data[0] in _TREES_IN_FILES
    return _tree(data, 0, names.IN_GENERAL) if ins == files.SELECT or in_file else _plain(0, end)


def _piece_of_information(data: bytes, wanted: int, profile: CardProfile) -> Sequence[Part]:
    if wanted == profile.serial.p1p2:
        return _around(data, profile.serial, "serial", "serial number")
    place = profile.life_cycle
    if wanted == place.p1p2:
        state = profile.life_cycles.get(data[place.offset : place.offset + place.length].hex().upper(), "unknown")
        return _around(data, place, "life cycle", state)
    return _plain(0, len(data))


def _around(data: bytes, place: DataField, name: str, meaning: str) -> Sequence[Part]:
    """What comes before the wanted piece, the piece, and what comes after."""
    end = len(data)
    start, after = min(place.offset, end), min(place.offset + place.length, end)
    parts = (Part("data", 0, start), Part(name, start, after, meaning), Part("data", after, end))
    return [part for part in parts if part.end > part.start]


def _plain(start: int, end: int, meaning: str = "") -> Sequence[Part]:
    return (Part("data", start, end, meaning),)


def _token(start: int, end: int) -> Sequence[Part]:
    """The 72 bytes of MUTUAL AUTHENTICATE, either way."""
    if end - start <= 8:
        return _plain(start, end)
    return (
        Part("token", start, end - 8, "nonces, serials, key share, enciphered with K.ENC"),
        Part("MAC", end - 8, end, "over the token, with K.MAC"),
    )


def _tree(data: bytes, start: int, known: Mapping[int, str]) -> Sequence[Part]:
    """A line for each data object, those inside others indented; bytes that are no data objects as they are."""
    try:
        return list(_objects(data, 0, start, tlv.parse(data, minimal=False), known, ""))
    except CodecError:
        return _plain(start, start + len(data))


def _objects(
    data: bytes, position: int, shift: int, items: tuple[Tlv, ...], known: Mapping[int, str], indent: str
) -> Iterator[Part]:
    for item in items:
        tag = item.tag
        after_tag = position + (tag.bit_length() + 7 >> 3)
        first = data[after_tag]
        begin = after_tag + 1 + (first & 0x7F if first & 0x80 else 0)
        length = int.from_bytes(data[after_tag + 1 : begin], "big") if first & 0x80 else first
        name, meaning, end = f"{indent}DO'{tag:X}'", known.get(tag, ""), begin + length
        if item.constructed:
            yield Part(name, begin + shift, begin + shift, meaning)
            yield from _objects(data, begin, shift, item.children, known, indent + "  ")
        else:
            said = names.VALUES[meaning](item.value) if meaning in names.VALUES else ""
            yield Part(name, begin + shift, end + shift, f"{meaning}: {said}" if said else meaning)
        position = end
