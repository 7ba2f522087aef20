"""Answers to reset: read, checked, explained, and refused."""

from dataclasses import FrozenInstanceError
from functools import reduce
from operator import xor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.codec.atr import Atr, ClockStop, Convention, InterfaceGroup, SpecificMode
from akis.codec.historical import LifeCycle
from akis.errors import CodecError, WrongType

# Published answers of AKİS and UKİS cards, versions 1.0 to 2.6.2, the contactless side last.
AKIS = [
    "3BBA11008131FE4D55454B41452056312E30AE",
    "3B9F968131FE45806755454B41451112318073B3A180E9",
    "3B9F968131FE45806755454B41451212318073B3A180EA",
    "3B9F968131FE45806755454B41451213318073B3A180EB",
    "3B9F968131FE45806755454B41451252318073B3A180AA",
    "3B9F968131FE45806755454B41451253318073B3A180AB",
    "3B9F968131FE45806755454B41451292318073B3A1806A",
    "3B9F968131FE45806755454B41451293318073B3A1806B",
    "3B9F968131FE45806755454B41451312318073B3A180EB",
    "3B9F968131FE45806755454B414512A4318073B3A1805C",
    "3B9F968131FE45806755454B414512A5318073B3A1805D",
    "3B9F158131FE45806755454B41451221318073B3A1805A",
    "3B9F968131FE45806755454B41451221318073B3A180D9",
    "3B9F138131FE45806755454B41451221318073B3A1805C",
    "3B9F138131FE45806755454B41451261318073B3A1801C",
    "3B9F158131FE45806755454B41451261318073B3A1801A",
    "3B9F968131FE45806755454B41451261318073B3A18099",
    "3B9F138131FE45806755454B41451264318073B3A18019",
    "3B9F138131FE45806755454B41451265318073B3A18018",
    "3B9F968131FE458065544320201231C073F621808105B3",
    "3B9F978131FE458065544312210031C073F62180810593",
    "3B9F978131FE458065544312210731C073F62180810594",
    "3B9F978131FE4580655443D2210831C073F6218081015F",
    "3B9F978131FE458065544312210831C073F6218081019F",
    "3B9F978131FE4580655443D2210831C073F6218081055B",
    "3B9F978131FE4580655443E4210831C073F6218081056D",
    "3B9F978131FE458065544312210831C073F6218081059B",
    "3B9F968131FE458065544312210831C073F6218081059A",
    "3B9F968131FE4580655443D3210831C073F6218081055B",
    "3B9F968131FE4580655443D2210831C073F6218081055A",
    "3B9F978131FE458065544353228231C073F62180810553",
    "3B9F978131FE4580655443D3228231C073F621808105D3",
    "3B9F978131FE4580655443D3230231C073F62180810552",
    "3B8F80018065544320141331C073F4A180810508",
]
WRONG_CHECK_BYTE = [
    ("3B9F978131FE458065544312210731C073F62180810595", "check byte TCK is 95, 94 would fit"),
    ("3B9F978131FE458065544312210831C073F62180810590", "check byte TCK is 90, 9B would fit"),
]
OPENPGP = "3BDA18FF81B1FE751F030031C573C001400090000C"
CAC = "3BDB9600801F030031C064B0F3100007900080"
IDPRIME = "3B7F96000080318065B084565110120FFE829000"


def read(text: str) -> Atr:
    return Atr.from_bytes(bytes.fromhex(text))


def checked(text: str) -> Atr:
    """The answer of these bytes and the check byte that fits them."""
    raw = bytes.fromhex(text)
    return Atr.from_bytes(raw + bytes((reduce(xor, raw[1:]),)))


class TestAkis:
    @pytest.mark.parametrize("text", AKIS)
    def test_every_published_answer(self, text):
        atr = read(text)
        assert atr.to_bytes() == bytes.fromhex(text)
        assert atr.convention is Convention.DIRECT
        assert atr.tck == int(text[-2:], 16)
        assert 1 in atr.protocols
        assert atr.error_detection == "LRC"

    @pytest.mark.parametrize("text", AKIS[:-1])
    def test_blocks_of_contact_cards_are_254_bytes(self, text):
        atr = read(text)
        assert atr.protocols == (1,)
        assert atr.default_protocol == 1
        assert (atr.ifsc, atr.bwi) == (254, 4)
        assert atr.cwi == (13 if text == AKIS[0] else 5)

    @pytest.mark.parametrize(("text", "message"), WRONG_CHECK_BYTE)
    def test_a_wrong_check_byte_is_named(self, text, message):
        with pytest.raises(CodecError, match=message) as caught:
            read(text)
        assert caught.value.offset == 22

    @pytest.mark.parametrize("text", [AKIS[0], AKIS[-3]])
    def test_every_truncation_is_refused(self, text):
        raw = bytes.fromhex(text)
        for cut in range(len(raw)):
            with pytest.raises(CodecError, match="cut off") as caught:
                Atr.from_bytes(raw[:cut])
            assert caught.value.offset == cut

    def test_version_1_0_has_text_for_historical_bytes(self):
        atr = read(AKIS[0])
        assert atr.historical_bytes == b"UEKAE V1.0"
        assert atr.historical.objects == ()

    def test_version_2_tells_capabilities_and_life_cycle(self):
        historical = read("3B9F978131FE4580655443D3228231C073F621808105D3").historical
        assert historical.value(6) == bytes.fromhex("5443D32282")
        assert historical.capabilities.commands.command_chaining
        assert not historical.capabilities.commands.extended_lengths
        assert historical.status.life_cycle is LifeCycle.ACTIVATED


