"""Sessions that nobody ended: they run out, or are not used for days, and their sockets close with them."""

from __future__ import annotations

import pytest

from crm_core.staff import sessions
from crm_core.staff.actions import NewAgent, add_agent
from crm_core.staff.sessions import Kind
from crm_core.store.database import Database
from crm_core.store.journal import Committed
from crm_core.words.clock import DAY, HOUR, MINUTE, Moment
from crm_core.words.events import SignedOut
from crm_core.words.values import Role
from hub.auth.lapsing import NOTED_EVERY, Lapsing
from tests.peers.clock import VirtualClock

IDLE_HOURS = 72


class Desk:
    """An agent, ways in, and consoles that are open."""

    def __init__(self, db: Database, clock: VirtualClock, agent_id: int) -> None:
        self.db = db
        self.agent_id = agent_id
        self.open: set[int] = set()
        self.told: list[int | None] = []
        self.lapsing = Lapsing(db, clock, lambda: self.open, idle_hours=IDLE_HOURS)
        db.subscribe(self._heard)

    def _heard(self, events: list[Committed]) -> None:
        self.told += [one.event.session_id for one in events if isinstance(one.event, SignedOut)]

    async def session(self, kind: Kind = "browser", *, until: Moment | None = None) -> int:
        facts, _ = await self.db.write(sessions.open_session, self.agent_id, kind, expires_at=until)
        return facts.id

    async def lets_in(self, session_id: int) -> bool:
        return await self.db.read(sessions.living, session_id) is not None


@pytest.fixture
async def desk(db: Database, clock: VirtualClock) -> Desk:
    agent = await db.write(add_agent, None, NewAgent(name="Ada", email="ada@example.com", role=Role.AGENT))
    return Desk(db, clock, agent.id)


@pytest.mark.parametrize("kind", ["browser", "token"])
async def test_a_session_that_runs_out_ends_and_its_sockets_are_told(
    desk: Desk, clock: VirtualClock, kind: Kind
) -> None:
    runs_out, stays = await desk.session(kind, until=clock() + DAY), await desk.session(kind, until=clock() + 2 * DAY)
    desk.open = {runs_out, stays}
    assert await desk.lapsing.step() == 0
    clock.advance(DAY)
    assert await desk.lapsing.step() == 1
    assert desk.told == [runs_out]
    assert await desk.lets_in(stays)
    assert await desk.lapsing.step() == 0


async def test_a_session_that_nobody_uses_ends_and_one_whose_console_is_open_does_not(
    desk: Desk, clock: VirtualClock
) -> None:
    unused, used = await desk.session(), await desk.session()
    desk.open = {used}
    for _ in range(IDLE_HOURS - 1):
        clock.advance(HOUR)
        assert await desk.lapsing.step() == 0
    clock.advance(HOUR)
    assert await desk.lapsing.step() == 1
    assert desk.told == [unused]
    assert await desk.lets_in(used)
    desk.open = set()
    clock.advance(IDLE_HOURS * HOUR)
    await desk.lapsing.step()
    assert desk.told == [unused, used]


async def test_use_by_requests_counts_and_programs_are_never_idle(desk: Desk, clock: VirtualClock) -> None:
    used, program = await desk.session(), await desk.session("token")
    clock.advance((IDLE_HOURS - 1) * HOUR)
    await desk.db.write(sessions.mark_seen, used)
    clock.advance((IDLE_HOURS - 1) * HOUR)
    assert await desk.lapsing.step() == 0
    assert await desk.lets_in(program)
    clock.advance(HOUR)
    await desk.lapsing.step()
    assert desk.told == [used]


async def test_a_sign_in_link_that_ran_out_is_no_session_that_ended(desk: Desk, clock: VirtualClock) -> None:
    await desk.session("link", until=clock() + HOUR)
    clock.advance(30 * DAY)
    assert await desk.lapsing.step() == 0
    assert desk.told == []


async def test_open_consoles_are_noted_together_and_seldom(desk: Desk, clock: VirtualClock) -> None:
    desk.open = {await desk.session() for _ in range(3)}
    for _ in range(4 * NOTED_EVERY // MINUTE):
        await desk.lapsing.step()
        clock.advance(MINUTE)
    seen = [one.last_seen_at for one in await desk.db.read(sessions.sessions, desk.agent_id)]
    assert seen == [clock() - NOTED_EVERY] * 3
