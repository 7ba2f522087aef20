"""EF.DIR: which applications a card has and where."""

import pytest

from akis.errors import CodecError
from akis.pkcs15.applications import PKCS15_AID, Application, read_applications
from akis.pkcs15.path import Path
from tests.akis.pkcs15.by_hand import der

RAW = bytes.fromhex("611A 4F0C A000000063504B43532D3135 5004 414B4953 5104 3F003D00")
ONE = Application(PKCS15_AID, "AKIS", Path.of(0x3F00, 0x3D00))


def test_one_application_to_the_byte():
    assert ONE.to_bytes() == RAW
    assert read_applications(RAW + b"\x00\x00") == (ONE,)
    assert ONE.is_pkcs15


def test_several_and_one_that_is_only_named():
    found = read_applications(RAW + bytes.fromhex("4F05 A000000001"))
    assert found == (ONE, Application(bytes.fromhex("A000000001")))
    assert not found[1].is_pkcs15


def test_places_of_the_files_in_discretionary_data():
    places = der(0x73, "0602 2A03", "3004 0402 5031", "A004 0402 5032", "8100")
    [found] = read_applications(der(0x61, "4F02 A001", places))
    assert (found.object_directory, found.token_info) == (Path.of(0x5031), Path.of(0x5032))
    assert found.path is None


@pytest.mark.parametrize(
    "raw", ["6100", "6104 5002 4142", "3003 020105", "611A 4F0C A000", "610A 4F02A001 7304 3002 0201"]
)
def test_what_is_none(raw):
    with pytest.raises(CodecError, match=r"EF\.DIR"):
        read_applications(bytes.fromhex(raw))
