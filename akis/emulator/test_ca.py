"""A certification authority for tests, made at that moment: certificates as qualified signature cards carry them.

Nobody trusts it, its names are invented, and its keys are of no use to anybody. It makes certificates for the emulated
cards: a qualified one (NES) for a test holder, and for contrast an expired and an ordinary one.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from akis.codec.tlv import Tlv, build
from akis.errors import InvalidArgument

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
Random = Callable[[int], bytes]

QC_STATEMENTS = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3")
"""RFC 3739 §3.2.6."""
TEST_POLICY = x509.ObjectIdentifier("2.999.5070.1")
"""Beneath the arc for examples (ITU-T X.660): means nothing outside these tests."""
QCP_N_QSCD = x509.ObjectIdentifier("0.4.0.194112.1.2")
"""Qualified certificate of a natural person whose key is on a qualified device (ETSI EN 319 411-2 §5.3)."""
_CRL = "http://crl.example.test/issuing.crl"
_OCSP = "http://ocsp.example.test"
_ISSUER = "http://ca.example.test/issuing.cer"
_YEAR = timedelta(days=365)
# The order of P-256, below which its private keys are.
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True, slots=True)
class Holder:
    """Who a certificate is for; ``number`` stands in the serialNumber attribute of the name."""

    given_name: str
    surname: str
    number: str

    def __post_init__(self) -> None:
        # Upper bounds of RFC 5280, appendix A.1.
        if not (self.given_name and self.surname and len(self.common_name) <= 64):
            raise InvalidArgument("a holder has two names, up to 64 characters together")
        if not (1 <= len(self.number) <= 64 and self.number.isascii() and self.number.replace("-", "").isalnum()):
            raise InvalidArgument("a holder's number is 1 to 64 letters, digits and hyphens")

    @property
    def common_name(self) -> str:
        """Both names, as certificates show them."""
        return f"{self.given_name} {self.surname}"


HOLDER = Holder("Işıl Gülşen", "İĞNECİOĞLU ÇAĞDAŞ", "10000000146")
"""Nobody: the number is the one that examples of Turkish identity numbers use, with right check digits."""


class CertificateAuthority:
    """A root and an issuing authority, made at ``now``: :attr:`root`, :attr:`issuing`.

    ``random(n)`` gives n random bytes, for their keys (P-256) and all serial numbers; the same bytes and the same time
    make the same certificates. ``now`` has a time zone.
    """

    def __init__(self, now: datetime, random: Random = secrets.token_bytes) -> None:
        if now.tzinfo is None:
            raise InvalidArgument("now has a time zone")
        self.now = now.astimezone(UTC).replace(microsecond=0)
        self._random = random
        root_key, self._key = _key(random), _key(random)
        root_name = _authority_name("AKİS Deneme Kök Sertifika Hizmet Sağlayıcısı")
        self._name = _authority_name("AKİS Deneme Nitelikli Sertifika Hizmet Sağlayıcısı")
        usage = _usage(certificates=True)
        self.root = self._signed(
            root_name, root_name, root_key.public_key(), root_key, self._years(-1, 20), _authority(1, usage)
        )
        extensions = [(_known_by(root_key), False), *_authority(0, usage)]
        self.issuing = self._signed(
            self._name, root_name, self._key.public_key(), root_key, self._years(-1, 10), extensions
        )

    def qualified(self, key: PublicKey, holder: Holder = HOLDER) -> x509.Certificate:
        """A qualified signature certificate for ``key``, valid from now for three years."""
        return self._qualified(key, holder, self._years(0, 3))

    def expired(self, key: PublicKey, holder: Holder = HOLDER) -> x509.Certificate:
        """A qualified signature certificate that ended thirty days before now."""
        end = self.now - timedelta(days=30)
        return self._qualified(key, holder, (end - 3 * _YEAR, end))

    def ordinary(self, key: PublicKey, holder: Holder = HOLDER) -> x509.Certificate:
        """A certificate for signing in to web sites, valid for three years: nothing in it says qualified."""
        extensions = [
            (_usage(signature=True), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.EMAIL_PROTECTION]), False),
            (_policies([TEST_POLICY]), False),
            *_whereabouts(),
        ]
        return self._issued(key, holder, self._years(0, 3), extensions)

    def _qualified(self, key: PublicKey, holder: Holder, valid: tuple[datetime, datetime]) -> x509.Certificate:
        extensions = [
            # RFC 3739 §3.2.3: non-repudiation alone, where signatures are meant to bind their maker.
            (_usage(commitment=True), True),
            (_policies([QCP_N_QSCD, TEST_POLICY]), False),
            (x509.UnrecognizedExtension(QC_STATEMENTS, qc_statements()), False),
            *_whereabouts(),
        ]
        return self._issued(key, holder, valid, extensions)

    def _issued(
        self,
        key: PublicKey,
        holder: Holder,
        valid: tuple[datetime, datetime],
        extensions: Sequence[tuple[x509.ExtensionType, bool]],
    ) -> x509.Certificate:
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "TR"),
                x509.NameAttribute(NameOID.SERIAL_NUMBER, holder.number),
                x509.NameAttribute(NameOID.GIVEN_NAME, holder.given_name),
                x509.NameAttribute(NameOID.SURNAME, holder.surname),
                x509.NameAttribute(NameOID.COMMON_NAME, holder.common_name),
            ]
        )
        wanted = [(x509.BasicConstraints(ca=False, path_length=None), True), (_known_by(self._key), False), *extensions]
        return self._signed(subject, self._name, key, self._key, valid, wanted)

    def _signed(
        self,
        subject: x509.Name,
        issuer: x509.Name,
        key: PublicKey,
        signing_key: ec.EllipticCurvePrivateKey,
        valid: tuple[datetime, datetime],
        extensions: Sequence[tuple[x509.ExtensionType, bool]],
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            # RFC 5280 §4.1.2.2: positive, up to 20 octets.
            .serial_number(int.from_bytes(self._random(16), "big") >> 1 | 1)
            .not_valid_before(valid[0])
            .not_valid_after(valid[1])
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(signing_key, hashes.SHA256(), ecdsa_deterministic=True)

    def _years(self, start: int, end: int) -> tuple[datetime, datetime]:
        return self.now + start * _YEAR, self.now + end * _YEAR


def pem(certificate: x509.Certificate) -> str:
    """A certificate as a personality's file has it."""
    return certificate.public_bytes(Encoding.PEM).decode("ascii")


