"""The way on which authority and client say their messages to each other: one WebSocket."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from akis.errors import AuthorityUnreachable, CodecError
from akis.secret import Secret
from akis.unlock.address import Address
from akis.unlock.messages import LONGEST, SUBPROTOCOL, Command, Done, Failed, Message, from_authority
from akis.unlock.trouble import no_authority, timed_out, unreachable

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

_PATH = "/v1/unlocks/current/exchange"
_BYTES_A_CHARACTER = 4
_TIME_TO_CLOSE = 2.0


class Channel(Protocol):
    """Messages out, messages in. Whatever goes wrong is an :class:`AuthorityUnreachable`, and the channel is over."""

    def send(self, message: Message) -> None:
        """Send one message."""

    def receive(self) -> Command | Done | Failed:
        """Wait for the authority's next message."""


class WebSocketChannel:
    """A :class:`Channel` over an open WebSocket; an answer may take ``timeout`` seconds."""

    def __init__(self, connection: ClientConnection, address: Address, timeout: float) -> None:
        self._connection = connection
        self._address = address
        self._timeout = timeout

    def send(self, message: Message) -> None:
        """Send one message as text."""
        from websockets.exceptions import WebSocketException

        try:
            self._connection.send(message.to_json())
            return
        except (WebSocketException, OSError):
            failure = self._broken()
        raise failure  # out here, where the other one is not its context

    def receive(self) -> Command | Done | Failed:
        """The next message. One that is none, too long, or not text ends the exchange."""
        from websockets.exceptions import PayloadTooBig, WebSocketException

        try:
            text = self._connection.recv(self._timeout)
            if not isinstance(text, str):
                raise CodecError("a message is not text")
            return from_authority(text)
        except TimeoutError:
            failure = timed_out(self._address, self._timeout)
        except CodecError as error:
            failure = no_authority(self._address, str(error))
        except (WebSocketException, OSError) as error:
            too_long = isinstance(error.__cause__, PayloadTooBig)
            failure = no_authority(self._address, "a message is too long") if too_long else self._broken()
        raise failure

    def _broken(self) -> AuthorityUnreachable:
        return AuthorityUnreachable(
            f"the connection to {self._address} ended in the middle of an exchange; look at the network and try again"
        )


@contextmanager
def open_channel(
    address: Address, tls: ssl.SSLContext | None, token: Secret, timeout: float, ca: Path | None = None
) -> Iterator[WebSocketChannel]:
    """The exchange of the unlock that ``token`` speaks for; closed at the end of the ``with``.

    ``ca`` is the file that ``tls`` was made of, for what is said where the certificate does not come from it.
    """
    connection = _connected(address, tls, token, timeout, ca)
    with connection:
        yield WebSocketChannel(connection, address, timeout)


def _connected(
    address: Address, tls: ssl.SSLContext | None, token: Secret, timeout: float, ca: Path | None
) -> ClientConnection:
    from websockets.exceptions import WebSocketException
    from websockets.sync.client import connect
    from websockets.typing import Subprotocol

    try:
        # Over a socket of our own, websockets can neither follow a redirect nor use a proxy.
        way = socket.create_connection((address.host, address.port), timeout)
        connection = connect(
            address.url(_PATH, websocket=True),
            sock=way,
            ssl=tls,
            server_hostname=address.host if address.secure else None,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            compression=None,
            additional_headers={"Authorization": f"Bearer {token.reveal().decode('ascii')}"},
            open_timeout=timeout,
            close_timeout=_TIME_TO_CLOSE,
            max_size=LONGEST * _BYTES_A_CHARACTER,
        )
    except (WebSocketException, OSError, ValueError) as error:
        failure = unreachable(address, error, timeout, ca)
    else:
        if connection.subprotocol == SUBPROTOCOL:
            return connection
        with connection:
            failure = no_authority(address, f"it does not speak {SUBPROTOCOL}")
    raise failure
