"""Device keys from a file that nobody else can read, or the published ones of an emulated card."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from akis.emulator.personality import FILE, Role, load_personality
from akis.errors import AkisError, InvalidArgument, PolicyRefused, ProfileError
from akis.profile.load import read_toml
from akis.sm.mutual_auth import SN_LENGTH, DeviceKeys

_EMULATOR = "emulator:"
_LONGEST = 65536
_FIELDS = ("alg", "key", "enc", "mac", "ifd_sn")


@dataclass(frozen=True, slots=True)
class TerminalKeys:
    """Device keys and the serial number of the terminal that holds them; wiped at the end of a ``with``."""

    device: DeviceKeys
    ifd_sn: bytes

    def __enter__(self) -> TerminalKeys:
        return self

    def __exit__(self, *_: object) -> None:
        self.device.wipe()


def read_keys(source: str) -> TerminalKeys:
    """The keys that ``--sm-keys`` names. Errors name file and field and never show a value."""
    if source.startswith(_EMULATOR):
        return _published_keys(source.removeprefix(_EMULATOR))
    return _parse(read_private(source), source)


def read_private(source: str) -> str:
    """The text of a key file, refused when others can read it."""
    path = Path(source)
    try:
        refuse_open_file(path)
        with path.open("rb") as stream:
            return stream.read(_LONGEST).decode("utf-8")
    except (OSError, ValueError) as error:
        reason = (error.strerror or "no such file") if isinstance(error, OSError) else "it is not text"
        raise InvalidArgument(f"the key file {source} cannot be read: {reason}") from None


def _parse(text: str, where: str) -> TerminalKeys:
    table = read_toml(text, where)
    unknown = [name for name in table if name not in _FIELDS]
    if unknown:
        raise ProfileError(f"{where}: there is a field that key files do not have; they have {', '.join(_FIELDS)}")
    values = {name: hex_field(table, name, where) for name in _FIELDS}
    for name in ("alg", "key"):
        if len(values[name]) != 1:
            raise ProfileError(f"{where}: {name} is one byte in hex")
    if len(values["ifd_sn"]) != SN_LENGTH:
        raise ProfileError(f"{where}: ifd_sn is {SN_LENGTH} bytes in hex, not {len(values['ifd_sn'])}")
    try:
        keys = DeviceKeys(values["key"][0], values["alg"][0], values["enc"], values["mac"])
    except AkisError as error:
        raise ProfileError(f"{where}: {error}") from None
    return TerminalKeys(keys, values["ifd_sn"])


def hex_field(table: Mapping[str, object], name: str, where: str) -> bytes:
    """The bytes of one field; errors do not repeat it."""
    if name not in table:
        raise ProfileError(f"{where}: {name} is missing")
    value = table[name]
    if not isinstance(value, str) or not re.fullmatch(r"([0-9A-Fa-f]{2}\s*)+", value):
        raise ProfileError(f'{where}: {name} is bytes in hex, written as text, such as "8C"')
    return bytes.fromhex(value)


def refuse_open_file(path: Path) -> None:
    """:class:`PolicyRefused` for a key file that others on the machine can read; :class:`OSError` where there is none.

    Windows has no such bits to look at.
    """
    mode = path.stat().st_mode
    if os.name == "posix" and stat.S_ISREG(mode) and mode & 0o077:
        raise PolicyRefused(f"others can read the key file {path}, so it was not used; run chmod 600 on it first")


def _published_keys(text: str) -> TerminalKeys:
    # A card of the user's own is named by a path, which may have slashes itself.
    name, _, role = (text, "", "") if text.endswith(FILE) or "/" not in text else text.rpartition("/")
    key = load_personality(name or "akis-2.2").key(cast(Role, role or "issuer"))
    return TerminalKeys(key.device_keys(key.algorithms[-1]), bytes(SN_LENGTH))
