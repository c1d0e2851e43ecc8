"""Deliveries owed: one row for each message that has to leave the house, written with the message.

A worker claims rows with a lease, sends with no transaction open, and settles. A lease that ran out in
mid-send is doubt, not failure: the row becomes UNCONFIRMED unless its channel drops repeats by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, Row, UniqueConstraint, Update, and_, exists, insert, or_, select, text, update
from sqlalchemy.orm import Mapped, aliased, mapped_column

from crm_core.store.base import At, Base, Count, Id, OptionalAt, OptionalWords, Ref, Words
from crm_core.store.transaction import Tx
from crm_core.words.clock import Moment
from crm_core.words.ids import made_at


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
    owed_at: Mapped[OptionalAt]
    """Since when it is due: how long it is tried is counted from here. None in rows older than the column."""
    doubts: Mapped[Count]
    """Tries of which nobody knew afterwards whether it went."""
    tried_at: Mapped[OptionalAt]
    """When it was claimed last; its provider had it afterwards at the earliest."""
    parts: Mapped[Count]
    """Parts of it that went, of one that stopped half way; 0 once it has gone whole."""

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
    owed_at: Moment
    doubts: int = 0
    tried_at: Moment | None = None
    """When it was claimed last."""
    parts: int = 0
    """Parts of it that went before it stopped half way."""


_COLUMNS = (
    Delivery.id,
    Delivery.account_id,
    Delivery.conversation_id,
    Delivery.entry_id,
    Delivery.attempts,
    Delivery.owed_at,
    Delivery.doubts,
    Delivery.tried_at,
    Delivery.parts,
)


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
            owed_at=send_at or tx.now,
        )
    )


def cancel(tx: Tx, entry_id: int) -> bool:
    """Owe a delivery no longer. False when it is being sent, or has gone."""
    owed = update(Delivery).where(Delivery.entry_id == entry_id, Delivery.state == DeliveryState.OWED)
    return tx.changed(owed.values(state=DeliveryState.CANCELLED)) == 1


def owe_again(tx: Tx, entry_id: int) -> None:
    """Owe a delivery anew that ended badly, because somebody wants so: its tries are counted from nothing."""
    anew = {"attempts": 0, "doubts": 0, "owed_at": tx.now, "not_before": tx.now}
    tx.execute(
        update(Delivery)
        .where(Delivery.entry_id == entry_id)
        .values(state=DeliveryState.OWED, lease_until=None, lease_token=None, error=None, **anew)
    )


def repeat(tx: Tx, delivery_id: int) -> bool:
    """Owe an expired delivery again that does no harm twice: one doubt more. False when it is expired no longer."""
    return _settle_expired(tx, delivery_id, state=DeliveryState.OWED, not_before=tx.now, doubts=Delivery.doubts + 1)


def look_later(tx: Tx, delivery_id: int, until: Moment) -> bool:
    """Look again at a moment what became of an expired delivery. False when it is expired no longer."""
    return tx.changed(_expired(tx, delivery_id).values(lease_until=until)) == 1


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
            tried_at=tx.now,
        )
    )
    return [replace(_owed(r, attempts=r.attempts + 1), tried_at=tx.now) for r in rows]


def abandon(tx: Tx, prefix: str, *, within: Moment) -> int:
    """Let the leases of a process that is no more end `within` milliseconds, by how its tokens begin; how many.

    Not at once: what it had just handed to a provider may not be known there yet.
    """
    theirs = update(Delivery).where(
        Delivery.state == DeliveryState.SENDING,
        Delivery.lease_token.startswith(prefix, autoescape=True),
        Delivery.lease_until > tx.now + within,
    )
    return tx.changed(theirs.values(lease_until=tx.now + within))


def expired(tx: Tx, account_id: int | None = None) -> list[Owed]:
    """Deliveries, of one account or all, whose lease ran out in mid-send, the longest first: did they go?"""
    gone = (Delivery.ws == tx.ws, Delivery.state == DeliveryState.SENDING, Delivery.lease_until <= tx.now)
    rows = tx.all(
        select(*_COLUMNS)
        .where(*gone, *([] if account_id is None else [Delivery.account_id == account_id]))
        .order_by(Delivery.lease_until, Delivery.id)
    )
    return [_owed(r, attempts=r.attempts) for r in rows]


def overdue(tx: Tx, account_id: int, since: Moment, most: int) -> list[Owed]:
    """What an account owes since before a moment and has not in hand, the longest due first, at most `most`."""
    rows = tx.all(
        select(*_COLUMNS)
        .where(
            Delivery.account_id == account_id,
            Delivery.ws == tx.ws,
            Delivery.state == DeliveryState.OWED,
            Delivery.not_before <= tx.now,
            Delivery.owed_at < since,
        )
        .order_by(Delivery.not_before, Delivery.id)
        .limit(most)
    )
    return [_owed(r, attempts=r.attempts) for r in rows]


def give_up(tx: Tx, delivery_id: int, error: str) -> bool:
    """Owe a delivery no longer that never left. False when somebody has it in hand, or it has gone."""
    owed = update(Delivery).where(Delivery.id == delivery_id, Delivery.state == DeliveryState.OWED)
    return tx.changed(owed.values(state=DeliveryState.FAILED, error=error)) == 1


def settle_sent(tx: Tx, delivery_id: int, token: str, *, external_ids: Sequence[str]) -> bool:
    """It went. False when the lease was lost meanwhile: somebody else decides then."""
    external_id = external_ids[0] if external_ids else None
    return _settle(tx, delivery_id, token, state=DeliveryState.SENT, external_id=external_id, error=None, parts=0)


def note_half(tx: Tx, delivery_id: int, token: str, *, external_id: str, parts: int) -> bool:
    """So many parts of it went, the first under this id. False when the lease was lost meanwhile."""
    claimed = (Delivery.id == delivery_id, Delivery.state == DeliveryState.SENDING, Delivery.lease_token == token)
    return tx.changed(update(Delivery).where(*claimed).values(external_id=external_id, parts=parts)) == 1


def is_half(tx: Tx, entry_id: int) -> bool:
    """Whether an entry's message has gone in part, and not whole."""
    return bool(tx.scalar(select(Delivery.parts).where(Delivery.entry_id == entry_id)))


