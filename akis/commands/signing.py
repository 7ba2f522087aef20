"""MSE SET for signing and PSO COMPUTE DIGITAL SIGNATURE (ISO/IEC 7816-4:2005 §7.5.11, ISO/IEC 7816-8:2004 §11.1)."""

from __future__ import annotations

from akis.codec.apdu import CommandApdu
from akis.codec.tlv import Tlv, build
from akis.commands.security import ALGORITHM, MSE
from akis.errors import InvalidArgument

PSO = 0x2A
SIGNATURE = 0x9E
"""P1 of PSO: a digital signature comes out."""
INPUT = 0x9A
"""P2 of PSO: what is to be signed goes in."""
SIGNATURE_TEMPLATE = 0xB6
"""The control reference template for digital signatures."""
PRIVATE_KEY = 0x84
FILE = 0x81


def mse_set_signature(key: int, algorithm: int | None = None) -> CommandApdu:
    """MSE SET of the control reference template B6 for computing: algorithm, where one is named, and key reference."""
    objects = [Tlv(ALGORITHM, _byte("an algorithm", algorithm))] if algorithm is not None else []
    template = build([*objects, Tlv(PRIVATE_KEY, _byte("a key", key))])
    # ISO/IEC 7816-4:2005 §7.5.11, tables 78 and 79: P1 = 41 sets for computation, P2 names the template.
    return CommandApdu(0x00, MSE, 0x41, SIGNATURE_TEMPLATE, template)


def mse_set_key(key: int) -> CommandApdu:
    """MSE with the key alone, in P2 (AKİS 1.0)."""
    return CommandApdu(0x00, MSE, 0xC3, _byte("a key", key)[0])


def compute_signature(content: bytes, ne: int = 0x100) -> CommandApdu:
    """PSO COMPUTE DIGITAL SIGNATURE of ``content``: a hash, a DigestInfo or a padded block, as the card has it."""
    if not content:
        raise InvalidArgument("COMPUTE DIGITAL SIGNATURE carries what is to be signed")
    return CommandApdu(0x00, PSO, SIGNATURE, INPUT, content, ne)


def _byte(what: str, reference: int) -> bytes:
    if not isinstance(reference, int) or not 0 <= reference <= 0xFF:
        raise InvalidArgument(f"{what} reference is one byte")
    return bytes((reference,))
