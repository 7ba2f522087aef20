"""What one card differs from another in, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin, get_type_hints

from akis.codec import pin_block
from akis.codec.file_path import FilePath, checked_path
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
    where none is known: the PIN object ("get_data"), tag 90 of the application's FCI ("fci"), which knows the last try
    and no other number, or a VERIFY without data; ``empty_verify`` says whether that is free here.

    ``change_p1`` and ``change_reference`` are P1 and P2 of CHANGE REFERENCE DATA with old and new value, P2 being
    ``reference`` where it is None. ``locked_sw`` is what the card answers once the counter is at zero, besides 6983 and
    63C0. ``logout`` takes the verification back by VERIFY with P1 = FF ("verify"), or by `80 1A 00 00` ("card"), which
    takes back all there is. ``reset`` says whether RESET RETRY COUNTER is known to work as ISO/IEC 7816-4 has it
    ("iso"); with "none" it is never sent, nor is anything with a PUK.
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
    tries_by: Literal["get_data", "fci", "empty_verify", "none"]
    empty_verify: Literal["free", "unknown"]
    change_p1: int = 0x00
    change_reference: int | None = None
    locked_sw: int = 0x6983
    logout: Literal["verify", "card"] = "verify"
    reset: Literal["iso", "none"] = "iso"

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
        if not 0 <= self.change_p1 <= 0xFF or not 0 <= (self.change_reference or 0) <= 0xFF:
            raise InvalidArgument("change_p1 and change_reference are one byte each")
        if self.change_p1 == 0x01 and self.change == "concatenated":
            # ISO/IEC 7816-4:2005 §7.5.7: with P1 = 01 the card takes all of it for the new value.
            raise InvalidArgument("change_p1 is 01, by which concatenated values would both become the new one")
        # A word that means something else, 9000 or 63CX above all, would turn what the card says upside down.
        if self.locked_sw not in (0x6983, 0x6984):
            raise InvalidArgument("locked_sw is 0x6983 or 0x6984")

    @property
    def change_place(self) -> tuple[int, int]:
        """P1 and P2 of CHANGE REFERENCE DATA with old and new value."""
        return self.change_p1, self.reference if self.change_reference is None else self.change_reference

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
class SignRules:
    """How a card signs: MSE SET chooses the key, PSO COMPUTE DIGITAL SIGNATURE uses it (ISO/IEC 7816-8).

    ``mse`` is the form of the first: "41B6" with a control reference template of algorithm and key
    (`00 22 41 B6 {80 algorithm, 84 key}`), "22C3" with the key alone (`00 22 C3 key`, no data). ``algorithms`` has the
    algorithm byte of each mechanism that the card does by itself, such as ``rsa-pkcs1-sha256``. With ``raw`` the card
    only exponentiates: the terminal sends the padded block, as long as the modulus. ``fresh_verify``: each signature
    needs a VERIFY right before it. ``max_data`` bytes of input go into one command, more are chained.
    """

    mse: Literal["41B6", "22C3"]
    algorithms: Mapping[str, int]
    raw: bool
    fresh_verify: bool
    max_data: int

    def __post_init__(self) -> None:
        check_fields(self)
        if not isinstance(self.algorithms, Mapping) or not all(
            isinstance(name, str) and type(byte) is int and 0 <= byte <= 0xFF for name, byte in self.algorithms.items()
        ):
            raise InvalidArgument("algorithms maps names of mechanisms to one byte each")
        if self.mse == "22C3" and (self.algorithms or not self.raw):
            raise InvalidArgument("mse 22C3 names no algorithm: raw is true and algorithms is empty")
        if not self.raw and not self.algorithms:
            raise InvalidArgument("raw is false, but algorithms names nothing that the card does by itself")
        if not 1 <= self.max_data <= 0xFFFF:
            raise InvalidArgument("max_data is 1 to 65535")


@dataclass(frozen=True, slots=True)
class CardProfile:
    """All that the driver must know of a kind of card.

    ``application`` is the name of the DF that holds PIN and keys, None where the card is asked for it by
    ``application_path``: file identifiers from the MF, the MF itself left out. ``max_data`` is the most bytes a command
    carries. ``life_cycles`` maps the life-cycle byte to its name, ``status_words`` the card's own ones to their
    meaning. ``secure_messaging`` is None on a card that is not known to have any, ``signing`` on one of which nothing
    is known. ``certificates`` are paths, as above, at which certificates may be.
    ``sources`` says for each value, by its dotted name, how sure it is, beginning with one of :data:`SOURCES`.
    """

    name: str
    application: bytes | None
    max_data: int
    extended_length: bool
    serial: DataField
    life_cycle: DataField
    life_cycles: Mapping[str, str]
    pin: PinRules
    puk: PinRules
    secure_messaging: SmRules | None
    status_words: Mapping[str, str]
    application_path: FilePath = (0x3D00,)
    signing: SignRules | None = None
    certificates: tuple[FilePath, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict, metadata={"in_file": False})

    def __post_init__(self) -> None:
        check_fields(self)
        if self.application is not None and not 1 <= len(self.application) <= 16:
            raise InvalidArgument("application is 1 to 16 bytes")
        check_path("application_path", self.application_path)
        if not isinstance(self.certificates, tuple):
            raise InvalidArgument("certificates is a tuple of paths")
        for path in self.certificates:
            check_path("certificates", path)
        if self.application is None and not self.application_path:
            raise InvalidArgument("neither application nor application_path says where PIN and keys are")
        if not all(self.certificates):
            raise InvalidArgument("certificates holds a path of no file")
        same_change = self.pin.change_place == self.puk.change_place
        if self.pin.reference == self.puk.reference or self.pin.object == self.puk.object or same_change:
            raise InvalidArgument("pin and puk have references and objects of their own")
        if not 1 <= self.max_data <= (0xFFFF if self.extended_length else 0xFF):
            raise InvalidArgument("max_data is 1 to 255, or to 65535 with extended length")
        if self.puk.tries_by == "fci":
            raise InvalidArgument("puk.tries_by is fci, whose flags are those of the PIN")
        if self.pin.reset == "iso" and self.puk.reset == "none":
            raise InvalidArgument("puk.reset is none, but pin.reset is iso")

    @property
    def assumed(self) -> tuple[str, ...]:
        """The names of the values that no public source confirms."""
        return tuple(name for name, source in self.sources.items() if source.startswith("assumed"))


def check_path(name: str, path: FilePath) -> None:
    """Raise :class:`InvalidArgument` where the field ``name`` is no tuple of file identifiers below the MF."""
    try:
        below = checked_path(path)
    except InvalidArgument as error:
        raise InvalidArgument(f"{name}: {error}") from None
    if below != path:
        raise InvalidArgument(f"{name}: a path starts below the MF, without 3F00")


def check_fields(value: Any) -> None:
    """Raise :class:`InvalidArgument` where a text, number, truth value or choice is not what its field declares."""
    for name, kind in get_type_hints(type(value)).items():
        given = getattr(value, name)
        choices = get_args(kind) if get_origin(kind) is Literal else ()
        if choices and given not in choices:
            raise InvalidArgument(f"{name} is {' or '.join(choices)}")
        if given is None and type(None) in get_args(kind):
            continue
        plain = {int: int, int | None: int, bool: bool, str: str, bytes: bytes, bytes | None: bytes}.get(kind)
        if plain and (not isinstance(given, plain) or (plain is int and isinstance(given, bool))):
            raise InvalidArgument(f"{name} is of kind {plain.__name__}, not {type(given).__name__}")
