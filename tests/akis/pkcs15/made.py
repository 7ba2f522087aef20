"""Certificates for the tests, made with the cryptography package or, where that refuses, put together by hand."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from akis.codec.tlv import Tlv, build

KEY = ec.derive_private_key(0x1234567890, ec.SECP256R1())
BEGINS, ENDS = datetime(2024, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
HOLDER = x509.Name(
    [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "TR"),
        x509.NameAttribute(NameOID.SERIAL_NUMBER, "10000000146"),
        x509.NameAttribute(NameOID.COMMON_NAME, "Işıl İĞNECİOĞLU ÇAĞDAŞ"),
    ]
)
ISSUER = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Deneme Kök Sağlayıcısı")])
COMPLIANCE, SSCD, SIGNATURES = "3008 0606 04008E460101", "3008 0606 04008E460104", "06 07 04008E46010601"
FOR_SIGNATURES = "3013 0606 04008E460106 3009 " + SIGNATURES
TURKISH = "300D 060B 6086180 13D 0001 A74E 0101"  # 2.16.792.1.61.0.1.5070.1.1


def statements(*parts: str) -> bytes:
    """The value of the extension qcStatements, from its statements in hex."""
    inner = b"".join(map(unhex, parts))
    return bytes((0x30, len(inner))) + inner


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.replace(" ", ""))


def usage(non_repudiation: bool = True, signing: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(False, non_repudiation, False, False, False, signing, signing, False, False)


def certificate(
    *extensions: x509.ExtensionType,
    holder: x509.Name = HOLDER,
    serial: int = 0x0123456789,
    begins: datetime = BEGINS,
    ends: datetime = ENDS,
) -> bytes:
    """A signed certificate, DER."""
    builder = x509.CertificateBuilder(ISSUER, holder, KEY.public_key(), serial, begins, ends)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(KEY, hashes.SHA256(), ecdsa_deterministic=True).public_bytes(Encoding.DER)


def qualified(*more: str) -> bytes:
    """A qualified signature certificate, with these statements besides compliance and device."""
    stated = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3"), statements(COMPLIANCE, SSCD, *more))
    return certificate(usage(), x509.BasicConstraints(ca=False, path_length=None), stated)


def by_hand(changed: dict[int, Tlv | None], raw: bytes | None = None) -> bytes:
    """A certificate in which fields of the signed part, by their number, are others or gone; its signature is wrong."""
    [whole] = [Tlv(0x30, _children(raw or certificate()))]
    signed, *rest = whole.children
    fields = [changed.get(number, item) for number, item in enumerate(signed.children)]
    return build([Tlv(0x30, [Tlv(0x30, [item for item in fields if item is not None]), *rest])])


def _children(raw: bytes) -> tuple[Tlv, ...]:
    from akis.codec.tlv import parse

    return parse(raw)[0].children


VERSION, SERIAL, ALGORITHM, NAME_OF_ISSUER, VALIDITY, NAME_OF_HOLDER, PUBLIC_KEY, EXTENSIONS = range(8)
"""The numbers of the fields."""
