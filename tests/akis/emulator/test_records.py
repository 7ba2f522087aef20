"""READ, UPDATE and APPEND RECORD of linear and cyclic files."""

from __future__ import annotations

import pytest

from akis.emulator.contents import FileEntry
from tests.akis.emulator.file_cards import VERIFY, sending

FIXED = FileEntry(
    (0x3D00, 0x4101), "linear-fixed", records=(b"AA", b"BB"), record_length=2, record_count=3, update="always"
)
VARIABLE = FileEntry(
    (0x3D00, 0x4102), "linear-variable", records=(b"A", b"BBB"), record_length=4, record_count=3, update="always"
)
CYCLIC = FileEntry((0x3D00, 0x4103), "cyclic", records=(b"AA", b"BB"), record_length=2, record_count=2, update="always")
PLAIN = FileEntry((0x3D00, 0x4104), content=b"AA")
FILES = (FIXED, VARIABLE, CYCLIC, PLAIN)


@pytest.fixture
def send():
    """A way to a card with all of them, the application current."""
    return sending(*FILES)


class TestRead:
    @pytest.mark.parametrize(
        ("command", "answer"),
        [
            ("00B2010C 00", "41419000"),
            ("00B2020C 02", "42429000"),
            ("00B2020C 01", "6C02"),
            ("00B2020C 03", "42426282"),
            ("00B2030C 00", "6A83"),
            ("00B2000C 00", "6A83"),
            ("00B20214 00", "4242429000"),
            ("00B2010D 00", "414142429000"),
            ("00B2010E 00", "424241419000"),
            ("00B2010D 03", "4141429000"),
            ("00B2010D 05", "414142426282"),
            ("00B2030D 00", "6A83"),
            ("00B20108 00", "6A81"),
            ("00B2010F 00", "6A86"),
            ("00B201FC 00", "6A86"),
            ("00B201F4 00", "6A82"),
            ("00B20104 00", "6986"),
            ("00B20124 00", "6981"),
            ("00B2010C", "6700"),
            ("00B2010C 01 00 00", "6700"),
        ],
    )
    def test_a_row(self, send, command, answer):
        assert send(command) == answer

    def test_next_and_previous_go_on_from_the_current_record(self, send):
        send("00A4020C 02 4101")
        assert [send("00B20002 00") for _ in range(3)] == ["41419000", "42429000", "6A83"]
        assert send("00B20004 00") == "42429000", "the current one"
        assert [send("00B20003 00") for _ in range(2)] == ["41419000", "6A83"]
        assert [send("00B20000 00"), send("00B20001 00")] == ["41419000", "42429000"]
        send("00A4020C 02 4101")
        assert send("00B20003 00") == "42429000", "without a current one, previous is the last"

    def test_what_select_says_of_them(self, send):
        # Descriptor, data coding, length of a record on two bytes, number of records (ISO/IEC 7816-4:2005 table 12).
        assert "820502 21 0002 02".replace(" ", "") in send("00A40200 02 4101 00")
        assert "820504 21 0004 02".replace(" ", "") in send("00A40200 02 4102 00")
        assert "820506 21 0002 02".replace(" ", "") in send("00A40200 02 4103 00")


class TestUpdate:
    @pytest.mark.parametrize(
        ("command", "answer", "records"),
        [
            ("00DC010C 02 5858", "9000", "58584242"),
            ("00DC030C 02 5858", "6A83", "41414242"),
            ("00DC010C 01 58", "6700", "41414242"),
            ("00DC010C 03 585858", "6700", "41414242"),
            ("00DC010C", "6700", "41414242"),
            ("00DC0009 02 5858", "9000", "41415858"),
            ("00DC010D 02 5858", "6A86", "41414242"),
            ("00DC0108 02 5858", "6A81", "41414242"),
            ("00E20008 02 5858", "9000", "414142425858"),
            ("00E20008 01 58", "6700", "41414242"),
            ("00E20108 02 5858", "6A86", "41414242"),
            ("00E20009 02 5858", "6A86", "41414242"),
        ],
    )
    def test_records_of_one_length(self, send, command, answer, records):
        assert send(command) == answer
        assert send("00B2010D 00") == records + "9000"

    def test_a_full_file(self, send):
        assert [send("00E20008 02 5858"), send("00E20008 02 5959")] == ["9000", "6A84"]

    def test_records_of_any_length(self, send):
        assert send("00DC0114 04 58585858") == "9000"
        assert send("00DC0114 05 5858585858") == "6A84"
        assert send("00E20010 01 5A") == "9000"
        assert send("00B20115 00") == "58585858" + "424242" + "5A" + "9000"

    def test_a_cyclic_file_forgets_the_oldest(self, send):
        assert send("00DC001B 02 5858") == "9000"
        assert send("00B2011D 00") == "58584141" + "9000"
        assert send("00E20018 02 5959") == "9000"
        assert send("00B2011D 00") == "59595858" + "9000"
        assert send("00B20004 00") == "59599000", "what was written last is current, and number 1"
        for other in ("00DC011C 02 5A5A", "00DC0018 02 5A5A", "00DC001A 02 5A5A"):
            assert send(other) == "6A86"

    def test_access(self):
        send = sending(FileEntry((0x3D00, 0x4101), "cyclic", record_length=1, record_count=2, read="pin", update="pin"))
        assert [send("00E20008 01 58"), send("00B2010C 00"), send("00DC000B 01 58")] == ["6982"] * 3
        send(VERIFY)
        assert [send("00E20008 01 58"), send("00B2010C 00")] == ["9000", "589000"]

    def test_a_transparent_file_has_none(self, send):
        send("00A4020C 02 4104")
        for command in ("00DC0104 01 58", "00E20000 01 58", "00B20104 00"):
            assert send(command) == "6981"
