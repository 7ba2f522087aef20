"""The names of the ways to sign, and what each one hashes with."""

import hashlib

import pytest

from akis.commands.mechanisms import MECHANISMS, Mechanism, mechanism
from akis.errors import InvalidArgument


def test_every_mechanism_is_found_by_its_name():
    assert len(MECHANISMS) == 9
    for name, found in MECHANISMS.items():
        assert mechanism(name) is found
        assert mechanism(found) is found
        assert found.name == name


def test_a_mechanism_hashes_with_the_hash_of_its_name():
    assert mechanism("rsa-pkcs1-sha256").digest(b"abc") == hashlib.sha256(b"abc").digest()
    assert [mechanism(f"ecdsa-{name}").digest_size for name in ("sha256", "sha384", "sha512")] == [32, 48, 64]


def test_only_ecdsa_is_not_rsa():
    assert {found.scheme for found in MECHANISMS.values() if not found.rsa} == {"ecdsa"}
    assert mechanism("rsa-pss-sha384") == Mechanism("rsa-pss", "sha384")


@pytest.mark.parametrize("name", ["", "rsa", "rsa-pkcs1-sha1", "RSA-PKCS1-SHA256", "ecdsa", None, []])
def test_another_name_is_refused_and_the_names_are_listed(name):
    with pytest.raises(InvalidArgument, match=r"there are rsa-pkcs1-sha256, .*, ecdsa-sha512$"):
        mechanism(name)
