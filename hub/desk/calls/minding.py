"""Looks after calls while nobody does anything: deadlines, places in line, agents who leave, offers that come and go.

Every deadline is in the database; what is held here is only a copy of who stands in line, read anew at a start.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from crm_core.calls import queries
from crm_core.calls.rules.signals import AgentGone, NobodyThere, PositionKnown, Signal, TimePassed
from crm_core.store.database import Database
from crm_core.store.journal import Committed
from crm_core.words.clock import SECOND, Clock, Moment
from crm_core.words.errors import HubError, NotFound
from crm_core.words.events import AgentChanged, CallChanged, OfferChanged
from crm_core.words.values import Activity, CallState, CallValue, QueueVoice
from crm_core.work import queues
from hub.desk.assigner import Assigner
from hub.desk.calls import asking, spoken
from hub.desk.calls.moving import move
from routing import estimate

TICK_SECONDS: Final = 1.0
TICKS_BETWEEN_LOOKS: Final = 10
"""After so many ticks every caller in line is held against the offers that run: a lost word of one is made good."""
SAMPLES_FOR_MS: Final = 60 * SECOND
"""How long a handling time that was found is good enough."""
IN_LINE: Final = (CallState.QUEUED, CallState.OFFERED)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Waiting:
    """A call in line, as far as its announcements need it."""

    call: CallValue
    told_at: Moment
    told: int | None = None


class Minder:
    """One per house. `run` until cancelled; feed it events with `heard`."""

    def __init__(self, db: Database, clock: Clock, assigner: Assigner) -> None:
        self._db = db
        self._clock = clock
        self._assigner = assigner
        self._line: dict[int, _Waiting] = {}
        self._news: asyncio.Queue[AgentGone | int] = asyncio.Queue()
        """Agents who are gone, and calls whose offers came or went."""
        self._times: dict[int, tuple[Moment, int]] = {}
        """Handling time of each queue, and until when it is good enough."""

    def heard(self, events: Sequence[Committed]) -> None:
        """Take what happened into account."""
        for committed in events:
            match committed.event:
                case CallChanged(call=call):
                    self._see(call)
                case OfferChanged(offer=offer) if offer.call_id is not None and offer.purpose == "talk":
                    self._news.put_nowait(offer.call_id)
                case AgentChanged(agent=agent) if agent.activity is Activity.OFFLINE:
                    self._news.put_nowait(AgentGone(agent_id=agent.id, locked_out=agent.disabled))

    async def run(self) -> None:
        """Look after calls until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow(), name="signals of calls")
            group.create_task(self._tick(), name="deadlines of calls")

    async def _follow(self) -> None:
        while True:
            news = await self._news.get()
            try:
                if isinstance(news, AgentGone):
                    for call in await self._db.read(queries.with_agent, news.agent_id):
                        await self._move(call.id, news)
                else:
                    await self._db.write(asking.match, news)
            except HubError as error:
                log.warning("news of calls have to wait", code=error.code)

    async def _tick(self) -> None:
        await self._begin()
        for tick in itertools.count():
            try:
                if tick % TICKS_BETWEEN_LOOKS == 0:
                    await self._look()
                for call_id in await self._db.read(queries.due, self._clock()):
                    await self._move(call_id, TimePassed())
                await self._tell_places()
            except HubError as error:
                log.warning("deadlines of calls have to wait", code=error.code)
            await asyncio.sleep(TICK_SECONDS)

    async def _look(self) -> None:
        for call_id in await self._db.read(asking.mismatched):
            await self._db.write(asking.match, call_id)

    async def _begin(self) -> None:
        while True:
            try:
                for call in await self._db.read(queries.live):
                    self._see(call)
                return
            except HubError as error:
                log.warning("calls have to wait", code=error.code)
                await asyncio.sleep(TICK_SECONDS)

    async def _move(self, call_id: int, signal: Signal) -> None:
        try:
            await self._db.write(move, call_id, signal)
        except NotFound:
            return
        except HubError as error:
            log.warning("a call could not be moved on", call=call_id, code=error.code)

    def _see(self, call: CallValue) -> None:
        known = self._line.get(call.id)
        if call.state not in IN_LINE:
            self._line.pop(call.id, None)
        elif known is None:
            # Nobody is told the place at once: they have just heard the greeting.
            self._line[call.id] = _Waiting(call, self._clock())
        else:
            known.call = call

    async def _tell_places(self) -> None:
        if not self._line:
            return
        voices = {queue.id: queue.voice for queue in await self._db.read(queues.queues)}
        now = self._clock()
        for waiting in tuple(self._line.values()):
            queue_id = waiting.call.queue_id
            voice = voices.get(queue_id or 0, QueueVoice())
            is_too_many = voice.most_waiting and self._rank(waiting) > voice.most_waiting
            if waiting.call.state is CallState.QUEUED and (
                is_too_many or not self._assigner.anyone_for_calls(queue_id)
            ):
                await self._move(waiting.call.id, NobodyThere())
            elif voice.announce_seconds and now - waiting.told_at >= voice.announce_seconds * SECOND:
                await self._tell(waiting, queue_id or 0, now)

    def _rank(self, waiting: _Waiting) -> int:
        before = [w for w in self._line.values() if w.call.queue_id == waiting.call.queue_id]
        return 1 + sum(1 for w in before if w.call.id < waiting.call.id)

    async def _tell(self, waiting: _Waiting, queue_id: int, now: Moment) -> None:
        place = self._assigner.position_of_call(waiting.call.id)
        # ROUTING.md section 12: only when it got better, so that nobody hears that they were passed.
        if place is None or (waiting.told is not None and place >= waiting.told):
            waiting.told_at = now
            return
        crew = self._assigner.crew(queue_id)
        handling = await self._handling(queue_id, now)
        wait = estimate.wait(place - 1, crew.idle, handling, crew.staffed)
        call = await self._db.read(queries.whole, waiting.call.id)
        if call.prompt is not None:
            # Something else is being said to them: they are told at the next tick after it.
            return
        waiting.told, waiting.told_at = place, now
        known = PositionKnown(
            position=place,
            estimate=wait,
            prompt_text=spoken.position(call.plan.language, place, estimate.minutes(wait)),
            offer=spoken.words(spoken.OFFER, call.plan.language),
        )
        await self._move(waiting.call.id, known)

    async def _handling(self, queue_id: int, now: Moment) -> int:
        until, known = self._times.get(queue_id, (0, 0))
        if until <= now:
            samples = await self._db.read(queries.handling_times, queue_id)
            known = estimate.handling_time(samples, estimate.DEFAULT_CALL_MS)
            self._times[queue_id] = (now + SAMPLES_FOR_MS, known)
        return known
