from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert

from crm_core.files import actions as files
from crm_core.staff import queries as staff
from crm_core.staff.actions import NewAgent, add_agent
from crm_core.store.database import Database
from crm_core.store.journal import after
from crm_core.store.transaction import Tx
from crm_core.words.clock import MINUTE
from crm_core.words.content import Medium
from crm_core.words.errors import Conflict, Denied, Invalid, NotFound
from crm_core.words.events import AgentChanged, QueueChanged
from crm_core.words.permissions import Actor
from crm_core.words.values import AuthorKind, QueueValue, Role, WorkState
from crm_core.work import queues
from crm_core.work.model import WorkItem
from crm_core.work.queues import NewQueue, QueueChange
from tests.peers.clock import VirtualClock

BOSS = Actor(1, "Boss", Role.ADMINISTRATOR)
AGENT = Actor(2, "Olena", Role.AGENT)


async def sales(db: Database, name: str = "Sales") -> QueueValue:
    return await db.write(queues.add_queue, BOSS, NewQueue(name=name))


def some_work(tx: Tx, queue_id: int, state: WorkState, agent_id: int | None = None, medium: str = "chat") -> int:
    """Work of a conversation nobody looks at."""
    work_id = tx.new_id()
    tx.execute(
        insert(WorkItem).values(
            id=work_id,
            ws=tx.ws,
            conversation_id=work_id,
            queue_id=queue_id,
            medium=Medium(medium),
            state=state,
            agent_id=agent_id,
            skills={},
            enqueued_at=tx.now,
            virtual_start=tx.now,
            trace=None,
            version=1,
        )
    )
    return work_id


async def test_a_queue_tells_who_waits_in_it_and_since_when(db: Database, clock: VirtualClock) -> None:
    queue, quiet = await sales(db), await sales(db, "Quiet")
    since = clock()
    await db.write(some_work, queue.id, WorkState.OFFERED, 7)
    clock.advance(MINUTE)
    await db.write(some_work, queue.id, WorkState.QUEUED)
    await db.write(some_work, queue.id, WorkState.ASSIGNED, 7)
    await db.write(some_work, queue.id, WorkState.DONE, 7)
    found = {q.id: q for q in await db.read(queues.queues)}
    assert (found[queue.id].waiting, found[queue.id].longest_since) == (2, since)
    assert (found[quiet.id].waiting, found[quiet.id].longest_since) == (0, None)
    await db.write(queues.record_waiting, [queue.id])
    told = (await db.read(after, 0, most=10))[-1].event
    assert told == QueueChanged(queue=found[queue.id])


async def test_an_agent_holds_what_they_have_and_what_they_are_offered(db: Database) -> None:
    queue = await sales(db)
    agent = await db.write(add_agent, None, NewAgent(name="Olena", email="o@shop.example"))
    for state, medium in (("offered", "chat"), ("assigned", "mail"), ("assigned", "mail"), ("done", "call")):
        await db.write(some_work, queue.id, WorkState(state), agent.id, medium)
    assert (await db.read(staff.agent, agent.id)).units_used == 25 + 10 + 10


async def test_only_administrators_set_up_queues(db: Database) -> None:
    queue = await sales(db)
    for action, arguments in (
        (queues.add_queue, (NewQueue(name="Mine"),)),
        (queues.change_queue, (queue.id, QueueChange(name="Mine"))),
        (queues.archive_queue, (queue.id,)),
        (queues.restore_queue, (queue.id,)),
        (queues.set_members, (queue.id, [2])),
    ):
        with pytest.raises(Denied):
            await db.write(action, AGENT, *arguments)
    assert await db.read(queues.queues) == [queue]


async def test_a_changed_queue_is_told_whole(db: Database) -> None:
    queue = await sales(db)
    change = QueueChange(name="Verkauf", chat_offer_seconds=45, skills={"german": 5}, version=queue.version)
    changed = await db.write(queues.change_queue, BOSS, queue.id, change)
    assert (changed.name, changed.chat_offer_seconds, changed.skills) == ("Verkauf", 45, {"german": 5})
    assert (await db.read(after, 0, most=10))[-1].event == QueueChanged(queue=changed)
    with pytest.raises(Conflict):
        await db.write(queues.change_queue, BOSS, queue.id, change)
    with pytest.raises(NotFound):
        await db.write(queues.change_queue, BOSS, 404, QueueChange(name="x"))


@pytest.mark.parametrize(
    "new",
    [
        NewQueue(name=" "),
        NewQueue(name="A", strategy="by_beauty"),
        NewQueue(name="A", chat_offer_seconds=1),
        NewQueue(name="A", sticky_seconds=-1),
        NewQueue(name="A", skills={"": 3}),
        NewQueue(name="A", skills={"polish": 0}),
    ],
)
async def test_a_queue_of_no_sense_is_refused(db: Database, new: NewQueue) -> None:
    with pytest.raises(Invalid):
        await db.write(queues.add_queue, BOSS, new)
    assert await db.read(queues.queues) == []


async def test_a_queue_with_open_work_is_not_archived(db: Database) -> None:
    queue = await sales(db)
    await db.write(some_work, queue.id, WorkState.ASSIGNED, 7)
    with pytest.raises(Conflict):
        await db.write(queues.archive_queue, BOSS, queue.id)


