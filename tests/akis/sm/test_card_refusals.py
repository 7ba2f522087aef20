"""What the card's side must not accept. Each refusal ends the session, and has its status word.

6987: an object is missing, unknown or out of order. 6988: an object is wrong.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.errors import InvalidArgument, SecureMessagingError
from akis.sm import SmRules, Suite
from tests.akis.sm.messages import (
    ALL_SUITES,
    BAD_CHECKSUMS,
    DATA,
    PADDED,
    STATUS,
    TWO_SUITES,
    WRITE,
    assert_shows_nothing,
    cryptogram,
    foreign_keys,
    good_command,
    good_cryptogram,
)
from tests.by_hand import Keys, tlv
from tests.sessions import CASES, Pair, assert_over, contexts


def refused_by_card(pair: Pair, command: CommandApdu) -> int:
    """The status word with which a fresh card refuses ``command``."""
    card = pair.card()
    assert len(contexts(card)) == 2
    with pytest.raises(SecureMessagingError) as refusal:
        card.unprotect(command)
    assert_over(card)
    assert_shows_nothing(refusal.value, pair, command.data)
    assert refusal.value.sw is not None
    return refusal.value.sw


@ALL_SUITES
def test_the_command_that_all_these_are_made_from_is_good(kind: tuple[Suite, int]) -> None:
    pair = Pair(*kind)
    assert pair.card().unprotect(good_command(pair)) == WRITE


@ALL_SUITES
def test_every_bit_of_a_command_counts(kind: tuple[Suite, int]) -> None:
    pair = Pair(*kind)
    good = good_command(pair)
    for place in range(8 * len(good.data)):
        flipped = int.from_bytes(good.data, "big") ^ 1 << place
        assert refused_by_card(pair, good.replace(data=flipped.to_bytes(len(good.data), "big"))) in (0x6987, 0x6988)


@pytest.mark.parametrize("bit", range(8))
@pytest.mark.parametrize("name", ["cla", "ins", "p1", "p2"])
@TWO_SUITES
def test_every_bit_of_a_header_counts(kind: tuple[Suite, int], name: str, bit: int) -> None:
    pair = Pair(*kind)
    good = good_command(pair)
    header_is_plain = name == "cla" and 1 << bit in (0x04, 0x08, 0x40)
    flipped = good.replace(**{name: getattr(good, name) ^ 1 << bit})
    assert refused_by_card(pair, flipped) == (0x6987 if header_is_plain else 0x6988)


@TWO_SUITES
@pytest.mark.parametrize("plain", [CASES["1"], WRITE], ids=["case 1", "case 4"])
def test_every_byte_of_a_command_is_needed(kind: tuple[Suite, int], plain: CommandApdu) -> None:
    pair = Pair(*kind)
    good = good_command(pair, plain)
    for length in range(len(good.data)):
        for cut in (good.data[:length], good.data[length + 1 :]):
            assert refused_by_card(pair, good.replace(data=cut)) in (0x6987, 0x6988)


LE = tlv(0x97, b"\x00")
BAD_COMMAND_OBJECTS: dict[str, tuple[int, Callable[[Keys, bytes], bytes]]] = {
    "Le first": (0x6987, lambda keys, ssc: LE + good_cryptogram(keys, ssc)),
    "Le twice": (0x6987, lambda keys, ssc: LE + LE),
    "cryptogram twice": (0x6987, lambda keys, ssc: good_cryptogram(keys, ssc) * 2),
    "cryptogram in both forms": (
        0x6987,
        lambda keys, ssc: good_cryptogram(keys, ssc) + keys.cryptogram(ssc, DATA, True),
    ),
    "form of odd instructions": (0x6987, lambda keys, ssc: keys.cryptogram(ssc, DATA, True)),
    "plain data": (0x6987, lambda keys, ssc: tlv(0x81, DATA)),
    "an object of answers": (0x6987, lambda keys, ssc: good_cryptogram(keys, ssc) + STATUS),
    "unknown object": (0x6987, lambda keys, ssc: tlv(0x80, b"\x00") + good_cryptogram(keys, ssc)),
    "indicator 00": (0x6988, lambda keys, ssc: cryptogram(keys, ssc, PADDED, b"\x00")),
    "indicator 02": (0x6988, lambda keys, ssc: cryptogram(keys, ssc, PADDED, b"\x02")),
    "no indicator": (0x6988, lambda keys, ssc: cryptogram(keys, ssc, PADDED, b"")),
    "empty cryptogram object": (0x6988, lambda keys, ssc: tlv(0x87, b"")),
    "indicator alone": (0x6988, lambda keys, ssc: tlv(0x87, b"\x01")),
    "cryptogram a byte short": (0x6988, lambda keys, ssc: tlv(0x87, good_cryptogram(keys, ssc)[2:-1])),
    "padding missing": (0x6988, lambda keys, ssc: cryptogram(keys, ssc, DATA + b"\x01\x02\x03\x04")),
    "empty Le": (0x6988, lambda keys, ssc: tlv(0x97, b"")),
    "Le of three bytes": (0x6988, lambda keys, ssc: tlv(0x97, b"\x00\x00\x00")),
    "length longer than needed": (0x6988, lambda keys, ssc: b"\x97\x81\x01\x00"),
    "indefinite length": (0x6988, lambda keys, ssc: b"\x97\x80\x00\x00"),
    "length beyond the end": (0x6988, lambda keys, ssc: b"\x97\x70\x00"),
}


@TWO_SUITES
@pytest.mark.parametrize("name", BAD_COMMAND_OBJECTS)
def test_wrong_objects_in_a_command_under_a_right_checksum(kind: tuple[Suite, int], name: str) -> None:
    pair = Pair(*kind)
    sw, build = BAD_COMMAND_OBJECTS[name]
    objects = build(pair.by_hand, pair.ssc(1))
    checksum = pair.by_hand.command_checksum(pair.ssc(1), b"\x0c\xd6\x00\x00", objects)
    assert refused_by_card(pair, CommandApdu(0x0C, 0xD6, 0x00, 0x00, objects + checksum, ne=256)) == sw


@TWO_SUITES
@pytest.mark.parametrize("name", BAD_CHECKSUMS)
def test_wrong_checksums_of_a_command(kind: tuple[Suite, int], name: str) -> None:
    pair = Pair(*kind)
    good = good_command(pair)
    missing_or_misplaced = name in ("none", "first", "twice", "not last", "in another object")
    data = BAD_CHECKSUMS[name](good.data[:-10], good.data[-8:])
    assert refused_by_card(pair, good.replace(data=data)) == (0x6987 if missing_or_misplaced else 0x6988)


@ALL_SUITES
def test_commands_that_are_not_protected(kind: tuple[Suite, int]) -> None:
    pair = Pair(*kind)
    good = good_command(pair)
    assert refused_by_card(pair, WRITE) == 0x6987
    assert refused_by_card(pair, CommandApdu(0x0C, 0xD6, 0x00, 0x00)) == 0x6987  # it says so, but holds no objects
    for cla in (0x00, 0x04, 0x08, 0x4C, 0x7F):  # not, not with its header, or on a channel that is not offered
        assert refused_by_card(pair, good.replace(cla=cla)) == 0x6987


@ALL_SUITES
@pytest.mark.parametrize("step", [0, 2, 3])
def test_a_command_under_another_counter(kind: tuple[Suite, int], step: int) -> None:
    pair = Pair(*kind)
    command = CommandApdu.from_bytes(pair.by_hand.command(pair.ssc(step), WRITE))
    assert refused_by_card(pair, command) == 0x6988


@ALL_SUITES
def test_a_command_from_other_keys(kind: tuple[Suite, int]) -> None:
    pair = Pair(*kind)
    for keys in foreign_keys(pair):
        foreign = keys.command(pair.ssc(1), WRITE)
        assert refused_by_card(pair, CommandApdu.from_bytes(foreign)) == 0x6988


@ALL_SUITES
def test_an_old_command_again(kind: tuple[Suite, int]) -> None:
    pair = Pair(*kind)
    card = pair.card()
    card.unprotect(good_command(pair))
    card.protect(ResponseApdu())
    with pytest.raises(SecureMessagingError) as refusal:
        card.unprotect(good_command(pair))
    assert refusal.value.sw == 0x6988
    assert_over(card)


@pytest.mark.parametrize("padding", ["single", "double"])
def test_a_header_padded_the_other_way(padding: str) -> None:
    ours, theirs = (SmRules(case1_padding=name) for name in (padding, "single" if padding == "double" else "double"))
    pair = Pair(rules=ours)
    command = CommandApdu.from_bytes(pair.by_hand.command(pair.ssc(1), CASES["1"], theirs))
    assert refused_by_card(pair, command) == 0x6988


@ALL_SUITES
def test_a_card_keeps_the_turn_too(kind: tuple[Suite, int]) -> None:
    pair = Pair(*kind)
    card = pair.card()
    card.unprotect(good_command(pair))
    with pytest.raises(SecureMessagingError, match="second command") as refusal:
        card.unprotect(CommandApdu.from_bytes(pair.by_hand.command(pair.ssc(2), WRITE)))
    assert refusal.value.sw == 0x6988
    assert_over(card)
    card = pair.card()
    with pytest.raises(SecureMessagingError, match="without a command"):
        card.protect(ResponseApdu())
    assert_over(card)


def test_an_answer_too_long_to_be_protected_ends_the_card_s_session() -> None:
    pair = Pair()
    card = pair.card()
    card.unprotect(good_command(pair))
    with pytest.raises(InvalidArgument):
        card.protect(ResponseApdu(bytes(65536)))
    assert_over(card)
