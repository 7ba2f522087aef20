"""What would make a checksum fit, each defect made by hand."""

from __future__ import annotations

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.errors import SecureMessagingError
from akis.profile.model import SmRules
from akis.sm import Suite
from akis.sm.observer import Observer
from akis.trace.near_miss import NearMiss, answer_near_miss, command_near_miss
from tests.akis.trace.recorded import EMPTY, READ, WRITE
from tests.by_hand import Keys, pad, tlv
from tests.sessions import Pair

PAIRS = [Pair(Suite.TDES), Pair(Suite.AES), Pair(Suite.AES, 32)]
EVERY_SUITE = pytest.mark.parametrize("pair", PAIRS, ids=["3DES", "AES-128", "AES-256"])
SW = b"\x90\x00"
FIRST = 1
"""The counter of the first command, counted from the start; its answer has the next."""


def observer_of(pair: Pair, **keys: bytes) -> Observer:
    return Observer(pair.suite, keys.get("enc", pair.k_enc), keys.get("mac", pair.k_mac), pair.ssc(0), pair.rules)


def of_command(pair: Pair, raw: bytes, **keys: bytes) -> NearMiss:
    observer, command = observer_of(pair, **keys), CommandApdu.from_bytes(raw)
    with pytest.raises(SecureMessagingError):
        observer.command(command)
    before = observer.ssc
    found = command_near_miss(observer, command)
    assert (observer.ssc, observer.alive) == (before, True)
    return found


def of_answer(pair: Pair, raw: bytes, **keys: bytes) -> NearMiss:
    observer, answer = observer_of(pair, **keys), ResponseApdu.from_bytes(raw)
    with pytest.raises(SecureMessagingError):
        observer.answer(answer)
    return answer_near_miss(observer, answer)


def with_checksum(pair: Pair, plain: CommandApdu, message: bytes, objects: bytes | None = None) -> bytes:
    """The command with its checksum over ``message``, which is padded already; ``objects`` are those on the wire."""
    right = CommandApdu.from_bytes(pair.by_hand.command(pair.ssc(FIRST), plain, pair.rules))
    objects = right.data[:-10] if objects is None else objects
    return right.replace(data=objects + pair.by_hand.checksum(message)).to_bytes()


def parts(pair: Pair, plain: CommandApdu) -> tuple[bytes, bytes, bytes]:
    """Counter, padded header and objects of the right message."""
    right = CommandApdu.from_bytes(pair.by_hand.command(pair.ssc(FIRST), plain, pair.rules))
    return pair.ssc(FIRST), pad(right.header, pair.suite.block), right.data[:-10]


@EVERY_SUITE
@pytest.mark.parametrize("plain", [READ, WRITE, EMPTY], ids=["read", "write", "case 1"])
@pytest.mark.parametrize("step", [1, -1, 2, -2, 3, -3])
def test_another_counter(pair: Pair, plain: CommandApdu, step: int) -> None:
    found = of_command(pair, pair.by_hand.command(pair.ssc(FIRST + step), plain))
    sign = "+" if step > 0 else "−"
    assert f"counter {sign}{abs(step)}:" in found.cause
    assert ("lost" if step > 0 else "doubled") in found.cause
    assert (found.step, found.swapped) == (step, False)
    assert found.objects is not None
    answered = of_answer(pair, pair.by_hand.answer(pair.ssc(FIRST + step), b"data", SW))
    assert (answered.step, f"counter {sign}{abs(step)}:" in answered.cause) == (step, True)


@EVERY_SUITE
@pytest.mark.parametrize(("own", "theirs", "said"), [("single", "double", "twice"), ("double", "single", "once")])
def test_padding_of_a_header_that_stands_alone(pair: Pair, own: str, theirs: str, said: str) -> None:
    listening = Pair(pair.suite, pair.key_length, SmRules(case1_padding=own))
    sent = pair.by_hand.command(pair.ssc(FIRST), EMPTY, SmRules(case1_padding=theirs))
    found = of_command(listening, sent)
    assert f"the header is padded {said} (case1_padding)" in found.cause
    assert found.objects is not None


