"""All tables of the first version, the head of the audit log, and what keeps its lines as they are."""

from __future__ import annotations

from typing import NoReturn

import sqlalchemy as sa
from alembic import op

from akis.errors import InvalidArgument

revision = "0001"
down_revision = None

_ONLY_GROWS = "lines of the audit log are never changed or taken out"


def upgrade() -> None:
    _people()
    _unlocks()
    _counters()
    _audit()
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def downgrade() -> NoReturn:
    raise InvalidArgument("there is no way back to an earlier version of the tables; restore a backup")


def _people() -> None:
    op.create_table(
        "holders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("full_name", sa.String(200), nullable=False),
        sa.Column("phone", sa.String(32), nullable=True),
        sa.Column("second_factor", sa.String(16), nullable=False),
        sa.Column("password_hash", sa.String(256), nullable=True),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_holders"),
        sa.UniqueConstraint("name", name="uq_holders_name"),
    )
    op.create_table(
        "cards",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("serial", sa.String(24), nullable=False),
        sa.Column("label", sa.String(64), nullable=False),
        sa.Column("profile", sa.String(32), nullable=False),
        sa.Column("key_reference", sa.Integer(), nullable=False),
        sa.Column("algorithm", sa.Integer(), nullable=False),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cards"),
        sa.UniqueConstraint("serial", name="uq_cards_serial"),
        sa.ForeignKeyConstraint(["holder_id"], ["holders.id"], name="fk_cards_holder_id"),
    )
    op.create_table(
        "certificates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(400), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_certificates"),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name="fk_certificates_card_id"),
    )
    op.create_index("ix_cards_holder_id", "cards", ["holder_id"])
    op.create_index("ix_certificates_card_id", "certificates", ["card_id"])


def _unlocks() -> None:
    op.create_table(
        "sign_ins",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sign_ins"),
        sa.ForeignKeyConstraint(["holder_id"], ["holders.id"], name="fk_sign_ins_holder_id"),
    )
    op.create_table(
        "codes",
        sa.Column("lookup", sa.String(6), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.Column("secret_mac", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("lookup", name="pk_codes"),
        sa.ForeignKeyConstraint(["holder_id"], ["holders.id"], name="fk_codes_holder_id"),
    )
    op.create_table(
        "unlocks",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_mac", sa.LargeBinary(), nullable=True),
        sa.Column("answers_wrong", sa.Integer(), nullable=False),
        sa.Column("sms_sent", sa.Integer(), nullable=False),
        sa.Column("exchanges", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=True),
        sa.Column("holds", sa.String(16), nullable=True),
        sa.Column("reported", sa.String(16), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_unlocks"),
        sa.UniqueConstraint("token_hash", name="uq_unlocks_token_hash"),
        sa.ForeignKeyConstraint(["holder_id"], ["holders.id"], name="fk_unlocks_holder_id"),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name="fk_unlocks_card_id"),
    )
    op.create_index("ix_sign_ins_holder_id", "sign_ins", ["holder_id"])
    op.create_index("ix_codes_holder_id", "codes", ["holder_id"])
    op.create_index("ix_unlocks_holder_id", "unlocks", ["holder_id"])
    op.create_index("ix_unlocks_card_id", "unlocks", ["card_id"])


def _counters() -> None:
    op.create_table(
        "card_leases",
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("card_id", name="pk_card_leases"),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name="fk_card_leases_card_id"),
    )
    op.create_table(
        "attempts",
        sa.Column("who", sa.String(128), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("who", name="pk_attempts"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("card", sa.String(24), nullable=True),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
    )
    op.create_index("ix_audit_card", "audit", ["card"])
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.bulk_insert(head, [{"id": 1, "number": 0, "hash": bytes(32)}])


def _guard_sqlite() -> None:
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_no_{change.lower()} BEFORE {change} ON audit "
            f"BEGIN SELECT RAISE(ABORT, '{_ONLY_GROWS}'); END"
        )
    # INSERT OR REPLACE takes a line out without its being a DELETE.
    op.execute(
        "CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit "
        "WHEN EXISTS (SELECT 1 FROM audit WHERE number = NEW.number) "
        f"BEGIN SELECT RAISE(ABORT, '{_ONLY_GROWS}'); END"
    )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql "
        f"AS $$ BEGIN RAISE EXCEPTION '{_ONLY_GROWS}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows()"
    )
