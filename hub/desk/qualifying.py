"""A lead that is something: the same case becomes a deal or a request of a contact. And taking a decision back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm_core.cases import actions
from crm_core.cases.pipelines import default_of
from crm_core.cases.rules import Becomes, Decision, checked_title
from crm_core.contacts import actions as contact_actions
from crm_core.contacts import queries as contact_queries
from crm_core.contacts.actions import NewContact
from crm_core.conversations import queries as conversation_queries
from crm_core.store import jobs
from crm_core.store.transaction import AnyRow, Tx
from crm_core.words.errors import Conflict, Invalid
from crm_core.words.permissions import Actor, may_read
from crm_core.words.values import CaseKind, CaseValue, ConversationStatus, StageCategory
from hub.desk import contacts
from hub.desk.conversations import reopen
from hub.desk.deciding import RETURN, Facts, Held


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualification:
    """What a lead becomes, and whose it is: the contact named, else the one its address belongs to, else a new one.

    `amount` is in the smallest unit of the pipeline's currency.
    """

    becomes: Becomes = Becomes.DEAL
    contact_id: int | None = None
    name: str = ""
    company: str = ""
    title: str = ""
    amount: int | None = None


def qualify(tx: Tx, actor: Actor, case_id: int, choice: Qualification, version: int | None = None) -> CaseValue:
    """A lead becomes a deal or a request in that kind's pipeline, or ends as won for a contact only.

    It stays the same case, with its number and history. Raises Denied, NotFound (also for the contact), Invalid,
    and Conflict when it is no open lead, or its address belongs to another contact than the one named.
    """
    held = Held.taken(tx, actor, case_id, version, decision=Decision.QUALIFIED)
    contact_id, did = _contact(tx, held.row, choice)
    values: dict[str, Any] = {
        "contact_id": contact_id,
        "who": contact_queries.row(tx, contact_id).name,
        "owner_id": held.owner_or_actor,
        **_place(held, choice.becomes),
    }
    if choice.title:
        values["title"] = checked_title(choice.title)
    if choice.amount is not None:
        values["amount"] = choice.amount
    held.forget_return()
    facts: Facts = {"becomes": choice.becomes.value, "contact_id": contact_id, "contact": values["who"]}
    return held.decide(Decision.QUALIFIED, values, facts=facts, also=did)


def undo(tx: Tx, actor: Actor, case_id: int, version: int | None = None) -> CaseValue:
    """Take the last decision about a lead back: the case is as it was, and so is what the decision did elsewhere.

    A contact that was made by it is archived, unless it has other addresses by now. Raises Denied, NotFound, and
    Conflict when the case has moved on or another lead of theirs is open.
    """
    held = Held.taken(tx, actor, case_id, version)
    found = held.row
    if found.undo is None:
        raise Conflict("This cannot be taken back any more.", why="too_late_back")
    columns = actions.restored(tx, found)
    if not StageCategory(found.category).is_open:
        held.must_be_only_lead()
    _restore_mark(tx, found)
    _restore_contact(tx, actor, found)
    _restore_return(tx, found, columns)
    case = held.decide(Decision.UNDONE, columns)
    _restore_conversations(tx, actor, held)
    return case


def _place(held: Held, becomes: Becomes) -> dict[str, Any]:
    if becomes is Becomes.CONTACT:
        return held.into(StageCategory.WON)
    kind = CaseKind(becomes.value)
    currency = held.row.currency or default_of(held.tx, kind).currency
    return {"kind": kind, "currency": currency, **actions.into(held.tx, actions.first_stage(held.tx, kind))}


def _contact(tx: Tx, found: AnyRow, choice: Qualification) -> tuple[int, dict[str, Any]]:
    """Whose the lead is from now on, and what was done for it, to be undone."""
    identity_id = found.identity_id
    whose = None if identity_id is None else contact_queries.identity_row(tx, identity_id).contact_id
    if whose is not None:
        if choice.contact_id not in (None, whose):
            raise Conflict("This address belongs to another contact.", why="address_taken", contact_id=whose)
        return whose, {}
    did: dict[str, Any] = {}
    contact_id = choice.contact_id
    if contact_id is None:
        if not (choice.name or found.who):
            raise Invalid("A contact needs a name.", why="needs_name")
        new = NewContact(name=choice.name or found.who, company=choice.company, owner_id=found.owner_id)
        contact_id = did["made_contact_id"] = contact_actions.add(tx, new)
    if identity_id is None:
        contact_queries.standing_row(tx, contact_id)
        contacts.attached(tx, contact_id)
        return contact_id, did
    contact_actions.attach(tx, contact_id, identity_id)
    contact_actions.touch(tx, contact_id)
    contacts.attached(tx, contact_id, identity_id)
    return contact_id, {**did, "attached_id": identity_id}


def _restore_contact(tx: Tx, actor: Actor, found: AnyRow) -> None:
    attached_id, made_id = found.undo.get("attached_id"), found.undo.get("made_contact_id")
    if attached_id is not None:
        whose = contact_queries.identity_row(tx, attached_id).contact_id
        if whose is not None and whose == found.contact_id:
            contacts.detach_identity(tx, actor, whose, attached_id)
    if made_id is None or contact_queries.row(tx, made_id).root_id is not None:
        return
    if not contact_actions.addresses_of(tx, made_id):
        contacts.archive(tx, actor, made_id)


def _restore_mark(tx: Tx, found: AnyRow) -> None:
    if found.is_spam and found.identity_id is not None:
        actions.mark_spam(tx, found.identity_id, is_spam=False)


def _restore_return(tx: Tx, found: AnyRow, columns: Mapping[str, Any]) -> None:
    """A lead that was put away before the decision comes back when it would have; one that was not, does not."""
    when = columns.get("nurture_until")
    if when is None:
        jobs.cancel(tx, RETURN, str(found.id))
    else:
        jobs.schedule(tx, RETURN, str(found.id), {"case_id": found.id}, due_at=max(when, tx.now))


def _restore_conversations(tx: Tx, actor: Actor, held: Held) -> None:
    """Conversations that spam closed are taken up again; the one that went to another case comes back."""
    undo = held.row.undo
    for conversation_id in undo.get("closed", ()):
        conversation = conversation_queries.row(tx, conversation_id, lock=True)
        theirs = conversation_queries.of_identity(tx, conversation.identity_id)
        is_over = all(c.status is ConversationStatus.CLOSED for c in theirs)
        if is_over and may_read(actor, conversation):
            reopen(tx, actor, conversation_id)
    if held.row.conversation_id is not None and "origin_id" in undo["columns"]:
        conversation = conversation_queries.row(tx, held.row.conversation_id)
        if conversation.case_id != held.row.id:
            held.set_case(held.row.id)
