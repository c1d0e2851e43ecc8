"""Two contacts that are one person become one, with their conversations and cases; and two again."""

from __future__ import annotations

from collections.abc import Mapping

from crm_core.cases import whose as cases
from crm_core.contacts import families, holding, merging, queries
from crm_core.conversations import queries as conversation_queries
from crm_core.conversations import whose
from crm_core.conversations.whose import Person
from crm_core.store.transaction import Tx
from crm_core.words.errors import Invalid
from crm_core.words.permissions import Actor, Permission
from crm_core.words.values import ContactValue
from hub.desk.contacts import attached

_MOST_TOLD = 1_000
"""Closed conversations named in the event; consoles read the lists of older ones anew anyway."""


def merge(tx: Tx, actor: Actor, survivor_id: int, absorbed_id: int, choices: Mapping[str, str]) -> ContactValue:
    """Let one contact be known as another; the survivor. Nothing is rewritten that `unmerge` could not restore.

    `choices` says per field (`merging.FIELDS`) whose value stays, `survivor` or `absorbed`; what nobody chose is the
    survivor's, or the absorbed one's where it has none. Two open conversations stay two.
    Raises Denied, NotFound, Invalid for two that cannot be one, Conflict for one that was merged before or is
    archived.
    """
    actor.must(Permission.WORK)
    both = merging.pair(tx, survivor_id, absorbed_id)
    before = merging.merge(tx, both, choices)
    survivor = Person(survivor_id, queries.row(tx, survivor_id).name)
    talks = whose.move(tx, absorbed_id, survivor, both.identity_ids)
    files = cases.move(tx, absorbed_id, survivor.contact_id, survivor.name)
    merging.keep(tx, both, {**before, "conversations": talks, "cases": files}, actor.agent_id)
    moved = [conversation_id for conversation_id, _ in talks["moved"]]
    value = attached(tx, survivor_id, closed_ids=moved[-_MOST_TOLD:])
    attached(tx, absorbed_id)
    return value


def unmerge(tx: Tx, actor: Actor, merge_id: int) -> ContactValue:
    """Take a merge back; the survivor as it is then. What was said in between stays with whoever said it.

    Raises Denied, NotFound, and Conflict when it is undone already or a newer one stands before it.
    """
    actor.must(Permission.WORK)
    found = merging.standing_merge(tx, merge_id)
    merging.unmerge(tx, found, agent_id=actor.agent_id)
    back = Person(found.absorbed_id, queries.row(tx, found.absorbed_id).name)
    theirs = families.identity_ids(tx, families.member_ids(tx, found.absorbed_id))
    closed = whose.put_back(tx, found.before["conversations"], found.survivor_id, back, theirs)
    cases.put_back(tx, found.before["cases"], found.survivor_id, (back.contact_id, back.name), theirs)
    value = attached(tx, found.survivor_id)
    attached(tx, found.absorbed_id, closed_ids=closed[-_MOST_TOLD:])
    return value


def dismiss_for_conversation(tx: Tx, actor: Actor, conversation_id: int, contact_id: int) -> None:
    """Say that the stranger of a conversation is not this contact. Raises Denied, NotFound."""
    actor.must(Permission.WORK)
    found = conversation_queries.readable_row(tx, actor, conversation_id)
    queries.row(tx, contact_id)
    holding.dismiss(tx, found.identity_id, contact_id, actor.agent_id)


def dismiss_duplicate(tx: Tx, actor: Actor, contact_id: int, other_id: int) -> None:
    """Say that two contacts are two. Raises Denied, NotFound, Invalid for one and the same."""
    actor.must(Permission.WORK)
    queries.row(tx, contact_id)
    queries.row(tx, other_id)
    if contact_id == other_id:
        raise Invalid("A contact is always itself.", why="contact_itself")
    holding.dismiss(tx, contact_id, other_id, actor.agent_id)
