"""What the authority remembers of itself: by which master key it works, without any of the key."""

from __future__ import annotations

from typing import NoReturn

import sqlalchemy as sa
from alembic import op

from akis.errors import InvalidArgument

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "service",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key_check", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_service"),
    )


def downgrade() -> NoReturn:
    raise InvalidArgument("there is no way back to an earlier version of the tables; restore a backup")