async def test_an_archived_queue_has_no_members_and_gives_its_name_back(db: Database) -> None:
    queue = await sales(db)
    agent = await db.write(add_agent, None, NewAgent(name="Olena", email="o@shop.example", queues=(queue.id,)))
    assert (await db.write(queues.archive_queue, BOSS, queue.id)).archived
    assert (await db.write(queues.archive_queue, BOSS, queue.id)).archived
    assert (await db.read(staff.agent, agent.id)).queues == []
    with pytest.raises(Conflict):
        await db.write(queues.set_members, BOSS, queue.id, [agent.id])
    await sales(db)
    with pytest.raises(Conflict):
        await db.write(queues.restore_queue, BOSS, queue.id)


async def test_members_are_told_of_their_new_queues(db: Database) -> None:
    queue = await sales(db)
    olena = await db.write(add_agent, None, NewAgent(name="Olena", email="o@shop.example"))
    taras = await db.write(add_agent, None, NewAgent(name="Taras", email="t@shop.example"))
    await db.write(queues.set_members, BOSS, queue.id, [olena.id])
    start = (await db.read(after, 0, most=99))[-1].position
    assert await db.write(queues.set_members, BOSS, queue.id, [taras.id]) == [taras.id]
    told = [c.event for c in await db.read(after, start, most=99)]
    assert [(e.agent.id, e.agent.queues) for e in told if isinstance(e, AgentChanged)] == [
        (olena.id, []),
        (taras.id, [queue.id]),
    ]
    with pytest.raises(Invalid):
        await db.write(queues.set_members, BOSS, queue.id, [404])


async def test_a_queue_learns_how_it_deals_with_calls_and_refuses_what_makes_no_sense(db: Database) -> None:
    queue = await sales(db)
    known = await db.write(queues.change_queue, BOSS, queue.id, QueueChange(voice={"announce_seconds": 10}))
    assert (known.voice.announce_seconds, known.voice.wrap_up_seconds) == (10, queue.voice.wrap_up_seconds)
    for wrong in ({"announce_seconds": -1}, {"offer_seconds": 1}, {"callback": "often"}, {"ringtone": "jazz"}):
        with pytest.raises(Invalid):
            await db.write(queues.change_queue, BOSS, queue.id, QueueChange(voice=wrong))
    assert (await db.read(queues.queue, queue.id)).voice == known.voice


@pytest.mark.parametrize(
    "wrong",
    [
        {"wrap_up_mode": "never"},
        {"wrap_up_mode": "forced"},
        {"no_agents": "sing"},
        {"steps": [{"after": 60_000, "then": "queue"}]},
        {"steps": [{"after": 60_000, "then": "queue", "queue_id": 404}]},
        {"steps": [{"after": 60_000, "then": "number", "number": "112"}]},
        {"steps": [{"after": -1, "then": "priority"}]},
        {"steps": [{"after": 9, "then": "widen"}, {"after": 8, "then": "priority"}]},
        {"steps": [{"after": 9, "then": "dance"}]},
        {"steps": [{"after": n, "then": "priority"} for n in range(21)]},
    ],
)
async def test_steps_of_waiting_and_wrap_ups_that_lead_nowhere_are_refused(db: Database, wrong: dict[str, Any]) -> None:
    queue = await sales(db)
    with pytest.raises(Invalid):
        await db.write(queues.change_queue, BOSS, queue.id, QueueChange(voice=wrong))
    with pytest.raises(Invalid):
        await db.write(queues.add_queue, BOSS, NewQueue(name="Other", voice=wrong))
    assert (await db.read(queues.queue, queue.id)).voice == queue.voice


async def test_callers_move_on_to_another_queue_that_is_open_and_not_their_own(db: Database) -> None:
    queue = await sales(db)
    other = await db.write(queues.add_queue, BOSS, NewQueue(name="Overflow"))

    def moving(to: int) -> QueueChange:
        steps = [{"after": 30_000, "then": "widen"}, {"after": 60_000, "then": "queue", "queue_id": to}]
        return QueueChange(voice={"steps": steps, "wrap_up_mode": "forced", "disposition": "No answer"})

    known = await db.write(queues.change_queue, BOSS, queue.id, moving(other.id))
    assert [(step.then, step.queue_id) for step in known.voice.steps] == [("widen", None), ("queue", other.id)]
    with pytest.raises(Invalid):
        await db.write(queues.change_queue, BOSS, queue.id, moving(queue.id))
    await db.write(queues.archive_queue, BOSS, other.id)
    with pytest.raises(Invalid):
        await db.write(queues.change_queue, BOSS, queue.id, moving(other.id))


async def test_a_queue_plays_only_music_that_its_administrator_uploaded_or_that_a_queue_plays_already(
    db: Database,
) -> None:
    def upload(tx: Tx, kind: str, uploader: int = BOSS.agent_id) -> int:
        new = files.NewFile(
            name="a", type=kind, size=9, sha256="0" * 64, stored_as=f"{uploader}{kind}",
            uploader_kind=AuthorKind.AGENT, uploader_id=uploader,
        )  # fmt: skip
        return files.add(tx, new).id

    queue, other_boss = await sales(db), Actor(3, "Other boss", Role.ADMINISTRATOR)
    song = await db.write(upload, "audio/wav")
    for wrong in (404, await db.write(upload, "image/png"), await db.write(upload, "audio/mpeg", AGENT.agent_id)):
        with pytest.raises(Invalid):
            await db.write(queues.change_queue, BOSS, queue.id, QueueChange(voice={"music_file_id": wrong}))
    plays = QueueChange(voice={"music_file_id": song})
    with pytest.raises(Invalid):
        await db.write(queues.change_queue, other_boss, queue.id, plays)
    assert (await db.write(queues.change_queue, BOSS, queue.id, plays)).voice.music_file_id == song
    assert (await db.write(queues.change_queue, other_boss, queue.id, plays)).voice.music_file_id == song
