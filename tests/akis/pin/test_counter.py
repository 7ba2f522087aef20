"""The tries left: read where it is free, and a number only where it is plainly there."""

import pytest

from akis.codec.apdu import ResponseApdu
from akis.codec.tlv import Tlv
from akis.errors import CardError, PinRefused, PolicyRefused
from tests.akis.pin.operations import answering
from tests.bench import PIN, WRONG_PIN, bench


def counters(maximum, left, length=6, tag=0xBF8101):
    counts = {0x9A: maximum, 0x9B: left, 0x80: length}
    return Tlv(tag, [Tlv(tag, bytes((count,))) for tag, count in counts.items() if count is not None]).to_bytes()


SOUND = counters(3, 2)
NO_NUMBER = {
    "empty": b"",
    "zeros": bytes(11),
    "not TLV": b"\xff\xff\xff",
    "of the PUK": counters(3, 2, tag=0xBF8102),
    "left missing": counters(3, None),
    "max missing": counters(None, 3),
    "more left than there are": counters(3, 4),
    "two numbers": Tlv(0xBF8101, [Tlv(0x9A, b"\x03"), Tlv(0x9B, b"\x03"), Tlv(0x9B, b"\x02")]).to_bytes(),
    "a number of two bytes": Tlv(0xBF8101, [Tlv(0x9A, b"\x03"), Tlv(0x9B, b"\x00\x03")]).to_bytes(),
    "an empty number": Tlv(0xBF8101, [Tlv(0x9A, b"\x03"), Tlv(0x9B, b"")]).to_bytes(),
    "twice": SOUND + SOUND,
    "with something behind it": SOUND + b"\x00",
    "in something else": Tlv(0x62, [Tlv(0x9A, b"\x03"), Tlv(0x9B, b"\x03")]).to_bytes(),
    **{f"cut after {cut}": SOUND[:cut] for cut in range(1, len(SOUND))},
}


class TestCounter:
    def test_by_get_data(self, on):
        assert (on.pin.tries_left(), on.puk.tries_left()) == (3, 3)
        with pytest.raises(PinRefused):
            on.pin.verify(WRONG_PIN)
        assert (on.pin.tries_left(), on.puk.tries_left()) == (2, 3)
        assert len(on.wire.pin_commands) == 1

    @pytest.mark.parametrize("left", [0, 1, 2, 3])
    def test_as_the_card_says(self, left):
        assert answering(counters(3, left)).pin.tries_left() == left

    @pytest.mark.parametrize("data", NO_NUMBER.values(), ids=NO_NUMBER)
    def test_a_contradictory_or_malformed_one_is_no_number(self, data):
        assert answering(data).pin.tries_left() is None

    @pytest.mark.parametrize("sw", [0x6A88, 0x6982, 0x6282, 0x63C3, 0x6F00, 0x6110])
    def test_nor_is_one_that_comes_with_any_doubt(self, sw):
        assert answering(counters(3, 3), sw).pin.tries_left() is None

    def test_the_puk_has_its_own(self):
        on = bench()
        on.emulated.memory.references[0x82].left = 2
        assert (on.pin.tries_left(), on.puk.tries_left()) == (3, 2)

    @pytest.mark.parametrize(("left", "said"), [(3, 3), (1, 1), (0, 0)])
    def test_by_empty_verify_where_it_is_free(self, left, said):
        on = bench(pin_rules={"tries_by": "empty_verify", "empty_verify": "free"})
        on.emulated.memory.references[0x81].left = left
        assert on.pin.tries_left() == said
        assert on.wire.sent[-1] == bytes.fromhex("00200081")
        assert on.stored[2] == left

    @pytest.mark.parametrize("sw", [0x9000, 0x6300, 0x6984, 0x6F00])
    def test_by_empty_verify_answered_without_a_number(self, sw):
        """9000 among them: verified, and nothing is said of the tries."""
        on = bench(pin_rules={"tries_by": "empty_verify", "empty_verify": "free"})
        on.emulated._commands.handlers[0x20] = lambda command: ResponseApdu(sw=sw)
        assert on.pin.tries_left() is None

    def test_by_no_way_at_all(self):
        on = bench(pin_rules={"tries_by": "none"})
        sent = len(on.wire.sent)
        assert on.pin.tries_left() is None
        assert len(on.wire.sent) == sent


class TestAskByEmptyVerify:
    def test_not_unless_the_profile_or_the_caller_says_so(self):
        on = bench()
        sent = len(on.wire.sent)
        for reference in (on.pin, on.puk):
            with pytest.raises(PolicyRefused, match="may spend a try"):
                reference.ask_by_empty_verify()
        assert len(on.wire.sent) == sent

    @pytest.mark.parametrize("how", [{"pin_rules": {"empty_verify": "free"}}, {}])
    def test_answers(self, how):
        on = bench(**how)
        allow = {} if how else {"may_spend_try": True}
        assert on.pin.ask_by_empty_verify(**allow) == (False, 3)
        on.pin.verify(PIN)
        assert on.pin.ask_by_empty_verify(**allow) == (True, None)
        on.emulated.reset()
        on.card.select_application()
        on.emulated.memory.references[0x81].left = 0
        assert on.pin.ask_by_empty_verify(**allow) == (False, 0)

    @pytest.mark.parametrize("sw", [0x6984, 0x6300, 0x6A88, 0x6F00])
    def test_anything_else_is_an_error(self, sw):
        on = bench()
        on.emulated._commands.handlers[0x20] = lambda command: ResponseApdu(sw=sw)
        with pytest.raises(CardError) as caught:
            on.pin.ask_by_empty_verify(may_spend_try=True)
        assert caught.value.sw == sw
