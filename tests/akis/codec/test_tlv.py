"""BER-TLV data objects: what is read, what is refused, what is built."""

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.codec.tlv import MAX_COUNT, MAX_DEPTH, Tlv, build, find, parse, tag_bytes
from akis.errors import CodecError, InvalidArgument, WrongType

# A file control template with a nested object, long tags and a long length.
FCP = bytes.fromhex("6F 819D 62 0E 8002 0100 A508 84 06 504B43532D31 5F2E 02 ABCD BF8101 03 810105 53 7F") + bytes(127)
PRIMITIVE_TAGS = [0x80, 0x84, 0x9F7F, 0x5F2E, 0x5FFF7F, 0x1F1F]
CONSTRUCTED_TAGS = [0x30, 0x62, 0x6F, 0x7F49, 0xBF8101]

OBJECTS = st.recursive(
    st.builds(Tlv, st.sampled_from(PRIMITIVE_TAGS), st.binary(max_size=200)),
    lambda inner: st.builds(Tlv, st.sampled_from(CONSTRUCTED_TAGS), st.lists(inner, max_size=4)),
    max_leaves=12,
)


class TestReading:
    def test_a_tree(self):
        (fcp,) = parse(FCP)
        assert (fcp.tag, fcp.constructed, fcp.value) == (0x6F, True, b"")
        assert [child.tag for child in fcp] == [0x62, 0x5F2E, 0xBF8101, 0x53]
        assert fcp.children[1].value == b"\xab\xcd"
        assert not fcp.children[1].constructed
        assert fcp.content == FCP[3:]

    def test_a_path_of_tags(self):
        (fcp,) = parse(FCP)
        assert fcp.first(0x62, 0xA5, 0x84).value == b"PKCS-1"
        assert fcp.first(0xBF8101, 0x81).value == b"\x05"
        assert fcp.first(0x62, 0x99, 0x84) is None
        assert fcp.first(0x84) is None

    def test_several_objects_and_none(self):
        objects = parse(bytes.fromhex("8001AA 8100 8001BB"))
        assert [(item.tag, item.value) for item in objects] == [(0x80, b"\xaa"), (0x81, b""), (0x80, b"\xbb")]
        assert find(objects, 0x80).value == b"\xaa"
        assert find(objects, 0x82) is None
        assert parse(b"") == ()

    @pytest.mark.parametrize("kind", [bytearray, memoryview])
    def test_whatever_is_like_bytes(self, kind):
        assert parse(kind(FCP)) == parse(FCP)

    @pytest.mark.parametrize("raw", ["8001AA", None, [0x80, 0]])
    def test_other_types_are_refused(self, raw):
        with pytest.raises(WrongType):
            parse(raw)

    @pytest.mark.parametrize("tag", PRIMITIVE_TAGS)
    def test_tags_of_one_to_three_bytes(self, tag):
        (item,) = parse(tag_bytes(tag) + b"\x01\xaa")
        assert (item.tag, item.value) == (tag, b"\xaa")

    @given(st.lists(OBJECTS, max_size=3))
    def test_reading_undoes_building(self, objects):
        assert parse(build(objects)) == tuple(objects)

    @pytest.mark.parametrize("minimal", [True, False])
    @given(
        raw=st.binary(max_size=40) | st.lists(st.sampled_from(b"\x00\x01\x02\x30\x5f\x6f\x81\x82\x84\xbf")).map(bytes)
    )
    def test_any_bytes_build_the_same_again_or_are_refused(self, minimal, raw):
        try:
            objects = parse(raw, minimal=minimal)
        except CodecError:
            return
        assert build(objects) == raw


