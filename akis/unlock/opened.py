"""What an authority says of an unlock that a code has opened: its holder, the holder's cards, the second factor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from akis.secret import Secret


@dataclass(frozen=True, slots=True)
class CardCertificate:
    """One certificate on a card, as the authority has it on record; both times have a time zone."""

    subject: str
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class HolderCard:
    """A card of the holder: ``serial`` as the card itself says it, ``profile`` the name of what describes it."""

    serial: bytes
    label: str
    profile: str
    certificates: tuple[CardCertificate, ...] = ()


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """How the holder confirms: a code by SMS, ``to`` being the end of the phone number, or the web password."""

    kind: Literal["sms", "password"]
    to: str | None = None


@dataclass(frozen=True, slots=True)
class OpenedUnlock:
    """One unlock: ``token`` (ASCII) speaks for it until ``expires_in`` seconds have passed."""

    token: Secret
    expires_in: int
    holder: str
    """The holder's full name."""
    cards: tuple[HolderCard, ...]
    second_factor: SecondFactor
