"""An office that is watched: every use case is done in it, and every console in it has to show what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_core.staff import actions as staff
from crm_core.staff.queries import actor_of
from crm_core.words.permissions import Actor
from crm_core.words.values import Activity, Role
from crm_core.work import actions as work
from hub.desk import assignments
from hub.desk.assignments import Target
from tests.peers.live_view import LiveView

if TYPE_CHECKING:
    from tests.hub.console.conftest import Live


class Office:
    """Ann and Bea serve Sales, Cat serves Support, Sue sees all, Ada configures; a visitor wrote to Sales."""

    def __init__(self, live: Live, view: LiveView) -> None:
        self.live = live
        self.db = live.db
        self.view = view
        self.sales = self.support = self.conversation = 0
        self.people: dict[str, Actor] = {}

    async def open(self) -> None:
        self.sales, self.support = await self.live.queue("Sales"), await self.live.queue("Support")
        for name, role, served in (
            ("Ann", Role.AGENT, (self.sales,)),
            ("Bea", Role.AGENT, (self.sales,)),
            ("Cat", Role.AGENT, (self.support,)),
            ("Sue", Role.SUPERVISOR, ()),
            ("Ada", Role.ADMINISTRATOR, ()),
        ):
            agent = await self.live.agent(name, *served, role=role)
            actor = await self.db.read(actor_of, agent.id)
            assert actor is not None
            self.people[name] = actor
            await self.db.write(staff.set_activity, None, agent.id, Activity.AVAILABLE)
        stored = await self.live.hear("hello", queue=self.sales)
        self.conversation = stored.entry.conversation_id
        self.view.watching = (self.conversation,)

    def __getattr__(self, name: str) -> Actor:
        return self.people[name.capitalize()]

    async def offer(self, to: Actor) -> int:
        row = await self.db.read(work.open_work, self.conversation)
        assert row is not None
        return (await self.db.write(self._offer, row.id, to.agent_id)).id

    @staticmethod
    def _offer(tx: Any, work_id: int, agent_id: int) -> Any:
        return work.offer(tx, work_id, agent_id, offer_ms=30_000, trace=None)

    async def give(self, to: Actor) -> None:
        await self.db.write(assignments.assign, to, self.conversation, Target(agent_id=to.agent_id))

    async def does(self, name: str, action: Any, *arguments: Any, **more: Any) -> Any:
        return await self.view.proves(name, self.db.write(action, *arguments, **more))
