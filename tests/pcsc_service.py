"""A PC/SC service (pcscd) with two virtual readers, started for these tests alone.

Fixtures, for every test of this tree (``tests/conftest.py`` loads this file as a plugin):

``pcsc``
    The running service, a :class:`PcscService`. A test that asks for it carries the marker ``pcsc``; where the service
    cannot run it is skipped with the reason, and with ``AKIS_REQUIRE_PCSC=1`` it fails with it.
``inserted``
    An :class:`InsertedCard`: a fresh EmulatedCard, akis-2.2 with its PIN in force, in the first reader of ``pcsc``.
``another_program``
    An :class:`AnotherProgram`: a PC/SC client in a process of its own, on pyscard alone.

Everything is private to the one pytest process: socket, configuration, ports and, where the system lets us have mounts
of our own, ``/run`` and the drivers of real readers. So tests can run at the same time as others and beside the
system's own service, no test ever reaches a real card, and a test may stop the service: ``pcsc.stop()``, and
``pcsc.start()`` where it still needs it; the next test finds it running again in any case.

PC/SC programs find the service by ``PCSCLITE_CSOCK_NAME``, which is set for this process and so for all it starts:
pyscard, ``opensc-tool`` and ``akis`` need nothing else, and find no service at all in tests without ``pcsc``.
libpcsclite reads the variable once in a process, so setting it to something else needs a process of its own.

To put a card in by another process (``akis emulate --vpcd``), give it ``pcsc.port(0)`` and then call
``pcsc.wait_for_card(0)``. The service looks at its readers every 0.4 s, and where a card is changed for another between
two looks it may take the reader for empty until the card has been out for longer: call ``pcsc.wait_until_empty(0)``
and wait half a second before the next one goes in. :meth:`PcscService.insert` sees to all that by itself.
"""

from __future__ import annotations

import atexit
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import pytest

from akis.emulator import EmulatedCard
from akis.emulator.vpcd import VpcdClient
from akis.errors import AkisError

HOME = Path(tempfile.mkdtemp(prefix="akis-pcsc-"))
"""Holds the socket, the configuration, the driver and the log."""
SOCKET = HOME / "pcscd.comm"
READERS = ("Virtual PCD 00 00", "Virtual PCD 00 01")

atexit.register(shutil.rmtree, HOME, ignore_errors=True)
os.environ["PCSCLITE_CSOCK_NAME"] = str(SOCKET)

_DRIVERS = Path("/usr/lib/pcsc/drivers")
_DRIVER = _DRIVERS / "serial" / "libifdvpcd.so"
_START = 5.0
_LOOK = 0.5  # pcscd looks every 0.4 s
_NOTICE = 3.0
_PATIENCE = 20.0
_LAUNCHER = """
import ctypes, os, signal, subprocess, sys
listener, hidden, *command = sys.argv[1:]
for place in filter(None, hidden.split(":")):
    subprocess.run(["mount", "-t", "tmpfs", "none", place], check=True)
ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: not to outlive the tests
os.dup2(int(listener), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execvp(command[0], command)
"""
"""Hands pcscd a socket that listens already, in the way of systemd: the only way to have it elsewhere than in /run."""


