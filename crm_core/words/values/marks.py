"""The words that values are made of: what something is, in one of a few ways."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """A whole value; equal when every field is."""


class Role(StrEnum):
    """What a person of ours may do. Each includes what the one before may."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class Activity(StrEnum):
    """What an agent says they are doing. Only AVAILABLE receives offers."""

    AVAILABLE = "available"
    BUSY = "busy"
    BREAK = "break"
    TRAINING = "training"
    NOT_RESPONDING = "not_responding"
    OFFLINE = "offline"


class ConversationStatus(StrEnum):
    OPEN = "open"
    SNOOZED = "snoozed"
    CLOSED = "closed"


class WorkState(StrEnum):
    QUEUED = "queued"
    OFFERED = "offered"
    ASSIGNED = "assigned"
    DONE = "done"


class OfferState(StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    TIMED_OUT = "timed_out"
    WITHDRAWN = "withdrawn"


class EntryKind(StrEnum):
    """A note is a kind of its own: what sends messages cannot even read one."""

    MESSAGE = "message"
    NOTE = "note"
    NOTICE = "notice"
    CALL = "call"


class Direction(StrEnum):
    IN = "in"
    OUT = "out"
    INTERNAL = "internal"


class DraftMode(StrEnum):
    """What a drafted reply does with the message it is about."""

    REPLY = "reply"
    ALL = "all"
    """Answers it and everybody who had it."""
    FORWARD = "forward"


class AuthorKind(StrEnum):
    CONTACT = "contact"
    AGENT = "agent"
    SYSTEM = "system"


class ContactKind(StrEnum):
    PERSON = "person"
    COMPANY = "company"
