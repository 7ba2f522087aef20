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
from akis.codec.pin_flags import PinFlags
from akis.commands import pin as commands
from akis.commands.objects import PinObject
from akis.conversation import pins, tries
from akis.conversation.base import Conversation
from akis.errors import (
    AkisError,
    CardError,
    InvalidArgument,
    PinBlocked,
    PinFormatError,
    PinOutcomeUnknown,
    PolicyRefused,
    WrongType,
)
from akis.keypad import What, can_type, keypad_for, type_at
from akis.profile.model import CardProfile, PinRules
from akis.secret import Secret
from akis.sm.mutual_auth import checked_random

PinValue = Secret | bytes | str
"""A PIN or PUK as it is passed in: a Secret, or its ASCII characters."""
# A byte is no digit in 6 of 256 cases, so a hundred rounds fail with a source that is broken and no other.
_ROUNDS = 100


class _Reference:
    """What PIN and PUK have in common: a counter, a guard, and three outcomes."""

    def __init__(self, card: Card, rules: PinRules) -> None:
        if not isinstance(rules, PinRules):
            raise WrongType(f"the rules are PinRules, not {type(rules).__name__}")
        self.card = card
        self.rules = rules

    def tries_left(self) -> int | None:
        """The tries left, read at no cost; None where the card does not say or the profile knows no free way.

        Where the way is the FCI, the application is selected anew, and a card may forget by that what was verified.
        """
        return self.card.run(self._state()).tries_left

    def flags(self) -> PinFlags | None:
        """What the application's FCI says of its PIN, which is more than a number; None where it does not say.

        Only where the profile has ``tries_by = fci``; it selects the application anew.
        """
        return self.card.run(tries.flags(self.card.profile)) if self.rules.tries_by == "fci" else None

    def ask_by_empty_verify(self, *, may_spend_try: bool = False) -> tuple[bool, int | None]:
        """Ask with a VERIFY without data whether it is verified, and how many tries are left (None: not said).

        Free by the standard, yet some cards take it for a wrong PIN, so :class:`PolicyRefused` unless the profile says
        that it is free or the call has ``may_spend_try=True``.
        """
        if not _granted(may_spend_try) and self.rules.empty_verify != "free":
            raise PolicyRefused(
                f"an empty VERIFY may spend a try of the {self.rules.name} on this card; nothing was sent"
            )
        answer = self.card.send(commands.verify_empty(self.rules.reference), lost=self._unknown)
        if answer.sw.ok or answer.sw.tries_left is not None:
            return answer.sw.ok, answer.sw.tries_left
        if commands.is_locked(answer.sw, self.rules.locked_sw):
            return False, 0
        raise CardError(f"asking for the state of the {self.rules.name} failed", answer.sw)

    def logout(self) -> None:
        """Take the verification back, on some cards all there is; no value is compared."""
        self._run(pins.logout(self.rules))

    def _state(self) -> Conversation[PinObject]:
        return tries.state(self.card.profile, self.rules)

    def _block(self, pin: PinValue, rules: PinRules | None = None) -> bytes:
        """The block of ``pin``, by this reference's rules unless told others."""
        rules = self.rules if rules is None else rules
        if isinstance(pin, str) and not pin.isascii():
            raise PinFormatError(f"the {rules.name} has ASCII characters only; nothing was sent")
        return rules.block(Secret.of(pin).reveal())

    def _guard(self, left: int | None, allow_last_try: bool) -> None:
        """Refuse what could lock the card unasked."""
        if left == 0:
            raise PinBlocked(self.rules.name)
        if not _granted(allow_last_try) and left is None:
            why = "it has flags and no counter" if self.rules.tries_by == "fci" else "is its application selected?"
            raise PolicyRefused(
                f"the card does not say how many tries the {self.rules.name} has left ({why}); "
                "nothing was sent, allow_last_try lets it through all the same"
            )
        if not _granted(allow_last_try) and left == 1:
            raise PolicyRefused(
                f"the {self.rules.name} has one try left; nothing was sent, allow_last_try lets it through all the same"
            )

    def _spend(self, compare: Callable[[PinObject], Conversation[None]], allow_last_try: bool) -> None:
        """Read the counter, guard it, and have the PIN compared, all in one conversation of one session."""
        compared = False

        def guarded() -> Conversation[None]:
            nonlocal compared
            state = yield from tries.state(self.card.profile, self.rules, must_select=_granted(allow_last_try))
            self._guard(state.tries_left, allow_last_try)
            conversation = compare(state)
            compared = True
            yield from conversation

        # An answer that is lost before the PIN was sent leaves nothing unknown.
        self.card.run(guarded(), lost=lambda error: self._unknown(error) if compared else error)

    def _changing(self, stored: PinObject, old: bytes, new: bytes) -> Conversation[None]:
        """Change from block ``old`` to block ``new``.

        A card that is given ``old ‖ new`` cuts it at the length of the stored value. With an old one of another length
        it would compare and store something nobody chose, so the length is compared here; where the card does not say
        it, a VERIFY, which compares the whole, goes first.
        """
        if self.rules.cut_by_length and stored.length is None:
            return pins.verify_and_change(self.rules, old, new)
        if self.rules.cut_by_length and stored.length == 0:
            raise PolicyRefused(f"the {self.rules.name} has no value yet that could be changed; nothing was sent")
        if self.rules.cut_by_length and stored.length != len(old):
            raise PinFormatError(f"the old {self.rules.name} is not as long as the card's; nothing was sent")
        return pins.change(self.rules, old, new)

    def _run(self, conversation: Conversation[None]) -> None:
        self.card.run(conversation, lost=self._unknown)

    def _unknown(self, error: AkisError) -> AkisError:
        # Only what happened: what to do about it comes after that, and would now be wrong.
        return PinOutcomeUnknown(self.rules.name, str(error).partition("; ")[0])


