"""The certification authority for tests: chains that verify, and what each kind of certificate says."""

import subprocess
from datetime import UTC, datetime, timedelta, timezone
from random import Random

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from akis.codec.tlv import parse
from akis.emulator.test_ca import (
    HOLDER,
    QC_STATEMENTS,
    QCP_N_QSCD,
    TEST_POLICY,
    CertificateAuthority,
    Holder,
    pem,
    qc_statements,
)
from akis.errors import InvalidArgument
from tests.signatures import EC, NOW, RSA, authority, certificate, private_key

KEY = private_key(RSA).public_key()


def openssl_verifies(folder, made: x509.Certificate, at: datetime) -> str:
    ca = authority()
    for name, item in (("root", ca.root), ("issuing", ca.issuing), ("made", made)):
        (folder / name).write_text(pem(item))
    command = ["openssl", "verify", "-x509_strict", "-attime", str(int(at.timestamp()))]
    done = subprocess.run(
        [*command, "-CAfile", "root", "-untrusted", "issuing", "made"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("reference", [RSA, EC])
def test_the_chain_verifies_with_openssl(tmp_path, reference):
    assert openssl_verifies(tmp_path, certificate(reference), NOW + timedelta(days=1)) == "made: OK\n"
    assert "certificate has expired" in openssl_verifies(tmp_path, certificate(reference), NOW + timedelta(days=1200))


def test_the_chain_verifies_with_cryptography():
    ca = authority()
    certificate(RSA).verify_directly_issued_by(ca.issuing)
    ca.issuing.verify_directly_issued_by(ca.root)
    ca.root.verify_directly_issued_by(ca.root)


def test_the_holder_has_a_turkish_name_and_a_number():
    subject = certificate(RSA).subject
    said = {oid: subject.get_attributes_for_oid(oid)[0].value for oid in (NameOID.COMMON_NAME, NameOID.SERIAL_NUMBER)}
    assert said == {NameOID.COMMON_NAME: "Işıl Gülşen İĞNECİOĞLU ÇAĞDAŞ", NameOID.SERIAL_NUMBER: "10000000146"}
    assert set("İşĞıü") <= set(said[NameOID.COMMON_NAME])


def test_the_number_is_one_that_checks():
    digits = [int(digit) for digit in HOLDER.number]
    assert (7 * sum(digits[0:9:2]) - sum(digits[1:8:2])) % 10 == digits[9]
    assert sum(digits[:10]) % 10 == digits[10]


def test_a_qualified_certificate_says_so():
    found = certificate(RSA).extensions
    usage = found.get_extension_for_class(x509.KeyUsage).value
    assert usage.content_commitment
    assert not any((usage.digital_signature, usage.key_encipherment, usage.key_cert_sign))
    policies = found.get_extension_for_class(x509.CertificatePolicies).value
    assert [policy.policy_identifier for policy in policies] == [QCP_N_QSCD, TEST_POLICY]
    assert found.get_extension_for_oid(QC_STATEMENTS).value.value == qc_statements()


def test_the_statements_are_those_of_en_319_412_5():
    [sequence] = parse(qc_statements())
    named = [next(iter(statement)).value.hex() for statement in sequence]
    assert named == ["04008e460101", "04008e460104", "04008e460106"]


def test_addresses_lead_nowhere():
    found = certificate(RSA).extensions
    points = found.get_extension_for_class(x509.CRLDistributionPoints).value
    described = found.get_extension_for_class(x509.AuthorityInformationAccess).value
    places = [point.full_name[0].value for point in points] + [item.access_location.value for item in described]
    assert len(places) == 3
    assert all(place.split("/")[2].endswith(".example.test") for place in places)


def test_an_expired_certificate_differs_in_its_time_only():
    made = authority().expired(KEY)
    assert made.not_valid_after_utc == NOW - timedelta(days=30)
    assert made.not_valid_after_utc > made.not_valid_before_utc
    assert [item.value for item in made.extensions] == [item.value for item in certificate(RSA).extensions]


def test_an_ordinary_certificate_is_not_qualified(tmp_path):
    made = authority().ordinary(KEY)
    assert "made: OK" in openssl_verifies(tmp_path, made, NOW)
    assert made.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    with pytest.raises(x509.ExtensionNotFound):
        made.extensions.get_extension_for_oid(QC_STATEMENTS)
    policies = made.extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert [policy.policy_identifier for policy in policies] == [TEST_POLICY]


def test_the_same_time_and_bytes_make_the_same_certificates():
    first, second = (CertificateAuthority(NOW, Random(7).randbytes) for _ in range(2))
    assert (first.root, first.issuing, first.qualified(KEY)) == (second.root, second.issuing, second.qualified(KEY))
    assert CertificateAuthority(NOW).root != CertificateAuthority(NOW).root


def test_now_is_a_moment_everywhere():
    there = timezone(timedelta(hours=3))
    made = CertificateAuthority(datetime(2026, 1, 1, 2, 0, 0, 5, tzinfo=there)).qualified(KEY)
    assert made.not_valid_before_utc == datetime(2025, 12, 31, 23, tzinfo=UTC)
    with pytest.raises(InvalidArgument, match="time zone"):
        CertificateAuthority(datetime(2026, 1, 1))


def test_another_holder():
    holder = Holder("Ayşe", "YILMAZ", "PASTR-U123")
    assert holder.common_name == "Ayşe YILMAZ"
    for wrong in (("", "Y", "1"), ("A", "", "1"), ("A" * 60, "YILMAZ", "1"), ("A", "Y", ""), ("A", "Y", "1 2")):
        with pytest.raises(InvalidArgument, match="a holder"):
            Holder(*wrong)
