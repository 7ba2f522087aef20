"""What a certificate may be used for: the extensions that say so (RFC 5280 §4.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from akis.codec.tlv import Tlv
from akis.errors import CodecError
from akis.pkcs15 import oids
from akis.pkcs15.parts import BIT_STRING, BOOLEAN, OCTET_STRING, SEQUENCE, inside, number, oid, one, parts, string
from akis.pkcs15.qc_statements import QcStatements, read_qc_statements

KEY_USAGE, BASIC_CONSTRAINTS, POLICIES, EXTENDED_KEY_USAGE = "2.5.29.15", "2.5.29.19", "2.5.29.32", "2.5.29.37"
QC_STATEMENTS = "1.3.6.1.5.5.7.1.3"
_CPS, _NOTICE = "1.3.6.1.5.5.7.2.1", "1.3.6.1.5.5.7.2.2"


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy under which the certificate was issued: identifier, where it can be read, what it tells the user."""

    oid: str
    addresses: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extensions:
    """What the extensions say; None, or nothing in a list, where there is no such extension.

    ``key_usage`` is of :data:`akis.pkcs15.oids.KEY_USAGES`, ``purposes`` are object identifiers of extended key usage.
    ``others`` are the extensions that are not read here, ``critical`` those of them that nobody may overlook.
    """

    key_usage: tuple[str, ...] | None = None
    purposes: tuple[str, ...] = ()
    policies: tuple[Policy, ...] = ()
    authority: bool | None = None
    statements: QcStatements | None = None
    others: tuple[str, ...] = ()
    critical: tuple[str, ...] = ()


def read_extensions(raw: bytes) -> tuple[Extensions, tuple[str, ...]]:
    """The extensions as far as they can be read, and what is wrong with the rest; ``raw`` is field [3] with its tag.

    Raises :class:`CodecError` where there is no list of extensions at all.
    """
    field = next(parts(raw), None)
    listed = None if field is None else next(parts(field.value), None)
    if listed is None or listed.tag != SEQUENCE:
        raise CodecError("the extensions are not a list")
    found: dict[str, Any] = {}
    others: list[str] = []
    overlooked: list[str] = []
    problems: list[str] = []
    seen: set[str] = set()
    for item in parts(listed.value):
        try:
            identifier, critical, value = _extension(item.value)
        except CodecError:
            problems.append("one of its extensions cannot be read")
            continue
        if identifier in seen:
            problems.append(f"the extension {identifier} is there more than once")
            continue
        seen.add(identifier)
        known = _READERS.get(identifier)
        if known is None:
            others.append(identifier)
            if critical:
                overlooked.append(identifier)
            continue
        name, label, read = known
        try:
            found[name] = read(value)
        except CodecError:
            problems.append(f"{label} cannot be read")
    return Extensions(**found, others=tuple(others), critical=tuple(overlooked)), tuple(problems)


def _extension(raw: bytes) -> tuple[str, bool, bytes]:
    fields = inside(raw, "an extension")
    if not 2 <= len(fields) <= 3 or fields[-1].tag != OCTET_STRING or (len(fields) == 3 and fields[1].tag != BOOLEAN):
        raise CodecError("an extension has not its layout")
    critical = len(fields) == 3 and any(fields[1].value)
    return oid(fields[0], "an extension"), critical, fields[-1].value


def _key_usage(raw: bytes) -> tuple[str, ...]:
    value = one(raw, BIT_STRING, "the key usage").value
    if not 1 <= len(value) <= 3 or value[0] > 7:
        raise CodecError("the key usage has not its layout")
    bits = "".join(f"{byte:08b}" for byte in value[1:])
    return tuple(name for name, bit in zip(oids.KEY_USAGES, bits, strict=False) if bit == "1")


def _purposes(raw: bytes) -> tuple[str, ...]:
    return tuple(oid(item, "a purpose") for item in one(raw, SEQUENCE, "the purposes"))


def _authority(raw: bytes) -> bool:
    fields = one(raw, SEQUENCE, "the basic constraints").children
    if fields and fields[0].tag == BOOLEAN:
        return any(fields[0].value)
    if fields:
        number(fields[0], "the basic constraints")
    return False


def _policies(raw: bytes) -> tuple[Policy, ...]:
    return tuple(_policy(item) for item in one(raw, SEQUENCE, "the policies"))


def _policy(item: Tlv) -> Policy:
    identifier = oid(next(iter(item), None), "a policy")
    addresses, notices = [], []
    for qualifier in item.children[1].children if len(item.children) > 1 else ():
        if len(qualifier.children) != 2:
            raise CodecError("a policy has not its layout")
        kind, value = qualifier.children
        match oid(kind, "a policy"):
            case oids_kind if oids_kind == _CPS:
                addresses.append(string(value))
            case oids_kind if oids_kind == _NOTICE:
                notices += [string(text) for text in value if not text.constructed]
    return Policy(identifier, tuple(addresses), tuple(notices))


_READERS: Mapping[str, tuple[str, str, Callable[[bytes], Any]]] = {
    KEY_USAGE: ("key_usage", "its key usage", _key_usage),
    EXTENDED_KEY_USAGE: ("purposes", "its extended key usage", _purposes),
    POLICIES: ("policies", "its policies", _policies),
    BASIC_CONSTRAINTS: ("authority", "its basic constraints", _authority),
    QC_STATEMENTS: ("statements", "its statements of a qualified certificate", read_qc_statements),
}
"""The extensions that are read: field of :class:`Extensions`, name in a problem, reader."""
