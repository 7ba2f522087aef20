"""PIN blocks: examples of each encoding, inverses, and errors that never show the PIN."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.codec.pin_block import decode, encode, join, split
from akis.errors import CodecError, InvalidArgument, PinFormatError, WrongType

DIGITS = st.text("0123456789", min_size=1, max_size=16).map(str.encode)
PRINTABLE = st.text([chr(code) for code in range(0x20, 0x7F)], min_size=1, max_size=16).map(str.encode)


class TestEncode:
    @pytest.mark.parametrize(
        ("pin", "encoding", "block"),
        [
            (b"1234", "ascii", "31323334"),
            (b"aZ ~", "ascii", "615A207E"),
            (b"1234", "digits", "01020304"),
            (b"0900", "digits", "00090000"),
            (b"1234", "bcd", "1234"),
            (b"12345", "bcd", "12345F"),
            (b"1", "bcd", "1F"),
            (b"1234", "iso9564-2", "241234FFFFFFFFFF"),
            (b"12345", "iso9564-2", "2512345FFFFFFFFF"),
            (b"123456", "iso9564-2", "26123456FFFFFFFF"),
            (b"12345678", "iso9564-2", "2812345678FFFFFF"),
            (b"123456789012", "iso9564-2", "2C123456789012FF"),
        ],
    )
    def test_example(self, pin, encoding, block):
        assert encode(pin, encoding).hex().upper() == block
        assert decode(bytes.fromhex(block), encoding) == pin
        assert encode(bytearray(pin), encoding) == encode(memoryview(pin), encoding) == encode(pin, encoding)

    @pytest.mark.parametrize(
        ("encoding", "pad_to", "pad_byte", "block"),
        [
            ("ascii", 8, 0xFF, "31323334FFFFFFFF"),
            ("ascii", 8, 0x00, "3132333400000000"),
            ("ascii", 4, 0xFF, "31323334"),
            ("digits", 6, 0xFF, "01020304FFFF"),
            ("bcd", 4, 0xFF, "1234FFFF"),
            ("iso9564-2", 8, 0x00, "241234FFFFFFFFFF"),
            ("iso9564-2", 10, 0x00, "241234FFFFFFFFFF0000"),
        ],
    )
    def test_padding(self, encoding, pad_to, pad_byte, block):
        assert encode(b"1234", encoding, pad_to, pad_byte).hex().upper() == block
        assert decode(bytes.fromhex(block), encoding, pad_byte) == b"1234"

    @pytest.mark.parametrize(
        ("pin", "encoding", "pad_to", "says"),
        [
            (b"", "ascii", None, "printable ASCII"),
            (b"739\x1f", "ascii", None, "printable ASCII"),
            (b"739\x7f", "ascii", None, "printable ASCII"),
            ("739ş".encode(), "ascii", None, "printable ASCII"),
            (b"", "digits", None, "decimal digits"),
            (b"739a", "digits", None, "decimal digits"),
            (b"739/", "bcd", None, "decimal digits"),
            (b"739:", "iso9564-2", None, "decimal digits"),
            (b"739", "iso9564-2", None, "4 to 12 digits, not 3"),
            (b"7391846250739", "iso9564-2", None, "4 to 12 digits, not 13"),
            (b"739184", "ascii", 5, "6 characters does not fit into a block of 5 bytes"),
            (b"739184", "bcd", 2, "6 characters does not fit into a block of 2 bytes"),
        ],
    )
    def test_a_pin_that_does_not_fit(self, pin, encoding, pad_to, says):
        with pytest.raises(PinFormatError, match=says) as caught:
            encode(pin, encoding, pad_to)
        assert "739" not in str(caught.value)

    @pytest.mark.parametrize(
        ("arguments", "kind"),
        [
            (("739184", "ascii"), WrongType),
            ((739184, "ascii"), WrongType),
            ((None, "ascii"), WrongType),
            ((b"739184", "ebcdic"), InvalidArgument),
            ((b"739184", None), InvalidArgument),
            ((b"739184", "ascii", 8, 256), InvalidArgument),
            ((b"739184", "ascii", 8, -1), InvalidArgument),
        ],
    )
    def test_bad_arguments(self, arguments, kind):
        with pytest.raises(kind) as caught:
            encode(*arguments)
        assert "739" not in str(caught.value)


class TestDecode:
    @pytest.mark.parametrize(
        ("block", "encoding"),
        [
            ("", "ascii"),
            ("313233FF", "ascii"),
            ("", "bcd"),
            ("", "iso9564-2"),
            ("010A", "digits"),
            ("31", "digits"),
            ("FF", "bcd"),
            ("1A", "bcd"),
            ("1F23", "bcd"),
            ("F1", "bcd"),
            ("241234FFFFFFFF", "iso9564-2"),
            ("241234FFFFFFFFFFFF", "iso9564-2"),
            ("141234FFFFFFFFFF", "iso9564-2"),
            ("231234FFFFFFFFFF", "iso9564-2"),
            ("2D12345678901234", "iso9564-2"),
            ("241234FFFFFFFFF0", "iso9564-2"),
            ("2412345FFFFFFFFF", "iso9564-2"),
            ("24123AFFFFFFFFFF", "iso9564-2"),
        ],
    )
    def test_what_is_no_block(self, block, encoding):
        with pytest.raises(CodecError) as caught:
            decode(bytes.fromhex(block), encoding)
        assert block not in str(caught.value) or not block

    def test_nothing_but_padding(self):
        with pytest.raises(CodecError, match="empty"):
            decode(b"\xff" * 8, "ascii", 0xFF)

    def test_an_encoding_that_does_not_exist(self):
        with pytest.raises(InvalidArgument, match="ascii, digits, bcd, iso9564-2"):
            decode(b"\x24\x12\x34" + b"\xff" * 5, "iso9564-3")

    @given(PRINTABLE)
    def test_undoes_ascii(self, pin):
        assert decode(encode(pin, "ascii"), "ascii") == pin
        assert decode(encode(pin, "ascii", 20), "ascii", 0xFF) == pin

    @given(DIGITS, st.sampled_from(["ascii", "digits", "bcd"]))
    def test_undoes_digits(self, pin, encoding):
        assert decode(encode(pin, encoding), encoding) == pin
        assert decode(encode(pin, encoding, 20), encoding, 0xFF) == pin

    @given(DIGITS.filter(lambda pin: 4 <= len(pin) <= 12), st.integers(8, 12))
    def test_undoes_format_2(self, pin, pad_to):
        assert len(encode(pin, "iso9564-2")) == 8
        assert decode(encode(pin, "iso9564-2", pad_to), "iso9564-2", 0xFF) == pin

    @given(st.binary(max_size=10), st.sampled_from(["ascii", "digits", "bcd", "iso9564-2"]))
    def test_any_bytes(self, block, encoding):
        """Refused, or the block of the PIN that was read."""
        try:
            pin = decode(block, encoding)
        except CodecError:
            return
        assert encode(pin, encoding) == block


class TestChange:
    def test_layouts(self):
        assert join(b"123456", b"8765", "concatenated") == b"1234568765"
        assert join(b"123456", b"8765", "length-prefixed") == b"\x06123456\x048765"

    def test_splitting(self):
        assert split(b"1234568765", "concatenated", 6) == (b"123456", b"8765")
        assert split(b"1234568765", "concatenated", 4) == (b"1234", b"568765")
        assert split(b"\x06123456\x048765", "length-prefixed", 4) == (b"123456", b"8765")

    @given(st.binary(max_size=16), st.binary(max_size=16), st.sampled_from(["concatenated", "length-prefixed"]))
    def test_splitting_undoes_joining(self, old, new, layout):
        assert split(join(old, new, layout), layout, len(old)) == (old, new)

    @pytest.mark.parametrize(
        "data", [b"", b"\x06", b"\x06123456", b"\x06123456\x05876", b"\x06123456\x0387654", b"\x07123456\x048765"]
    )
    def test_lengths_that_do_not_add_up(self, data):
        with pytest.raises(CodecError, match="do not add up") as caught:
            split(data, "length-prefixed", 6)
        assert 0 <= caught.value.offset <= len(data)
        assert "1234" not in str(caught.value)

    def test_bad_arguments(self):
        for call in (lambda: join(b"1234", b"5678", "glued"), lambda: split(b"\x011\x012", "glued", 1)):
            with pytest.raises(InvalidArgument, match="concatenated, length-prefixed"):
                call()
        for old, new in ((bytes(256), b"1"), (b"1", bytes(256))):
            with pytest.raises(InvalidArgument, match="at most 255 bytes"):
                join(old, new, "length-prefixed")
