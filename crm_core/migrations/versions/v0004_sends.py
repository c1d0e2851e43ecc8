"""Sends: when each was tried last, and how much has gone of one that stopped half way."""

from __future__ import annotations

from alembic import op

from crm_core.migrations.columns import count, opt_number

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delivery", opt_number("tried_at"))
    op.add_column("delivery", count("parts"))
