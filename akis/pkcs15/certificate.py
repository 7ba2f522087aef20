"""X.509 certificates as they are on cards: what can be read of one, however damaged the rest is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from akis.errors import CodecError, WrongType
from akis.pkcs15 import oids
from akis.pkcs15.extensions import Extensions, read_extensions
from akis.pkcs15.names import Name, read_name
from akis.pkcs15.parts import BIT_STRING, INTEGER, SEQUENCE, Part, number, oid, one, parts
from akis.pkcs15.validity import Validity, read_validity

T = TypeVar("T")
_LONGEST_SERIAL = 20
_EXPLICIT_VERSION, _EXTENSIONS = 0xA0, 0xA3


@dataclass(frozen=True, slots=True, repr=False)
class Certificate:
    """A certificate; what cannot be read of it is None, and ``problems`` says why, each a sentence without a full stop.

    ``der`` is its bytes, without what a file has behind them. ``serial`` may be negative or of any size on a broken
    one. ``key`` and ``signed_with`` are for people: ``RSA, 2048 bits``, ``SHA-256 with RSA``.
    """

    der: bytes
    holder: Name | None = None
    issuer: Name | None = None
    serial: int | None = None
    validity: Validity = field(default_factory=lambda: Validity(None, None))
    key: str | None = None
    signed_with: str | None = None
    extensions: Extensions = field(default_factory=Extensions)
    problems: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether these are the bytes of one object to its end; whether it says what it should is another question."""
        found = next(parts(self.der), None)
        return found is not None and found.tag == SEQUENCE and not found.missing

    @property
    def serial_text(self) -> str | None:
        """The serial number in hex, two digits a byte."""
        if self.serial is None:
            return None
        digits = f"{abs(self.serial):X}"
        return ("-" if self.serial < 0 else "") + digits.zfill(len(digits) + len(digits) % 2)

    def __repr__(self) -> str:
        return f"Certificate({len(self.der)} bytes, {len(self.problems)} problems)"


def read_certificate(raw: bytes) -> Certificate:
    """What the bytes of a certificate, or of a file with one, say. Nothing in them is an error.

    The signature is not checked: that takes the issuer's certificate.
    """
    if not isinstance(raw, bytes | bytearray | memoryview):
        raise WrongType(f"a certificate is read from bytes, not from {type(raw).__name__}")
    raw = bytes(raw)
    whole = next(parts(raw), None)
    if whole is None or whole.tag != SEQUENCE:
        return Certificate(raw, problems=("these are not the bytes of a certificate",))
    reader = _Reader(whole.raw)
    behind = raw[len(whole.raw) :]
    if whole.missing:
        reader.problems.append(f"it is cut off, {_count(whole.missing)} missing")
    elif behind.strip(b"\x00\xff"):
        reader.problems.append(f"behind it {_count(len(behind))} no part of it")
    return reader.read(whole)


class _Reader:
    """Collects what can be read and what cannot."""

    def __init__(self, der: bytes) -> None:
        self.der = der
        self.problems: list[str] = []

    def read(self, whole: Part) -> Certificate:
        outer = list(parts(whole.value))
        if not outer or outer[0].tag != SEQUENCE:
            self.problems.append("it has not the layout of a certificate")
            return Certificate(self.der, problems=tuple(self.problems))
        fields = list(parts(outer[0].value))
        if fields and fields[0].tag == _EXPLICIT_VERSION:
            fields.pop(0)
        # RFC 5280 §4.1: serial number, algorithm, issuer, validity, subject, public key; then what has tags.
        plain = [item for item in fields if not item.tag & 0x80]
        serial = self._field(plain, 0, "the serial number", self._serial)
        signed_with = self._field(plain, 1, "the signature algorithm", _signed_with)
        issuer = self._field(plain, 2, "the issuer's name", lambda raw: read_name(raw, "the issuer's name"))
        validity = self._field(plain, 3, "the validity", self._validity)
        holder = self._field(plain, 4, "the holder's name", lambda raw: read_name(raw, "the holder's name"))
        key = self._field(plain, 5, "the public key", _key)
        tagged = [item for item in fields if item.tag == _EXTENSIONS]
        extensions = self._field(tagged, 0, "the extensions", self._extensions) if tagged else None
        if len(outer) < 3 and not any(item.missing for item in outer):
            self.problems.append("it is not signed")
        return Certificate(
            self.der,
            holder,
            issuer,
            serial,
            validity or Validity(None, None),
            key,
            signed_with,
            extensions or Extensions(),
            tuple(self.problems),
        )

    def _field(self, fields: list[Part], at: int, what: str, read: Callable[[bytes], T]) -> T | None:
        """A field by its place, or None and a problem more."""
        if at >= len(fields):
            self.problems.append(f"{what} is missing")
            return None
        item = fields[at]
        if item.missing and item.tag != _EXTENSIONS:
            self.problems.append(f"{what} is cut off")
            return None
        try:
            return read(item.raw)
        except CodecError:
            self.problems.append(f"{what} cannot be read")
            return None

    def _serial(self, raw: bytes) -> int:
        item = one(raw, INTEGER, "the serial number")
        found = number(item, "the serial number")
        # RFC 5280 §4.1.2.2: positive, at most 20 bytes.
        if len(item.value) > _LONGEST_SERIAL:
            self.problems.append(
                f"the serial number has {len(item.value)} bytes, at most {_LONGEST_SERIAL} are allowed"
            )
        if found <= 0:
            self.problems.append("the serial number is not positive")
        return found

    def _validity(self, raw: bytes) -> Validity:
        found, problems = read_validity(raw)
        self.problems += problems
        return found

    def _extensions(self, raw: bytes) -> Extensions:
        found, problems = read_extensions(raw)
        self.problems += problems
        return found


def _count(number: int) -> str:
    return "1 byte is" if number == 1 else f"{number} bytes are"


def _signed_with(raw: bytes) -> str:
    identifier = oid(next(iter(one(raw, SEQUENCE, "the algorithm")), None), "the algorithm")
    return oids.SIGNATURES.get(identifier, f"unknown algorithm {identifier}")


def _key(raw: bytes) -> str:
    """The public key for people: its kind, and its size or curve where they can be told."""
    what = "the public key"
    fields = one(raw, SEQUENCE, what).children
    if len(fields) != 2 or fields[0].tag != SEQUENCE or not fields[0].children or fields[1].tag != BIT_STRING:
        raise CodecError(f"{what} has not its layout")
    algorithm = fields[0].children
    identifier = oid(algorithm[0], what)
    kind = oids.KEYS.get(identifier)
    if kind is None:
        return f"unknown algorithm {identifier}"
    if kind == "RSA":
        modulus = next(iter(one(fields[1].value[1:], SEQUENCE, what)), None)
        return f"RSA, {number(modulus, what).bit_length()} bits"
    if kind == "EC" and len(algorithm) > 1 and algorithm[1].tag == 0x06:
        curve = oid(algorithm[1], what)
        return f"EC, {oids.CURVES.get(curve, f'unknown curve {curve}')}"
    return kind
