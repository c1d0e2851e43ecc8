"""What a console starts from: everything it keeps live, read in one transaction with the journal's position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crm_core.accounts import queries as accounts
from crm_core.calls import queries as calls
from crm_core.cases.pipelines import pipelines
from crm_core.contacts import queries as contacts
from crm_core.conversations import drafts, phrases, timeline
from crm_core.conversations import queries as conversations
from crm_core.staff import queries as staff
from crm_core.staff import sessions
from crm_core.staff.sessions import SessionFacts
from crm_core.store import journal
from crm_core.store.transaction import Tx
from crm_core.words.errors import NotFound
from crm_core.words.permissions import Actor, Permission
from crm_core.words.values import AgentValue, ContactValue
from crm_core.work import actions as work
from crm_core.work import queues
from hub.console.protocol import WATCHED_ENTRIES, Snapshot, Watched
from hub.console.reducer import settled_agent, settled_queue


@dataclass(frozen=True, slots=True)
class Entrance:
    """Who comes in, and where the journal stood when their rights were read."""

    agent: AgentValue
    session: SessionFacts | None
    """The session they come in by; none when it ended or ran out."""
    head: journal.Head


def entrance(tx: Tx, agent_id: int, session_id: int) -> Entrance:
    """The agent as they are now. Raises NotFound."""
    return Entrance(staff.agent(tx, agent_id), sessions.living(tx, session_id), journal.head(tx))


def snapshot(tx: Tx, actor: Actor, watching: Sequence[int] = ()) -> Snapshot:
    """All that the actor's console keeps live. What they watch and may not read is left out; nobody is present yet.

    Raises NotFound when the actor is no agent.
    """
    agents = [settled_agent(agent, present=False) for agent in sorted(staff.agents(tx), key=lambda a: a.id)]
    me = next((agent for agent in agents if agent.id == actor.agent_id), None)
    if me is None:
        raise NotFound
    shown = [watched(tx, actor, conversation_id) for conversation_id in watching]
    return Snapshot(
        position=journal.head(tx).position,
        me=me,
        agents=agents,
        queues=sorted((settled_queue(q) for q in queues.queues(tx) if not q.archived), key=lambda q: q.id),
        canned=sorted(phrases.canned(tx), key=lambda c: c.id),
        dispositions=sorted(phrases.dispositions(tx), key=lambda d: d.id),
        pipelines=pipelines(tx),
        accounts=sorted(accounts.accounts(tx), key=lambda a: a.id) if actor.may(Permission.CONFIGURE) else [],
        mine=sorted(conversations.held_by(tx, actor.agent_id), key=lambda c: c.id),
        offers=sorted(work.pending_offers(tx, agent_id=actor.agent_id), key=lambda o: o.id),
        calls=calls.with_agent(tx, actor.agent_id),
        drafts=sorted(drafts.drafts_of(tx, actor.agent_id), key=lambda d: (d.conversation_id, d.kind)),
        watched=[one for one in shown if one is not None],
    )


def watched(tx: Tx, actor: Actor, conversation_id: int) -> Watched | None:
    """A conversation as it is shown; none when there is none that the actor may read."""
    try:
        conversation = conversations.get(tx, actor, conversation_id)
    except NotFound:
        return None
    entries = timeline.page(tx, actor, conversation_id, before=None, after=None, most=WATCHED_ENTRIES)
    return Watched(conversation=conversation, entries=entries, contact=_contact(tx, conversation.contact_id))


@dataclass(frozen=True, slots=True)
class Look:
    """Conversations by id, none where the actor may not read it, and where the journal stood."""

    position: int
    watched: dict[int, Watched | None]


def look(tx: Tx, actor: Actor, watching: Sequence[int]) -> Look:
    """What answers `watch`."""
    return Look(journal.head(tx).position, {one: watched(tx, actor, one) for one in watching})


def _contact(tx: Tx, contact_id: int | None) -> ContactValue | None:
    if contact_id is None:
        return None
    try:
        return contacts.get(tx, contact_id)
    except NotFound:
        return None
