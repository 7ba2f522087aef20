"""EF.PrKDF and EF.PuKDF: what a card says about its keys."""

import pytest

from akis.errors import CodecError, InvalidArgument
from akis.pkcs15.keys import (
    KEY_ACCESS,
    KEY_USAGES,
    PrivateKeyEntry,
    PublicKeyEntry,
    read_private_keys,
    read_public_keys,
)
from akis.pkcs15.path import Path
from tests.akis.pkcs15.by_hand import der

KEY = PrivateKeyEntry(
    label="İmza",
    private=True,
    protected_by=b"\x01",
    user_consent=1,
    id=b"\x45",
    reference=1,
    size=2048,
    path=Path.of(0x3F00, 0x3D00),
)
# By hand from PKCS #15 v1.1 §6.3: usage sign and nonRepudiation (bits 2 and 9), all access flags but extractable.
COMMON = der(0x30, "0C05 C4B06D7A61", "0302 0780", "0401 01", "0201 01")
ABOUT = der(0x30, "0401 45", "0303 062040", "0302 03B8", "0201 01")
RAW = der(0x30, COMMON, ABOUT, der(0xA1, der(0x30, "3006 0404 3F003D00", "0202 0800")))


def test_a_private_key_to_the_byte():
    assert KEY.to_bytes() == RAW
    assert read_private_keys(RAW + b"\x00" * 20) == (KEY,)


@pytest.mark.parametrize(("kind", "tag"), [("rsa", 0x30), ("ec", 0xA0), ("dh", 0xA1), ("dsa", 0xA2), ("kea", 0xA3)])
def test_kinds(kind, tag):
    key = PublicKeyEntry(id=b"\x01\x02", kind=kind, reference=0xFF, size=256, path=Path.of(0x2F20), native=False)
    assert key.to_bytes()[0] == tag
    assert read_public_keys(key.to_bytes()) == (key,)


@pytest.mark.parametrize("usage", KEY_USAGES)
@pytest.mark.parametrize("access", KEY_ACCESS)
def test_every_usage_and_access(usage, access):
    key = PrivateKeyEntry(
        id=b"\x01", kind="ec", usage=frozenset({usage}), access=frozenset({access}), path=Path.of(0x3F00)
    )
    assert read_private_keys(key.to_bytes()) == (key,)


def test_an_rsa_key_says_its_size():
    with pytest.raises(InvalidArgument, match="bits"):
        PrivateKeyEntry(id=b"\x01").to_bytes()


def test_names_and_key_information_are_passed_over():
    """The subject's name in [0], key information behind the size, and an algorithm reference in [1]."""
    about = der(0x30, "0401 45", "0302 0520", "A103 020107")
    named = der(0xA0, der(0x30, "3000"))
    where = der(0xA1, der(0x30, "3004 0402 2F20", "0202 0400", "3006 0500 0302 0640"))
    [key] = read_private_keys(der(0x30, "3000", about, named, where))
    assert (key.id, key.usage, key.size, key.path) == (b"\x45", frozenset({"sign"}), 1024, Path.of(0x2F20))


@pytest.mark.parametrize("value", ["A003 020105", "1303 612F62", "A303 130161"])
def test_a_key_inside_its_entry_or_on_a_web_page_has_no_path(value):
    where = der(0xA1, der(0x30, value, "0202 0400"))
    [key] = read_public_keys(der(0x30, "3000", "3007 0401 45 0302 0520", where))
    assert key.path is None


@pytest.mark.parametrize("cut", range(1, len(RAW)))
def test_no_cut_passes(cut):
    with pytest.raises(CodecError):
        read_private_keys(RAW[:cut])


@pytest.mark.parametrize(
    ("old", "new"),
    [("020101A1", "02017FA2"), ("02020800", "0202F800"), ("0303062040", "0503062040"), ("040145", "020145")],
)
def test_what_makes_no_sense_is_refused(old, new):
    changed = RAW.hex().upper().replace(old, new)
    assert changed != RAW.hex().upper()
    with pytest.raises(CodecError, match=r"EF\.PrKDF"):
        read_private_keys(bytes.fromhex(changed))
