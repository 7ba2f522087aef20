"""Object identifiers that occur in certificates, with what they mean and how sure that is."""

from __future__ import annotations

from typing import NamedTuple


class Meaning(NamedTuple):
    """What an identifier means, and how sure that is: begins with one of :data:`akis.profile.model.SOURCES`."""

    text: str
    source: str


ATTRIBUTES = {
    "2.5.4.3": "CN",
    "2.5.4.4": "SN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "street",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "title",
    "2.5.4.42": "givenName",
    "2.5.4.65": "pseudonym",
    "2.5.4.97": "organizationIdentifier",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
}
"""Attribute types of names (RFC 4519, RFC 5280 appendix A)."""

SIGNATURES = {
    "1.2.840.113549.1.1.4": "MD5 with RSA",
    "1.2.840.113549.1.1.5": "SHA-1 with RSA",
    "1.2.840.113549.1.1.10": "RSA-PSS",
    "1.2.840.113549.1.1.11": "SHA-256 with RSA",
    "1.2.840.113549.1.1.12": "SHA-384 with RSA",
    "1.2.840.113549.1.1.13": "SHA-512 with RSA",
    "1.2.840.10045.4.1": "SHA-1 with ECDSA",
    "1.2.840.10045.4.3.2": "SHA-256 with ECDSA",
    "1.2.840.10045.4.3.3": "SHA-384 with ECDSA",
    "1.2.840.10045.4.3.4": "SHA-512 with ECDSA",
    "1.3.101.112": "Ed25519",
}
"""How the issuer signed (RFC 3279, RFC 4055, RFC 5758, RFC 8410)."""

KEYS = {"1.2.840.113549.1.1.1": "RSA", "1.2.840.10045.2.1": "EC", "1.2.840.10040.4.1": "DSA", "1.3.101.112": "Ed25519"}
CURVES = {
    "1.2.840.10045.3.1.7": "P-256",
    "1.3.132.0.34": "P-384",
    "1.3.132.0.35": "P-521",
    "1.3.36.3.3.2.8.1.1.7": "brainpoolP256r1",
    "1.3.36.3.3.2.8.1.1.11": "brainpoolP384r1",
}
"""Public keys and their curves (RFC 3279, RFC 5480, RFC 5639)."""

KEY_USAGES = (
    "digital signature",
    "non-repudiation",
    "key encipherment",
    "data encipherment",
    "key agreement",
    "certificate signing",
    "CRL signing",
    "encipher only",
    "decipher only",
)
"""In the order of their bits (RFC 5280 §4.2.1.3)."""

PURPOSES = {
    "2.5.29.37.0": Meaning("any purpose", "documented: RFC 5280"),
    "1.3.6.1.5.5.7.3.1": Meaning("TLS server", "documented: RFC 5280"),
    "1.3.6.1.5.5.7.3.2": Meaning("TLS client", "documented: RFC 5280"),
    "1.3.6.1.5.5.7.3.3": Meaning("code signing", "documented: RFC 5280"),
    "1.3.6.1.5.5.7.3.4": Meaning("e-mail protection", "documented: RFC 5280"),
    "1.3.6.1.5.5.7.3.8": Meaning("time stamping", "documented: RFC 5280"),
    "1.3.6.1.5.5.7.3.9": Meaning("OCSP signing", "documented: RFC 5280"),
    "1.3.6.1.5.5.7.3.36": Meaning("document signing", "documented: RFC 9336"),
    "1.3.6.1.4.1.311.10.3.12": Meaning("document signing (Microsoft)", "documented: its owner"),
    "1.3.6.1.4.1.311.20.2.2": Meaning("smart card logon", "documented: its owner"),
    "2.16.792.1.2.1.1.5.7.50.1": Meaning("fiscal seal (Mali Mühür)", "open code"),
}
"""Extended key usage."""

