"""Messages of the exchange over a WebSocket."""

from __future__ import annotations

from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect

from akis.authority.drive import ChannelClosed
from akis.errors import CodecError
from akis.unlock.messages import Answer, Command, Gone, Message, Report, from_client

GONE = (WebSocketDisconnect, OSError, RuntimeError)
"""What Starlette raises where the client is gone; the last of them where it went some time ago."""


class SocketChannel:
    """A :class:`~akis.authority.drive.Channel` over a WebSocket that was accepted."""

    commands = 0
    """How many commands were sent, which is the number of the last one."""
    instruction = 0
    """The instruction code of the last one."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket

    async def send(self, message: Message) -> None:
        if isinstance(message, Command):
            self.commands, self.instruction = message.n, message.apdu[1]
        try:
            await self._socket.send_text(message.to_json())
        except GONE:
            raise ChannelClosed("the client is gone") from None

    async def receive(self) -> Answer | Gone | Report:
        try:
            found = await self._socket.receive()
        except RuntimeError:
            raise ChannelClosed("the client is gone") from None
        if found["type"] != "websocket.receive":
            raise ChannelClosed("the client is gone")
        text = found.get("text")
        if text is None:
            raise CodecError("a message is text")
        return from_client(text)

    async def close(self) -> None:
        """Say that this was all."""
        with suppress(*GONE):
            await self._socket.close()
