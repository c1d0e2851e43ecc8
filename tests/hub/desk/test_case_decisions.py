"""What agents decide about a lead is kept as steps, told in the timeline, and refused where it makes no sense."""

from __future__ import annotations

import asyncio

import pytest

from crm_core.cases import opening, pipelines, reasons
from crm_core.conversations.queries import get
from crm_core.staff.actions import disable_agent
from crm_core.store import jobs
from crm_core.words.clock import DAY
from crm_core.words.errors import Conflict, Denied, Invalid, NotFound
from crm_core.words.events import CaseChanged
from crm_core.words.values import CaseKind, CaseValue, ConversationStatus, StageCategory
from hub.desk import cases, chores, leads
from hub.desk.assignments import Target, assign
from hub.desk.cases import CaseChange
from hub.desk.deciding import RETURN
from hub.machinery.jobs import JobRunner
from tests.hub.desk.prospects import Prospects


async def stage_name(prospects: Prospects, case: CaseValue) -> str:
    pipeline = await prospects.db.read(pipelines.pipeline, case.pipeline_id)
    return next(s.name for s in pipeline.stages if s.id == case.stage_id)


async def test_who_accepts_first_has_the_lead(prospects: Prospects) -> None:
    lead = await prospects.lead()
    mine = await prospects.db.write(cases.accept, prospects.anna, lead.id, lead.version)
    assert (mine.owner_id, mine.category) == (prospects.anna.agent_id, StageCategory.ACTIVE)
    for other in (prospects.ben, prospects.sofia):
        with pytest.raises(Conflict, match="Anna"):
            await prospects.db.write(cases.accept, other, lead.id, lead.version)
    assert await prospects.db.write(cases.accept, prospects.anna, lead.id, lead.version) == mine
    assert await prospects.decisions(lead.id) == ["opened", "accepted"]
    assert lead.conversation_id is not None
    assert await prospects.notices(lead.conversation_id) == ["lead_accepted"]


async def test_of_two_who_accept_at_once_one_has_the_lead(prospects: Prospects) -> None:
    lead = await prospects.lead()
    both = [prospects.db.write(cases.accept, actor, lead.id) for actor in (prospects.anna, prospects.ben)]
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CaseValue", "Conflict"]
    assert await prospects.decisions(lead.id) == ["opened", "accepted"]


async def test_a_lead_of_other_queues_is_not_there(prospects: Prospects) -> None:
    lead = await prospects.lead()
    with pytest.raises(NotFound):
        await prospects.db.write(cases.accept, prospects.cora, lead.id)


async def test_a_colleagues_lead_is_decided_on_by_them_or_a_supervisor(prospects: Prospects) -> None:
    lead = await prospects.lead()
    await prospects.db.write(cases.accept, prospects.anna, lead.id)
    with pytest.raises(Denied):
        await prospects.db.write(cases.disqualify, prospects.ben, lead.id, "mine")
    with pytest.raises(Denied):
        await prospects.db.write(cases.edit, prospects.ben, lead.id, CaseChange(version=2, title="mine"))
    await prospects.db.write(cases.assign, prospects.sofia, lead.id, prospects.ben.agent_id)
    await prospects.db.write(cases.disqualify, prospects.ben, lead.id, "Wrong number")
    assert await prospects.decisions(lead.id) == ["opened", "accepted", "assigned", "disqualified"]


async def test_a_lead_is_handed_on_and_given_back(prospects: Prospects) -> None:
    lead = await prospects.lead()
    cora = prospects.cora.agent_id
    away = await prospects.db.write(cases.assign, prospects.anna, lead.id, cora)
    assert (away.owner_id, away.category) == (cora, StageCategory.NEW)
    assert (await prospects.db.write(cases.accept, prospects.cora, lead.id)).category is StageCategory.ACTIVE
    back = await prospects.db.write(cases.assign, prospects.cora, lead.id, 0)
    assert back.owner_id is None
    told = [e for e in await prospects.events() if isinstance(e, CaseChanged)]
    assert told[-1].lost_agent_id == cora
    with pytest.raises(Invalid):
        await prospects.db.write(cases.assign, prospects.anna, lead.id, 12345)
    await prospects.db.write(disable_agent, None, cora)
    with pytest.raises(Invalid):
        await prospects.db.write(cases.assign, prospects.anna, lead.id, cora)


