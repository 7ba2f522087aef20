"""Whether a certificate is a qualified one: what speaks for it and against it."""

import pytest
from cryptography import x509

from akis.pkcs15.certificate import read_certificate
from akis.pkcs15.qualified import qualification
from akis.profile.model import SOURCES
from tests.akis.pkcs15.made import COMPLIANCE, FOR_SIGNATURES, TURKISH, certificate, qualified, statements, usage

FOR_SEALS = FOR_SIGNATURES[:-2] + "02"


def stated(*parts: str) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3"), statements(*parts))


def held(raw: bytes) -> dict[str, bool]:
    return {item.name: item.holds for item in qualification(read_certificate(raw)).criteria}


def test_a_turkish_one_holds_all_but_the_policy_of_etsi():
    found = qualification(read_certificate(qualified(FOR_SIGNATURES, TURKISH)))
    assert (found.qualified, found.turkish, found.missing) == (True, True, ())
    assert [item.name for item in found.criteria if not item.holds] == ["policy"]


def test_one_of_another_country_is_qualified_and_not_turkish():
    found = qualification(read_certificate(qualified(FOR_SIGNATURES)))
    assert (found.qualified, found.turkish) == (True, False)


def test_without_a_type_it_is_for_signatures():
    assert qualification(read_certificate(qualified())).qualified


@pytest.mark.parametrize(
    ("raw", "missing"),
    [
        (certificate(usage()), ["compliance"]),
        (certificate(), ["compliance", "non-repudiation"]),
        (certificate(stated(COMPLIANCE), usage(non_repudiation=False)), ["non-repudiation"]),
        (certificate(stated(COMPLIANCE, FOR_SEALS), usage()), ["signatures"]),
        (certificate(stated(COMPLIANCE), usage(), x509.BasicConstraints(True, None)), ["holder"]),
        (certificate(stated(COMPLIANCE), usage())[:-1], ["whole"]),
        (certificate(stated(TURKISH), usage()), ["compliance"]),
    ],
)
def test_what_makes_it_none(raw, missing):
    found = qualification(read_certificate(raw))
    assert [item.name for item in found.missing] == missing
    assert not found.qualified
    assert not found.turkish


@pytest.mark.parametrize(
    ("policy", "name"),
    [("0.4.0.194112.1.2", "policy"), ("0.4.0.1456.1.1", "policy"), ("2.16.792.1.61.0.1.5070.1.1", "turkish")],
)
def test_policies_count_too(policy, name):
    policies = x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(policy), None)])
    assert held(certificate(policies, usage()))[name]
    assert not held(certificate(usage()))[name]


def test_each_says_where_it_comes_from():
    for item in qualification(read_certificate(certificate())).criteria:
        assert item.source.startswith(SOURCES)
        assert item.says
        assert not item.says.endswith(".")
    assert [item.name for item in qualification(read_certificate(certificate())).criteria if not item.required] == [
        "device",
        "policy",
        "turkish",
    ]
