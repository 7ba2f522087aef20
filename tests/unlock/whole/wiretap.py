"""What goes over the wire between client and authority, written down on its way, and read as HTTP and WebSocket."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, Self
from urllib.parse import urlsplit

Side = Literal["client", "authority"]

_TEXT = 1


@dataclass
class Connection:
    """One TCP connection: what each side said, as it was on the wire."""

    said: dict[Side, bytearray] = field(default_factory=lambda: {"client": bytearray(), "authority": bytearray()})

    def is_websocket(self) -> bool:
        return self.said["authority"].startswith(b"HTTP/1.1 101 ")

    def frames(self, side: Side) -> Iterator[tuple[int, bytes]]:
        """Opcode and payload of each frame, unmasked (RFC 6455 §5.2, §5.3); nothing is compressed or in fragments."""
        head, _, raw = bytes(self.said[side]).partition(b"\r\n\r\n")
        assert side == "client" or b"sec-websocket-extensions" not in head.lower()
        while raw:
            assert raw[0] & 0xF0 == 0x80, "a fragment, or an extension"
            is_masked, length, start = bool(raw[1] & 0x80), raw[1] & 0x7F, 2
            assert is_masked is (side == "client")
            if length == 126:
                length, start = int.from_bytes(raw[2:4], "big"), 4
            assert length < 127 or start == 4, "a message is longer than any of ours"
            mask, start = (raw[start : start + 4], start + 4) if is_masked else (bytes(4), start)
            payload = raw[start : start + length]
            assert len(payload) == length, "a frame is cut off"
            yield raw[0] & 0x0F, bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
            raw = raw[start + length :]


class Wiretap:
    """A port of its own that leads to the authority at ``upstream``, which is on this machine and without TLS."""

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        assert (parts.scheme, parts.hostname) == ("http", "127.0.0.1")
        self._upstream = "127.0.0.1", parts.port or 80
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self.connections: list[Connection] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        for opened in (self._listener, *self._sockets):
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for opened in (self._listener, *self._sockets):
            opened.close()

    def places(self) -> Mapping[str, bytes]:
        """All of it, raw and once more as what the frames hold."""
        found = {}
        for number, connection in enumerate(self.connections):
            for side, raw in connection.said.items():
                found[f"connection {number}, {side}"] = bytes(raw)
                if connection.is_websocket():
                    payloads = [payload for _, payload in connection.frames(side)]
                    found[f"connection {number}, frames of the {side}"] = b"\n".join(payloads)
        return found

    def messages(self, side: Side) -> list[dict[str, Any]]:
        """The messages of all exchanges."""
        websockets = [connection for connection in self.connections if connection.is_websocket()]
        return [json.loads(payload) for one in websockets for opcode, payload in one.frames(side) if opcode == _TEXT]

    def tokens(self) -> list[str]:
        """Every token that the authority gave."""
        return re.findall(r'"token":"([A-Za-z0-9_-]+)"', b"".join(self.places().values()).decode("latin-1"))

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            authority = socket.create_connection(self._upstream)
            self._sockets += client, authority
            connection = Connection()
            self.connections.append(connection)
            for ends in (
                (client, authority, connection.said["client"]),
                (authority, client, connection.said["authority"]),
            ):
                thread = threading.Thread(target=_carry, args=ends)
                self._threads.append(thread)
                thread.start()


def _carry(source: socket.socket, sink: socket.socket, record: bytearray) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            record += chunk
            sink.sendall(chunk)
    for opened in (source, sink):
        with suppress(OSError):
            opened.shutdown(socket.SHUT_RDWR)
