"""The phone; and of a drafted reply all that it is besides its text and files."""

from __future__ import annotations

from alembic import op

from crm_core.migrations.columns import opt_json

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("draft", opt_json("extras"))
