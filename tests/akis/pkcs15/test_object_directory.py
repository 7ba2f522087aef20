"""EF.ODF: in which files a card lists what it holds."""

from typing import get_args

import pytest

from akis.errors import CodecError, InvalidArgument
from akis.pkcs15.object_directory import Listing, ListingKind, read_object_directory
from akis.pkcs15.path import Path
from tests.akis.pkcs15.by_hand import der


@pytest.mark.parametrize(("tag", "kind"), list(enumerate(get_args(ListingKind), 0xA0)))
def test_every_kind(tag, kind):
    listing = Listing(kind, Path.of(0x3F00, 0x3D00, 0x4404))
    assert listing.to_bytes() == der(tag, "3008 0406 3F003D004404")
    assert read_object_directory(listing.to_bytes() + b"\x00") == (listing,)


def test_the_entries_themselves():
    [listing] = read_object_directory(bytes.fromhex("A407 A005 3003020105"))
    assert listing == Listing("certificates", inside=bytes.fromhex("3003020105"))
    with pytest.raises(InvalidArgument):
        listing.to_bytes()


@pytest.mark.parametrize("choice", ["A104 3002 0400", "A202 3000"])
def test_enciphered_entries(choice):
    [listing] = read_object_directory(der(0xA8, choice))
    assert listing == Listing("authentication objects")
    assert listing.protected


@pytest.mark.parametrize("raw", ["A40A 3008 0406 3F00", "A9023000", "3003020105", "A403 020105", "A404 30020201"])
def test_what_is_no_directory(raw):
    with pytest.raises(CodecError, match=r"EF\.ODF"):
        read_object_directory(bytes.fromhex(raw))
