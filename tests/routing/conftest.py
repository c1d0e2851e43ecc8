from __future__ import annotations

from typing import Any

import pytest

from crm_core.words.content import Medium
from routing.engine import Engine
from routing.model import Agent, Decision, Queue, Work


class House:
    """An engine with queues 1 and 2 and a clock that stands at 100 000 until it is moved."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.now = 100_000
        self.works: dict[int, Work] = {}
        for queue_id in (1, 2):
            self.engine.set_queue(Queue(id=queue_id, name=f"queue {queue_id}"))

    def agent(self, agent_id: int, **facts: Any) -> Agent:
        """An agent in queue 1 who is free since their own number of milliseconds."""
        agent = Agent(**{"id": agent_id, "queues": frozenset({1}), "idle_since": agent_id, **facts})
        self.engine.set_agent(agent)
        return agent

    def work(self, work_id: int, **facts: Any) -> Work:
        """A chat waiting in queue 1 since its own number of milliseconds."""
        work = Work(**{"id": work_id, "queue_id": 1, "medium": Medium.CHAT, "virtual_start": work_id, **facts})
        self.engine.set_work(work)
        return work

    def offers(self) -> list[tuple[int, int | None]]:
        """(work, agent) of every offer made now, in order."""
        return [(made.work_id, made.agent_id) for made in self.engine.assign(self.now)]

    def decide(self, work_id: int) -> Decision:
        """What would become of this work."""
        return self.engine.decide(work_id, self.now)

    def reasons(self, work_id: int) -> dict[int, str]:
        """The reason code of every agent named in the explanation."""
        explanation = self.decide(work_id).explanation
        assert explanation is not None
        return {verdict.agent_id: verdict.reason.value for verdict in explanation.verdicts}


@pytest.fixture
def house() -> House:
    return House()
