"""What counts no more is dropped from time to time, as long as an authority serves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import anyio.to_thread

from akis.authority.context import Authority
from akis.authority.http import logs
from akis.authority.steps import attempts
from akis.errors import AkisError


@asynccontextmanager
async def tidying(authority: Authority) -> AsyncIterator[None]:
    """For the time of an ``async with``: failed attempts are forgotten once their window is over.

    Who fails is written down by name and address, and who makes up names would else fill the database with them.
    """
    going_on = asyncio.create_task(_go_on(authority))
    try:
        yield
    finally:
        going_on.cancel()
        with suppress(asyncio.CancelledError):
            await going_on


async def _go_on(authority: Authority) -> None:
    while True:
        await asyncio.sleep(authority.rules.window)
        try:
            # Left to itself at the end: an authority that stops does not wait for a database that is busy.
            await anyio.to_thread.run_sync(_forget, authority, abandon_on_cancel=True)
        except AkisError as error:
            logs.logger().warning("not tidied", exc_info=error)


def _forget(authority: Authority) -> None:
    with authority.begin() as session:
        attempts.forget(session, authority.now(), authority.rules.window)
