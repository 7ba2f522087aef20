"""Signing, driven by fixed answers: which commands go out on each kind of card, and how it ends."""

from dataclasses import replace

import pytest

from akis.codec.apdu import ResponseApdu
from akis.commands.mechanisms import mechanism
from akis.conversation.signing import AS_GIVEN, choose, sign
from akis.errors import CardError, CodecError, InvalidArgument
from akis.profile.model import SignRules

PKCS1, PSS, ECDSA = (mechanism(f"{name}-sha256") for name in ("rsa-pkcs1", "rsa-pss", "ecdsa"))
DIGEST = bytes(range(32))
HASH = DIGEST.hex().upper()
DIGEST_INFO = "3031300D060960864801650304020105000420" + HASH
ON_CARD = SignRules("41B6", {"rsa-pkcs1-sha256": 0x42, "rsa-pss-sha256": 0x45, "ecdsa-sha256": 0x44}, False, True, 255)
RAW = SignRules("22C3", {}, True, True, 244)


def drive(conversation, *answers: str):
    """The result, and the commands as hex text."""
    sent, left = [], iter(answers)
    try:
        command = next(conversation)
        while True:
            sent.append(command.to_bytes().hex().upper())
            command = conversation.send(ResponseApdu.from_bytes(bytes.fromhex(next(left))))
    except StopIteration as done:
        assert next(left, None) is None
        return done.value, sent


@pytest.mark.parametrize(("wanted", "algorithm"), [(PKCS1, "42"), (PSS, "45"), (ECDSA, "44")])
def test_a_card_that_pads_is_given_the_hash(wanted, algorithm):
    signature, sent = drive(sign(ON_CARD, 0x01, wanted, DIGEST), "9000", "ABCD9000")
    assert signature == b"\xab\xcd"
    assert sent == [f"002241B6068001{algorithm}840101", f"002A9E9A20{HASH}00"]


def test_a_card_that_pads_what_it_is_given_gets_a_digest_info():
    rules = replace(ON_CARD, algorithms={AS_GIVEN: 0x02})
    _, sent = drive(sign(rules, 0x01, PKCS1, DIGEST), "9000", "AB9000")
    assert sent == ["002241B606800102840101", f"002A9E9A33{DIGEST_INFO}00"]


def test_a_card_that_only_exponentiates_gets_the_padded_block_in_a_chain():
    signature, sent = drive(sign(RAW, 0x0A, PKCS1, DIGEST), "9000", "9000", "AB9000")
    block = "0001" + "FF" * 202 + "00" + DIGEST_INFO
    assert signature == b"\xab"
    assert sent == ["0022C30A", f"102A9E9AF4{block[:488]}", f"002A9E9A0C{block[488:]}00"]


def test_the_block_is_as_long_as_the_modulus():
    _, sent = drive(sign(RAW, 0x0A, PKCS1, DIGEST, bits=1024), "9000", "AB9000")
    assert sent[1] == f"002A9E9A800001{'FF' * 74}00{DIGEST_INFO}00"


def test_pss_is_padded_here_with_the_salt_that_is_given():
    sent = [
        drive(sign(RAW, 1, PSS, DIGEST, 2048, salt), "9000", "9000", "AB9000")[1] for salt in (b"1" * 32, b"2" * 32)
    ]
    assert sent[0] != sent[1]
    assert all(commands[2][:10] == "002A9E9A0C" and commands[2][-4:] == "BC00" for commands in sent)


def test_ecdsa_takes_the_hash_everywhere():
    _, sent = drive(sign(RAW, 1, ECDSA, DIGEST), "9000", "AB9000")
    assert sent == ["0022C301", f"002A9E9A20{HASH}00"]


def test_choosing_alone():
    assert drive(choose(ON_CARD, 2, ECDSA), "9000") == (None, ["002241B606800144840102"])
    with pytest.raises(CardError, match=r"choosing key 05 .* failed: 6A88"):
        drive(choose(RAW, 5, PKCS1), "6A88")


def test_a_refused_key_is_not_used():
    with pytest.raises(CardError, match=r"choosing key 01 .* failed: 6A88"):
        drive(sign(ON_CARD, 0x01, PKCS1, DIGEST), "6A88")


@pytest.mark.parametrize("answers", [("9000", "6982"), ("9000", "6100")])
def test_no_signature_without_9000(answers):
    with pytest.raises(CardError) as caught:
        drive(sign(ON_CARD, 0x01, PKCS1, DIGEST), *answers)
    assert caught.value.sw == int(answers[1], 16)


def test_a_refused_link_ends_the_chain():
    with pytest.raises(CardError, match="6883"):
        drive(sign(RAW, 0x01, PKCS1, DIGEST), "9000", "6883")


def test_an_empty_signature_is_none():
    with pytest.raises(CodecError, match="gave no signature"):
        drive(sign(ON_CARD, 0x01, PKCS1, DIGEST), "9000", "9000")


def test_what_the_card_cannot_do_shows_before_anything_is_asked_for():
    for call in (choose, lambda rules, key, wanted: sign(rules, key, wanted, bytes(48))):
        with pytest.raises(InvalidArgument, match="no algorithm for rsa-pkcs1-sha384; it has rsa-pkcs1-sha256, "):
            call(ON_CARD, 0x01, mechanism("rsa-pkcs1-sha384"))
    for rules in (ON_CARD, RAW):
        with pytest.raises(InvalidArgument, match="a sha256 hash has 32 bytes, not 20"):
            sign(rules, 0x01, PKCS1, bytes(20))
    with pytest.raises(InvalidArgument, match="too many for a key of 256 bits"):
        sign(RAW, 0x01, PKCS1, DIGEST, bits=256)
