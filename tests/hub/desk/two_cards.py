"""People with several cards, their conversations and cases, for the tests of merging."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert

from crm_core.cases.model import Case
from crm_core.contacts import merging as merges
from crm_core.contacts import queries
from crm_core.contacts.actions import NewAddress, NewContact
from crm_core.contacts.resolving import resolve
from crm_core.conversations.model import Conversation
from crm_core.store.transaction import Tx
from crm_core.words.addresses import Address, email, phone
from crm_core.words.permissions import Actor
from crm_core.words.values import CaseKind, ConversationStatus, Role, StageCategory
from hub.desk import contacts

CHIEF = Actor(1, "Chief", Role.SUPERVISOR)
MAIL = email("taras@example.org")
NUMBER = phone("+380671234567")


def a_conversation(tx: Tx, address: Address, *, is_closed: bool = False) -> int:
    """Somebody wrote."""
    known = resolve(tx, address, "", {})
    conversation_id = tx.new_id()
    values: dict[str, Any] = {
        "id": conversation_id,
        "ws": tx.ws,
        "status": ConversationStatus.CLOSED if is_closed else ConversationStatus.OPEN,
        "who": known.shown_name,
        "channel": "email",
        "account_id": 5,
        "identity_id": known.id,
        "contact_id": known.contact_id,
        "thread": "t",
        "queue_id": 10,
        "tags": [],
        "opened_at": tx.now,
        "last_activity_at": tx.now,
        "version": 1,
    }
    tx.execute(insert(Conversation).values(**values))
    return conversation_id


def a_case(tx: Tx, contact_id: int | None, *, company_id: int | None = None, identity_id: int | None = None) -> int:
    """A lead of a contact, or of an identity."""
    case_id = tx.new_id()
    values: dict[str, Any] = {
        "id": case_id,
        "ws": tx.ws,
        "number": case_id,
        "kind": CaseKind.LEAD,
        "title": "Interested",
        "pipeline_id": 1,
        "stage_id": 1,
        "category": StageCategory.NEW,
        "stage_since": tx.now,
        "contact_id": contact_id,
        "company_id": company_id,
        "identity_id": identity_id,
        "who": "" if contact_id is None else queries.row(tx, contact_id).name,
        "tags": [],
        "fields": {},
        "created_at": tx.now,
        "version": 1,
    }
    tx.execute(insert(Case).values(**values))
    return case_id


def two(tx: Tx) -> tuple[int, int]:
    """Taras, whom we know by his mail, and T. Sh., who calls."""
    taras = contacts.add(tx, CHIEF, NewContact(name="Taras", addresses=[NewAddress(MAIL)], tags=["vip"]))
    caller = contacts.add(
        tx,
        CHIEF,
        NewContact(name="T. Sh.", company="Firm", tags=["new"], note="Calls.", addresses=[NewAddress(NUMBER)]),
    )
    return taras.id, caller.id


def merge_of(tx: Tx, contact_id: int) -> int:
    """The newest merge of a contact."""
    return merges.merges_of(tx, contact_id)[0].id
