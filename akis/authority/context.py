"""What every service of the authority works with: its database, its keys, its rules, the time and chance."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from akis.authority.keys.card_keys import service_secret
from akis.authority.keys.master import MasterKey
from akis.authority.rules import Rules
from akis.authority.sms import SmsSender
from akis.authority.spent import CRYPTOGRAPHY, STORAGE, Spent
from akis.authority.store.store import Store
from akis.secret import Secret


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Authority:
    """One authority. ``now()`` is a moment with a time zone, ``random(n)`` gives n random bytes."""

    store: Store
    master: MasterKey
    sms: SmsSender
    rules: Rules = field(default_factory=Rules)
    now: Callable[[], datetime] = _now
    random: Callable[[int], bytes] = secrets.token_bytes
    spent: Spent = field(default_factory=Spent)
    _secrets: dict[str, Secret] = field(default_factory=dict, init=False, repr=False, compare=False)

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """One transaction (:meth:`akis.authority.store.store.Store.begin`), its time counted as that of storage."""
        with self.spent.on(STORAGE), self.store.begin() as session:
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One transaction that only reads, and its time."""
        with self.spent.on(STORAGE), self.store.read() as session:
            yield session

    def mac(self, purpose: str, *parts: bytes) -> bytes:
        """HMAC-SHA256 of ``parts`` under the secret for ``purpose``: 32 bytes.

        Parts are told apart: no two different rows of parts have the same bytes under the HMAC.
        """
        with self.spent.on(CRYPTOGRAPHY):
            if purpose not in self._secrets:
                self._secrets[purpose] = service_secret(self.master, purpose)
            message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
            return hmac.digest(self._secrets[purpose].reveal(), message, "sha256")
