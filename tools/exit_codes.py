"""What the exit code of ``akis`` says; scripts depend on these numbers, so they never change their meaning."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from akis import errors


class Exit(IntEnum):
    """Exit codes; the last four are what a shell reports for a command ended by SIGHUP, SIGINT, SIGPIPE and SIGTERM."""

    DONE = 0
    UNEXPECTED = 1
    """Something else, such as a database that does not answer or a port that is taken."""
    USAGE = 2
    NO_CARD = 3
    """No reader, no card, no PC/SC service, or the way to the card broke."""
    CARD_REFUSED = 4
    """The card, or the reader's keypad in its place."""
    PIN_REFUSED = 5
    PIN_BLOCKED = 6
    PIN_OUTCOME_UNKNOWN = 7
    SECURE_MESSAGING_FAILED = 8
    POLICY_REFUSED = 9
    """Nothing was sent, for the card's sake."""
    DIFFERS = 10
    """A replay or an expectation differs."""
    AUTHORITY = 11
    """The issuer's authority refused or could not be reached."""
    HUNG_UP = 129
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    TERMINATED = 143


_BY_TYPE: Mapping[type[BaseException], Exit] = {
    errors.InvalidArgument: Exit.USAGE,
    errors.WrongType: Exit.USAGE,
    errors.ProfileError: Exit.USAGE,
    errors.TraceError: Exit.USAGE,
    errors.TransportError: Exit.NO_CARD,
    errors.CardError: Exit.CARD_REFUSED,
    errors.KeypadError: Exit.CARD_REFUSED,
    errors.PinRefused: Exit.PIN_REFUSED,
    errors.PinBlocked: Exit.PIN_BLOCKED,
    errors.PinOutcomeUnknown: Exit.PIN_OUTCOME_UNKNOWN,
    errors.SecureMessagingError: Exit.SECURE_MESSAGING_FAILED,
    errors.PolicyRefused: Exit.POLICY_REFUSED,
    errors.ReplayDiffers: Exit.DIFFERS,
    errors.AuthorityError: Exit.AUTHORITY,
    errors.AnswerDiffers: Exit.DIFFERS,
    KeyboardInterrupt: Exit.INTERRUPTED,
    BrokenPipeError: Exit.BROKEN_PIPE,
}


def exit_code(error: BaseException) -> int:
    """The exit code for ``error``: that of the nearest of its classes that has one, else :attr:`Exit.UNEXPECTED`."""
    return next((_BY_TYPE[kind] for kind in type(error).__mro__ if kind in _BY_TYPE), Exit.UNEXPECTED)
