"""A request that the authority answers with no, as data."""

from __future__ import annotations

from akis.unlock.kinds import Kind


class Refused(Exception):
    """Why, for whom it may concern: ``kind`` for programs, ``message`` one plain sentence for people.

    A refusal is an outcome: what was counted and written down on the way to it is kept
    (:meth:`akis.authority.store.store.Store.begin`). It never crosses the border of the authority; over HTTP it is a
    problem document, in an exchange a message.
    """

    def __init__(
        self, kind: Kind, message: str, *, tries_left: int | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.tries_left = tries_left
        self.retry_after = retry_after
