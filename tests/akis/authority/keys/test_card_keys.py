"""Keys of cards: each card, key and algorithm its own, and the same again whenever they are asked for."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from akis.authority.keys.card_keys import card_keys, service_secret
from akis.authority.keys.derive import derive
from akis.authority.keys.master import MasterKeyError
from akis.errors import AkisError, InvalidArgument, WrongType
from akis.sm.mutual_auth import ALGORITHMS
from tests.akis.authority.keys.masters import Scripted, master_key
from tests.leaks import silent

SERIAL = bytes.fromhex("2101A1B2C3D4E5F601020304")


@pytest.mark.parametrize("reference", ALGORITHMS, ids=lambda reference: f"{reference:02X}")
def test_keys_of_a_card_for_every_algorithm(reference: int) -> None:
    keys = card_keys(master_key(), SERIAL, 1, reference)
    length = ALGORITHMS[reference].key_length
    context = SERIAL + bytes([1, reference])
    assert (keys.reference, keys.algorithm.reference) == (1, reference)
    assert keys.k_enc == derive(master_key(), b"akis issuer K.ENC", context, length)
    assert keys.k_mac == derive(master_key(), b"akis issuer K.MAC", context, length)


def test_the_figures_do_not_change() -> None:
    """Cards in the field have these keys; another layout of the context would lock the issuer out of them.

    The figures are OpenSSL's: ``openssl kdf -keylen 32 -kdfopt mac:CMAC -kdfopt mode:COUNTER -kdfopt cipher:AES-128-CBC
    -kdfopt hexkey:2B7E… -kdfopt "salt:akis issuer K.ENC" -kdfopt hexinfo:2101…01AE KBKDF``.
    """
    keys = card_keys(master_key(), SERIAL, 1, 0xAE)
    for key, figure in (
        (keys.k_enc, "3A242EF9F243D49E7650B0BA4D50C5101DA40D0895626A2DB0F34D2010BF361A"),
        (keys.k_mac, "C9347F6DB849936C0E4C6C7F68AA696C33DEB9064F78ED0280AED901420D1BAF"),
    ):
        assert key.reveal() == bytes.fromhex(figure)


def test_no_two_keys_are_alike() -> None:
    others = [(SERIAL, 1, 0xAC), (SERIAL, 2, 0xAC), (bytes(12), 1, 0xAC), (SERIAL, 1, 0x8C), (SERIAL, 1, 0x0C)]
    made = [key.reveal() for which in others for key in _pair(*which)]
    assert all(one != other for one, other in combinations(made, 2))


def _pair(serial: bytes, reference: int, algorithm: int) -> tuple[Any, Any]:
    keys = card_keys(master_key(), serial, reference, algorithm)
    return keys.k_enc, keys.k_mac


@pytest.mark.parametrize("algorithm", [0x0C, 0x8C])
@pytest.mark.parametrize(
    "half_again",
    ["0123456789ABCDEF", "0022446688AACCEE"],  # the second differs in parity bits alone
    ids=["equal", "equal but for parity"],
)
def test_3des_keys_that_would_be_single_des_are_refused(half_again: str, algorithm: int) -> None:
    weak, good = bytes.fromhex("0123456789ABCDEF" + half_again), bytes(range(16))
    for answers in ((weak,), (good, weak)):
        with pytest.raises(MasterKeyError, match="two equal halves") as caught:
            card_keys(Scripted(*answers), SERIAL, 1, algorithm)
        silent(caught.value, [weak, weak[:8], good])


def test_aes_keys_may_repeat_themselves() -> None:
    repeated = bytes.fromhex("0123456789ABCDEF") * 2
    assert card_keys(Scripted(repeated, repeated), SERIAL, 1, 0xAC).k_enc.reveal() == repeated


@pytest.mark.parametrize(
    ("serial", "reference", "algorithm", "error"),
    [
        (SERIAL[:-1], 1, 0xAC, InvalidArgument),
        (SERIAL + b"\0", 1, 0xAC, InvalidArgument),
        (SERIAL.hex(), 1, 0xAC, WrongType),
        (SERIAL, 0, 0xAC, InvalidArgument),
        (SERIAL, 256, 0xAC, InvalidArgument),
        (SERIAL, "1", 0xAC, WrongType),
        (SERIAL, 1, 0x80, InvalidArgument),
    ],
)
def test_no_keys_for_what_is_no_card(serial: Any, reference: Any, algorithm: int, error: type[AkisError]) -> None:
    master = Scripted()
    with pytest.raises(error):
        card_keys(master, serial, reference, algorithm)
    assert master.asked == []


def test_secrets_of_the_authority_itself() -> None:
    codes = service_secret(master_key(), "unlock codes")
    assert codes == derive(master_key(), b"akis authority unlock codes", b"", 32)
    assert len(codes) == 32
    assert codes != service_secret(master_key(), "answers")


@pytest.mark.parametrize("purpose", ["", " ", "çözüm", "a\0b"])
def test_a_purpose_is_a_few_words(purpose: str) -> None:
    with pytest.raises(InvalidArgument, match="ASCII"):
        service_secret(master_key(), purpose)
