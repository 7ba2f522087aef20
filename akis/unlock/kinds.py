"""Why an authority refuses, by constant names that go over the wire; a client says each in its user's language."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """The names, grouped by when they come."""

    # Any request.
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    NOT_SIGNED_IN = "not_signed_in"
    TOO_MANY = "too_many"
    """Too many attempts from this address, or at this name; ``retry_after`` says how long to wait."""
    NOT_READY = "not_ready"
    # The holder.
    SIGN_IN_REFUSED = "sign_in_refused"
    HOLDER_LOCKED = "holder_locked"
    # The code.
    CODE_WRONG = "code_wrong"
    CODE_EXPIRED = "code_expired"
    CODE_USED = "code_used"
    CODE_CANCELLED = "code_cancelled"
    """A newer code took its place, or five wrong secrets were tried at its lookup."""
    # The unlock that a code opened.
    UNLOCK_OVER = "unlock_over"
    """It expired, was done already, or never was."""
    CARD_NOT_YOURS = "card_not_yours"
    CARD_REVOKED = "card_revoked"
    WRONG_ORDER = "wrong_order"
    """A step was asked for before the one it needs."""
    SMS_NOT_SENT = "sms_not_sent"
    SECOND_FACTOR_WRONG = "second_factor_wrong"
    SECOND_FACTOR_SPENT = "second_factor_spent"
    # The exchange with the card.
    CARD_BUSY = "card_busy"
    """Another unlock of the same card is under way; ``retry_after``."""
    OTHER_CARD = "other_card"
    """The card at the client's end has another serial number."""
    CARD_NOT_AUTHENTIC = "card_not_authentic"
    """Device authentication or secure messaging failed: no genuine card of this number answered, or not unaltered."""
    CARD_REFUSED = "card_refused"
    """The card refused, by an authenticated status word or before the secure session began."""
    OUT_OF_ORDER = "out_of_order"
    """A message of the exchange was replayed, out of order, or not one at all."""
    CARD_GONE = "card_gone"
    """The client says that the card is no more in reach."""
    TIMED_OUT = "timed_out"