class TestStrictness:
    @pytest.mark.parametrize("cut", range(1, len(FCP)))
    @pytest.mark.parametrize("minimal", [True, False])
    def test_no_truncation_passes(self, cut, minimal):
        with pytest.raises(CodecError) as caught:
            parse(FCP[:cut], minimal=minimal)
        assert 0 <= caught.value.offset <= cut

    @pytest.mark.parametrize(
        ("text", "offset", "why"),
        [
            ("8001AA 00", 3, "00 is not a tag"),
            ("8001AA FF", 3, "tag field cut off"),
            ("8001AA 84", 4, "length field missing"),
            ("8001AA 8402BB", 3, "cut off, 1 bytes of its value are there"),
            ("00", 0, "00 is not a tag"),
            ("6F 02 0000", 2, "00 is not a tag"),
            ("6F 80 8001AA 0000", 1, "indefinite"),
            ("84 8101 AA", 1, "longer than it needs"),
            ("6F 04 84 8101 AA", 3, "longer than it needs"),
            ("84 8400000001 AA", 1, "5 bytes"),
            # The child would fit into the bytes that follow its parent, but not into the parent.
            ("6F 02 8402 AABB", 2, "cut off, 0 bytes of its value are there"),
            ("6F 02 8481 80", 2, "0 bytes of its value"),
            ("6F 01 5F 2E00", 2, "tag field cut off"),
            ("5F1E 00", 0, "shortest form"),
            ("5F802E 00", 0, "shortest form"),
            ("5F818101 00", 0, "shortest form"),
            ("5F8181 ", 0, "tag field cut off"),
        ],
    )
    def test_refused_with_the_place(self, text, offset, why):
        with pytest.raises(CodecError, match=why) as caught:
            parse(bytes.fromhex(text))
        assert caught.value.offset == offset

    @pytest.mark.parametrize(
        "text", ["84 8101 AA", "84 820001 AA", "84 83000001 AA", "6F 8103 8401AA", "6F 8100", "84 8100"]
    )
    def test_longer_lengths_are_kept_on_request(self, text):
        raw = bytes.fromhex(text)
        with pytest.raises(CodecError):
            parse(raw)
        (item,) = parse(raw, minimal=False)
        assert item.to_bytes() == raw
        assert pickle.loads(pickle.dumps(item)).to_bytes() == raw
        assert item != Tlv(item.tag, item.children or item.value)

    def test_depth(self):
        raw = b"\x84\x00"
        for _ in range(MAX_DEPTH):
            raw = b"\x30" + bytes((len(raw),)) + raw
        assert build(parse(raw)) == raw
        with pytest.raises(CodecError, match="deeper than 16"):
            parse(b"\x30" + bytes((len(raw),)) + raw)

    def test_deep_nesting_is_refused_before_it_costs_a_recursion(self):
        raw = b""
        while len(raw) < 8000:
            raw = Tlv(0x84, raw).to_bytes().replace(b"\x84", b"\x30", 1)
        with pytest.raises(CodecError, match="deeper than 16"):
            parse(raw)

    def test_count(self):
        assert len(parse(b"\x84\x00" * MAX_COUNT)) == MAX_COUNT
        with pytest.raises(CodecError, match="more than 4096") as caught:
            parse(b"\x84\x00" * (MAX_COUNT + 1))
        assert caught.value.offset == 2 * MAX_COUNT

    def test_count_is_of_all_levels(self):
        inner = Tlv(0x30, [Tlv(0x84)] * (MAX_COUNT // 2 - 1))
        assert len(parse(build([inner, inner]))) == 2
        with pytest.raises(CodecError, match="more than 4096"):
            parse(build([inner, inner, Tlv(0x84)]))


class TestBuilding:
    def test_primitive_and_constructed(self):
        assert Tlv(0x84, b"PKCS-15").to_bytes() == b"\x84\x07PKCS-15"
        assert Tlv(0x84).to_bytes() == b"\x84\x00"
        assert Tlv(0x6F).to_bytes() == b"\x6f\x00"
        assert Tlv(0xBF8101, [Tlv(0x9B, b"\x03")]).to_bytes() == bytes.fromhex("BF8101 03 9B0103")

    @pytest.mark.parametrize(
        ("length", "field"), [(0x7F, "7F"), (0x80, "8180"), (0x100, "820100"), (0x10000, "83010000")]
    )
    def test_shortest_length(self, length, field):
        assert Tlv(0x53, bytes(length)).to_bytes()[1:-length] == bytes.fromhex(field)

    def test_children_from_any_iterable(self):
        assert Tlv(0x6F, iter([Tlv(0x84)])) == Tlv(0x6F, (Tlv(0x84),))

    @pytest.mark.parametrize("tag", [0, -1, 0x5F, 0x1F1E, 0x8401, 0x5F802E, 0x5F8181, 0x5F818101, 0x1000000])
    def test_impossible_tags(self, tag):
        with pytest.raises(InvalidArgument):
            Tlv(tag)
        with pytest.raises(InvalidArgument):
            tag_bytes(tag)

    @pytest.mark.parametrize(
        ("tag", "content"),
        [
            ("84", b""),
            (b"\x84", b""),
            (0x6F, b"\x84\x00"),
            (0x6F, [b"\x84\x00"]),
            (0x6F, "8400"),
            (0x6F, 5),
            (0x6F, None),
            (0x6F, Tlv(0x84)),
            (0x84, [Tlv(0x84)]),
            (0x84, "text"),
            (0x84, 5),
            (0x84, None),
        ],
    )
    def test_content_of_the_wrong_kind(self, tag, content):
        with pytest.raises(WrongType):
            Tlv(tag, content)


class TestAsValues:
    def test_repr_shows_tags_and_lengths_and_no_data(self):
        item = Tlv(0x6F, [Tlv(0x84, b"482915"), Tlv(0x5F2E, b"")])
        assert repr(item) == "Tlv(6F, [Tlv(84, 6 bytes), Tlv(5F2E, 0 bytes)])"

    def test_equality(self):
        assert Tlv(0x84, b"a") == Tlv(0x84, b"a")
        assert hash(Tlv(0x84, b"a")) == hash(Tlv(0x84, b"a"))
        assert Tlv(0x84, b"a") != Tlv(0x84, b"b")
        assert Tlv(0x84, b"a") != Tlv(0x85, b"a")
        assert Tlv(0x84, b"a") != b"\x84\x01a"

    def test_nothing_is_assigned(self):
        item = Tlv(0x84, b"a")
        with pytest.raises(AttributeError):
            item.value = b"b"
        with pytest.raises(AttributeError):
            item.note = "x"

    @pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda item: pickle.loads(pickle.dumps(item))])
    def test_copies_are_equal(self, copied):
        (fcp,) = parse(FCP)
        assert copied(fcp) == fcp
        assert copied(fcp).to_bytes() == FCP
