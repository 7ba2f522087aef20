"""A virtual reader as vpcd is one, without pcscd: it listens, and a card that connects is powered and sent commands."""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Self

POWER_OFF, POWER_ON, RESET, GET_ATR = b"\x00", b"\x01", b"\x02", b"\x04"


class VirtualReader:
    """Listens on a port of its own. As vpcd does, it sends length and body apart, Nagle's algorithm on."""

    def __init__(self, port: int = 0) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self._listener.settimeout(20)
        self.port: int = self._listener.getsockname()[1]
        self._card: socket.socket | None = None

    def wait_for_card(self) -> bytes:
        """Accept a card, ask for its ATR, power it up; returns the ATR."""
        self.accept()
        atr = self.ask(GET_ATR)
        self.tell(POWER_ON)
        assert self.ask(GET_ATR) == atr
        return atr

    def accept(self) -> None:
        self.eject()
        self._card, _ = self._listener.accept()
        self._card.settimeout(20)

    def ask(self, message: bytes) -> bytes:
        """Send a message that has an answer."""
        self.tell(message)
        return self.answer()

    def apdu(self, text: str) -> str:
        return self.ask(bytes.fromhex(text)).hex().upper()

    def tell(self, message: bytes) -> None:
        """Send a message that has none."""
        self.raw(len(message).to_bytes(2, "big"))
        self.raw(message)

    def raw(self, piece: bytes) -> None:
        assert self._card is not None
        self._card.sendall(piece)

    def answer(self) -> bytes:
        """The next answer; :class:`EOFError` where the card is gone instead."""
        return self._exactly(int.from_bytes(self._exactly(2), "big"))

    def is_gone(self) -> bool:
        """Whether the card ended the connection without another byte."""
        assert self._card is not None
        try:
            return self._card.recv(1) == b""
        except ConnectionError:
            return True

    def eject(self) -> None:
        """End the connection, as pcscd does when it ends."""
        if self._card is not None:
            self._card.close()
            self._card = None

    def close(self) -> None:
        self.eject()
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _exactly(self, count: int) -> bytes:
        assert self._card is not None
        found = b""
        while len(found) < count:
            try:
                part = self._card.recv(count - len(found))
            except ConnectionError:
                part = b""
            if not part:
                raise EOFError("the card is gone")
            found += part
        return found
