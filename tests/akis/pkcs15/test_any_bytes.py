"""Whatever bytes come from a card: every reader gives a value or :class:`CodecError`, a certificate always a value."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from akis.errors import CodecError
from akis.pkcs15 import build
from akis.pkcs15.applications import read_applications
from akis.pkcs15.certificate import read_certificate
from akis.pkcs15.certificate_entries import read_certificate_entries
from akis.pkcs15.keys import read_private_keys, read_public_keys
from akis.pkcs15.object_directory import read_object_directory
from akis.pkcs15.pins import read_pins
from akis.pkcs15.qualified import qualification
from akis.pkcs15.token_info import read_token_info
from tests.akis.pkcs15.made import FOR_SIGNATURES, TURKISH, qualified

FILES = build.application_files(
    "AKİS",
    b"AKIS\x02\x02\x00\x00\x00\x00\x00\x01",
    build.Reference(0x81, 4, 8, "PIN"),
    build.Reference(0x82, 8, 8, "PUK"),
    [
        build.SigningKey(1, "rsa", 2048, "İmza", b"\x45", (0x3F00, 0x3D00, 0x2F10)),
        build.SigningKey(2, "ec", 256, "EC", b"\x46"),
    ],
    manufacturer="TÜBİTAK",
)
READERS = [
    (read_object_directory, FILES[build.EF_ODF]),
    (read_token_info, FILES[build.EF_TOKEN_INFO]),
    (read_pins, FILES[build.EF_AODF]),
    (read_private_keys, FILES[build.EF_PRKDF]),
    (read_public_keys, FILES[build.EF_PUKDF]),
    (read_certificate_entries, FILES[build.EF_CDF]),
    (read_applications, build.ef_dir("AKIS")),
]
CERTIFICATE = qualified(FOR_SIGNATURES, TURKISH)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@st.composite
def damaged(draw: st.DrawFn, raw: bytes) -> bytes:
    """``raw`` with some bytes changed, put in, or gone."""
    changed = bytearray(raw)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(changed)))
        changed[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(changed)


@pytest.mark.parametrize(("read", "raw"), READERS)
@given(data=st.data())
def test_files(read, raw, data):
    given_bytes = data.draw(st.binary(max_size=60) | damaged(raw))
    try:
        found = read(given_bytes)
    except CodecError:
        return
    repr(found)


@pytest.mark.parametrize(("read", "raw"), READERS)
def test_no_cut_inside_an_object_passes(read, raw):
    """A cut between two objects is a shorter file; everywhere else it shows."""
    whole = [read(raw[:cut]) for cut in range(len(raw)) if _passes(read, raw[:cut])]
    assert len(whole) <= 4
    assert all(found == read(raw)[: len(found)] for found in whole)


def _passes(read, raw):
    try:
        read(raw)
    except CodecError:
        return False
    return True


@example(CERTIFICATE)
@example(b"")
@given(st.binary(max_size=60) | damaged(CERTIFICATE))
@settings(max_examples=300)
def test_certificates(raw):
    certificate = read_certificate(raw)
    assert certificate.problems or certificate.holder is not None
    for text in (certificate.validity.in_words(NOW), str(certificate.holder), str(certificate.serial_text)):
        assert text
    assert len(qualification(certificate).criteria) == 8
