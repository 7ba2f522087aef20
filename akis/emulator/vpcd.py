"""The emulated card in the virtual reader of vsmartcard (vpcd), so that pcscd and every PC/SC program see it.

The card is the client. Each message, in both directions, is two bytes of length, big-endian, and that many bytes: from
the reader one byte is a control command, anything longer a command APDU.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Literal

from akis.emulator.face import CardFace
from akis.errors import CardRemoved, InvalidArgument, NoReader, TransportError

PORT = 35963
"""Where vpcd listens for the card of its first slot; the next slots follow."""

Happening = Literal["inserted", "removed"]

_POWER_OFF, _POWER_ON, _RESET, _GET_ATR = 0x00, 0x01, 0x02, 0x04
_CONNECT_TIMEOUT, _PAUSE = 5.0, 0.25
_LONGEST = 0xFFFF
_QUICKACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)


class VpcdClient:
    """Holds a card into the reader that vpcd has at ``host`` and ``port``.

    :meth:`serve` blocks until :meth:`stop`, which any thread and any signal handler may call. It returns as well when
    the reader says good-bye; with ``reconnect`` it waits for the reader to come back instead. ``tell`` is called with
    "inserted" once the reader has looked at the card, and with "removed" when a reader that had is gone.
    """

    def __init__(
        self,
        card: CardFace,
        host: str = "127.0.0.1",
        port: int = PORT,
        *,
        reconnect: bool = False,
        tell: Callable[[Happening], None] | None = None,
    ) -> None:
        if not 0 < port <= 0xFFFF:
            raise InvalidArgument(f"a port is 1 to 65535, not {port}")
        self.card = card
        self.host = host
        self.port = port
        self.reconnect = reconnect
        self._tell = tell
        self._socket: socket.socket | None = None
        self._stopped = False
        self._inserted = False

    def serve(self) -> None:
        """Answer the reader.

        Raises :class:`NoReader` where there is none to begin with, :class:`TransportError` for one that does not speak
        the protocol, and :class:`CardRemoved` where it breaks off in the middle of a message.
        """
        connection: socket.socket | None = self._connect()
        while connection is not None:
            try:
                self._converse(connection)
            except CardRemoved:
                if not self.reconnect:
                    raise
            if self._stopped or not self.reconnect:
                return
            connection = self._wait_for_reader()

    def stop(self) -> None:
        """End :meth:`serve`: a command that has come in is still answered, then the card is gone from the reader."""
        self._stopped = True  # no lock, no Event: a signal handler must not wait for what it interrupted
        connection = self._socket
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)

    def _connect(self) -> socket.socket:
        try:
            connection = socket.create_connection((self.host, self.port), _CONNECT_TIMEOUT)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise NoReader(f"no virtual reader at {self.host}:{self.port} ({why})") from None
        if connection.getsockname() == connection.getpeername():
            # The port is one that the kernel also gives away: with nobody there it may have connected us to ourselves.
            connection.close()
            raise NoReader(f"no virtual reader at {self.host}:{self.port} (nobody listens)")
        connection.settimeout(None)
        # No answer waits until the one before is acknowledged.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return connection

    def _wait_for_reader(self) -> socket.socket | None:
        while not self._stopped:
            time.sleep(_PAUSE)
            with suppress(NoReader):
                return self._connect()
        return None

    def _converse(self, connection: socket.socket) -> None:
        """Answer until the reader or :meth:`stop` ends it; the card loses its power then."""
        with connection:
            self._socket = connection
            try:
                while not self._stopped:
                    message = self._receive(connection)
                    if message is None:
                        return
                    answer = self._answer(message)
                    if answer is not None:
                        self._send(connection, answer)
            finally:
                self._socket = None
                self.card.reset()
                if self._inserted:
                    self._inserted = False
                    self._say("removed")

    def _answer(self, message: bytes) -> bytes | None:
        """What goes back for a message; None where the protocol has no answer to it."""
        if len(message) > 1:
            return self.card.process(message)
        control = message[0] if message else None
        if control in (_POWER_OFF, _POWER_ON, _RESET):
            self.card.reset()
            return None
        if control != _GET_ATR:
            # No way to tell whether an answer is expected, so everything after it could be out of step.
            raise self._broken("what it sent is no message of vpcd")
        if not self._inserted:
            self._inserted = True
            self._say("inserted")
        return self.card.atr

    def _send(self, connection: socket.socket, answer: bytes) -> None:
        if len(answer) > _LONGEST:
            raise TransportError(f"an answer of {len(answer)} bytes does not fit into a message of vpcd")
        try:
            connection.sendall(len(answer).to_bytes(2, "big") + answer)
        except OSError:
            raise self._broken("it did not take the answer") from None

    def _receive(self, connection: socket.socket) -> bytes | None:
        """The next message; None where the reader ends the connection instead."""
        head = self._exactly(connection, 2)
        if not head:
            return None
        length = int.from_bytes(head, "big")
        message = self._exactly(connection, length) if len(head) == 2 else b""
        if len(head) < 2 or len(message) < length:
            if self._stopped:
                return None
            raise self._broken("its last message was cut off")
        return message

    def _exactly(self, connection: socket.socket, count: int) -> bytes:
        """``count`` bytes, fewer only where the connection ends before."""
        parts: list[bytes] = []
        while count:
            # vpcd sends length and body in two segments with Nagle's algorithm on: the second waits until the first is
            # acknowledged, which the kernel delays by 40 ms. It goes back to that by itself, hence before every recv.
            try:
                if _QUICKACK is not None:
                    connection.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
                part = connection.recv(count)
            except OSError:
                break
            if not part:
                break
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def _broken(self, why: str) -> TransportError:
        where = f"{self.host}:{self.port}"
        if self._inserted:
            return CardRemoved(f"the virtual reader at {where} is gone: {why}")
        return TransportError(f"there is no vpcd at {where}: {why}")

    def _say(self, what: Happening) -> None:
        if self._tell is not None:
            self._tell(what)
