"""How much anybody may send with a request, counted as it comes in, whatever Content-Length says, and how slowly."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from akis.authority.http.problems import problem
from akis.authority.http.request_id import request_id_of
from akis.unlock.kinds import Kind

LONGEST_BODY = 16 * 1024
THROWN_AWAY = 1024 * 1024
"""Of a body that is too long, so much is read on and forgotten: who is still sending does not read the answer."""
BODY_WAIT = 20.0
"""Seconds for a whole body."""


class BodyLimit:
    """Hands on a body whole, once it is known to be short enough, or refuses the request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if {b"content-length", b"transfer-encoding"} <= {name for name, _ in scope["headers"]}:
            # RFC 9112 §6.1: a proxy in front of us may be of another mind about where this request ends.
            await _refuse(scope, receive, send, 422, Kind.MALFORMED, "the request says twice how long it is")
            return
        try:
            async with asyncio.timeout(BODY_WAIT):
                body = await _body(receive)
        except TimeoutError:
            await _refuse(scope, receive, send, 408, Kind.MALFORMED, f"no whole request came within {BODY_WAIT:g} s")
            return
        if body is None:
            return  # the client is gone, and with it whoever would read an answer
        if len(body) > LONGEST_BODY:
            await _refuse(
                scope, receive, send, 413, Kind.TOO_LARGE, f"a request has at most {LONGEST_BODY // 1024} KiB"
            )
            return
        await self._app(scope, _whole(body, receive), send)


async def _body(receive: Receive) -> bytes | None:
    """The whole body, or, of one that is too long, more than is taken; None where the client went away."""
    body, length, more = bytearray(), 0, True
    while more and length <= THROWN_AWAY:
        message = await receive()
        if message["type"] != "http.request":
            return None
        part = message.get("body", b"")
        length += len(part)
        more = message.get("more_body", False)
        body += part[: LONGEST_BODY + 1 - len(body)]
    return bytes(body)


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, kind: Kind, detail: str) -> None:
    # What may still come on this connection is not worth reading, or cannot be told from a further request.
    refusal = problem(request_id_of(scope), status, kind, detail, headers={"Connection": "close"})
    await refusal(scope, receive, send)


def _whole(body: bytes, receive: Receive) -> Receive:
    """``receive`` with the body that was taken from it put back."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
