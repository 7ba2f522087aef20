"""What an emulated card is when it leaves the factory, from a readable file."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from akis.errors import InvalidArgument, ProfileError
from akis.profile.load import build, load, read_packaged, read_toml
from akis.profile.model import CardProfile, SmRules, check_fields
from akis.sm.mutual_auth import DeviceKeys

Role = Literal["issuer", "terminal"]
State = Literal["", "new", "blocked", "last-try", "dead"]
PIN_LENGTHS, PUK_LENGTHS = range(4, 9), range(8, 9)
"""How many digits the card takes."""


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
    """An emulated card: identity, PIN and PUK with their tries, keys, and what it insists on.

    ``profile`` names the profile that describes it to a driver. With ``pin_over_sm_only`` PIN commands are refused in
    the clear. ``label`` is what the card calls itself in EF.TokenInfo.
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

    def __post_init__(self) -> None:
        check_fields(self)
        for name, value, lengths in (("pin", self.pin, PIN_LENGTHS), ("puk", self.puk, PUK_LENGTHS)):
            if len(value) not in lengths or not (value.isascii() and value.isdigit()):
                raise InvalidArgument(f"{name} is {lengths[0]} to {lengths[-1]} decimal digits")
        if not self.label.isascii() or len(self.label) > 1000:
            raise InvalidArgument("label is up to 1000 ASCII characters")
        if not 1 <= self.tries <= 15:
            raise InvalidArgument("tries is 1 to 15")
        if len(self.serial) != 12:
            raise InvalidArgument(f"serial is 12 bytes, not {len(self.serial)}")
        if len({key.reference for key in self.keys}) != len(self.keys):
            raise InvalidArgument("two keys have the same reference")

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


@cache
def load_personality(name: str) -> Personality:
    """The personality of this name that comes with the library: akis-2.2 (3DES), akis-2.5 (AES)."""
    return parse_personality(read_packaged("akis.emulator", "personality", name), f"{name}.toml")


def parse_personality(text: str, where: str) -> Personality:
    """A personality from the text of its file; errors name ``where`` and the field."""
    tables = read_toml(text, where)
    keys = tables.get("keys", [])
    if not isinstance(keys, list) or not all(isinstance(table, dict) for table in keys):
        raise ProfileError(f"{where}: keys is a list of tables, [[keys]]")
    made = []
    for number, table in enumerate(keys, 1):
        if isinstance(table.get("algorithms"), list):
            table["algorithms"] = tuple(table["algorithms"])
        made.append(build(CardKey, table, where, f"keys[{number}]."))
    return build(Personality, {**tables, "keys": tuple(made)}, where)
