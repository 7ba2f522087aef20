"""What an unlock has come to, for whoever shows its progress."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum


class Step(Enum):
    """The steps, in their order."""

    CODE_ACCEPTED = "code accepted"
    CARD_FOUND = "card found"
    SECOND_FACTOR_SENT = "second factor sent"
    CONFIRMED = "confirmed"
    MEETING = "meeting the card"
    AUTHENTICATING = "authenticating"
    RESETTING = "resetting"
    CHANGING = "changing"
    CHECKING = "checking"
    DONE = "done"


Progress = Callable[[Step], None]
"""Called when a step is reached, or, from ``MEETING`` to ``CHECKING``, when it begins."""


def unseen(_: Step) -> None:
    """For whoever shows nothing."""
