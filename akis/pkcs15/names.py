"""Names of people and issuers in certificates (RFC 5280 §4.1.2.4)."""

from __future__ import annotations

from dataclasses import dataclass

from akis.codec.tlv import Tlv
from akis.errors import CodecError
from akis.pkcs15.oids import ATTRIBUTES
from akis.pkcs15.parts import SEQUENCE, SET, oid, one, string


@dataclass(frozen=True, slots=True)
class Name:
    """A distinguished name: pairs of attribute type and text, in the order in which they stand.

    A type is its usual abbreviation (``CN``, ``O``, ``C``, ``serialNumber``), or its object identifier.
    """

    attributes: tuple[tuple[str, str], ...]

    def first(self, kind: str) -> str | None:
        """The first attribute of this type."""
        return next((text for name, text in self.attributes if name == kind), None)

    @property
    def common_name(self) -> str:
        """What people call it: the common name, else the pseudonym, given name and surname, or organization."""
        person = " ".join(text for name, text in self.attributes if name in ("givenName", "SN"))
        return self.first("CN") or self.first("pseudonym") or person or self.first("O") or str(self)

    def __str__(self) -> str:
        """All of it, ``CN=…, O=…, C=TR``; characters with a meaning are escaped (RFC 4514 §2.4)."""
        return ", ".join(f"{name}={_escaped(text)}" for name, text in self.attributes)


def read_name(raw: bytes, what: str) -> Name:
    """The name that is the whole of ``raw``, DER; :class:`CodecError` names ``what`` where it is none."""
    attributes = []
    for relative in one(raw, SEQUENCE, what):
        if relative.tag != SET or not relative.children:
            raise CodecError(f"{what} is not a name")
        attributes += [_attribute(item, what) for item in relative]
    return Name(tuple(attributes))


def _attribute(item: Tlv, what: str) -> tuple[str, str]:
    if item.tag != SEQUENCE or len(item.children) != 2:
        raise CodecError(f"{what} holds something that is not an attribute")
    kind, value = item.children
    identifier = oid(kind, what)
    text = f"#{value.to_bytes().hex().upper()}" if value.constructed else string(value)
    return ATTRIBUTES.get(identifier, identifier), text


def _escaped(text: str) -> str:
    escaped = "".join(f"\\{letter}" if letter in '\\,+"<>;=' else letter for letter in text)
    return f"\\{escaped}" if escaped[:1] in ("#", " ") else escaped
