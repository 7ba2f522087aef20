"""The published exchanges, read from the file that AKIS_PUBLISHED_VECTORS names. Its bytes belong to others: none is
copied here."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from akis.codec import tlv
from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.profile.model import SmRules
from akis.sm import CardSession, SecureSession, Suite

VARIABLE = "AKIS_PUBLISHED_VECTORS"
REASON = f"{VARIABLE} names no file of published exchanges"

Vector = dict[str, Any]
unhex = bytes.fromhex


def load() -> list[Vector]:
    """All vectors of the file; none where the variable is not set."""
    name = os.environ.get(VARIABLE)
    if not name:
        return []
    document = json.loads(Path(name).read_text(encoding="utf-8"))
    assert document["format"] == "akis-published-vectors/1"
    return list(document["vectors"])


def command(vector: Vector, name: str) -> CommandApdu:
    return CommandApdu.from_bytes(unhex(vector[name]))


def response(vector: Vector, name: str) -> ResponseApdu:
    return ResponseApdu.from_bytes(unhex(vector[name]))


def suite_of(vector: Vector) -> Suite:
    return Suite.AES if vector["algorithm"].startswith("AES") else Suite.TDES


def is_defective(vector: Vector) -> bool:
    """Whether it comes from a peer that is known to be wrong."""
    return "BUGGY" in vector["id"] or "expect_error" in vector


def tags(data: bytes) -> dict[int, bytes]:
    return {found.tag: found.content for found in tlv.parse(data)}


def rules_of(vector: Vector) -> SmRules:
    """Which rules the peer of an exchange follows, from its protected command and the plain one."""
    plain, protected = command(vector, "plain_command"), command(vector, "protected_command")
    objects = tags(protected.data)
    # A checksum does not show how the header was padded: the file says so.
    padding = vector.get("policy", {}).get("case1_mac_padding", "")
    extended_for_nothing = protected.extended and not plain.extended and len(protected.data) <= 255
    whatever_fits = 65536 if protected.extended else 256
    return SmRules(
        case1_padding="double" if padding.startswith("double") else "single",
        extend="with_le" if extended_for_nothing else "needed",
        do97="minimal" if plain.extended and len(objects.get(0x97, b"")) == 1 else "follow",
        outer_le="always" if protected.ne == whatever_fits else "follow",
        do87_when_empty=not plain.data and not objects.keys().isdisjoint((0x85, 0x87)),
        mac_length=len(objects[0x8E]),
    )


def sides(vector: Vector, rules: SmRules | None = None, step: int = 0) -> tuple[SecureSession, CardSession]:
    """Terminal and card with the keys of a vector, the counter ``step`` away from the one it gives."""
    suite = suite_of(vector)
    start = (int(vector["ssc"], 16) + step) % (1 << 8 * suite.block)
    keys = unhex(vector["keys"]["KSenc"]), unhex(vector["keys"]["KSmac"]), start.to_bytes(suite.block, "big")
    return SecureSession(suite, *keys, rules), CardSession(suite, *keys, rules)
