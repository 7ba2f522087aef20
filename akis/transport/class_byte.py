"""What the class byte of a command says, in its first and its further form (ISO/IEC 7816-4:2005 §5.1.1).

Proprietary classes are read as if they were built the same way, which the cards that use them do.
"""

from __future__ import annotations

TO_READER = 0xFF
"""No class of a card: what readers take as a command to themselves."""


def is_protected(cla: int) -> bool:
    """Whether it says secure messaging."""
    return bool(cla & (0x20 if cla & 0x40 else 0x0C))


def same_channel(cla: int) -> int:
    """The plain interindustry class for the same logical channel: no secure messaging, no chaining."""
    return 0x40 | cla & 0x0F if cla & 0x40 else cla & 0x03
