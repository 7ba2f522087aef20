"""What somebody else's code raises on the way to a card, made fit to be shown.

A transport may be anybody's. The text of its errors may hold what it was given, a PIN among it, so only the kind of an
error goes further, and nothing that hangs on it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from akis.errors import AkisError, TransportError

T = TypeVar("T")


def foreign(error: Exception) -> TransportError:
    """The error to raise in the place of one that is not ours."""
    return TransportError(f"the way to the card failed with {type(error).__name__}")


def strip(error: BaseException) -> None:
    """Take from an error what it was raised from, and what was noted on it."""
    error.__cause__ = error.__context__ = None
    error.__dict__.pop("__notes__", None)


def ours_only(call: Callable[[], T]) -> T:
    """What ``call`` returns; it lets out no error but ours."""
    try:
        return call()
    except AkisError as error:
        strip(error)
        raise
    except Exception as error:
        failure = foreign(error)
    raise failure  # out here, where the other one is not its context