@EVERY_SUITE
@pytest.mark.parametrize("plain", [READ, WRITE.replace(ne=256)], ids=["read", "write"])
def test_le_that_the_checksum_does_not_cover(pair: Pair, plain: CommandApdu) -> None:
    ssc, header, objects = parts(pair, plain)
    found = of_command(pair, with_checksum(pair, plain, pad(ssc + header + objects[:-3], pair.suite.block)))
    assert found.cause == "the checksum leaves DO'97' out"
    single = ssc + header + objects[:-3]
    if plain is READ:  # nothing is left but the header
        assert of_command(pair, with_checksum(pair, plain, single)).cause == "the checksum leaves DO'97' out"


@EVERY_SUITE
@pytest.mark.parametrize("plain", [READ, WRITE.replace(ne=256)], ids=["read", "write"])
def test_le_that_is_missing(pair: Pair, plain: CommandApdu) -> None:
    ssc, header, objects = parts(pair, plain)
    sent = with_checksum(pair, plain, pad(ssc + header + objects, pair.suite.block), objects[:-3])
    assert f"DO'97' {objects[-1]:02X} is missing, and the checksum covers it" in of_command(pair, sent).cause


@EVERY_SUITE
def test_le_of_two_bytes_that_is_missing(pair: Pair) -> None:
    plain = WRITE.replace(ne=65536)
    ssc, header, objects = parts(pair, plain)
    sent = with_checksum(pair, plain, pad(ssc + header + objects, pair.suite.block), objects[:-4])
    assert "DO'97' 0000 is missing" in of_command(pair, sent).cause


@EVERY_SUITE
@pytest.mark.parametrize("length", [4, 5, 6, 7])
def test_another_length_of_the_checksum(pair: Pair, length: int) -> None:
    rules = SmRules(mac_length=length)
    found = of_command(pair, pair.by_hand.command(pair.ssc(FIRST), WRITE, rules))
    assert found.cause == f"DO'8E' has {length} bytes where the rules say 8"
    shorter = Pair(pair.suite, pair.key_length, rules)
    found = of_answer(shorter, pair.by_hand.answer(pair.ssc(FIRST), b"", SW))
    assert found.cause == f"DO'8E' has 8 bytes where the rules say {length}"


def test_a_checksum_too_short_to_tell_anything() -> None:
    pair = PAIRS[1]
    found = of_answer(pair, pair.by_hand.answer(pair.ssc(FIRST), b"", SW, mac_length=3))
    assert found.objects is None


@EVERY_SUITE
@pytest.mark.parametrize("plain", [READ, WRITE], ids=["read", "write"])
def test_other_messages(pair: Pair, plain: CommandApdu) -> None:
    ssc, header, objects = parts(pair, plain)
    block = pair.suite.block
    outer, inner = bytes((len(objects) + 10,)), bytes((len(plain.data),))
    bare = header[:4]
    for message, cause in (
        (ssc + objects, "the checksum leaves the header out"),
        (ssc + pad(plain.header, block) + objects, "covers the CLA of the plain command, 00"),
        (ssc + pad(bare + outer, block) + objects, "the checksum covers Lc"),
        (header + objects, "the checksum leaves the counter out"),
        (ssc + pad(bare + inner, block) + objects, "the checksum covers the Lc of the plain command"),
    ):
        if cause.endswith("plain command") and not plain.data:
            continue
        assert cause in of_command(pair, with_checksum(pair, plain, pad(message, block))).cause


@EVERY_SUITE
def test_two_deviations_are_both_named(pair: Pair) -> None:
    _, header, objects = parts(pair, READ)
    message = pad(pair.ssc(FIRST + 2) + header + objects[:-3], pair.suite.block)
    found = of_command(pair, with_checksum(pair, READ, message))
    assert found.cause.startswith("the checksum leaves DO'97' out; the checksum fits with the counter +2")


