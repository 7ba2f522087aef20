"""EF.CDF: what a card says about its certificates."""

import pytest

from akis.errors import CodecError, InvalidArgument
from akis.pkcs15.certificate_entries import CertificateEntry, read_certificate_entries
from akis.pkcs15.entry import OtherEntry
from akis.pkcs15.path import Path
from tests.akis.pkcs15.by_hand import der

ENTRY = CertificateEntry(label="İmza", id=b"\x45", path=Path.of(0x3F00, 0x3D00, 0x2F10))
RAW = der(0x30, "3007 0C05 C4B06D7A61", "3003 0401 45", der(0xA1, der(0x30, "3008 0406 3F003D002F10")))


def test_an_entry_to_the_byte():
    assert ENTRY.to_bytes() == RAW
    assert read_certificate_entries(RAW + b"\xff\xff") == (ENTRY,)


def test_an_authority():
    entry = CertificateEntry(id=b"", authority=True, path=Path.of(0x2F11))
    assert read_certificate_entries(entry.to_bytes()) == (entry,)


def test_a_certificate_inside_the_list():
    inside = bytes.fromhex("3003 020105")
    [entry] = read_certificate_entries(der(0x30, "3000", "3003 0401 45", der(0xA1, der(0x30, der(0xA0, inside)))))
    assert entry == CertificateEntry(id=b"\x45", inside=inside)
    with pytest.raises(InvalidArgument):
        entry.to_bytes()


def test_one_that_is_somewhere_in_the_web():
    raw = der(0x30, "3000", "3003 0401 45", der(0xA1, der(0x30, "1303 612F62")))
    assert read_certificate_entries(raw) == (CertificateEntry(id=b"\x45"),)


def test_labels_that_are_no_utf_8_are_shown_with_replacements():
    [entry] = read_certificate_entries(RAW.replace(bytes.fromhex("C4B0"), bytes.fromhex("DD6D")))
    assert entry.label == "\ufffdmmza"


@pytest.mark.parametrize(
    ("tag", "kind"),
    [
        (0xA0, "attribute certificate"),
        (0xA1, "SPKI certificate"),
        (0xA2, "PGP certificate"),
        (0xA3, "WTLS certificate"),
        (0xA4, "X9.68 certificate"),
        (0xA5, "card verifiable certificate"),
    ],
)
def test_other_kinds_are_named(tag, kind):
    assert read_certificate_entries(der(tag, RAW[2:])) == (OtherEntry(label="İmza", kind=kind),)


@pytest.mark.parametrize("cut", range(1, len(RAW)))
def test_no_cut_passes(cut):
    with pytest.raises(CodecError):
        read_certificate_entries(RAW[:cut])
