"""Device authentication: its keys and arguments, right and wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from akis.errors import InvalidArgument, WrongType
from akis.sm.mutual_auth import (
    ALGORITHMS,
    CardAuthentication,
    DeviceKeys,
    TerminalAuthentication,
    algorithm,
    serial_to_sn,
)
from tests.akis.sm.sides import (
    EVERY_ALGORITHM,
    RND_ICC,
    SN_ICC,
    SN_IFD,
    assert_connected,
    card_side,
    device_keys,
    terminal_side,
)


@pytest.mark.parametrize("wrong", [b"", b"1234567", b"123456789"])
def test_nonces_and_numbers_are_eight_bytes(wrong: bytes) -> None:
    keys = device_keys(0xAC)
    calls: list[Callable[[], object]] = [
        lambda: TerminalAuthentication(keys, wrong, SN_ICC, bytes),
        lambda: TerminalAuthentication(keys, SN_IFD, wrong, bytes),
        lambda: CardAuthentication(keys, wrong, bytes),
        lambda: terminal_side(0xAC).token(wrong),
        lambda: card_side(0xAC).answer(wrong, terminal_side(0xAC).token(RND_ICC)),
    ]
    for call in calls:
        with pytest.raises(InvalidArgument, match="8 bytes"):
            call()


@pytest.mark.parametrize("wrong", [None, 72, "a" * 8, "a" * 72, [0] * 72], ids=["None", "int", "text", "token", "list"])
def test_what_is_not_bytes_is_the_wrong_type(wrong: bytes) -> None:
    keys = device_keys(0xAC)
    terminal, card = terminal_side(0xAC), card_side(0xAC)
    token = terminal.token(RND_ICC)
    calls: list[Callable[[], object]] = [
        lambda: TerminalAuthentication(keys, wrong, SN_ICC, bytes),
        lambda: CardAuthentication(keys, wrong, bytes),
        lambda: terminal.token(wrong),
        lambda: terminal.session(wrong),
        lambda: card.answer(wrong, token),
        lambda: card.answer(RND_ICC, wrong),
    ]
    for call in calls:
        with pytest.raises(WrongType):
            call()
    answer, card_session = card.answer(RND_ICC, token)
    assert_connected(terminal.session(answer), card_session)  # nothing was spent


@pytest.mark.parametrize(
    ("reference", "alg", "k_enc", "k_mac", "error"),
    [
        (0, 0x8C, bytes(16), bytes(16), InvalidArgument),
        (256, 0x8C, bytes(16), bytes(16), InvalidArgument),
        ("2", 0x8C, bytes(16), bytes(16), WrongType),
        (2, 0x00, bytes(16), bytes(16), InvalidArgument),
        (2, None, bytes(16), bytes(16), WrongType),
        (2, 0x8C, bytes(24), bytes(16), InvalidArgument),
        (2, 0x8C, bytes(16), bytes(8), InvalidArgument),
        (2, 0xAC, bytes(32), bytes(32), InvalidArgument),
        (2, 0xAD, bytes(16), bytes(24), InvalidArgument),
        (2, 0xAE, bytes(32), bytes(24), InvalidArgument),
        (2, 0xAE, None, bytes(32), WrongType),
    ],
)
def test_keys_that_are_none(reference: int, alg: int, k_enc: bytes, k_mac: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        DeviceKeys(reference, alg, k_enc, k_mac)


@EVERY_ALGORITHM
def test_keys_show_their_references_only_and_are_wiped(alg: int) -> None:
    keys = device_keys(alg)
    assert repr(keys) == f"DeviceKeys(reference 02, algorithm {alg:02X})"
    assert keys.open(keys.seal(bytes(64))) == bytes(64)
    keys.wipe()
    with pytest.raises(InvalidArgument, match="wiped"):
        keys.seal(bytes(64))


def test_algorithms_by_reference() -> None:
    assert algorithm(0x8C) is ALGORITHMS[0x8C]
    with pytest.raises(InvalidArgument, match="0C, 8C, AC, AD, AE"):
        algorithm(0x0D)


@pytest.mark.parametrize(
    ("serial", "sn"),
    [
        ("", "0000000000000000"),
        ("0102", "0000000000000102"),
        ("0102030405060708", "0102030405060708"),
        ("F1F20102030405060708", "0102030405060708"),
    ],
)
def test_a_serial_number_on_eight_bytes(serial: str, sn: str) -> None:
    assert serial_to_sn(bytes.fromhex(serial)) == bytes.fromhex(sn)
