"""The holder's half of an unlock: from the transport PIN to the holder's own, and a VERIFY that proves it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from akis.card import Card
from akis.commands.pin import CHANGE
from akis.conversation import pins, tries
from akis.conversation.base import Conversation
from akis.errors import AkisError, CardError, PinBlocked, PinOutcomeUnknown, PinRefused
from akis.pin import Pin
from akis.profile.model import CardProfile
from akis.secret import Secret
from akis.sources.keys import TerminalKeys
from akis.transport.base import Transport
from akis.transport.wrapper import TransportWrapper
from akis.unlock.holds import Holds
from akis.unlock.steps import Progress, Step, unseen

_SECURITY_STATUS = 0x6982
_REFUSALS = (CardError, PinRefused, PinBlocked)


class VerifyContradicts(AkisError):
    """The card accepted the new PIN and then refused it. ``refusal`` is what it said."""

    def __init__(self, refusal: AkisError) -> None:
        self.refusal = refusal
        super().__init__(
            f"the card accepted the new PIN and then did not take it ({refusal}); this card contradicts itself, have "
            "it looked at before it is used"
        )


class Finishing:
    """What follows once the card behind ``transport`` holds a transport PIN.

    :attr:`holds` says at any time, and after any error, what the card's PIN is: ``transport_pin`` while the CHANGE has
    not left and after the card refused it, ``unknown`` from then until its answer is there, ``holder_pin`` once it was
    accepted, whatever becomes of the VERIFY.

    With ``keys``, both commands go inside a secure session of the terminal's key, for cards that take PINs only so.
    """

    def __init__(
        self,
        transport: Transport,
        profile: CardProfile,
        keys: TerminalKeys | None = None,
        step: Progress = unseen,
    ) -> None:
        self.holds = Holds.TRANSPORT_PIN
        self._card = Card(_Noticing(transport, self._change_leaves), profile)
        self._pin = Pin(self._card)
        self._keys = keys
        self._step = step

    def run(self, transport_pin: Secret, new_pin: Secret) -> None:
        """CHANGE REFERENCE DATA from ``transport_pin`` to ``new_pin``, VERIFY of that; both ASCII characters.

        Raises what :meth:`akis.pin.Pin.change` and :meth:`akis.pin.Pin.verify` raise, the counter being read first, at
        no cost; :class:`VerifyContradicts` where the card refuses the PIN that it has just accepted.
        """
        try:
            self._step(Step.CHANGING)
            self._prepare()
            self._change(transport_pin, new_pin)
            self._step(Step.CHECKING)
            self._verify(new_pin)
        finally:
            self._card.end_session()

    def _prepare(self) -> None:
        """Where the PIN is, and in what session. The first plain command ends the issuer's on the card as well."""
        if self._keys is not None:
            self._card.require_secure_messaging()
        self._card.select_application()
        if self._keys is not None:
            self._card.open_session(self._keys.device, self._keys.ifd_sn)

    def _change(self, transport_pin: Secret, new_pin: Secret) -> None:
        rules = self._pin.rules
        change = partial(pins.change, rules, rules.block(transport_pin.reveal()), rules.block(new_pin.reveal()))
        try:
            self._spend(lambda: self._pin.change(transport_pin, new_pin), change)
        except _REFUSALS as error:
            self.holds = Holds.TRANSPORT_PIN
            if isinstance(error, CardError) and error.sw == _SECURITY_STATUS and self._keys is None:
                raise _only_in_session() from error
            raise
        self.holds = Holds.HOLDER_PIN

    def _change_leaves(self) -> None:
        # Before it does: Ctrl-C may come at any moment after it, and finds this.
        self.holds = Holds.UNKNOWN

    def _verify(self, new_pin: Secret) -> None:
        rules = self._pin.rules
        verify = partial(pins.verify, rules, rules.block(new_pin.reveal()))
        try:
            self._spend(lambda: self._pin.verify(new_pin), verify)
        except _REFUSALS as error:
            raise VerifyContradicts(error) from error

    def _spend(self, guarded: Callable[[], None], plain: Callable[[], Conversation[None]]) -> None:
        """Have a PIN compared that is certainly right, behind the guard wherever the card says how many tries are left.

        A card that does not say gets the command all the same: the RESET has just filled its counter, and stopping here
        would leave it with a PIN that nobody knows. Nor is the old PIN verified before the change where the card does
        not say how long it is: a transport PIN is refused there, and its length is known.
        """
        rules = self._pin.rules
        state = self._card.run(tries.state(self._card.profile, rules))
        left = state.tries_left
        if left is None or (left > 1 and rules.cut_by_length and state.length is None):
            self._card.run(plain(), lost=lambda error: PinOutcomeUnknown(rules.name, str(error).partition("; ")[0]))
        else:
            guarded()


class _Noticing(TransportWrapper):
    """Tells when a command that changes the PIN is handed on; its header is in the clear in a secure session, too."""

    def __init__(self, inner: Transport, leaves: Callable[[], None]) -> None:
        super().__init__(inner)
        self._leaves = leaves

    def transmit(self, command: bytes) -> bytes:
        if command[1] == CHANGE:
            self._leaves()
        return self.inner.transmit(command)


def _only_in_session() -> CardError:
    return CardError(
        "this card takes PINs only in a secure session of the terminal's key, so it still holds a transport PIN; "
        "give --terminal-keys and run the unlock again",
        _SECURITY_STATUS,
    )
