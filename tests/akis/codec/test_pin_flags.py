"""Tag 90 of AKİS 1.0: what its flags say, and that no other number is made of them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.codec.pin_flags import PinFlags
from akis.errors import CodecError


@pytest.mark.parametrize(
    ("byte", "names"),
    [
        (0x00, ()),
        (0x01, ("encrypted",)),
        (0x0E, ("valid", "PIN needed", "new PIN")),
        (0x30, ("read", "write")),
        (0x42, ("valid", "wrong PIN entered once")),
        (0xC0, ("wrong PIN entered once", "last try")),
    ],
)
def test_names(byte: int, names: tuple[str, ...]) -> None:
    assert PinFlags.from_fci(bytes((0x6F, 3, 0x90, 1, byte))) == PinFlags(byte)
    assert PinFlags(byte).names == names


@pytest.mark.parametrize("byte", range(0x100))
def test_the_only_number_is_that_of_the_last_try(byte: int) -> None:
    assert PinFlags(byte).tries_left == (1 if byte & 0x80 else None)


@pytest.mark.parametrize("byte", [0x40, 0x42, 0x80, 0xC0])
def test_a_wrong_one_was_entered(byte: int) -> None:
    assert PinFlags(byte).wrong_entered
    assert not PinFlags(byte & 0x3F).wrong_entered


@pytest.mark.parametrize(
    "fci", ["", "6F00", "6F0483023D00", "6F06900180900180", "6F0490020080", "6F029000", "900180", "6F039001"]
)
def test_where_they_are_not_there_once(fci: str) -> None:
    with pytest.raises(CodecError):
        PinFlags.from_fci(bytes.fromhex(fci))


@given(st.binary(max_size=40))
def test_any_bytes(raw: bytes) -> None:
    with suppress(CodecError):
        assert 0 <= PinFlags.from_fci(raw).byte <= 0xFF
