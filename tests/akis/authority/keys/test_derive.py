"""The KDF against the one of the cryptography package, and against SP 800-108r1 and RFC 4493 line by line."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFCMAC, CounterLocation, Mode
from hypothesis import given
from hypothesis import strategies as st

from akis.authority.keys.derive import LONGEST, derive
from akis.authority.keys.master import MasterKeyError
from akis.errors import AkisError, InvalidArgument, WrongType
from tests import by_hand
from tests.akis.authority.keys.masters import KEY, RFC_4493, Scripted, master_key

LABEL, CONTEXT = b"akis hand", bytes.fromhex("0102030405060708090A0B0C 01 AC")


@given(
    key=st.sampled_from([16, 24, 32]).flatmap(lambda length: st.binary(min_size=length, max_size=length)),
    label=st.binary(min_size=1, max_size=40).filter(lambda label: 0 not in label),
    context=st.binary(max_size=40),
    length=st.integers(1, 80),
)
def test_it_is_the_kdf_of_the_cryptography_package(key: bytes, label: bytes, context: bytes, length: int) -> None:
    theirs = KBKDFCMAC(
        algorithm=AES,
        mode=Mode.CounterMode,
        length=length,
        rlen=4,
        llen=4,
        location=CounterLocation.BeforeFixed,
        label=label,
        context=context,
        fixed=None,
    )
    assert derive(master_key(key), label, context, length).reveal() == theirs.derive(key)


def test_one_block_by_hand() -> None:
    """RFC 4493 §2.4: a message of two whole blocks, the second of which is xored with K1 (figures of §4)."""
    first, second = b"\0\0\0\x01" + LABEL + b"\0" + CONTEXT[:2], CONTEXT[2:] + bytes.fromhex("00000080")
    assert (len(first), len(second)) == (16, 16)
    after_first = by_hand.encrypt("AES", KEY, first)
    expected = by_hand.encrypt("AES", KEY, by_hand.xor(by_hand.xor(second, after_first), bytes.fromhex(RFC_4493["K1"])))
    assert derive(master_key(), LABEL, CONTEXT, 16).reveal() == expected


@pytest.mark.parametrize(("length", "bits"), [(16, "00000080"), (24, "000000C0"), (32, "00000100")])
def test_one_cmac_for_every_sixteen_bytes(length: int, bits: str) -> None:
    master = Scripted(b"A" * 16, b"B" * 16)
    made = derive(master, LABEL, CONTEXT, length).reveal()
    assert made == (b"A" * 16 + b"B" * 16)[:length]
    fixed = LABEL + b"\0" + CONTEXT + bytes.fromhex(bits)
    assert master.asked == [bytes([0, 0, 0, counter]) + fixed for counter in (1, 2)][: -(-length // 16)]


def test_a_shorter_key_is_not_the_beginning_of_a_longer_one() -> None:
    longer = derive(master_key(), LABEL, CONTEXT, 32).reveal()
    assert derive(master_key(), LABEL, CONTEXT, 16).reveal() != longer[:16]


@pytest.mark.parametrize(
    ("label", "context", "length", "error"),
    [
        (b"", b"", 16, InvalidArgument),
        (b"a\0b", b"", 16, InvalidArgument),
        ("text", b"", 16, WrongType),
        (b"a", "text", 16, WrongType),
        (b"a", b"", 0, InvalidArgument),
        (b"a", b"", -1, InvalidArgument),
        (b"a", b"", LONGEST + 1, InvalidArgument),
        (b"a", b"", 16.0, WrongType),
        (b"a", b"", True, WrongType),
    ],
)
def test_what_the_standard_has_no_room_for(label: Any, context: Any, length: Any, error: type[AkisError]) -> None:
    master = Scripted()
    with pytest.raises(error):
        derive(master, label, context, length)
    assert master.asked == []


def test_a_master_key_that_answers_something_else_than_a_cmac() -> None:
    with pytest.raises(MasterKeyError, match="8 bytes"):
        derive(Scripted(bytes(8)), LABEL, CONTEXT, 16)
