"""Historical bytes: categories, COMPACT-TLV objects, and what the standard ones say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.codec.historical import (
    CardCapabilities,
    CardServiceData,
    CommandSupport,
    CompactTlv,
    DataCoding,
    HistoricalBytes,
    LifeCycle,
    SelectionMethods,
    StatusIndicator,
)
from akis.errors import WrongType


def read(text: str) -> HistoricalBytes:
    return HistoricalBytes.from_bytes(bytes.fromhex(text))


class TestCategories:
    def test_80_is_objects_and_the_status_is_one_of_them(self):
        historical = read("80 655443D32282 31C0 73F62180 8105")
        assert historical.category == 0x80
        assert historical.objects == (
            CompactTlv(6, bytes.fromhex("5443D32282")),
            CompactTlv(3, b"\xc0"),
            CompactTlv(7, bytes.fromhex("F62180")),
            CompactTlv(8, b"\x05"),
        )
        assert historical.status == StatusIndicator(0x05, None)

    def test_00_is_objects_and_then_three_bytes_of_status(self):
        historical = read("00 31C5 73C00140 059000")
        assert historical.objects == (CompactTlv(3, b"\xc5"), CompactTlv(7, bytes.fromhex("C00140")))
        assert historical.status == StatusIndicator(0x05, 0x9000)
        assert historical.status.sw.ok

    def test_00_with_a_status_and_no_object(self):
        historical = read("00 009000")
        assert historical.objects == ()
        assert historical.status == StatusIndicator(0x00, 0x9000)

    def test_10_refers_to_the_dir_data(self):
        historical = read("10 02")
        assert (historical.category, historical.dir_reference, historical.objects) == (0x10, 2, ())

    def test_none_at_all(self):
        historical = read("")
        assert (historical.category, historical.objects, historical.status) == (None, (), None)

    @pytest.mark.parametrize(
        ("value", "life_cycle_byte", "sw"),
        [("81 03", 0x03, None), ("82 9000", None, 0x9000), ("83 076A82", 0x07, 0x6A82)],
    )
    def test_length_tells_what_a_status_is(self, value, life_cycle_byte, sw):
        assert read("80" + value).status == StatusIndicator(life_cycle_byte, sw)

    @pytest.mark.parametrize("text", ["80 31C0", "80 80", "80 8401020304"])
    def test_no_status(self, text):
        historical = read(text)
        assert len(historical.objects) == 1
        assert historical.status is None

    @pytest.mark.parametrize(
        "text",
        [
            b"UEKAE V1.0".hex(),
            "80 31",
            "80 31C0 655443",
            "00 31C0 6554 059000",
            "00 9000",
            "10",
            "10 0203",
            "85 31C0",
        ],
    )
    def test_what_has_not_the_form_of_its_category_is_kept_as_bytes(self, text):
        raw = bytes.fromhex(text)
        assert read(text) == HistoricalBytes(raw, category=raw[0])
        assert read(text).service_data is None
        assert read(text).capabilities is None

    def test_other_types_are_refused(self):
        with pytest.raises(WrongType):
            HistoricalBytes.from_bytes("80")

    @given(st.binary(max_size=20) | st.binary(max_size=14).map(lambda body: b"\x80" + body))
    def test_any_bytes_are_read_and_kept(self, raw):
        historical = HistoricalBytes.from_bytes(raw)
        assert historical.raw == raw
        if historical.objects:
            written = b"".join(bytes((item.tag << 4 | len(item.value),)) + item.value for item in historical.objects)
            assert written == (raw[1:] if raw[0] == 0x80 else raw[1:-3])
        assert historical.capabilities is None or 1 <= len(historical.value(7)) <= 3
        assert historical.service_data is None or len(historical.value(3)) == 1


class TestLifeCycle:
    @pytest.mark.parametrize(
        ("byte", "state"),
        [
            (0x00, LifeCycle.UNKNOWN),
            (0x01, LifeCycle.CREATION),
            (0x02, LifeCycle.RESERVED),
            (0x03, LifeCycle.INITIALISATION),
            (0x04, LifeCycle.DEACTIVATED),
            (0x05, LifeCycle.ACTIVATED),
            (0x06, LifeCycle.DEACTIVATED),
            (0x07, LifeCycle.ACTIVATED),
            (0x08, LifeCycle.RESERVED),
            (0x0B, LifeCycle.RESERVED),
            (0x0C, LifeCycle.TERMINATED),
            (0x0F, LifeCycle.TERMINATED),
            (0x10, LifeCycle.PROPRIETARY),
            (0xFF, LifeCycle.PROPRIETARY),
        ],
    )
    def test_of_a_byte(self, byte, state):
        assert LifeCycle.of(byte) is state
        assert StatusIndicator(byte, None).life_cycle is state

    def test_not_given(self):
        assert StatusIndicator(None, None).life_cycle is None


class TestServiceData:
    @pytest.mark.parametrize(
        ("byte", "expected"),
        [
            ("80", CardServiceData(True, False, False, False, "READ RECORD", True)),
            ("C0", CardServiceData(True, True, False, False, "READ RECORD", True)),
            ("C5", CardServiceData(True, True, False, False, "GET DATA", False)),
            ("38", CardServiceData(False, False, True, True, "READ BINARY", True)),
            ("2E", CardServiceData(False, False, True, False, None, True)),
        ],
    )
    def test_bits(self, byte, expected):
        assert read("80 31" + byte).service_data == expected

    def test_more_than_a_byte_is_not_explained(self):
        historical = read("80 32C000")
        assert historical.service_data is None
        assert historical.value(3) == b"\xc0\x00"


class TestCapabilities:
    def test_three_bytes_as_on_akis_cards(self):
        assert read("80 73 F62180").capabilities == CardCapabilities(
            SelectionMethods(
                df_by_full_name=True,
                df_by_partial_name=True,
                df_by_path=True,
                df_by_file_identifier=True,
                df_implicitly=False,
                short_ef_identifier=True,
                record_number=True,
                record_identifier=False,
            ),
            DataCoding(tlv_files=False, write="proprietary", ff_begins_a_tag=False, data_unit=2),
            CommandSupport(
                command_chaining=True,
                extended_lengths=False,
                lengths_in_ef_atr=False,
                channels_by_card=False,
                channels_by_terminal=False,
                logical_channels=1,
            ),
        )

    @pytest.mark.parametrize(
        ("byte", "expected"),
        [
            ("80", CommandSupport(True, False, False, False, False, 1)),
            ("40", CommandSupport(False, True, False, False, False, 1)),
            ("20", CommandSupport(False, False, True, False, False, 1)),
            ("13", CommandSupport(False, False, False, True, False, 4)),
            ("0F", CommandSupport(False, False, False, False, True, 8)),
        ],
    )
    def test_third_byte(self, byte, expected):
        assert read("80 73 0000" + byte).capabilities.commands == expected

    @pytest.mark.parametrize(
        ("byte", "expected"),
        [
            ("01", DataCoding(False, "one-time", False, 2)),
            ("A0", DataCoding(True, "proprietary", False, 1)),
            ("C3", DataCoding(True, "OR", False, 8)),
            ("70", DataCoding(False, "AND", True, 1)),
        ],
    )
    def test_second_byte(self, byte, expected):
        assert read("80 72 00" + byte).capabilities.coding == expected

    def test_fewer_bytes(self):
        one, two = read("80 71 80").capabilities, read("80 72 8001").capabilities
        assert one.selection.df_by_full_name
        assert (one.coding, one.commands) == (None, None)
        assert two.coding is not None
        assert two.commands is None

    @pytest.mark.parametrize("text", ["80 70", "80 74 80018000"])
    def test_no_byte_or_four_are_not_explained(self, text):
        assert read(text).capabilities is None
        assert len(read(text).objects) == 1
