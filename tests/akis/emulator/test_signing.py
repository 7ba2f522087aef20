"""Signing with the emulated card of 2.x: which key and algorithm, when it may, and what comes out."""

import hashlib

import pytest

from akis.codec.apdu import CommandApdu
from akis.commands.mechanisms import MECHANISMS, mechanism
from akis.sm.chain import links
from tests.akis.emulator.cards import LIFE_CYCLE, PIN, SELECT, raw
from tests.signatures import EC, RSA, openssl_says, signing_bench, verify

VERIFY = f"00200081 06 {PIN}"
TEXT = b"what is signed"
HASH = hashlib.sha256(TEXT).hexdigest().upper()
SIGN = f"002A9E9A 20 {HASH} 00"
DIGEST_INFO = "3031300D060960864801650304020105000420" + HASH
ALGORITHMS = {
    "rsa-pkcs1-sha256": 0x42,
    "rsa-pkcs1-sha384": 0x52,
    "rsa-pkcs1-sha512": 0x62,
    "ecdsa-sha256": 0x44,
    "ecdsa-sha384": 0x54,
    "ecdsa-sha512": 0x64,
    "rsa-pss-sha256": 0x45,
    "rsa-pss-sha384": 0x55,
    "rsa-pss-sha512": 0x65,
}


def choose(key: int, algorithm: int | None = None) -> str:
    if algorithm is None:
        return f"002241B6 03 8401{key:02X}"
    return f"002241B6 06 8001{algorithm:02X} 8401{key:02X}"


def signature(card, command: str) -> bytes:
    answer = bytes.fromhex(raw(card, command))
    assert answer[-2:] == b"\x90\x00", answer[-2:].hex()
    return answer[:-2]


def verified():
    """A card whose PIN is verified."""
    card = signing_bench().emulated
    assert raw(card, VERIFY) == "9000"
    return card


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_algorithm_signs_a_hash(name, tmp_path):
    wanted = MECHANISMS[name]
    key = RSA if wanted.rsa else EC
    card = verified()
    assert raw(card, choose(key, ALGORITHMS[name])) == "9000"
    digest = wanted.digest(TEXT)
    made = signature(card, f"002A9E9A {len(digest):02X} {digest.hex()} 00")
    assert len(made) == (256 if wanted.rsa else 64)
    verify(key, wanted, made, TEXT)
    assert openssl_says(tmp_path, key, wanted, made, TEXT) == "Verified OK"
    assert openssl_says(tmp_path, key, wanted, made, TEXT + b".") == "Verification failure"


@pytest.mark.parametrize("mse", ["002241B6 07 81023D00 840101", choose(RSA), choose(RSA, 0x02)])
def test_rsa_pads_what_it_is_given_where_no_hash_is_named(mse):
    """As OpenSC asks: the DF's identifier in DO'81', no algorithm, and a DigestInfo to sign."""
    card = verified()
    assert raw(card, mse) == "9000"
    verify(RSA, mechanism("rsa-pkcs1-sha256"), signature(card, f"002A9E9A 33 {DIGEST_INFO} 00"), TEXT)


def test_an_elliptic_curve_key_signs_a_hash_without_an_algorithm():
    card = verified()
    raw(card, choose(EC))
    verify(EC, mechanism("ecdsa-sha256"), signature(card, SIGN), TEXT)


def test_each_signature_needs_a_verify():
    card = verified()
    raw(card, choose(RSA, 0x42))
    first = signature(card, SIGN)
    assert raw(card, SIGN) == "6982"
    raw(card, VERIFY)
    assert signature(card, SIGN) == first


def test_a_session_with_the_same_random_numbers_signs_the_same():
    """Salt of PSS and number of ECDSA come from nowhere but the card's random source and the hash."""
    made = []
    for _ in range(2):
        bench = signing_bench()
        card = type(bench.emulated)(bench.emulated.personality, random=lambda n: b"\x5a" * n)
        for command in (SELECT, VERIFY, choose(RSA, 0x45)):
            raw(card, command)
        pss = signature(card, SIGN)
        for command in (VERIFY, choose(EC, 0x44)):
            raw(card, command)
        made.append((pss, signature(card, SIGN)))
    assert made[0] == made[1]


def test_pss_takes_another_salt_each_time():
    card = verified()
    raw(card, choose(RSA, 0x45))
    first = signature(card, SIGN)
    raw(card, VERIFY)
    assert signature(card, SIGN) != first


def test_without_a_verified_pin():
    card = signing_bench().emulated
    assert raw(card, choose(RSA, 0x42)) == "9000"
    assert raw(card, SIGN) == "6982"
    raw(card, "00200081 06 303030303030")
    assert raw(card, SIGN) == "6982"


def test_without_a_chosen_key():
    assert raw(verified(), SIGN) == "6985"


