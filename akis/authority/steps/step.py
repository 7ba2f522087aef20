"""One step of the service as one transaction, whose end is a line of the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from akis.authority import audit
from akis.authority.context import Authority
from akis.authority.refused import Refused


@dataclass
class Line:
    """The line that is to be written. A step says in it whom and what it has found out it is about.

    ``actor`` is the address until it is known who acts; ``card`` is a serial number in hex; ``outcome`` is that of a
    step that was not refused, None where it is known in a later transaction, which then writes the line. A step that
    found nothing it could be about, and that anybody can ask for again and again, says ``kept = False``: no line.
    """

    event: str
    actor: str
    card: str | None = None
    details: dict[str, str | int | bool | None] = field(default_factory=dict)
    outcome: str | None = "ok"
    kept: bool = True

    def write(self, authority: Authority, session: Session) -> None:
        """Write it in the transaction of ``session``, which should have nothing else to do after that."""
        if self.outcome is None or not self.kept:
            return
        audit.write(
            session,
            at=authority.now(),
            actor=self.actor,
            event=self.event,
            outcome=self.outcome,
            card=self.card,
            details=self.details,
        )


@contextmanager
def step(authority: Authority, event: str, address: str) -> Iterator[tuple[Session, Line]]:
    """A transaction and the line it ends with: its outcome is the line's, or the kind of what it was refused for.

    Whatever else goes wrong undoes both.
    """
    line = Line(event, address, details={"address": address})
    with authority.begin() as session:
        try:
            yield session, line
        except Refused as refused:
            line.outcome = refused.kind.value
            line.write(authority, session)
            raise
        line.write(authority, session)
