"""Calls, watched: whoever takes part, is asked in or writes one down has it on their console, and nobody else."""

from __future__ import annotations

import itertools
from typing import Any

from channels.contract import CallArrived, Calling, CallReported
from crm_core.calls import queries
from crm_core.calls.rules.call import leg_of
from crm_core.calls.rules.signals import Cleared, TimePassed
from crm_core.words.addresses import TEL, Address
from crm_core.words.calls import DigitPressed, LegAnswered, LegEnded, PromptPlayed
from crm_core.words.content import ExternalId, Medium
from crm_core.words.permissions import Actor
from crm_core.words.values import CallValue, LegMode
from crm_core.work import actions as work
from hub.desk import rather
from hub.desk.calls import acting, arriving, dialling, handing, moving, phones, taking
from hub.desk.calls.dialling import Line
from hub.desk.calls.handing import Onward
from hub.desk.inbound import Source
from routing.model import Decision
from tests.hub.console.office import Office

ACCOUNT = 9


class Exchange:
    """The office's telephone."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.source = Source(ACCOUNT, "voice", Medium.CALL, office.sales)
        calling = Calling(media="sip", dials_numbers=True, number="+493012345")
        self.line = Line(source=self.source, calling=calling, number=calling.number, region="DE")
        self.keys = itertools.count(1)

    async def rings(self, number: str) -> int:
        """Somebody calls; the call's id."""
        event = CallArrived(
            external_id=ExternalId(f"CA{number}"), sender=Address(TEL, number), called="+493012345", at=1
        )
        call = await self.office.does("a call comes", arriving.take, self.source, event)
        return int(call.id)

    async def told(self, name: str, call_id: int, signal: Any) -> None:
        """The provider reports something."""
        event = CallReported(signal=signal, key=f"k{next(self.keys)}", at=1, call_id=call_id)
        await self.office.does(name, moving.report, ACCOUNT, event)

    async def offered(self, call_id: int, to: Actor, purpose: str = "talk") -> int:
        """An offer of a call."""
        row = await self.office.db.read(work.open_work_of_call, call_id, purpose)
        assert row is not None
        return int((await self.office.db.write(self.office._offer, row.id, to.agent_id)).id)

    async def taken(self, call_id: int, by: Actor, purpose: str = "talk") -> None:
        """An agent takes a call and their device answers."""
        offer = await self.offered(call_id, by, purpose)
        await self.office.does("a call is taken", taking.accept, by, offer, f"tab-{by.name}", lambda _id: self.line)
        await self.answers(call_id, by)

    async def answers(self, call_id: int, who: Actor) -> None:
        """A device of an agent is connected."""
        leg = leg_of(await self.office.db.read(queries.whole, call_id), who.agent_id)
        assert leg is not None
        await self.told("a device answers", call_id, LegAnswered(leg_id=leg.id))


async def test_a_call_from_its_first_ring_to_its_last_word(office: Office) -> None:
    exchange, ann = Exchange(office), office.ann
    call_id = await exchange.rings("+4930901820")
    await exchange.taken(call_id, ann)
    await office.does("a call is held", acting.hold, ann, call_id, on=True)
    await office.does("a call goes on", acting.hold, ann, call_id, on=False)
    await office.does("an agent is muted", acting.mute, ann, call_id, on=True)
    await office.does("a call is recorded", acting.record, ann, call_id, on=True)
    await office.does("a call sounds poor", acting.measured, ann, call_id, "poor")
    await office.does("a call moves to another tab", acting.rejoin, ann, call_id, "tab-other")
    await office.does("a tab hears the caller", phones.connected, ann, call_id, "tab-other")
    await office.does("an agent hangs up", acting.hang_up, ann, call_id)
    await office.does("a call is written down", acting.wrap_up, ann, call_id, acting.Wrapping(note="Wants two."))
    office.live.clock.advance(60_000)
    await office.does("a wrap-up runs out", moving.move, call_id, TimePassed())


