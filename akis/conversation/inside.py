"""A conversation inside a secure session: what it says goes out protected, what comes back is authenticated first."""

from __future__ import annotations

from typing import TypeVar

from akis.conversation.base import Conversation
from akis.sm.terminal import SecureSession

T = TypeVar("T")


def inside(session: SecureSession, conversation: Conversation[T]) -> Conversation[T]:
    """``conversation`` with each command protected by ``session``, and each answer authenticated before it counts.

    For whoever drives a card from afar; :class:`akis.card.Card` protects by itself. Its commands fit one protected
    command each. Whatever ends it, a driver that gives up included, ends the session too unless it came to its end.
    """
    try:
        command = next(conversation)
        while True:
            answer = yield session.protect(command)
            command = conversation.send(session.unprotect(answer))
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    except BaseException:
        session.close()
        raise
    finally:
        conversation.close()