async def test_a_lead_is_lost_for_a_reason_that_is_kept(prospects: Prospects) -> None:
    one, two = await prospects.lead(), await prospects.lead()
    known = (await prospects.db.read(reasons.reasons))[0]
    lost = await prospects.db.write(cases.disqualify, prospects.anna, one.id, known.id)
    assert (lost.reason, lost.category) == (known.name, StageCategory.LOST)
    assert await stage_name(prospects, lost) == "Disqualified"
    assert lost.closed_at == prospects.clock()
    other = await prospects.db.write(cases.disqualify, prospects.anna, two.id, "  moved\nabroad ")
    assert other.reason == "moved abroad"
    for wrong, error in (("  ", Invalid), (987, NotFound)):
        with pytest.raises(error):
            await prospects.db.write(cases.disqualify, prospects.anna, (await prospects.lead()).id, wrong)
    with pytest.raises(Conflict):
        await prospects.db.write(cases.accept, prospects.anna, one.id)


async def test_spam_closes_the_conversation_and_marks_the_address(prospects: Prospects) -> None:
    lead = await prospects.lead()
    gone = await prospects.db.write(cases.spam, prospects.anna, lead.id)
    assert gone.is_spam
    assert await stage_name(prospects, gone) == "Spam"
    assert lead.conversation_id is not None
    assert lead.identity_id is not None
    conversation = await prospects.db.read(get, prospects.sofia, lead.conversation_id)
    assert conversation.status is ConversationStatus.CLOSED
    assert await prospects.db.read(opening.spam_marked, [lead.identity_id]) == {lead.identity_id}
    assert await prospects.notices(lead.conversation_id) == ["closed", "lead_spam"]


async def test_a_duplicate_points_to_the_other_and_its_conversation_goes_on_there(prospects: Prospects) -> None:
    one, two = await prospects.lead(), await prospects.lead()
    ended = await prospects.db.write(cases.duplicate, prospects.anna, two.id, one.id)
    assert (ended.origin_id, await stage_name(prospects, ended)) == (one.id, "Duplicate")
    assert two.conversation_id is not None
    assert (await prospects.db.read(leads.of_conversation, prospects.anna, two.conversation_id)).id == one.id
    for wrong in (one.id, two.id):
        with pytest.raises(Invalid):
            await prospects.db.write(cases.duplicate, prospects.anna, one.id, wrong)
    await prospects.db.write(cases.assign, prospects.sofia, one.id, prospects.anna.agent_id)
    with pytest.raises(NotFound):
        await prospects.db.write(cases.duplicate, prospects.anna, one.id, 12345)


async def test_a_lead_put_away_comes_back_by_itself(prospects: Prospects) -> None:
    lead = await prospects.lead()
    until = prospects.clock() + 30 * DAY
    away = await prospects.db.write(cases.nurture, prospects.anna, lead.id, until)
    assert (away.category, away.nurture_until) == (StageCategory.WAITING, until)
    runner = JobRunner(prospects.db, chores.ACTIONS)
    assert await runner.step() == 0
    prospects.clock.advance(30 * DAY)
    assert await runner.step() == 1
    back = await prospects.case(lead.id)
    assert (back.category, back.nurture_until) == (StageCategory.ACTIVE, None)
    assert await prospects.decisions(lead.id) == ["opened", "nurtured", "returned"]
    assert await prospects.db.write(cases.come_back, lead.id) is None
    for wrong in (prospects.clock(), prospects.clock() + 801 * DAY):
        with pytest.raises(Invalid):
            await prospects.db.write(cases.nurture, prospects.anna, lead.id, wrong)


async def test_a_lead_put_away_and_taken_up_again_does_not_come_back_once_more(prospects: Prospects) -> None:
    lead = await prospects.lead()
    await prospects.db.write(cases.nurture, prospects.anna, lead.id, prospects.clock() + DAY)
    assert await prospects.db.read(jobs.is_scheduled, RETURN, str(lead.id))
    await prospects.db.write(cases.accept, prospects.anna, lead.id)
    assert not await prospects.db.read(jobs.is_scheduled, RETURN, str(lead.id))


