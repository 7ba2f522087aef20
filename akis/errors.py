"""Everything that goes wrong in this library, as data.

Whatever a card, a file or a network sends, nothing but :class:`AkisError` comes out. Values of the wrong size or kind
raise :class:`InvalidArgument` or :class:`WrongType`, before anything is sent.
No error holds bytes of an APDU, a PIN or a key: an error may be printed, logged and pasted into a ticket.
"""

from __future__ import annotations

from typing import Any

from akis.status import StatusWord


class AkisError(Exception):
    """The root of all errors of this library; each can be copied and pickled, whatever it is made from."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[AkisError], args: tuple[Any, ...], fields: dict[str, Any]) -> AkisError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(fields)
    return error


class InvalidArgument(AkisError, ValueError):
    """The caller passed a value that no command may carry; nothing was sent."""


class WrongType(AkisError, TypeError):
    """The caller passed an object of the wrong kind; nothing was sent."""


class CodecError(AkisError, ValueError):
    """Bytes are not what their layout says; ``offset`` is where in them it shows, None when it is not one place."""

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message if offset is None else f"{message} (at byte {offset})")
        self.offset = offset


class ProfileError(AkisError):
    """A profile or personality file cannot be used; the message names the file and the field."""


class TraceError(AkisError, ValueError):
    """A trace or a foreign log cannot be read; ``line`` counts from 1, None when it is not one line.

    ``file`` names the file in which the line is.
    """

    def __init__(self, message: str, line: int | None = None, file: str = "") -> None:
        where = [file] if file else []
        where += [] if line is None else [f"line {line}"]
        super().__init__(f"{', '.join(where)}: {message}" if where else message)
        self.message = message
        self.line = line


class ReplayDiffers(AkisError):
    """What happens now is not what was recorded; the message names exchange and field, and shows no secret."""


class AnswerDiffers(AkisError):
    """The card answered with another status word than the one that was expected."""


class TransportError(AkisError):
    """The bytes did not make the way to the card and back."""


class NoService(TransportError):
    """The PC/SC service is not running, or does not let this user in."""


class ServiceForbidden(NoService):
    """The PC/SC service runs, and does not let this user in."""


class NoReader(TransportError):
    """There is no such card reader."""


class NoCard(TransportError):
    """There is no card in the reader."""


class CardMute(TransportError):
    """There is a card, but it does not answer: upside down, damaged, or not a smart card."""


class CardRemoved(TransportError):
    """The card was taken away, or its power was cut."""


class CardReset(TransportError):
    """The card was reset by somebody else: secure session and PIN state are gone."""


class SharingViolation(TransportError):
    """Another program holds the card."""


class ReaderRefused(TransportError):
    """The reader cannot do what it was asked to do itself; nothing reached the card."""


class CardError(AkisError):
    """The card understood and refused; ``sw`` is its status word."""

    def __init__(self, message: str, sw: int) -> None:
        self.sw = StatusWord(sw)
        super().__init__(f"{message}: {self.sw}, {self.sw.meaning()}")


class SecureMessagingError(AkisError):
    """Secure messaging failed and its session is over.

    ``reason`` is a short constant phrase. On the terminal's side ``sw`` is the status word that came in the clear,
    which nobody vouches for; on the card's side it is the one to answer, 6987 or 6988.
    """

    def __init__(self, reason: str, sw: int | None = None) -> None:
        self.reason = reason
        self.sw = None if sw is None else StatusWord(sw)
        super().__init__(f"secure messaging failed: {reason}" + ("" if self.sw is None else f" ({self.sw})"))


class PolicyRefused(AkisError):
    """This library refused to send a command, for the card's sake; nothing was sent."""


class PinFormatError(PolicyRefused, ValueError):
    """The PIN is not one the card's profile allows; nothing was sent."""


class PinRefused(AkisError):
    """The card compared the PIN or PUK and it was wrong; ``tries_left`` is None when the card did not say."""

    def __init__(self, name: str, tries_left: int | None) -> None:
        self.name = name
        self.tries_left = tries_left
        tries = "try" if tries_left == 1 else "tries"
        super().__init__(f"wrong {name}, {'an unknown number of' if tries_left is None else tries_left} {tries} left")


class PinBlocked(AkisError):
    """The counter of the PIN or PUK is at zero."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"the {name} is blocked")


class KeypadError(AkisError):
    """Nothing was typed at the reader's keypad that could be sent; no try was spent. ``sw`` is what the reader said."""

    def __init__(self, message: str, sw: int) -> None:
        self.sw = StatusWord(sw)
        super().__init__(f"{message} ({self.sw}); nothing was sent to the card, no try was spent")


class PinOutcomeUnknown(AkisError):
    """A PIN command went out and nobody can say what became of it. It is never sent again by itself.

    A try may have been spent, or a new PIN may be in force: read the counter before doing anything else.
    """

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        super().__init__(f"the command with the {name} was sent, its outcome is unknown: {why}; it was not sent again")


class AuthorityError(AkisError):
    """The issuer's authority could not be asked, or did not answer as it should."""


class AuthorityUnreachable(AuthorityError):
    """No connection to the authority, or it broke; the message says what to look at."""


class AuthorityRefused(AuthorityError):
    """The authority said no. ``kind`` is its constant name for why (:mod:`akis.unlock.kinds`).

    ``tries_left`` counts the answers a second factor may still have, ``retry_after`` the seconds after which the same
    may succeed; None where it says neither.
    """

    def __init__(self, kind: str, message: str, tries_left: int | None = None, retry_after: int | None = None) -> None:
        self.kind = kind
        self.tries_left = tries_left
        self.retry_after = retry_after
        super().__init__(message)