def settle_failed(tx: Tx, delivery_id: int, token: str, error: str) -> bool:
    """It will never go. False when the lease was lost meanwhile."""
    return _settle(tx, delivery_id, token, state=DeliveryState.FAILED, error=error)


def settle_unconfirmed(tx: Tx, delivery_id: int, token: str, error: str) -> bool:
    """It may or may not have gone. False when the lease was lost meanwhile."""
    return _settle(tx, delivery_id, token, state=DeliveryState.UNCONFIRMED, error=error)


# house: parameters because a try that is put off says when, why and how it ended
def settle_later(
    tx: Tx, delivery_id: int, token: str, *, not_before: Moment, error: str, is_doubtful: bool = False
) -> bool:
    """It is owed again: it did not go, or `is_doubtful`. False when the lease was lost meanwhile."""
    doubts = Delivery.doubts + (1 if is_doubtful else 0)
    return _settle(tx, delivery_id, token, state=DeliveryState.OWED, not_before=not_before, error=error, doubts=doubts)


def doubt(tx: Tx, delivery_id: int, error: str) -> bool:
    """Mark an expired delivery as one that may have gone. False when it is expired no longer."""
    return _settle_expired(tx, delivery_id, state=DeliveryState.UNCONFIRMED, error=error)


def prove(tx: Tx, delivery_id: int, external_id: str) -> bool:
    """The provider says it has this delivery, whatever we thought. False when it was known to have gone.

    False, too, for what was never tried: no provider has that, whoever says so.
    """
    tried = Delivery.state.in_((DeliveryState.SENDING, DeliveryState.UNCONFIRMED, DeliveryState.FAILED))
    repeats = and_(Delivery.state == DeliveryState.OWED, Delivery.doubts > 0)
    proven = update(Delivery).where(Delivery.id == delivery_id, or_(tried, repeats))
    values = {"state": DeliveryState.SENT, "external_id": external_id, "lease_until": None, "lease_token": None}
    return tx.changed(proven.values(**values, error=None, parts=0)) == 1


def has_gone(tx: Tx, delivery_id: int) -> bool:
    """Whether a delivery is known to have gone."""
    found = tx.scalar(select(Delivery.state).where(Delivery.id == delivery_id, Delivery.ws == tx.ws))
    return bool(found == DeliveryState.SENT)


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


def is_taken(tx: Tx, account_id: int, external_id: str, *, but: int) -> bool:
    """Whether a provider's id is the name of another delivery than this one."""
    others = select(Delivery.id).where(
        Delivery.account_id == account_id, Delivery.external_id == external_id, Delivery.id != but
    )
    return tx.first(others.limit(1)) is not None


def delivery(tx: Tx, delivery_id: int) -> Owed | None:
    """A delivery by its id, in whatever state."""
    found = tx.first(select(*_COLUMNS).where(Delivery.id == delivery_id, Delivery.ws == tx.ws))
    return None if found is None else _owed(found, attempts=found.attempts)


def _owed(row: Row[Any], *, attempts: int) -> Owed:
    since = made_at(row.id) if row.owed_at is None else row.owed_at
    return Owed(
        row.id,
        row.account_id,
        row.conversation_id,
        row.entry_id,
        attempts,
        since,
        row.doubts,
        tried_at=row.tried_at,
        parts=row.parts,
    )


def _expired(tx: Tx, delivery_id: int) -> Update:
    # Whoever looks at it at the same time may have claimed it anew: then its lease runs again.
    is_expired = (Delivery.state == DeliveryState.SENDING, Delivery.lease_until <= tx.now)
    return update(Delivery).where(Delivery.id == delivery_id, *is_expired)


def _settle_expired(tx: Tx, delivery_id: int, **values: Any) -> bool:
    return tx.changed(_expired(tx, delivery_id).values(lease_until=None, lease_token=None, **values)) == 1


def _settle(tx: Tx, delivery_id: int, token: str, **values: Any) -> bool:
    changed = tx.changed(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state == DeliveryState.SENDING, Delivery.lease_token == token)
        .values(lease_until=None, lease_token=None, **values)
    )
    return changed == 1
