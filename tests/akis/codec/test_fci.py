"""File control information: what SELECT answers, read strictly and written back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.codec.fci import FCI, FCP, TERMINATED, FileControl
from akis.codec.tlv import Tlv
from akis.errors import CodecError, InvalidArgument

DF = FileControl(descriptor=0x38, fid=0x3D00, name=b"PKCS-15", life_cycle=0x05)
DF_BYTES = bytes.fromhex("6F13 820138 83023D00 8407504B43532D3135 8A0105")
EF = FileControl(size=0x0123, descriptor=0x01, fid=0x2F00, life_cycle=TERMINATED)
EF_BYTES = bytes.fromhex("620E 80020123 820101 83022F00 8A010C")


class TestExamples:
    def test_a_df(self):
        assert DF.to_bytes() == DF_BYTES
        assert FileControl.from_bytes(DF_BYTES) == DF
        assert DF.is_df is True

    def test_an_ef(self):
        assert EF.to_bytes(FCP) == EF_BYTES
        assert FileControl.from_bytes(EF_BYTES) == EF
        assert EF.is_df is False

    def test_nothing_said(self):
        assert FileControl().to_bytes() == b"\x6f\x00"
        assert FileControl.from_bytes(b"\x62\x00") == FileControl()
        assert FileControl().is_df is None

    @pytest.mark.parametrize(
        ("inner", "field", "value"),
        [
            ("8001FF", "size", 0xFF),
            ("800300FFFF", "size", 0xFFFF),
            ("800400012345", "size", 0x12345),
            ("82020121", "descriptor", 0x01),
            ("820578210001FF", "descriptor", 0x78),
            ("81020200", "allocated", 0x200),
            ("82020121", "coding", 0x21),
            ("8203022110", "record_length", 0x10),
            ("820402210110", "record_length", 0x110),
            ("82050221001003", "record_length", 0x10),
            ("82050221001003", "records", 3),
            ("8206022100100103", "records", 0x103),
            ("8800", "short_id", 0),
            ("8801F0", "short_id", 30),
            ("880108", "short_id", 1),
            ("8400", "name", b""),
            ("8A010C", "life_cycle", 0x0C),
        ],
    )
    def test_other_forms(self, inner, field, value):
        raw = bytes.fromhex(inner)
        assert getattr(FileControl.from_bytes(bytes((0x6F, len(raw))) + raw), field) == value

    def test_other_objects_are_kept(self):
        raw = bytes.fromhex("6F0E 820101 A50387010 1 9001 40 8503AABBCC".replace(" ", ""))
        raw = raw[:1] + bytes((len(raw) - 2,)) + raw[2:]
        found = FileControl.from_bytes(raw)
        assert [item.tag for item in found.others] == [0xA5, 0x90, 0x85]
        assert found.to_bytes() == raw

    def test_a_name_more_is_kept(self):
        raw = bytes.fromhex("6F0A 820138 840141 84024243")
        found = FileControl.from_bytes(raw)
        assert (found.name, found.others) == (b"A", (Tlv(0x84, b"BC"),))
        assert FileControl.from_bytes(found.to_bytes()) == found

    @pytest.mark.parametrize(
        ("descriptor", "structure"),
        [
            (0x38, "DF"),
            (0x78, "DF"),
            (0x01, "transparent"),
            (0x41, "transparent"),
            (0x09, "transparent"),
            (0x02, "linear-fixed"),
            (0x03, "linear-fixed"),
            (0x04, "linear-variable"),
            (0x45, "linear-variable"),
            (0x06, "cyclic"),
            (0x07, "cyclic"),
            (0x39, "data-objects"),
            (0x3A, "data-objects"),
            (0x00, None),
            (0x3B, None),
            (0x80, None),
            (0xB8, None),
        ],
    )
    def test_structures(self, descriptor, structure):
        control = FileControl(descriptor=descriptor)
        assert control.structure == structure
        assert control.is_df is (structure == "DF")
        assert control.has_records is (structure in ("linear-fixed", "linear-variable", "cyclic"))

    def test_flags_of_the_first_generation(self):
        assert FileControl.from_bytes(bytes.fromhex("6F06 820138 900186")).flags == 0x86
        for others in ("", "9000", "90021234", "900101900102"):
            raw = bytes.fromhex(others)
            assert FileControl.from_bytes(bytes((0x6F, len(raw))) + raw).flags is None


class TestStrictness:
    @pytest.mark.parametrize(
        "raw",
        [
            "",
            "6F",
            "6F00 00",
            "6F00 6F00",
            "6400",
            "8400",
            "6F03 8301",
            "6F02 8300",
            "6F05 8303002F00",
            "6F02 8200",
            "6F02 8000",
            "6F07 80050000000001",
            "6F02 8A00",
            "6F04 8A020105",
            "6F8103 820138",
            "6F06 820138 820138",
            "6F06 80010180 0102",
            "6F06 83020000 8300",
            "6F06 8A0105 8A0105",
            "6F09 8207 02210010010300",
            "6F03 880109",
            "6F03 880100",
            "6F03 8801F8",
            "6F04 88020808",
            "6F07 81050000000001",
            "6F03 820138 00",
        ],
    )
    def test_refused(self, raw):
        with pytest.raises(CodecError):
            FileControl.from_bytes(bytes.fromhex(raw))

    @pytest.mark.parametrize("raw", [DF_BYTES, EF_BYTES])
    def test_every_cut(self, raw):
        for cut in range(len(raw)):
            with pytest.raises(CodecError):
                FileControl.from_bytes(raw[:cut])

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            *(("size", value) for value in (-1, 1 << 32)),
            *(("descriptor", value) for value in (-1, 0x100)),
            *(("allocated", value) for value in (-1, 1 << 32)),
            *(("short_id", value) for value in (-1, 31, 0x100)),
            *(("fid", value) for value in (-1, 0x10000)),
            *(("life_cycle", value) for value in (-1, 0x100)),
        ],
    )
    def test_a_number_that_does_not_fit(self, field, value):
        with pytest.raises(InvalidArgument, match=field):
            FileControl(**{field: value}).to_bytes()


@pytest.mark.parametrize(
    "value", [{"coding": 0x100}, {"record_length": 0x10000}, {"record_length": 1, "records": 0x10000}]
)
def test_a_descriptor_that_does_not_fit(value):
    with pytest.raises(InvalidArgument, match=list(value)[-1]):
        FileControl(descriptor=0x02, **value).to_bytes()


def test_records_of_no_length():
    with pytest.raises(InvalidArgument, match="record_length"):
        FileControl(descriptor=0x02, records=3).to_bytes()


def maybe(strategy):
    return st.none() | strategy


RECORDS = st.sampled_from([{}, {"coding": 0x21}, {"coding": 0, "record_length": 0xFF}]) | st.fixed_dictionaries(
    {"coding": st.integers(0, 0xFF), "record_length": st.integers(0, 0xFFFF), "records": st.integers(0, 0xFFFF)}
)
CONTROLS = st.builds(
    lambda records, descriptor, **fields: FileControl(descriptor=0x02 if records else descriptor, **records, **fields),
    records=RECORDS,
    allocated=maybe(st.integers(0, 0xFFFFFFFF)),
    short_id=maybe(st.integers(0, 30)),
    size=maybe(st.integers(0, 0xFFFFFFFF)),
    descriptor=maybe(st.integers(0, 0xFF)),
    fid=maybe(st.integers(0, 0xFFFF)),
    name=maybe(st.binary(max_size=16)),
    life_cycle=maybe(st.integers(0, 0xFF)),
    others=st.lists(st.builds(Tlv, st.sampled_from([0x85, 0x90, 0x9F20]), st.binary(max_size=8)), max_size=3).map(
        tuple
    ),
)


@given(CONTROLS, st.sampled_from([FCI, FCP]))
def test_reading_undoes_writing(control, template):
    assert FileControl.from_bytes(control.to_bytes(template)) == control


@given(
    st.binary(max_size=40)
    | st.tuples(st.sampled_from(b"\x62\x6f"), st.binary(max_size=40)).map(
        lambda parts: bytes((parts[0], len(parts[1]))) + parts[1]
    )
)
def test_any_bytes(raw):
    try:
        found = FileControl.from_bytes(raw)
    except CodecError:
        return
    again = FileControl.from_bytes(found.to_bytes())
    assert again == found
