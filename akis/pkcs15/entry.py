"""What all entries of PKCS #15 directory files have in common (PKCS #15 v1.1 §6.1.8, §6.1.9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from asn1crypto import core

from akis.pkcs15.der import Opaque, names, number, present, text
from akis.pkcs15.path import Path, PathSchema, read_path

LONGEST_LABEL = 255


class CommonFlags(core.BitString):
    _map = {0: "private", 1: "modifiable", 2: "internal"}


class CommonSchema(core.Sequence):
    """CommonObjectAttributes; what follows authId is not read."""

    _fields = [
        ("label", core.UTF8String, {"optional": True}),
        ("flags", CommonFlags, {"optional": True}),
        ("auth_id", core.OctetString, {"optional": True}),
        ("user_consent", core.Integer, {"optional": True}),
    ]


class ValueSchema(core.Choice):
    """ObjectValue: where the object is, or the object itself."""

    _alternatives = [
        ("path", PathSchema),
        ("url", core.PrintableString),
        ("url_with_digest", Opaque, {"implicit": 3}),
        # ObjectValue is a parameterized type, so its tags are explicit whatever the module says (ITU-T X.680 §31.2.7):
        # the bytes inside [0] are the whole object.
        ("direct", Opaque, {"implicit": 0}),
        ("indirect_protected", Opaque, {"implicit": 1}),
        ("direct_protected", Opaque, {"implicit": 2}),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What every entry has: a label for people, whether reading needs a PIN, and which one protects its use.

    ``protected_by`` is the ``id`` of an entry of the AODF, empty where nothing protects it.
    """

    label: str = ""
    private: bool = False
    modifiable: bool = False
    protected_by: bytes = b""
    user_consent: int | None = None
    """How many uses one VERIFY is good for; 1 means a PIN for every signature."""

    def common(self) -> CommonSchema:
        """These fields as ASN.1."""
        fields: dict[str, Any] = {}
        if self.label:
            fields["label"] = self.label
        if flags := {name for name in ("private", "modifiable") if getattr(self, name)}:
            fields["flags"] = flags
        if self.protected_by:
            fields["auth_id"] = self.protected_by
        if self.user_consent is not None:
            fields["user_consent"] = self.user_consent
        # asn1crypto takes one without fields for one that was forgotten.
        return CommonSchema(fields) if fields else CommonSchema.load(b"\x30\x00")


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherEntry(Entry):
    """An entry of a kind that is not read further, by the name PKCS #15 has for it."""

    kind: str


def read_common(found: CommonSchema) -> dict[str, Any]:
    """The fields of :class:`Entry` from ASN.1."""
    flags = names(found["flags"])
    return {
        "label": text(found["label"]) if present(found["label"]) else "",
        "private": "private" in flags,
        "modifiable": "modifiable" in flags,
        "protected_by": found["auth_id"].native or b"",
        # ISO/IEC 7816-15:2004 §8.2.7: the bound is the card's, two bytes are more than any signs after one PIN.
        "user_consent": number(found["user_consent"], 0, 0xFFFF, "an entry"),
    }


def path_of(value: ValueSchema) -> Path | None:
    """The path in an ObjectValue; None where the object is elsewhere, or in the entry itself."""
    return read_path(value.chosen) if value.name == "path" else None


def value_at(path: Path | None) -> ValueSchema:
    """An ObjectValue that is somewhere; an empty path where it has no place of its own, such as a key on the card."""
    return ValueSchema("path", (path or Path(b"")).schema())
