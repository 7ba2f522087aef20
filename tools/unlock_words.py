"""Every sentence about how an unlock goes and ends: its steps, what the card holds, why not, and what to do next."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from akis import errors
from akis.unlock.finish import VerifyContradicts
from akis.unlock.holds import Holds
from akis.unlock.kinds import Kind
from akis.unlock.new_pin import (
    KEYPAD_LINE,
    ONE_DIGIT,
    REPEATED_GROUP,
    RUN_DOWN,
    RUN_UP,
    SERIAL,
    ObviousPin,
    UnfitPin,
)
from akis.unlock.shown import shown
from akis.unlock.steps import Step

from .language import N_, _, ngettext
from .unlock_card_text import pin_size
from .unlock_sentences import translated

SUCCESS = N_("Your PIN was changed successfully.")

HOLDS: Mapping[Holds, str] = {
    Holds.AS_BEFORE: N_("Your card is as it was before."),
    Holds.TRANSPORT_PIN: N_(
        "Your card holds a random transport PIN now, which nobody needs to know; it waits for your new PIN."
    ),
    Holds.HOLDER_PIN: N_("Your card holds your new PIN."),
    Holds.UNKNOWN: N_(
        "It is not known which PIN your card holds now: the one from before, a random transport PIN, or your new one."
    ),
}

STEPS: Mapping[Step, str] = {
    Step.CODE_ACCEPTED: N_("The code was accepted"),
    Step.CARD_FOUND: N_("Your card was found"),
    Step.SECOND_FACTOR_SENT: N_("The authority has sent you a code by SMS"),
    Step.CONFIRMED: N_("You have confirmed that it is you"),
    Step.MEETING: N_("It is the right card"),
    Step.AUTHENTICATING: N_("Authority and card have proved to each other who they are"),
    Step.RESETTING: N_("The authority has reset the PIN"),
    Step.CHANGING: N_("Your new PIN was set"),
    Step.CHECKING: N_("Your new PIN was checked"),
    Step.DONE: SUCCESS,
}
"""What is said of a step that is done."""

BEGUN: Mapping[Step, str] = {
    Step.MEETING: N_("Seeing whether it is the right card"),
    Step.AUTHENTICATING: N_("Authority and card prove to each other who they are"),
    Step.RESETTING: N_("The authority resets the PIN"),
    Step.CHANGING: N_("Setting your new PIN"),
    Step.CHECKING: N_("Checking your new PIN"),
}
"""What is said of the steps that take a while, from when they begin."""

KINDS: Mapping[Kind, str] = {
    Kind.MALFORMED: N_("the authority does not understand this request; this program may be too old for it"),
    Kind.TOO_LARGE: N_("the authority finds this request too large"),
    Kind.NOT_SIGNED_IN: N_("you are not signed in at the portal, or no longer"),
    Kind.TOO_MANY: N_("there were too many attempts from here, so the authority takes none for a while"),
    Kind.NOT_READY: N_("the authority is not ready; it takes no requests for the moment"),
    Kind.SIGN_IN_REFUSED: N_("the portal does not know this name with this password"),
    Kind.HOLDER_LOCKED: N_("the issuer has locked your account"),
    Kind.CODE_WRONG: N_("the authority does not know this code"),
    Kind.CODE_EXPIRED: N_("this code has expired"),
    Kind.CODE_USED: N_("this code was used already"),
    Kind.CODE_CANCELLED: N_("this code counts no more: there is a newer one, or it was tried wrongly too often"),
    Kind.UNLOCK_OVER: N_("this unlock is over: its time has run out, or it was done already"),
    Kind.CARD_NOT_YOURS: N_("the authority does not have this card among yours"),
    Kind.CARD_REVOKED: N_("this card has been revoked"),
    Kind.WRONG_ORDER: N_("the authority expected another step; this program may be too old for it"),
    Kind.SMS_NOT_SENT: N_("the authority could not send the SMS"),
    Kind.SECOND_FACTOR_WRONG: N_("that was not right"),
    Kind.SECOND_FACTOR_SPENT: N_("that was not right, and it was the last try for this code"),
    Kind.CARD_BUSY: N_("another unlock of this card is under way"),
    Kind.OTHER_CARD: N_("the card in the reader is not the one that was chosen"),
    Kind.CARD_NOT_AUTHENTIC: N_("card and authority could not prove to each other who they are"),
    Kind.CARD_REFUSED: N_("the card refused"),
    Kind.OUT_OF_ORDER: N_("the conversation with the authority went out of step, so the authority ended it"),
    Kind.CARD_GONE: N_("the card was taken out of its reader, or lost its contact"),
    Kind.TIMED_OUT: N_("the card did not answer in time"),
}

_SPENT: Mapping[Literal["sms", "password"], str] = {
    "sms": N_("the code of the SMS was not right, and that was the last try"),
    "password": N_("the web password was not right, and that was the last try"),
}

OBVIOUS: Mapping[str, str] = {
    ONE_DIGIT: N_("this PIN is easy to guess, it is one digit all over; choose another"),
    REPEATED_GROUP: N_("this PIN is easy to guess, a group of digits is repeated; choose another"),
    RUN_UP: N_("this PIN is easy to guess, its digits count up; choose another"),
    RUN_DOWN: N_("this PIN is easy to guess, its digits count down; choose another"),
    KEYPAD_LINE: N_("this PIN is easy to guess, its digits stand in a line on the keypad; choose another"),
    SERIAL: N_("this PIN is easy to guess, it is a part of the card's serial number; choose another"),
}

_TYPES: Mapping[type[errors.AkisError], str] = {
    errors.NoService: N_("the smart card service of this computer (PC/SC) does not answer; see that it is running"),
    errors.NoReader: N_("there is no such card reader; plug it in"),
    errors.NoCard: N_("there is no card in the reader; insert it"),
    errors.CardMute: N_("the card does not answer; see that it is a smart card, clean and the right way up"),
    errors.CardRemoved: N_("the card was taken out of its reader, or lost its contact"),
    errors.CardReset: N_("another program has reset the card; end that one"),
    errors.SharingViolation: N_("another program has the card; end that one"),
    errors.TransportError: N_("the card or its reader gave no answer"),
    errors.CardError: N_("the card refused"),
    errors.SecureMessagingError: N_("the secure conversation with the card failed"),
    errors.PinRefused: N_("the card did not take the PIN"),
    errors.PinBlocked: N_("the PIN of the card is blocked"),
    errors.PinOutcomeUnknown: N_("the PIN was sent to the card, and its answer was lost; it was not sent again"),
    errors.PinFormatError: N_("this is no PIN for this card: it is too short, too long, or not of digits alone"),
    VerifyContradicts: N_("the card accepted the new PIN and then did not take it; have the card looked at"),
    errors.AuthorityUnreachable: N_("the authority could not be reached, or the connection to it broke"),
    errors.AuthorityError: N_("the authority did not answer as it should"),
}


class NoCardCame(errors.NoCard):
    """None of the holder's cards can be had; its text is in the language that is spoken already."""


