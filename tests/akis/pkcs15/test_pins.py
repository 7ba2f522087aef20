"""EF.AODF: what a card says about its PINs."""

import pytest

from akis.errors import CodecError
from akis.pkcs15.entry import OtherEntry
from akis.pkcs15.path import Path
from akis.pkcs15.pins import PIN_FLAGS, PinEntry, read_pins
from tests.akis.pkcs15.by_hand import der

PIN = PinEntry(
    label="İmza PIN",
    private=True,
    protected_by=b"\x02",
    id=b"\x01",
    reference=0x81,
    minimum=4,
    stored=8,
    maximum=8,
    path=Path.of(0x3F00, 0x3D00),
)
# The same by hand, from PKCS #15 v1.1 §6.8: flags local (bit 1) and initialized (bit 4), type ascii-numeric.
COMMON = der(0x30, "0C09 C4B06D7A612050494E", "0302 0780", "0401 02")
ATTRIBUTES = "0302 0348  0A01 01  0201 04  0201 08  0201 08  8002 0081  3006 0404 3F003D00"
RAW = der(0x30, COMMON, "3003 0401 01", der(0xA1, der(0x30, ATTRIBUTES)))


def pin_of(attributes: str) -> PinEntry:
    """The entry with these attributes."""
    [pin] = read_pins(der(0x30, "3000", "3003 0401 01", der(0xA1, der(0x30, attributes))))
    assert isinstance(pin, PinEntry)
    return pin


def test_a_pin_to_the_byte():
    assert PIN.to_bytes() == RAW
    assert read_pins(RAW) == (PIN,)


def test_several_and_what_the_file_has_left_over():
    puk = PinEntry(id=b"\x02", reference=0x82, minimum=8, stored=8, flags=frozenset({"unblocking-pin", "so-pin"}))
    assert read_pins(RAW + puk.to_bytes() + b"\xff" * 50) == (PIN, puk)
    assert read_pins(b"\x00" * 8) == ()


@pytest.mark.parametrize("flag", PIN_FLAGS)
def test_every_flag(flag):
    pin = PinEntry(id=b"\x01", reference=1, minimum=4, stored=8, flags=frozenset({flag}))
    assert read_pins(pin.to_bytes()) == (pin,)


def test_a_flag_without_a_name_goes_by_its_number():
    assert pin_of("0303 0300 08  0A01 00  0201 04  0201 08").flags == frozenset({"12"})


@pytest.mark.parametrize("kind", ["bcd", "ascii-numeric", "utf8", "half-nibble-bcd", "iso9564-1"])
def test_every_type_and_padding(kind):
    pin = PinEntry(id=b"\x01", reference=1, minimum=4, stored=8, maximum=12, type=kind, pad_byte=0xFF, user_consent=1)
    assert read_pins(pin.to_bytes()) == (pin,)


@pytest.mark.parametrize(("written", "reference"), [("8001 81", 0x81), ("8002 0081", 0x81), ("8001 01", 1), ("", 0)])
def test_references_as_cards_write_them(written, reference):
    """81 in one byte is -127 to ASN.1, and 81 to everybody else; without one it is 0."""
    assert pin_of(f"0302 0640  0A01 01  0201 04  0201 08  {written}").reference == reference


@pytest.mark.parametrize(
    ("tag", "kind"), [(0xA0, "biometric template"), (0xA1, "authentication key"), (0xA2, "external")]
)
def test_what_is_no_pin_is_named(tag, kind):
    raw = der(tag, "3009 0C03 414243 0302 0780", "3003 0401 07", "A102 3000")
    assert read_pins(raw) == (OtherEntry(label="ABC", private=True, kind=kind),)


def test_fields_that_came_later_are_passed_over():
    later = der(0x30, COMMON, "3006 0401 01 800105", der(0xA1, der(0x30, ATTRIBUTES, "A203 020101")), "A200")
    assert read_pins(later) == (PIN,)


@pytest.mark.parametrize("cut", range(1, len(RAW)))
def test_no_cut_passes(cut):
    with pytest.raises(CodecError):
        read_pins(RAW[:cut])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0A0101", "0A0107"),  # a type that there is not
        ("020104", "0201FF"),  # a negative length
        ("80020081", "80020181"),  # a reference of two bytes
        ("03020348", "04020348"),  # another field in the place of the flags
        ("A11E", "A31E"),  # no type attributes at all
    ],
)
def test_what_makes_no_sense_is_refused(old, new):
    changed = RAW.hex().upper().replace(old, new)
    assert changed != RAW.hex().upper()
    with pytest.raises(CodecError, match=r"EF\.AODF"):
        read_pins(bytes.fromhex(changed))