class Pin(_Reference):
    """The holder's PIN. Commands go plain, or inside the card's secure session where one is open."""

    def __init__(self, card: Card, rules: PinRules | None = None) -> None:
        super().__init__(card, _profile(card).pin if rules is None else rules)
        puk = card.profile.puk
        if self.rules.reference == puk.reference or self.rules.change_place == puk.change_place:
            raise InvalidArgument("these are the rules of the PUK, whose commands are with Puk and need its permission")

    def verify(self, pin: PinValue, *, allow_last_try: bool = False) -> None:
        """VERIFY. A PIN in transport state is never accepted: :class:`CardError` 6985."""
        block = self._block(pin)
        self._spend(lambda _: pins.verify(self.rules, block), allow_last_try)

    def change(self, old: PinValue, new: PinValue, *, allow_last_try: bool = False) -> None:
        """CHANGE REFERENCE DATA from ``old`` to ``new``; ``old`` is compared, and may be a transport PIN.

        :class:`PinFormatError`, and no try spent, where ``old`` cannot be right because its length is wrong.
        """
        blocks = self._block(old), self._block(new)
        self._spend(lambda stored: self._changing(stored, *blocks), allow_last_try)

    def has_keypad(self, what: What) -> bool:
        """Whether the reader has a keypad to "verify" or "change" this PIN at, and no secure session is open.

        That is as far as one knows without the card, to which no command goes.
        """
        return can_type(self.card, self.rules, what)

    def verify_at_keypad(self, *, allow_last_try: bool = False) -> None:
        """As :meth:`verify`, of a PIN that is typed at the reader; it may take until the reader's timeout.

        :class:`KeypadError`, and no try spent, where nothing was typed that could be sent; :class:`PolicyRefused` where
        there is no keypad, or none that this PIN can be typed at; :class:`ReaderRefused` where the reader will not.
        """
        self._type("verify", allow_last_try)

    def change_at_keypad(self, *, allow_last_try: bool = False) -> None:
        """As :meth:`change`, of PINs that are typed at the reader, the new one twice; errors as of the former.

        The new PIN is as long as the old one, unless the card fills both up to one size.
        """
        self._type("change", allow_last_try)

    def _type(self, what: What, allow_last_try: bool) -> None:
        """Read the counter, guard it, and have the reader ask and send, all in one transaction."""
        keypad = keypad_for(self.card, self.rules, what)
        with self.card.transaction():
            must_select = _granted(allow_last_try)
            stored = self.card.run(tries.state(self.card.profile, self.rules, must_select=must_select))
            self._guard(stored.tries_left, allow_last_try)
            type_at(keypad, what, self.card, self.rules, stored.length, self._unknown)

    def change_to(self, new: PinValue) -> None:
        """CHANGE REFERENCE DATA to ``new`` in the issuer's session; nothing is compared, the counter stays."""
        command = commands.change_to(self.rules.reference, self._block(new))
        self._require_reset("setting")
        with self.card.transaction():
            self._require_session("setting")
            self._run(pins.attempt(command, self.rules))

    def reset_to(self, new: PinValue) -> None:
        """RESET RETRY COUNTER to a new value (P1 = 02), allowed by the issuer's session or a verified PUK.

        By the issuer it becomes a transport PIN, which serves for one :meth:`change`; by the PUK it is in force.
        """
        command = commands.reset_retry_counter(self.rules.reference, new=self._block(new))
        self._require_reset("resetting")
        self._run(pins.attempt(command, self.rules))

    def reset_counter(self) -> None:
        """RESET RETRY COUNTER and keep the value (P1 = 03), allowed by the issuer's session or a verified PUK."""
        self._require_reset("resetting")
        self._run(pins.attempt(commands.reset_retry_counter(self.rules.reference), self.rules))

    def unblock(self, new: PinValue, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        """Put ``new`` in force inside the issuer's secure session: RESET, CHANGE, VERIFY, with a random PIN in between.

        No PUK is used and no try can be spent. Stopped anywhere, running it again finishes.
        """
        block = self._block(new)
        self._require_reset("unblocking")
        with self.card.transaction(), Secret(random_digits(self.rules.maximum, random)) as transport:
            self._require_session("unblocking")
            self._run(pins.unblock(self.rules, self._block(transport), block))

    def _require_reset(self, what: str) -> None:
        """Where no command is known that sets a PIN, none is tried."""
        if self.rules.reset == "none":
            raise PolicyRefused(
                f"no way of {what} the {self.rules.name} is known on this card ({self.card.profile.name}); "
                "nothing was sent"
            )

    def _require_session(self, what: str) -> None:
        """What only the issuer's session allows would show the new PIN in the clear, for nothing."""
        if self.card.session is None:
            raise PolicyRefused(f"{what} the {self.rules.name} needs the issuer's secure session; nothing was sent")


class Puk(_Reference):
    """The PUK. Three wrong ones destroy the card for good, so every call needs ``permit_puk=True``.

    The normal way out of a blocked PIN is the issuer's secure session: :meth:`Pin.unblock`.
    """

    def __init__(self, card: Card, rules: PinRules | None = None, pin_rules: PinRules | None = None) -> None:
        super().__init__(card, _profile(card).puk if rules is None else rules)
        self.pin_rules = card.profile.pin if pin_rules is None else pin_rules

    def verify(self, puk: PinValue, *, permit_puk: bool = False, allow_last_try: bool = False) -> None:
        """VERIFY of the PUK, after which the PIN may be reset without sending the PUK again."""
        block = self._block(puk)
        self._spend_puk(lambda _: pins.verify(self.rules, block), permit_puk, allow_last_try)

    def change(self, old: PinValue, new: PinValue, *, permit_puk: bool = False, allow_last_try: bool = False) -> None:
        """CHANGE REFERENCE DATA of the PUK itself."""
        blocks = self._block(old), self._block(new)
        self._spend_puk(lambda stored: self._changing(stored, *blocks), permit_puk, allow_last_try)

    def unblock(
        self, puk: PinValue, new_pin: PinValue, *, permit_puk: bool = False, allow_last_try: bool = False
    ) -> None:
        """RESET RETRY COUNTER with PUK and new PIN (P1 = 00)."""
        new = self._block(new_pin, self.pin_rules)
        self._reset(self._block(puk), new, permit_puk, allow_last_try)

    def reset_counter(self, puk: PinValue, *, permit_puk: bool = False, allow_last_try: bool = False) -> None:
        """RESET RETRY COUNTER with the PUK, the PIN keeping its value (P1 = 01)."""
        self._reset(self._block(puk), b"", permit_puk, allow_last_try)

    def _reset(self, puk: bytes, new: bytes, permit_puk: bool, allow_last_try: bool) -> None:
        command = commands.reset_retry_counter(self.pin_rules.reference, puk, new)
        self._spend_puk(lambda _: pins.attempt(command, self.rules), permit_puk, allow_last_try)

    def _spend_puk(
        self, compare: Callable[[PinObject], Conversation[None]], permit_puk: bool, allow_last_try: bool
    ) -> None:
        if not _granted(permit_puk):
            raise PolicyRefused(
                "a PUK command needs its own permission (permit_puk), since three wrong PUKs destroy the card; "
                "nothing was sent"
            )
        if self.rules.reset == "none" or self.pin_rules.reset == "none":
            # A guessed PUK command may be one that the card counts.
            raise PolicyRefused(
                f"no use of a {self.rules.name} is known on this card ({self.card.profile.name}); nothing was sent"
            )
        self._spend(compare, allow_last_try)


def random_digits(count: int, random: Callable[[int], bytes]) -> bytes:
    """``count`` ASCII digits, each equally likely, from a source of random bytes."""
    digits = b""
    for _ in range(_ROUNDS):
        # Bytes from 250 up would make the low digits likelier.
        digits += bytes(0x30 + byte % 10 for byte in checked_random(random, count) if byte < 250)
        if len(digits) >= count:
            return digits[:count]
    raise InvalidArgument("the source of random bytes gives none that could be digits")


def _granted(permission: bool) -> bool:
    """A permission is True itself: any text, "no" among them, would count as true."""
    if not isinstance(permission, bool):
        raise WrongType(f"a permission is True or False, not {type(permission).__name__}")
    return permission


def _profile(card: Card) -> CardProfile:
    if not isinstance(card, Card):
        raise WrongType(f"a PIN is on a Card, not on {type(card).__name__}")
    return card.profile
