"""Signing as AKİS 1.0 does it: the key alone in P2, blocks that the terminal padded, a VERIFY that lasts."""

import hashlib
import secrets

import pytest

from akis.codec.apdu import CommandApdu
from akis.commands.mechanisms import mechanism
from akis.commands.signature_blocks import digest_info, pkcs1_block
from akis.emulator import load_personality
from akis.emulator.memory import PIN
from akis.emulator.security import SecurityStatus
from akis.emulator.sign_keys import SignKey
from akis.emulator.signing import RawSigning
from akis.emulator.status import Refuse
from tests.signatures import EC, RSA, sign_keys, verify

TEXT = b"what is signed"
DIGEST = hashlib.sha256(TEXT).digest()
BLOCK = pkcs1_block(digest_info("sha256", DIGEST), 2048)


class Card:
    """The commands of signing alone, the application selected and the PIN verified."""

    def __init__(self, keys: tuple[SignKey, ...] | None = None) -> None:
        self.security = SecurityStatus(load_personality("akis-2.2"), secrets.token_bytes)
        self.security.verified.add(PIN)
        self.in_application = True
        self.signing = RawSigning(keys or sign_keys(), self.security, lambda: self.in_application)

    def choose(self, key: int, p1: int = 0xC3, data: bytes = b"") -> int:
        return self._word(lambda: self.signing.mse_set(CommandApdu(0x00, 0x22, p1, key, data)))

    def sign(self, data: bytes, ne: int | None = 0x100) -> bytes:
        return self.signing.sign(CommandApdu(0x00, 0x2A, 0x9E, 0x9A, data, ne)).data

    def refusal(self, data: bytes, ne: int | None = 0x100) -> int:
        return self._word(lambda: self.sign(data, ne))

    @staticmethod
    def _word(call) -> int:
        try:
            call()
        except Refuse as refusal:
            return refusal.sw
        return 0x9000


def test_a_padded_block_becomes_a_signature():
    card = Card()
    assert card.choose(RSA) == 0x9000
    verify(RSA, mechanism("rsa-pkcs1-sha256"), card.sign(BLOCK), TEXT)


def test_a_verify_lasts():
    card = Card()
    card.choose(RSA)
    assert card.sign(BLOCK) == card.sign(BLOCK)


def test_an_elliptic_curve_key_signs_a_hash():
    card = Card()
    card.choose(EC)
    verify(EC, mechanism("ecdsa-sha256"), card.sign(DIGEST), TEXT)
    assert card.refusal(BLOCK) == 0x6A80


def test_mse():
    card = Card()
    assert card.choose(0x07) == 0x6A88
    assert card.choose(RSA, p1=0x41) == 0x6A86
    assert card.choose(RSA, data=b"\x01") == 0x6700
    card.in_application = False
    assert card.choose(RSA) == 0x6A88


@pytest.mark.parametrize("data", [BLOCK[1:], BLOCK + b"\x00", DIGEST])
def test_a_block_of_another_length(data):
    card = Card()
    card.choose(RSA)
    assert card.refusal(data) == 0x6700


def test_a_block_that_is_not_below_the_modulus():
    card = Card()
    card.choose(RSA)
    assert card.refusal(b"\xff" * 256) == 0x6A80


def test_what_has_to_be_there():
    card = Card()
    assert card.refusal(BLOCK) == 0x6985
    card.choose(RSA)
    assert card.refusal(BLOCK, ne=None) == 0x6700
    assert card.refusal(BLOCK, ne=255) == 0x6C00
    card.security.verified.clear()
    assert card.refusal(BLOCK) == 0x6982
    card.signing.reset()
    card.security.verified.add(PIN)
    assert card.refusal(BLOCK) == 0x6985


def test_after_6cxx_the_last_link_is_enough():
    """OpenSC asks for 244 bytes, is told 6C00, and repeats the last link of its chain alone."""
    card = Card()
    card.choose(RSA)
    assert card.refusal(BLOCK, ne=244) == 0x6C00
    verify(RSA, mechanism("rsa-pkcs1-sha256"), card.sign(BLOCK[244:]), TEXT)
    assert card.refusal(BLOCK[244:]) == 0x6700


def test_after_6cxx_other_input_is_its_own():
    card = Card()
    card.choose(RSA)
    assert card.refusal(BLOCK, ne=244) == 0x6C00
    assert card.refusal(b"\x01" * 12) == 0x6700
    assert card.refusal(BLOCK, ne=244) == 0x6C00
    card.signing.reset()
    card.choose(RSA)
    assert card.refusal(BLOCK[244:]) == 0x6700


def test_a_key_whose_numbers_do_not_belong_together_cannot_be_chosen(broken_key):
    assert Card((SignKey(RSA, "rsa-2048", broken_key),)).choose(RSA) == 0x6984


@pytest.fixture
def broken_key() -> str:
    """A key in PEM whose private exponent is another one's: found out only by calculating."""
    from base64 import b64decode, encodebytes

    from tests.signatures import private_key

    der = b64decode("".join(sign_keys()[0].private_key.splitlines()[1:-1]))
    exponent = private_key(RSA).private_numbers().d.to_bytes(256, "big")
    assert der.count(exponent) == 1
    wrong = der.replace(exponent, exponent[:-1] + bytes((exponent[-1] ^ 0x02,)))
    return f"-----BEGIN PRIVATE KEY-----\n{encodebytes(wrong).decode()}-----END PRIVATE KEY-----\n"
