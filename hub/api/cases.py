"""Cases: leads, deals and requests, and what is decided about them."""

from __future__ import annotations

from crm_core.cases import queries
from crm_core.cases.queries import CaseListing
from crm_core.contacts.queries import row as contact_row
from crm_core.store.transaction import Tx
from crm_core.words.permissions import Actor
from crm_core.words.values import CaseValue
from hub.api.call import Call
from hub.api.models.cases import (
    Case,
    CaseCounts,
    CaseEdit,
    Cases,
    CaseStep,
    Deciding,
    Disqualifying,
    Duplicating,
    Handing,
    Moving,
    Nurturing,
    Opening,
    Qualifying,
    Tying,
)
from hub.api.models.conversations import Conversation
from hub.api.models.shapes import ListOf, PageOf
from hub.desk import cases, leads, qualifying
from hub.desk.cases import CaseChange
from hub.desk.qualifying import Qualification


async def page(call: Call, query: Cases) -> PageOf[Case]:
    """A list of cases that I may read."""
    found = await call.read(queries.page, call.actor, CaseListing(**query.model_dump()))
    return PageOf[Case].model_validate(found)


async def counts(call: Call) -> CaseCounts:
    """How many open leads are new, mine, and nobody's."""
    return CaseCounts.model_validate(await call.read(queries.counts, call.actor))


async def get(call: Call, case_id: int) -> Case:
    """One case."""
    return Case.model_validate(await call.read(queries.get, call.actor, case_id))


async def steps(call: Call, case_id: int) -> ListOf[CaseStep]:
    """What was decided about a case, the oldest first."""
    found = await call.read(queries.steps, call.actor, case_id)
    return ListOf[CaseStep](items=[CaseStep.model_validate(step) for step in found])


async def of_contact(call: Call, contact_id: int) -> ListOf[Case]:
    """The cases of a contact that I may read, leads of their addresses too; the newest first."""
    found = await call.read(_of_contact, call.actor, contact_id)
    return ListOf[Case](items=[Case.model_validate(case) for case in found])


async def of_conversation(call: Call, conversation_id: int) -> Case:
    """The case that a conversation is about."""
    return Case.model_validate(await call.read(leads.of_conversation, call.actor, conversation_id))


async def open_one(call: Call, conversation_id: int, body: Opening) -> Case:
    """Open a lead, a deal or a request about a conversation. It is mine."""
    return await call.write(Case.model_validate, leads.open_by_hand, call.actor, conversation_id, body.kind, body.title)


async def link(call: Call, conversation_id: int, body: Tying) -> Conversation:
    """Say which case a conversation is about."""
    return await call.write(Conversation.model_validate, leads.link, call.actor, conversation_id, body.case_id)


async def change(call: Call, case_id: int, body: CaseEdit) -> Case:
    """Change what is written on a case, unless somebody else did since the version you saw."""
    wanted = CaseChange(**body.model_dump())
    return await call.write(Case.model_validate, cases.edit, call.actor, case_id, wanted)


async def accept(call: Call, case_id: int, body: Deciding) -> Case:
    """Take a case that nobody owns, and begin to work on it."""
    return await call.write(Case.model_validate, cases.accept, call.actor, case_id, body.version)


async def assign(call: Call, case_id: int, body: Handing) -> Case:
    """Hand a case to a colleague, or give it back to its queue."""
    return await call.write(Case.model_validate, cases.assign, call.actor, case_id, body.agent_id, body.version)


async def qualify(call: Call, case_id: int, body: Qualifying) -> Case:
    """Make a lead a deal or a request of a contact, or only its contact. It stays the same case."""
    choice = Qualification(**body.model_dump(exclude={"version"}))
    return await call.write(Case.model_validate, qualifying.qualify, call.actor, case_id, choice, body.version)


async def undo(call: Call, case_id: int, body: Deciding) -> Case:
    """Take the last decision about a lead back, with all that it did."""
    return await call.write(Case.model_validate, qualifying.undo, call.actor, case_id, body.version)


async def disqualify(call: Call, case_id: int, body: Disqualifying) -> Case:
    """Say that nothing comes of a lead, and why."""
    why = body.words if body.reason_id is None else body.reason_id
    return await call.write(Case.model_validate, cases.disqualify, call.actor, case_id, why, body.version)


async def spam(call: Call, case_id: int, body: Deciding) -> Case:
    """Mark a lead as spam: its conversation is closed, and what they write later waits nowhere."""
    return await call.write(Case.model_validate, cases.spam, call.actor, case_id, body.version)


async def duplicate(call: Call, case_id: int, body: Duplicating) -> Case:
    """Say of which other case a lead is a duplicate."""
    return await call.write(Case.model_validate, cases.duplicate, call.actor, case_id, body.of_id, body.version)


async def nurture(call: Call, case_id: int, body: Nurturing) -> Case:
    """Put a lead away until a time. It comes back by itself."""
    return await call.write(Case.model_validate, cases.nurture, call.actor, case_id, body.until, body.version)


async def reopen(call: Call, case_id: int, body: Deciding) -> Case:
    """Take up a closed case."""
    return await call.write(Case.model_validate, cases.reopen, call.actor, case_id, body.version)


async def move(call: Call, case_id: int, body: Moving) -> Case:
    """Move a case into another stage of its pipeline."""
    return await call.write(Case.model_validate, cases.move, call.actor, case_id, body.stage_id, body.version)


def _of_contact(tx: Tx, actor: Actor, contact_id: int) -> list[CaseValue]:
    contact_row(tx, contact_id)
    return queries.of_contact(tx, actor, contact_id)
