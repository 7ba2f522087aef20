"""Signature keys as a personality has them, and what is refused as one."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from akis.emulator.sign_keys import SignKey, as_pem, new_key
from akis.errors import InvalidArgument
from tests.signatures import EC, RSA, private_key, sign_keys

RSA_KEY, EC_KEY = sign_keys()


def test_what_a_key_is():
    assert (RSA_KEY.bits, RSA_KEY.signature_length, RSA_KEY.rsa) == (2048, 256, True)
    assert (EC_KEY.bits, EC_KEY.signature_length, EC_KEY.rsa) == (256, 64, False)
    assert RSA_KEY.load().public_key() == private_key(RSA).public_key()


def test_a_key_shows_no_number_of_it():
    assert repr(RSA_KEY) == str(RSA_KEY) == "SignKey(01, rsa-2048)"
    assert repr(EC_KEY) == "SignKey(02, ec-p256)"


def test_new_keys_are_new_and_of_their_kind():
    for kind in ("rsa-2048", "ec-p256"):
        first, second = as_pem(new_key(kind)), as_pem(new_key(kind))
        assert first != second
        assert SignKey(1, kind, first).kind == kind


def test_rsa_is_undone_by_the_public_key():
    block = bytes(range(256))
    signature = int.from_bytes(RSA_KEY.power(block), "big")
    numbers = private_key(RSA).public_key().public_numbers()
    assert pow(signature, numbers.e, numbers.n) == int.from_bytes(block, "big")


def test_each_key_has_its_own_operation_only():
    with pytest.raises(InvalidArgument):
        EC_KEY.power(bytes(256))
    with pytest.raises(InvalidArgument):
        RSA_KEY.ecdsa(bytes(32))
    with pytest.raises(InvalidArgument):
        EC_KEY.ecdsa(bytes(31))
    for block in (bytes(255), bytes(257), b"\xff" * 256):
        with pytest.raises(InvalidArgument):
            RSA_KEY.power(block)


def pem_of(key) -> str:
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(*form).decode()


@pytest.mark.parametrize(
    ("kind", "pem"),
    [
        ("rsa-2048", EC_KEY.private_key),
        ("ec-p256", RSA_KEY.private_key),
        ("rsa-2048", pem_of(rsa.generate_private_key(public_exponent=65537, key_size=1024))),
        ("ec-p256", pem_of(ec.generate_private_key(ec.SECP384R1()))),
    ],
)
def test_a_key_of_another_kind(kind, pem):
    with pytest.raises(InvalidArgument, match=f"private_key is not of kind {kind}"):
        SignKey(1, kind, pem)


@pytest.mark.parametrize(
    "pem",
    ["", "no key", "ş", RSA_KEY.private_key[:800], pem_of(ed25519.Ed25519PrivateKey.generate())],
)
def test_no_key_at_all(pem):
    with pytest.raises(InvalidArgument, match=r"^private_key is no RSA or elliptic-curve key in PEM") as caught:
        SignKey(1, "rsa-2048", pem)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_key_with_a_password():
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    locked = private_key(EC).private_bytes(*form, serialization.BestAvailableEncryption(b"1234")).decode()
    with pytest.raises(InvalidArgument, match="unprotected"):
        SignKey(1, "ec-p256", locked)


@pytest.mark.parametrize(("reference", "kind"), [(-1, "ec-p256"), (256, "ec-p256"), ("1", "ec-p256"), (1, "dsa")])
def test_fields_of_another_kind(reference, kind):
    with pytest.raises(InvalidArgument, match=r"reference is|kind is rsa-2048 or ec-p256"):
        SignKey(reference, kind, EC_KEY.private_key)