class TestStructure:
    def test_groups_and_whom_they_belong_to(self):
        assert read(OPENPGP).groups == (
            InterfaceGroup(1, None, ta=0x18, tb=None, tc=0xFF, td=0x81),
            InterfaceGroup(2, 1, ta=None, tb=None, tc=None, td=0xB1),
            InterfaceGroup(3, 1, ta=0xFE, tb=0x75, tc=None, td=0x1F),
            InterfaceGroup(4, 15, ta=0x03, tb=None, tc=None, td=None),
        )

    def test_shortest(self):
        atr = read("3B00")
        assert atr.groups == (InterfaceGroup(1, None, None, None, None, None),)
        assert (atr.historical_bytes, atr.tck) == (b"", None)

    def test_inverse_convention(self):
        atr = read("3F6525002D09699000")
        assert atr.convention is Convention.INVERSE
        assert atr.historical_bytes == bytes.fromhex("2D09699000")

    def test_t_0_alone_has_no_check_byte(self):
        assert read(IDPRIME).tck is None
        assert read("3B8000").tck is None
        with pytest.raises(CodecError, match="1 bytes too many") as caught:
            read("3B800080")
        assert caught.value.offset == 3

    @pytest.mark.parametrize(("text", "tck"), [(CAC, 0x80), ("3B800F8F", 0x8F), ("3B800181", 0x81)])
    def test_any_other_t_has_one(self, text, tck):
        """T=15, which names no protocol, too."""
        assert read(text).tck == tck

    @pytest.mark.parametrize("ts", [0x00, 0x03, 0x3A, 0x3C, 0xDC, 0xFF])
    def test_ts_is_one_of_two(self, ts):
        with pytest.raises(CodecError, match="TS is 3B or 3F") as caught:
            Atr.from_bytes(bytes((ts, 0)))
        assert caught.value.offset == 0

    def test_at_most_32_characters_follow_ts(self):
        before, historical = "3B FF 111213 F1 212223 F1 313233", "00" * 15
        assert len(checked(f"{before} 71 414243 {historical}").to_bytes()) == 33
        with pytest.raises(CodecError, match="at most 33 bytes, not 34") as caught:
            checked(f"{before} F1 414243 01 {historical}")
        assert caught.value.offset == 33

    @pytest.mark.parametrize("raw", [AKIS[0], None, [0x3B, 0x00]])
    def test_other_types_are_refused(self, raw):
        with pytest.raises(WrongType):
            Atr.from_bytes(raw)

    @pytest.mark.parametrize("kind", [bytearray, memoryview])
    def test_whatever_is_like_bytes(self, kind):
        raw = bytes.fromhex(AKIS[0])
        assert Atr.from_bytes(kind(raw)) == Atr.from_bytes(raw)

    def test_it_is_a_value(self):
        atr = read(OPENPGP)
        assert hash(atr) == hash(read(OPENPGP))
        assert atr != read(CAC)
        with pytest.raises(FrozenInstanceError):
            atr.tck = 0

    @given(st.binary(max_size=64) | st.binary(max_size=31).map(lambda rest: b"\x3b" + rest))
    def test_any_bytes_write_the_same_again_or_are_refused(self, raw):
        try:
            atr = Atr.from_bytes(raw)
        except CodecError:
            return
        assert atr.to_bytes() == raw

    @given(st.binary(min_size=1, max_size=31))
    def test_what_is_read_can_be_asked_everything(self, body):
        """Whatever the interface bytes are, no property fails."""
        for raw in (b"\x3b" + body, b"\x3b" + body + bytes((reduce(xor, body),))):
            try:
                atr = Atr.from_bytes(raw)
            except CodecError:
                continue
            for name, value in vars(Atr).items():
                if isinstance(value, property):
                    getattr(atr, name)


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
