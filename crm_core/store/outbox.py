"""Deliveries owed: one row for each message that has to leave the house, written with the message.

A worker claims rows with a lease, sends with no transaction open, and settles. A lease that ran out in
mid-send is doubt, not failure: the row becomes UNCONFIRMED unless its channel drops repeats by itself.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.store.base import At, Base, Count, Id, OptionalAt, OptionalWords, Ref, Words


class DeliveryState(StrEnum):
    OWED = "owed"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"


class Delivery(Base):
    """A message on its way out. Text states, so that a new one needs no migration of a database enum."""

    __tablename__ = "delivery"

    id: Mapped[Id]
    ws: Mapped[Ref]
    account_id: Mapped[Ref]
    conversation_id: Mapped[Ref]
    entry_id: Mapped[Ref]
    state: Mapped[Words] = mapped_column(default=DeliveryState.OWED)
    attempts: Mapped[Count]
    not_before: Mapped[At]
    lease_until: Mapped[OptionalAt]
    lease_token: Mapped[OptionalWords]
    external_id: Mapped[OptionalWords]
    error: Mapped[OptionalWords]

    __table_args__ = (
        # An entry is owed once, however often the reply was submitted.
        UniqueConstraint("entry_id"),
        # The worker's question: what is due now?
        Index(
            "ix_delivery_due",
            "not_before",
            "id",
            sqlite_where=text("state IN ('owed', 'sending')"),
            postgresql_where=text("state IN ('owed', 'sending')"),
        ),
        # A conversation's messages leave one at a time, in order.
        Index(
            "ix_delivery_conversation",
            "conversation_id",
            "id",
            sqlite_where=text("state IN ('owed', 'sending')"),
            postgresql_where=text("state IN ('owed', 'sending')"),
        ),
        # Receipts name the provider's id.
        Index("ix_delivery_external", "account_id", "external_id"),
    )
