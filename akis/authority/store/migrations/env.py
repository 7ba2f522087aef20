"""What Alembic runs to migrate: the steps, in the transaction it was handed (:mod:`akis.authority.store.migrate`)."""

from __future__ import annotations

from alembic import context

from akis.authority.store.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
