"""A card at the other end of a socket: it outlives the client, and knows at which of its commands it was killed."""

from __future__ import annotations

import threading
from contextlib import suppress
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path

from akis import connect
from akis.errors import CardRemoved
from akis.transport.base import Transport
from tests.unlock.cuts.kept_card import Fault, KeptCard

_TRANSMIT, _ATR, _RESET, _EXCLUSIVE, _SHARED = b"T", b"A", b"R", b"X", b"S"
_PROFILE = "akis-2"


class Struck(Exception):
    """The client has been sent a signal, and gets no answer any more."""


class FarCard:
    """Serves ``kept`` at a socket in ``folder``, for the time of a ``with``; ``fault`` strikes as it does elsewhere."""

    def __init__(self, kept: KeptCard, folder: Path) -> None:
        self.address = str(folder / "card")
        self.fault: Fault | None = None
        self._kept = kept
        self._listener = Listener(self.address, "AF_UNIX")
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> FarCard:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        # A listener that is closed does not wake who waits for the next client.
        with suppress(OSError), Client(self.address, "AF_UNIX") as last:
            last.send_bytes(b"")
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            client = self._listener.accept()
            with suppress(EOFError, OSError):
                first = client.recv_bytes()
                if not first:
                    client.close()
                    return
                way: Transport = self._kept.way(self.fault) if first == _EXCLUSIVE else self._kept.look()
                thread = threading.Thread(target=self._serve, args=(client, way))
                self._threads.append(thread)
                thread.start()

    def _serve(self, client: Connection, way: Transport) -> None:
        with client, suppress(EOFError, OSError):
            while True:
                asked = client.recv_bytes()
                if asked[:1] == _ATR:
                    answer = way.atr
                elif asked[:1] == _RESET:
                    answer = way.reset()
                else:
                    try:
                        answer = way.transmit(asked[1:])
                    except Struck:
                        client.recv_bytes()  # nothing comes but the end
                        return
                client.send_bytes(answer)
        # As a PC/SC service does with the card of a program that is gone.
        way.close()


class FarWay(Transport):
    """The client's end."""

    def __init__(self, address: str, *, exclusive: bool) -> None:
        self._card = Client(address, "AF_UNIX")
        self._card.send_bytes(_EXCLUSIVE if exclusive else _SHARED)

    @property
    def atr(self) -> bytes:
        return self._ask(_ATR)

    def transmit(self, command: bytes) -> bytes:
        return self._ask(_TRANSMIT + command)

    def reset(self) -> bytes:
        return self._ask(_RESET)

    def close(self) -> None:
        self._card.close()

    def _ask(self, what: bytes) -> bytes:
        try:
            self._card.send_bytes(what)
            return self._card.recv_bytes()
        except (EOFError, OSError):
            raise CardRemoved("the card was pulled") from None


def lead_to(address: str) -> None:
    """From here on, and in this process, every target leads to the card at this address."""
    from akis.profile.load import load

    def far(target: str, *, exclusive: bool, leave_card: bool) -> connect.Connection:
        way = FarWay(address, exclusive=exclusive)
        return connect.Connection(way, target, load(_PROFILE), way, chosen_by="card")

    connect.connect = far  # type: ignore[assignment]
