"""What an event does to a snapshot. Pure; the console's `reduce.ts` does the same, over the same cases.

`reduce(snapshot before, the events since) == snapshot taken afresh` is proved for every use case
(tests/peers/live_view.py). Values are whole and events come in order, so applying one twice is harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from msgspec.structs import replace

from crm_core.calls.rules.ending import takes_part
from crm_core.words.events import (
    AccountChanged,
    AgentChanged,
    AnyEvent,
    CallChanged,
    CannedChanged,
    ContactChanged,
    ConversationChanged,
    DispositionChanged,
    DraftChanged,
    EntryAdded,
    EntryChanged,
    OfferChanged,
    PipelineChanged,
    QueueChanged,
)
from crm_core.words.values import (
    AgentValue,
    ContactValue,
    ConversationStatus,
    ConversationValue,
    DraftValue,
    EntryValue,
    OfferState,
    OfferValue,
    QueueValue,
)
from hub.console.protocol import WATCHED_ENTRIES, Snapshot, Watched

V = TypeVar("V")


def reduce(snapshot: Snapshot, position: int, event: AnyEvent) -> Snapshot:
    """The snapshot after an event that its agent was told. One that it holds already changes nothing."""
    if position <= snapshot.position:
        return snapshot
    return replace(_after(snapshot, event), position=position)


def lose(snapshot: Snapshot, position: int, conversation_id: int) -> Snapshot:
    """The snapshot after `gone`: the agent may not read this conversation any more."""
    return replace(
        snapshot,
        position=max(position, snapshot.position),
        mine=[c for c in snapshot.mine if c.id != conversation_id],
        watched=[w for w in snapshot.watched if w.conversation.id != conversation_id],
    )


def see(snapshot: Snapshot, agent_ids: Iterable[int], *, present: bool) -> Snapshot:
    """The snapshot after agents came or left."""
    ids = frozenset(agent_ids)
    agents = [replace(a, present=present) if a.id in ids else a for a in snapshot.agents]
    me = replace(snapshot.me, present=present) if snapshot.me.id in ids else snapshot.me
    return replace(snapshot, agents=agents, me=me)


def settled_agent(agent: AgentValue, *, present: bool) -> AgentValue:
    """An agent as a snapshot shows them: units in use are no event's to keep, presence is known only now."""
    return replace(agent, units_used=0, present=present)


def settled_queue(queue: QueueValue) -> QueueValue:
    """A queue as a snapshot shows it: its live figures are asked for over the API."""
    return replace(queue, waiting=0, longest_since=None)


def _after(snapshot: Snapshot, event: AnyEvent) -> Snapshot:
    match event:
        case EntryAdded() | EntryChanged():
            return _entry(_conversation(snapshot, event.conversation), event.entry)
        case ConversationChanged():
            return _conversation(snapshot, event.conversation)
        case OfferChanged(offer=offer):
            return _offer(snapshot, offer)
        case DraftChanged():
            return _draft(snapshot, event)
        case CallChanged(call=call):
            mine = takes_part(call, snapshot.me.id)
            return replace(snapshot, calls=_put(snapshot.calls, call, _id, keep=mine))
        case ContactChanged():
            return _contact(snapshot, event.contact, event.conversation_ids)
        case _:
            return _configured(snapshot, event)


def _configured(snapshot: Snapshot, event: AnyEvent) -> Snapshot:
    match event:
        case AgentChanged(agent=agent):
            return _agent(snapshot, agent)
        case QueueChanged(queue=queue):
            queues = _put(snapshot.queues, settled_queue(queue), _id, keep=not queue.archived)
            return replace(snapshot, queues=queues)
        case CannedChanged(canned=canned):
            return replace(snapshot, canned=_put(snapshot.canned, canned, _id, keep=not canned.deleted))
        case DispositionChanged(disposition=one):
            return replace(snapshot, dispositions=_put(snapshot.dispositions, one, _id, keep=not one.deleted))
        case PipelineChanged(pipeline=one):
            return replace(snapshot, pipelines=_put(snapshot.pipelines, one, _id, keep=not one.archived))
        case AccountChanged(account=account):
            return replace(snapshot, accounts=_put(snapshot.accounts, account, _id, keep=True))
        case _:
            return snapshot


