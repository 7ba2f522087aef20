"""Security attributes in compact form: who may read and update a file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.codec.access import FileAccess, compact
from akis.codec.fci import FileControl
from akis.codec.tlv import Tlv


@pytest.mark.parametrize(
    ("raw", "read", "update"),
    [
        ("03 00 00", "always", "always"),
        ("03 FF 00", "always", "never"),
        ("03 90 00", "always", "PIN"),
        ("03 FF 90", "PIN", "never"),
        ("01 00", "always", "not said"),
        ("02 FF", "not said", "never"),
        ("00", "not said", "not said"),
        ("03 C0 D0", "SM and PIN", "SM"),
        ("03 50 70", "SM or external authentication or PIN", "SM or PIN"),
        ("03 91 00", "always", "PIN (environment 1)"),
        ("03 80 00", "always", "condition 80"),
        ("7F FF FF FF FF FF FF 00", "always", "never"),
        ("43 FF 90 00", "always", "PIN"),
    ],
)
def test_words(raw, read, update):
    assert FileAccess.from_compact(bytes.fromhex(raw)) == FileAccess(read, update)


@pytest.mark.parametrize("raw", ["", "03", "03 00", "03 00 00 00", "83 00 00", "03 FF 00 03 00 00"])
def test_what_is_not_of_one_ef_says_nothing(raw):
    assert FileAccess.from_compact(bytes.fromhex(raw)) is None


def test_what_is_built_is_read():
    assert FileAccess.from_compact(compact(read=0x00, update=0xFF)) == FileAccess("always", "never")
    assert FileAccess.from_compact(compact(read=0x90, update=0x00)) == FileAccess("PIN", "always")


def test_in_file_control_information():
    attributes = Tlv(0x8C, compact(0x00, 0xFF))
    assert FileControl(descriptor=0x01, others=(attributes,)).access == FileAccess("always", "never")
    assert FileControl(descriptor=0x38, others=(attributes,)).access is None  # of a DF the bits mean other things
    assert FileControl(descriptor=0x01, others=(attributes, attributes)).access is None
    assert FileControl(descriptor=0x01).access is None


@given(st.binary(max_size=12))
def test_any_bytes(raw):
    found = FileAccess.from_compact(raw)
    assert found is None or (found.read and found.update)
