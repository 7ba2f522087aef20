"""Device authentication: both sides, and everything either side must not take for the other's token."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.errors import CodecError, InvalidArgument, SecureMessagingError, WrongType
from akis.profile.model import SmRules
from akis.secret import Secret
from akis.sm import CardSession, SecureSession
from akis.sm.mutual_auth import (
    ALGORITHMS,
    CardAuthentication,
    DeviceKeys,
    TerminalAuthentication,
    algorithm,
    serial_to_sn,
)
from tests.by_hand import BLOCK, encrypt, mac, pad

RND_ICC, RND_IFD = b"card's 1", b"reader 1"
SN_ICC, SN_IFD = b"SN card.", b"SN of PC"
K_IFD, K_ICC = b"the terminal's half of a secret ", b"and the other half, by the card "

EVERY_ALGORITHM = pytest.mark.parametrize("alg", ALGORITHMS, ids=lambda alg: f"{alg:02X}")


def device_keys(alg: int, first: int = 1) -> DeviceKeys:
    length = ALGORITHMS[alg].key_length
    return DeviceKeys(2, alg, bytes(range(first, first + length)), bytes(range(first + 50, first + 50 + length)))


def terminal_side(alg: int, rules: SmRules | None = None) -> TerminalAuthentication:
    return TerminalAuthentication(device_keys(alg), SN_IFD, SN_ICC, {8: RND_IFD, 32: K_IFD}.__getitem__, rules)


def card_side(alg: int, rules: SmRules | None = None) -> CardAuthentication:
    return CardAuthentication(device_keys(alg), SN_ICC, {32: K_ICC}.__getitem__, rules)


def seal(alg: int, *fields: bytes) -> bytes:
    """A token whose cryptogram and MAC are right, whatever its fields say."""
    keys, cipher = device_keys(alg), ALGORITHMS[alg].suite.value
    cryptogram = encrypt(cipher, keys.k_enc.reveal(), b"".join(fields))
    return cryptogram + mac(cipher, keys.k_mac.reveal(), pad(cryptogram, BLOCK[cipher]))[:8]


def assert_connected(terminal: SecureSession, card: CardSession) -> None:
    verify, wrong_pin = CommandApdu(0x00, 0x20, 0x00, 0x81, b"1234"), ResponseApdu(sw=0x63C1)
    assert card.unprotect(terminal.protect(verify)) == verify
    assert terminal.unprotect(card.protect(wrong_pin)) == wrong_pin


@EVERY_ALGORITHM
def test_both_sides_come_to_the_same_session(alg: int) -> None:
    rules = SmRules(mac_length=4)
    terminal, card = terminal_side(alg, rules), card_side(alg, rules)
    token = terminal.token(RND_ICC)
    assert token == seal(alg, RND_IFD, SN_IFD, RND_ICC, SN_ICC, K_IFD)
    answer, card_session = card.answer(RND_ICC, token)
    assert answer == seal(alg, RND_ICC, SN_ICC, RND_IFD, SN_IFD, K_ICC)
    session = terminal.session(answer)
    assert session.rules is card_session.rules is rules
    assert session.suite is card_session.suite is ALGORITHMS[alg].suite
    assert_connected(session, card_session)


def test_bytes_like_values_serve_on_both_sides() -> None:
    terminal, card = terminal_side(0xAC), card_side(0xAC)
    token = terminal.token(memoryview(RND_ICC))
    answer, card_session = card.answer(bytearray(RND_ICC), bytearray(token))
    assert_connected(terminal.session(memoryview(answer)), card_session)


# Tokens with a right MAC that say something else.


@pytest.mark.parametrize("changed", range(4), ids=["RND.ICC", "SN.ICC", "RND.IFD", "SN.IFD"])
@EVERY_ALGORITHM
def test_terminal_compares_all_that_the_card_echoes(alg: int, changed: int) -> None:
    terminal = terminal_side(alg)
    terminal.token(RND_ICC)
    fields = [RND_ICC, SN_ICC, RND_IFD, SN_IFD]
    fields[changed] = fields[changed][:-1] + b"!"
    with pytest.raises(SecureMessagingError, match="does not echo"):
        terminal.session(seal(alg, *fields, K_ICC))


@pytest.mark.parametrize("changed", [2, 3], ids=["RND.ICC", "SN.ICC"])
@EVERY_ALGORITHM
def test_card_compares_what_is_its_own(alg: int, changed: int) -> None:
    fields = [RND_IFD, SN_IFD, RND_ICC, SN_ICC]
    fields[changed] = b"!" + fields[changed][1:]
    with pytest.raises(SecureMessagingError, match="does not echo"):
        card_side(alg).answer(RND_ICC, seal(alg, *fields, K_IFD))


@pytest.mark.parametrize("changed", [0, 1], ids=["RND.IFD", "SN.IFD"])
@EVERY_ALGORITHM
def test_a_card_cannot_know_the_terminal_s_own_but_the_terminal_does(alg: int, changed: int) -> None:
    terminal = terminal_side(alg)
    terminal.token(RND_ICC)
    fields = [RND_IFD, SN_IFD, RND_ICC, SN_ICC]
    fields[changed] = b"replaced"
    answer, _ = card_side(alg).answer(RND_ICC, seal(alg, *fields, K_IFD))
    with pytest.raises(SecureMessagingError, match="does not echo"):
        terminal.session(answer)


@EVERY_ALGORITHM
def test_a_token_is_not_its_own_answer(alg: int) -> None:
    terminal = terminal_side(alg)
    with pytest.raises(SecureMessagingError, match="does not echo"):
        terminal.session(terminal.token(RND_ICC))


# Tokens with a wrong MAC.


@pytest.mark.parametrize("alg", [0x8C, 0xAC], ids=lambda alg: f"{alg:02X}")
def test_every_bit_of_a_token_counts_on_either_side(alg: int) -> None:
    token = seal(alg, RND_IFD, SN_IFD, RND_ICC, SN_ICC, K_IFD)
    answer = seal(alg, RND_ICC, SN_ICC, RND_IFD, SN_IFD, K_ICC)
    terminal, card = terminal_side(alg), card_side(alg)
    for bit in range(72 * 8):
        bad_token, bad_answer = (
            (int.from_bytes(good, "big") ^ 1 << bit).to_bytes(72, "big") for good in (token, answer)
        )
        with pytest.raises(SecureMessagingError, match="checksum"):
            card.answer(RND_ICC, bad_token)
        terminal.token(RND_ICC)
        with pytest.raises(SecureMessagingError, match="checksum"):
            terminal.session(bad_answer)


@EVERY_ALGORITHM
def test_other_keys_are_refused_on_either_side(alg: int) -> None:
    stranger = device_keys(alg, first=100)
    with pytest.raises(SecureMessagingError, match="checksum"):
        card_side(alg).answer(RND_ICC, stranger.seal(RND_IFD + SN_IFD + RND_ICC + SN_ICC + K_IFD))
    terminal = terminal_side(alg)
    terminal.token(RND_ICC)
    with pytest.raises(SecureMessagingError, match="checksum"):
        terminal.session(stranger.seal(RND_ICC + SN_ICC + RND_IFD + SN_IFD + K_ICC))


@pytest.mark.parametrize("length", [0, 8, 64, 71, 73, 80, 144])
def test_tokens_of_another_length(length: int) -> None:
    with pytest.raises(CodecError, match=f"not {length}$"):
        card_side(0x8C).answer(RND_ICC, bytes(length))
    terminal = terminal_side(0x8C)
    terminal.token(RND_ICC)
    with pytest.raises(SecureMessagingError, match=f"has {length} bytes"):
        terminal.session(bytes(length))


# Each token and each challenge once.


def fresh_terminal() -> TerminalAuthentication:
    """A terminal whose random numbers are all different."""
    drawn = itertools.count(1)
    return TerminalAuthentication(device_keys(0xAC), SN_IFD, SN_ICC, lambda length: bytes((next(drawn),)) * length)


def test_an_answer_needs_a_token_first() -> None:
    with pytest.raises(InvalidArgument, match="comes first"):
        fresh_terminal().session(bytes(72))


def test_a_token_serves_one_answer() -> None:
    terminal = fresh_terminal()
    answer, _ = card_side(0xAC).answer(RND_ICC, terminal.token(RND_ICC))
    terminal.session(answer)
    with pytest.raises(InvalidArgument, match="each token serves one answer"):
        terminal.session(answer)


def test_a_token_is_spent_by_a_wrong_answer_too() -> None:
    terminal = fresh_terminal()
    answer, _ = card_side(0xAC).answer(RND_ICC, terminal.token(RND_ICC))
    with pytest.raises(SecureMessagingError):
        terminal.session(bytes(72))
    with pytest.raises(InvalidArgument):
        terminal.session(answer)


def test_an_answer_belongs_to_the_last_token() -> None:
    terminal = fresh_terminal()
    old_answer, _ = card_side(0xAC).answer(RND_ICC, terminal.token(RND_ICC))
    terminal.token(RND_ICC)
    with pytest.raises(SecureMessagingError, match="does not echo"):
        terminal.session(old_answer)


def test_a_token_for_one_challenge_is_not_for_the_next() -> None:
    token = fresh_terminal().token(RND_ICC)
    card_side(0xAC).answer(RND_ICC, token)
    with pytest.raises(SecureMessagingError, match="does not echo"):
        card_side(0xAC).answer(b"card's 2", token)


@pytest.mark.parametrize("good", [True, False], ids=["accepted", "refused"])
def test_the_terminal_s_half_of_the_secret_is_wiped(good: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    wiped: list[Secret] = []
    wipe = Secret.wipe
    monkeypatch.setattr(Secret, "wipe", lambda secret: (wiped.append(secret), wipe(secret))[1])
    terminal = fresh_terminal()
    answer, _ = card_side(0xAC).answer(RND_ICC, terminal.token(RND_ICC))
    if good:
        terminal.session(answer)
    else:
        with pytest.raises(SecureMessagingError):
            terminal.session(bytes(72))
    assert [len(secret) for secret in wiped] == [32]


# Arguments.


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
