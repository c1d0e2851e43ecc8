"""Callers, a line and agents: the whole desk of calls over a real database, with nobody carrying the sound."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

from channels.contract import CallArrived, Calling, CallReported
from crm_core.calls import queries
from crm_core.calls.rules.call import Call, leg_of
from crm_core.calls.rules.signals import TimePassed
from crm_core.store.database import Database
from crm_core.words.addresses import TEL, Address
from crm_core.words.calls import DigitPressed, LegAnswered, LegEnded, PromptPlayed, ReportedSignal
from crm_core.words.content import ExternalId, Medium
from crm_core.words.permissions import Actor
from crm_core.words.values import OfferValue
from hub.desk.calls import acting, arriving, moving, taking
from hub.desk.calls.dialling import Line
from hub.desk.inbound import Source
from hub.desk.manners import CallManner, Manner
from tests.hub.desk.scene import Scene
from tests.peers.clock import VirtualClock

ALICE = "+4930901820"


@dataclass
class Town:
    """Somebody calls, agents act, and time goes on."""

    scene: Scene
    source: Source
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def db(self) -> Database:
        return self.scene.db

    @property
    def clock(self) -> VirtualClock:
        return self.scene.clock

    @property
    def line(self) -> Line:
        """The account as a line that can call numbers."""
        calling = Calling(media="sip", dials_numbers=True, number="+493012345")
        return Line(source=self.source, calling=calling, number=calling.number, region="DE")

    async def ring(self, number: str | None = ALICE, *, key: str | None = None, name: str = "") -> Call:
        """Somebody calls our number."""
        event = CallArrived(
            external_id=ExternalId(key or f"CA{next(self.numbers)}"),
            sender=Address(TEL, number) if number else None,
            sender_name=name,
            called="+493012345",
            at=self.clock(),
        )
        return await self.db.write(arriving.take, self.source, event)

    async def report(self, call: Call, signal: ReportedSignal, *, key: str | None = None) -> Call:
        """The provider tells what happened."""
        event = CallReported(
            signal=signal, key=key or f"k{next(self.numbers)}", at=self.clock(), call=ExternalId(call.external_id)
        )
        known = await self.db.write(moving.report, self.source.account_id, event)
        assert known is not None
        return known

    async def plays(self, call: Call) -> Call:
        """Whatever is being said is heard to its end."""
        while call.prompt is not None and not call.prompt.digits:
            call = await self.report(call, PromptPlayed(seq=call.prompt.seq))
        return call

    async def presses(self, call: Call, digit: str) -> Call:
        """The caller presses a key."""
        return await self.report(call, DigitPressed(digit=digit))

    async def hangs_up(self, call: Call) -> Call:
        """The caller is gone."""
        return await self.report(call, LegEnded())

    async def offer(self, agent: Actor | None = None) -> OfferValue:
        """The one offer that is made now."""
        [offer] = await self.scene.offers(agent)
        return offer

    async def take(self, agent: Actor, *, tab: str = "tab-1") -> Call:
        """An agent takes the offer made to them, and their device answers."""
        offer = await self.offer(agent)
        await self.db.write(taking.accept, agent, offer.id, tab, lambda _id: self.line)
        assert offer.call_id is not None
        return await self.device_answers(await self.now(offer.call_id), agent)

    async def device_answers(self, call: Call, agent: Actor) -> Call:
        """The device of an agent is connected."""
        leg = leg_of(call, agent.agent_id)
        assert leg is not None
        return await self.report_by_id(call, LegAnswered(leg_id=leg.id))

    async def report_by_id(self, call: Call, signal: ReportedSignal) -> Call:
        """The provider tells something of a call by our own id."""
        event = CallReported(signal=signal, key=f"k{next(self.numbers)}", at=self.clock(), call_id=call.id)
        known = await self.db.write(moving.report, self.source.account_id, event)
        assert known is not None
        return known

    async def now(self, call_id: int) -> Call:
        """The call as it stands."""
        return await self.db.read(queries.whole, call_id)

    async def time_passes(self, call: Call, ms: int) -> Call:
        """Time goes on, and the hub looks at its deadlines."""
        self.clock.advance(ms)
        for due in await self.db.read(queries.due, self.clock()):
            await self.db.write(moving.move, due, TimePassed())
        return await self.now(call.id)

    async def wraps_up(self, call: Call, agent: Actor) -> Call:
        """An agent is done with a call."""
        await self.db.write(acting.wrap_up, agent, call.id, acting.Wrapping(done=True))
        return await self.now(call.id)


def town_of(scene: Scene, calls: CallManner | None = None) -> Town:
    """The scene's queue behind a telephone number."""
    manner = Manner(calls=calls or CallManner())
    return Town(scene, replace(Source(9, "voice", Medium.CALL, scene.queue_id), manner=manner))
