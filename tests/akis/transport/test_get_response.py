"""61XX and 6CXX, against a card that has its answers by heart."""

import pytest

from akis.errors import InvalidArgument, TransportError, WrongType
from akis.transport.base import Transport
from akis.transport.get_response import GetResponseTransport


class ByHeart(Transport):
    """Gives one answer after the other, the last one for ever, and remembers what was sent. All in hex."""

    atr = b"\x3b\x00"

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.sent: list[str] = []

    def transmit(self, command: bytes) -> bytes:
        self.sent.append(command.hex().upper())
        return bytes.fromhex(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])

    def reset(self) -> bytes:
        return self.atr

    def close(self) -> None:
        pass


def ask(card, command, **limits):
    return GetResponseTransport(card, **limits).transmit(bytes.fromhex(command)).hex().upper()


def test_an_announced_answer_is_fetched_piece_by_piece_and_comes_as_one():
    card = ByHeart("6103", "AABBCC 6102", "DDEE 9000")
    assert ask(card, "00CA0100 00") == "AABBCCDDEE9000"
    assert card.sent == ["00CA010000", "00C0000003", "00C0000002"]


def test_data_that_came_with_the_announcement_is_kept():
    assert ask(ByHeart("AABB 6101", "CC 9000"), "00CA0100 00") == "AABBCC9000"


def test_6100_announces_256_bytes():
    card = ByHeart("6100", "AA" * 256 + "9000")
    assert ask(card, "00B0000000") == "AA" * 256 + "9000"
    assert card.sent[1] == "00C0000000"


def test_the_last_status_word_is_the_one_that_counts():
    assert ask(ByHeart("6101", "AA 6282"), "00B0000000") == "AA6282"


@pytest.mark.parametrize(
    ("cla", "fetched_with"),
    [
        ("00", "00"),
        ("02", "02"),
        ("0C", "00"),
        ("0E", "02"),
        ("10", "00"),
        ("45", "45"),
        ("67", "47"),
        ("80", "00"),
        ("84", "00"),
    ],
)
def test_get_response_keeps_the_channel_and_nothing_else(cla, fetched_with):
    card = ByHeart("6101", "AA 9000")
    ask(card, f"{cla}CB3FFF 03 5C017F 00")
    assert card.sent[1] == f"{fetched_with}C0000001"


@pytest.mark.parametrize("sw", ["9000", "6281", "62F1", "63C2", "63C0", "6300", "6310", "6983", "6700"])
@pytest.mark.parametrize("command", ["002000 81 06 313233343536", "002000 81 06 313233343536 00", "00B0000000"])
def test_every_other_status_word_ends_the_exchange(sw, command):
    card = ByHeart(sw)
    assert ask(card, command) == sw
    assert len(card.sent) == 1


def test_a_wrong_le_is_corrected_once():
    card = ByHeart("6C05", "0102030405 9000")
    assert ask(card, "00CA0100 00") == "01020304059000"
    assert card.sent == ["00CA010000", "00CA010005"]
    card = ByHeart("6C05")
    assert ask(card, "00CA0100 00") == "6C05"
    assert len(card.sent) == 2


def test_a_corrected_command_may_announce_its_answer_and_the_data_stays():
    card = ByHeart("6C00", "6101", "AA 9000")
    assert ask(card, "00CB3FFF 03 5C017F 10") == "AA9000"
    assert card.sent == ["00CB3FFF035C017F10", "00CB3FFF035C017F00", "00C0000001"]


def test_a_wrong_le_of_get_response_itself_is_corrected():
    card = ByHeart("6110", "6C02", "AABB 9000")
    assert ask(card, "00CA0100 00") == "AABB9000"
    assert card.sent == ["00CA010000", "00C0000010", "00C0000002"]


@pytest.mark.parametrize("ins", ["20", "21", "24", "25", "26", "28", "2C", "2D"])
def test_a_pin_is_never_presented_twice(ins):
    card = ByHeart("6C05")
    assert ask(card, f"00{ins}0081 06 313233343536 00") == "6C05"
    assert len(card.sent) == 1


@pytest.mark.parametrize("cla", ["0C", "04", "08", "1C", "60", "8C"])
def test_a_protected_command_is_never_sent_twice(cla):
    card = ByHeart("6C05")
    assert ask(card, f"{cla}CA0100 0A 8E080102030405060708 00") == "6C05"
    assert len(card.sent) == 1


def test_a_command_without_le_has_none_to_correct():
    card = ByHeart("6C05")
    assert ask(card, "00A4040C 02 3F00") == "6C05"
    assert len(card.sent) == 1


@pytest.mark.parametrize("command", ["FFCA000000", "00CA0100 05 01", "0001"])
def test_what_is_no_command_to_a_card_passes_untouched(command):
    card = ByHeart("6105")
    assert ask(card, command) == "6105"
    assert len(card.sent) == 1


@pytest.mark.parametrize("answer", ["", "90"])
def test_what_is_no_answer_passes_untouched(answer):
    assert ask(ByHeart(answer), "00CA010000") == answer


def test_an_endless_announcement_ends():
    with pytest.raises(TransportError, match="1024 pieces"):
        ask(ByHeart("6101"), "00CA010000")
    with pytest.raises(TransportError, match="10 pieces"):
        ask(ByHeart("AA 6101"), "00CA010000", max_rounds=10)
    with pytest.raises(TransportError, match="65536 bytes"):
        ask(ByHeart("AA" * 256 + "6100"), "00CA010000")
    with pytest.raises(TransportError, match="512 bytes"):
        ask(ByHeart("AA" * 256 + "6100"), "00CA010000", max_bytes=512)


def test_an_answer_announced_and_not_given_is_not_taken_for_the_outcome():
    """The command was carried out: 6A82 is about GET RESPONSE, and would look like a refusal of the command."""
    with pytest.raises(TransportError, match="6A82"):
        ask(ByHeart("6108", "6A82"), "00200081 06 313233343536 00")


def test_limits_and_ways_that_make_no_sense():
    for limits in ({"max_bytes": 0}, {"max_bytes": 65537}, {"max_rounds": 0}):
        with pytest.raises(InvalidArgument):
            GetResponseTransport(ByHeart("9000"), **limits)
    with pytest.raises(WrongType):
        GetResponseTransport(b"\x3b\x00")
