"""What an emulated card is when it leaves the factory, from a readable file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from akis.emulator.contents import FileEntry, certificate_bytes, check_room
from akis.emulator.sign_keys import SignKey
from akis.errors import InvalidArgument, ProfileError
from akis.profile.load import build, load, names, read_file, read_packaged, read_toml
from akis.profile.model import CardProfile, SmRules, check_fields
from akis.sm.mutual_auth import DeviceKeys

Role = Literal["issuer", "terminal"]
State = Literal["", "new", "blocked", "last-try", "dead"]
Dialect = Literal["2.x", "1.0"]
LENGTHS: Mapping[Dialect, tuple[range, range]] = {
    "2.x": (range(4, 9), range(8, 9)),
    "1.0": (range(4, 17), range(4, 17)),
}
"""How many digits PIN and PUK have, by dialect."""
FILE = ".toml"
"""How the name of a personality ends that is a file of the user's own."""
APPLICATION = (0x3D00,)
"""Where the DF with PIN, PUK and signature keys is."""


@dataclass(frozen=True, slots=True, repr=False)
class CardKey:
    """A pair of device keys on the card, the role it gives, and the algorithms it serves (reference bytes)."""

    reference: int
    role: Role
    algorithms: tuple[int, ...]
    enc: bytes
    mac: bytes

    def __post_init__(self) -> None:
        check_fields(self)
        listed = isinstance(self.algorithms, tuple) and len(self.algorithms) > 0
        if not listed or not all(isinstance(item, int) for item in self.algorithms):
            raise InvalidArgument("algorithms is a list of one or more reference bytes")
        for reference in self.algorithms:
            self.device_keys(reference)

    def device_keys(self, algorithm: int) -> DeviceKeys:
        """The pair for one of its algorithms, by reference byte; :class:`InvalidArgument` for any other."""
        if algorithm not in self.algorithms:
            served = ", ".join(f"{served:02X}" for served in self.algorithms)
            raise InvalidArgument(f"key {self.reference:02X} serves the algorithms {served}, no other")
        return DeviceKeys(self.reference, algorithm, self.enc, self.mac)

    def __repr__(self) -> str:
        return f"CardKey({self.reference:02X}, {self.role})"


@dataclass(frozen=True, slots=True, repr=False)
class Personality:
    """An emulated card: identity, PIN and PUK with their tries, keys, files, and what it insists on.

    ``profile`` names the profile that describes it to a driver, ``dialect`` the generation whose commands it has. With
    ``pin_over_sm_only`` PIN commands are refused in the clear. ``label`` is what the card calls itself in EF.TokenInfo.
    A card without ``application`` has neither PIN nor PUK, which are empty then; ``life_cycle`` is its phase.

    ``files`` come besides MF, application, EF.DIR and EF.TokenInfo, or in place of the last two; ``certificates`` are
    PEM text by name.
    """

    name: str
    label: str
    profile: str
    atr: bytes
    serial: bytes
    pin: str
    puk: str
    tries: int
    keys: tuple[CardKey, ...]
    extended_length: bool = False
    pin_over_sm_only: bool = False
    secure_messaging: SmRules = field(default_factory=SmRules)
    dialect: Dialect = "2.x"
    application: bool = True
    life_cycle: Literal["operation", "administration"] = "operation"
    files: tuple[FileEntry, ...] = ()
    sign_keys: tuple[SignKey, ...] = ()
    certificates: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        check_fields(self)
        self._check_identity()
        self._check_dialect()
        for what, items in (("keys", self.keys), ("signature keys", self.sign_keys)):
            if len({key.reference for key in items}) != len(items):
                raise InvalidArgument(f"two {what} have the same reference")
        self._check_certificates()
        self._check_files()

    def _check_identity(self) -> None:
        for name, value, lengths in zip(("pin", "puk"), (self.pin, self.puk), LENGTHS[self.dialect], strict=True):
            if not self.application:
                if value:
                    raise InvalidArgument(f"{name} is empty on a card without application")
            elif len(value) not in lengths or not (value.isascii() and value.isdigit()):
                raise InvalidArgument(f"{name} is {lengths[0]} to {lengths[-1]} decimal digits")
        if not self.label.isascii() or len(self.label) > 1000:
            raise InvalidArgument("label is up to 1000 ASCII characters")
        if not 1 <= self.tries <= 15:
            raise InvalidArgument("tries is 1 to 15")
        if self.profile not in names():
            raise InvalidArgument(f"profile is one of {', '.join(names())}")
        if len(self.serial) != 12:
            raise InvalidArgument(f"serial is 12 bytes, not {len(self.serial)}")

    def _check_dialect(self) -> None:
        """No source shows secure messaging or extended length on 1.0, so a card of it has neither."""
        if self.dialect == "1.0":
            for name, said in (("keys", self.keys), ("pin_over_sm_only", self.pin_over_sm_only)):
                if said:
                    raise InvalidArgument(f"{name} needs secure messaging, which dialect 1.0 does not have")
            if self.extended_length:
                raise InvalidArgument("extended_length is not for dialect 1.0, whose length fields are short")
        if not self.application and self.sign_keys:
            raise InvalidArgument("sign_keys are in the application, and application is false")

    def _check_certificates(self) -> None:
        for name, pem in self.certificates.items():
            try:
                certificate_bytes(pem)
            except InvalidArgument as error:
                raise InvalidArgument(f"certificates.{name}: {error}") from None
        for number, item in enumerate(self.files, 1):
            if item.certificate is not None and item.certificate not in self.certificates:
                wanted = item.certificate[:40]
                raise InvalidArgument(f"files[{number}].certificate: there is no {wanted!r} among certificates")

    def _check_files(self) -> None:
        check_room(self.files)
        folders: dict[tuple[int, ...], bool] = {(): True, APPLICATION: self.application}
        for number, item in enumerate(self.files, 1):
            if not folders.get(item.path[:-1]):
                raise InvalidArgument(f"files[{number}].path: there is no DF for it; list that DF before it")
            if item.path in folders:
                raise InvalidArgument(f"files[{number}].path: there is such a file already")
            folders[item.path] = item.type == "df"
            size = 0 if item.certificate is None else len(certificate_bytes(self.certificates[item.certificate]))
            if item.size and size > item.size:
                raise InvalidArgument(f"files[{number}].size is below the length of the certificate, {size} bytes")

    def entries(self) -> tuple[FileEntry, ...]:
        """Its files, certificates put in as content."""
        return tuple(
            item
            if item.certificate is None
            else replace(item, certificate=None, content=certificate_bytes(self.certificates[item.certificate]))
            for item in self.files
        )

    def card_profile(self) -> CardProfile:
        """The profile a driver needs for this card."""
        return load(self.profile)

    def key(self, role: Role) -> CardKey:
        """The key that gives ``role``."""
        for key in self.keys:
            if key.role == role:
                return key
        raise InvalidArgument(f"the personality {self.name} has no {role} key")

    def __repr__(self) -> str:
        return f"Personality({self.name})"


