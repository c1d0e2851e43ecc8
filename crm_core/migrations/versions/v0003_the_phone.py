"""The phone: calls, who took part, what was reported, who listened; work, queues and agents for calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm_core.migrations.columns import (
    count, index, json, key, number, opt_json, opt_number, opt_words, unique_index, words,
)

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _calls()
    op.add_column("draft", opt_json("extras"))
    op.add_column("reach", opt_number("said_at"))
    op.add_column("queue", opt_json("voice"))
    op.add_column("agent", opt_words("call_device"))
    op.add_column("agent", opt_words("call_number"))
    op.add_column("work", opt_number("call_id"))
    op.add_column("work", opt_words("purpose"))
    op.add_column("offer", opt_number("call_id"))
    op.add_column("offer", opt_words("purpose"))
    op.drop_index("uq_work_open_conversation", "work")
    unique_index("uq_work_open_conversation", "work", "conversation_id", where="state <> 'done' AND call_id IS NULL")
    unique_index("uq_work_open_call", "work", "call_id", "purpose", where="state <> 'done' AND call_id IS NOT NULL")


def _calls() -> None:
    op.create_table(
        "call",
        number("id"), number("ws"), number("conversation_id"), number("account_id"), words("channel"),
        opt_words("external_id"), words("direction"), words("state"), opt_words("outcome"), opt_number("contact_id"),
        number("identity_id"), opt_number("queue_id"), opt_number("agent_id"), words("who"), words("number"),
        words("line"), number("started_at"), opt_number("answered_at"), opt_number("ended_at"), count("ring"),
        count("wait"), count("talk"), count("hold"), count("wrap_up"), opt_words("disposition"),
        count("has_recording"), opt_number("deadline"), count("arranged"), json("body"), number("version"),
        sa.PrimaryKeyConstraint("id", name="pk_call"),
    )
    unique_index("uq_call_external", "call", "account_id", "external_id", where="external_id IS NOT NULL")
    index("ix_call_live", "call", "state", "id", where="state <> 'ended'")
    index("ix_call_deadline", "call", "deadline", where="deadline IS NOT NULL")
    index("ix_call_unarranged", "call", "id", where="arranged < version")
    index("ix_call_started", "call", "started_at", "id")
    index("ix_call_contact", "call", "contact_id", "id")
    index("ix_call_conversation", "call", "conversation_id", "id")
    op.create_table(
        "call_part",
        number("call_id"), number("agent_id"), number("ws"), number("since"), words("role"),
        sa.PrimaryKeyConstraint("call_id", "agent_id", name="pk_call_part"),
    )
    index("ix_call_part_agent", "call_part", "agent_id", "call_id")
    op.create_table(
        "call_signal",
        number("account_id"), key("key"), number("ws"), number("call_id"), number("at"), words("name"),
        opt_json("facts"), sa.PrimaryKeyConstraint("account_id", "key", name="pk_call_signal"),
    )
    index("ix_call_signal_call", "call_signal", "call_id", "at")
    op.create_table(
        "listening",
        number("id"), number("ws"), number("call_id"), number("agent_id"), words("mode"), number("at"),
        sa.PrimaryKeyConstraint("id", name="pk_listening"),
    )
    index("ix_listening_call", "listening", "call_id", "id")
    index("ix_listening_agent", "listening", "agent_id", "id")
