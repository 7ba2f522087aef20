"""Padding for RSA, checked by a library that undoes it: cryptography verifies what becomes of each block."""

import hashlib
from functools import cache
from itertools import product

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from akis.commands.mechanisms import HASHES
from akis.commands.signature_blocks import digest_info, pkcs1_block, pss_block
from akis.errors import InvalidArgument

TEXT = b"what is signed"
HASH = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
# With 1025 bits the block of PSS is a byte shorter than the modulus.
SIZES = (1025, 1028, 2048)


@cache
def key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def signature(block: bytes, bits: int) -> bytes:
    numbers = key(bits).private_numbers()
    modulus = numbers.public_numbers.n
    message = int.from_bytes(block, "big")
    assert message < modulus
    return pow(message, numbers.d, modulus).to_bytes((bits + 7) // 8, "big")


@pytest.mark.parametrize(("name", "bits"), [*product(HASH, SIZES)])
def test_pkcs1(name, bits):
    digest = hashlib.new(name, TEXT).digest()
    block = pkcs1_block(digest_info(name, digest), bits)
    assert len(block) == (bits + 7) // 8
    key(bits).public_key().verify(signature(block, bits), TEXT, padding.PKCS1v15(), HASH[name])


@pytest.mark.parametrize(("name", "bits"), [*product(("sha256", "sha384"), SIZES)])
@pytest.mark.parametrize("salt", [b"", b"salt", bytes(32)])
def test_pss(name, bits, salt):
    block = pss_block(hashlib.new(name, TEXT).digest(), name, bits, salt)
    assert len(block) == (bits + 7) // 8
    scheme = padding.PSS(padding.MGF1(HASH[name]), len(salt))
    key(bits).public_key().verify(signature(block, bits), TEXT, scheme, HASH[name])
    with pytest.raises(InvalidSignature):
        key(bits).public_key().verify(signature(block, bits), TEXT + b".", scheme, HASH[name])


def test_another_salt_makes_another_block():
    digest = hashlib.sha256(TEXT).digest()
    assert pss_block(digest, "sha256", 2048, bytes(32)) != pss_block(digest, "sha256", 2048, bytes(31) + b"\x01")


def test_pkcs1_pads_up_to_eleven_bytes_below_the_modulus():
    assert pkcs1_block(b"", 128) == bytes.fromhex("0001 FFFFFFFFFFFFFFFFFFFFFFFFFF 00")
    assert pkcs1_block(b"\xaa" * 5, 128) == bytes.fromhex("0001 FFFFFFFFFFFFFFFF 00 AAAAAAAAAA")
    with pytest.raises(InvalidArgument, match="6 bytes are too many for a key of 128 bits"):
        pkcs1_block(bytes(6), 128)


@pytest.mark.parametrize("name", HASHES)
def test_hash_and_name_belong_together(name):
    wrong = bytes(hashlib.new(name).digest_size - 1)
    with pytest.raises(InvalidArgument):
        digest_info(name, wrong)
    with pytest.raises(InvalidArgument):
        pss_block(wrong, name, 2048, b"")


def test_a_hash_without_a_digest_info():
    with pytest.raises(InvalidArgument):
        digest_info("md5", bytes(16))


def test_pss_of_a_key_that_is_too_short():
    with pytest.raises(InvalidArgument, match="too long for a key of 1024 bits"):
        pss_block(bytes(64), "sha512", 1024, bytes(64))
