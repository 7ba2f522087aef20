"""The tables. Times are UTC; nothing here is a PIN, a code, an answer of a second factor, or a key."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, ForeignKey, LargeBinary, MetaData, String, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from akis.errors import InvalidArgument


class Moment(TypeDecorator[datetime]):
    """A moment with its time zone, UTC, on databases that keep none as well."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise InvalidArgument("a time is kept with its time zone only")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)  # type: ignore[no-any-return]


class Base(DeclarativeBase):
    """All tables. Their constraints have names, since a migration may have to name one."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ix": "ix_%(table_name)s_%(column_0_name)s",
        }
    )
    type_annotation_map: ClassVar = {datetime: Moment, dict[str, Any]: JSON, bytes: LargeBinary}


class Holder(Base):
    """A person who may hold cards; ``name`` is what they sign in with, ``full_name`` what they are called."""

    __tablename__ = "holders"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    full_name: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(32))
    second_factor: Mapped[str] = mapped_column(String(16))
    """``sms`` or ``password``."""
    password_hash: Mapped[str | None] = mapped_column(String(256))
    """argon2id, as one text with its parameters."""
    locked: Mapped[bool] = mapped_column(default=False)
    cards: Mapped[list[IssuedCard]] = relationship(back_populates="holder", order_by="IssuedCard.id")


class IssuedCard(Base):
    """A card that was given to a holder. Its keys are derived from a master key and its serial number when needed."""

    __tablename__ = "cards"

    id: Mapped[int] = mapped_column(primary_key=True)
    serial: Mapped[str] = mapped_column(String(24), unique=True)
    """12 bytes, upper case hex."""
    label: Mapped[str] = mapped_column(String(64))
    profile: Mapped[str] = mapped_column(String(32))
    """Name of a profile that comes with the library."""
    key_reference: Mapped[int]
    algorithm: Mapped[int]
    """Reference byte of the device authentication algorithm (:data:`akis.sm.mutual_auth.ALGORITHMS`)."""
    revoked: Mapped[bool] = mapped_column(default=False)
    holder_id: Mapped[int] = mapped_column(ForeignKey("holders.id"), index=True)
    holder: Mapped[Holder] = relationship(back_populates="cards")
    certificates: Mapped[list[IssuedCertificate]] = relationship(back_populates="card", order_by="IssuedCertificate.id")


class IssuedCertificate(Base):
    """A certificate on a card."""

    __tablename__ = "certificates"

    id: Mapped[int] = mapped_column(primary_key=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"), index=True)
    der: Mapped[bytes]
    fingerprint: Mapped[str] = mapped_column(String(64))
    """SHA-256 of ``der``, hex."""
    subject: Mapped[str] = mapped_column(String(400))
    """The common name, or what stands in its place."""
    not_before: Mapped[datetime]
    not_after: Mapped[datetime]
    card: Mapped[IssuedCard] = relationship(back_populates="certificates")


class SignIn(Base):
    """A holder's session at the portal; the token itself is nowhere but with its holder."""

    __tablename__ = "sign_ins"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    holder_id: Mapped[int] = mapped_column(ForeignKey("holders.id"), index=True)
    expires_at: Mapped[datetime]
    holder: Mapped[Holder] = relationship()


class Code(Base):
    """An unlock code, by its lookup; ``secret_mac`` is an HMAC of lookup and secret."""

    __tablename__ = "codes"

    lookup: Mapped[str] = mapped_column(String(6), primary_key=True)
    holder_id: Mapped[int] = mapped_column(ForeignKey("holders.id"), index=True)
    secret_mac: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    wrong: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    holder: Mapped[Holder] = relationship()


class Unlock(Base):
    """What one code opened: a card chosen, a second factor asked for and given, an exchange, an outcome."""

    __tablename__ = "unlocks"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    """Random hex; it is in logs and the audit trail, and opens nothing."""
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    holder_id: Mapped[int] = mapped_column(ForeignKey("holders.id"), index=True)
    card_id: Mapped[int | None] = mapped_column(ForeignKey("cards.id"), index=True)
    state: Mapped[str] = mapped_column(String(16))
    """``opened``, ``asked``, ``confirmed``, ``exchanging``, ``done`` or ``over``."""
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    answer_mac: Mapped[bytes | None]
    """HMAC of the SMS code that is due, and of this unlock's id."""
    answers_wrong: Mapped[int] = mapped_column(default=0)
    sms_sent: Mapped[int] = mapped_column(default=0)
    exchanges: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str | None] = mapped_column(String(32))
    """How the last exchange ended: ``done`` or the kind of its failure."""
    holds: Mapped[str | None] = mapped_column(String(16))
    """What the card holds then (:class:`akis.unlock.holds.Holds`), by the authority's knowledge."""
    reported: Mapped[str | None] = mapped_column(String(16))
    """The same by the client's word."""
    holder: Mapped[Holder] = relationship()
    card: Mapped[IssuedCard | None] = relationship()


class CardLease(Base):
    """One unlock a card at a time: who has it, and until when it is taken for alive without a sign of life."""

    __tablename__ = "card_leases"

    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"), primary_key=True)
    owner: Mapped[str] = mapped_column(String(32))
    """Random, one for each exchange."""
    expires_at: Mapped[datetime]


class Attempts(Base):
    """How often somebody failed in the window that began at ``since``; ``who`` is a kind and a name or address
    (:mod:`akis.authority.steps.attempts`)."""

    __tablename__ = "attempts"

    who: Mapped[str] = mapped_column(String(128), primary_key=True)
    since: Mapped[datetime]
    count: Mapped[int]


class AuditEntry(Base):
    """One line of the audit log; ``hash`` covers it and the hash of the line before."""

    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(128))
    """Name of the holder, ``operator``, or the address of somebody unknown."""
    card: Mapped[str | None] = mapped_column(String(24), index=True)
    """Serial number."""
    event: Mapped[str] = mapped_column(String(32))
    outcome: Mapped[str] = mapped_column(String(32))
    details: Mapped[dict[str, Any]]
    previous: Mapped[bytes]
    hash: Mapped[bytes]


class AuditHead(Base):
    """The last line of the audit log, one row, which is locked while the next line is written."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]
    hash: Mapped[bytes]


class Service(Base):
    """What the authority remembers of itself: one row, once a master key was used.

    See :mod:`akis.authority.keys.key_check`.
    """

    __tablename__ = "service"

    id: Mapped[int] = mapped_column(primary_key=True)
    key_check: Mapped[bytes]
    """An HMAC of a constant under a key that follows from the master key, of which it tells nothing."""
