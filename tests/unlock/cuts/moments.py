"""The steps of an unlock, in their order, and the two moments at which each can be cut."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from akis.unlock.holds import Holds


class At(Enum):
    """A step, by the name that the table of cuts gives it."""

    CODE = "redeeming the code"
    CHOICE = "choosing the card"
    ANSWER = "second factor"
    NUMBER = "client's GET DATA"
    OPENING = "opening the exchange"
    SELECT = "SELECT"
    SERIAL = "GET DATA"
    MSE = "MSE SET"
    CHALLENGE = "GET CHALLENGE"
    AUTHENTICATE = "MUTUAL AUTHENTICATE"
    RESET = "RESET"
    DONE = "done"
    SELECT_AGAIN = "client's SELECT"
    TRIES_1 = "tries left (1)"
    TRIES_2 = "tries left (2)"
    CHANGE = "CHANGE"
    TRIES_3 = "tries left (3)"
    TRIES_4 = "tries left (4)"
    VERIFY = "VERIFY"
    REPORT = "report"

    def __lt__(self, other: At) -> bool:
        return ORDER.index(self) < ORDER.index(other)


ORDER = list(At)
BY_CARD = {
    At.NUMBER: 0xCA,
    At.SELECT: 0xA4,
    At.SERIAL: 0xCA,
    At.MSE: 0x22,
    At.CHALLENGE: 0x84,
    At.AUTHENTICATE: 0x82,
    At.RESET: 0x2C,
    At.SELECT_AGAIN: 0xA4,
    At.TRIES_1: 0xCB,
    At.TRIES_2: 0xCB,
    At.CHANGE: 0x24,
    At.TRIES_3: 0xCB,
    At.TRIES_4: 0xCB,
    At.VERIFY: 0x20,
}
"""The steps that are commands to the card, in their order, with the instruction of each."""
COMMANDS = list(BY_CARD)
RELAYED = COMMANDS[1 : COMMANDS.index(At.RESET) + 1]
"""Those that the authority sends: number n of the exchange is ``RELAYED[n - 1]``."""
REQUESTS = (At.CODE, At.CHOICE, At.ANSWER, At.OPENING)

Moment = Literal["before", "after"]
"""``before``: what begins the step does not arrive. ``after``: it was done, and the answer does not come back."""
MOMENTS: tuple[Moment, Moment] = ("before", "after")


@dataclass(frozen=True)
class Cut:
    """One place to cut."""

    at: At
    moment: Moment

    @property
    def done(self) -> bool:
        return self.moment == "after"

    @property
    def leaves(self) -> Holds:
        """What a card holds on which everything up to here was done, and nothing after it."""
        if self.at < At.RESET or (self.at is At.RESET and not self.done):
            return Holds.AS_BEFORE
        if self.at < At.CHANGE or (self.at is At.CHANGE and not self.done):
            return Holds.TRANSPORT_PIN
        return Holds.HOLDER_PIN

    @property
    def seen_at_the_card(self) -> Holds:
        """What who gave the card its commands knows, where the one at this step has got no answer."""
        return Holds.UNKNOWN if self.at in (At.RESET, At.CHANGE) else self.leaves

    def __str__(self) -> str:
        return f"{self.moment} {self.at.value}"


def cuts(*steps: At) -> list[Cut]:
    """Both moments of each."""
    return [Cut(at, moment) for at in steps for moment in MOMENTS]
