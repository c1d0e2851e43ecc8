"""Deliveries owed: one row for each message that has to leave the house, written with the message.

A worker claims rows with a lease, sends with no transaction open, and settles. A lease that ran out in
mid-send is doubt, not failure: the row becomes UNCONFIRMED unless its channel drops repeats by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint, and_, exists, insert, or_, select, text, update
from sqlalchemy.orm import Mapped, aliased, mapped_column

from crm_core.store.base import At, Base, Count, Id, OptionalAt, OptionalWords, Ref, Words
from crm_core.store.transaction import Tx
from crm_core.words.clock import Moment


class DeliveryState(StrEnum):
    OWED = "owed"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    CANCELLED = "cancelled"


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
    send_at: Mapped[OptionalAt]
    """When an agent wants it sent; until then it holds nobody up."""
    lease_until: Mapped[OptionalAt]
    lease_token: Mapped[OptionalWords]
    external_id: Mapped[OptionalWords]
    error: Mapped[OptionalWords]

    __table_args__ = (
        # An entry is owed once, however often the reply was submitted.
        UniqueConstraint("entry_id"),
        # The workers' questions: what is due now, whose lease ran out? Each in the words of its query.
        Index(
            "ix_delivery_owed",
            "account_id",
            "not_before",
            "id",
            sqlite_where=text("state = 'owed'"),
            postgresql_where=text("state = 'owed'"),
        ),
        Index(
            "ix_delivery_sending",
            "lease_until",
            sqlite_where=text("state = 'sending'"),
            postgresql_where=text("state = 'sending'"),
        ),
        # A conversation's messages leave one at a time, in order.
        Index("ix_delivery_conversation", "conversation_id", "state", "id"),
        # Receipts name the provider's id.
        Index("ix_delivery_external", "account_id", "external_id"),
    )


@dataclass(frozen=True, slots=True)
class Owed:
    """A claimed delivery: what to send, and how often it was tried."""

    id: int
    account_id: int
    conversation_id: int
    entry_id: int
    attempts: int


_COLUMNS = (Delivery.id, Delivery.account_id, Delivery.conversation_id, Delivery.entry_id, Delivery.attempts)


def owe(tx: Tx, *, account_id: int, conversation_id: int, entry_id: int, send_at: Moment | None = None) -> None:
    """Owe the delivery of an entry from now on, or from a moment on."""
    tx.execute(
        insert(Delivery).values(
            id=tx.new_id(),
            ws=tx.ws,
            account_id=account_id,
            conversation_id=conversation_id,
            entry_id=entry_id,
            state=DeliveryState.OWED,
            attempts=0,
            not_before=send_at or tx.now,
            send_at=send_at,
        )
    )


def cancel(tx: Tx, entry_id: int) -> bool:
    """Owe a delivery no longer. False when it is being sent, or has gone."""
    owed = update(Delivery).where(Delivery.entry_id == entry_id, Delivery.state == DeliveryState.OWED)
    return tx.changed(owed.values(state=DeliveryState.CANCELLED)) == 1


def owe_again(tx: Tx, entry_id: int) -> None:
    """Owe a delivery anew that ended badly, or whose sender stopped in the middle."""
    tx.execute(
        update(Delivery)
        .where(Delivery.entry_id == entry_id)
        .values(state=DeliveryState.OWED, attempts=0, not_before=tx.now, lease_until=None, lease_token=None, error=None)
    )


def lanes(tx: Tx) -> list[int]:
    """The accounts by which something is due now."""
    rows = tx.all(
        select(Delivery.account_id)
        .where(Delivery.state == DeliveryState.OWED, Delivery.ws == tx.ws, Delivery.not_before <= tx.now)
        .distinct()
    )
    return [r.account_id for r in rows]


def claim(tx: Tx, account_id: int, token: str, lease: Moment, most: int) -> list[Owed]:
    """
    Take what is due by one account, the longest due first, at most `most`, for `lease` milliseconds.

    Of one conversation at most one is on its way by an account, so that messages arrive in the order they were
    written; one that is to be sent later holds nobody up until then.
    """
    other = aliased(Delivery)
    is_earlier = and_(
        other.state == DeliveryState.OWED,
        other.id < Delivery.id,
        or_(other.send_at.is_(None), other.send_at <= tx.now),
    )
    blocked = exists().where(
        other.conversation_id == Delivery.conversation_id,
        other.account_id == account_id,
        or_(other.state == DeliveryState.SENDING, is_earlier),
    )
    due = (
        select(*_COLUMNS)
        .where(
            Delivery.account_id == account_id,
            Delivery.ws == tx.ws,
            Delivery.state == DeliveryState.OWED,
            Delivery.not_before <= tx.now,
            ~blocked,
        )
        .order_by(Delivery.not_before, Delivery.id)
        .limit(most)
    )
    rows = tx.all(due if tx.is_sqlite else due.with_for_update(skip_locked=True, of=Delivery))
    if not rows:
        return []
    tx.execute(
        update(Delivery)
        .where(Delivery.id.in_([r.id for r in rows]))
        .values(
            state=DeliveryState.SENDING,
            attempts=Delivery.attempts + 1,
            lease_until=tx.now + lease,
            lease_token=token,
        )
    )
    return [Owed(r.id, r.account_id, r.conversation_id, r.entry_id, r.attempts + 1) for r in rows]


def expired(tx: Tx) -> list[Owed]:
    """Deliveries whose lease ran out in mid-send: nobody knows whether they went."""
    rows = tx.all(
        select(*_COLUMNS).where(
            Delivery.ws == tx.ws, Delivery.state == DeliveryState.SENDING, Delivery.lease_until <= tx.now
        )
    )
    return [Owed(r.id, r.account_id, r.conversation_id, r.entry_id, r.attempts) for r in rows]


def settle_sent(tx: Tx, delivery_id: int, token: str, *, external_ids: Sequence[str]) -> bool:
    """It went. False when the lease was lost meanwhile: somebody else decides then."""
    external_id = external_ids[0] if external_ids else None
    return _settle(tx, delivery_id, token, state=DeliveryState.SENT, external_id=external_id, error=None)


def settle_failed(tx: Tx, delivery_id: int, token: str, error: str) -> bool:
    """It will never go. False when the lease was lost meanwhile."""
    return _settle(tx, delivery_id, token, state=DeliveryState.FAILED, error=error)


def settle_unconfirmed(tx: Tx, delivery_id: int, token: str, error: str) -> bool:
    """It may or may not have gone. False when the lease was lost meanwhile."""
    return _settle(tx, delivery_id, token, state=DeliveryState.UNCONFIRMED, error=error)


def settle_later(tx: Tx, delivery_id: int, token: str, *, not_before: Moment, error: str) -> bool:
    """It did not go and is owed again. False when the lease was lost meanwhile."""
    return _settle(tx, delivery_id, token, state=DeliveryState.OWED, not_before=not_before, error=error)


def doubt(tx: Tx, delivery_id: int, error: str) -> None:
    """Mark an expired delivery as one that may have gone."""
    tx.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state == DeliveryState.SENDING)
        .values(state=DeliveryState.UNCONFIRMED, lease_until=None, lease_token=None, error=error)
    )


def prove(tx: Tx, delivery_id: int, external_id: str) -> bool:
    """The provider says it has this delivery, whatever we thought. False when it was known to have gone."""
    waiting = (DeliveryState.OWED, DeliveryState.SENDING, DeliveryState.UNCONFIRMED, DeliveryState.FAILED)
    proven = update(Delivery).where(Delivery.id == delivery_id, Delivery.state.in_(waiting))
    values = {"state": DeliveryState.SENT, "external_id": external_id, "lease_until": None, "lease_token": None}
    return tx.changed(proven.values(**values, error=None)) == 1


def names_of(tx: Tx, entry_ids: Sequence[int]) -> dict[int, str]:
    """The provider's id of each of these entries that went out."""
    rows = (
        tx.all(select(Delivery.entry_id, Delivery.external_id).where(Delivery.entry_id.in_(entry_ids)))
        if entry_ids
        else []
    )
    return {r.entry_id: r.external_id for r in rows if r.external_id}


def entry_of(tx: Tx, account_id: int, external_id: str) -> int | None:
    """The entry that went out under a provider's id."""
    found: int | None = tx.scalar(
        select(Delivery.entry_id).where(Delivery.account_id == account_id, Delivery.external_id == external_id)
    )
    return found


def delivery(tx: Tx, delivery_id: int) -> Owed | None:
    """A delivery by its id, in whatever state."""
    found = tx.first(select(*_COLUMNS).where(Delivery.id == delivery_id, Delivery.ws == tx.ws))
    return (
        None
        if found is None
        else Owed(found.id, found.account_id, found.conversation_id, found.entry_id, found.attempts)
    )


def _settle(tx: Tx, delivery_id: int, token: str, **values: Any) -> bool:
    changed = tx.changed(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state == DeliveryState.SENDING, Delivery.lease_token == token)
        .values(lease_until=None, lease_token=None, **values)
    )
    return changed == 1
