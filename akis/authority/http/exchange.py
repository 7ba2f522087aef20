"""The exchange with the card, over one WebSocket: from the token to the line in the audit log that ends it."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import anyio.to_thread
from fastapi import APIRouter
from starlette.websockets import WebSocket

from akis.authority.drive import ChannelClosed, Outcome, drive
from akis.authority.http import logs
from akis.authority.http.bearer import shown_token, unlock_bearer
from akis.authority.http.issuing import Issuing
from akis.authority.http.keeping import Keeping
from akis.authority.http.of_request import Service, address_of, service_of
from akis.authority.http.problems import NOT_READY
from akis.authority.http.socket_channel import GONE, SocketChannel
from akis.authority.refused import Refused
from akis.authority.steps.exchanges import DONE, Begun, begin_exchange, end_exchange, keep_alive, report
from akis.commands.security import MUTUAL_AUTHENTICATE
from akis.errors import AkisError
from akis.unlock.holds import Holds
from akis.unlock.issue import Issue, holds
from akis.unlock.kinds import Kind
from akis.unlock.messages import SUBPROTOCOL, Done, Failed, Message, Report

PATH = "/v1/unlocks/current/exchange"
router = APIRouter()
T = TypeVar("T")


@router.websocket(PATH)
async def exchange(socket: WebSocket) -> None:
    """Accept, whoever asks, so that every refusal is a message that says why."""
    offered = SUBPROTOCOL in socket.scope["subprotocols"]
    try:
        await socket.accept(SUBPROTOCOL if offered else None)
    except GONE:
        return
    channel, service, since = SocketChannel(socket), service_of(socket), time.monotonic()
    try:
        begun = await _begin(socket, service, offered)
    except Refused as refused:
        service.metrics.exchange_refused(refused.kind.value)
        logs.logger().info("exchange refused", kind=refused.kind.value)
        await _say(channel, Failed(0, refused.kind.value, refused.message, Holds.AS_BEFORE, refused.retry_after))
    else:
        await _Exchange(service, channel, begun, since).run()
    await channel.close()


async def _begin(socket: WebSocket, service: Service, offered: bool) -> Begun:
    """The exchange that the token opens; :class:`Refused` in any other case."""
    if not offered:
        raise Refused(Kind.MALFORMED, f"the subprotocol spoken here is {SUBPROTOCOL}")
    if "origin" in socket.headers:
        raise Refused(Kind.MALFORMED, "pages in a browser have no business here; use the client")
    token = shown_token(await unlock_bearer(socket), Kind.UNLOCK_OVER)
    address = address_of(socket)
    try:
        return await _in_thread(service, lambda: begin_exchange(service.authority, token, address))
    except Refused:
        raise
    except AkisError as error:
        logs.logger().error("not ready", exc_info=error)
    except Exception as error:
        logs.logger().error("broken", exc_info=error)
    raise Refused(Kind.NOT_READY, NOT_READY)


class _Exchange:
    """One exchange that was begun, not before the moment ``since`` of :func:`time.monotonic`.

    Its keys and its transport PIN are wiped before :meth:`run` returns.
    """

    def __init__(self, service: Service, channel: SocketChannel, begun: Begun, since: float = -math.inf) -> None:
        self._service = service
        self._authority = service.authority
        self._channel = channel
        self._begun = begun
        rules = service.authority.rules
        self._keeping = Keeping(
            lambda: self._in_thread(lambda: keep_alive(self._authority, self._begun)),
            rules.lease,
            rules.answer_wait,
            since,
        )
        self._issue: Issue | None = None
        self._ended = False

    async def run(self) -> None:
        """From the first command to the client's word on how it ended; the end is written down whatever happens."""
        start = time.perf_counter()
        self._service.metrics.exchange_began()
        outcome = self._cut_short()
        try:
            outcome = await self._issue_and_tell()
        except Exception as error:
            outcome = self._cut_short()
            logs.logger().error("broken", exc_info=error)
            with suppress(AkisError):
                await self._end(outcome)
            await _say(self._channel, _failed(outcome))
        except asyncio.CancelledError:
            # The process is being stopped and waits no longer.
            outcome = self._cut_short()
            with suppress(AkisError):
                await self._end(outcome)
            raise
        finally:
            self._tell(outcome, time.perf_counter() - start)

    async def _issue_and_tell(self) -> Outcome:
        with await self._in_thread(lambda: Issuing(self._authority, self._begun)) as issuing:
            self._issue = issuing.issue
            outcome = await drive(
                issuing.issue,
                self._channel,
                answer_wait=self._authority.rules.answer_wait,
                spent=self._authority.spent,
                still_ours=self._still_ours,
            )
            # Before the client hears of it: no transport PIN leaves that the audit log does not know of, and whoever
            # begins again after a failure finds the card free.
            await self._end(outcome)
            if outcome.kind is not None:
                await _say(self._channel, _failed(outcome))
                return outcome
            n = outcome.commands + 1
            await _say(self._channel, Done(n, issuing.transport_pin))
        await self._hear_report(n)
        return outcome

    async def _still_ours(self) -> bool:
        """Before the RESET, which follows upon MUTUAL AUTHENTICATE, for certain; before all else by the clock."""
        return await self._keeping.still_ours(ask=self._channel.instruction == MUTUAL_AUTHENTICATE)

    async def _hear_report(self, n: int) -> None:
        """The client's word, where it comes in time; nothing depends on it."""
        try:
            async with asyncio.timeout(self._authority.rules.report_wait):
                message = await self._channel.receive()
            if isinstance(message, Report) and message.n == n:
                await self._in_thread(lambda: report(self._authority, self._begun, message.holds))
        except TimeoutError:
            pass
        except AkisError as error:
            logs.logger().warning("no report", exc_info=error, unlock=self._begun.unlock_id)

    async def _end(self, outcome: Outcome) -> None:
        """Write it down, also where this task is cancelled meanwhile; where it was written down already, do nothing."""
        if self._ended:
            return
        details: dict[str, str | int | bool | None] = {"commands": outcome.commands}
        if outcome.sw is not None:
            details["sw"] = str(outcome.sw)
        writing = asyncio.ensure_future(
            self._in_thread(lambda: end_exchange(self._authority, self._begun, _name(outcome), outcome.holds, details))
        )
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            with suppress(AkisError):
                await writing
            raise
        finally:
            self._ended = writing.done() and not writing.cancelled() and writing.exception() is None

    def _cut_short(self) -> Outcome:
        """What an exchange that something inside has ended came to."""
        found = Holds.AS_BEFORE if self._issue is None else holds(self._issue.stage)
        return Outcome(Kind.NOT_READY, found, NOT_READY, None, self._channel.commands)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await _in_thread(self._service, work)

    def _tell(self, outcome: Outcome, lasted: float) -> None:
        self._service.metrics.exchange_ended(_name(outcome), lasted)
        if outcome.kind is Kind.CARD_NOT_AUTHENTIC:
            logs.logger().warning(
                "card not authentic",
                unlock=self._begun.unlock_id,
                serial=self._begun.serial.hex().upper(),
                why="the card has other keys than the master key says, or is forged, or its answers were altered",
            )
        logs.logger().info(
            "exchange",
            unlock=self._begun.unlock_id,
            outcome=_name(outcome),
            holds=outcome.holds.value,
            commands=outcome.commands,
            ms=round(lasted * 1000, 1),
        )


async def _in_thread(service: Service, work: Callable[[], T]) -> T:
    return await anyio.to_thread.run_sync(work, limiter=service.exchange_threads)


async def _say(channel: SocketChannel, message: Message) -> None:
    """Tell who is still there."""
    with suppress(ChannelClosed):
        await channel.send(message)


def _name(outcome: Outcome) -> str:
    return DONE if outcome.kind is None else outcome.kind.value


def _failed(outcome: Outcome) -> Failed:
    assert outcome.kind is not None
    return Failed(outcome.commands, outcome.kind.value, outcome.message, outcome.holds)
