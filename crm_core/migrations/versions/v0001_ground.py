"""The ground: every table of the first version, the workspace's journal and the full-text structures."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

from crm_core.migrations.columns import (
    count, flag, index, json, key, number, opt_number, opt_words, unique_index, words,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WORKSPACE = 1


def upgrade() -> None:
    _staff()
    _accounts()
    _contacts()
    _conversations()
    _entries()
    _work()
    _store()
    _search()
    # Random, so that a console with positions of another database starts afresh.
    head = sa.table("journal_head", sa.column("ws"), sa.column("position"), sa.column("epoch"))
    op.execute(sa.insert(head).values(ws=WORKSPACE, position=0, epoch=secrets.token_hex(8)))


# --- tables -----------------------------------------------------------------------------------------


def _staff() -> None:
    op.create_table(
        "agent",
        number("id"), number("ws"), words("name"), words("email"), words("role"), opt_words("password_hash"),
        words("language"), json("skills"), number("units"), opt_number("disabled_at"), number("created_at"),
        number("version"), words("activity"), words("activity_reason"), number("activity_since"),
        number("idle_since"), opt_number("wrap_up_until"), count("misses"), flag("missed_offer"),
        sa.PrimaryKeyConstraint("id", name="pk_agent"),
        sa.UniqueConstraint("ws", "email", name="uq_agent_ws_email"),
    )
    op.create_table(
        "queue_member",
        number("agent_id"), number("queue_id"), number("ws"),
        sa.PrimaryKeyConstraint("agent_id", "queue_id", name="pk_queue_member"),
    )
    index("ix_queue_member_queue_id", "queue_member", "queue_id")
    op.create_table(
        "activity_span",
        number("id"), number("ws"), number("agent_id"), words("activity"), words("reason"), number("since"),
        opt_number("until"), words("caused_by"), sa.PrimaryKeyConstraint("id", name="pk_activity_span"),
    )
    index("ix_activity_span_agent_id_since", "activity_span", "agent_id", "since")
    unique_index("uq_activity_span_open", "activity_span", "agent_id", where="until IS NULL")
    op.create_table(
        "session",
        number("id"), number("ws"), number("agent_id"), words("kind"), words("label"), words("secret_hash"),
        number("created_at"), opt_number("expires_at"), opt_number("last_seen_at"), opt_number("used_at"),
        opt_number("revoked_at"), sa.PrimaryKeyConstraint("id", name="pk_session"),
        sa.UniqueConstraint("secret_hash", name="uq_session_secret_hash"),
    )
    index("ix_session_agent_id", "session", "agent_id")


def _accounts() -> None:
    op.create_table(
        "account",
        number("id"), number("ws"), words("kind"), words("name"), words("public_key"), json("settings"),
        opt_words("sealed"), opt_number("queue_id"), words("state"), words("problem"), number("created_at"),
        opt_number("disabled_at"), number("version"), sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("public_key", name="uq_account_public_key"),
    )
    op.create_table(
        "cursor",
        number("account_id"), key("name"), number("ws"), words("value"),
        sa.PrimaryKeyConstraint("account_id", "name", name="pk_cursor"),
    )


def _contacts() -> None:
    op.create_table(
        "contact",
        number("id"), number("ws"), words("kind"), words("name"), words("sort_name"), words("company"),
        words("title"), words("language"), words("timezone"), opt_number("owner_id"), words("note"), json("tags"),
        json("fields"), opt_number("root_id"), opt_number("merged_at"), number("created_at"),
        opt_number("archived_at"), number("version"), sa.PrimaryKeyConstraint("id", name="pk_contact"),
    )
    index("ix_contact_root_id", "contact", "root_id")
    index("ix_contact_ws_sort_name_id", "contact", "ws", "sort_name", "id")
    op.create_table(
        "contact_link",
        number("id"), number("ws"), number("person_id"), number("company_id"), words("kind"), words("title"),
        opt_number("since"), opt_number("until"), sa.PrimaryKeyConstraint("id", name="pk_contact_link"),
    )
    index("ix_contact_link_company_id", "contact_link", "company_id")
    index("ix_contact_link_person_id", "contact_link", "person_id")
    op.create_table(
        "identity",
        number("id"), number("ws"), words("scheme"), words("scope"), words("value"), words("name"), words("label"),
        opt_number("contact_id"), flag("is_primary"), flag("is_shared"), opt_number("verified_at"),
        words("verified_by"), words("state"), json("facts"), number("first_seen"), opt_number("last_seen"),
        sa.PrimaryKeyConstraint("id", name="pk_identity"),
        sa.UniqueConstraint("value", "scheme", "scope", "ws", name="uq_identity_value_scheme_scope_ws"),
    )
    index("ix_identity_contact_id", "identity", "contact_id")
    op.create_table(
        "visitor",
        number("id"), number("ws"), number("account_id"), number("identity_id"), words("token_hash"),
        number("created_at"), number("last_seen_at"), opt_number("ended_at"),
        sa.PrimaryKeyConstraint("id", name="pk_visitor"),
        sa.UniqueConstraint("token_hash", name="uq_visitor_token_hash"),
    )
    index("ix_visitor_identity_id", "visitor", "identity_id")


def _conversations() -> None:
    op.create_table(
        "conversation",
        number("id"), number("ws"), words("status"), words("who"), words("channel"), number("account_id"),
        number("identity_id"), opt_number("contact_id"), words("thread"), opt_number("queue_id"),
        opt_number("assignee_id"), opt_number("last_assignee_id"), opt_words("work_state"), words("subject"),
        words("preview"), words("preview_author"), count("priority"), json("tags"), number("opened_at"),
        number("last_activity_at"), count("last_entry_id"), count("last_inbound_id"), opt_number("waiting_since"),
        opt_number("first_reply_at"), opt_number("snoozed_until"), opt_number("closed_at"),
        opt_words("disposition"), count("contact_read_id"), count("agent_read_id"), count("entry_count"),
        number("version"), sa.PrimaryKeyConstraint("id", name="pk_conversation"),
    )
    index("ix_conversation_activity", "conversation", "last_activity_at", "id")
    index("ix_conversation_contact", "conversation", "contact_id", "id")
    index("ix_conversation_identity", "conversation", "identity_id", "id")
    index(
        "ix_conversation_inbox_assignee", "conversation", "assignee_id", "last_activity_at", "id",
        where="status <> 'closed'",
    )
    index(
        "ix_conversation_inbox_queue", "conversation", "queue_id", "last_activity_at", "id",
        where="status <> 'closed'",
    )
    index("ix_conversation_snoozed", "conversation", "snoozed_until", where="status = 'snoozed'")
    unique_index("uq_conversation_open_identity", "conversation", "ws", "identity_id", where="status <> 'closed'")


def _entries() -> None:
    op.create_table(
        "entry",
        number("id"), number("ws"), number("conversation_id"), words("kind"), words("direction"),
        words("author_kind"), opt_number("author_id"), words("author_name"), opt_number("account_id"),
        words("channel"), opt_number("identity_id"), number("at"), opt_number("sent_at"), words("text"),
        json("files"), json("notice"), opt_words("external_id"), opt_words("client_key"), opt_words("digest"),
        opt_words("delivery"), opt_words("delivery_reason"), number("version"),
        sa.PrimaryKeyConstraint("id", name="pk_entry"),
        sa.UniqueConstraint("account_id", "external_id", name="uq_entry_account_id_external_id"),
        sa.UniqueConstraint("conversation_id", "author_id", "client_key", name="uq_entry_conversation_id_author_id_client_key"),
    )
    index("ix_entry_timeline", "entry", "conversation_id", "id")
    op.create_table(
        "draft",
        number("agent_id"), number("conversation_id"), key("kind"), number("ws"), words("text"), json("files"),
        number("updated_at"), sa.PrimaryKeyConstraint("agent_id", "conversation_id", "kind", name="pk_draft"),
    )
    op.create_table(
        "mention",
        number("agent_id"), number("entry_id"), number("ws"), number("conversation_id"),
        sa.PrimaryKeyConstraint("agent_id", "entry_id", name="pk_mention"),
    )
    index("ix_mention_agent_id_conversation_id", "mention", "agent_id", "conversation_id")
    op.create_table(
        "canned",
        number("id"), number("ws"), words("shortcut"), words("title"), words("text"), words("language"),
        opt_number("deleted_at"), number("version"), sa.PrimaryKeyConstraint("id", name="pk_canned"),
    )
    op.create_table(
        "disposition",
        number("id"), number("ws"), words("name"), count("position"), opt_number("deleted_at"), number("version"),
        sa.PrimaryKeyConstraint("id", name="pk_disposition"),
    )
    op.create_table(
        "file",
        number("id"), number("ws"), words("name"), words("type"), number("size"), opt_number("width"),
        opt_number("height"), words("sha256"), words("stored_as"), words("uploader_kind"), number("uploader_id"),
        opt_number("conversation_id"), opt_number("entry_id"), number("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_file"),
    )
    index("ix_file_entry_id", "file", "entry_id")
    index("ix_file_uploader_kind_uploader_id", "file", "uploader_kind", "uploader_id")


def _work() -> None:
    op.create_table(
        "queue",
        number("id"), number("ws"), words("name"), words("strategy"), number("chat_offer_seconds"),
        number("mail_offer_seconds"), number("sticky_seconds"), number("cooldown_seconds"), json("skills"),
        opt_number("archived_at"), number("version"), sa.PrimaryKeyConstraint("id", name="pk_queue"),
    )
    op.create_table(
        "work",
        number("id"), number("ws"), number("conversation_id"), number("queue_id"), words("medium"), words("state"),
        opt_number("agent_id"), count("priority"), json("skills"), number("enqueued_at"), number("virtual_start"),
        opt_number("preferred_agent_id"), opt_number("preferred_until"), opt_number("done_at"), json("trace"),
        number("version"), sa.PrimaryKeyConstraint("id", name="pk_work"),
    )
    index("ix_work_agent", "work", "agent_id", where="state <> 'done'")
    index("ix_work_open", "work", "queue_id", "state", "virtual_start", where="state <> 'done'")
    unique_index("uq_work_open_conversation", "work", "conversation_id", where="state <> 'done'")
    op.create_table(
        "offer",
        number("id"), number("ws"), number("work_id"), number("conversation_id"), number("queue_id"),
        number("agent_id"), words("medium"), words("state"), number("made_at"), number("expires_at"),
        opt_number("ended_at"), words("reason"), number("version"), sa.PrimaryKeyConstraint("id", name="pk_offer"),
    )
    index("ix_offer_agent", "offer", "agent_id", "made_at")
    index("ix_offer_pending", "offer", "expires_at", where="state = 'pending'")
    index("ix_offer_work", "offer", "work_id", "id")
    unique_index("uq_offer_pending_work", "offer", "work_id", where="state = 'pending'")


def _store() -> None:
    op.create_table(
        "journal",
        number("position"), number("ws"), number("at"), words("type"), words("payload"),
        sa.PrimaryKeyConstraint("position", name="pk_journal"),
    )
    index("ix_journal_at", "journal", "at")
    op.create_table(
        "journal_head",
        number("ws"), number("position"), words("epoch"), sa.PrimaryKeyConstraint("ws", name="pk_journal_head"),
    )
    op.create_table(
        "delivery",
        number("id"), number("ws"), number("account_id"), number("conversation_id"), number("entry_id"),
        words("state"), count("attempts"), number("not_before"), opt_number("lease_until"),
        opt_words("lease_token"), opt_words("external_id"), opt_words("error"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.UniqueConstraint("entry_id", name="uq_delivery_entry_id"),
    )
    index("ix_delivery_conversation", "delivery", "conversation_id", "state", "id")
    index("ix_delivery_external", "delivery", "account_id", "external_id")
    index("ix_delivery_owed", "delivery", "not_before", "id", where="state = 'owed'")
    index("ix_delivery_sending", "delivery", "lease_until", where="state = 'sending'")
    op.create_table(
        "job",
        number("id"), number("ws"), words("kind"), words("key"), json("payload"), words("state"), number("due_at"),
        count("attempts"), opt_number("lease_until"), opt_words("lease_token"), opt_words("error"),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
        sa.UniqueConstraint("ws", "kind", "key", name="uq_job_ws_kind_key"),
    )
    index("ix_job_due", "job", "due_at", where="state IN ('waiting', 'running')")
    op.create_table(
        "kept_answer",
        number("agent_id"), key("key"), number("ws"), words("request_hash"), number("status"), words("body"),
        number("at"), sa.PrimaryKeyConstraint("agent_id", "key", name="pk_kept_answer"),
    )
    index("ix_kept_answer_at", "kept_answer", "at")


# --- full text --------------------------------------------------------------------------------------


def _search() -> None:
    # Words come folded and split by crm_core.search.terms, so both databases only compare tokens.
    if op.get_bind().dialect.name == "sqlite":
        plain = "tokenize='ascii', detail=none, columnsize=0"
        op.execute(f"CREATE VIRTUAL TABLE entry_search USING fts5(words, content='', {plain})")
        op.execute(f"CREATE VIRTUAL TABLE person_search USING fts5(words, prefix='2 3', {plain})")
        return
    for table in ("entry_search", "person_search"):
        op.execute(f"CREATE TABLE {table} (id bigint NOT NULL CONSTRAINT pk_{table} PRIMARY KEY, words tsvector NOT NULL)")
        op.execute(f"CREATE INDEX ix_{table}_words ON {table} USING gin (words)")
