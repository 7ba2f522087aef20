"""The exchange between authority and card, carried by a client that reads nothing of it and lets little through."""

from __future__ import annotations

from contextlib import suppress

from akis.codec.apdu import ResponseApdu
from akis.errors import AkisError, AuthorityRefused, AuthorityUnreachable, TransportError
from akis.profile.model import CardProfile
from akis.secret import Secret
from akis.transport.base import Transport
from akis.transport.foreign import ours_only
from akis.unlock.channel import Channel
from akis.unlock.holds import Holds
from akis.unlock.messages import Answer, Command, Done, Failed, Gone, Report
from akis.unlock.permitted import Permitted
from akis.unlock.shown import shown
from akis.unlock.steps import Progress, unseen

_THE_AUTHORITYS_WORD = (Holds.AS_BEFORE, Holds.TRANSPORT_PIN)
"""What it may know of a card after the RESET, and the client may not: it alone can authenticate the answer."""


class Carrying:
    """One exchange over ``channel`` with the card behind ``transport``.

    :attr:`holds` says at any time, and after any error, what the card's PIN is as far as this exchange goes:
    ``as_before`` until the RESET is handed to the transport, ``unknown`` from then on, ``transport_pin`` once the
    authority says that it is done. That the RESET was refused after all is the authority's to know, and it is believed.
    """

    def __init__(self, channel: Channel, transport: Transport, profile: CardProfile, step: Progress = unseen) -> None:
        self.holds = Holds.AS_BEFORE
        self._channel = channel
        self._transport = transport
        self._permitted = Permitted(profile)
        self._step = step
        self._number = 0

    def run(self) -> Secret:
        """Carry until the authority is done; returns the transport PIN (ASCII digits) that the card holds now.

        :class:`AuthorityRefused` where the authority ends it, :class:`AuthorityUnreachable` where it is gone or does
        not keep to the protocol, :class:`PolicyRefused` where it sent what may not pass, and what the transport raises.
        """
        while True:
            message = self._channel.receive()
            if isinstance(message, Command):
                self._carry(message)
            elif isinstance(message, Done):
                return self._done(message)
            else:
                raise self._failed(message)

    def report(self, holds: Holds) -> None:
        """Tell the authority, which said that it is done, what the card holds in the end."""
        self._channel.send(Report(self._number + 1, holds))

    def _carry(self, command: Command) -> None:
        try:
            self._number += 1
            self._require(command.n == self._number, "a command has another number than its place")
            answer = self._ask_card(command.apdu)
        except BaseException:
            # What ended the exchange counts, not whether the authority heard of it.
            with suppress(AkisError):
                self._channel.send(Gone(command.n))
            raise
        self._channel.send(Answer(command.n, answer))

    def _ask_card(self, apdu: bytes) -> bytes:
        begun = self._permitted.check(apdu)
        if begun is not None:
            self._step(begun)
        if self._permitted.resetting:
            self.holds = Holds.UNKNOWN
        raw = ours_only(lambda: self._transport.transmit(apdu))
        if not isinstance(raw, bytes | bytearray | memoryview):
            raise TransportError(f"the way to the card answered with {type(raw).__name__}, not with bytes")
        answer = ResponseApdu.from_bytes(raw)
        self._permitted.answered(answer)
        return answer.to_bytes()

    def _done(self, message: Done) -> Secret:
        self._require(message.n == self._number + 1, "the end has another number than its place")
        self._require(self._permitted.complete, "it says that the PIN was reset, which it was not")
        self.holds = Holds.TRANSPORT_PIN
        return message.transport_pin

    def _failed(self, message: Failed) -> AuthorityRefused:
        self._require(message.n in (self._number, self._number + 1), "the end has another number than its place")
        if self._permitted.resetting and message.holds in _THE_AUTHORITYS_WORD:
            self.holds = message.holds
        return AuthorityRefused(message.kind, shown(message.message), retry_after=message.retry_after)

    def _require(self, kept: bool, what: str) -> None:
        if not kept:
            raise AuthorityUnreachable(
                f"the authority does not keep to the protocol of an unlock ({what}); see that its address is right and "
                "that client and authority are of fitting versions"
            )