def _conversation(snapshot: Snapshot, conversation: ConversationValue) -> Snapshot:
    is_mine = conversation.assignee_id == snapshot.me.id and conversation.status is not ConversationStatus.CLOSED
    return replace(
        snapshot,
        mine=_put(snapshot.mine, conversation, _id, keep=is_mine),
        watched=[_with_conversation(w, conversation) for w in snapshot.watched],
    )


def _with_conversation(watched: Watched, conversation: ConversationValue) -> Watched:
    if watched.conversation.id != conversation.id:
        return watched
    contact = watched.contact
    if contact is not None and contact.id != conversation.contact_id:
        contact = None
    return replace(watched, conversation=conversation, contact=contact)


def _entry(snapshot: Snapshot, entry: EntryValue) -> Snapshot:
    return replace(snapshot, watched=[_with_entry(w, entry) for w in snapshot.watched])


def _with_entry(watched: Watched, entry: EntryValue) -> Watched:
    if watched.conversation.id != entry.conversation_id:
        return watched
    is_older = len(watched.entries) >= WATCHED_ENTRIES and entry.id < watched.entries[0].id
    entries = _put(watched.entries, entry, _id, keep=not is_older)
    return replace(watched, entries=entries[-WATCHED_ENTRIES:])


def _offer(snapshot: Snapshot, offer: OfferValue) -> Snapshot:
    if offer.agent_id != snapshot.me.id:
        return snapshot
    return replace(snapshot, offers=_put(snapshot.offers, offer, _id, keep=offer.state is OfferState.PENDING))


def _draft(snapshot: Snapshot, event: DraftChanged) -> Snapshot:
    if event.draft is None:
        gone = (event.conversation_id, event.kind)
        return replace(snapshot, drafts=[d for d in snapshot.drafts if (d.conversation_id, d.kind) != gone])
    return replace(snapshot, drafts=_put(snapshot.drafts, event.draft, _draft_key, keep=True))


def _contact(snapshot: Snapshot, contact: ContactValue, conversation_ids: list[int]) -> Snapshot:
    def shown(watched: Watched) -> Watched:
        conversation = watched.conversation
        if conversation.id in conversation_ids:
            conversation = replace(conversation, contact_id=contact.id)
        elif conversation.contact_id != contact.id:
            return watched
        if conversation.status is ConversationStatus.CLOSED and contact.root_id is None:
            # Closed conversations change hands and names with their contact and have no event of their own.
            conversation = replace(conversation, who=contact.name)
        return replace(watched, contact=contact, conversation=conversation)

    return replace(snapshot, watched=[shown(w) for w in snapshot.watched])


def _agent(snapshot: Snapshot, agent: AgentValue) -> Snapshot:
    present = any(a.id == agent.id and a.present for a in snapshot.agents)
    shown = settled_agent(agent, present=present)
    me = shown if agent.id == snapshot.me.id else snapshot.me
    return replace(snapshot, agents=_put(snapshot.agents, shown, _id, keep=True), me=me)


def _id(value: Any) -> Any:
    return value.id


def _draft_key(draft: DraftValue) -> tuple[int, str]:
    return draft.conversation_id, draft.kind


def _put(values: list[V], value: V, key: Callable[[V], Any], *, keep: bool) -> list[V]:
    """The list, ordered by key, with the value in the place of its older self; without either unless `keep`."""
    mine = key(value)
    rest = [v for v in values if key(v) != mine]
    if not keep:
        return rest
    at = next((i for i, v in enumerate(rest) if key(v) > mine), len(rest))
    return [*rest[:at], value, *rest[at:]]
