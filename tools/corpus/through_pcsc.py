"""Sessions on their way through PC/SC, with an emulated card in the virtual reader of vsmartcard."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from akis.emulator.card import EmulatedCard
from akis.emulator.memory import Memory
from akis.emulator.seed import seeded
from akis.emulator.vpcd import VpcdClient
from akis.errors import AkisError, CardRemoved, NoReader
from akis.trace.entries import Header
from akis.transport.pcsc import PcscTransport, list_readers

from . import issuer, pin, trouble
from .driver import Session
from .recording import Times, card_of, record_in

_PATIENCE = 5.0
_LOOK = 0.5
"""Seconds; pcscd looks every 0.4 at what is in its readers."""

AES = "akis-2.5"
SESSIONS = (
    Session("pcsc-pin-changed", "The PIN is changed three times, through PC/SC.", pin.change),
    Session("pcsc-unblock-3des", "The issuer unblocks a PIN through PC/SC.", issuer.unblock, state="blocked"),
    Session("pcsc-unblock-aes", "The issuer unblocks a PIN with AES, through PC/SC.", issuer.unblock, AES, "blocked"),
    Session("pcsc-card-pulled", "The card is pulled out of its PC/SC reader after a VERIFY.", trouble.pulled_after),
    Session("pcsc-card-reset", "Another PC/SC program resets the card.", trouble.reset_by_another),
)


def record_through_pcsc(session: Session, path: Path, port: int, times: Times) -> None:
    """Record ``session`` with its card in the virtual reader that listens at ``port`` of this machine.

    The PC/SC service has to run. Raises :class:`NoReader` where the card does not turn up in a reader of its.
    """
    chosen = card_of(session)
    card = _Card(chosen.personality, Memory.new(chosen.personality, chosen.state), seeded(session.name))
    with _inserted(card, port) as reader:
        header = Header(reader=reader.name, protocol=reader.way.protocol)
        record_in(session, reader, header, path, times)


class _Card(EmulatedCard):
    """A card that can be pulled before its answer is out."""

    pulled_after: int | None = None

    def process(self, raw: bytes) -> bytes:
        answer = super().process(raw)
        if self.pulled_after is not None and raw[1:2] == bytes((self.pulled_after,)):
            self.pulled_after = None
            raise CardRemoved("the card is pulled")
        return answer


class VirtualReader:
    """A card in the virtual reader, served by a thread, and the way to it through PC/SC."""

    def __init__(self, card: _Card, port: int) -> None:
        self._card = card
        self._port = port
        self._client: VpcdClient | None = None
        self._thread: threading.Thread | None = None
        empty = {name for name, atr in _cards().items() if atr is None}
        if not empty:
            raise NoReader("there is no empty virtual reader; install pcscd and vsmartcard-vpcd, and start pcscd")
        self.name = self._insert(lambda: [name for name in empty if _cards().get(name) == card.atr])
        self._way = PcscTransport(self.name)

    @property
    def way(self) -> PcscTransport:
        """The way to the card."""
        return self._way

    def pull_after(self, ins: int) -> None:
        """Take the card out once it has worked on the next command ``ins``, before its answer comes."""
        self._card.pulled_after = ins

    def put_back(self) -> None:
        """Insert the card again."""
        self.take_out()
        self._insert(lambda: [name for name, atr in _cards().items() if name == self.name and atr])

    def reset_by_another(self) -> None:
        """Reset the card over a connection of its own, as another program would."""
        with PcscTransport(self.name, leave_card=True) as other:
            other.reset()

    def take_out(self) -> None:
        """Take the card out and wait until the service has seen it."""
        if self._client is not None and self._thread is not None:
            self._client.stop()
            self._thread.join(_PATIENCE)
            self._client = None
            _wait(lambda: [name for name, atr in _cards().items() if name == self.name and atr is None])
            time.sleep(_LOOK)  # a card that comes back between two looks of the service is not seen

    def _insert(self, seen: Callable[[], list[str]]) -> str:
        client = VpcdClient(self._card, port=self._port)
        thread = threading.Thread(target=_serve, args=(client,), daemon=True)
        self._client, self._thread = client, thread
        thread.start()
        try:
            return _wait(seen, thread.is_alive)
        except NoReader:
            client.stop()
            raise


@contextmanager
def _inserted(card: _Card, port: int) -> Iterator[VirtualReader]:
    reader = VirtualReader(card, port)
    try:
        yield reader
    finally:
        reader.way.close()
        reader.take_out()


def _serve(client: VpcdClient) -> None:
    with suppress(AkisError):  # that of a pulled card, or of a service that is gone: the driver meets it as well
        client.serve()


def _cards() -> dict[str, bytes | None]:
    """The readers that work, each with the ATR of its card, None without one."""
    return {reader.name: reader.atr for reader in list_readers("") if reader.state != "unavailable"}


def _wait(seen: Callable[[], list[str]], hope: Callable[[], bool] = lambda: True) -> str:
    """The first that is seen within a few seconds, as long as there is hope."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and hope():
        found = seen()
        if found:
            return found[0]
        time.sleep(0.05)
    raise NoReader("the card does not turn up in the virtual reader; see that pcscd runs with vsmartcard-vpcd")
