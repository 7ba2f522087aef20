"""How long, how often, how many: the figures by which the authority lets people in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """Times in seconds, the rest are counts."""

    sign_in_lasts: int = 1800
    sign_ins_wrong: int = 10
    """Wrong passwords for one name, and in another count from one address, in a window."""
    code_lasts: int = 300
    code_wrong: int = 5
    """Wrong secrets that cancel the code behind a lookup."""
    lookups_unknown: int = 20
    """Codes from one address that nobody has, in a window."""
    window: int = 600
    """How long failed attempts count."""
    unlock_lasts: int = 900
    answers: int = 3
    """Answers of the second factor, the right one included."""
    sms_sent: int = 3
    """SMS codes sent for one unlock."""
    sms_to_one: int = 12
    """SMS codes sent to one holder, over all unlocks, in a window."""
    exchanges: int = 5
    """Exchanges with the card that one unlock may begin, of which one may end well."""
    answer_wait: float = 20.0
    """How long the exchange waits for the card's answer to one command."""
    report_wait: float = 60.0
    """How long the exchange stays open for the client's word on how it ended."""
    lease: int = 30
    """How long a card is taken for being unlocked without a sign of life; longer than ``answer_wait``."""
