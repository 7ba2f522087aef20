"""Statements of qualified certificates (ETSI EN 319 412-5, RFC 3739)."""

import pytest

from akis.errors import CodecError
from akis.pkcs15.qc_statements import Limit, QcStatements, read_qc_statements
from tests.akis.pkcs15.by_hand import der
from tests.akis.pkcs15.made import COMPLIANCE, FOR_SIGNATURES, SSCD, TURKISH, statements

LIMIT, RETENTION, PDS, TYPE, LAW = (f"0606 04008E4601{last}" for last in ("02", "03", "05", "06", "07"))


def read(*stated: bytes) -> QcStatements:
    return read_qc_statements(der(0x30, *stated))


def test_all_that_is_stated_in_its_order():
    found = read_qc_statements(statements(COMPLIANCE, SSCD, FOR_SIGNATURES, TURKISH))
    assert found.stated == ("0.4.0.1862.1.1", "0.4.0.1862.1.4", "0.4.0.1862.1.6", "2.16.792.1.61.0.1.5070.1.1")
    assert (found.compliance, found.sscd, found.turkish, found.types) == (True, True, True, ("signatures",))


def test_nothing_is_stated():
    found = read()
    assert found == QcStatements()
    assert (found.compliance, found.sscd, found.turkish) == (False, False, False)


@pytest.mark.parametrize(
    ("currency", "amount", "exponent", "limit", "text"),
    [
        ("1303 545259", "0201 05", "0201 03", Limit("TRY", 5, 3), "5000 TRY"),
        ("1303 455552", "0201 7D", "0201 FE", Limit("EUR", 125, -2), "125E-2 EUR"),
        ("0202 03B5", "0201 01", "0201 00", Limit("949", 1, 0), "1 949"),
    ],
)
def test_limits(currency, amount, exponent, limit, text):
    found = read(der(0x30, LIMIT, der(0x30, currency, amount, exponent)))
    assert found.limits == (limit,)
    assert str(limit) == text


def test_years_addresses_and_law():
    address = der(0x30, der(0x16, b"https://example.test/pds"), der(0x13, b"tr"))
    found = read(
        der(0x30, RETENTION, "0201 14"), der(0x30, PDS, der(0x30, address)), der(0x30, LAW, der(0x30, der(0x13, b"TR")))
    )
    assert (found.retention_years, found.disclosure) == (20, (("https://example.test/pds", "tr"),))
    assert found.legislation == ("TR",)


def test_types_without_a_name_and_semantics():
    semantics = der(0x30, "0608 2B06010505070B02", der(0x30, "0607 04008BEC490101"))
    found = read(der(0x30, TYPE, "3009 0607 04008E46010602"), semantics)
    assert (found.types, found.semantics) == (("seals",), "0.4.0.194121.1.1")


@pytest.mark.parametrize(
    "broken",
    [
        der(0x30, LIMIT),
        der(0x30, LIMIT, "3003 020105"),
        der(0x30, LIMIT, der(0x30, "1302 5452", "0201 05", "0201 03")),
        der(0x30, LIMIT, der(0x30, "1303 545259", "0201 05", "0202 7FFF")),
        der(0x30, RETENTION, "0201 FF"),
        der(0x30, RETENTION, "0500"),
        der(0x30, PDS, "3004 3002 1600"),
        der(0x30, TYPE, "3003 020105"),
        der(0x30, LAW, "3003 020105"),
    ],
)
def test_one_that_cannot_be_read_is_named_and_the_others_count(broken):
    found = read(bytes.fromhex(COMPLIANCE), broken, bytes.fromhex(SSCD))
    assert len(found.unread) == 1
    assert found.unread[0] in found.stated
    assert found.compliance
    assert found.sscd


@pytest.mark.parametrize("raw", ["", "3100", "3003 020105", "3002 3000", "3004 3002 0500", "3005 3003 060180"])
def test_what_is_no_list_of_statements(raw):
    with pytest.raises(CodecError):
        read_qc_statements(bytes.fromhex(raw))
