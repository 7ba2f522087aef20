"""What one card differs from another in, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin, get_type_hints

from akis.codec import pin_block
from akis.errors import InvalidArgument, PinFormatError

SOURCES = ("documented", "open code", "reported", "inferred", "assumed")
"""How sure a value is: by a standard or the maker; seen in open code; by integrators; concluded; ours."""


@dataclass(frozen=True, slots=True)
class SmRules:
    """Where cards differ in secure messaging. The defaults are those of ISO/IEC 7816-4:2005.

    - ``case1_padding``: a command without data objects has its header padded once ("single", ISO/IEC 7816-4:2005 §B.1)
      or a second time as the end of the message ("double", the letter of ICAO Doc 9303-11 §9.8).
    - ``extend``: length fields are extended when the plain command's are or the objects "needed" it, or "with_le"
      whenever the plain command has an Le field.
    - ``do97``: two bytes exactly when the plain command is extended ("follow"), or only when Ne needs them ("minimal").
    - ``outer_le``: 00 or 0000 "always", or that of the plain command ("follow").
    - ``do87_when_empty``: send a cryptogram of nothing but padding where the command has no data.
    - ``mac_length``: bytes of DO'8E', 4 to 8.
    - ``chain``: a long command is cut first and "each" link protected, or protected as a "whole" and then cut.
    """

    case1_padding: Literal["single", "double"] = "single"
    extend: Literal["needed", "with_le"] = "needed"
    do97: Literal["follow", "minimal"] = "follow"
    outer_le: Literal["always", "follow"] = "always"
    do87_when_empty: bool = False
    mac_length: int = 8
    chain: Literal["each", "whole"] = "each"

    def __post_init__(self) -> None:
        check_fields(self)
        # ISO/IEC 7816-4:2005 §6.2.3: a checksum of at least four bytes.
        if not 4 <= self.mac_length <= 8:
            raise InvalidArgument(f"mac_length is 4 to 8, not {self.mac_length}")


@dataclass(frozen=True, slots=True)
class PinRules:
    """One PIN or PUK of a card: where it is, what it may look like, how its counter is read without risk.

    ``reference`` is P2 of its commands, ``object`` its number among the PIN objects. ``minimum`` and ``maximum`` count
    characters, of which ``characters`` says the kind. ``encoding`` makes bytes of them and ``pad_byte`` fills these up
    to ``pad_to``, unless that is 0; ``change`` is the layout of old and new value in one command
    (:mod:`akis.codec.pin_block`). ``tries_by`` is the way to read the counter that costs nothing on this card, "none"
    where none is known; ``empty_verify`` says whether VERIFY without data is free here.
    """

    name: str
    reference: int
    object: int
    minimum: int
    maximum: int
    characters: Literal["digits", "printable"]
    encoding: Literal["ascii", "digits", "bcd", "iso9564-2"]
    pad_to: int
    pad_byte: int
    change: Literal["concatenated", "length-prefixed"]
    tries_by: Literal["get_data", "empty_verify", "none"]
    empty_verify: Literal["free", "unknown"]

    def __post_init__(self) -> None:
        check_fields(self)
        if not 1 <= self.minimum <= self.maximum:
            raise InvalidArgument("minimum is at least 1 and not above maximum")
        if not 0 <= self.reference <= 0xFF or not 0 <= self.pad_byte <= 0xFF:
            raise InvalidArgument("reference and pad_byte are one byte each")
        if not 1 <= self.object <= 0x7F:
            raise InvalidArgument("object is 1 to 127")
        if self.maximum > 0xFF or not 0 <= self.pad_to <= 0xFF:
            raise InvalidArgument("maximum and pad_to are at most 255")
        if self.characters == "printable" and self.encoding != "ascii":
            raise InvalidArgument(f"encoding {self.encoding} holds digits only, characters says printable")
        if self.tries_by == "empty_verify" and self.empty_verify != "free":
            raise InvalidArgument("tries_by is empty_verify, but empty_verify is not free")

    @property
    def cut_by_length(self) -> bool:
        """Whether a card that is given two of its values in a row must know how long the stored one is."""
        fixed = self.minimum == self.maximum or self.pad_to > 0 or self.encoding == "iso9564-2"
        return self.change == "concatenated" and not fixed

    def block(self, pin: bytes) -> bytes:
        """The PIN block of ``pin`` (its ASCII characters); :class:`PinFormatError` where the card would not take it."""
        if not self.minimum <= len(pin) <= self.maximum:
            size = f"{self.minimum} to {self.maximum}" if self.minimum != self.maximum else f"{self.minimum}"
            raise PinFormatError(f"the {self.name} has {size} characters, not {len(pin)}; nothing was sent")
        if self.characters == "digits" and not pin.isdigit():
            raise PinFormatError(f"the {self.name} has decimal digits only; nothing was sent")
        return pin_block.encode(pin, self.encoding, self.pad_to or None, self.pad_byte)


@dataclass(frozen=True, slots=True)
class DataField:
    """A piece of what GET DATA answers: P1-P2 of the command, and where in the answer it is."""

    p1p2: int
    offset: int
    length: int

    def __post_init__(self) -> None:
        check_fields(self)
        if not 0 <= self.p1p2 <= 0xFFFF or self.offset < 0 or self.length < 1:
            raise InvalidArgument("p1p2 is two bytes, offset not negative, length at least 1")


@dataclass(frozen=True, slots=True)
class CardProfile:
    """All that the driver must know of a kind of card.

    ``application`` is the name of the DF that holds PIN and keys; ``max_data`` the most bytes a command carries.
    ``life_cycles`` maps the life-cycle byte to its name, ``status_words`` the card's own ones to their meaning.
    ``sources`` says for each value, by its dotted name, how sure it is, beginning with one of :data:`SOURCES`.
    """

    name: str
    application: bytes
    max_data: int
    extended_length: bool
    serial: DataField
    life_cycle: DataField
    life_cycles: Mapping[str, str]
    pin: PinRules
    puk: PinRules
    secure_messaging: SmRules
    status_words: Mapping[str, str]
    sources: Mapping[str, str] = field(default_factory=dict, metadata={"in_file": False})

    def __post_init__(self) -> None:
        check_fields(self)
        if not 1 <= len(self.application) <= 16:
            raise InvalidArgument("application is 1 to 16 bytes")
        if self.pin.reference == self.puk.reference or self.pin.object == self.puk.object:
            raise InvalidArgument("pin and puk have references and objects of their own")
        if not 1 <= self.max_data <= (0xFFFF if self.extended_length else 0xFF):
            raise InvalidArgument("max_data is 1 to 255, or to 65535 with extended length")

    @property
    def assumed(self) -> tuple[str, ...]:
        """The names of the values that no public source confirms."""
        return tuple(name for name, source in self.sources.items() if source.startswith("assumed"))


def check_fields(value: Any) -> None:
    """Raise :class:`InvalidArgument` where a text, number, truth value or choice is not what its field declares."""
    for name, kind in get_type_hints(type(value)).items():
        given = getattr(value, name)
        choices = get_args(kind) if get_origin(kind) is Literal else ()
        if choices and given not in choices:
            raise InvalidArgument(f"{name} is {' or '.join(choices)}")
        if given is None and type(None) in get_args(kind):
            continue
        plain = {int: int, int | None: int, bool: bool, str: str, bytes: bytes}.get(kind)
        if plain and (not isinstance(given, plain) or (plain is int and isinstance(given, bool))):
            raise InvalidArgument(f"{name} is of kind {plain.__name__}, not {type(given).__name__}")
