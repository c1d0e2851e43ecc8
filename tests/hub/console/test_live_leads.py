"""Leads and pipelines, watched: who may read a case hears of it, who loses one hears only that."""

from __future__ import annotations

from typing import Any

from crm_core.cases import pipelines, queries
from crm_core.cases.pipelines import NewPipeline, PipelineChange, StageWanted
from crm_core.cases.rules import Becomes
from crm_core.conversations import actions as conversations
from crm_core.conversations.queries import row
from crm_core.store import journal
from crm_core.store.transaction import Tx
from crm_core.words.clock import DAY
from crm_core.words.events import CaseChanged
from crm_core.words.permissions import Actor
from crm_core.words.values import CaseKind, StageCategory
from hub.console.protocol import CaseGone
from hub.console.telling import Telling, gone, telling
from hub.desk import assignments, cases, leads, qualifying
from hub.desk.assignments import Target
from hub.desk.cases import CaseChange
from hub.desk.leads import Stranger
from hub.desk.qualifying import Qualification
from tests.hub.console.office import Office


def stranger_of(tx: Tx, conversation_id: int) -> Stranger:
    found = row(tx, conversation_id)
    return Stranger(
        conversation_id=found.id,
        identity_id=found.identity_id,
        who=found.who,
        source=found.channel,
        account_id=found.account_id,
        contactable=True,
        queue_id=found.queue_id,
        first_words="hello",
    )


def opens(tx: Tx, conversation_id: int) -> int:
    """What an inbound message of a stranger does."""
    case_id = leads.open_for(tx, [stranger_of(tx, conversation_id)])[conversation_id]
    conversations.changed(tx, conversations.change(tx, conversation_id, case_id=case_id))
    return case_id


async def test_a_lead_and_what_becomes_of_it(office: Office) -> None:
    c, ann = office.conversation, office.ann
    lead = await office.does("a stranger opens a lead", opens, c)
    await office.does("a lead is accepted", cases.accept, ann, lead)
    await office.does("a lead is edited", cases.edit, ann, lead, CaseChange(version=2, title="Kettles", tags=["hot"]))
    await office.does("a lead is assigned", cases.assign, ann, lead, office.bea.agent_id)
    await office.does("a lead is given back", cases.assign, office.bea, lead, 0)
    await office.does("a lead is put away", cases.nurture, ann, lead, office.live.clock() + DAY)
    office.live.clock.advance(DAY)
    await office.does("a lead comes back", cases.come_back, lead)
    deal = Qualification(name="Ann Lee", company="Acme")
    await office.does("a lead is qualified", qualifying.qualify, ann, lead, deal)
    await office.does("qualifying is taken back", qualifying.undo, ann, lead)
    await office.does("a lead is lost", cases.disqualify, ann, lead, "No budget")
    await office.does("a lead is reopened", cases.reopen, ann, lead)
    await office.does("a lead is spam", cases.spam, ann, lead)
    await office.does("spam is taken back", qualifying.undo, ann, lead)
    contact = Qualification(becomes=Becomes.CONTACT)
    await office.does("a lead becomes a contact", qualifying.qualify, ann, lead, contact)


async def test_cases_of_a_conversation(office: Office) -> None:
    c, ann = office.conversation, office.ann
    request = await office.does("a request is opened", leads.open_by_hand, ann, c, CaseKind.REQUEST, "Broken")
    stages = (await office.db.read(pipelines.pipeline, request.pipeline_id)).stages
    await office.does("a case moves", cases.move, ann, request.id, stages[1].id)
    assert await office.db.read(leads.of_conversation, ann, c) == await office.db.read(queries.get, ann, request.id)
    stored = await office.live.hear("hi", queue=office.sales, visitor="bob")
    assert stored.entry is not None
    bobs = stored.entry.conversation_id
    office.view.watching = (c, bobs)
    await office.does("a visitor leaves an address", leads.became_contactable, bobs)
    other = await office.db.read(leads.of_conversation, ann, bobs)
    await office.does("a lead is a duplicate", cases.duplicate, ann, other.id, request.id)
    await office.does("a conversation is tied to a case", leads.link, ann, bobs, other.id)


async def test_pipelines(office: Office) -> None:
    await office.does("the first pipelines are made", pipelines.ensure)
    ends = [StageWanted(name=c.value, category=c) for c in (StageCategory.NEW, StageCategory.WON)]
    jobs = NewPipeline(kind=CaseKind.JOB, name="Works", stages=ends)
    first = await office.does("a pipeline is added", pipelines.add, office.ada, jobs)
    second = await office.db.write(pipelines.add, office.ada, jobs)
    await office.does("another pipeline is the default", change, office.ada, second.id, 1, is_default=True)
    await office.does("a pipeline is archived", change, office.ada, first.id, 2, archived=True)
    await office.does("a pipeline is restored", change, office.ada, first.id, 3, archived=False)


def change(tx: Tx, actor: Actor, pipeline_id: int, version: int, **wanted: Any) -> Any:
    return pipelines.change(tx, actor, pipeline_id, PipelineChange(version=version, **wanted))


async def test_who_loses_a_case_hears_its_id_and_nothing_more(office: Office) -> None:
    c = office.conversation
    lead = await office.db.write(opens, c)
    start = (await office.db.read(journal.head)).position
    await office.db.write(assignments.assign, office.sue, c, Target(queue_id=office.support))
    [moved] = [e for e in await office.db.read(journal.after, start, most=100) if isinstance(e.event, CaseChanged)]
    heard = {name: telling(moved.event, actor) for name, actor in office.people.items()}
    assert heard == {
        "Ann": Telling.GONE,
        "Bea": Telling.GONE,
        "Cat": Telling.EVENT,
        "Sue": Telling.EVENT,
        "Ada": Telling.EVENT,
    }
    assert gone(moved.position, moved.event) == CaseGone(position=moved.position, case_id=lead)
