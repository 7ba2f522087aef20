"""What an answer to reset says of protocols, speed, times and supply."""

import pytest

from akis.codec.atr import ClockStop, SpecificMode
from tests.akis.codec.atrs import AKIS, CAC, OPENPGP, checked, read


class TestProtocols:
    @pytest.mark.parametrize(
        ("text", "protocols"),
        [
            ("3B00", (0,)),
            ("3B8000", (0,)),
            (OPENPGP, (1,)),
            (CAC, (0,)),
            (AKIS[-1], (0, 1)),
        ],
    )
    def test_offered_in_order_and_each_once(self, text, protocols):
        assert read(text).protocols == protocols
        assert read(text).default_protocol == protocols[0]

    def test_t_15_alone_offers_t_0(self):
        assert checked("3B80 1F 03").protocols == (0,)

    def test_negotiable_mode(self):
        assert read(OPENPGP).specific_mode is None

    @pytest.mark.parametrize(
        ("ta2", "mode"),
        [
            ("01", SpecificMode(1, changeable=True, implicit=False)),
            ("81", SpecificMode(1, changeable=False, implicit=False)),
            ("11", SpecificMode(1, changeable=True, implicit=True)),
            ("90", SpecificMode(0, changeable=False, implicit=True)),
        ],
    )
    def test_specific_mode(self, ta2, mode):
        atr = checked(f"3B 80 90 {ta2} 01")
        assert atr.specific_mode == mode
        assert atr.protocols == (0, 1)
        assert atr.default_protocol == mode.protocol

    def test_specific_mode_in_the_last_group(self):
        assert read("3B80 10 80").specific_mode == SpecificMode(0, changeable=False, implicit=False)


class TestParameters:
    @pytest.mark.parametrize(
        ("ta1", "fi", "di", "clock"),
        [
            ("11", 372, 1, 5),
            ("01", 372, 1, 4),
            ("18", 372, 12, 5),
            ("13", 372, 4, 5),
            ("68", 1860, 12, 20),
            ("95", 512, 16, 5),
            ("96", 512, 32, 5),
            ("97", 512, 64, 5),
            ("A9", 768, 20, 7.5),
            ("D2", 2048, 2, 20),
        ],
    )
    def test_speed(self, ta1, fi, di, clock):
        atr = read(f"3B10{ta1}")
        assert (atr.fi, atr.di, atr.max_clock_mhz) == (fi, di, clock)

    def test_the_tables_of_the_standard(self):
        """§8.3, tables 7 and 8; None is reserved."""
        each = [read(f"3B10{high:X}{high:X}") for high in range(16)]
        assert [atr.fi for atr in each[:7]] == [372, 372, 558, 744, 1116, 1488, 1860]
        assert [atr.fi for atr in each[7:]] == [None, None, 512, 768, 1024, 1536, 2048, None, None]
        assert [atr.max_clock_mhz for atr in each[:7]] == [4, 5, 6, 8, 12, 16, 20]
        assert [atr.max_clock_mhz for atr in each[7:]] == [None, None, 5, 7.5, 10, 15, 20, None, None]
        assert [atr.di for atr in each] == [None, 1, 2, 4, 8, 16, 32, 64, 12, 20] + [None] * 6

    def test_defaults_without_any_interface_byte(self):
        atr = read("3B00")
        assert (atr.fi, atr.di, atr.max_clock_mhz) == (372, 1, 5)
        assert atr.extra_guard_time == 0
        assert atr.waiting_integer == 10
        assert (atr.ifsc, atr.bwi, atr.cwi, atr.error_detection) == (None, None, None, None)
        assert atr.supply_classes == ("A",)
        assert atr.clock_stop is ClockStop.NOT_SUPPORTED

    def test_defaults_of_t_1(self):
        atr = checked("3B80 01")
        assert (atr.ifsc, atr.bwi, atr.cwi, atr.error_detection) == (32, 4, 13, "LRC")
        assert atr.waiting_integer is None

    def test_parameters_of_t_1(self):
        atr = checked("3B80 81 71 FE 45 01")
        assert (atr.ifsc, atr.bwi, atr.cwi, atr.error_detection) == (254, 4, 5, "CRC")

    def test_interface_bytes_of_the_second_group_are_not_those_of_t_1(self):
        """TA2 is specific mode, TB2 the programming voltage, TC2 of T=0."""
        atr = checked("3B80 71 01 45 01")
        assert (atr.ifsc, atr.bwi, atr.cwi, atr.error_detection) == (32, 4, 13, "LRC")

    def test_the_first_of_several_groups_of_t_1_counts(self):
        assert checked("3B80 81 91 20 11 40").ifsc == 0x20

    def test_guard_and_waiting_time_of_t_0(self):
        atr = read("3BC0 05 40 0F")
        assert (atr.extra_guard_time, atr.waiting_integer) == (5, 15)
        assert checked("3B80 C0 0F 01").waiting_integer == 15
        assert read(OPENPGP).extra_guard_time == 255

    @pytest.mark.parametrize(
        ("ta", "classes", "clock_stop"),
        [
            ("01", ("A",), ClockStop.NOT_SUPPORTED),
            ("03", ("A", "B"), ClockStop.NOT_SUPPORTED),
            ("47", ("A", "B", "C"), ClockStop.STATE_L),
            ("86", ("B", "C"), ClockStop.STATE_H),
            ("C4", ("C",), ClockStop.NO_PREFERENCE),
        ],
    )
    def test_supply_voltage_and_clock(self, ta, classes, clock_stop):
        atr = checked(f"3B80 80 1F {ta}")
        assert atr.supply_classes == classes
        assert atr.clock_stop is clock_stop
