"""Who is told what of an event: decided at delivery, with the rights people have then."""

from __future__ import annotations

import hashlib
from enum import Enum

from crm_core.words.events import AnyEvent, CaseChanged, ConversationChanged
from crm_core.words.permissions import Actor, Audience, audience, may_read, may_read_case
from crm_core.words.values import AgentValue
from hub.console.protocol import CaseGone, Gone


class Telling(Enum):
    """What an actor hears of an event."""

    NOTHING = "nothing"
    EVENT = "event"
    GONE = "gone"
    """Only that they lost the conversation, or the case."""


def telling(event: AnyEvent, actor: Actor, told: Audience | None = None) -> Telling:
    """What this actor hears of an event. `told` is the event's audience where it is known already."""
    if not (told or audience(event)).includes(actor):
        return Telling.NOTHING
    if isinstance(event, ConversationChanged) and not may_read(actor, event.conversation):
        return Telling.GONE
    if isinstance(event, CaseChanged) and not may_read_case(actor, event.case):
        return Telling.GONE
    return Telling.EVENT


def gone(position: int, event: AnyEvent) -> Gone | CaseGone:
    """What an event is for those who lost what it is about."""
    match event:
        case ConversationChanged(conversation=conversation):
            return Gone(position=position, conversation_id=conversation.id)
        case CaseChanged(case=case):
            return CaseGone(position=position, case_id=case.id)
    raise AssertionError("nobody loses anything by this event")


def rights(actor: Actor) -> str:
    """A short name for what an actor may see, apart from what is theirs by name. Equal rights, equal name."""
    words = ":".join((actor.role.value, *map(str, sorted(actor.queues))))
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def actor_now(agent: AgentValue, session_id: int | None) -> Actor:
    """An agent with the rights they have as of this value."""
    return Actor(agent.id, agent.name, agent.role, frozenset(agent.queues), session_id)
