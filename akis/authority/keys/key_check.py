"""Whether a master key is the one that a database was used with before.

With another one, every code that is out there is dead, a new one cancels the good one before it, and no card lets the
authority in; nobody would be told why.
"""

from __future__ import annotations

import hmac
from typing import cast

from sqlalchemy import Table, select

from akis.authority.keys.card_keys import service_secret
from akis.authority.keys.master import MasterKey
from akis.authority.store.store import Store
from akis.authority.store.tables import Service
from akis.authority.store.upsert import insert
from akis.errors import InvalidArgument

_SERVICE = cast(Table, Service.__table__)
_PURPOSE, _CONSTANT = "key check", b"the master key that this database is used with"


class OtherMasterKey(InvalidArgument):
    """The database was used with another master key."""


def check_key_fits(store: Store, master: MasterKey) -> None:
    """Let a new database remember the master key; :class:`OtherMasterKey` where it remembers another.

    The database has the tables of this version. What it keeps is a check value of 32 bytes, and no secret.
    """
    with service_secret(master, _PURPOSE) as secret:
        value = hmac.digest(secret.reveal(), _CONSTANT, "sha256")
    with store.read() as session:
        kept = session.scalar(select(_SERVICE.c.key_check))
    if kept is None:
        with store.begin() as session:
            session.execute(insert(session, _SERVICE).values(id=1, key_check=value).on_conflict_do_nothing())
            kept = session.scalar(select(_SERVICE.c.key_check))
    if kept is None or not hmac.compare_digest(kept, value):
        raise OtherMasterKey(
            "this database was used with another master key, so nothing was done; name the key that belongs to it, or"
            " the database that belongs to this key"
        )
