"""What the terminal's side must not accept. Each refusal ends the session: no contexts, nothing opened any more."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.errors import SecureMessagingError
from akis.sm import SmRules, Suite
from tests.akis.sm.messages import (
    ALL_SUITES,
    BAD_CHECKSUMS,
    DATA,
    PADDED,
    READ,
    READ_ODD,
    STATUS,
    SW,
    TWO_SUITES,
    WRITE,
    assert_shows_nothing,
    cryptogram,
    foreign_keys,
    good_answer,
    good_cryptogram,
)
from tests.by_hand import Keys, tlv
from tests.sessions import Pair, assert_over, contexts


def refused(pair: Pair, answer: ResponseApdu, command: CommandApdu = READ) -> SecureMessagingError:
    """The error with which a fresh terminal refuses ``answer`` to ``command``."""
    terminal = pair.terminal()
    terminal.protect(command)
    assert len(contexts(terminal)) == 2
    with pytest.raises(SecureMessagingError) as refusal:
        terminal.unprotect(answer)
    assert_over(terminal)
    assert refusal.value.sw == answer.sw
    assert_shows_nothing(refusal.value, pair, answer.data)
    return refusal.value


@ALL_SUITES
def test_the_answer_that_all_these_are_made_from_is_good(kind: tuple[Suite, int]) -> None:
    pair = Pair(*kind)
    terminal = pair.terminal()
    terminal.protect(READ)
    assert terminal.unprotect(good_answer(pair)) == ResponseApdu(DATA)


@ALL_SUITES
def test_every_bit_of_an_answer_counts(kind: tuple[Suite, int]) -> None:
    pair = Pair(*kind)
    good = good_answer(pair).to_bytes()
    for place in range(8 * len(good)):
        flipped = int.from_bytes(good, "big") ^ 1 << place
        refused(pair, ResponseApdu.from_bytes(flipped.to_bytes(len(good), "big")))


@ALL_SUITES
def test_every_byte_of_an_answer_is_needed(kind: tuple[Suite, int]) -> None:
    pair = Pair(*kind)
    good = good_answer(pair)
    for length in range(len(good.data)):
        refused(pair, ResponseApdu(good.data[:length]))  # cut in front of the status word
        refused(pair, ResponseApdu(good.data[length + 1 :]))
    for length in range(2, len(good.to_bytes())):
        refused(pair, ResponseApdu.from_bytes(good.to_bytes()[:length]))  # cut anywhere


@TWO_SUITES
@pytest.mark.parametrize("extra", [0x00, 0x80, 0x8E, 0x99])
def test_no_byte_may_be_added_to_an_answer(kind: tuple[Suite, int], extra: int) -> None:
    pair = Pair(*kind)
    good = good_answer(pair).data
    for place in range(len(good) + 1):
        refused(pair, ResponseApdu(good[:place] + bytes((extra,)) + good[place:]))


BAD_OBJECTS: dict[str, Callable[[Keys, bytes], bytes]] = {
    "no status word": good_cryptogram,
    "no objects": lambda keys, ssc: b"",
    "status word first": lambda keys, ssc: STATUS + good_cryptogram(keys, ssc),
    "status word twice": lambda keys, ssc: good_cryptogram(keys, ssc) + STATUS + STATUS,
    "cryptogram twice": lambda keys, ssc: good_cryptogram(keys, ssc) * 2 + STATUS,
    "cryptogram in both forms": lambda keys, ssc: (
        good_cryptogram(keys, ssc) + keys.cryptogram(ssc, DATA, True) + STATUS
    ),
    "plain and cryptogram": lambda keys, ssc: tlv(0x81, DATA) + good_cryptogram(keys, ssc) + STATUS,
    "unknown object first": lambda keys, ssc: tlv(0x80, b"\x00") + good_cryptogram(keys, ssc) + STATUS,
    "unknown object between": lambda keys, ssc: good_cryptogram(keys, ssc) + tlv(0xB3, b"") + STATUS,
    "unknown object last": lambda keys, ssc: STATUS + tlv(0x9E, b"\x00"),
    "an object of commands": lambda keys, ssc: good_cryptogram(keys, ssc) + tlv(0x97, b"\x00") + STATUS,
    "form of odd instructions": lambda keys, ssc: keys.cryptogram(ssc, DATA, True) + STATUS,
    "indicator 00": lambda keys, ssc: cryptogram(keys, ssc, PADDED, b"\x00") + STATUS,
    "indicator 02": lambda keys, ssc: cryptogram(keys, ssc, PADDED, b"\x02") + STATUS,
    "no indicator": lambda keys, ssc: cryptogram(keys, ssc, PADDED, b"") + STATUS,
    "indicator alone": lambda keys, ssc: tlv(0x87, b"\x01") + STATUS,
    "empty cryptogram object": lambda keys, ssc: tlv(0x87, b"") + STATUS,
    "cryptogram a byte short": lambda keys, ssc: tlv(0x87, good_cryptogram(keys, ssc)[2:-1]) + STATUS,
    "cryptogram a byte long": lambda keys, ssc: tlv(0x87, good_cryptogram(keys, ssc)[2:] + b"\x00") + STATUS,
    "padding missing": lambda keys, ssc: cryptogram(keys, ssc, DATA + b"\x01\x02\x03\x04") + STATUS,
    "padding of zeros": lambda keys, ssc: cryptogram(keys, ssc, bytes(16)) + STATUS,
    "padding of two blocks": lambda keys, ssc: cryptogram(keys, ssc, DATA + b"\x80" + bytes(19)) + STATUS,
    "status word of one byte": lambda keys, ssc: tlv(0x99, b"\x90"),
    "status word of three bytes": lambda keys, ssc: tlv(0x99, SW + b"\x00"),
    "empty status word": lambda keys, ssc: tlv(0x99, b""),
    "another status word": lambda keys, ssc: tlv(0x99, b"\x63\x00"),
    "swapped status word": lambda keys, ssc: tlv(0x99, b"\x00\x90"),
    "length longer than needed": lambda keys, ssc: b"\x99\x81\x02" + SW,
    "indefinite length": lambda keys, ssc: b"\x99\x80" + SW + b"\x00\x00",
    "length beyond the end": lambda keys, ssc: b"\x99\x70" + SW,
}


@TWO_SUITES
@pytest.mark.parametrize("name", BAD_OBJECTS)
def test_wrong_objects_under_a_right_checksum(kind: tuple[Suite, int], name: str) -> None:
    pair = Pair(*kind)
    objects = BAD_OBJECTS[name](pair.by_hand, pair.ssc(2))
    error = refused(pair, ResponseApdu(objects + pair.by_hand.answer_checksum(pair.ssc(2), objects)))
    assert "checksum differs" not in error.reason


def test_the_form_of_even_instructions_answers_no_odd_one() -> None:
    error = refused(Pair(), good_answer(Pair()), READ_ODD)
    assert error.reason == "cryptogram in the wrong data object"


@TWO_SUITES
@pytest.mark.parametrize("name", BAD_CHECKSUMS)
def test_wrong_checksums_over_right_objects(kind: tuple[Suite, int], name: str) -> None:
    pair = Pair(*kind)
    good = good_answer(pair).data
    refused(pair, ResponseApdu(BAD_CHECKSUMS[name](good[:-10], good[-8:])))


@pytest.mark.parametrize(("agreed", "sent"), [(8, 4), (4, 8), (4, 5), (7, 6)])
def test_the_checksum_has_the_length_that_was_agreed(agreed: int, sent: int) -> None:
    pair = Pair(rules=SmRules(mac_length=agreed))
    answer = pair.by_hand.answer(pair.ssc(2), DATA, SW, mac_length=sent)
    assert refused(pair, ResponseApdu.from_bytes(answer)).reason == "checksum has the wrong length"


@ALL_SUITES
@pytest.mark.parametrize("sw", [0x9000, 0x6988, 0x6987, 0x63C2, 0x6983, 0x6100], ids=lambda sw: f"{sw:04X}")
@pytest.mark.parametrize("data", [b"", DATA], ids=["bare", "with data"])
def test_plain_answers(kind: tuple[Suite, int], sw: int, data: bytes) -> None:
    refused(Pair(*kind), ResponseApdu(data, sw))


@ALL_SUITES
def test_an_old_answer_again(kind: tuple[Suite, int]) -> None:
    pair = Pair(*kind)
    terminal, card = pair.terminal(), pair.card()
    card.unprotect(terminal.protect(READ))
    old = card.protect(ResponseApdu(DATA))
    terminal.unprotect(old)
    terminal.protect(READ)
    with pytest.raises(SecureMessagingError, match="checksum differs"):
        terminal.unprotect(old)
    assert_over(terminal)


@ALL_SUITES
@pytest.mark.parametrize("step", [0, 1, 3, 4])
def test_an_answer_under_another_counter(kind: tuple[Suite, int], step: int) -> None:
    pair = Pair(*kind)
    answer = pair.by_hand.answer(pair.ssc(step), DATA, SW)
    assert refused(pair, ResponseApdu.from_bytes(answer)).reason == "checksum differs"


@ALL_SUITES
def test_an_answer_from_other_keys(kind: tuple[Suite, int]) -> None:
    pair = Pair(*kind)
    for keys in foreign_keys(pair):
        foreign = keys.answer(pair.ssc(2), DATA, SW)
        refused(pair, ResponseApdu.from_bytes(foreign))


@ALL_SUITES
def test_the_command_itself_is_no_answer(kind: tuple[Suite, int]) -> None:
    pair = Pair(*kind)
    refused(pair, ResponseApdu(pair.terminal().protect(WRITE).data), WRITE)


@ALL_SUITES
def test_two_commands_without_an_answer(kind: tuple[Suite, int]) -> None:
    terminal = Pair(*kind).terminal()
    terminal.protect(READ)
    with pytest.raises(SecureMessagingError, match="second command"):
        terminal.protect(READ)
    assert_over(terminal)


@ALL_SUITES
def test_an_answer_without_a_command(kind: tuple[Suite, int]) -> None:
    pair = Pair(*kind)
    for counter in (1, 2):
        terminal = pair.terminal()
        with pytest.raises(SecureMessagingError, match="without a command"):
            terminal.unprotect(ResponseApdu.from_bytes(pair.by_hand.answer(pair.ssc(counter), DATA, SW)))
        assert_over(terminal)


@ALL_SUITES
def test_a_second_answer_to_one_command(kind: tuple[Suite, int]) -> None:
    pair = Pair(*kind)
    terminal = pair.terminal()
    terminal.protect(READ)
    terminal.unprotect(good_answer(pair))
    with pytest.raises(SecureMessagingError, match="without a command"):
        terminal.unprotect(ResponseApdu.from_bytes(pair.by_hand.answer(pair.ssc(3), DATA, SW)))
    assert_over(terminal)
