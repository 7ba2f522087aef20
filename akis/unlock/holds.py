"""What the PIN of a card is after an unlock that ended anywhere."""

from __future__ import annotations

from enum import StrEnum


class Holds(StrEnum):
    """The three states an unlock can leave a card in, and not knowing which. From each, running it again finishes."""

    AS_BEFORE = "as_before"
    """Nothing that changes the card was accepted: the PIN is as it was, or as unset or blocked as it was."""
    TRANSPORT_PIN = "transport_pin"
    """The issuer's random PIN, which serves for nothing but a change, and the counter full."""
    HOLDER_PIN = "holder_pin"
    """The new PIN of the holder."""
    UNKNOWN = "unknown"
    """A command that changes the card left, and its answer was lost."""
