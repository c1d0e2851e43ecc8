"""Alembic's way in: on the connection `upgrade` hands over, or on HUB_DATABASE_URL for Alembic's own command line."""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import Connection

from crm_core.migrations.tables import METADATA, is_table_of_ours
from crm_core.store.engine import make_engine


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        include_object=is_table_of_ours,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    with make_engine(os.environ["HUB_DATABASE_URL"]).begin() as own:
        _run(own)
