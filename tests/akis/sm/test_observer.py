"""A listener with the session keys."""

from __future__ import annotations

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.errors import AkisError, InvalidArgument, SecureMessagingError, WrongType
from akis.profile.model import SmRules
from akis.sm import Suite
from akis.sm.mutual_auth import CardAuthentication, DeviceKeys, TerminalAuthentication, overheard
from akis.sm.observer import Observer, SessionKeys
from tests.sessions import CASES, SUITES, Pair

ALL_SUITES = pytest.mark.parametrize("kind", SUITES)
READ = CASES["2S"]
ANSWER = ResponseApdu(b"sixteen bytes...", 0x6282)


def observer_of(pair: Pair) -> Observer:
    return Observer(pair.suite, pair.k_enc, pair.k_mac, pair.ssc(0), pair.rules)


@ALL_SUITES
def test_it_hears_what_both_sides_say(kind: tuple[Suite, int]) -> None:
    pair = Pair(*kind)
    terminal, card, observer = pair.terminal(), pair.card(), observer_of(pair)
    for plain in CASES.values():
        sent = terminal.protect(plain)
        assert observer.command(sent) == card.unprotect(sent)
        assert observer.ssc == card.ssc
        got = card.protect(ANSWER)
        assert observer.answer(got) == terminal.unprotect(got) == ANSWER
        assert observer.ssc == terminal.ssc


@ALL_SUITES
def test_it_goes_on_after_a_message_that_does_not_fit(kind: tuple[Suite, int]) -> None:
    pair = Pair(*kind)
    terminal, card, observer = pair.terminal(), pair.card(), observer_of(pair)
    sent = terminal.protect(READ)
    damaged = sent.replace(data=sent.data[:-1] + bytes((sent.data[-1] ^ 1,)))
    with pytest.raises(SecureMessagingError, match="checksum differs"):
        observer.command(damaged)
    assert observer.alive
    card.unprotect(sent)
    assert observer.answer(card.protect(ANSWER)) == ANSWER


def test_it_says_what_is_wrong() -> None:
    pair = Pair()
    keys = pair.by_hand
    good = keys.answer(pair.ssc(1), b"data", b"\x90\x00")
    for answer, reason in (
        (good[:-2] + b"\x6a\x82", "status word differs"),
        (b"\x69\x88", "plain answer"),
        (b"plain data\x90\x00", "malformed answer"),
        (good[:-3] + bytes(3), "checksum differs"),
    ):
        with pytest.raises(SecureMessagingError, match=reason):
            observer_of(pair).answer(ResponseApdu.from_bytes(answer))
    with pytest.raises(SecureMessagingError, match="plain command"):
        observer_of(pair).command(READ)
    with pytest.raises(SecureMessagingError, match="malformed command, data object 8E is missing"):
        observer_of(pair).command(CommandApdu(0x0C, 0xB0, 0, 0, b"\x97\x01\x00"))


def test_a_plain_answer_moves_no_counter() -> None:
    observer = observer_of(Pair())
    with pytest.raises(SecureMessagingError):
        observer.answer(ResponseApdu(sw=0x6985))
    assert observer.ssc == Pair().ssc(0)


def test_it_can_be_moved_to_another_counter() -> None:
    pair = Pair()
    observer = observer_of(pair)
    observer.resume(observer.ssc_at(6))
    sent = CommandApdu.from_bytes(pair.by_hand.command(pair.ssc(7), READ))
    assert observer.command(sent) == READ
    with pytest.raises(InvalidArgument, match="16 bytes"):
        observer.resume(b"short")


@pytest.mark.parametrize(("step", "counter"), [(1, 0), (-1, (1 << 128) - 2), (4, 3)])
def test_the_counter_wraps(step: int, counter: int) -> None:
    pair = Pair(start=(1 << 128) - 1)
    assert observer_of(pair).ssc_at(step) == counter.to_bytes(16, "big")


