"""Leads of strangers: opened when they write, or by hand, and tied to the conversations they are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from crm_core.cases import actions as cases
from crm_core.cases import opening, queries, rules
from crm_core.cases.opening import NewCase
from crm_core.conversations import actions as conversations
from crm_core.conversations import timeline
from crm_core.conversations.queries import readable_row, row
from crm_core.conversations.rows import conversation_value
from crm_core.store.transaction import AnyRow, Tx
from crm_core.words.errors import Conflict, NotFound
from crm_core.words.permissions import Actor, Permission
from crm_core.words.values import (
    Author,
    AuthorKind,
    CaseKind,
    CaseValue,
    ConversationValue,
    Direction,
    EntryKind,
    EntryValue,
    StageCategory,
)
from hub.desk.assignments import author_of
from hub.desk.deciding import Facts

BY_HAND: Final = "manual"
"""The source of a case that an agent opened."""
_SYSTEM = Author(kind=AuthorKind.SYSTEM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """Somebody who wrote, by a conversation that is about no case yet. `contactable`: whether they can be reached
    again when this conversation is over. `contact_id` is the surviving contact's where contacts were merged.
    """

    conversation_id: int
    identity_id: int
    who: str
    source: str
    account_id: int
    contactable: bool
    contact_id: int | None = None
    queue_id: int | None = None
    first_words: str = ""
    title: str = ""
    """What they say that it is about, such as a mail's subject."""


def open_for(tx: Tx, strangers: Sequence[Stranger]) -> dict[int, int]:
    """The case of each conversation that has one now: an open case of theirs, or a lead that was opened for it.

    By conversation id; a conversation without a case is left out. Writes cases, their steps and CaseChanged, and
    leaves `conversation.case_id` to the caller. One statement where no lead opens, six where some do.
    """
    if not strangers:
        return {}
    known = opening.known(
        tx, [s.identity_id for s in strangers], [s.contact_id for s in strangers if s.contact_id is not None]
    )
    answer: dict[int, int] = {}
    wanted: dict[int, NewCase] = {}
    waiting: list[Stranger] = []
    for stranger in strangers:
        past = known.of_identity.get(stranger.identity_id, []) + known.of_contact.get(stranger.contact_id or 0, [])
        found = rules.verdict(
            past,
            is_contact=stranger.contact_id is not None,
            is_spam=stranger.identity_id in known.spam,
            contactable=stranger.contactable,
        )
        if found.case_id is not None:
            answer[stranger.conversation_id] = found.case_id
        elif found.opens:
            wanted.setdefault(stranger.identity_id, _new_lead(stranger, found.origin_id))
            waiting.append(stranger)
    opened = {case.identity_id: case.id for case in opening.open_many(tx, list(wanted.values()))}
    return answer | {stranger.conversation_id: opened[stranger.identity_id] for stranger in waiting}


def became_contactable(tx: Tx, conversation_id: int) -> ConversationValue | None:
    """Somebody left an address by which they can be reached again: the lead opens now, if one is due.

    None when the conversation is about a case already, or none is due. Raises NotFound. Not for a conversation
    whose row is in hand and written later: call it after the flush.
    """
    found = row(tx, conversation_id, lock=True)
    if found.case_id is not None:
        return None
    stranger = Stranger(
        conversation_id=found.id,
        identity_id=found.identity_id,
        who=found.who,
        source=found.channel,
        account_id=found.account_id,
        contactable=True,
        contact_id=found.contact_id,
        queue_id=found.queue_id,
        first_words=_first_words(tx, found.id),
    )
    case_id = open_for(tx, [stranger]).get(found.id)
    if case_id is None:
        return None
    case = queries.row(tx, case_id)
    if case.conversation_id != found.id:
        linked = conversations.change(tx, found.id, case_id=case_id)
        conversations.changed(tx, linked)
        return linked
    facts: Facts = {"number": case.number, "case_id": case_id}
    return conversations.add_notice(tx, found.id, "lead_opened", facts, by=_SYSTEM, case_id=case_id)


