"""Whom and what the issuer has barred: locked holders and revoked cards."""

from __future__ import annotations

from akis.authority.refused import Refused
from akis.authority.store.tables import Holder, IssuedCard
from akis.unlock.kinds import Kind


def check_not_locked(holder: Holder) -> None:
    """Refused: HOLDER_LOCKED."""
    if holder.locked:
        raise Refused(Kind.HOLDER_LOCKED, "this account is locked; turn to the issuer of the card")


def check_not_revoked(card: IssuedCard) -> None:
    """Refused: CARD_REVOKED."""
    if card.revoked:
        raise Refused(Kind.CARD_REVOKED, "this card was revoked and is not unlocked any more; turn to its issuer")
