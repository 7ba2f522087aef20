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

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Self

import pytest

from akis.emulator import EmulatedCard
from akis.emulator.vpcd import VpcdClient
from akis.errors import AkisError
from tests import pcscd_process
from tests.another_program import AnotherProgram

READERS = ("Virtual PCD 00 00", "Virtual PCD 00 01")
_START = 5.0
_LOOK = 0.5  # pcscd looks every 0.4 s
_NOTICE = 3.0


class PcscService:
    """A pcscd with the two readers of vpcd, :data:`READERS`, at :meth:`port` 0 and 1."""

    def __init__(self) -> None:
        self._daemon: subprocess.Popen[bytes] | None = None
        self._first_port = 0
        self.also: tuple[str, ...] = ()
        """Options of pcscd in addition; they count from its next start."""

    @property
    def running(self) -> bool:
        return self._daemon is not None and self._daemon.poll() is None

    def port(self, slot: int = 0) -> int:
        """Where the reader waits for its card."""
        return self._first_port + slot

    def log(self) -> str:
        """What pcscd has had to say since its last start."""
        return pcscd_process.log()

    def start(self) -> None:
        """Start it, if it does not run, with two readers that are empty."""
        if self.running:
            return
        for _ in range(5):
            self._first_port = pcscd_process.two_free_ports()
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
        pcscd_process.SOCKET.unlink(missing_ok=True)

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
        self._daemon = pcscd_process.launch(self._first_port, self.also)


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "pcsc" in getattr(item, "fixturenames", ()):
            item.add_marker("pcsc")


@pytest.fixture(scope="session")
def _pcsc_service() -> Iterator[PcscService]:
    missing = pcscd_process.missing()
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


def _within(seconds: float, true: Callable[[], bool]) -> bool:
    """Whether it comes true in that time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
