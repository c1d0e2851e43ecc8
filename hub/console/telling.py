"""Who is told what of an event: decided at delivery, with the rights people have then."""

from __future__ import annotations

import hashlib
from enum import Enum

from crm_core.words.events import AnyEvent, ConversationChanged
from crm_core.words.permissions import Actor, Audience, audience, may_read
from crm_core.words.values import AgentValue


class Telling(Enum):
    """What an actor hears of an event."""

    NOTHING = "nothing"
    EVENT = "event"
    GONE = "gone"
    """Only that they lost the conversation."""


def telling(event: AnyEvent, actor: Actor, told: Audience | None = None) -> Telling:
    """What this actor hears of an event. `told` is the event's audience where it is known already."""
    if not (told or audience(event)).includes(actor):
        return Telling.NOTHING
    if isinstance(event, ConversationChanged) and not may_read(actor, event.conversation):
        return Telling.GONE
    return Telling.EVENT


def rights(actor: Actor) -> str:
    """A short name for what an actor may see, apart from what is theirs by name. Equal rights, equal name."""
    words = ":".join((actor.role.value, *map(str, sorted(actor.queues))))
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def actor_now(agent: AgentValue, session_id: int | None) -> Actor:
    """An agent with the rights they have as of this value."""
    return Actor(agent.id, agent.name, agent.role, frozenset(agent.queues), session_id)
