"""The issuer's part of an unlock, as a conversation: whoever carries it sees bytes that it can neither read nor forge.

Driven by the authority from afar, through a client that only carries, or here by :meth:`akis.card.Card.run`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from akis.commands import objects
from akis.commands.application import select_application
from akis.commands.pin import raise_unless_accepted, reset_retry_counter
from akis.conversation.authenticate import authenticate
from akis.conversation.base import Conversation, ask
from akis.conversation.inside import inside
from akis.errors import AkisError, CardError, PinOutcomeUnknown, PolicyRefused, SecureMessagingError
from akis.profile.model import CardProfile
from akis.secret import Secret
from akis.sm.mutual_auth import DeviceKeys, serial_to_sn
from akis.unlock.holds import Holds


class Stage(Enum):
    """How far an issuer's conversation came; the order is that of the exchange."""

    MEETING = "meeting the card"
    AUTHENTICATING = "authenticating each other"
    RESETTING = "resetting the PIN"
    """The RESET has left: until its authenticated answer is there, nobody knows what the card holds."""
    REFUSED = "refused by the card"
    """An authenticated answer says that the RESET was not done."""
    DONE = "done"


class OtherCard(AkisError):
    """The card at the other end is not the one this unlock is for."""


def holds(stage: Stage) -> Holds:
    """What the card's PIN is after an exchange that came to ``stage``, as far as the issuer can know."""
    if stage is Stage.RESETTING:
        return Holds.UNKNOWN
    return Holds.TRANSPORT_PIN if stage is Stage.DONE else Holds.AS_BEFORE


class Issue:
    """One unlock by the issuer: SELECT, the serial number, device authentication, RESET RETRY COUNTER (P1 = 02).

    ``serial`` is the number the authority has the keys for; a card that gives another is not authenticated, since a
    failed authentication may cost such a card something. ``transport_pin`` is set inside the secure session, and it is
    in force once :attr:`stage` is :attr:`Stage.DONE`: the card's authenticated 9000 came back.
    """

    def __init__(
        self,
        profile: CardProfile,
        keys: DeviceKeys,
        sn_ifd: bytes,
        serial: bytes,
        transport_pin: Secret,
        random: Callable[[int], bytes],
    ) -> None:
        if profile.secure_messaging is None or profile.pin.reset == "none":
            raise PolicyRefused(f"no way of resetting the PIN is known on this card ({profile.name}); nothing was sent")
        self.stage = Stage.MEETING
        self._profile = profile
        self._keys = keys
        self._sn_ifd = sn_ifd
        self._serial = serial
        self._transport_pin = transport_pin
        self._random = random

    def conversation(self) -> Conversation[None]:
        """The exchange, once; it returns when the card's authenticated answer says that the PIN was reset.

        Raises :class:`OtherCard` for a card with another serial number, :class:`CardError`, :class:`PinBlocked` and
        the like for an authenticated refusal, :class:`SecureMessagingError` for whatever is not authentic.
        """
        yield from ask(select_application(self._profile), "SELECT of the application")
        yield from self._meet()
        self.stage = Stage.AUTHENTICATING
        sn_icc = serial_to_sn(self._serial)
        try:
            session = yield from authenticate(
                self._keys, self._sn_ifd, sn_icc, self._random, self._profile.secure_messaging
            )
        except CardError as refused:
            raise SecureMessagingError("the card did not take the issuer's key", refused.sw) from refused
        with session:
            yield from inside(session, self._reset())
        self.stage = Stage.DONE

    def _meet(self) -> Conversation[None]:
        field = self._profile.serial
        answer = yield from ask(objects.get_data(field.p1p2), "reading the serial number")
        if answer[field.offset : field.offset + field.length] != self._serial:
            raise OtherCard("the card at the other end has another serial number")

    def _reset(self) -> Conversation[None]:
        rules = self._profile.pin
        block = rules.block(self._transport_pin.reveal())
        self.stage = Stage.RESETTING
        answer = yield reset_retry_counter(rules.reference, new=block)
        try:
            raise_unless_accepted(answer.sw, rules.name, rules.locked_sw)
        except PinOutcomeUnknown:
            raise
        except AkisError:
            # The answer is authentic, so the PIN is certainly as it was.
            self.stage = Stage.REFUSED
            raise
