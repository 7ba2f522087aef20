"""A card that other programs use as well: they take it, reset it or keep it busy, and get it back at the end."""

import time

import pytest
from smartcard import scard

from akis.errors import CardRemoved, CardReset, NoCard, SharingViolation, TransportError
from akis.transport.pcsc import PcscTransport, list_readers
from tests.akis.transport.pcsc_cards import CONTROL, GET_CHALLENGE, IS_VERIFIED, SELECT, VERIFY, is_verified
from tests.pcsc_service import READERS

# Other programs


def test_another_program_that_has_the_card_for_itself(inserted, another_program):
    another_program.connect(READERS[0], exclusive=True)
    with pytest.raises(SharingViolation, match="another program has the card in Virtual PCD 00 00; end that one"):
        PcscTransport(READERS[0])
    another_program.disconnect()
    PcscTransport(READERS[0]).close()


def test_having_the_card_for_oneself(inserted, another_program):
    with PcscTransport(READERS[0], exclusive=True):
        assert another_program.connect(READERS[0]) == "SCARD_E_SHARING_VIOLATION"
    assert another_program.connect(READERS[0]) == "SCARD_S_SUCCESS"
    with pytest.raises(SharingViolation):
        PcscTransport(READERS[0], exclusive=True)


def test_another_program_that_resets_the_card_is_not_glossed_over(inserted, another_program):
    another_program.connect(READERS[0])
    with PcscTransport(READERS[0]) as transport:
        transport.transmit(SELECT)
        transport.transmit(VERIFY)
        assert is_verified(transport)
        another_program.reset()
        for _ in range(3):
            with pytest.raises(CardReset, match="PIN state and secure session are gone; reset it, then begin again"):
                transport.transmit(IS_VERIFIED)
            with pytest.raises(CardReset), transport.transaction():
                raise AssertionError("it began")
        assert transport.reset() == inserted.card.atr
        transport.transmit(SELECT)
        assert not is_verified(transport)


def test_a_reset_of_our_own_is_news_to_others_only(inserted, another_program):
    another_program.connect(READERS[0])
    with PcscTransport(READERS[0]) as transport:
        transport.reset()
        assert transport.transmit(GET_CHALLENGE)[-2:] == b"\x90\x00"
        assert another_program.transmit("0084000008") == "SCARD_W_RESET_CARD"


def test_a_transaction_makes_others_wait(inserted, another_program):
    another_program.connect(READERS[0])
    with PcscTransport(READERS[0]) as transport:
        with transport.transaction():
            with transport.transaction():
                transport.transmit(GET_CHALLENGE)
            another_program.start("transmit 0084000008")
            time.sleep(0.3)
            transport.transmit(SELECT)
            transport.transmit(VERIFY)
            assert is_verified(transport)
        assert another_program.wait().endswith("9000")


def test_the_transaction_of_another_program_makes_us_wait(inserted, another_program):
    another_program.connect(READERS[0])
    with PcscTransport(READERS[0]) as transport:

        def begin_and_end():
            with transport.transaction():
                pass

        for attempt in (lambda: transport.transmit(GET_CHALLENGE), begin_and_end, transport.reset):
            another_program.begin_transaction()
            another_program.start("end 0.3")
            begun = time.monotonic()
            attempt()
            assert time.monotonic() - begun > 0.2
            assert another_program.wait() == "SCARD_S_SUCCESS"


# Transactions and the end


def test_the_end_of_a_transaction_does_not_hide_what_went_wrong_in_it(inserted):
    with PcscTransport(READERS[0]) as transport:
        with pytest.raises(KeyError), transport.transaction():
            raise KeyError(inserted.remove())
        with pytest.raises(CardRemoved), transport.transaction(), transport.transaction():
            transport.transmit(GET_CHALLENGE)


def test_what_was_done_in_a_transaction_counts_even_if_the_card_leaves_before_its_end(inserted):
    with PcscTransport(READERS[0]) as transport:
        with transport.transaction():
            transport.transmit(GET_CHALLENGE)
            inserted.remove()
        with pytest.raises(CardRemoved):
            transport.transmit(GET_CHALLENGE)


def test_a_reset_stays_within_the_transaction(inserted, another_program):
    another_program.connect(READERS[0])
    with PcscTransport(READERS[0]) as transport, transport.transaction():
        transport.reset()
        another_program.start(f"connect 0 {READERS[0]}")
        time.sleep(0.3)
        transport.transmit(SELECT)
        transport.transmit(VERIFY)
        assert is_verified(transport)
    assert another_program.wait() == "SCARD_S_SUCCESS"


def test_the_card_is_reset_at_the_end(inserted):
    with PcscTransport(READERS[0]) as transport:
        transport.transmit(SELECT)
        transport.transmit(VERIFY)
        assert is_verified(transport)
    with PcscTransport(READERS[0]) as transport:
        transport.transmit(SELECT)
        assert not is_verified(transport)


