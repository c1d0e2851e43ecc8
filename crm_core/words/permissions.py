"""Who may do and see what: the one place. Used by the API, the sockets, search, files and event delivery."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from crm_core.words.errors import Denied
from crm_core.words.events import (
    AccountChanged,
    AnyEvent,
    CallChanged,
    CaseChanged,
    ContactChanged,
    ConversationChanged,
    DraftChanged,
    EntryAdded,
    EntryChanged,
    OfferChanged,
    SignedOut,
    WorkChanged,
)
from crm_core.words.values import CallValue, ConversationStatus, Role


class Permission(StrEnum):
    """A thing one may do. Named after the act."""

    WORK = "work"
    """Answer, note, close, read what one may read, change one's own state."""
    ASSIGN_OTHERS = "assign_others"
    SEE_ALL = "see_all"
    """Read every conversation of the workspace."""
    WATCH_AGENTS = "watch_agents"
    """Set other people's state, read the activity ledger and decision traces."""
    EDIT_CANNED = "edit_canned"
    LISTEN_IN = "listen_in"
    """Listen to calls, whisper, join them, take them over."""
    CONFIGURE = "configure"
    """Accounts, queues, dispositions, agents and their roles."""


_GRANTS: dict[Role, frozenset[Permission]] = {
    Role.AGENT: frozenset({Permission.WORK}),
    Role.SUPERVISOR: frozenset(
        {
            Permission.WORK,
            Permission.ASSIGN_OTHERS,
            Permission.SEE_ALL,
            Permission.WATCH_AGENTS,
            Permission.EDIT_CANNED,
            Permission.LISTEN_IN,
        }
    ),
    Role.ADMINISTRATOR: frozenset(Permission),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, with the rights they have right now."""

    agent_id: int
    name: str
    role: Role
    queues: frozenset[int] = frozenset()
    session_id: int | None = None
    ws: int = 1

    def may(self, permission: Permission) -> bool:
        return permission in _GRANTS[self.role]

    def must(self, permission: Permission) -> None:
        """Raises Denied unless the actor has the permission."""
        if not self.may(permission):
            raise Denied


class ConversationFacts(Protocol):
    """What reading rights of a conversation depend on."""

    @property
    def status(self) -> ConversationStatus: ...
    @property
    def queue_id(self) -> int | None: ...
    @property
    def assignee_id(self) -> int | None: ...


def may_read(actor: Actor, conversation: ConversationFacts) -> bool:
    """An agent reads what is theirs and what is in their queues; a supervisor reads everything.

    The same rule stands as SQL in `conversations.queries.readable_by`; a test keeps the two equal.
    """
    return (
        actor.may(Permission.SEE_ALL)
        or conversation.assignee_id == actor.agent_id
        or conversation.queue_id in actor.queues
    )


class CaseFacts(Protocol):
    """What reading rights of a case depend on."""

    @property
    def owner_id(self) -> int | None: ...
    @property
    def queue_id(self) -> int | None: ...


def may_read_case(actor: Actor, case: CaseFacts) -> bool:
    """An agent reads the cases that are theirs or in their queues; a supervisor reads every one.

    The same rule stands as SQL in `cases.queries.readable_by`; a test keeps the two equal.
    """
    return actor.may(Permission.SEE_ALL) or case.owner_id == actor.agent_id or case.queue_id in actor.queues


def may_read_call(actor: Actor, call: CallValue) -> bool:
    """An agent reads the calls they took part in and those of their queues; a supervisor reads every one.

    The same rule stands as SQL in `calls.queries.readable_by`; a test keeps the two equal.
    """
    return (
        actor.may(Permission.SEE_ALL)
        or call.agent_id == actor.agent_id
        or call.queue_id in actor.queues
        or any(leg.agent_id == actor.agent_id for leg in call.legs)
    )


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is told of an event: the union of these."""

    everyone: bool = False
    all_seers: bool = False
    """Everybody with SEE_ALL."""
    configurers: bool = False
    agents: frozenset[int] = frozenset()
    queues: frozenset[int] = frozenset()

    def includes(self, actor: Actor) -> bool:
        return (
            self.everyone
            or (self.all_seers and actor.may(Permission.SEE_ALL))
            or (self.configurers and actor.may(Permission.CONFIGURE))
            or actor.agent_id in self.agents
            or not self.queues.isdisjoint(actor.queues)
        )


_EVERYONE = Audience(everyone=True)
_NOBODY = Audience()


def audience(event: AnyEvent) -> Audience:
    """Who may be told of this event. Those who lose a conversation are told that they lost it, and nothing more."""
    match event:
        case EntryAdded(conversation=c) | EntryChanged(conversation=c):
            return _of(c.assignee_id, c.queue_id)
        case ConversationChanged(conversation=c):
            return _of(c.assignee_id, c.queue_id, event.lost_agent_id, event.lost_queue_id)
        case CaseChanged(case=case):
            return _of(case.owner_id, case.queue_id, event.lost_agent_id, event.lost_queue_id)
        case CallChanged(call=call):
            agents = frozenset(leg.agent_id for leg in call.legs if leg.agent_id is not None)
            queues = frozenset() if call.queue_id is None else frozenset({call.queue_id})
            return Audience(
                all_seers=True, agents=agents if call.agent_id is None else agents | {call.agent_id}, queues=queues
            )
        case OfferChanged(offer=offer):
            return Audience(all_seers=True, agents=frozenset({offer.agent_id}))
        case DraftChanged(agent_id=agent):
            return Audience(agents=frozenset({agent}))
        case AccountChanged():
            return Audience(configurers=True)
        case WorkChanged() | SignedOut():
            return _NOBODY
        case ContactChanged():
            return _EVERYONE
        case _:
            return _EVERYONE


def _of(agent: int | None, queue: int | None, lost_agent: int | None = None, lost_queue: int | None = None) -> Audience:
    agents = frozenset(a for a in (agent, lost_agent) if a is not None)
    queues = frozenset(q for q in (queue, lost_queue) if q is not None)
    return Audience(all_seers=True, agents=agents, queues=queues)
