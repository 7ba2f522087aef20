"""The tries left of a PIN or PUK, asked for in the way that the profile knows to cost nothing."""

from __future__ import annotations

from akis.codec.pin_flags import PinFlags
from akis.commands import objects
from akis.commands import pin as commands
from akis.commands.application import select_application
from akis.commands.objects import PinObject
from akis.conversation.base import Conversation
from akis.errors import CardError, CodecError
from akis.profile.model import CardProfile, PinRules

UNKNOWN = PinObject(None, None, None)


def state(profile: CardProfile, rules: PinRules, must_select: bool = False) -> Conversation[PinObject]:
    """What the card says for free; None for each number that it does not say.

    By the FCI the application is selected anew, so it is current afterwards, and what was verified in it may be gone.
    With ``must_select`` :class:`CardError` where the card refuses that: a PIN sent then would be compared with that of
    another DF.
    """
    if rules.tries_by == "get_data":
        return (yield from _by_get_data(rules))
    if rules.tries_by == "empty_verify":
        answer = yield commands.verify_empty(rules.reference)
        locked = commands.is_locked(answer.sw, rules.locked_sw)
        return PinObject(None, 0 if locked else answer.sw.tries_left, None)
    if rules.tries_by == "fci":
        found = yield from flags(profile, must_select)
        return UNKNOWN if found is None else PinObject(None, found.tries_left, None)
    return UNKNOWN


def flags(profile: CardProfile, must_select: bool = False) -> Conversation[PinFlags | None]:
    """SELECT of the application, and what its FCI says of the PIN; None where it does not say."""
    answer = yield select_application(profile)
    if must_select and answer.sw.nothing_done:
        raise CardError("SELECT of the application failed", answer.sw)
    try:
        return PinFlags.from_fci(answer.data) if answer.sw.ok else None
    except CodecError:
        return None


def _by_get_data(rules: PinRules) -> Conversation[PinObject]:
    answer = yield objects.get_pin_object(rules.object)
    if not answer.sw.ok:
        return UNKNOWN
    try:
        found = PinObject.from_bytes(answer.data, rules.object)
    except CodecError:
        return UNKNOWN
    if found.tries_left is None or found.max_tries is None or found.tries_left > found.max_tries:
        return UNKNOWN  # a number that contradicts itself is no number
    return found
