"""Every written channel: how people are reached, originals, receipts, evidence, merges, and leads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm_core.migrations.columns import (
    count, flag, index, json, key, number, opt_json, opt_number, opt_words, words,
)

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", opt_json("manner"))
    op.add_column("conversation", opt_number("case_id"))
    op.add_column("entry", opt_json("details"))
    op.add_column("delivery", opt_number("send_at"))
    op.add_column("delivery", opt_number("owed_at"))
    op.add_column("delivery", count("doubts"))
    op.drop_index("ix_delivery_owed", "delivery")
    index("ix_delivery_owed", "delivery", "account_id", "not_before", "id", where="state = 'owed'")
    _channels()
    _contacts()
    _cases()
    _case_history()


def _channels() -> None:
    op.create_table(
        "unread",
        number("id"), number("ws"), number("account_id"), words("key"), number("file_id"), json("facts"),
        words("state"), count("attempts"), number("not_before"), words("problem"), number("received_at"),
        sa.PrimaryKeyConstraint("id", name="pk_unread"),
        sa.UniqueConstraint("account_id", "key", name="uq_unread_account_id_key"),
    )
    index("ix_unread_waiting", "unread", "account_id", "id", where="state = 'waiting'")
    op.create_table(
        "participant",
        number("conversation_id"), number("identity_id"), number("ws"), number("since"),
        sa.PrimaryKeyConstraint("conversation_id", "identity_id", name="pk_participant"),
    )
    index("ix_participant_identity_id", "participant", "identity_id")
    op.create_table(
        "sent_part",
        number("account_id"), key("external_id"), number("ws"), number("entry_id"),
        sa.PrimaryKeyConstraint("account_id", "external_id", name="pk_sent_part"),
    )
    index("ix_sent_part_entry_id", "sent_part", "entry_id")
    op.create_table(
        "receipt",
        number("id"), number("ws"), number("account_id"), words("external_id"), opt_number("delivery_id"),
        words("status"), opt_words("reason"), number("at"), sa.PrimaryKeyConstraint("id", name="pk_receipt"),
    )
    index("ix_receipt_account_id_external_id", "receipt", "account_id", "external_id")
    op.create_table(
        "counter",
        number("ws"), key("name"), number("value"), sa.PrimaryKeyConstraint("ws", "name", name="pk_counter"),
    )


def _contacts() -> None:
    op.create_table(
        "reach",
        number("identity_id"), number("account_id"), number("ws"), words("thread"), opt_number("heard_at"),
        words("state"), words("reason"), opt_number("answered_at"),
        sa.PrimaryKeyConstraint("identity_id", "account_id", name="pk_reach"),
    )
    op.create_table(
        "evidence",
        number("id"), number("ws"), number("identity_id"), words("scheme"), words("scope"), words("value"),
        flag("is_strong"), words("source"), number("at"), sa.PrimaryKeyConstraint("id", name="pk_evidence"),
        sa.UniqueConstraint(
            "identity_id", "scheme", "scope", "value", name="uq_evidence_identity_id_scheme_scope_value"
        ),
    )
    index("ix_evidence_value_scheme", "evidence", "value", "scheme")
    op.create_table(
        "contact_merge",
        number("id"), number("ws"), number("survivor_id"), number("absorbed_id"), opt_number("agent_id"),
        number("at"), json("before"), opt_number("undone_at"), opt_number("undone_by"),
        sa.PrimaryKeyConstraint("id", name="pk_contact_merge"),
    )
    index("ix_contact_merge_survivor_id", "contact_merge", "survivor_id")
    index("ix_contact_merge_absorbed_id", "contact_merge", "absorbed_id")
    op.create_table(
        "dismissal",
        number("subject_id"), number("contact_id"), number("ws"), opt_number("agent_id"), number("at"),
        sa.PrimaryKeyConstraint("subject_id", "contact_id", name="pk_dismissal"),
    )


def _cases() -> None:
    op.create_table(
        "pipeline",
        number("id"), number("ws"), words("kind"), words("name"), words("currency"), flag("is_default"),
        opt_number("archived_at"), number("version"), sa.PrimaryKeyConstraint("id", name="pk_pipeline"),
    )
    op.create_table(
        "stage",
        number("id"), number("ws"), number("pipeline_id"), count("position"), words("name"), words("category"),
        words("key"), opt_number("probability"), opt_number("max_age"), opt_json("required"), words("colour"),
        opt_number("archived_at"), sa.PrimaryKeyConstraint("id", name="pk_stage"),
    )
    index("ix_stage_pipeline_id_position", "stage", "pipeline_id", "position")
    op.create_table(
        "crm_case",
        number("id"), number("ws"), number("number"), words("kind"), words("title"), number("pipeline_id"),
        number("stage_id"), words("category"), number("stage_since"), opt_number("contact_id"),
        opt_number("company_id"), opt_number("identity_id"), opt_number("conversation_id"), words("who"),
        opt_number("owner_id"), opt_number("queue_id"), words("source"), opt_number("account_id"),
        words("first_words"), opt_json("campaign"), opt_number("amount"), words("currency"), opt_words("close_on"),
        words("reason"), flag("is_spam"), opt_number("origin_id"), opt_number("nurture_until"), opt_json("undo"),
        json("tags"), json("fields"), number("created_at"), opt_number("closed_at"), number("version"),
        sa.PrimaryKeyConstraint("id", name="pk_crm_case"),
        sa.UniqueConstraint("ws", "number", name="uq_crm_case_ws_number"),
    )
    index("ix_crm_case_kind_category_id", "crm_case", "kind", "category", "id")
    index("ix_crm_case_contact_id", "crm_case", "contact_id")
    index("ix_crm_case_identity_id", "crm_case", "identity_id")


def _case_history() -> None:
    op.create_table(
        "case_contact",
        number("case_id"), number("contact_id"), key("role"), number("ws"),
        sa.PrimaryKeyConstraint("case_id", "contact_id", "role", name="pk_case_contact"),
    )
    index("ix_case_contact_contact_id", "case_contact", "contact_id")
    op.create_table(
        "case_step",
        number("id"), number("ws"), number("case_id"), opt_number("from_stage_id"), number("to_stage_id"),
        opt_number("agent_id"), words("decision"), number("at"), sa.PrimaryKeyConstraint("id", name="pk_case_step"),
    )
    index("ix_case_step_case_id_id", "case_step", "case_id", "id")
    op.create_table(
        "case_reason",
        number("id"), number("ws"), words("name"), count("position"), opt_number("deleted_at"), number("version"),
        sa.PrimaryKeyConstraint("id", name="pk_case_reason"),
    )
