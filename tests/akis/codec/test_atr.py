"""Answers to reset: read, checked, taken apart, and refused."""

from dataclasses import FrozenInstanceError
from functools import reduce
from operator import xor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.codec.atr import Atr, Convention, InterfaceGroup
from akis.codec.historical import LifeCycle
from akis.errors import CodecError, WrongType
from tests.akis.codec.atrs import AKIS, CAC, IDPRIME, OPENPGP, checked, read

WRONG_CHECK_BYTE = [
    ("3B9F978131FE458065544312210731C073F62180810595", "check byte TCK is 95, 94 would fit"),
    ("3B9F978131FE458065544312210831C073F62180810590", "check byte TCK is 90, 9B would fit"),
]


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
