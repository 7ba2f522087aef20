"""Once a secure session was wanted, nothing goes out in the clear until somebody says so."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from threading import Event, Thread

import pytest

from akis.errors import (
    AkisError,
    CardError,
    InvalidArgument,
    PinRefused,
    PolicyRefused,
    SecureMessagingError,
    WrongType,
)
from tests.bench import NEW_PIN, PIN, SN_IFD, bench


def keys(on, algorithm=0x8C):
    return on.emulated.personality.key("issuer").device_keys(algorithm)


def refuse_authentication(on):
    forward = on.wire._forward
    on.wire._forward = lambda raw: b"\x63\x00" if raw[1] == 0x82 else forward(raw)


def test_after_a_session_that_could_not_be_opened_nothing_is_sent():
    on = bench()
    refuse_authentication(on)
    with pytest.raises(CardError, match="proving the keys"):
        on.card.open_session(keys(on), SN_IFD)
    sent = len(on.wire.sent)
    with pytest.raises(SecureMessagingError, match="no session could be opened"):
        on.pin.verify(PIN)
    assert len(on.wire.sent) == sent


def test_nor_where_one_was_open_before():
    on = bench().open()
    refuse_authentication(on)
    with pytest.raises(CardError):
        on.card.open_session(keys(on), SN_IFD)
    with pytest.raises(SecureMessagingError):
        on.pin.verify(PIN)


@pytest.mark.parametrize("way_on", ["end_session", "reset"])
def test_until_somebody_says_that_the_clear_will_do(way_on):
    on = bench()
    refuse_authentication(on)
    with pytest.raises(CardError):
        on.card.open_session(keys(on), SN_IFD)
    getattr(on.card, way_on)()
    on.card.select_application()
    on.pin.verify(PIN)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (lambda on: (None, SN_IFD), WrongType),
        (lambda on: (on.emulated.personality.key("issuer"), SN_IFD), WrongType),
        (lambda on: (keys(on), b"short"), InvalidArgument),
        (lambda on: (keys(on), "12345678"), WrongType),
    ],
)
def test_wrong_arguments_end_no_session_and_send_nothing(arguments, error):
    on = bench().open()
    sent = len(on.wire.sent)
    with pytest.raises(error):
        on.card.open_session(*arguments(on))
    assert len(on.wire.sent) == sent
    on.pin.verify(PIN)


def test_wiped_keys_show_before_anything_is_sent():
    on = bench()
    wiped = keys(on)
    wiped.wipe()
    sent = len(on.wire.sent)
    with pytest.raises(InvalidArgument, match="wiped"):
        on.card.open_session(wiped, SN_IFD)
    assert len(on.wire.sent) == sent


@pytest.mark.parametrize("random", [lambda n: b"", lambda n: bytes(n - 1), lambda n: "x" * n, lambda n: None])
def test_a_source_of_random_bytes_that_gives_something_else(random):
    on = bench()
    with pytest.raises(InvalidArgument, match="source of random bytes"):
        on.card.open_session(keys(on), SN_IFD, random)
    assert not [raw for raw in on.wire.sent if raw[1] == 0x82]


def test_a_conversation_stays_in_the_session_it_began_in():
    on = bench(state="blocked").open()

    def stop(exchange):
        if exchange.plain_command.ins == 0x2C:
            on.card.end_session()

    on.card._watch = stop
    with pytest.raises(SecureMessagingError, match="in the middle"):
        on.pin.unblock(NEW_PIN)
    assert [raw[0] for raw in on.wire.pin_commands] == [0x0C]


def test_so_do_the_links_of_a_chain():
    on = bench()
    on.card.profile = replace(on.card.profile, max_data=29)
    on.open()
    on.card._watch = lambda exchange: on.card.end_session()
    with pytest.raises(AkisError):
        on.pin.change(PIN, NEW_PIN)
    assert all(raw[0] & 0x0C for raw in on.wire.sent if raw[1] == 0x24)


def test_a_session_that_cannot_be_opened_in_the_middle_stops_a_plain_conversation():
    on = bench()
    refuse_authentication(on)

    def meddle(exchange):
        on.card._watch = None
        with pytest.raises(CardError):
            on.card.open_session(keys(on), SN_IFD)

    on.card._watch = meddle
    with pytest.raises(SecureMessagingError, match="in the middle"):
        on.pin.verify(PIN)
    assert not on.wire.pin_commands


def test_what_needs_the_session_is_checked_where_it_cannot_be_ended_meanwhile():
    on = bench().open()
    entered, go = Event(), Event()

    def end_it():
        with on.card.transaction():
            entered.set()
            go.wait(0.3)
            on.card.end_session()

    other = Thread(target=end_it)
    other.start()
    entered.wait()
    with pytest.raises(PolicyRefused, match="needs the issuer's secure session"):
        on.pin.change_to(NEW_PIN)
    other.join()
    assert not on.wire.pin_commands


def test_a_reset_waits_for_another_threads_transaction():
    on = bench()
    with on.card.transaction():
        other = Thread(target=on.card.reset)
        other.start()
        other.join(0.2)
        assert other.is_alive()
        on.pin.verify(PIN)
    other.join()


@pytest.mark.parametrize("pin", [PIN, "000000"])
def test_letting_go_of_the_card_changes_no_outcome(pin):
    on = bench()

    def fail():
        raise OSError("cable")

    on.wire.close = fail
    outcome = nullcontext() if pin == PIN else pytest.raises(PinRefused)
    with outcome, on.card:
        on.pin.verify(pin)
