"""The reader inside pyscard: its sample programs run unchanged, and it behaves as readers of pcsc-lite do."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from smartcard import scard
from smartcard.CardConnection import CardConnection
from smartcard.CardRequest import CardRequest
from smartcard.CardType import ATRCardType
from smartcard.Exceptions import CardConnectionException, NoCardException, SmartcardException
from smartcard.ExclusiveConnectCardConnection import ExclusiveConnectCardConnection
from smartcard.ExclusiveTransmitCardConnection import ExclusiveTransmitCardConnection
from smartcard.System import readers

from akis.emulator import EmulatedCard, load_personality
from akis.emulator.pyscard_reader import EmulatedReader, install, uninstall
from akis.emulator.state_file import StateFile
from akis.errors import InvalidArgument
from tests.akis.emulator.cards import PIN, SELECT, WRONG
from tests.pcsc_service import READERS

ROOT = Path(__file__).parent.parent.parent.parent
ATR = "3B 9F 97 81 31 FE 45 80 65 54 43 D2 21 08 31 C0 73 F6 21 80 81 05 5B"
EMPTY_VERIFY = "00200081"

# ---- programs in the manner of pyscard's documentation, run as they are in a process without a PC/SC service

FIRST_READER = """
from smartcard.System import readers
from smartcard.util import toHexString

SELECT = [0xA0, 0xA4, 0x00, 0x00, 0x02]
DF_TELECOM = [0x7F, 0x10]

r = readers()
print(r)
connection = r[0].createConnection()
connection.connect()
print(toHexString(connection.getATR()))
data, sw1, sw2 = connection.transmit(SELECT + DF_TELECOM)
print("%x %x" % (sw1, sw2))
data, sw1, sw2 = connection.transmit([0x00, 0xA4, 0x04, 0x00, 0x07] + list(b"PKCS-15") + [0x00])
print(toHexString(data), "%x %x" % (sw1, sw2))
connection.disconnect()
"""

FRAMEWORK = """
from smartcard.CardConnectionObserver import ConsoleCardConnectionObserver
from smartcard.CardRequest import CardRequest
from smartcard.CardType import AnyCardType
from smartcard.util import toHexString

GET_RESPONSE = [0xA0, 0xC0, 0x00, 0x00]
SELECT = [0xA0, 0xA4, 0x00, 0x00, 0x02]
DF_TELECOM = [0x7F, 0x10]

cardtype = AnyCardType()
cardrequest = CardRequest(timeout=10, cardType=cardtype)
cardservice = cardrequest.waitforcard()
observer = ConsoleCardConnectionObserver()
cardservice.connection.addObserver(observer)
cardservice.connection.connect()
print(toHexString(cardservice.connection.getATR()), "in", cardservice.connection.getReader())
response, sw1, sw2 = cardservice.connection.transmit(SELECT + DF_TELECOM)
if sw1 == 0x9F:
    response, sw1, sw2 = cardservice.connection.transmit(GET_RESPONSE + [sw2])
print("status words:", f"{sw1:02x} {sw2:02x}")
"""

BY_ATR = """
from smartcard.CardRequest import CardRequest
from smartcard.CardType import ATRCardType
from smartcard.Exceptions import CardRequestTimeoutException
from smartcard.util import toBytes

wanted = ATRCardType(toBytes("3B 9F 97 81 31 FE 45 80 65 54 43 D2 21 08 31 C0 73 F6 21 80 81 05 5B"))
with CardRequest(timeout=5, cardType=wanted) as request:
    with request.waitforcard() as service:
        service.connection.connect()
        print("found in", service.connection.getReader())

masked = ATRCardType(toBytes("3B 00 00"), toBytes("FF 00 00"))
try:
    CardRequest(timeout=0.2, cardType=masked).waitforcard()
except CardRequestTimeoutException:
    print("no such card")
try:
    CardRequest(timeout=0.2, newcardonly=True).waitforcard()
except CardRequestTimeoutException:
    print("no new card")
"""

ERROR_CHECKING = """
from smartcard.System import readers
from smartcard.sw.ErrorCheckingChain import ErrorCheckingChain
from smartcard.sw.ISO7816_4ErrorChecker import ISO7816_4ErrorChecker
from smartcard.sw.SWExceptions import CheckingErrorException, SWException

connection = readers()[0].createConnection()
connection.setErrorCheckingChain([ErrorCheckingChain([], ISO7816_4ErrorChecker())])
with connection:
    connection.connect()
    try:
        connection.transmit([0x00, 0xA4, 0x00, 0x00, 0x02, 0x7F, 0x10])
    except CheckingErrorException as error:
        print(error)
"""

MONITORS = """
import time
from smartcard.CardMonitoring import CardMonitor, CardObserver
from smartcard.ReaderMonitoring import ReaderMonitor, ReaderObserver
from smartcard.util import toHexString

class PrintCards(CardObserver):
    def update(self, observable, actions):
        added, removed = actions
        for card in added:
            print("+inserted:", toHexString(card.atr))
        for card in removed:
            print("-removed:", toHexString(card.atr))

class PrintReaders(ReaderObserver):
    def update(self, observable, actions):
        print("readers:", *actions[0])

reader_monitor, card_monitor = ReaderMonitor(), CardMonitor()
reader_observer, card_observer = PrintReaders(), PrintCards()
reader_monitor.addObserver(reader_observer)
time.sleep(0.3)
card_monitor.addObserver(card_observer)
time.sleep(0.3)
the_reader.remove()
time.sleep(0.3)
card_monitor.deleteObserver(card_observer)
reader_monitor.deleteObserver(reader_observer)
card_monitor.rmthread.stop()
the_reader.insert(the_card)
"""

LOW_LEVEL = """
from smartcard.scard import *
from smartcard.util import toHexString

