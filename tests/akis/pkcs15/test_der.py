"""Files of DER objects: where they end, what is filler, what is refused."""

import pytest
from asn1crypto import core

from akis.errors import CodecError, WrongType
from akis.pkcs15.der import decode, objects, only_object

ONE, TWO = bytes.fromhex("3003 020105"), bytes.fromhex("A002 0400")


@pytest.mark.parametrize("filler", ["", "00", "FF", "0000000000", "FFFFFFFF", "00FFFF"])
def test_objects_and_then_filler(filler):
    assert objects(ONE + TWO + bytes.fromhex(filler), "a file") == (ONE, TWO)


@pytest.mark.parametrize("filler", ["", "00", "FF" * 300])
def test_a_file_of_nothing_but_filler_holds_nothing(filler):
    assert objects(bytes.fromhex(filler), "a file") == ()


def test_bytes_that_look_like_filler_belong_to_the_last_object():
    raw = bytes.fromhex("0404 AB00FF00")
    assert objects(raw + b"\xff\xff", "a file") == (raw,)


@pytest.mark.parametrize("cut", range(1, len(ONE)))
def test_a_cut_object_is_refused(cut):
    with pytest.raises(CodecError, match=r"cut off|damaged length"):
        objects(TWO + ONE[:cut], "a file")


@pytest.mark.parametrize(
    ("raw", "offset"),
    [
        ("3003020105 12", 6),  # something after the objects that is no filler
        ("3003020105 00 12", 5),
        ("3003020105 FF 12", 5),
        ("3080 020105 0000", 1),  # indefinite length
        ("308103 020105", 1),  # a length in more bytes than it needs
        ("3003 020205", 2),  # an inner object that is longer than the outer one
    ],
)
def test_what_is_not_der_is_refused_with_its_place(raw, offset):
    with pytest.raises(CodecError) as refused:
        objects(bytes.fromhex(raw), "a file")
    assert str(refused.value).startswith("a file ")
    assert refused.value.offset == offset


def test_one_object_is_one():
    assert only_object(ONE + b"\x00", "a file") == ONE
    for raw in (b"", ONE + ONE):
        with pytest.raises(CodecError, match="objects, not one"):
            only_object(raw, "a file")


def test_text_is_no_file():
    with pytest.raises(WrongType):
        objects("3000", "a file")


def test_no_error_of_asn1crypto_comes_out_nor_what_it_says():
    with pytest.raises(CodecError) as refused:
        decode(core.Integer, bytes.fromhex("0404 53454352"), "a file")
    assert str(refused.value) == "a file does not have its layout"
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
