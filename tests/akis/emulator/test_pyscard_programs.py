"""Programs in the manner of pyscard's documentation, unchanged, in a process without a PC/SC service."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent.parent
ATR = "3B 9F 97 81 31 FE 45 80 65 54 43 D2 21 08 31 C0 73 F6 21 80 81 05 5B"

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
