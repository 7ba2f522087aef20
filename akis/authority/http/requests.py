"""What surrounds every request: its id, its log line, its figures, and the headers that every answer has."""

from __future__ import annotations

import time
from collections.abc import Collection

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from akis.authority.http import logs
from akis.authority.http.metrics import Metrics
from akis.authority.http.problems import problem
from akis.authority.http.request_id import HEADER, take_request_id
from akis.unlock.kinds import Kind

UNLOCK = "unlock"
"""Under this key of its state a request says which unlock it is about, for the log line."""
ALWAYS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Nothing that an authority says is for keeping, for pages of others, or for anybody's guess at what it is."""
_ELSEWHERE = "elsewhere"
_BROKEN = "something went wrong inside the authority; the operator finds it in the log under the request id"


class Requests:
    """The outermost layer. ``routes`` are the paths that are told apart in logs and figures."""

    def __init__(self, app: ASGIApp, routes: Collection[str], metrics: Metrics) -> None:
        self._app = app
        self._routes = frozenset(routes)
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request_id = take_request_id(scope)
        with bound_contextvars(request_id=request_id):
            if scope["type"] == "http":
                await self._http(scope, receive, send, request_id)
            else:
                await self._app(scope, receive, _with_headers(send, request_id))

    async def _http(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        start, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        sending = _with_headers(noting, request_id)
        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            logs.logger().error("broken", exc_info=error)
            if not status:
                await problem(request_id, 500, Kind.NOT_READY, _BROKEN)(scope, receive, sending)
        finally:
            self._tell(scope, status, time.perf_counter() - start)

    def _tell(self, scope: Scope, status: int, lasted: float) -> None:
        route = scope["path"] if scope["path"] in self._routes else _ELSEWHERE
        self._metrics.request(scope["method"], route, status, lasted)
        about = {UNLOCK: scope["state"][UNLOCK]} if UNLOCK in scope["state"] else {}
        logs.logger().info(
            "request", method=scope["method"], path=route, status=status, ms=round(lasted * 1000, 1), **about
        )


def _with_headers(send: Send, request_id: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.accept"):
            message.setdefault("headers", [])
            headers = MutableHeaders(scope=message)
            headers[HEADER] = request_id
            for name, value in ALWAYS.items():
                headers[name] = value
        await send(message)

    return sending
