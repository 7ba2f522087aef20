"""PIN and PUK of a card: verify, change, unblock, and never a try spent unasked.

Every operation has three outcomes. It returns: the card accepted. It raises :class:`PinRefused` or :class:`PinBlocked`:
the card compared and refused. It raises :class:`PinOutcomeUnknown`: the command left and nobody knows; it is not sent
again. :class:`CardError` is a refusal without a comparison, and :class:`PolicyRefused` says that nothing was sent.

Before anything that can spend a try is sent, the PIN's format is checked and the counter is read in the way the profile
knows to be free. With one try left, or an unknown number, nothing is sent unless the call has ``allow_last_try=True``.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from akis.card import Card
from akis.commands import objects
from akis.commands import pin as commands
from akis.commands.objects import PinObject
from akis.conversation import pins
from akis.conversation.base import Conversation
from akis.errors import AkisError, CardError, CodecError, PinBlocked, PinFormatError, PinOutcomeUnknown, PolicyRefused
from akis.profile.model import PinRules
from akis.secret import Secret

Plain = Secret | bytes | str
"""A PIN or PUK as it is passed in: a Secret, or its ASCII characters."""
_UNKNOWN = PinObject(None, None, None)


class _Reference:
    """What PIN and PUK have in common: a counter, a guard, and three outcomes."""

    def __init__(self, card: Card, rules: PinRules) -> None:
        self.card = card
        self.rules = rules

    def tries_left(self) -> int | None:
        """The tries left, read at no cost; None where the card does not say or the profile knows no free way."""
        return self._state().tries_left

    def ask_by_empty_verify(self, *, may_spend_try: bool = False) -> tuple[bool, int | None]:
        """Ask with a VERIFY without data whether it is verified, and how many tries are left (None: not said).

        Free by the standard, yet some cards take it for a wrong PIN, so :class:`PolicyRefused` unless the profile says
        that it is free or the call has ``may_spend_try=True``.
        """
        if self.rules.empty_verify != "free" and not may_spend_try:
            raise PolicyRefused(
                f"an empty VERIFY may spend a try of the {self.rules.name} on this card; nothing was sent"
            )
        answer = self.card.send(commands.verify_empty(self.rules.reference), lost=self._unknown)
        if answer.sw.ok or answer.sw.tries_left is not None:
            return answer.sw.ok, answer.sw.tries_left
        if answer.sw == 0x6983:
            return False, 0
        raise CardError(f"asking for the state of the {self.rules.name} failed", answer.sw)

    def logout(self) -> None:
        """Take the verification back (VERIFY with P1 = FF); no value is compared."""
        self._run(pins.attempt(commands.logout(self.rules.reference), self.rules.name))

    def _state(self) -> PinObject:
        """What the card says for free; None for each number that it does not say."""
        if self.rules.tries_by == "get_data":
            return self._state_by_get_data()
        if self.rules.tries_by == "empty_verify":
            sw = self.card.send(commands.verify_empty(self.rules.reference)).sw
            return PinObject(None, 0 if sw == 0x6983 else sw.tries_left, None)
        return _UNKNOWN

    def _state_by_get_data(self) -> PinObject:
        answer = self.card.send(objects.get_pin_object(self.rules.object))
        if not answer.sw.ok:
            return _UNKNOWN
        try:
            state = PinObject.from_bytes(answer.data, self.rules.object)
        except CodecError:
            return _UNKNOWN
        if state.tries_left is None or state.max_tries is None or state.tries_left > state.max_tries:
            return _UNKNOWN  # a number that contradicts itself is no number
        return state

    def _block(self, pin: Plain, rules: PinRules | None = None) -> bytes:
        """The block of ``pin``, by this reference's rules unless told others."""
        rules = self.rules if rules is None else rules
        if isinstance(pin, str) and not pin.isascii():
            raise PinFormatError(f"the {rules.name} has ASCII characters only; nothing was sent")
        return rules.block(Secret.of(pin).reveal())

    def _guard(self, allow_last_try: bool) -> PinObject:
        """Refuse what could lock the card unasked; returns the state that was read for it."""
        state = self._state()
        left = state.tries_left
        if left == 0:
            raise PinBlocked(self.rules.name)
        if (left is None or left == 1) and not allow_last_try:
            number = "one try" if left == 1 else "an unknown number of tries"
            raise PolicyRefused(
                f"the {self.rules.name} has {number} left; nothing was sent, allow the last try to go on"
            )
        return state

    def _spend(self, conversation: Conversation[None], allow_last_try: bool) -> None:
        """Run a conversation that compares the PIN, after the guard."""
        with self.card.transport.transaction():
            self._guard(allow_last_try)
            self._run(conversation)

    def _change(self, old: bytes, new: bytes, allow_last_try: bool) -> None:
        """Change from block ``old`` to block ``new``.

        A card that is given ``old ‖ new`` cuts it at the length of the stored value. With an old one of another length
        it would compare and store something nobody chose, so the length is compared here; where the card does not say
        it, a VERIFY, which compares the whole, goes first.
        """
        with self.card.transport.transaction():
            stored = self._guard(allow_last_try).length
            conversation = pins.change(self.rules, old, new)
            if self.rules.cut_by_length and stored is None:
                conversation = pins.verify_and_change(self.rules, old, new)
            elif self.rules.cut_by_length and stored == 0:
                raise PolicyRefused(f"the {self.rules.name} has no value yet that could be changed; nothing was sent")
            elif self.rules.cut_by_length and stored != len(old):
                raise PinFormatError(f"the old {self.rules.name} is not as long as the card's; nothing was sent")
            self._run(conversation)

    def _run(self, conversation: Conversation[None]) -> None:
        with self.card.transport.transaction():
            self.card.run(conversation, lost=self._unknown)

    def _unknown(self, error: AkisError) -> AkisError:
        return PinOutcomeUnknown(self.rules.name, str(error))