async def test_a_closed_lead_is_reopened_unless_a_newer_one_is_open(prospects: Prospects) -> None:
    lead = await prospects.lead("ann")
    await prospects.db.write(cases.spam, prospects.anna, lead.id)
    again = await prospects.db.write(cases.reopen, prospects.anna, lead.id)
    assert (again.category, again.is_spam, again.closed_at) == (StageCategory.ACTIVE, False, None)
    assert lead.identity_id is not None
    assert await prospects.db.read(opening.spam_marked, [lead.identity_id]) == set()
    await prospects.db.write(cases.disqualify, prospects.anna, lead.id, "No budget")
    await prospects.lead("ann")
    with pytest.raises(Conflict):
        await prospects.db.write(cases.reopen, prospects.anna, lead.id)


async def test_a_case_moves_through_its_pipeline_and_no_other(prospects: Prospects) -> None:
    stranger = await prospects.stranger()
    request = await prospects.db.write(leads.open_by_hand, prospects.anna, stranger.conversation_id, CaseKind.REQUEST)
    stages = (await prospects.db.read(pipelines.pipeline, request.pipeline_id)).stages
    foreign = (await prospects.db.read(pipelines.default_of, CaseKind.DEAL)).stages[0]
    moved = await prospects.db.write(cases.move, prospects.anna, request.id, stages[1].id)
    assert await prospects.db.write(cases.move, prospects.anna, request.id, stages[1].id) == moved
    with pytest.raises(Invalid):
        await prospects.db.write(cases.move, prospects.anna, request.id, foreign.id)
    done = await prospects.db.write(cases.move, prospects.anna, request.id, stages[3].id)
    assert (done.category, done.closed_at) == (StageCategory.WON, prospects.clock())
    with pytest.raises(Conflict):
        await prospects.db.write(cases.move, prospects.anna, request.id, stages[1].id)
    lead = await prospects.lead()
    lost = next(
        s
        for s in (await prospects.db.read(pipelines.pipeline, lead.pipeline_id)).stages
        if s.category is StageCategory.LOST
    )
    with pytest.raises(Invalid):
        await prospects.db.write(cases.move, prospects.anna, lead.id, lost.id)


async def test_a_case_is_edited_from_what_was_seen(prospects: Prospects) -> None:
    lead = await prospects.lead()
    change = CaseChange(version=1, title="Kettles", tags=["hot", "hot", " "], owner_id=prospects.ben.agent_id, amount=5)
    edited = await prospects.db.write(cases.edit, prospects.anna, lead.id, change)
    assert (edited.title, edited.tags, edited.owner_id, edited.amount) == (
        "Kettles",
        ["hot"],
        prospects.ben.agent_id,
        5,
    )
    with pytest.raises(Conflict):
        await prospects.db.write(cases.edit, prospects.ben, lead.id, CaseChange(version=1, title="Late"))
    for wrong in (CaseChange(version=3, title=" "), CaseChange(version=3, currency="x")):
        with pytest.raises(Invalid):
            await prospects.db.write(cases.edit, prospects.ben, lead.id, wrong)


async def test_a_lead_nobody_owns_goes_where_its_conversation_goes(prospects: Prospects) -> None:
    lead = await prospects.lead()
    assert lead.conversation_id is not None
    await prospects.db.write(assign, prospects.sofia, lead.conversation_id, Target(queue_id=prospects.support))
    assert (await prospects.case(lead.id)).queue_id == prospects.support
    await prospects.db.write(assign, prospects.sofia, lead.conversation_id, Target(agent_id=prospects.cora.agent_id))
    assert (await prospects.case(lead.id)).owner_id is None
    await prospects.db.write(assign, prospects.sofia, lead.conversation_id, Target(agent_id=prospects.anna.agent_id))
    assert (await prospects.case(lead.id)).owner_id == prospects.anna.agent_id
    await prospects.db.write(assign, prospects.sofia, lead.conversation_id, Target(queue_id=prospects.sales))
    kept = await prospects.case(lead.id)
    assert (kept.owner_id, kept.queue_id) == (prospects.anna.agent_id, prospects.support)
