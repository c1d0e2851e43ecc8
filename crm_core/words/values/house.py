"""Queues, work and offers, phrases and accounts."""

from __future__ import annotations

from crm_core.words.clock import Moment
from crm_core.words.content import Medium
from crm_core.words.values.marks import OfferState, Value, WorkState


class OfferValue(Value, frozen=True, kw_only=True):
    id: int
    work_id: int
    conversation_id: int
    call_id: int | None = None
    """The call it is about; none for messages."""
    purpose: str = ""
    """Of a call: talk, consult (a colleague asks for advice) or callback."""
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


class WaitingStep(Value, frozen=True, kw_only=True):
    """What happens after so long in line (ROUTING.md section 9); the place in line is kept.

    `then`: queue (moved to another one), priority (raised by 1), widen (skills are not asked for any more),
    voicemail, callback, number, hang_up.
    """

    after: int
    """Milliseconds since the call joined this queue."""
    then: str
    queue_id: int | None = None
    number: str = ""


class QueueVoice(Value, frozen=True, kw_only=True):
    """How a queue deals with calls."""

    offer_seconds: int = 20
    wrap_up_seconds: int = 30
    wrap_up_mode: str = "timeout"
    """none; optional (ends by itself, asks for nothing); timeout (ends by itself, asks for a disposition);
    mandatory (ends only with a disposition); forced (ends by itself, with the disposition below)."""
    disposition: str = ""
    """What a forced wrap-up ends with."""
    announce_seconds: int = 45
    """Between two announcements of the place in line; 0: none."""
    callback: bool = True
    """Callers may press `*` to be called back at their place."""
    no_agents: str = "voicemail"
    """What happens when nobody of the queue is at work: queue (wait all the same), voicemail, callback, hang_up."""
    most_waiting: int = 0
    """Callers in line at most; further ones go where `no_agents` says. 0: no limit."""
    steps: list[WaitingStep] = []
    music_file_id: int | None = None


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
    voice: QueueVoice = QueueVoice()
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
    call_id: int | None = None
    purpose: str = ""
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
