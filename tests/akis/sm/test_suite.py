"""Contexts that last for many messages give what fresh cipher objects give for each."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akis.errors import InvalidArgument, WrongType
from akis.sm.suite import Suite, expanded_key, pad, unpad
from tests import by_hand

KEY_LENGTHS = [pytest.param(suite, n, id=f"{suite.value}-{8 * n}") for suite in Suite for n in suite.key_lengths]


def keys(length: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=length, max_size=length)


def whole_blocks(suite: Suite) -> st.SearchStrategy[bytes]:
    return st.binary(max_size=70).map(lambda message: pad(message, suite.block))


@pytest.mark.parametrize(("suite", "length"), KEY_LENGTHS)
@settings(deadline=None)
@given(data=st.data())
def test_encryption_goes_on_like_fresh_ciphers(suite: Suite, length: int, data: st.DataObject) -> None:
    """Any sequence of the four calls: to encrypt or to decrypt, with IV 0 or with the IV of a counter."""
    key = data.draw(keys(length))
    context = suite.encryption(key)
    counters = st.one_of(st.just(b""), keys(suite.block))
    for enciphers, counter, message in data.draw(st.lists(st.tuples(st.booleans(), counters, whole_blocks(suite)))):
        iv = by_hand.iv(suite.value, key, counter) if counter else bytes(suite.block)
        ours, judge = (context.encrypt, by_hand.encrypt) if enciphers else (context.decrypt, by_hand.decrypt)
        assert ours(message, counter) == judge(suite.value, key, message, iv)


@pytest.mark.parametrize(("suite", "length"), KEY_LENGTHS)
@settings(deadline=None)
@given(data=st.data())
def test_mac_goes_on_like_fresh_macs(suite: Suite, length: int, data: st.DataObject) -> None:
    key = data.draw(keys(length))
    context = suite.mac(key)
    for message in data.draw(st.lists(whole_blocks(suite))):
        assert context(message) == by_hand.mac(suite.value, key, message)


@settings(deadline=None)
@given(key=st.sampled_from([16, 24, 32]).flatmap(keys), messages=st.lists(st.binary(max_size=70)))
def test_cmac_takes_messages_of_any_length(key: bytes, messages: list[bytes]) -> None:
    context = Suite.AES.mac(key)
    for message in messages:
        assert context(message) == by_hand.cmac(key, message)


@given(message=st.binary(max_size=40), block=st.sampled_from([8, 16]))
def test_padding(message: bytes, block: int) -> None:
    padded = pad(message, block)
    assert padded == by_hand.pad(message, block)
    assert unpad(padded, block) == message


@pytest.mark.parametrize(
    "padded",
    ["", "0000000000000000", "3132333435363738", "3132333435363781", "800000000000000000", "31" + "80" + "00" * 14],
    ids=["nothing", "all zero", "none", "other mark", "longer than a block", "much longer"],
)
def test_unpad_refuses_what_no_padding_gives(padded: str) -> None:
    with pytest.raises(ValueError, match="padding"):
        unpad(bytes.fromhex(padded), 8)


@pytest.mark.parametrize("make", [Suite.encryption, Suite.mac], ids=["encryption", "mac"])
@pytest.mark.parametrize("suite", Suite, ids=lambda suite: suite.value)
def test_keys_of_other_lengths_and_kinds_are_refused(make: Callable[[Suite, object], object], suite: Suite) -> None:
    for length in set(range(40)) - set(suite.key_lengths):
        with pytest.raises(InvalidArgument, match=f"not {length}$"):
            make(suite, bytes(length))
    for key in ("0123456789ABCDEF", None, 16, [0] * 16):
        with pytest.raises(WrongType):
            make(suite, key)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
@pytest.mark.parametrize("suite", Suite, ids=lambda suite: suite.value)
def test_keys_are_bytes_like_and_copied(suite: Suite, kind: Callable[[bytes], bytes]) -> None:
    key = bytes(range(16))
    given_key = kind(key)
    encryption, mac = suite.encryption(given_key), suite.mac(given_key)
    if isinstance(given_key, bytearray):
        assert given_key == key  # the caller's is left alone …
        given_key[:] = bytes(16)  # … and no longer needed
    message = bytes(range(32))
    assert encryption.encrypt(message) == by_hand.encrypt(suite.value, key, message)
    assert mac(message) == by_hand.mac(suite.value, key, message)


def test_the_copy_of_a_key_is_zeroed_once_its_contexts_are_made() -> None:
    with expanded_key(b"ABCDEFGH12345678", 24) as own:
        assert own == b"ABCDEFGH12345678ABCDEFGH"
    assert own == bytes(24)


def test_the_copy_of_a_key_is_zeroed_when_making_them_fails() -> None:
    with pytest.raises(MemoryError), expanded_key(bytes(range(16)), 16) as own:
        raise MemoryError
    assert own == bytes(16)