@pytest.mark.parametrize(
    ("mse", "sw"),
    [
        (choose(0x03, 0x42), "6A88"),
        (choose(0x03), "6A88"),
        (choose(RSA, 0x44), "6A80"),
        (choose(EC, 0x42), "6A80"),
        (choose(EC, 0x02), "6A80"),
        (choose(RSA, 0x99), "6A80"),
        ("002241B6", "6A80"),
        ("002241B6 03 800142", "6A80"),
        ("002241B6 06 840101 840102", "6A80"),
        ("002241B6 04 84020101", "6A80"),
        ("002241B6 06 840101 830101", "6A80"),
        ("002241B6 06 840101 81013D", "6A80"),
        ("002241B6 03 840201", "6A80"),
        ("002281B6 03 840101", "6A86"),
        ("0022C301", "6A86"),
    ],
)
def test_a_refused_mse_leaves_the_choice_before_it(mse, sw):
    card = verified()
    raw(card, choose(RSA, 0x42))
    assert raw(card, mse) == sw
    verify(RSA, mechanism("rsa-pkcs1-sha256"), signature(card, SIGN), TEXT)


@pytest.mark.parametrize(
    ("algorithm", "command", "sw"),
    [
        (0x42, f"002A9E9A 1F {HASH[2:]} 00", "6A80"),
        (0x42, f"002A9E9A 33 {DIGEST_INFO} 00", "6A80"),
        (0x45, "002A9E9A 30 " + "00" * 48 + "00", "6A80"),
        (0x02, "002A9E9A F6 " + "00" * 246 + "00", "6A80"),
        (0x42, "002A9E9A 00", "6700"),
        (0x42, f"002A9E9A 20 {HASH}", "6700"),
        (0x42, f"002A9E9A 20 {HASH} FF", "6C00"),
        (0x42, f"002A9E9C 20 {HASH} 00", "6A86"),
        (0x42, f"002A8086 20 {HASH} 00", "6A86"),
    ],
)
def test_a_refused_signature_uses_no_verification_up(algorithm, command, sw):
    card = verified()
    raw(card, choose(RSA, algorithm))
    assert raw(card, command) == sw
    raw(card, choose(RSA, 0x42))
    signature(card, SIGN)


def test_an_elliptic_curve_key_says_how_long_its_signature_is():
    card = verified()
    raw(card, choose(EC, 0x44))
    assert raw(card, f"002A9E9A 20 {HASH} 3F") == "6C40"
    assert len(signature(card, f"002A9E9A 20 {HASH} 40")) == 64
    raw(card, VERIFY)
    raw(card, choose(EC))
    assert raw(card, "002A9E9A 05 0102030405 00") == "6A80"


def test_the_longest_content_that_fits_its_padding():
    card = verified()
    raw(card, choose(RSA))
    assert len(signature(card, "002A9E9A F5 " + "AB" * 245 + "00")) == 256


def test_keys_are_local_to_the_application():
    card = signing_bench().emulated
    assert raw(card, "00A40000 02 3F00").endswith("9000")
    assert raw(card, choose(RSA, 0x42)) == "6A88"
    raw(card, SELECT)
    raw(card, VERIFY)
    raw(card, choose(RSA, 0x42))
    raw(card, "00A40000 02 3F00")
    assert raw(card, SIGN) == "6982"


def test_a_reset_forgets_the_key():
    card = verified()
    raw(card, choose(RSA, 0x42))
    card.reset()
    raw(card, SELECT)
    raw(card, VERIFY)
    assert raw(card, SIGN) == "6985"


def test_a_dead_card_signs_nothing():
    card = signing_bench(state="dead").emulated
    assert raw(card, LIFE_CYCLE).startswith("000000000000AA")
    assert (raw(card, choose(RSA)), raw(card, SIGN)) == ("6985", "6985")


@pytest.mark.parametrize("name", ["akis-2.2", "akis-2.5"])
@pytest.mark.parametrize("wanted", ["rsa-pkcs1-sha256", "rsa-pss-sha256", "ecdsa-sha256"])
def test_inside_secure_messaging(name, wanted):
    bench = signing_bench(name).open("terminal")
    key, before = RSA if MECHANISMS[wanted].rsa else EC, len(bench.wire.sent)
    for command in (VERIFY, choose(key, ALGORITHMS[wanted])):
        assert bench.card.send(CommandApdu.from_bytes(bytes.fromhex(command))).sw.ok
    answer = bench.card.send(CommandApdu.from_bytes(bytes.fromhex(SIGN)))
    assert answer.sw.ok
    verify(key, MECHANISMS[wanted], answer.data, TEXT)
    assert [sent[:2].hex() for sent in bench.wire.sent[before:] if sent[1] != 0xC0] == ["0c20", "0c22", "0c2a"]
    assert bench.card.send(CommandApdu.from_bytes(bytes.fromhex(SIGN))).sw == 0x6982
    assert bench.card.session.alive


def test_a_chained_input():
    card = verified()
    raw(card, choose(RSA))
    whole = CommandApdu(0x00, 0x2A, 0x9E, 0x9A, bytes.fromhex(DIGEST_INFO), 0x100)
    *first, last = links(whole, 20)
    assert len(first) == 2
    assert all(raw(card, link.to_bytes().hex()) == "9000" for link in first)
    verify(RSA, mechanism("rsa-pkcs1-sha256"), signature(card, last.to_bytes().hex()), TEXT)