def qc_statements() -> bytes:
    """QcCompliance, QcSSCD and QcType eSign, as the extension's value (ETSI EN 319 412-5 §4.2.1, §4.2.2, §4.2.3)."""
    compliance, device, kind = (_oid("04008E4601" + last) for last in ("01", "04", "06"))
    signature = Tlv(0x30, [_oid("04008E46010601")])
    return build([Tlv(0x30, [Tlv(0x30, [compliance]), Tlv(0x30, [device]), Tlv(0x30, [kind, signature])])])


def _oid(content: str) -> Tlv:
    return Tlv(0x06, bytes.fromhex(content))


def _key(random: Random) -> ec.EllipticCurvePrivateKey:
    # 64 bits more than the order has, so that no key is likelier than another by much (FIPS 186-5 §A.2.1).
    return ec.derive_private_key(int.from_bytes(random(40), "big") % (_ORDER - 1) + 1, ec.SECP256R1())


def _authority_name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "TR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Deneme Elektronik Sertifika A.Ş."),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _known_by(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _authority(path_length: int, usage: x509.KeyUsage) -> list[tuple[x509.ExtensionType, bool]]:
    return [(x509.BasicConstraints(ca=True, path_length=path_length), True), (usage, True)]


def _usage(*, signature: bool = False, commitment: bool = False, certificates: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signature,
        content_commitment=commitment,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _policies(policies: Sequence[x509.ObjectIdentifier]) -> x509.CertificatePolicies:
    return x509.CertificatePolicies([x509.PolicyInformation(policy, None) for policy in policies])


def _whereabouts() -> Iterator[tuple[x509.ExtensionType, bool]]:
    """Where the list of revoked certificates, the responder and the issuer's certificate would be."""
    crl = x509.DistributionPoint([x509.UniformResourceIdentifier(_CRL)], None, None, None)
    yield x509.CRLDistributionPoints([crl]), False
    places = ((AuthorityInformationAccessOID.OCSP, _OCSP), (AuthorityInformationAccessOID.CA_ISSUERS, _ISSUER))
    described = [x509.AccessDescription(method, x509.UniformResourceIdentifier(place)) for method, place in places]
    yield x509.AuthorityInformationAccess(described), False
