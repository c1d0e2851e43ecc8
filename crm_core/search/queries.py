"""The search box. What is found comes from the index, what is shown from the rows that the actor may read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import select

from crm_core.contacts import families
from crm_core.contacts import queries as contacts
from crm_core.conversations import queries as conversations
from crm_core.conversations.model import Conversation, Entry
from crm_core.conversations.rows import entry_value
from crm_core.search.snippets import snippet
from crm_core.store.fulltext import Alternatives, entries_with
from crm_core.store.transaction import Tx
from crm_core.words.addresses import TEL
from crm_core.words.errors import Invalid
from crm_core.words.permissions import Actor, Permission
from crm_core.words.terms import NUMBER, TAIL, Query, Term, asked
from crm_core.words.values import ContactValue, ConversationValue, EntryValue, IdentityValue

MOST: Final = 50
_CHUNK: Final = 200
_LOOKED_AT: Final = 4_000
"""Entries looked at for one page: who may read little of much gets a shorter page, and a cursor to go on."""
_PEOPLE: Final = 200


class Kind(StrEnum):
    """What can be found."""

    ENTRIES = "entries"
    CONVERSATIONS = "conversations"
    PEOPLE = "people"
    NUMBERS = "numbers"


EVERYTHING: Final = frozenset(Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A message or note that was found, its conversation, and why: `highlights` are [start, end) in UTF-16 units."""

    entry: EntryValue
    conversation: ConversationValue
    snippet: str
    highlights: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What was found, each list newest first."""

    entries: Sequence[Hit] = ()
    conversations: Sequence[ConversationValue] = ()
    """Conversations with whoever was found."""
    people: Sequence[ContactValue] = ()
    strangers: Sequence[IdentityValue] = ()
    """People without a contact, of whose conversations one may read at least one."""
    numbers: Sequence[IdentityValue] = ()
    """Phone numbers that have the digits asked for, whoever they belong to."""
    before: int | None = None
    """Ask again with this to go on through the entries; none at the end."""


def find(
    tx: Tx,
    actor: Actor,
    text: str,
    *,
    most: int = 20,
    before: int | None = None,
    kinds: frozenset[Kind] = EVERYTHING,
) -> Results:
    """Everything that has these words, as far as the actor may read it; the last word may be the beginning of one.

    No text is too strange to be looked for: what has no word in it finds nothing. `before` goes on through the
    entries and leaves the rest out. Raises Denied, and Invalid for a page of no sense.
    """
    actor.must(Permission.WORK)
    if not 1 <= most <= MOST or (before is not None and before < 0):
        raise Invalid(f"A page has 1 to {MOST} results.")
    query = asked(text)
    if query.is_empty:
        return Results()
    hits, more = _entries(tx, actor, query, before, most) if Kind.ENTRIES in kinds else ([], None)
    if before is not None or kinds <= {Kind.ENTRIES}:
        return Results(entries=hits, before=more)
    met = _met(tx, actor, text, most)
    has_digits = bool(query.digits)
    return Results(
        entries=hits,
        conversations=met.conversations[:most] if Kind.CONVERSATIONS in kinds else (),
        people=met.people[:most] if Kind.PEOPLE in kinds else (),
        strangers=met.strangers[:most] if Kind.PEOPLE in kinds else (),
        numbers=met.numbers[:most] if Kind.NUMBERS in kinds and has_digits else (),
        before=more,
    )


@dataclass(frozen=True, slots=True)
class _Met:
    people: list[ContactValue]
    strangers: list[IdentityValue]
    numbers: list[IdentityValue]
    conversations: list[ConversationValue]


def _met(tx: Tx, actor: Actor, text: str, most: int) -> _Met:
    ids = contacts.ids_named(tx, text, most=_PEOPLE)
    found = contacts.identities(tx, ids)
    owners = [i.contact_id for i in found if i.contact_id is not None]
    people = contacts.get_many(tx, families.roots_of(tx, [*ids, *owners]))
    talks = _conversations(tx, actor, [i.id for i in found], [p.id for p in people])
    sees_all = actor.may(Permission.SEE_ALL)
    readable = {c.identity_id for c in talks}
    known = [i for i in found if i.contact_id is not None or i.id in readable or sees_all]
    return _Met(
        people=sorted(people, key=lambda p: p.id, reverse=True),
        strangers=[i for i in known if i.contact_id is None],
        numbers=[i for i in known if i.scheme == TEL],
        conversations=talks[:most],
    )


def _conversations(
    tx: Tx, actor: Actor, identity_ids: Sequence[int], contact_ids: Sequence[int]
) -> list[ConversationValue]:
    """The newest conversations with these people that the actor may read."""
    readable = conversations.readable_by(actor)
    newest: set[int] = set()
    for column, ids in ((Conversation.identity_id, identity_ids), (Conversation.contact_id, contact_ids)):
        if ids:
            rows = tx.all(
                select(Conversation.id).where(column.in_(ids), readable).order_by(Conversation.id.desc()).limit(_PEOPLE)
            )
            newest |= {r.id for r in rows}
    return conversations.get_many(tx, actor, sorted(newest, reverse=True))


def _entries(tx: Tx, actor: Actor, query: Query, before: int | None, most: int) -> tuple[list[Hit], int | None]:
    """A page of hits, and where to go on."""
    alternatives: Alternatives = [query.terms, *_numbers(query)]
    readable: list[EntryValue] = []
    looked_at, size = 0, min(_CHUNK, most * 4)
    while looked_at < _LOOKED_AT:
        ids = entries_with(tx, alternatives, before=before, most=size)
        looked_at += len(ids)
        readable += _readable(tx, actor, ids)
        if len(readable) > most:
            shown = readable[:most]
            return _hits(tx, actor, shown, query), shown[-1].id
        if len(ids) < size:
            return _hits(tx, actor, readable, query), None
        before, size = ids[-1], min(size * 4, _LOOKED_AT)
    return _hits(tx, actor, readable, query), before


def _numbers(query: Query) -> list[tuple[Term, ...]]:
    return [(Term(NUMBER + query.digits[-TAIL:]),)] if len(query.digits) >= TAIL else []


def _readable(tx: Tx, actor: Actor, ids: Sequence[int]) -> list[EntryValue]:
    if not ids:
        return []
    rows = tx.all(
        select(*Entry.__table__.c)
        .join(Conversation, Conversation.id == Entry.conversation_id)
        .where(Entry.id.in_(ids), Entry.ws == tx.ws, conversations.readable_by(actor))
    )
    return sorted((entry_value(r._mapping) for r in rows), key=lambda e: e.id, reverse=True)


def _hits(tx: Tx, actor: Actor, entries: Sequence[EntryValue], query: Query) -> list[Hit]:
    ids = list(dict.fromkeys(e.conversation_id for e in entries))
    by_id = {c.id: c for c in conversations.get_many(tx, actor, ids)}
    hits = []
    for entry in entries:
        shown = snippet(entry.text, query)
        hits.append(
            Hit(
                entry=entry,
                conversation=by_id[entry.conversation_id],
                snippet=shown.text,
                highlights=shown.marks,
            )
        )
    return hits