IF_USED = N_("Run this again; should the code count as used by then, get a new one at the portal.")
_AGAIN = N_("Get a new code at the portal and run this again; nothing is lost.")
_NOTHING = N_("There is nothing more to do: sign with the new PIN.")
_ONCE_MORE = N_(
    "Try it once more with a new code. If the same happens again, ask your issuer: it may not be the card that was "
    "issued to you, or the issuer's keys do not fit it."
)
_LOOKED_AT = N_("Ask your issuer, and have the card looked at before you use it; a new code does not help here.")
_ISSUER = N_("Ask your issuer; a new code does not help here.")
_LATER = N_("Try again later.")
_NEXT: Mapping[Kind, str] = {
    Kind.HOLDER_LOCKED: _ISSUER,
    Kind.CARD_REVOKED: _ISSUER,
    Kind.CARD_NOT_YOURS: _ISSUER,
    Kind.NOT_READY: _LATER,
    Kind.SMS_NOT_SENT: _LATER,
    Kind.TOO_MANY: _LATER,
    Kind.CARD_NOT_AUTHENTIC: _ONCE_MORE,
    Kind.CARD_REFUSED: _ONCE_MORE,
}
_STATUS = re.compile(r"\(([69][0-9A-F]{3})\)")
"""Where a message of the authority has the card's status word."""


def why(error: errors.AkisError, factor: Literal["sms", "password"] | None = None) -> str:
    """What went wrong, a sentence without its capital and full stop, in the language that is spoken.

    ``factor`` is the kind of the second factor, where it is known, which a refusal does not name.
    """
    if isinstance(error, errors.AuthorityRefused):
        return _refused(error, factor)
    if isinstance(error, NoCardCame):
        return str(error)
    if isinstance(error, UnfitPin):
        return _("this is no PIN for this card, which takes {}").format(pin_size(error.rules))
    if isinstance(error, ObviousPin) and error.reason in OBVIOUS:
        return _(OBVIOUS[error.reason])
    known = translated(str(error))
    if known is not None:
        return known
    sentence = next((_TYPES[kind] for kind in type(error).__mro__ if kind in _TYPES), None)
    # In English the library says more than its kinds of errors do.
    return str(error) if sentence is None or _(sentence) == sentence else _(sentence)


def wrong_answer(factor: Literal["sms", "password"], left: int) -> str:
    """That an answer to the second factor was wrong, and how many may follow."""
    if factor == "sms":
        text = ngettext(
            "the code of the SMS was not right; {} try left", "the code of the SMS was not right; {} tries left", left
        )
    else:
        text = ngettext(
            "the web password was not right; {} try left", "the web password was not right; {} tries left", left
        )
    return text.format(left)


def _refused(error: errors.AuthorityRefused, factor: Literal["sms", "password"] | None) -> str:
    kind = kind_of(error)
    if kind is None:
        return _("the authority refused, and says: {}").format(error)
    if kind is Kind.SECOND_FACTOR_WRONG and factor and error.tries_left:
        return wrong_answer(factor, error.tries_left)
    if kind is Kind.SECOND_FACTOR_SPENT and factor:
        return _(_SPENT[factor])
    status = _STATUS.search(shown(str(error))) if kind is Kind.CARD_REFUSED else None
    return _("the card refused with {}").format(status[1]) if status else _(KINDS[kind])


def what_next(error: errors.AkisError | None, holds: Holds) -> str:
    """What the holder does now; ``error`` is None where Ctrl-C ended it."""
    if isinstance(error, VerifyContradicts):
        return _(_LOOKED_AT)
    if holds is Holds.HOLDER_PIN:
        return _(_NOTHING)
    if not isinstance(error, errors.AuthorityRefused):
        return _(_AGAIN)
    if error.retry_after:
        return _("Wait {} seconds, then get a new code at the portal and run this again.").format(error.retry_after)
    kind = kind_of(error)
    return _(_AGAIN if kind is None else _NEXT.get(kind, _AGAIN))


def kind_of(error: errors.AkisError | None) -> Kind | None:
    """Why the authority refused; None where it is something else, or a word of a newer authority."""
    known = isinstance(error, errors.AuthorityRefused) and error.kind in set(Kind)
    return Kind(error.kind) if known else None  # type: ignore[union-attr]
