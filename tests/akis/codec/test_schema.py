"""Our Construct primitives, alone and inside ordinary Constructs."""

import pytest
from construct import Byte, Bytes, Const, GreedyRange, Int16ub, Prefixed, Struct, this
from hypothesis import given
from hypothesis import strategies as st

from akis.codec.schema import BER_LENGTH, BerLength, build_layout, parse_layout
from akis.codec.tlv import Tlv, TlvTree
from akis.errors import CodecError


class TestBerLength:
    @pytest.mark.parametrize(
        ("length", "field"),
        [
            (0, "00"),
            (0x7F, "7F"),
            (0x80, "8180"),
            (0xFF, "81FF"),
            (0x100, "820100"),
            (0xFFFF, "82FFFF"),
            (0x10000, "83010000"),
            (0xFFFFFF, "83FFFFFF"),
        ],
    )
    def test_bounds(self, length, field):
        assert BER_LENGTH.build(length) == bytes.fromhex(field)
        assert BER_LENGTH.parse(bytes.fromhex(field)) == length

    @pytest.mark.parametrize("length", [-1, 0x1000000])
    def test_lengths_no_field_can_say(self, length):
        with pytest.raises(CodecError, match="negative" if length < 0 else "longer than a length field"):
            BER_LENGTH.build(length)

    @pytest.mark.parametrize(
        ("field", "offset", "why"),
        [
            ("", 0, "missing"),
            ("80", 0, "indefinite"),
            ("8401000000", 0, "5 bytes"),
            ("FF", 0, "128 bytes"),
            ("81", 0, "cut off"),
            ("8201", 0, "cut off"),
            ("830100", 0, "cut off"),
            ("817F", 0, "longer than it needs"),
            ("8200FF", 0, "longer than it needs"),
            ("83000100", 0, "longer than it needs"),
            ("8000", 0, "indefinite"),
            ("0500", 1, "1 bytes too many"),
        ],
    )
    def test_refused(self, field, offset, why):
        with pytest.raises(CodecError, match=why) as caught:
            BER_LENGTH.parse(bytes.fromhex(field))
        assert caught.value.offset == offset

    @pytest.mark.parametrize(("field", "length"), [("817F", 0x7F), ("820005", 5), ("83000000", 0)])
    def test_decode_any_takes_more_bytes_than_needed(self, field, length):
        assert BER_LENGTH.decode_any(bytes.fromhex(field), 0) == (length, len(field) // 2)

    @given(st.integers(0, 0xFFFFFF), st.binary(max_size=4), st.binary(max_size=4))
    def test_decode_finds_its_end_among_other_bytes(self, length, before, after):
        field = BER_LENGTH.encode(length)
        assert BER_LENGTH.decode(before + field + after, len(before)) == (length, len(before) + len(field))

    @given(st.binary(max_size=8))
    def test_any_bytes_decode_to_what_encodes_the_same_or_are_refused(self, raw):
        try:
            length = BER_LENGTH.parse(raw)
        except CodecError:
            return
        assert BER_LENGTH.build(length) == raw


class TestInsideOrdinaryConstructs:
    LAYOUT = Struct("head" / Byte, "length" / BerLength(), "value" / Bytes(this.length), "tail" / Int16ub)

    def test_parses_and_builds_among_other_fields(self):
        raw = bytes.fromhex("AA 8180") + bytes(128) + bytes.fromhex("9000")
        found = self.LAYOUT.parse(raw)
        assert (found.head, found.length, found.tail) == (0xAA, 128, 0x9000)
        assert self.LAYOUT.build(found) == raw

    def test_offset_of_an_error_counts_from_the_first_byte(self):
        with pytest.raises(CodecError) as caught:
            self.LAYOUT.parse(bytes.fromhex("AA 80 9000"))
        assert caught.value.offset == 1

    def test_a_tree_inside_a_prefix_stops_where_the_prefix_says(self):
        layout = Struct("objects" / Prefixed(Byte, TlvTree(minimal=True)), "sw" / Int16ub)
        found = layout.parse(bytes.fromhex("03 840107 9000"))
        assert found.objects == (Tlv(0x84, b"\x07"),)
        assert found.sw == 0x9000
        assert layout.build(found) == bytes.fromhex("03 840107 9000")


class TestParseLayout:
    LAYOUT = Struct("kind" / Const(b"\x01"), "items" / GreedyRange(Struct("a" / Byte, "b" / Byte)))

    def parse(self, text):
        return parse_layout(self.LAYOUT, bytes.fromhex(text), "the record", lambda found: len(found["items"]))

    def test_gives_what_make_makes(self):
        assert self.parse("01 0203 0405") == 2

    @pytest.mark.parametrize(
        ("text", "offset", "why"),
        [
            ("", 0, "the record is cut off"),
            ("02", 1, "the record does not have its layout"),
            ("01 0203 04", 3, "1 bytes too many after the record"),
        ],
    )
    def test_refused(self, text, offset, why):
        """A repetition that swallows a cut-off item leaves its bytes over."""
        with pytest.raises(CodecError, match=why) as caught:
            self.parse(text)
        assert caught.value.offset == offset
        assert caught.value.__cause__ is None

    def test_error_of_our_own_parts_comes_through_as_it_is(self):
        with pytest.raises(CodecError, match="indefinite") as caught:
            parse_layout(Struct("a" / Byte, "length" / BerLength()), b"\x01\x80", "the record", lambda found: found.a)
        assert caught.value.offset == 1


class TestBuildLayout:
    LAYOUT = Struct("a" / Byte, "b" / Int16ub)

    def test_builds(self):
        assert build_layout(self.LAYOUT, {"a": 1, "b": 2}, "the record") == b"\x01\x00\x02"

    def test_a_field_that_does_not_fit(self):
        with pytest.raises(CodecError, match="the record cannot be built"):
            build_layout(self.LAYOUT, {"a": 256, "b": 2}, "the record")
