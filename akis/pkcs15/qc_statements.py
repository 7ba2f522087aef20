"""What the issuer states about a qualified certificate (RFC 3739 §3.2.6, ETSI EN 319 412-5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from akis.codec.tlv import Tlv
from akis.errors import CodecError
from akis.pkcs15 import oids
from akis.pkcs15.parts import SEQUENCE, number, oid, one, string

_WHAT = "the statements of a qualified certificate"


@dataclass(frozen=True, slots=True)
class Limit:
    """The certificate is not for transactions above ``amount`` times ten to the ``exponent``, in this currency."""

    currency: str
    amount: int
    exponent: int

    def __str__(self) -> str:
        return (
            f"{self.amount}{'0' * self.exponent if 0 <= self.exponent <= 12 else f'E{self.exponent}'} {self.currency}"
        )


@dataclass(frozen=True, slots=True)
class QcStatements:
    """The extension ``qcStatements``; ``stated`` has every object identifier in it, known or not, in their order.

    ``types`` are what QcType names, of "signatures", "seals", "web sites", or an object identifier; ``disclosure`` are
    pairs of address and language; ``legislation`` country codes; ``semantics`` how names are to be understood, as an
    object identifier. ``unread`` are statements that are known and not as they should be.
    """

    stated: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    retention_years: int | None = None
    disclosure: tuple[tuple[str, str], ...] = ()
    types: tuple[str, ...] = ()
    legislation: tuple[str, ...] = ()
    semantics: str | None = None
    unread: tuple[str, ...] = ()

    def states(self, identifier: str) -> bool:
        """Whether this statement is made."""
        return identifier in self.stated

    @property
    def compliance(self) -> bool:
        """The issuer says that it is a qualified certificate."""
        return self.states(oids.QC_COMPLIANCE)

    @property
    def sscd(self) -> bool:
        """The issuer says that the key is in a device made for qualified signatures."""
        return self.states(oids.QC_SSCD)

    @property
    def turkish(self) -> bool:
        """It holds the statement of the Turkish regulator for a qualified certificate."""
        return self.states(oids.TURKISH_STATEMENT)


def read_qc_statements(raw: bytes) -> QcStatements:
    """The value of the extension; :class:`CodecError` where it is no list of statements."""
    stated: list[str] = []
    found: dict[str, Any] = {}
    unread = []
    for item in one(raw, SEQUENCE, _WHAT):
        if item.tag != SEQUENCE or not 1 <= len(item.children) <= 2:
            raise CodecError(f"{_WHAT} hold something else")
        identifier = oid(item.children[0], _WHAT)
        stated.append(identifier)
        try:
            found |= _about(identifier, item.children[1] if len(item.children) == 2 else None)
        except CodecError:
            unread.append(identifier)
    return QcStatements(stated=tuple(stated), unread=tuple(unread), **found)


def _about(identifier: str, info: Tlv | None) -> dict[str, Any]:
    """What a statement says besides that it is made."""
    match identifier:
        case oids.QC_LIMIT:
            return {"limits": (_limit(_listed(info)),)}
        case oids.QC_RETENTION:
            years = number(info, _WHAT)
            if not 0 <= years <= 1000:
                raise CodecError(f"{_WHAT} name a number of years that nobody keeps papers")
            return {"retention_years": years}
        case oids.QC_PDS:
            return {"disclosure": tuple(_location(item) for item in _listed(info))}
        case oids.QC_TYPE:
            named = [oid(item, _WHAT) for item in _listed(info)]
            return {"types": tuple(oids.QC_TYPES.get(name, name) for name in named)}
        case oids.QC_LEGISLATION:
            return {"legislation": tuple(_text(item) for item in _listed(info))}
        case oids.QC_SYNTAX_1 | oids.QC_SYNTAX_2 if info is not None:
            first = next(iter(_listed(info)), None)
            return {"semantics": oid(first, _WHAT)} if first is not None and first.tag == 0x06 else {}
    return {}


def _listed(info: Tlv | None) -> tuple[Tlv, ...]:
    if info is None or info.tag != SEQUENCE:
        raise CodecError(f"{_WHAT} lack what one of them needs")
    return info.children


def _limit(fields: tuple[Tlv, ...]) -> Limit:
    if len(fields) != 3:
        raise CodecError(f"{_WHAT} hold a limit without currency, amount and exponent")
    # ETSI EN 319 412-5 §4.3.2: the currency as three letters or three digits of ISO 4217.
    letters = fields[0].tag == 0x13
    currency = string(fields[0]) if letters else f"{number(fields[0], _WHAT):03d}"
    amount, exponent = number(fields[1], _WHAT), number(fields[2], _WHAT)
    if len(currency) != 3 or abs(amount) >> 64 or abs(exponent) > 99:
        raise CodecError(f"{_WHAT} hold a limit that no money has")
    return Limit(currency, amount, exponent)


def _location(item: Tlv) -> tuple[str, str]:
    if item.tag != SEQUENCE or len(item.children) != 2:
        raise CodecError(f"{_WHAT} hold a place without address and language")
    return _text(item.children[0]), _text(item.children[1])


def _text(item: Tlv) -> str:
    if item.tag not in (0x13, 0x16, 0x0C):
        raise CodecError(f"{_WHAT} hold something that is not text")
    return string(item)
