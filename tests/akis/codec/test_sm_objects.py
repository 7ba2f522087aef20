"""The grammar of protected data fields, [data] [97 or 99] 8E, and which error says what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.codec.sm_objects import (
    COMMAND_OBJECTS,
    CRYPTOGRAM,
    CRYPTOGRAM_TLV,
    PLAIN,
    RESPONSE_OBJECTS,
    SmGrammarError,
    SmObjects,
)
from akis.errors import CodecError

COMMAND = bytes.fromhex("8709 01 1122334455667788 970100 8E08 A0A1A2A3A4A5A6A7")
RESPONSE = bytes.fromhex("8709 01 1122334455667788 99029000 8E08 A0A1A2A3A4A5A6A7")
PARTS = {
    "81": "8102ABCD",
    "85": "85081122334455667788",
    "87": "8709011122334455667788",
    "97": "970100",
    "99": "99029000",
    "8E": "8E08A0A1A2A3A4A5A6A7",
    "80": "800101",
    "9E": "9E0100",
}


def field(*names: str) -> bytes:
    return bytes.fromhex("".join(PARTS[name] for name in names))


def summary(objects: SmObjects) -> tuple[int, bytes, bytes | None, bytes, bytes]:
    return objects.tag, objects.value, objects.second, objects.checksum, objects.covered


class TestReading:
    def test_a_command(self):
        objects = COMMAND_OBJECTS.parse(COMMAND)
        assert objects.tag == CRYPTOGRAM
        assert objects.value == bytes.fromhex("1122334455667788")
        assert objects.second == b"\x00"
        assert objects.checksum == bytes.fromhex("A0A1A2A3A4A5A6A7")
        assert objects.covered == COMMAND[:-10]

    def test_an_answer(self):
        objects = RESPONSE_OBJECTS.parse(RESPONSE)
        assert (objects.tag, objects.second) == (CRYPTOGRAM, b"\x90\x00")
        assert objects.covered == RESPONSE[:-10]

    @pytest.mark.parametrize(
        "names", [("8E",), ("97", "8E"), ("87", "8E"), ("85", "8E"), ("87", "97", "8E"), ("85", "97", "8E")]
    )
    def test_every_form_of_a_command(self, names):
        objects = COMMAND_OBJECTS.parse(field(*names))
        assert objects.tag == (int(names[0], 16) if names[0] in ("85", "87") else 0)
        assert (objects.second is not None) is ("97" in names)
        assert objects.covered == field(*names[:-1])

    @pytest.mark.parametrize("names", [("99", "8E"), ("81", "99", "8E"), ("85", "99", "8E"), ("87", "99", "8E")])
    def test_every_form_of_an_answer(self, names):
        objects = RESPONSE_OBJECTS.parse(field(*names))
        assert objects.tag == (int(names[0], 16) if len(names) == 3 else 0)
        assert objects.second == b"\x90\x00"

    def test_only_87_has_a_padding_indicator(self):
        assert RESPONSE_OBJECTS.parse(field("85", "99", "8E")).value == bytes.fromhex("1122334455667788")
        assert RESPONSE_OBJECTS.parse(field("81", "99", "8E")).value == bytes.fromhex("ABCD")


class TestGrammar:
    """Objects that are not the expected ones: SmGrammarError, which a card answers with 6987."""

    @pytest.mark.parametrize(
        ("names", "offset"),
        [
            ((), 0),
            (("87",), 11),
            (("87", "97"), 14),
            (("97", "87", "8E"), 3),
            (("8E", "97"), 10),
            (("8E", "87"), 10),
            (("8E", "8E"), 10),
            (("87", "87", "8E"), 11),
            (("85", "87", "8E"), 10),
            (("97", "97", "8E"), 3),
            (("81", "8E"), 0),
            (("87", "99", "8E"), 11),
            (("80", "8E"), 0),
            (("87", "9E", "8E"), 11),
        ],
    )
    def test_a_command_with_objects_missing_swapped_doubled_or_unknown(self, names, offset):
        with pytest.raises(SmGrammarError) as caught:
            COMMAND_OBJECTS.parse(field(*names))
        assert caught.value.offset == offset

    @pytest.mark.parametrize(
        ("names", "offset"),
        [
            ((), 0),
            (("99",), 4),
            (("8E",), 0),
            (("87", "8E"), 11),
            (("99", "87", "8E"), 4),
            (("8E", "99"), 10),
            (("99", "99", "8E"), 4),
            (("99", "8E", "8E"), 14),
            (("81", "87", "99", "8E"), 4),
            (("87", "97", "99", "8E"), 11),
        ],
    )
    def test_an_answer_with_objects_missing_swapped_doubled_or_unknown(self, names, offset):
        with pytest.raises(SmGrammarError) as caught:
            RESPONSE_OBJECTS.parse(field(*names))
        assert caught.value.offset == offset


class TestBrokenObjects:
    """Objects that are expected and broken: CodecError and no SmGrammarError, which a card answers with 6988."""

    @pytest.mark.parametrize(
        ("text", "offset", "why"),
        [
            ("8709 02 1122334455667788" + PARTS["8E"], 0, "indicator"),
            ("8700" + PARTS["8E"], 0, "indicator"),
            ("878109 01 1122334455667788" + PARTS["8E"], 1, "longer than it needs"),
            ("8780 01 1122334455667788 0000", 1, "indefinite"),
            ("87", 1, "length field missing"),
            ("8709 01 11", 0, "data object 87 cut off"),
            (PARTS["97"] + "8E08 A0A1", 3, "data object 8E cut off"),
        ],
    )
    def test_refused_with_the_place(self, text, offset, why):
        with pytest.raises(CodecError, match=why) as caught:
            COMMAND_OBJECTS.parse(bytes.fromhex(text))
        assert not isinstance(caught.value, SmGrammarError)
        assert caught.value.offset == offset


@pytest.mark.parametrize(("layout", "raw"), [(COMMAND_OBJECTS, COMMAND), (RESPONSE_OBJECTS, RESPONSE)])
class TestEveryCut:
    def test_is_refused(self, layout, raw):
        for cut in range(len(raw)):
            with pytest.raises(CodecError):
                layout.parse(raw[:cut])

    def test_between_objects_is_one_missing_and_inside_one_is_a_broken_one(self, layout, raw):
        between = {0, 11, len(raw) - 10}
        for cut in range(len(raw)):
            with pytest.raises(CodecError) as caught:
                layout.parse(raw[:cut])
            assert isinstance(caught.value, SmGrammarError) is (cut in between), cut

    def test_bytes_too_many_are_refused(self, layout, raw):
        with pytest.raises(SmGrammarError) as caught:
            layout.parse(raw + b"\x00")
        assert caught.value.offset == len(raw)


VALUE = st.binary(max_size=300)
CHECKSUM = st.binary(min_size=4, max_size=16)


@given(st.sampled_from([CRYPTOGRAM, CRYPTOGRAM_TLV, 0]), VALUE, st.none() | st.binary(min_size=1, max_size=2), CHECKSUM)
def test_reading_a_command_undoes_building(tag, value, le, checksum):
    value = value if tag else b""
    objects = SmObjects(tag, value, le, checksum, COMMAND_OBJECTS.cover(tag, value, le))
    assert summary(COMMAND_OBJECTS.parse(COMMAND_OBJECTS.build(objects))) == summary(objects)


@given(st.sampled_from([CRYPTOGRAM, CRYPTOGRAM_TLV, PLAIN, 0]), VALUE, st.binary(min_size=2, max_size=2), CHECKSUM)
def test_reading_an_answer_undoes_building(tag, value, sw, checksum):
    value = value if tag else b""
    objects = SmObjects(tag, value, sw, checksum, RESPONSE_OBJECTS.cover(tag, value, sw))
    assert summary(RESPONSE_OBJECTS.parse(RESPONSE_OBJECTS.build(objects))) == summary(objects)


@pytest.mark.parametrize("layout", [COMMAND_OBJECTS, RESPONSE_OBJECTS])
@given(
    raw=st.binary(max_size=24) | st.lists(st.sampled_from(sorted(PARTS)), max_size=4).map(lambda names: field(*names))
)
def test_any_bytes_build_the_same_again_or_are_refused(layout, raw):
    try:
        objects = layout.parse(raw)
    except CodecError:
        return
    assert layout.build(objects) == raw