def load_personality(name: str) -> Personality:
    """The personality of this name that comes with the library, or the one in a file whose name ends in .toml.

    With the library come akis-2.2 (3DES), akis-2.5 (AES), akis-1.0, and blank, which has no application yet.
    """
    return load_personality_file(Path(name)) if name.endswith(FILE) else _packaged(name)


def load_personality_file(path: Path) -> Personality:
    """A personality from a user's own file; :class:`ProfileError` names it and what is wrong with it."""
    return parse_personality(read_file(path, "personality"), str(path))


@cache
def _packaged(name: str) -> Personality:
    return parse_personality(read_packaged("akis.emulator", "personality", name), f"{name}.toml")


def parse_personality(text: str, where: str) -> Personality:
    """A personality from the text of its file; errors name ``where`` and the field."""
    tables = read_toml(text, where)
    keys = tuple(_with_tuple(table, "algorithms") for table in _list_of_tables(tables, "keys", where))
    files = tuple(
        _with_records(table, where, f"files[{number}].records")
        for number, table in enumerate(_list_of_tables(tables, "files", where), 1)
    )
    made = {
        "keys": tuple(build(CardKey, table, where, f"keys[{number}].") for number, table in enumerate(keys, 1)),
        "files": tuple(build(FileEntry, table, where, f"files[{number}].") for number, table in enumerate(files, 1)),
        "sign_keys": tuple(
            build(SignKey, table, where, f"sign_keys[{number}].")
            for number, table in enumerate(_list_of_tables(tables, "sign_keys", where), 1)
        ),
    }
    return build(Personality, {**tables, **made}, where)


def _list_of_tables(tables: Mapping[str, Any], name: str, where: str) -> list[dict[str, Any]]:
    found = tables.get(name, [])
    if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        raise ProfileError(f"{where}: {name} is a list of tables, [[{name}]]")
    return found


def _with_tuple(table: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = table.get(name)
    return {**table, name: tuple(value)} if isinstance(value, list) else dict(table)


def _with_records(table: Mapping[str, Any], where: str, path: str) -> dict[str, Any]:
    value = table.get("records")
    if not isinstance(value, list):
        return dict(table)
    try:
        return {**table, "records": tuple(bytes.fromhex(record) for record in value)}
    except (TypeError, ValueError):
        raise ProfileError(f"{where}: {path} is a list of bytes as hex text") from None
