"""Who has which conversation on the screen, so that typing and viewing reach just them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from crm_core.words.permissions import may_read
from crm_core.words.values import ConversationStatus, ConversationValue
from hub.console.crowd import Console


@dataclass(slots=True)
class Room:
    """One conversation that somebody looks at, with what reading rights depend on."""

    status: ConversationStatus
    queue_id: int | None
    assignee_id: int | None
    consoles: set[Console] = field(default_factory=set)

    def agents(self) -> tuple[int, ...]:
        return tuple(sorted({c.actor.agent_id for c in self.consoles if c.actor is not None}))


class Rooms:
    """All conversations that somebody looks at."""

    def __init__(self) -> None:
        self._rooms: dict[int, Room] = {}

    def enter(self, console: Console, conversation: ConversationValue) -> None:
        """The console shows this conversation; its agent may read it."""
        room = self._rooms.get(conversation.id)
        if room is None:
            room = Room(conversation.status, conversation.queue_id, conversation.assignee_id)
            self._rooms[conversation.id] = room
        else:
            self._learn(room, conversation)
        room.consoles.add(console)

    def leave(self, console: Console, conversation_ids: Iterable[int]) -> list[int]:
        """The console shows these no more; those it did show."""
        left: list[int] = []
        for conversation_id in conversation_ids:
            room = self._rooms.get(conversation_id)
            if room is not None and console in room.consoles:
                room.consoles.discard(console)
                left.append(conversation_id)
                if not room.consoles:
                    del self._rooms[conversation_id]
        return left

    def learn(self, conversation: ConversationValue) -> list[Console]:
        """The conversation as it is now; the consoles whose agents may not read it any more and have to leave."""
        room = self._rooms.get(conversation.id)
        if room is None:
            return []
        self._learn(room, conversation)
        return [c for c in room.consoles if c.actor is None or not may_read(c.actor, room)]

    def consoles(self, conversation_id: int) -> Collection[Console]:
        """Everybody who shows a conversation."""
        room = self._rooms.get(conversation_id)
        return room.consoles if room is not None else ()

    def agents(self, conversation_id: int) -> tuple[int, ...]:
        """The agents who show a conversation, each once."""
        room = self._rooms.get(conversation_id)
        return room.agents() if room is not None else ()

    def _learn(self, room: Room, conversation: ConversationValue) -> None:
        room.status = conversation.status
        room.queue_id = conversation.queue_id
        room.assignee_id = conversation.assignee_id
