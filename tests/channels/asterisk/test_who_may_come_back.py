"""Events were not heard for a while, and somebody's channel is gone since: who may come back, and who is out."""

from __future__ import annotations

from typing import Any

import pytest

from channels.asterisk.names import Kind, name
from channels.asterisk.parse import Source
from channels.asterisk.reconciling import missed
from channels.asterisk.standing import Stand
from channels.contract import CallArrived, CallReported
from crm_core.calls.rules.call import Call, is_over
from crm_core.calls.rules.signals import Rejoined
from crm_core.words.addresses import phone
from crm_core.words.calls import LegAnswered, LegEnded, LegLost, LegRinging
from crm_core.words.content import ExternalId
from crm_core.words.values.calls import CallState, LegState, LegValue
from tests.channels.calling import CallDesk
from tests.peers.clock import VirtualClock

SOURCE = Source(app="switchboard")
CONTACT = "1700000000.1"


def channel_of(leg: LegValue, call: Call) -> str:
    return name(SOURCE.app, Kind.LEG, call.id, leg.id)


async def talking(desk: CallDesk, **device: Any) -> tuple[Call, LegValue]:
    """A caller who talks with agent 7."""
    await desk(CallArrived(external_id=ExternalId(CONTACT), sender=phone("+380445556677"), called="100", at=desk.now()))
    call = desk.call(CONTACT)
    leg = desk.accept(call.id, 7, **device)
    answered = LegAnswered(leg_id=leg.id, external_id=channel_of(leg, call))
    await desk(CallReported(signal=answered, key="answered", at=desk.now(), call_id=call.id))
    return desk.calls[call.id], leg


async def catch_up(desk: CallDesk, *channels: str) -> list[CallReported]:
    """The connection is back, and of all channels these stand."""
    stand = Stand({one: {"id": one, "state": "Up"} for one in channels}, {})
    events = missed(await desk.live(), stand, SOURCE, now=desk.now())
    for event in events:
        await desk(event)
    return [event for event in events if isinstance(event, CallReported)]


async def test_an_agent_who_loaded_the_page_anew_meanwhile_keeps_the_call() -> None:
    clock = VirtualClock()
    desk = CallDesk(clock)
    call, leg = await talking(desk)
    [report] = await catch_up(desk, CONTACT)
    assert (report.signal, report.key) == (LegLost(leg_id=leg.id), f"{channel_of(leg, call)}:lost")
    assert (desk.leg(call.id, 7).state, desk.calls[call.id].state) == (LegState.LOST, CallState.TALKING)
    clock.advance(5_000)
    desk.do(call.id, Rejoined(agent_id=7, leg_id=desk.new_id(), device="tab1"))
    back = desk.leg(call.id, 7)
    answered = LegAnswered(leg_id=back.id, external_id=channel_of(back, call))
    await desk(CallReported(signal=answered, key="back", at=clock(), call_id=call.id))
    assert desk.connected(call.id) == {None, 7}
    assert desk.calls[call.id].agent_id == 7


async def test_an_agents_own_telephone_that_is_gone_is_out_of_the_call() -> None:
    desk = CallDesk(VirtualClock())
    _, leg = await talking(desk, device="phone", address="101")
    [report] = await catch_up(desk, CONTACT)
    assert isinstance(report.signal, LegEnded)
    assert report.signal.leg_id == leg.id


async def test_a_softphone_that_rang_and_is_gone_is_out_of_the_call() -> None:
    desk = CallDesk(VirtualClock())
    await desk(CallArrived(external_id=ExternalId(CONTACT), sender=None, called="100", at=desk.now()))
    call = desk.call(CONTACT)
    leg = desk.accept(call.id, 7)
    ringing = LegRinging(leg_id=leg.id, external_id=channel_of(leg, call))
    await desk(CallReported(signal=ringing, key="ringing", at=desk.now(), call_id=call.id))
    [report] = await catch_up(desk, CONTACT)
    assert isinstance(report.signal, LegEnded)
    assert desk.calls[call.id].state is CallState.QUEUED


@pytest.mark.parametrize("stands", [(), ("other.1",)])
async def test_a_caller_who_is_gone_has_hung_up(stands: tuple[str, ...]) -> None:
    desk = CallDesk(VirtualClock())
    call, _ = await talking(desk)
    await catch_up(desk, *stands)
    assert is_over(desk.calls[call.id])
