"""Tables of contacts and identities."""

from __future__ import annotations

from sqlalchemy import Boolean, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.store.base import At, Base, Id, Json, OptionalAt, OptionalRef, Ref, Words
from crm_core.words.values import ContactKind


class Contact(Base):
    """A person or company. A merged one points to the survivor by `root_id` and keeps its own rows (CRM.md)."""

    __tablename__ = "contact"

    id: Mapped[Id]
    ws: Mapped[Ref]
    kind: Mapped[Words] = mapped_column(default=ContactKind.PERSON)
    name: Mapped[Words]
    sort_name: Mapped[Words]
    """The folded name: lists sort `anna` beside `Anna` on every database."""
    company: Mapped[Words] = mapped_column(default="")
    title: Mapped[Words] = mapped_column(default="")
    language: Mapped[Words] = mapped_column(default="")
    timezone: Mapped[Words] = mapped_column(default="")
    owner_id: Mapped[OptionalRef]
    note: Mapped[Words] = mapped_column(default="")
    tags: Mapped[Json]
    fields: Mapped[Json]
    root_id: Mapped[OptionalRef]
    merged_at: Mapped[OptionalAt]
    created_at: Mapped[At]
    archived_at: Mapped[OptionalAt]
    version: Mapped[Ref] = mapped_column(default=1)

    __table_args__ = (Index(None, "ws", "sort_name", "id"), Index(None, "root_id"))


class ContactLink(Base):
    """A person's place in a company, with dates."""

    __tablename__ = "contact_link"

    id: Mapped[Id]
    ws: Mapped[Ref]
    person_id: Mapped[Ref]
    company_id: Mapped[Ref]
    kind: Mapped[Words] = mapped_column(default="employment")
    title: Mapped[Words] = mapped_column(default="")
    since: Mapped[OptionalAt]
    until: Mapped[OptionalAt]

    __table_args__ = (Index(None, "person_id"), Index(None, "company_id"))


class Identity(Base):
    """An address that recognises and reaches somebody. It may exist before any contact: a stranger is served too."""

    __tablename__ = "identity"

    id: Mapped[Id]
    ws: Mapped[Ref]
    scheme: Mapped[Words]
    scope: Mapped[Words] = mapped_column(default="")
    value: Mapped[Words]
    name: Mapped[Words] = mapped_column(default="")
    """What they call themselves on this channel."""
    label: Mapped[Words] = mapped_column(default="")
    contact_id: Mapped[OptionalRef]
    is_primary: Mapped[bool] = mapped_column(Boolean, default=False)
    is_shared: Mapped[bool] = mapped_column(Boolean, default=False)
    verified_at: Mapped[OptionalAt]
    verified_by: Mapped[Words] = mapped_column(default="")
    state: Mapped[Words] = mapped_column(default="ok")
    facts: Mapped[Json]
    first_seen: Mapped[At]
    last_seen: Mapped[OptionalAt]

    __table_args__ = (
        # One row for an address, whatever its spelling was. The value stands first: many are looked up at once,
        # and SQLite would read a whole workspace for them if `ws` did.
        UniqueConstraint("value", "scheme", "scope", "ws"),
        Index(None, "contact_id"),
    )


class Visitor(Base):
    """A browser that chats. Its token was made by us and opens this identity's conversations only."""

    __tablename__ = "visitor"

    id: Mapped[Id]
    ws: Mapped[Ref]
    account_id: Mapped[Ref]
    identity_id: Mapped[Ref]
    token_hash: Mapped[Words]
    created_at: Mapped[At]
    last_seen_at: Mapped[At]
    ended_at: Mapped[OptionalAt]

    __table_args__ = (UniqueConstraint("token_hash"), Index(None, "identity_id"))


class Reach(Base):
    """How an identity is reached by one account: where replies go, and what stands against it."""

    __tablename__ = "reach"

    identity_id: Mapped[Id]
    account_id: Mapped[Id]
    ws: Mapped[Ref]
    thread: Mapped[Words]
    """The thread key of their last message by this account; empty when we write first."""
    heard_at: Mapped[OptionalAt]
    """When they last wrote, exact to five minutes."""
    state: Mapped[Words] = mapped_column(default="ok")
    """ok, opted_out, blocked, bounced."""
    said_at: Mapped[OptionalAt]
    """When that was said or learned, by its sender's word: what is older and comes later changes nothing."""
    reason: Mapped[Words] = mapped_column(default="")
    answered_at: Mapped[OptionalAt]
    """When a machine last answered them: at most once in a closed period, and once a day."""


class Evidence(Base):
    """An address that an identity proved (strong) or only named (weak) to be theirs, and where it did."""

    __tablename__ = "evidence"

    id: Mapped[Id]
    ws: Mapped[Ref]
    identity_id: Mapped[Ref]
    scheme: Mapped[Words]
    scope: Mapped[Words] = mapped_column(default="")
    value: Mapped[Words]
    is_strong: Mapped[bool] = mapped_column(Boolean, default=False)
    source: Mapped[Words]
    """How: shared_contact, same_number, signature, form, invitation."""
    at: Mapped[At]

    __table_args__ = (
        UniqueConstraint("identity_id", "scheme", "scope", "value"),
        # Who else named this address?
        Index(None, "value", "scheme"),
    )


class Merge(Base):
    """One contact was merged into another, and what has to be put back to undo it."""

    __tablename__ = "contact_merge"

    id: Mapped[Id]
    ws: Mapped[Ref]
    survivor_id: Mapped[Ref]
    absorbed_id: Mapped[Ref]
    agent_id: Mapped[OptionalRef]
    at: Mapped[At]
    before: Mapped[Json]
    """The survivor's fields that the merge replaced, and the contacts that had been merged into the absorbed one."""
    undone_at: Mapped[OptionalAt]
    undone_by: Mapped[OptionalRef]

    __table_args__ = (Index(None, "survivor_id"), Index(None, "absorbed_id"))


class Dismissal(Base):
    """An agent said that a stranger, or a contact, is not this other contact: it is not suggested again."""

    __tablename__ = "dismissal"

    subject_id: Mapped[Id]
    """An identity's id or a contact's."""
    contact_id: Mapped[Id]
    ws: Mapped[Ref]
    agent_id: Mapped[OptionalRef]
    at: Mapped[At]
