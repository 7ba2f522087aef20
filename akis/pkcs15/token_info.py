"""EF.TokenInfo: what the application says about the card (PKCS #15 v1.1 §6.9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from asn1crypto import core

from akis.pkcs15.der import Opaque, decode, names, number, only_object, present, reading, text

TOKEN_FLAGS = ("readonly", "login-required", "prn-generation", "eid-compliant")
OPERATIONS = (
    "compute-checksum",
    "compute-signature",
    "verify-checksum",
    "verify-signature",
    "encipher",
    "decipher",
    "hash",
    "generate-key",
)
"""Like :data:`TOKEN_FLAGS` in the order of their bits, the first is the most significant one."""

# PKCS #11 counts its mechanisms on 32 bits.
_LARGEST = 0xFFFFFFFF


class _Flags(core.BitString):
    _map = dict(enumerate(TOKEN_FLAGS))


class _Operations(core.BitString):
    _map = dict(enumerate(OPERATIONS))


class _AlgorithmInfo(core.Sequence):
    _fields = [
        ("reference", core.Integer),
        ("mechanism", core.Integer),
        ("parameters", core.Any),
        ("operations", _Operations),
        ("oid", core.ObjectIdentifier, {"optional": True}),
        ("card_reference", core.Integer, {"optional": True}),
    ]


class _Algorithms(core.SequenceOf):
    _child_spec = _AlgorithmInfo


class _TokenInfo(core.Sequence):
    _fields = [
        ("version", core.Integer),
        ("serial", core.OctetString, {"optional": True}),  # ISO/IEC 7816-15 lets it out
        ("manufacturer", core.UTF8String, {"optional": True}),
        ("label", core.UTF8String, {"implicit": 0, "optional": True}),
        ("flags", _Flags),
        ("environments", Opaque, {"optional": True}),
        ("records", Opaque, {"implicit": 1, "optional": True}),
        ("algorithms", _Algorithms, {"implicit": 2, "optional": True}),
    ]


@dataclass(frozen=True, slots=True)
class Algorithm:
    """Something the card computes.

    ``reference`` is what key entries call it by, ``mechanism`` its number in PKCS #11, ``operations`` are of
    :data:`OPERATIONS`. ``oid`` and ``card_reference``, what MSE calls it by, are None where the card does not say.
    """

    reference: int
    mechanism: int
    operations: frozenset[str]
    oid: str | None = None
    card_reference: int | None = None


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """The card, in its own words; ``flags`` are of :data:`TOKEN_FLAGS`, texts are empty where it says nothing."""

    serial: bytes
    label: str = ""
    manufacturer: str = ""
    flags: frozenset[str] = frozenset()
    version: int = 0
    algorithms: tuple[Algorithm, ...] = ()

    def to_bytes(self) -> bytes:
        """The content of EF.TokenInfo."""
        fields: dict[str, Any] = {"version": self.version, "flags": set(self.flags)}
        if self.serial:
            fields["serial"] = self.serial
        if self.manufacturer:
            fields["manufacturer"] = self.manufacturer
        if self.label:
            fields["label"] = self.label
        if self.algorithms:
            fields["algorithms"] = [_algorithm(item) for item in self.algorithms]
        return bytes(_TokenInfo(fields).dump())


def read_token_info(raw: bytes) -> TokenInfo:
    """The content of EF.TokenInfo; raises :class:`CodecError` where it is not one."""
    found = decode(_TokenInfo, only_object(raw, "EF.TokenInfo"), "EF.TokenInfo")
    with reading("EF.TokenInfo"):
        listed = found["algorithms"] if present(found["algorithms"]) else ()
        return TokenInfo(
            serial=found["serial"].native or b"",
            label=text(found["label"]) if present(found["label"]) else "",
            manufacturer=text(found["manufacturer"]) if present(found["manufacturer"]) else "",
            flags=names(found["flags"]),
            version=number(found["version"], 0, 0xFF, "EF.TokenInfo") or 0,
            algorithms=tuple(
                Algorithm(
                    number(item["reference"], 0, _LARGEST, "EF.TokenInfo") or 0,
                    number(item["mechanism"], 0, _LARGEST, "EF.TokenInfo") or 0,
                    names(item["operations"]),
                    item["oid"].native,
                    number(item["card_reference"], 0, _LARGEST, "EF.TokenInfo"),
                )
                for item in listed
            ),
        )


def _algorithm(algorithm: Algorithm) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "reference": algorithm.reference,
        "mechanism": algorithm.mechanism,
        "parameters": core.Null(),
        "operations": set(algorithm.operations),
    }
    if algorithm.oid is not None:
        fields["oid"] = algorithm.oid
    if algorithm.card_reference is not None:
        fields["card_reference"] = algorithm.card_reference
    return fields