@EVERY_SUITE
def test_swapped_keys(pair: Pair) -> None:
    for step in (0, 1):
        sent = pair.by_hand.command(pair.ssc(FIRST + step), WRITE)
        found = of_command(pair, sent, enc=pair.k_mac, mac=pair.k_enc)
        assert found.cause.startswith("K.ENC and K.MAC are swapped")
        assert (found.swapped, found.step) == (True, step)


@EVERY_SUITE
def test_one_key_in_both_places(pair: Pair) -> None:
    sent = Keys(pair.suite.value, pair.k_enc, pair.k_enc).command(pair.ssc(FIRST), WRITE)
    found = of_command(pair, sent)
    assert (found.cause, found.swapped) == ("the checksum was made with K.ENC in place of K.MAC", False)


@EVERY_SUITE
def test_a_wrong_mac_key(pair: Pair) -> None:
    other = bytes(pair.key_length)
    for found in (
        of_command(pair, pair.by_hand.command(pair.ssc(FIRST), WRITE), mac=other),
        of_answer(pair, pair.by_hand.answer(pair.ssc(FIRST), b"data", SW), mac=other),
    ):
        assert "the cryptogram opens: the encryption key is right, the MAC key is wrong" in found.cause
        assert found.objects is None


@EVERY_SUITE
def test_wrong_keys_altogether(pair: Pair) -> None:
    wrong = {"enc": bytes(pair.key_length), "mac": b"\x01" * pair.key_length}
    found = of_command(pair, pair.by_hand.command(pair.ssc(FIRST), WRITE), **wrong)
    assert found.cause.endswith("these are not the keys of this session")
    found = of_command(pair, pair.by_hand.command(pair.ssc(FIRST), READ), **wrong)
    assert "without a cryptogram there is no telling" in found.cause


@EVERY_SUITE
def test_a_wrong_encryption_key(pair: Pair) -> None:
    found = of_command(pair, pair.by_hand.command(pair.ssc(FIRST), WRITE), enc=bytes(pair.key_length))
    assert "the MAC key is right, the encryption key is wrong" in found.cause


def test_a_cryptogram_that_opens_with_another_counter_only() -> None:
    """With AES the first block depends on the counter, so a single block tells."""
    pair = PAIRS[1]
    found = of_command(pair, pair.by_hand.command(pair.ssc(FIRST + 2), WRITE.replace(data=b"short")), mac=bytes(16))
    assert "the cryptogram opens with the counter +2: the encryption key is right" in found.cause


@EVERY_SUITE
def test_status_words(pair: Pair) -> None:
    keys, ssc, block = pair.by_hand, pair.ssc(FIRST), pair.suite.block
    data, status = keys.cryptogram(ssc, b"data"), tlv(0x99, SW)
    for wire, covered, sw, cause in (
        (data + status, data, SW, "the checksum leaves DO'99' out"),
        (data + status, status, SW, "the checksum leaves DO'87' out"),
        (data, data, SW, "DO'99' is missing"),
        (data, data + status, SW, "DO'99' is missing, and the checksum covers it"),
        (data + status, data + tlv(0x99, b"\x62\x82"), b"\x62\x82", "covers the status word outside, not that of DO'"),
    ):
        found = of_answer(pair, wire + keys.checksum(pad(ssc + covered, block)) + sw)
        assert cause in found.cause
        assert found.objects is not None


@pytest.mark.parametrize("data", ["97", "9701 00", "8701", "99029000", "FFFFFFFF"])
def test_messages_without_a_checksum(data: str) -> None:
    pair = PAIRS[0]
    sent = CommandApdu(0x0C, 0xB0, 0, 0, bytes.fromhex(data), ne=256).to_bytes()
    got = ResponseApdu(bytes.fromhex(data)).to_bytes()
    for found in (of_command(pair, sent), of_answer(pair, got)):
        assert (found.cause, found.objects) == ("", None)
