"""Certificates: what is read of a good one, compared with another reader."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from akis.errors import WrongType
from akis.pkcs15.certificate import read_certificate
from akis.pkcs15.extensions import Policy
from akis.pkcs15.names import Name
from tests.akis.pkcs15.made import BEGINS, COMPLIANCE, ENDS, HOLDER, certificate, qualified, statements, usage


def test_what_a_certificate_says():
    found = read_certificate(certificate(serial=0x0ABC))
    assert found.problems == ()
    assert found.holder == Name((("C", "TR"), ("serialNumber", "10000000146"), ("CN", "Işıl İĞNECİOĞLU ÇAĞDAŞ")))
    assert found.holder.common_name == "Işıl İĞNECİOĞLU ÇAĞDAŞ"
    assert str(found.issuer) == "CN=Deneme Kök Sağlayıcısı"
    assert (found.serial, found.serial_text) == (0x0ABC, "0ABC")
    assert (found.validity.begins, found.validity.ends) == (BEGINS, ENDS)
    assert (found.key, found.signed_with) == ("EC, P-256", "SHA-256 with ECDSA")
    assert found.whole


def test_another_reader_says_the_same():
    raw = certificate(usage(signing=True), x509.BasicConstraints(ca=True, path_length=0), begins=BEGINS + timedelta(1))
    ours, theirs = read_certificate(raw), x509.load_der_x509_certificate(raw)
    assert ours.serial == theirs.serial_number
    assert (ours.validity.begins, ours.validity.ends) == (theirs.not_valid_before_utc, theirs.not_valid_after_utc)
    names = [attribute.value for attribute in theirs.subject]
    assert [text for _, text in ours.holder.attributes] == names
    their_usage = theirs.extensions.get_extension_for_class(x509.KeyUsage).value
    assert ("non-repudiation" in ours.extensions.key_usage) == their_usage.content_commitment
    assert ours.extensions.key_usage == ("non-repudiation", "certificate signing", "CRL signing")
    assert ours.extensions.authority is True


def test_times_after_2049_are_written_otherwise():
    found = read_certificate(certificate(ends=ENDS.replace(year=2120)))
    assert (found.validity.ends, found.problems) == (ENDS.replace(year=2120), ())


@pytest.mark.parametrize("filler", [b"", b"\x00" * 100, b"\xff" * 100])
def test_filler_behind_it_is_not_part_of_it(filler):
    found = read_certificate(certificate() + filler)
    assert found.der == certificate()
    assert found.problems == ()


def test_extensions():
    notice = x509.UserNotice(None, "5070 sayılı Kanuna göre nitelikli")
    policy = x509.PolicyInformation(x509.ObjectIdentifier("2.999.1"), ["https://example.test/cps", notice])
    found = read_certificate(
        certificate(
            usage(),
            x509.BasicConstraints(ca=False, path_length=None),
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, x509.ObjectIdentifier("2.999.2")]),
            x509.CertificatePolicies([policy]),
            x509.UnrecognizedExtension(x509.ObjectIdentifier("2.999.3"), b"\x05\x00"),
        )
    ).extensions
    assert found.key_usage == ("non-repudiation",)
    assert found.authority is False
    assert found.purposes == ("1.3.6.1.5.5.7.3.2", "2.999.2")
    assert found.policies == (Policy("2.999.1", ("https://example.test/cps",), ("5070 sayılı Kanuna göre nitelikli",)),)
    assert found.others == ("2.999.3",)
    assert found.critical == ()


def test_without_extensions():
    found = read_certificate(certificate()).extensions
    assert (found.key_usage, found.purposes, found.policies, found.authority, found.statements) == (
        None,
        (),
        (),
        None,
        None,
    )


def test_statements_are_part_of_it():
    assert read_certificate(qualified()).extensions.statements.compliance
    assert statements(COMPLIANCE) == bytes.fromhex("300A 3008 0606 04008E460101")


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (lambda: ec.generate_private_key(ec.SECP384R1()), "EC, P-384"),
        (lambda: ec.generate_private_key(ec.BrainpoolP256R1()), "EC, brainpoolP256r1"),
        (lambda: ec.generate_private_key(ec.SECP256K1()), "EC, unknown curve 1.3.132.0.10"),
        (lambda: rsa.generate_private_key(65537, 1024), "RSA, 1024 bits"),
    ],
)
def test_keys(key, said):
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding

    made = key()
    builder = x509.CertificateBuilder(HOLDER, HOLDER, made.public_key(), 1, BEGINS, ENDS)
    found = read_certificate(builder.sign(made, hashes.SHA256()).public_bytes(Encoding.DER))
    assert found.key == said
    assert found.problems == ()


def test_text_is_no_certificate():
    with pytest.raises(WrongType):
        read_certificate("-----BEGIN CERTIFICATE-----")


def test_its_repr_shows_nobody():
    assert repr(read_certificate(certificate())) == f"Certificate({len(certificate())} bytes, 0 problems)"
