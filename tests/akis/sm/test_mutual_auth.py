"""Device authentication: both sides, and everything either side must not take for the other's token."""

from __future__ import annotations

import itertools

import pytest

from akis.errors import CodecError, InvalidArgument, SecureMessagingError
from akis.profile.model import SmRules
from akis.secret import Secret
from akis.sm.mutual_auth import ALGORITHMS, TerminalAuthentication
from tests.akis.sm.sides import (
    EVERY_ALGORITHM,
    K_ICC,
    K_IFD,
    RND_ICC,
    RND_IFD,
    SN_ICC,
    SN_IFD,
    assert_connected,
    card_side,
    device_keys,
    seal,
    terminal_side,
)


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