class PcscService:
    """A pcscd with the two readers of vpcd, :data:`READERS`, at :meth:`port` 0 and 1."""

    def __init__(self) -> None:
        self._daemon: subprocess.Popen[bytes] | None = None
        self._first_port = 0

    @staticmethod
    def missing() -> str:
        """What keeps the service from running here; nothing where it can."""
        if shutil.which("pcscd", path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
            return "there is no pcscd; install what Debian calls pcscd"
        if not _DRIVER.exists():
            return "there is no virtual reader; install what Debian calls vsmartcard-vpcd"
        return ""

    @property
    def running(self) -> bool:
        return self._daemon is not None and self._daemon.poll() is None

    def port(self, slot: int = 0) -> int:
        """Where the reader waits for its card."""
        return self._first_port + slot

    def log(self) -> str:
        """What pcscd has had to say since its start."""
        return (HOME / "pcscd.log").read_text("utf-8", "replace")

    def start(self) -> None:
        """Start it, if it does not run, with two readers that are empty."""
        if self.running:
            return
        for _ in range(5):
            self._first_port = _two_free_ports()
            self._launch()
            deadline = time.monotonic() + _START
            while self.running and time.monotonic() < deadline:
                if list(self.states()) == list(READERS):
                    return
                time.sleep(0.02)
            self.stop()
        raise RuntimeError(f"pcscd does not start with its readers:\n{self.log()}")

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End it, by default without a chance to say good-bye."""
        if self._daemon is not None:
            self._daemon.send_signal(how)
            try:
                self._daemon.wait(_START)
            except subprocess.TimeoutExpired:
                self._daemon.kill()
                self._daemon.wait()
            self._daemon = None
        SOCKET.unlink(missing_ok=True)

    def states(self) -> dict[str, int]:
        """The state bits of every reader, as PC/SC has them; nothing where there is no service."""
        from smartcard import scard

        failed, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        if failed:
            return {}
        try:
            _, names = scard.SCardListReaders(context, [])
            asked = [(name, scard.SCARD_STATE_UNAWARE) for name in names]
            failed, states = scard.SCardGetStatusChange(context, 0, asked) if asked else (0, [])
            return {} if failed else {name: state for name, state, _ in states}
        finally:
            scard.SCardReleaseContext(context)

    def has_card(self, slot: int = 0) -> bool:
        from smartcard import scard

        return bool(self.states().get(READERS[slot], 0) & scard.SCARD_STATE_PRESENT)

    def wait_for_card(self, slot: int = 0) -> None:
        """Until the service has seen the card."""
        if not _within(_NOTICE, lambda: self.has_card(slot)):
            raise TimeoutError(f"no card in {READERS[slot]}:\n{self.log()}")

    def wait_until_empty(self, slot: int = 0) -> None:
        """Until the service has seen that the card is out."""
        if not _within(_NOTICE, lambda: not self.has_card(slot)):
            raise TimeoutError(f"there is still a card in {READERS[slot]}:\n{self.log()}")

    def insert(self, card: Any, slot: int = 0) -> InsertedCard:
        """Put a card in and wait until the service has seen it.

        ``card`` has ``atr``, ``reset()`` and ``process(command)``, as an EmulatedCard has; where ``process`` raises
        CardRemoved, the card is out before it has answered.
        """
        for _ in range(3):
            inserted = InsertedCard(self, card, slot)
            if _within(3 * _LOOK, lambda: self.has_card(slot)):
                return inserted
            inserted.pull()
            time.sleep(2 * _LOOK)
        raise TimeoutError(f"no card in {READERS[slot]}:\n{self.log()}")

    def _launch(self) -> None:
        SOCKET.unlink(missing_ok=True)
        configuration = HOME / "reader.conf.d"
        configuration.mkdir(exist_ok=True)
        driver = HOME / _DRIVER.name
        shutil.copy(_DRIVER, driver)
        port = self._first_port
        (configuration / "vpcd").write_text(
            f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:{port}\nLIBPATH {driver}\nCHANNELID {port}\n'
        )
        path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
        pcscd = shutil.which("pcscd", path=path) or "pcscd"
        options = ["--foreground", "--info", "--config", str(configuration)]
        if "--disable-polkit" in subprocess.run([pcscd, "--help"], capture_output=True, text=True).stdout:
            options.append("--disable-polkit")
        own_mounts = _own_mounts()
        hidden = f"/run:{_DRIVERS}" if own_mounts else ""
        with socket.socket(socket.AF_UNIX) as listener, (HOME / "pcscd.log").open("wb") as log:
            listener.bind(str(SOCKET))
            listener.listen(16)
            number = listener.fileno()
            launch = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(number), hidden, pcscd, *options]
            self._daemon = subprocess.Popen(
                [*own_mounts, *launch],
                pass_fds=[number],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "PATH": path},
            )


class InsertedCard:
    """A card in a virtual reader, served by a thread of this process until :meth:`pull`, or the end of a ``with``."""

    def __init__(self, service: PcscService, card: Any, slot: int) -> None:
        self.card = card
        self.slot = slot
        self.reader = READERS[slot]
        self.service = service
        self._client = VpcdClient(card, port=service.port(slot))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def pull(self) -> None:
        """Take the card out, at once: the service notices when it looks, or uses it, the next time."""
        self._client.stop()
        self._thread.join(_START)

    def remove(self) -> None:
        """Take the card out and wait until the service has noticed, if it still runs."""
        self.pull()
        if self.service.running:
            self.service.wait_until_empty(self.slot)

    def _serve(self) -> None:
        with suppress(AkisError):  # the service may go away, which tests do on purpose
            self._client.serve()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class AnotherProgram:
    """A PC/SC program on pyscard alone, in its own process: it does one thing at a time and says how that went.

    Methods return the name of what PC/SC answered, ``SCARD_S_SUCCESS`` when it went well.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _ANOTHER_PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def connect(self, reader: str, *, exclusive: bool = False) -> str:
        return self._do(f"connect {int(exclusive)} {reader}")

    def reset(self) -> str:
        """Reset the card behind everybody's back."""
        return self._do("reset")

    def transmit(self, text: str) -> str:
        """Send a command in hex; returns the answer in hex where there is one."""
        return self._do(f"transmit {text}")

    def begin_transaction(self) -> str:
        return self._do("begin")

    def disconnect(self) -> str:
        return self._do("disconnect")

    def start(self, what: str) -> None:
        """Begin what may take a while, and go on; :meth:`wait` has how it went.

        ``what`` is ``connect SHARE READER`` (1 for exclusive), ``reset``, ``transmit HEX``, ``begin``, ``disconnect``,
        or ``end SECONDS``: the end of the transaction, that much later.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()

    def wait(self) -> str:
        """How that went."""
        assert self._process.stdout is not None
        too_late = threading.Timer(_PATIENCE, self._process.kill)
        too_late.start()
        line = self._process.stdout.readline()
        too_late.cancel()
        if not line:
            raise TimeoutError("the other program has been waiting for too long, or is gone")
        return line.strip()

    def quit(self) -> None:
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()

    def _do(self, what: str) -> str:
        self.start(what)
        return self.wait()


_ANOTHER_PROGRAM = """
import sys, time
from smartcard import scard
from smartcard.scard import *

names = {getattr(scard, name): name for name in dir(scard) if name.startswith(("SCARD_S_", "SCARD_E_", "SCARD_W_"))}
_, context = SCardEstablishContext(SCARD_SCOPE_USER)
for line in sys.stdin:
    what, _, rest = line.strip().partition(" ")
    if what == "connect":
        share = SCARD_SHARE_EXCLUSIVE if rest[0] == "1" else SCARD_SHARE_SHARED
        code, card, protocol = SCardConnect(context, rest[2:], share, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1)
    elif what == "reset":
        code, protocol = SCardReconnect(card, share, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, SCARD_RESET_CARD)
    elif what == "transmit":
        code, answer = SCardTransmit(card, protocol, list(bytes.fromhex(rest)))
    elif what == "begin":
        code = SCardBeginTransaction(card)
    elif what == "end":
        time.sleep(float(rest))
        code = SCardEndTransaction(card, SCARD_LEAVE_CARD)
    elif what == "disconnect":
        code = SCardDisconnect(card, SCARD_LEAVE_CARD)
    print(bytes(answer).hex().upper() if what == "transmit" and not code else names[code], flush=True)
SCardReleaseContext(context)
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "pcsc" in getattr(item, "fixturenames", ()):
            item.add_marker("pcsc")


@pytest.fixture(scope="session")
def _pcsc_service() -> Iterator[PcscService]:
    missing = PcscService.missing()
    if missing and os.environ.get("AKIS_REQUIRE_PCSC") == "1":
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
    service = PcscService()
    yield service
    service.stop()


@pytest.fixture
def pcsc(_pcsc_service: PcscService) -> PcscService:
    try:
        _pcsc_service.start()
    except (OSError, RuntimeError) as error:
        if os.environ.get("AKIS_REQUIRE_PCSC") == "1":
            raise
        pytest.skip(str(error))
    return _pcsc_service


@pytest.fixture
def inserted(pcsc: PcscService) -> Iterator[InsertedCard]:
    with pcsc.insert(EmulatedCard.named()) as card:
        yield card


@pytest.fixture
def another_program(pcsc: PcscService) -> Iterator[AnotherProgram]:
    program = AnotherProgram()
    yield program
    program.quit()


def _own_mounts() -> list[str]:
    """The command in front of another that gives it mounts of its own; nothing where the system does not allow it."""
    for command in (["unshare", "--mount"], ["unshare", "--map-root-user", "--mount"]):
        try:
            tried = subprocess.run([*command, "mount", "-t", "tmpfs", "none", "/run"], capture_output=True)
        except OSError:
            return []
        if tried.returncode == 0:
            return command
    return []


def _two_free_ports() -> int:
    """The first of two neighbours, beneath those that the kernel gives to clients."""
    for _ in range(100):
        first = random.randrange(20000, 32000, 2)
        try:
            with socket.create_server(("", first)), socket.create_server(("", first + 1)):
                return first
        except OSError:
            continue
    raise RuntimeError("no two free ports")


def _within(seconds: float, true: Callable[[], bool]) -> bool:
    """Whether it comes true in that time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