hresult, hcontext = SCardEstablishContext(SCARD_SCOPE_USER)
assert hresult == SCARD_S_SUCCESS, SCardGetErrorMessage(hresult)
hresult, readers = SCardListReaders(hcontext, [])
assert hresult == SCARD_S_SUCCESS, SCardGetErrorMessage(hresult)
hresult, hcard, protocol = SCardConnect(
    hcontext, readers[0], SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1
)
assert hresult == SCARD_S_SUCCESS, SCardGetErrorMessage(hresult)
hresult, response = SCardTransmit(hcard, protocol, [0x00, 0xA4, 0x00, 0x00, 0x02, 0x7F, 0x10])
print(toHexString(response), SCardStatus(hcard)[1:4])
print(SCardDisconnect(hcard, SCARD_UNPOWER_CARD), SCardReleaseContext(hcontext))
"""

LEGACY = """
import smartcard
print(smartcard.listReaders())
session = smartcard.Session(smartcard.listReaders()[0])
print(session.sendCommandAPDU([0x00, 0xA4, 0x00, 0x00, 0x02, 0x7F, 0x10]), session.getATR()[:2])
session.close()
"""

RUN = """
import runpy, sys
from akis.emulator import EmulatedCard
from akis.emulator.pyscard_reader import install
card = EmulatedCard.named()
runpy.run_path(sys.argv[1], {"the_reader": install(card), "the_card": card}, "__main__")
"""


def run_as_script(tmp_path: Path, text: str, run: str = RUN) -> str:
    """What a program prints, in a process of its own in which there is no PC/SC service; complaints are failures."""
    script = tmp_path / "script.py"
    script.write_text(text)
    environment = {**os.environ, "PCSCLITE_CSOCK_NAME": str(tmp_path / "no-such-socket")}
    done = subprocess.run(
        [sys.executable, "-c", run, script], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(
    ("script", "printed"),
    [
        (
            FIRST_READER,
            f"['akis emulator 0']\n{ATR}\n6e 0\n6F 13 82 01 38 83 02 3D 00 84 07 50 4B 43 53 2D 31 35 8A 01 05 90 0\n",
        ),
        (
            FRAMEWORK,
            f"connecting to akis emulator 0\n{ATR} in akis emulator 0\n> A0 A4 00 00 02 7F 10\n<  [] 6E 00\n"
            "status words: 6e 00\ndisconnecting from akis emulator 0\nrelease from akis emulator 0\n",
        ),
        (BY_ATR, "found in akis emulator 0\nno such card\nno new card\n"),
        (ERROR_CHECKING, "'Status word exception: checking error - File not found!'\n"),
        (MONITORS, f"readers: akis emulator 0\n+inserted: {ATR}\n-removed: {ATR}\n"),
        (LOW_LEVEL, "6A 82 ['akis emulator 0', 52, 2]\n0 0\n"),
        (LEGACY, "['akis emulator 0']\n([], 106, 130) [59, 159]\n"),
    ],
    ids=["first reader", "framework", "by ATR", "error checking", "monitors", "low level", "legacy"],
)
def test_a_program_in_the_manner_of_the_documentation_runs_unchanged(tmp_path, script, printed):
    found = run_as_script(tmp_path, script)
    if script is FRAMEWORK:  # pyscard says release twice, once for each of its two objects
        found = "".join(dict.fromkeys(found.splitlines(keepends=True)))
    assert found == printed


def test_without_it_the_same_program_finds_no_service(tmp_path):
    text = """
from smartcard.System import readers
try:
    readers()
except Exception as error:
    print(type(error).__name__)
"""
    bare = "import runpy, sys; runpy.run_path(sys.argv[1])"
    assert run_as_script(tmp_path, text, bare) == "EstablishContextException\n"
    assert run_as_script(tmp_path, text) == ""


def test_after_uninstall_pyscard_is_as_it_was(tmp_path):
    text = """
from smartcard import scard
from smartcard.pcsc import PCSCCardConnection
before = scard.SCardConnect
from smartcard.System import readers
connection = readers()[0].createConnection()
connection.connect()
from akis.emulator.pyscard_reader import uninstall
uninstall()
try:
    connection.transmit([0, 0, 0, 0])
except Exception as error:
    print(type(error).__name__)
try:
    readers()
except Exception as error:
    print(type(error).__name__)
connection.release()
print(before is scard.SCardConnect, before is PCSCCardConnection.SCardConnect)
print(scard.SCardConnect is scard.scard.SCardConnect, type(scard.SCardConnect).__name__)
"""
    printed = run_as_script(tmp_path, text)
    assert printed == "CardConnectionException\nEstablishContextException\nFalse False\nTrue function\n"


# ---- in this process, with or without a service


@pytest.fixture
def reader() -> Iterator[EmulatedReader]:
    yield install(EmulatedCard.named())
    uninstall()


def connected(reader: EmulatedReader, **options):
    connection = reader.createConnection()
    connection.connect(**options)
    return connection


def sent(connection, text: str) -> str:
    data, sw1, sw2 = connection.transmit(list(bytes.fromhex(text)))
    return bytes((*data, sw1, sw2)).hex().upper()


def code_of(call: Callable[[], object]) -> int:
    with pytest.raises(SmartcardException) as caught:
        call()
    return caught.value.hresult


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
