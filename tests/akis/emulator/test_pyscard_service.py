"""The PC/SC functions that pyscard finds: contexts, handles, waiting, and a PC/SC service that runs beside it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from smartcard import scard
from smartcard.CardRequest import CardRequest
from smartcard.CardType import ATRCardType
from smartcard.System import readers

from akis.emulator import EmulatedCard, load_personality
from akis.emulator.pyscard_reader import EmulatedReader, install, uninstall
from tests.akis.emulator.cards import SELECT, WRONG
from tests.akis.emulator.pyscard_connections import EMPTY_VERIFY, connected, sent
from tests.pcsc_service import READERS


@pytest.fixture
def reader() -> Iterator[EmulatedReader]:
    yield install(EmulatedCard.named())
    uninstall()


def test_waiting_for_a_change(reader):
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    try:
        code, [(name, first, atr)] = scard.SCardGetStatusChange(context, 0, [(str(reader), scard.SCARD_STATE_UNAWARE)])
        assert (code, name, atr) == (0, str(reader), list(reader.card.atr))
        assert first & scard.SCARD_STATE_PRESENT
        start = time.monotonic()
        code, states = scard.SCardGetStatusChange(context, 120, [(str(reader), first)])
        assert code == scard.SCARD_E_TIMEOUT
        assert len(states) == 1
        assert time.monotonic() - start >= 0.12
        timer = threading.Timer(0.05, reader.remove)
        timer.start()
        code, [(_, then, atr)] = scard.SCardGetStatusChange(context, 10000, [(str(reader), first)])
        assert (code, atr) == (0, [])
        assert then & scard.SCARD_STATE_EMPTY
        assert then & scard.SCARD_STATE_CHANGED
        assert then >> 16 != first >> 16, "the count of insertions and removals"
        assert time.monotonic() - start < 5
    finally:
        assert scard.SCardReleaseContext(context) == 0


def test_a_wait_can_be_cancelled(reader):
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    _, [(_, state, _)] = scard.SCardGetStatusChange(context, 0, [(str(reader), 0)])
    timer = threading.Timer(0.05, lambda: scard.SCardCancel(context))
    timer.start()
    assert scard.SCardGetStatusChange(context, scard.INFINITE, [(str(reader), state)])[0] == scard.SCARD_E_CANCELLED
    timer.join()
    assert scard.SCardReleaseContext(context) == 0


def test_handles_that_are_none(reader):
    assert scard.SCardStatus(12345)[0] != 0
    assert scard.SCardTransmit(12345, scard.SCARD_PCI_T1, [0, 0, 0, 0])[0] != 0
    assert scard.SCardDisconnect(12345, 0) != 0
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    assert scard.SCardIsValidContext(context) == 0
    assert scard.SCardConnect(context, "no such reader", 2, 3)[0] != 0
    assert scard.SCardReleaseContext(context) == 0
    assert scard.SCardReleaseContext(context) != 0


def test_releasing_a_context_closes_its_cards(reader):
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    assert scard.SCardConnect(context, str(reader), scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T1)[0] == 0
    assert scard.SCardReleaseContext(context) == 0
    connected(reader).disconnect()


# ---- beside a PC/SC service that runs


def test_readers_of_the_service_are_listed_after_it_and_work_as_ever(pcsc, reader):
    with pcsc.insert(EmulatedCard.named("akis-2.5")) as other:
        assert [str(found) for found in readers()][:2] == [str(reader), other.reader]
        theirs = next(found for found in readers() if str(found) == other.reader).createConnection()
        theirs.connect()
        mine = connected(reader)
        assert bytes(theirs.getATR()) == other.card.atr
        assert bytes(mine.getATR()) == reader.card.atr
        assert sent(theirs, SELECT)[-4:] == sent(mine, SELECT)[-4:] == "9000"
        assert sent(mine, f"00200081 06 {WRONG}") == "63C2"
        assert sent(theirs, EMPTY_VERIFY) == "63C3"
        uninstall()
        assert sent(theirs, EMPTY_VERIFY) == "63C3"
        assert str(readers()[0]) == other.reader
        theirs.release()
        mine.release()


def test_a_card_request_finds_cards_in_both(pcsc, reader):
    for_mine, for_theirs = ATRCardType(reader.card.atr), ATRCardType(load_personality("akis-2.5").atr)
    with pcsc.insert(EmulatedCard.named("akis-2.5")) as other:
        for wanted, where in ((for_mine, str(reader)), (for_theirs, other.reader)):
            with CardRequest(timeout=5, cardType=wanted) as request, request.waitforcard() as service:
                assert service.connection.getReader() == where


def test_a_change_in_either_is_waited_for(pcsc, reader):
    names = [str(reader), READERS[0]]
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    try:
        _, states = scard.SCardGetStatusChange(context, 0, [(name, 0) for name in names])
        assert [bool(state & scard.SCARD_STATE_PRESENT) for _, state, _ in states] == [True, False]
        known = [(name, state & ~scard.SCARD_STATE_CHANGED) for name, state, _ in states]
        assert scard.SCardGetStatusChange(context, 100, known)[0] == scard.SCARD_E_TIMEOUT
        with pcsc.insert(EmulatedCard.named("akis-2.5")):
            code, states = scard.SCardGetStatusChange(context, 5000, known)
            assert code == 0
            assert [bool(state & scard.SCARD_STATE_CHANGED) for _, state, _ in states] == [False, True]
        reader.remove()
        code, states = scard.SCardGetStatusChange(context, 5000, known)
        assert code == 0
        assert states[0][1] & scard.SCARD_STATE_EMPTY
    finally:
        assert scard.SCardReleaseContext(context) == 0


def test_a_service_that_goes_away_leaves_ours(pcsc, reader):
    assert len(readers()) > 1
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    _, card, _ = scard.SCardConnect(context, str(reader), scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T1)
    pcsc.stop()
    assert scard.SCardListReaders(context, [])[1] == [str(reader)]
    assert scard.SCardTransmit(card, scard.SCARD_PCI_T1, [0x00, 0xA4, 0x00, 0x00])[0] == 0
    assert scard.SCardDisconnect(card, scard.SCARD_UNPOWER_CARD) == 0
    scard.SCardReleaseContext(context)
    assert [str(found) for found in readers()] == [str(reader)]
    connected(reader).release()
