"""Queues, work and offers, phrases and accounts."""

from __future__ import annotations

from crm_core.words.clock import Moment
from crm_core.words.content import Medium
from crm_core.words.values.marks import OfferState, Value, WorkState


class OfferValue(Value, frozen=True, kw_only=True):
    id: int
    work_id: int
    conversation_id: int
    agent_id: int
    queue_id: int
    state: OfferState
    medium: Medium
    channel: str
    who: str
    preview: str
    waiting_since: Moment
    made_at: Moment
    expires_at: Moment
    version: int = 1


class QueueValue(Value, frozen=True, kw_only=True):
    id: int
    name: str
    waiting: int = 0
    longest_since: Moment | None = None
    chat_offer_seconds: int = 30
    mail_offer_seconds: int = 300
    sticky_seconds: int = 20
    cooldown_seconds: int = 60
    strategy: str = "longest_idle"
    skills: dict[str, int] = {}
    archived: bool = False
    version: int = 1


class CannedValue(Value, frozen=True, kw_only=True):
    """A canned reply. `{{contact.name}}`, `{{agent.name}}` are filled in by the console, as text."""

    id: int
    shortcut: str
    title: str
    text: str
    language: str = ""
    deleted: bool = False
    version: int = 1


class DispositionValue(Value, frozen=True, kw_only=True):
    id: int
    name: str
    position: int = 0
    deleted: bool = False
    version: int = 1


class AccountValue(Value, frozen=True, kw_only=True):
    """A channel account without its secrets."""

    id: int
    kind: str
    name: str
    public_key: str
    queue_id: int | None = None
    settings: dict[str, object] = {}
    manner: dict[str, object] = {}
    """How it greets and when it is open; `hub.desk.manners` reads it."""
    state: str = "open"
    problem: str = ""
    disabled: bool = False
    version: int = 1


class WorkValue(Value, frozen=True, kw_only=True):
    """What waits for an agent, or is with one. Routing's own facts; agents see its conversation instead."""

    id: int
    conversation_id: int
    queue_id: int
    medium: Medium
    state: WorkState
    agent_id: int | None = None
    priority: int = 0
    skills: dict[str, int] = {}
    virtual_start: Moment
    preferred_agent_id: int | None = None
    preferred_until: Moment | None = None
    cooling: dict[int, Moment] = {}
    """Agents who declined or missed it, and until when they are not offered it again."""
    version: int = 1