def test_the_card_is_left_as_it_is_where_that_is_wanted(inserted):
    with PcscTransport(READERS[0], leave_card=True) as transport:
        transport.transmit(SELECT)
        transport.transmit(VERIFY)
    with PcscTransport(READERS[0]) as transport:
        assert is_verified(transport)


def test_a_card_at_which_one_only_looked_is_left_to_those_at_work_with_it(inserted, another_program):
    another_program.connect(READERS[0])
    another_program.transmit(SELECT.hex())
    another_program.transmit(VERIFY.hex())
    with PcscTransport(READERS[0]) as transport:
        assert transport.transmit(GET_CHALLENGE)[-2:] == b"\x90\x00"
    assert another_program.transmit(IS_VERIFIED.hex()) == "9000"


@pytest.mark.parametrize("command", [IS_VERIFIED, bytes.fromhex("8084000008"), bytes.fromhex("0C84000008")])
def test_what_may_have_opened_something_is_followed_by_a_reset(inserted, another_program, command):
    another_program.connect(READERS[0])
    with PcscTransport(READERS[0]) as transport:
        transport.transmit(command)
    assert another_program.transmit(GET_CHALLENGE.hex()) == "SCARD_W_RESET_CARD"


def test_a_reset_of_our_own_closes_what_was_open(inserted, another_program):
    with PcscTransport(READERS[0]) as transport:
        transport.transmit(SELECT)
        transport.transmit(VERIFY)
        transport.reset()
        another_program.connect(READERS[0])
    assert another_program.transmit(GET_CHALLENGE.hex()).endswith("9000")


# A transaction in which nothing happens for a while


@pytest.fixture
def asked(monkeypatch):
    """What the service was asked for the card's state for."""
    found, ask = [], scard.SCardStatus

    def listen(card):
        found.append(ask(card)[0])
        return ask(card)

    monkeypatch.setattr(scard, "SCardStatus", listen)
    return found


def wait_for(asked, count):
    deadline = time.monotonic() + 5
    while len(asked) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(asked) >= count


def test_a_transaction_is_kept_alive(inserted, another_program, asked):
    another_program.connect(READERS[0])
    with PcscTransport(READERS[0], keep_alive=0.02) as transport:
        with transport.transaction(), transport.transaction():
            transport.transmit(SELECT)
            transport.transmit(VERIFY)
            before = len(asked)
            wait_for(asked, before + 3)
            assert set(asked) == {scard.SCARD_S_SUCCESS}
            assert is_verified(transport)
            another_program.start("transmit 0084000008")
        assert another_program.wait().endswith("9000"), "others are let in at its end"
        before = len(asked)
        time.sleep(0.1)
        assert len(asked) == before, "outside of transactions nobody needs it"


def test_nothing_is_kept_alive_where_nobody_resets_idle_cards(inserted, asked):
    with PcscTransport(READERS[0], keep_alive=None) as transport, transport.transaction():
        before = len(asked)
        time.sleep(0.1)
        assert len(asked) == before


def test_closing_in_the_middle_of_a_transaction_ends_its_keeping_alive(inserted, asked):
    transport = PcscTransport(READERS[0], keep_alive=0.02)
    with transport.transaction():
        wait_for(asked, 3)
        transport.close()
        before = len(asked)
        time.sleep(0.1)
        assert len(asked) == before


def test_a_card_that_another_program_has_reset_is_left_to_it(inserted, another_program):
    another_program.connect(READERS[0])
    with PcscTransport(READERS[0]) as transport:
        another_program.reset()
        another_program.transmit(SELECT.hex())
        another_program.transmit(VERIFY.hex())
        with pytest.raises(CardReset):
            transport.transmit(GET_CHALLENGE)
    assert another_program.transmit(IS_VERIFIED.hex()) == "9000"


def test_closing_twice_and_using_it_then(inserted):
    transport = PcscTransport(READERS[0])
    with transport.transaction():
        transport.close()
        transport.close()
    for attempt in (
        lambda: transport.transmit(GET_CHALLENGE),
        lambda: transport.control(CONTROL, b""),
        transport.reset,
        transport.transaction().__enter__,
    ):
        with pytest.raises(TransportError, match="is closed"):
            attempt()
    assert transport.atr == inserted.card.atr
    assert repr(transport) == "PcscTransport('Virtual PCD 00 00')"
    PcscTransport(READERS[0], exclusive=True).close()


def test_nothing_is_left_behind(inserted):
    """pcscd serves 200 clients at a time."""
    for _ in range(250):
        PcscTransport(READERS[0]).close()
        with pytest.raises(NoCard):
            PcscTransport(READERS[1])
        list_readers()
