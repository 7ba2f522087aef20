"""The issuer's conversation, driven through a client that carries it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from akis.authority.refused import Refused
from akis.authority.spent import CRYPTOGRAPHY, Spent
from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.conversation.base import Conversation
from akis.errors import (
    AkisError,
    CardError,
    CodecError,
    PinBlocked,
    PinOutcomeUnknown,
    PinRefused,
    SecureMessagingError,
)
from akis.status import StatusWord
from akis.unlock.holds import Holds
from akis.unlock.issue import Issue, OtherCard, Stage, holds
from akis.unlock.kinds import Kind
from akis.unlock.messages import Answer, Command, Gone, Report


class ChannelClosed(AkisError):
    """The connection to the client is gone."""


class Channel(Protocol):
    """A connection to the client, which carries messages in order."""

    async def send(self, message: Command) -> None:
        """Send it; :class:`ChannelClosed`."""

    async def receive(self) -> Answer | Gone | Report:
        """The next message; :class:`ChannelClosed`, or :class:`CodecError` for whatever is no message."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an exchange ended: ``kind`` is None where the card was unlocked, ``message`` one sentence for people.

    ``sw`` is what the card answered to the RESET, where that came and was authentic. ``commands`` were sent.
    """

    kind: Kind | None
    holds: Holds
    message: str
    sw: StatusWord | None
    commands: int


class _Ended(AkisError):
    """The exchange cannot go on, for a reason that is not the conversation's."""

    def __init__(self, kind: Kind, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


_REFUSALS = (CardError, PinRefused, PinBlocked, PinOutcomeUnknown)


async def drive(
    issue: Issue,
    channel: Channel,
    *,
    answer_wait: float,
    spent: Spent,
    still_ours: Callable[[], Awaitable[bool]],
) -> Outcome:
    """Carry ``issue`` to its end, whichever it is; the transport PIN remains its owner's, who wipes it.

    Each command waits ``answer_wait`` seconds for its answer. ``still_ours()`` is asked before each further command and
    tells whether this exchange still has the card for itself, or raises :class:`Refused` where it may not go on.
    """
    driven = _Driven(issue, channel, answer_wait, spent, still_ours)
    conversation = issue.conversation()
    try:
        await driven.run(conversation)
    except _Ended as ended:
        return driven.outcome(ended.kind, ended.message)
    except OtherCard:
        return driven.outcome(Kind.OTHER_CARD, "the card in the reader has another serial number than the one chosen")
    except (SecureMessagingError, CodecError):
        return driven.outcome(Kind.CARD_NOT_AUTHENTIC, _not_authentic(issue.stage))
    except _REFUSALS:
        return driven.outcome(Kind.CARD_REFUSED, driven.refusal())
    finally:
        conversation.close()
    return driven.outcome(None, "the card holds a transport PIN now")


class _Driven:
    """One run: what was sent, and what came back last."""

    def __init__(
        self,
        issue: Issue,
        channel: Channel,
        answer_wait: float,
        spent: Spent,
        still_ours: Callable[[], Awaitable[bool]],
    ) -> None:
        self._issue = issue
        self._channel = channel
        self._answer_wait = answer_wait
        self._spent = spent
        self._still_ours = still_ours
        self._commands = 0
        self._last: StatusWord | None = None

    async def run(self, conversation: Conversation[None]) -> None:
        """Returns when the conversation does."""
        answer: ResponseApdu | None = None
        while True:
            try:
                with self._spent.on(CRYPTOGRAPHY):
                    command = next(conversation) if answer is None else conversation.send(answer)
            except StopIteration:
                return
            answer = await self._carry(command)
            # Once the RESET has left, its answer counts in any case.
            if self._issue.stage is not Stage.RESETTING:
                await self._check_still_ours()

    async def _check_still_ours(self) -> None:
        try:
            ours = await self._still_ours()
        except Refused as refused:
            raise _Ended(refused.kind, refused.message) from None
        if not ours:
            raise _Ended(Kind.CARD_BUSY, "another unlock has taken this card over; nothing was changed by this one")

    async def _carry(self, command: CommandApdu) -> ResponseApdu:
        self._commands += 1
        try:
            async with asyncio.timeout(self._answer_wait):
                await self._channel.send(Command(self._commands, command.to_bytes()))
                message = await self._channel.receive()
            return self._answer_in(message)
        except TimeoutError:
            raise _Ended(Kind.TIMED_OUT, "the card's answer did not come in time") from None
        except ChannelClosed:
            raise _Ended(Kind.CARD_GONE, "the connection to the client broke before the exchange was over") from None
        except CodecError:
            raise _Ended(Kind.OUT_OF_ORDER, "the client sent something that is no message of the exchange") from None

    def _answer_in(self, message: Answer | Gone | Report) -> ResponseApdu:
        if message.n != self._commands or isinstance(message, Report):
            raise _Ended(Kind.OUT_OF_ORDER, "the client sent a message that was not due")
        if isinstance(message, Gone):
            raise _Ended(Kind.CARD_GONE, "the card went out of reach before the exchange was over")
        answer = ResponseApdu.from_bytes(message.apdu)
        self._last = StatusWord(answer.sw)
        return answer

    def refusal(self) -> str:
        """What to say of a card that refused."""
        match self._issue.stage:
            case Stage.MEETING:
                return "the card refused before the secure session began; nothing was changed on it"
            case Stage.REFUSED:
                return f"the card refused the new PIN ({self._last}); its PIN is as before"
        return f"the card's answer leaves open whether the new PIN is in force ({self._last}); run the unlock again"

    def outcome(self, kind: Kind | None, message: str) -> Outcome:
        """What it all came to."""
        stage = self._issue.stage
        # In the other stages, and for other kinds, the status word is anybody's.
        authentic = stage in (Stage.REFUSED, Stage.DONE) or (stage is Stage.RESETTING and kind is Kind.CARD_REFUSED)
        return Outcome(kind, holds(stage), message, self._last if authentic else None, self._commands)


def _not_authentic(stage: Stage) -> str:
    if stage is Stage.RESETTING:
        return (
            "the answer to the reset of the PIN is not the card's own, so nobody knows what the card holds; "
            "run the unlock again"
        )
    return "the card did not prove that it is the one this unlock is for; nothing was changed on it"
