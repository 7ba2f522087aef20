"""Names in certificates: Turkish letters in every string type, and what is no name."""

import pytest

from akis.errors import CodecError
from akis.pkcs15.names import Name, read_name
from tests.akis.pkcs15.by_hand import der

TURKISH = "ğüşöçıİĞÜŞÖÇ"
COMMON_NAME = "0603 550403"


def name_of(*attributes: bytes) -> bytes:
    return der(0x30, *(der(0x31, attribute) for attribute in attributes))


@pytest.mark.parametrize(
    ("tag", "encoding"),
    [
        (0x0C, "utf-8"),
        (0x1E, "utf-16-be"),
        (0x1C, "utf-32-be"),
        (0x13, "utf-8"),  # letters that a PrintableString cannot hold, as some issuers write them
        (0x14, "iso8859-9"),
        (0x16, "iso8859-9"),
    ],
)
def test_turkish_letters(tag, encoding):
    raw = name_of(der(0x30, COMMON_NAME, der(tag, TURKISH.encode(encoding))))
    assert read_name(raw, "a name") == Name((("CN", TURKISH),))


def test_several_attributes_in_one_place_and_unknown_types():
    raw = der(0x30, der(0x31, der(0x30, COMMON_NAME, "0C01 41"), der(0x30, "0603 2A0304", "0C01 42")))
    assert str(read_name(raw, "a name")) == "CN=A, 1.2.3.4=B"


def test_a_value_that_is_no_text_is_shown_in_hex():
    raw = name_of(der(0x30, COMMON_NAME, "3003 020105"))
    assert read_name(raw, "a name") == Name((("CN", "#3003020105"),))


def test_letters_with_a_meaning_are_escaped():
    assert str(Name((("CN", "Ali, Veli+=\\"), ("O", "#1")))) == "CN=Ali\\, Veli\\+\\=\\\\, O=\\#1"


@pytest.mark.parametrize(
    ("attributes", "called"),
    [
        ((("O", "Firma"), ("CN", "Ali")), "Ali"),
        ((("givenName", "Ali"), ("SN", "Veli")), "Ali Veli"),
        ((("pseudonym", "X"), ("O", "Firma")), "X"),
        ((("C", "TR"), ("O", "Firma")), "Firma"),
        ((("C", "TR"),), "C=TR"),
        ((), ""),
    ],
)
def test_what_people_call_it(attributes, called):
    assert Name(attributes).common_name == called


@pytest.mark.parametrize(
    "raw", ["", "0C0141", "3002 3100", "3003 020105", "3004 3102 3000", "3006 3104 3002 0500", "30023080"]
)
def test_what_is_no_name(raw):
    with pytest.raises(CodecError):
        read_name(bytes.fromhex(raw), "a name")
