"""A conversation inside a secure session: protected on its way out, authenticated on its way back."""

from __future__ import annotations

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.conversation.base import ask
from akis.conversation.inside import inside
from akis.errors import CardError, SecureMessagingError
from tests.sessions import SUITES, Pair, assert_over

FIRST, SECOND = CommandApdu(0x00, 0xCA, 0x01, 0x06, ne=256), CommandApdu(0x00, 0x2C, 0x02, 0x81, b"12345678")


def two_commands():
    first = yield from ask(FIRST, "the first")
    second = yield from ask(SECOND, "the second")
    return first + second


@pytest.fixture(params=SUITES)
def pair(request):
    return Pair(*request.param)


@pytest.fixture
def ends(pair):
    return pair.terminal(), pair.card()


def test_the_card_gets_it_protected_and_the_conversation_gets_it_plain(ends):
    terminal, card = ends
    conversation = inside(terminal, two_commands())
    wire = next(conversation)
    assert wire.cla == 0x0C
    assert card.unprotect(wire) == FIRST
    wire = conversation.send(card.protect(ResponseApdu(b"one, ")))
    assert b"12345678" not in wire.data
    assert card.unprotect(wire) == SECOND
    with pytest.raises(StopIteration) as done:
        conversation.send(card.protect(ResponseApdu(b"two")))
    assert done.value.value == b"one, two"
    assert terminal.alive  # whose it is, ends it


def test_a_refusal_inside_is_the_conversations_affair(ends):
    terminal, card = ends
    conversation = inside(terminal, two_commands())
    card.unprotect(next(conversation))
    with pytest.raises(CardError, match="the first failed: 6A88"):
        conversation.send(card.protect(ResponseApdu(sw=0x6A88)))
    assert_over(terminal)


@pytest.mark.parametrize("answer", [ResponseApdu(), ResponseApdu(sw=0x6988), ResponseApdu(bytes(20))], ids=str)
def test_what_is_not_authentic_ends_session_and_conversation(ends, answer):
    terminal, _ = ends
    inner = two_commands()
    conversation = inside(terminal, inner)
    next(conversation)
    with pytest.raises(SecureMessagingError):
        conversation.send(answer)
    assert_over(terminal)
    assert inner.gi_frame is None


def test_an_answer_of_another_session_is_not_authentic(pair, ends):
    terminal, card = ends
    conversation = inside(terminal, two_commands())
    card.unprotect(next(conversation))
    other = Pair(pair.suite, pair.key_length, start=pair.start + 2)
    stranger = other.card()
    stranger.unprotect(other.terminal().protect(FIRST))
    with pytest.raises(SecureMessagingError):
        conversation.send(stranger.protect(ResponseApdu(b"one, ")))
    assert_over(terminal)


def test_a_driver_that_gives_up_ends_the_session(ends):
    terminal, _ = ends
    inner = two_commands()
    conversation = inside(terminal, inner)
    next(conversation)
    conversation.close()
    assert_over(terminal)
    assert inner.gi_frame is None


def test_an_error_that_a_driver_throws_in_ends_the_session(ends):
    terminal, _ = ends
    conversation = inside(terminal, two_commands())
    next(conversation)
    with pytest.raises(KeyboardInterrupt):
        conversation.throw(KeyboardInterrupt)
    assert_over(terminal)


def test_a_conversation_without_commands(ends):
    terminal, _ = ends

    def none():
        return "nothing to say"
        yield

    with pytest.raises(StopIteration) as done:
        next(inside(terminal, none()))
    assert done.value.value == "nothing to say"


def test_a_session_that_is_over_sends_nothing(ends):
    terminal, _ = ends
    terminal.close()
    inner = two_commands()
    with pytest.raises(SecureMessagingError):
        next(inside(terminal, inner))
    assert inner.gi_frame is None