class Pin(_Reference):
    """The holder's PIN. Commands go plain, or inside the card's secure session where one is open."""

    def __init__(self, card: Card, rules: PinRules | None = None) -> None:
        super().__init__(card, card.profile.pin if rules is None else rules)

    def verify(self, pin: Plain, *, allow_last_try: bool = False) -> None:
        """VERIFY. A PIN in transport state is never accepted: :class:`CardError` 6985."""
        self._spend(pins.verify(self.rules, self._block(pin)), allow_last_try)

    def change(self, old: Plain, new: Plain, *, allow_last_try: bool = False) -> None:
        """CHANGE REFERENCE DATA from ``old`` to ``new``; ``old`` is compared, and may be a transport PIN.

        :class:`PinFormatError`, and no try spent, where ``old`` cannot be right because its length is wrong.
        """
        self._change(self._block(old), self._block(new), allow_last_try)

    def change_to(self, new: Plain) -> None:
        """CHANGE REFERENCE DATA to ``new`` in the issuer's session; nothing is compared, the counter stays."""
        self._run(pins.attempt(commands.change_to(self.rules.reference, self._block(new)), self.rules.name))

    def reset_to(self, new: Plain) -> None:
        """RESET RETRY COUNTER to a new value (P1 = 02), allowed by the issuer's session or a verified PUK.

        By the issuer it becomes a transport PIN, which serves for one :meth:`change`; by the PUK it is in force.
        """
        command = commands.reset_retry_counter(self.rules.reference, new=self._block(new))
        self._run(pins.attempt(command, self.rules.name))

    def reset_counter(self) -> None:
        """RESET RETRY COUNTER and keep the value (P1 = 03), allowed by the issuer's session or a verified PUK."""
        self._run(pins.attempt(commands.reset_retry_counter(self.rules.reference), self.rules.name))

    def unblock(self, new: Plain, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        """Put ``new`` in force inside the issuer's secure session: RESET, CHANGE, VERIFY, with a random PIN in between.

        No PUK is used and no try can be spent. Stopped anywhere, running it again finishes.
        """
        block = self._block(new)
        if self.card.session is None:
            raise PolicyRefused(f"unblocking the {self.rules.name} needs the issuer's secure session; nothing was sent")
        with Secret(random_digits(self.rules.maximum, random)) as transport:
            self._run(pins.unblock(self.rules, self._block(transport), block))


class Puk(_Reference):
    """The PUK. Three wrong ones destroy the card for good, so every call needs ``permit_puk=True``.

    The normal way out of a blocked PIN is the issuer's secure session: :meth:`Pin.unblock`.
    """

    def __init__(self, card: Card, rules: PinRules | None = None, pin_rules: PinRules | None = None) -> None:
        super().__init__(card, card.profile.puk if rules is None else rules)
        self.pin_rules = card.profile.pin if pin_rules is None else pin_rules

    def verify(self, puk: Plain, *, permit_puk: bool = False, allow_last_try: bool = False) -> None:
        """VERIFY of the PUK, after which the PIN may be reset without sending the PUK again."""
        self._spend_puk(pins.verify(self.rules, self._block(puk)), permit_puk, allow_last_try)

    def change(self, old: Plain, new: Plain, *, permit_puk: bool = False, allow_last_try: bool = False) -> None:
        """CHANGE REFERENCE DATA of the PUK itself."""
        blocks = self._block(old), self._block(new)
        self._check_permission(permit_puk)
        self._change(*blocks, allow_last_try)

    def unblock(self, puk: Plain, new_pin: Plain, *, permit_puk: bool = False, allow_last_try: bool = False) -> None:
        """RESET RETRY COUNTER with PUK and new PIN (P1 = 00)."""
        new = self._block(new_pin, self.pin_rules)
        self._reset(self._block(puk), new, permit_puk, allow_last_try)

    def reset_counter(self, puk: Plain, *, permit_puk: bool = False, allow_last_try: bool = False) -> None:
        """RESET RETRY COUNTER with the PUK, the PIN keeping its value (P1 = 01)."""
        self._reset(self._block(puk), b"", permit_puk, allow_last_try)

    def _reset(self, puk: bytes, new: bytes, permit_puk: bool, allow_last_try: bool) -> None:
        command = commands.reset_retry_counter(self.pin_rules.reference, puk, new)
        self._spend_puk(pins.attempt(command, self.rules.name), permit_puk, allow_last_try)

    def _spend_puk(self, conversation: Conversation[None], permit_puk: bool, allow_last_try: bool) -> None:
        self._check_permission(permit_puk)
        self._spend(conversation, allow_last_try)

    @staticmethod
    def _check_permission(permit_puk: bool) -> None:
        if not permit_puk:
            raise PolicyRefused(
                "a PUK command needs its own permission, since three wrong PUKs destroy the card; nothing was sent"
            )


def random_digits(count: int, random: Callable[[int], bytes]) -> bytes:
    """``count`` ASCII digits, each equally likely, from a source of random bytes."""
    digits = bytearray()
    while len(digits) < count:
        # Bytes from 250 up would make the low digits likelier.
        digits += bytes(0x30 + byte % 10 for byte in random(count) if byte < 250)
    return bytes(digits[:count])
