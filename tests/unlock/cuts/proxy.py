"""What lies between client and authority: carries everything, knows what it is, and can be cut at any of it."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Literal
from urllib.parse import urlsplit

from tests.unlock.cuts.moments import RELAYED, At, Cut, cuts

Then = Literal["close", "silent", "deliver"]
"""What becomes of the message at which it is cut, and of all after it: the connection is closed, nothing passes any
more and nobody hears of it, or everything goes on."""

_CHUNK = 65536
_REQUEST = re.compile(rb"[A-Z]+ (/\S*) HTTP/1\.1\r\n")
_BY_PATH = {
    b"/v1/unlocks": At.CODE,
    b"/v1/unlocks/current/card": At.CHOICE,
    b"/v1/unlocks/current/second-factor": At.ANSWER,
    b"/v1/unlocks/current/exchange": At.OPENING,
}
_CLOSE = 8


class Proxy:
    """A way to the authority at ``upstream`` over a port of its own; at ``cut``, ``act`` is called, and ``then``."""

    def __init__(self, upstream: str, cut: Cut, then: Then, act: Callable[[], None] = lambda: None) -> None:
        parts = urlsplit(upstream)
        self._upstream = parts.hostname or "", parts.port or 0
        self._cut = cut
        self._then = then
        self._act = act
        self.was_cut = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ways: list[_Connection] = []
        self._threads = [threading.Thread(target=self._accept)]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Proxy:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for way in self._ways:
            way.close()
        for thread in self._threads:
            thread.join()

    def passes(self, here: Cut) -> bool:
        """Whether this passes; where it is the place to cut, that happens now."""
        if here != self._cut or self.was_cut.is_set():
            return True
        self.was_cut.set()
        self._act()
        return self._then == "deliver"

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                authority = socket.create_connection(self._upstream)
            except OSError:
                client.close()
                continue
            way = _Connection(self, client, authority, silent=self._then == "silent")
            self._ways.append(way)
            for pump in (way.there, way.back):
                thread = threading.Thread(target=pump)
                self._threads.append(thread)
                thread.start()


class _Connection:
    """One TCP connection of the client, and the one to the authority that it is carried on."""

    def __init__(self, proxy: Proxy, client: socket.socket, authority: socket.socket, *, silent: bool) -> None:
        self._proxy = proxy
        self._client = client
        self._authority = authority
        self._silent = silent
        self._is_cut = False
        self._request: At | None = None
        self._frames: tuple[_Frames, _Frames] | None = None

    def there(self) -> None:
        """Carry what the client says."""
        self._pump(self._client, self._authority, self._said_by_client)

    def back(self) -> None:
        """Carry what the authority says."""
        self._pump(self._authority, self._client, self._said_by_authority)

    def close(self) -> None:
        for side in (self._client, self._authority):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            side.close()

    def _pump(self, source: socket.socket, sink: socket.socket, events: Callable[[bytes], Iterator[Cut]]) -> None:
        with suppress(OSError):
            while chunk := source.recv(_CHUNK):
                if self._is_cut:
                    continue
                if all(self._proxy.passes(event) for event in events(chunk)):
                    sink.sendall(chunk)
                    continue
                self._is_cut = True
                if not self._silent:
                    break
        if not (self._is_cut and self._silent):
            self.close()

    def _said_by_client(self, chunk: bytes) -> Iterator[Cut]:
        if self._frames is not None:
            for opcode, payload in self._frames[0].feed(chunk):
                yield from _by_client(opcode, payload)
            return
        request = _REQUEST.match(chunk)
        if request is not None:
            self._request = _BY_PATH[request[1]]
            yield Cut(self._request, "before")

    def _said_by_authority(self, chunk: bytes) -> Iterator[Cut]:
        if self._frames is None and self._request is not None:
            yield Cut(self._request, "after")
            if self._request is At.OPENING:
                _, _, chunk = chunk.partition(b"\r\n\r\n")
                self._frames = _Frames(), _Frames()
            self._request = None
        if self._frames is not None:
            for opcode, payload in self._frames[1].feed(chunk):
                yield from _by_authority(opcode, payload)


def _by_client(opcode: int, payload: bytes) -> Iterator[Cut]:
    said = json.loads(payload) if opcode == 1 else {}
    if said.get("type") == "answer":
        yield Cut(RELAYED[said["n"] - 1], "after")
    elif said.get("type") == "report":
        yield Cut(At.REPORT, "before")


def _by_authority(opcode: int, payload: bytes) -> Iterator[Cut]:
    said = json.loads(payload) if opcode == 1 else {}
    if said.get("type") == "command":
        yield Cut(RELAYED[said["n"] - 1], "before")
    elif said.get("type") == "done":
        yield from cuts(At.DONE)
    elif opcode == _CLOSE:
        # Nothing else is said in answer to the report.
        yield Cut(At.REPORT, "after")


class _Frames:
    """Takes the frames out of one direction of a WebSocket (RFC 6455 §5.2); none of ours is in fragments."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[tuple[int, bytes]]:
        """Opcode and payload of each frame that is whole now."""
        self._rest += chunk
        while (frame := self._first()) is not None:
            yield frame

    def _first(self) -> tuple[int, bytes] | None:
        raw = self._rest
        if len(raw) < 2:
            return None
        length, start = raw[1] & 0x7F, 2
        if length == 126:
            length, start = int.from_bytes(raw[2:4], "big"), 4
        assert length < 127 or start == 4, "a message is longer than any of ours"
        mask = bytes(4)
        if raw[1] & 0x80:
            mask, start = raw[start : start + 4], start + 4
        if len(raw) < start + length:
            return None
        self._rest = raw[start + length :]
        return raw[0] & 0x0F, bytes(byte ^ mask[at % 4] for at, byte in enumerate(raw[start : start + length]))
