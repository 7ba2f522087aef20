"""The reader inside pyscard, with or without a PC/SC service: it behaves as readers of pcsc-lite do."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from smartcard import scard
from smartcard.CardConnection import CardConnection
from smartcard.Exceptions import CardConnectionException, NoCardException, SmartcardException
from smartcard.ExclusiveConnectCardConnection import ExclusiveConnectCardConnection
from smartcard.ExclusiveTransmitCardConnection import ExclusiveTransmitCardConnection
from smartcard.System import readers

from akis.emulator import EmulatedCard, load_personality
from akis.emulator.pyscard_reader import EmulatedReader, install, uninstall
from akis.emulator.state_file import StateFile
from akis.errors import InvalidArgument
from tests.akis.emulator.cards import PIN, SELECT, WRONG
from tests.akis.emulator.pyscard_connections import EMPTY_VERIFY, code_of, connected, sent


@pytest.fixture
def reader() -> Iterator[EmulatedReader]:
    yield install(EmulatedCard.named())
    uninstall()


def test_it_is_listed_first_until_uninstalled(reader):
    try:
        assert str(readers()[0]) == str(reader) == "akis emulator 0"
        assert str(readers(["SCard$DefaultReaders"])[0]) == "akis emulator 0"
        second = install(EmulatedCard.named("akis-2.5"), "another")
        assert [str(found) for found in readers()[:2]] == ["akis emulator 0", "another"]
        assert connected(second).getATR() == list(load_personality("akis-2.5").atr)
    finally:
        uninstall()
    uninstall()
    assert reader.card is None


@pytest.mark.parametrize("name", ["akis emulator 0", ""])
def test_names_are_unique(reader, name):
    with pytest.raises(InvalidArgument):
        install(EmulatedCard.named(), name)


def test_counters_and_states_are_the_cards_own(reader):
    with connected(reader) as connection:
        assert sent(connection, SELECT)[-4:] == "9000"
        assert sent(connection, f"00200081 06 {WRONG}") == "63C2"
        assert sent(connection, f"00200081 06 {PIN}") == "9000"
    with connected(reader) as connection:
        assert sent(connection, EMPTY_VERIFY) == "6A88", "pyscard's disconnect takes the power away"


def test_t1_is_spoken_and_nothing_else(reader):
    connection = connected(reader, protocol=CardConnection.T1_protocol | CardConnection.T0_protocol)
    assert connection.getProtocol() == CardConnection.T1_protocol
    with pytest.raises(CardConnectionException):
        connection.transmit([0, 0xA4, 0, 0], CardConnection.T0_protocol)
    connection.disconnect()
    assert code_of(lambda: connected(reader, protocol=CardConnection.T0_protocol)) == scard.SCARD_E_PROTO_MISMATCH


def test_reconnect_resets_the_card(reader):
    connection = connected(reader)
    sent(connection, SELECT)
    connection.reconnect(disposition=scard.SCARD_LEAVE_CARD)
    assert sent(connection, EMPTY_VERIFY) == "63C3"
    connection.reconnect()
    assert sent(connection, EMPTY_VERIFY) == "6A88"


def test_a_card_reset_by_somebody_else_must_be_reconnected(reader):
    mine, other = connected(reader), connected(reader)
    sent(mine, SELECT)
    other.disconnect()
    assert code_of(lambda: sent(mine, EMPTY_VERIFY)) == scard.SCARD_W_RESET_CARD
    assert code_of(mine.getATR) == scard.SCARD_W_RESET_CARD
    mine.reconnect(disposition=scard.SCARD_LEAVE_CARD)
    assert sent(mine, EMPTY_VERIFY) == "6A88"


def test_leaving_the_card_resets_nothing(reader):
    mine, other = connected(reader), connected(reader, disposition=scard.SCARD_LEAVE_CARD)
    sent(other, SELECT)
    other.disconnect()
    assert sent(mine, EMPTY_VERIFY) == "63C3"


def test_exclusive_means_alone(reader):
    mine = connected(reader, mode=scard.SCARD_SHARE_EXCLUSIVE)
    assert code_of(lambda: connected(reader)) == scard.SCARD_E_SHARING_VIOLATION
    mine.disconnect()
    shared = connected(reader)
    exclusive = {"mode": scard.SCARD_SHARE_EXCLUSIVE}
    assert code_of(lambda: connected(reader, **exclusive)) == scard.SCARD_E_SHARING_VIOLATION
    other = connected(reader)
    assert code_of(lambda: shared.reconnect(**exclusive)) == scard.SCARD_E_SHARING_VIOLATION
    other.disconnect()
    shared = connected(reader, disposition=scard.SCARD_LEAVE_CARD)


def test_pyscards_own_exclusive_connection(reader):
    connection = ExclusiveConnectCardConnection(reader.createConnection())
    connection.connect()
    assert code_of(lambda: connected(reader)) == scard.SCARD_E_SHARING_VIOLATION
    assert sent(connection, SELECT)[-4:] == "9000"
    connection.disconnect()
    connected(reader).disconnect()


def test_a_transaction_keeps_others_out_until_its_end(reader):
    mine = ExclusiveTransmitCardConnection(connected(reader))
    other = ExclusiveTransmitCardConnection(connected(reader))
    mine.lock()
    mine.lock()
    assert code_of(lambda: sent(other, SELECT)) == scard.SCARD_E_SHARING_VIOLATION
    order: list[str] = []

    def wait_for_it() -> None:
        other.lock()
        order.append("other has it")
        other.unlock()

    waiting = threading.Thread(target=wait_for_it)
    waiting.start()
    time.sleep(0.05)
    assert sent(mine, SELECT)[-4:] == "9000"
    mine.unlock()
    time.sleep(0.05)
    order.append("mine is over")
    mine.unlock()
    waiting.join(5)
    assert order == ["mine is over", "other has it"]
    with pytest.raises(CardConnectionException, match="SCardEndTransaction"):
        mine.unlock()


def test_a_transaction_ends_with_its_connection(reader):
    mine, other = ExclusiveTransmitCardConnection(connected(reader)), connected(reader)
    mine.lock()
    mine.disconnect()
    other.reconnect()
    assert sent(other, SELECT)[-4:] == "9000"


def test_a_pulled_card(reader):
    connection = connected(reader)
    card = reader.card
    reader.remove()
    reader.remove()
    assert reader.card is None
    assert code_of(lambda: sent(connection, SELECT)) == scard.SCARD_W_REMOVED_CARD
    with pytest.raises(NoCardException):
        connected(reader)
    reader.insert(card)
    assert code_of(lambda: sent(connection, SELECT)) == scard.SCARD_W_REMOVED_CARD
    connection.reconnect()
    assert sent(connection, SELECT)[-4:] == "9000"


def test_direct_access_needs_no_card(reader):
    reader.remove()
    connection = connected(reader, mode=scard.SCARD_SHARE_DIRECT)
    with pytest.raises(CardConnectionException):
        sent(connection, SELECT)
    with pytest.raises(SmartcardException, match="not support"):
        connection.control(scard.SCARD_CTL_CODE(3400), [])


def test_attributes(reader):
    connection = connected(reader)
    assert connection.getAttrib(scard.SCARD_ATTR_ATR_STRING) == list(reader.card.atr)
    assert bytes(connection.getAttrib(scard.SCARD_ATTR_VENDOR_NAME)) == b"akis\0"
    with pytest.raises(SmartcardException):
        connection.getAttrib(scard.SCARD_ATTR_MAXINPUT)


@pytest.mark.parametrize("command", [b"\x00\xa4\x00\x00", (0, 0xA4, 0, 0), bytearray(4)])
def test_what_pyscard_does_not_take_is_not_taken_here(reader, command):
    with pytest.raises(TypeError):
        connected(reader).transmit(command)


def test_a_memory_that_cannot_be_written_is_a_card_without_power(reader, tmp_path):
    with StateFile(tmp_path / "card.state", load_personality("akis-2.2")) as file:
        reader.insert(file.card)
        connection = connected(reader)
        sent(connection, SELECT)
        file.close()
        assert code_of(lambda: sent(connection, f"00200081 06 {WRONG}")) == scard.SCARD_E_NOT_TRANSACTED
    with pytest.raises(NoCardException):
        connected(reader)