def said_more(tx: Tx, entry: EntryValue) -> None:
    """A stranger's message that opened a lead without words has some now: they are the lead's first words."""
    if not entry.text.strip() or entry.direction is not Direction.IN:
        return
    case_id = row(tx, entry.conversation_id).case_id
    if case_id is None:
        return
    found = queries.row(tx, case_id, lock=True)
    if found.first_words or found.conversation_id != entry.conversation_id:
        return
    values = opening.first_words(entry.text, found.who, found.title)
    cases.change(tx, found, **values)


def open_by_hand(
    tx: Tx, actor: Actor, conversation_id: int, kind: CaseKind = CaseKind.LEAD, title: str = ""
) -> CaseValue:
    """Open a case about a conversation; it is the actor's.

    Raises Denied, NotFound, and Conflict when the conversation is about an open case already or nobody knows
    where cases of this kind begin.
    """
    actor.must(Permission.WORK)
    found = readable_row(tx, actor, conversation_id, lock=True)
    _must_be_free(tx, found)
    new = NewCase(
        kind=kind,
        title=title,
        who=found.who,
        identity_id=found.identity_id,
        contact_id=found.contact_id,
        conversation_id=found.id,
        owner_id=actor.agent_id,
        queue_id=found.queue_id,
        source=BY_HAND,
        account_id=found.account_id,
        first_words=_first_words(tx, found.id),
        origin_id=found.case_id,
    )
    case = opening.open_many(tx, [new], agent_id=actor.agent_id)[0]
    code = "lead_opened" if kind is CaseKind.LEAD else "case_opened"
    facts: Facts = {"agent": actor.name, "number": case.number, "case_id": case.id}
    conversations.add_notice(tx, found.id, code, facts, by=author_of(actor), case_id=case.id)
    return case


def link(tx: Tx, actor: Actor, conversation_id: int, case_id: int) -> ConversationValue:
    """Say which case a conversation is about, another one than before if need be. Raises Denied, NotFound."""
    actor.must(Permission.WORK)
    found = readable_row(tx, actor, conversation_id, lock=True)
    case = queries.readable_row(tx, actor, case_id)
    if found.case_id == case_id:
        return conversation_value(found._mapping)
    facts: Facts = {"agent": actor.name, "number": case.number, "case_id": case_id}
    return conversations.add_notice(tx, found.id, "case_linked", facts, by=author_of(actor), case_id=case_id)


def of_conversation(tx: Tx, actor: Actor, conversation_id: int) -> CaseValue:
    """The case that a conversation is about. Raises NotFound when there is none, or none the actor may read."""
    found = readable_row(tx, actor, conversation_id)
    if found.case_id is None:
        raise NotFound("This conversation is about no case.", why="no_case")
    return queries.get(tx, actor, found.case_id)


def _new_lead(stranger: Stranger, origin_id: int | None) -> NewCase:
    return NewCase(
        who=stranger.who,
        title=stranger.title,
        identity_id=stranger.identity_id,
        contact_id=stranger.contact_id,
        conversation_id=stranger.conversation_id,
        queue_id=stranger.queue_id,
        source=stranger.source,
        account_id=stranger.account_id,
        first_words=stranger.first_words,
        origin_id=origin_id,
    )


def _must_be_free(tx: Tx, conversation: AnyRow) -> None:
    if conversation.case_id is None:
        return
    current = queries.row(tx, conversation.case_id)
    if StageCategory(current.category).is_open:
        raise Conflict("The conversation is about a case that is open.", why="case_open_here", case_id=current.id)


def _first_words(tx: Tx, conversation_id: int) -> str:
    entries = timeline.newest(tx, [conversation_id], after=0, most=20, kinds=[EntryKind.MESSAGE])
    return next((e.text for e in entries if e.direction is Direction.IN and e.text), "")
