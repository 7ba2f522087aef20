"""What goes into the slots of a redacted session: given values, or the published ones of an emulated card."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from akis.emulator import Personality
from akis.errors import AkisError, InvalidArgument
from akis.profile.model import CardProfile
from akis.secret import Secret
from akis.trace.redact import Mask

_MALFORMED = "malformed-"


class Values:
    """A value for every slot. ``given`` are PINs and PUKs as they are typed; an emulated card has its own.

    ``lengths`` are those that each slot has in the session (:class:`akis.regress.survey.Survey`).
    """

    def __init__(
        self,
        lengths: Mapping[str, set[int]],
        given: Mapping[str, Secret] | None = None,
        personality: Personality | None = None,
        profile: CardProfile | None = None,
    ) -> None:
        self._lengths = lengths
        self._given = dict(given or {})
        self._personality = personality
        self._profile = profile

    def check(self) -> None:
        """Raise :class:`InvalidArgument` for the first slot that nobody fills, before anything is sent."""
        for slot, lengths in self._lengths.items():
            for length in lengths:
                self.fill(Mask(0, length, slot))

    def fill(self, mask: Mask) -> bytes:
        """The bytes for one mask; :class:`InvalidArgument` where nobody knows them."""
        first, _, second = mask.slot.partition("+")
        if not second or mask.slot in self._given:
            return self._value(mask.slot, mask.length)
        size = self._length(first, second, mask.length)
        return self._value(first, size) + self._value(second, mask.length - size)

    def _length(self, first: str, second: str, both: int) -> int:
        """How long the first of two values in a row is, that are hidden as one."""
        for slot, of_whole in ((first, False), (second, True)):
            known = self._known(slot)
            if known and known < both:
                return both - known if of_whole else known
        raise InvalidArgument(
            f"nobody knows how long the values of slots {first} and {second} are; give --secret {first}"
        )

    def _known(self, slot: str) -> int:
        if slot in self._given:
            return len(self._given[slot])
        lengths = self._lengths.get(slot, set())
        if len(lengths) == 1:
            return next(iter(lengths))
        return 0 if self._personality is None else len(_own(self._personality, slot))

    def _value(self, slot: str, length: int) -> bytes:
        if slot in self._given:
            return self._block(slot, self._given[slot].reveal(), length)
        if self._personality is None:
            raise InvalidArgument(
                f"slot {slot} hides {length} bytes that nobody gave; nothing was sent, "
                f"--secret {slot}=env:NAME gives them"
            )
        own = _own(self._personality, slot)
        return own if len(own) == length else _made_up(slot, length, self._personality)

    def _block(self, slot: str, value: bytes, length: int) -> bytes:
        if len(value) != length and self._profile is not None:
            rules = self._profile.puk if "puk" in slot else self._profile.pin
            try:
                value = rules.block(value)
            except AkisError:
                value = b""
        if len(value) != length:
            raise InvalidArgument(
                f"the value given for slot {slot} does not make the {length} bytes that were recorded"
            )
        return value


def _own(personality: Personality, slot: str) -> bytes:
    return {"pin": personality.pin, "puk": personality.puk}.get(slot, "").encode("ascii")


def _made_up(slot: str, length: int, personality: Personality) -> bytes:
    """Digits for a value that only has to be the same each time, and not one of the card's own."""
    if slot.startswith(_MALFORMED):
        return b"?" * length
    stream = sha256(slot.encode()).digest() * (length // 32 + 1)
    digits = bytes(0x30 + byte % 10 for byte in stream[:length])
    if digits in (personality.pin.encode("ascii"), personality.puk.encode("ascii")):
        digits = bytes(0x30 + (digit - 0x2F) % 10 for digit in digits)
    return digits
