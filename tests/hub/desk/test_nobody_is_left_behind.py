"""Whatever happens to agents and queues, a person who wrote is somebody's work again."""

from __future__ import annotations

import pytest

from crm_core.accounts import actions as accounts
from crm_core.accounts.actions import NewAccount
from crm_core.accounts.sealing import Sealer
from crm_core.conversations import queries
from crm_core.words.errors import Conflict
from crm_core.words.events import ConversationChanged
from crm_core.words.permissions import Actor
from crm_core.words.values import Role, WorkState
from crm_core.work.queues import NewQueue, add_queue, archive_queue
from hub.desk import conversations, staffing
from hub.desk.assignments import accept
from tests.hub.desk.scene import Scene

BOSS = Actor(1, "Boss", Role.ADMINISTRATOR)


async def _annas(scene: Scene, who: str) -> int:
    entry = await scene.heard(who, "hello")
    [offer] = await scene.offers(scene.anna)
    await scene.db.write(accept, scene.anna, offer.id)
    return entry.conversation_id


@pytest.mark.parametrize("actor", [BOSS, None], ids=["by an administrator", "by the command line"])
async def test_what_an_agent_had_goes_to_others_when_they_are_disabled(scene: Scene, actor: Actor | None) -> None:
    theirs = await _annas(scene, "v1")
    await scene.db.write(staffing.disable, actor, scene.anna.agent_id)
    value = await scene.db.read(queries.get, scene.sofia, theirs)
    assert (value.assignee_id, value.work_state) == (None, WorkState.QUEUED)
    assert [(o.agent_id, o.conversation_id) for o in await scene.offers()] == [(scene.ben.agent_id, theirs)]


async def test_what_a_disabled_agent_had_put_away_wakes_for_others(scene: Scene) -> None:
    theirs = await _annas(scene, "v1")
    await scene.db.write(conversations.snooze, scene.anna, theirs, scene.clock() + 3_600_000)
    await scene.db.write(staffing.disable, BOSS, scene.anna.agent_id)
    assert await scene.offers() == []
    scene.clock.advance(3_600_000)
    await scene.db.write(conversations.wake, theirs)
    assert [(o.agent_id, o.conversation_id) for o in await scene.offers()] == [(scene.ben.agent_id, theirs)]


async def test_a_queue_with_a_snoozed_conversation_cannot_be_archived(scene: Scene) -> None:
    theirs = await _annas(scene, "v1")
    await scene.db.write(conversations.snooze, scene.anna, theirs, scene.clock() + 3_600_000)
    with pytest.raises(Conflict, match="snoozed"):
        await scene.db.write(archive_queue, None, scene.queue_id)


async def test_a_queue_that_an_account_leads_to_cannot_be_archived(scene: Scene) -> None:
    queue = await scene.db.write(add_queue, None, NewQueue(name="Repairs"))
    account = NewAccount(kind="webchat", name="Shop", queue_id=queue.id)
    await scene.db.write(accounts.add, None, Sealer(b"k" * 32), account)
    with pytest.raises(Conflict, match="account"):
        await scene.db.write(archive_queue, None, queue.id)


async def test_a_conversation_reopened_from_an_archived_queue_is_in_no_queue(scene: Scene) -> None:
    theirs = await _annas(scene, "v1")
    await scene.db.write(conversations.close, scene.anna, theirs)
    await scene.db.write(archive_queue, None, scene.queue_id)
    value = await scene.db.write(conversations.reopen, scene.anna, theirs)
    assert (value.queue_id, value.assignee_id) == (None, scene.anna.agent_id)


async def test_who_had_a_conversation_is_told_when_a_colleague_reopens_it(scene: Scene) -> None:
    theirs = await _annas(scene, "v1")
    await scene.db.write(conversations.close, scene.anna, theirs)
    await scene.db.write(conversations.reopen, scene.ben, theirs)
    told = [e for e in await scene.events() if isinstance(e, ConversationChanged)]
    assert told[-1].lost_agent_id == scene.anna.agent_id