def test_keys_swapped_and_back() -> None:
    pair = Pair()
    swapped = Observer(pair.suite, pair.k_mac, pair.k_enc, pair.ssc(0))
    sent = CommandApdu.from_bytes(pair.by_hand.command(pair.ssc(1), CASES["4S"]))
    swapped.swap_keys()
    assert swapped.command(sent) == CASES["4S"]
    swapped.swap_keys()
    swapped.resume(pair.ssc(0))
    with pytest.raises(SecureMessagingError):
        swapped.command(sent)


@pytest.mark.parametrize("rules", [SmRules(), SmRules(outer_le="follow", mac_length=4), SmRules(do87_when_empty=True)])
def test_it_can_say_what_a_terminal_would_have_sent(rules: SmRules) -> None:
    pair = Pair(Suite.TDES, rules=rules)
    observer = observer_of(Pair(Suite.TDES))
    for number, plain in enumerate(CASES.values(), 1):
        observer.resume(pair.ssc(number))
        assert observer.as_sent(plain, rules).to_bytes() == pair.by_hand.command(pair.ssc(number), plain, rules)
        assert observer.ssc == pair.ssc(number)
    assert observer.rules == SmRules()


def test_once_closed_it_hears_nothing() -> None:
    pair = Pair()
    with observer_of(pair) as observer:
        pass
    for act in (
        lambda: observer.command(CommandApdu.from_bytes(pair.by_hand.command(pair.ssc(1), READ))),
        lambda: observer.pass_over(),
        lambda: observer.checksum(bytes(16)),
    ):
        with pytest.raises(SecureMessagingError, match="the session is over"):
            act()
    observer.swap_keys()
    assert not observer.alive


def test_wrong_arguments() -> None:
    observer = observer_of(Pair())
    for act, kind in (
        (lambda: observer.command(b""), WrongType),
        (lambda: observer.answer(b""), WrongType),
        (lambda: observer.checksum(b"no block"), InvalidArgument),
        (lambda: SessionKeys(Suite.AES, bytes(16), bytes(16), bytes(8)), InvalidArgument),
        (lambda: SessionKeys(Suite.AES, bytes(16), bytes(16), 16), WrongType),
        (lambda: SessionKeys("AES", bytes(16), bytes(16), bytes(16)), WrongType),
        (lambda: SessionKeys(Suite.TDES, bytes(8), bytes(16), bytes(8)), InvalidArgument),
    ):
        with pytest.raises(kind):
            act()


def test_session_keys_show_nothing_and_can_be_wiped() -> None:
    keys = SessionKeys(Suite.AES, b"K" * 16, b"M" * 16, bytes(16))
    assert repr(keys) == "SessionKeys(AES)"
    assert keys.observer().ssc == bytes(16)
    keys.wipe()
    with pytest.raises(AkisError, match="wiped"):
        keys.observer()


SN_ICC, SN_IFD = b"SN card.", b"SN of PC"


@pytest.mark.parametrize("algorithm", [0x0C, 0x8C, 0xAC, 0xAE])
def test_from_both_tokens(algorithm: int) -> None:
    length = {0xAE: 32}.get(algorithm, 16)
    keys = DeviceKeys(1, algorithm, bytes(range(length)), bytes(range(1, length + 1)))
    terminal = TerminalAuthentication(keys, SN_IFD, SN_ICC, lambda count: b"t" * count)
    token = terminal.token(b"card's 1")
    answer, card = CardAuthentication(keys, SN_ICC, lambda count: b"c" * count).answer(b"card's 1", token)
    session = terminal.session(answer)
    observer = overheard(keys, token, answer, b"card's 1")
    assert observer.ssc == session.ssc
    sent = session.protect(CASES["4S"])
    assert observer.command(sent) == card.unprotect(sent)
    for wrong, reason in (
        ((token, answer, b"card's 2"), "does not echo the card's challenge"),
        ((token, token, None), "does not echo what was sent"),
        ((token, answer[:-1], None), "72 bytes, not 71"),
        ((token[:-1] + b"?", answer, None), "checksum"),
    ):
        with pytest.raises(SecureMessagingError, match=reason):
            overheard(keys, *wrong)