async def test_a_call_that_goes_through_many_hands(office: Office) -> None:
    exchange, ann, bea, sue = Exchange(office), office.ann, office.bea, office.sue
    call_id = await exchange.rings("+4930901821")
    await exchange.taken(call_id, ann)
    to_bea = Onward(agent_id=bea.agent_id, attended=True)
    await office.does("a colleague is asked", handing.transfer, ann, call_id, to_bea, exchange.line)
    await office.does("a colleague says no", acting.decline, bea, call_id)
    await office.does("a colleague is asked again", handing.transfer, ann, call_id, to_bea, exchange.line)
    await office.does("a colleague says yes", acting.answer, bea, call_id, "tab-Bea")
    await exchange.answers(call_id, bea)
    await office.does("three speak", acting.join_all, ann, call_id)
    to_queue = Onward(queue_id=office.sales, attended=True)
    await office.does("a queue is asked", handing.transfer, ann, call_id, to_queue, exchange.line)
    await office.does("a question is taken back", acting.cancel_transfer, ann, call_id)
    await office.does("an agent leaves a call", acting.hang_up, ann, call_id, leave=True)
    await office.does("a supervisor listens", handing.listen, sue, call_id, LegMode.MONITOR, "tab-Sue", announce=False)
    await exchange.answers(call_id, sue)
    await office.does("a supervisor takes over", handing.take_over, sue, call_id, "tab-Sue")
    await exchange.answers(call_id, sue)
    await office.does("a supervisor ends a call", handing.end, sue, call_id)


async def test_a_transfer_after_a_question(office: Office) -> None:
    exchange, ann, bea = Exchange(office), office.ann, office.bea
    call_id = await exchange.rings("+4930901822")
    await exchange.taken(call_id, ann)
    to_bea = Onward(agent_id=bea.agent_id, attended=True)
    await office.db.write(handing.transfer, ann, call_id, to_bea, exchange.line)
    await office.db.write(acting.answer, bea, call_id, "tab-Bea")
    await exchange.answers(call_id, bea)
    await office.does("a call is handed over", acting.complete, ann, call_id)
    tab_fails = (acting.device_left, bea, call_id, "tab-Bea", "no microphone")
    await office.does("a tab cannot carry the sound", *tab_fails)


async def test_callers_who_nobody_answers(office: Office) -> None:
    exchange, ann = Exchange(office), office.ann
    first = await exchange.rings("+4930901823")
    await exchange.told("a caller gives up", first, LegEnded())
    second = await exchange.rings("+4930901824")
    await exchange.told("a caller asks to be called back", second, DigitPressed(digit="*"))
    said = (await office.db.read(queries.whole, second)).prompt
    assert said is not None
    await exchange.told("goodbye is said", second, PromptPlayed(seq=said.seq))
    offer = await exchange.offered(second, ann, "callback")
    row = await office.db.read(work.offer_row, offer)
    assert await office.db.read(dialling.account_of, row) == ACCOUNT
    back = await office.does("a caller is called back", dialling.call_back, ann, exchange.line, row, "tab-Ann")
    await office.does("a call is cleared", moving.move, back.id, Cleared())
    placed: CallValue = await office.does(
        "a number is called", dialling.place, ann, exchange.line, "030 901825", "tab-Ann"
    )
    await office.does("an agent gives up", acting.hang_up, ann, placed.id)


async def test_a_caller_comes_before_a_letter_that_is_only_offered(office: Office) -> None:
    exchange, ann = Exchange(office), office.ann
    await office.offer(ann)
    call_id = await exchange.rings("+4930901827")
    row = await office.db.read(work.open_work_of_call, call_id, "talk")
    assert row is not None
    decision = Decision(work_id=row.id, queue_id=office.sales, agent_id=None, offer_ms=20_000)
    await office.does("a caller comes before a letter", rather.ask, decision, ann.agent_id)


async def test_how_calls_reach_an_agent(office: Office) -> None:
    await office.does("an agent takes calls on a telephone", phones.set_device, office.ann, "phone", "+4930901826")
    exchange = Exchange(office)
    call = await office.db.read(queries.whole, await exchange.rings("+4930901827"))
    assert (await office.db.write(acting.device_of, call, office.ann.agent_id, "")).address == "+4930901826"
