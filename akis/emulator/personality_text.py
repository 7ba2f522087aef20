"""The file of a personality, as people read it: what :func:`akis.emulator.personality.parse_personality` takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, Field, fields
from typing import Any

from akis.codec.file_path import path_text
from akis.emulator.contents import FileEntry
from akis.emulator.personality import CardKey, Personality
from akis.emulator.sign_keys import SignKey
from akis.profile.model import SmRules

_LINE = 116
_NAMES = {
    (0x2F00,): "EF.DIR",
    (0x3D00, 0x5031): "EF.ODF: where the other PKCS #15 files are",
    (0x3D00, 0x5032): "EF.TokenInfo",
    (0x3D00, 0x4401): "EF.AODF: PIN and PUK",
    (0x3D00, 0x4402): "EF.PrKDF: private keys",
    (0x3D00, 0x4404): "EF.CDF: certificates",
}
"""What PKCS #15 calls files that a card of ours has."""


def personality_text(personality: Personality, comment: str = "") -> str:
    """The TOML text; ``comment`` stands in front of it. What is as usual is left out."""
    head = [f"# {line}" for line in comment.splitlines()]
    scalars = [
        f"{item.name} = {_value(getattr(personality, item.name))}"
        for item in _unusual(personality)
        if item.name not in ("keys", "secure_messaging", "files", "sign_keys", "certificates")
    ]
    parts = ["\n".join(head), "\n".join(scalars), "\n\n".join(_tables(personality))]
    return "\n\n".join(filter(None, parts)) + "\n"


def _tables(personality: Personality) -> Iterator[str]:
    if personality.secure_messaging != SmRules():
        yield _table("[secure_messaging]", _fields(personality.secure_messaging))
    for key in personality.keys:
        yield _table("[[keys]]", _fields(key))
    if personality.certificates:
        lines = (f"{_key(name)} = {_value(pem)}" for name, pem in personality.certificates.items())
        yield _table("[certificates]", lines)
    for sign_key in personality.sign_keys:
        yield _table("[[sign_keys]]", _fields(sign_key))
    for entry in personality.files:
        known = _NAMES.get(entry.path)
        yield _table(f"# {known}\n[[files]]" if known else "[[files]]", _fields(entry))


def _table(head: str, lines: Iterable[str]) -> str:
    return "\n".join([head, *lines])


def _fields(value: CardKey | SignKey | FileEntry | SmRules) -> Iterator[str]:
    for item in _unusual(value):
        content = getattr(value, item.name)
        if item.name == "path":
            yield f'path = "3F00/{path_text(content)}"'
        elif item.name in ("reference", "algorithms"):
            yield f"{item.name} = {_hex(content)}"
        else:
            yield f"{item.name} = {_value(content)}"


def _unusual(value: Any) -> Iterator[Field[Any]]:
    """The fields that are not at their defaults."""
    for item in fields(value):
        if item.default_factory is not MISSING or item.default is MISSING or getattr(value, item.name) != item.default:
            yield item


def _hex(value: int | tuple[int, ...]) -> str:
    return f"0x{value:02X}" if isinstance(value, int) else f"[{', '.join(map(_hex, value))}]"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, bytes):
        return _bytes(value.hex().upper())
    if "\n" in value:
        return '"""\n' + "\n".join(map(_escaped, value.split("\n"))) + '"""'
    return f'"{_escaped(value)}"'


def _bytes(text: str) -> str:
    """Hex text, over several lines where it is long."""
    if len(text) <= _LINE - 20:
        return f'"{text}"'
    return '"""\n' + "\n".join(text[at : at + _LINE] for at in range(0, len(text), _LINE)) + '"""'


def _escaped(text: str) -> str:
    named = text.replace("\\", "\\\\").replace('"', '\\"')
    return "".join(char if char.isprintable() else f"\\u{ord(char):04X}" for char in named)
