"""Commands of files and records: their bytes, what they refuse to build, and what their answers hold."""

from __future__ import annotations

import pytest

from akis.commands import directory, files, records
from akis.errors import AkisError, CodecError, InvalidArgument, WrongType

BYTES = [
    (files.select_fid(0x3D00, kind="df"), "00A40100 02 3D00 00"),
    (files.select_fid(0x2F10, kind="ef"), "00A40200 02 2F10 00"),
    (files.select_fid(0x2F10, "none", "ef"), "00A4020C 02 2F10"),
    (files.select_path((0x2F10,), origin="df"), "00A40900 02 2F10 00"),
    (files.select_path((0x3D01, 0x2F10), "fcp", "df"), "00A40904 04 3D012F10 00"),
    (files.select_parent(), "00A40300 00"),
    (files.select_parent("none"), "00A4030C"),
    (files.select_name(b"A0", occurrence="next"), "00A40402 02 4130 00"),
    (files.select_name(b"A0", "none", "last"), "00A4040D 02 4130"),
    (files.select_name(b"A0", "fcp", "previous"), "00A40407 02 4130 00"),
    (files.read_binary(0, 16, short_id=1), "00B08100 10"),
    (files.read_binary(0xFF, 256, short_id=30), "00B09EFF 00"),
    (files.read_binary_far(0x8000, 256), "00B10000 04 54028000 00"),
    (files.read_binary_far(0, 1, file=0x2F10), "00B12F10 04 54020000 01"),
    (files.read_binary_far(0xFFFFFF, 1, file=30), "00B1001E 05 5403FFFFFF 01"),
    (files.update_binary(0x7FFF, b"AB"), "00D67FFF 02 4142"),
    (files.update_binary(0, b"AB", short_id=5), "00D68500 02 4142"),
    (files.update_binary_far(0x8000, b"AB"), "00D70000 08 54028000 53024142"),
    (files.update_binary_far(0x010000, b"A", file=5), "00D70005 08 5403010000 530141"),
    (records.read_record(1), "00B20104 00"),
    (records.read_record(254, 16, short_id=30), "00B2FEF4 10"),
    (records.update_record(2, b"AB"), "00DC0204 02 4142"),
    (records.update_record(2, b"AB", short_id=1), "00DC020C 02 4142"),
    (records.append_record(b"AB"), "00E20000 02 4142"),
    (records.append_record(b"AB", short_id=1), "00E20008 02 4142"),
    (directory.directory(), "80180000 00"),
]


@pytest.mark.parametrize(("command", "text"), BYTES, ids=[text for _, text in BYTES])
def test_bytes(command, text):
    assert command.to_bytes() == bytes.fromhex(text)


@pytest.mark.parametrize(
    ("build", "kind"),
    [
        (lambda: files.select_fid(0x3D00, kind="any file"), InvalidArgument),
        (lambda: files.select_path((1,), origin="here"), InvalidArgument),
        (lambda: files.select_path((), origin="df"), InvalidArgument),
        (lambda: files.select_parent("all"), InvalidArgument),
        (lambda: files.select_name(b"A", occurrence="second"), InvalidArgument),
        (lambda: files.read_binary(0x100, 1, short_id=1), InvalidArgument),
        (lambda: files.read_binary(0, 1, short_id=0), InvalidArgument),
        (lambda: files.read_binary(0, 1, short_id=31), InvalidArgument),
        (lambda: files.read_binary_far(-1, 1), InvalidArgument),
        (lambda: files.read_binary_far(0x1000000, 1), InvalidArgument),
        (lambda: files.read_binary_far(0, 1, file=0x10000), InvalidArgument),
        (lambda: files.update_binary(0, b""), InvalidArgument),
        (lambda: files.update_binary(0x8000, b"A"), InvalidArgument),
        (lambda: files.update_binary(0, "A"), WrongType),
        (lambda: files.update_binary_far(0, b""), InvalidArgument),
        (lambda: files.update_binary_far(0x1000000, b"A"), InvalidArgument),
        (lambda: records.read_record(0), InvalidArgument),
        (lambda: records.read_record(255), InvalidArgument),
        (lambda: records.read_record("1"), InvalidArgument),
        (lambda: records.read_record(1, 0), InvalidArgument),
        (lambda: records.read_record(1, short_id=31), InvalidArgument),
        (lambda: records.update_record(1, b""), InvalidArgument),
        (lambda: records.append_record(b""), InvalidArgument),
        (lambda: records.append_record("A"), WrongType),
    ],
)
def test_bad_arguments(build, kind):
    with pytest.raises(AkisError) as caught:
        build()
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("answer", "content"),
    [("", ""), ("5300", ""), ("5302ABCD", "ABCD"), ("538102ABCD", "ABCD"), ("7303810141", "810141"), ("7300", "")],
)
def test_data_in_an_answer(answer, content):
    assert files.discretionary(bytes.fromhex(answer)) == bytes.fromhex(content)


@pytest.mark.parametrize("answer", ["53", "5301", "5300 00", "5300 5300", "5402ABCD", "AB", "7301 81", "00"])
def test_an_answer_that_holds_something_else(answer):
    with pytest.raises(CodecError):
        files.discretionary(bytes.fromhex(answer))


class TestDirectory:
    EF = "2F 2F10 " + "11" * 17
    DF = "3D 3D00 " + "22" * 17
    OTHER = "00 0000 " + "33" * 17

    def test_entries(self):
        raw = bytes.fromhex(self.EF + self.DF + self.OTHER)
        found = directory.entries(raw)
        assert [(entry.fid, entry.is_df) for entry in found] == [(0x2F10, False), (0x3D00, True), (0x0000, None)]
        assert b"".join(entry.to_bytes() for entry in found) == raw

    def test_none(self):
        assert directory.entries(b"") == ()

    @pytest.mark.parametrize("length", [1, 19, 21, 39])
    def test_cut(self, length):
        with pytest.raises(CodecError):
            directory.entries(bytes(length))
