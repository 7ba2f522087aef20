"""What the generations of the card differ in, as a value: which instructions there are, and who answers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.emulator.current import Current
from akis.emulator.memory import Memory
from akis.emulator.personality import Personality
from akis.emulator.security import SecurityStatus

Handler = Callable[[CommandApdu], ResponseApdu]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a card is made of, for the commands of a dialect. ``random(n)`` gives n random bytes."""

    personality: Personality
    memory: Memory
    security: SecurityStatus
    current: Current
    random: Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Commands:
    """The commands of one card, by instruction code.

    ``handlers`` serve CLA 00, ``proprietary`` CLA 80. ``of_pins`` are the instructions that name a PIN or PUK, which
    are local to the application; ``when_dead`` those that a dead card still answers. ``max_data`` is the longest data
    field. ``reset`` ends what the commands themselves remember.
    """

    handlers: Mapping[int, Handler]
    of_pins: frozenset[int]
    when_dead: frozenset[int]
    reset: Callable[[], None]
    proprietary: Mapping[int, Handler]
    secure_messaging: bool
    max_data: int
