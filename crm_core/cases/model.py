"""Tables of pipelines, stages and cases."""

from __future__ import annotations

from sqlalchemy import Boolean, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.store.base import (
    At,
    Base,
    Count,
    Id,
    Json,
    OptionalAt,
    OptionalJson,
    OptionalRef,
    OptionalWords,
    Ref,
    Words,
)


class Pipeline(Base):
    """The stages that cases of one kind go through."""

    __tablename__ = "pipeline"

    id: Mapped[Id]
    ws: Mapped[Ref]
    kind: Mapped[Words]
    name: Mapped[Words]
    currency: Mapped[Words] = mapped_column(default="")
    is_default: Mapped[bool] = mapped_column(Boolean, default=False)
    """Where cases of this kind begin when nobody says otherwise."""
    archived_at: Mapped[OptionalAt]
    version: Mapped[Ref] = mapped_column(default=1)


class Stage(Base):
    """A step of a pipeline. Its category says what it means, so that reports run across pipelines."""

    __tablename__ = "stage"

    id: Mapped[Id]
    ws: Mapped[Ref]
    pipeline_id: Mapped[Ref]
    position: Mapped[Count]
    name: Mapped[Words]
    category: Mapped[Words]
    key: Mapped[Words] = mapped_column(default="")
    """What the house itself moves cases here for, whatever the stage is called: `spam`, say; else empty."""
    probability: Mapped[OptionalRef]
    """Per cent; none where it means nothing."""
    max_age: Mapped[OptionalAt]
    """Milliseconds after which a case in it counts as stuck."""
    required: Mapped[OptionalJson]
    """Names of fields a case needs before it may enter, or null."""
    colour: Mapped[Words] = mapped_column(default="")
    archived_at: Mapped[OptionalAt]

    __table_args__ = (Index(None, "pipeline_id", "position"),)


class Case(Base):
    """A lead, deal, request or job. It keeps its id and number for life, whatever kind it becomes."""

    __tablename__ = "crm_case"

    id: Mapped[Id]
    ws: Mapped[Ref]
    number: Mapped[Ref]
    kind: Mapped[Words]
    title: Mapped[Words]
    pipeline_id: Mapped[Ref]
    stage_id: Mapped[Ref]
    category: Mapped[Words]
    """Of its stage, kept here so that lists need no join; only a move changes it."""
    stage_since: Mapped[At]
    contact_id: Mapped[OptionalRef]
    company_id: Mapped[OptionalRef]
    identity_id: Mapped[OptionalRef]
    conversation_id: Mapped[OptionalRef]
    who: Mapped[Words] = mapped_column(default="")
    owner_id: Mapped[OptionalRef]
    queue_id: Mapped[OptionalRef]
    source: Mapped[Words] = mapped_column(default="")
    account_id: Mapped[OptionalRef]
    first_words: Mapped[Words] = mapped_column(default="")
    campaign: Mapped[OptionalJson]
    """UTM words as they came, or null."""
    amount: Mapped[OptionalRef]
    """In the smallest unit of the currency."""
    currency: Mapped[Words] = mapped_column(default="")
    close_on: Mapped[OptionalWords]
    """A day, `2026-11-30`."""
    reason: Mapped[Words] = mapped_column(default="")
    is_spam: Mapped[bool] = mapped_column(Boolean, default=False)
    origin_id: Mapped[OptionalRef]
    nurture_until: Mapped[OptionalAt]
    undo: Mapped[OptionalJson]
    """The columns before the last decision, to take it back; null once the case moved on."""
    tags: Mapped[Json]
    fields: Mapped[Json]
    created_at: Mapped[At]
    closed_at: Mapped[OptionalAt]
    version: Mapped[Ref] = mapped_column(default=1)

    __table_args__ = (
        UniqueConstraint("ws", "number"),
        # Lists: of one kind and state, newest first.
        Index(None, "kind", "category", "id"),
        Index(None, "contact_id"),
        Index(None, "identity_id"),
    )


class CaseContact(Base):
    """Somebody's part in a case: decision maker, payer, referrer."""

    __tablename__ = "case_contact"

    case_id: Mapped[Id]
    contact_id: Mapped[Id]
    role: Mapped[str] = mapped_column(primary_key=True)
    ws: Mapped[Ref]

    __table_args__ = (Index(None, "contact_id"),)


class Step(Base):
    """A case came into a stage: conversion, cycle length and forecast are counted from these."""

    __tablename__ = "case_step"

    id: Mapped[Id]
    ws: Mapped[Ref]
    case_id: Mapped[Ref]
    from_stage_id: Mapped[OptionalRef]
    to_stage_id: Mapped[Ref]
    agent_id: Mapped[OptionalRef]
    decision: Mapped[Words] = mapped_column(default="")
    """`crm_core.cases.rules.Decision`."""
    at: Mapped[At]

    __table_args__ = (Index(None, "case_id", "id"),)


class Reason(Base):
    """A reason for which a case may be lost, to choose from."""

    __tablename__ = "case_reason"

    id: Mapped[Id]
    ws: Mapped[Ref]
    name: Mapped[Words]
    position: Mapped[Count]
    deleted_at: Mapped[OptionalAt]
    version: Mapped[Ref] = mapped_column(default=1)
