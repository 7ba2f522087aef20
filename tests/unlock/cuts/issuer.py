"""The authority's side, from inside: codes for the holders, and what it has written down of their unlocks."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from akis.authority import audit
from akis.authority.context import Authority
from akis.authority.demo.data import MASTER_KEY, DemoCard
from akis.authority.keys.file import FileMasterKey
from akis.authority.rules import Rules
from akis.authority.steps.codes import new_code
from akis.authority.store.migrate import migrate
from akis.authority.store.store import Store
from akis.authority.store.tables import Holder, Unlock
from akis.secret import Secret
from akis.unlock.code import UnlockCode
from akis.unlock.holds import Holds
from tests.akis.authority.http.served import people
from tests.akis.authority.world import Gateway

RULES = Rules(answer_wait=0.9, report_wait=0.9, lease=1)
"""Short enough to be waited for; the lease is as short as one can be."""


class Issuer:
    """An authority with the holders of the demonstration, on a database of its own in ``folder``."""

    def __init__(self, folder: Path, rules: Rules = RULES) -> None:
        self.database = f"sqlite:///{folder / 'authority.db'}"
        store = Store(self.database)
        migrate(store)
        people(store)
        self.authority = Authority(store, FileMasterKey(Secret(MASTER_KEY)), Gateway(), rules)

    def close(self) -> None:
        self.authority.store.close()

    def code(self, which: DemoCard) -> UnlockCode:
        """A new code for the holder of this card."""
        with self.authority.read() as session:
            holder = session.scalars(select(Holder.id).where(Holder.name == which.holder.name)).one()
        return new_code(self.authority, holder, "192.0.2.7")[0]

    def unlocks(self) -> dict[str, Unlock]:
        with self.authority.read() as session:
            return {unlock.id: unlock for unlock in session.scalars(select(Unlock))}

    def check_audit(self) -> None:
        """Raise where the audit log is not whole."""
        with self.authority.read() as session:
            audit.verify(session)


def contradicts(unlock: Unlock | None, truth: Holds) -> bool:
    """Whether what was noted of an unlock at its end, if anything, cannot be of a card that holds this."""
    if unlock is None or unlock.holds is None:
        return False
    possible = {
        Holds.AS_BEFORE: {Holds.AS_BEFORE},
        Holds.TRANSPORT_PIN: {Holds.TRANSPORT_PIN, Holds.HOLDER_PIN},  # what came after it, the client alone knows
        Holds.UNKNOWN: set(Holds),
    }
    told = None if unlock.reported is None else Holds(unlock.reported)
    return truth not in possible[Holds(unlock.holds)] or told not in (None, Holds.UNKNOWN, truth)