POLICIES = {
    "2.5.29.32.0": Meaning("any policy", "documented: RFC 5280"),
    "0.4.0.1456.1.1": Meaning("qualified, in a signature device (QCP public + SSCD)", "documented: ETSI TS 101 456"),
    "0.4.0.1456.1.2": Meaning("qualified (QCP public)", "documented: ETSI TS 101 456"),
    "0.4.0.194112.1.0": Meaning("qualified, natural person (QCP-n)", "documented: ETSI EN 319 411-2"),
    "0.4.0.194112.1.1": Meaning("qualified, legal person (QCP-l)", "documented: ETSI EN 319 411-2"),
    "0.4.0.194112.1.2": Meaning("qualified, natural person, in a device (QCP-n-qscd)", "documented: ETSI EN 319 411-2"),
    "0.4.0.194112.1.3": Meaning("qualified, legal person, in a device (QCP-l-qscd)", "documented: ETSI EN 319 411-2"),
    "0.4.0.194112.1.4": Meaning("qualified, web site (QCP-w)", "documented: ETSI EN 319 411-2"),
    "2.16.792.1.61.0.1.5070.1.1": Meaning("Turkish regulator (BTK): qualified certificate", "open code"),
    "2.16.792.1.61.0.1.5070.2.1": Meaning("Turkish regulator (BTK): qualified seal", "open code"),
}
"""Certificate policies."""

QUALIFIED_PERSON = frozenset({"0.4.0.1456.1.1", "0.4.0.1456.1.2", "0.4.0.194112.1.0", "0.4.0.194112.1.2"})
"""Policies under which qualified certificates for signatures of people are issued."""

TURKISH_STATEMENT, TURKISH_SEAL = "2.16.792.1.61.0.1.5070.1.1", "2.16.792.1.61.0.1.5070.2.1"
"""The Turkish regulator's statements that a certificate is qualified under Law 5070: open code of Turkish signature
software looks for them among the statements; the regulator's own profile is not at hand to confirm the numbers."""

# ETSI EN 319 412-5 §4.2 and §4.3, RFC 3739 §3.2.6.
QC_COMPLIANCE, QC_LIMIT, QC_RETENTION = "0.4.0.1862.1.1", "0.4.0.1862.1.2", "0.4.0.1862.1.3"
QC_SSCD, QC_PDS, QC_TYPE, QC_LEGISLATION = "0.4.0.1862.1.4", "0.4.0.1862.1.5", "0.4.0.1862.1.6", "0.4.0.1862.1.7"
QC_SYNTAX_1, QC_SYNTAX_2 = "1.3.6.1.5.5.7.11.1", "1.3.6.1.5.5.7.11.2"

STATEMENTS = {
    QC_COMPLIANCE: Meaning("the issuer says it is a qualified certificate", "documented: ETSI EN 319 412-5"),
    QC_LIMIT: Meaning("limit on the value of transactions", "documented: ETSI EN 319 412-5"),
    QC_RETENTION: Meaning("how long the issuer keeps its papers", "documented: ETSI EN 319 412-5"),
    QC_SSCD: Meaning("the key is in a qualified signature device", "documented: ETSI EN 319 412-5"),
    QC_PDS: Meaning("where the disclosure statement is", "documented: ETSI EN 319 412-5"),
    QC_TYPE: Meaning("what it is for", "documented: ETSI EN 319 412-5"),
    QC_LEGISLATION: Meaning("under which country's law", "documented: ETSI EN 319 412-5"),
    QC_SYNTAX_1: Meaning("statements as in RFC 3039", "documented: RFC 3739"),
    QC_SYNTAX_2: Meaning("statements as in RFC 3739", "documented: RFC 3739"),
    TURKISH_STATEMENT: Meaning("Turkish regulator (BTK): qualified certificate under Law 5070", "open code"),
    TURKISH_SEAL: Meaning("Turkish regulator (BTK): qualified seal", "open code"),
}
"""Statements of qualified certificates."""

QC_TYPES = {"0.4.0.1862.1.6.1": "signatures", "0.4.0.1862.1.6.2": "seals", "0.4.0.1862.1.6.3": "web sites"}
"""What QcType may name (ETSI EN 319 412-5 §4.2.3)."""
