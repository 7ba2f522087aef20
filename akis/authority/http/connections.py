"""Connections as uvicorn has them, but not for ever: who connects says in time what is wanted."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

HEAD_WAIT = 10.0
"""Seconds for the head of a request, from when the connection is there or the head has begun. uvicorn has no limit."""

_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Http(H11Protocol):
    """HTTP/1.1; a connection on which the head of a request does not come in time is closed."""

    _head_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # Between two requests uvicorn itself has an eye on the connection, until the next byte comes.
        if self.conn.their_state is h11.IDLE:
            self._await_head()
        else:
            self._head_is_there()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_there()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        if self._head_due is None:
            self._head_due = self.loop.call_later(HEAD_WAIT, self.timeout_keep_alive_handler)

    def _head_is_there(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None


class WebSocket(WebSocketsSansIOProtocol):
    """A WebSocket; an upgrade that is none, which uvicorn would leave without an answer, is refused."""

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # The first data is a whole request: what is no handshake then will be none.
        if not self.handshake_initiated and not self.transport.is_closing():
            self.transport.write(b"".join(self.conn.data_to_send()) or _BAD_REQUEST)
            self.transport.close()
