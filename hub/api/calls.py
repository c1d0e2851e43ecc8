"""Calls: the list and the record, and everything an agent or a supervisor does with a live one."""

from __future__ import annotations

from crm_core.calls import queries
from crm_core.calls.queries import CallListing
from crm_core.words.errors import Conflict
from crm_core.words.values import AgentValue, LegMode
from hub.api.call import Call
from hub.api.models.agents import Agent
from hub.api.models.calls import (
    Calls,
    Device,
    DeviceFailed,
    Handing,
    HangingUp,
    Line,
    Listening,
    Measured,
    MyPhone,
    PhoneCall,
    Placing,
    Said,
    Switch,
    TakingOver,
    Told,
    WritingDown,
)
from hub.api.models.shapes import ListOf, PageOf
from hub.bus.whispers import PhoneSaid
from hub.desk.calls import acting, dialling, handing, phones
from hub.desk.calls.acting import Wrapping
from hub.desk.calls.handing import Onward


async def page(call: Call, query: Calls) -> PageOf[PhoneCall]:
    """A list of calls that I may read: mine, and those of my queues."""
    found = await call.read(queries.page, call.actor, CallListing(**query.model_dump()))
    return PageOf[PhoneCall].model_validate(found)


async def get(call: Call, call_id: int) -> PhoneCall:
    """One call."""
    return PhoneCall.model_validate(await call.read(queries.get, call.actor, call_id))


async def history(call: Call, call_id: int) -> ListOf[Told]:
    """What was reported of a call, and who listened to it."""
    found = await call.read(queries.history, call.actor, call_id)
    return ListOf[Told](items=[Told.model_validate(one) for one in found])


async def lines(call: Call) -> ListOf[Line]:
    """The accounts that carry calls now."""
    return ListOf[Line](items=[Line.model_validate(one) for one in call.house.lines.everyone()])


async def place(call: Call, body: Placing) -> PhoneCall:
    """Call a number."""
    line = call.house.lines.calling_out(body.account_id, body.caller_id)
    if line is None:
        raise Conflict("There is no line that can call numbers. Add one under Channels.", why="no_line")
    await call.house.lines.count(line, body.number, call.actor.agent_id)
    return await call.write(PhoneCall.model_validate, dialling.place, call.actor, line, body.number, body.device)


async def hold(call: Call, call_id: int, body: Switch) -> PhoneCall:
    """Let the contact hear music, or everybody again."""
    return await call.write(PhoneCall.model_validate, acting.hold, call.actor, call_id, on=body.on)


async def mute(call: Call, call_id: int, body: Switch) -> PhoneCall:
    """Be heard by nobody, or again."""
    return await call.write(PhoneCall.model_validate, acting.mute, call.actor, call_id, on=body.on)


async def record(call: Call, call_id: int, body: Switch) -> PhoneCall:
    """Record, pause the recording, or go on with it."""
    return await call.write(PhoneCall.model_validate, acting.record, call.actor, call_id, on=body.on)


async def hang_up(call: Call, call_id: int, body: HangingUp) -> PhoneCall:
    """End my part of a call, and the call with it unless others stay."""
    return await call.write(PhoneCall.model_validate, acting.hang_up, call.actor, call_id, leave=body.leave)


async def transfer(call: Call, call_id: int, body: Handing) -> PhoneCall:
    """Hand a call on, to an agent, a queue or a number; at once, or after speaking with them."""
    known = await call.read(queries.get, call.actor, call_id)
    line = call.house.lines.by_id(known.account_id)
    if line is None:
        raise Conflict("The line of this call is closed now.", why="line_closed")
    if body.number:
        await call.read(handing.may_hand_on, call.actor, call_id)
        await call.house.lines.count(line, body.number, call.actor.agent_id)
    onward = Onward(**body.model_dump())
    return await call.write(PhoneCall.model_validate, handing.transfer, call.actor, call_id, onward, line)


async def complete_transfer(call: Call, call_id: int) -> PhoneCall:
    """Leave the call to whoever I asked."""
    return await call.write(PhoneCall.model_validate, acting.complete, call.actor, call_id)


async def cancel_transfer(call: Call, call_id: int) -> PhoneCall:
    """Go back to the contact."""
    return await call.write(PhoneCall.model_validate, acting.cancel_transfer, call.actor, call_id)


async def three_way(call: Call, call_id: int) -> PhoneCall:
    """Let everybody talk with everybody."""
    return await call.write(PhoneCall.model_validate, acting.join_all, call.actor, call_id)


async def rejoin(call: Call, call_id: int, body: Device) -> PhoneCall:
    """Carry the sound of a call in this tab from now on."""
    return await call.write(PhoneCall.model_validate, acting.rejoin, call.actor, call_id, body.device)


async def answer(call: Call, call_id: int, body: Device) -> PhoneCall:
    """Come into a call that a colleague asks me into."""
    return await call.write(PhoneCall.model_validate, acting.answer, call.actor, call_id, body.device)


async def decline(call: Call, call_id: int) -> PhoneCall:
    """Say no to a colleague who asks."""
    return await call.write(PhoneCall.model_validate, acting.decline, call.actor, call_id)


async def listen(call: Call, call_id: int, body: Listening) -> PhoneCall:
    """Listen to a call, whisper to its agent, or join it. It is written down."""
    return await call.write(
        PhoneCall.model_validate,
        handing.listen,
        call.actor,
        call_id,
        LegMode(body.mode),
        body.device,
        announce=body.announce,
    )


async def take_over(call: Call, call_id: int, body: TakingOver) -> PhoneCall:
    """Make a call mine. It is written down."""
    return await call.write(
        PhoneCall.model_validate, handing.take_over, call.actor, call_id, body.device, announce=body.announce
    )


async def end(call: Call, call_id: int) -> PhoneCall:
    """End a call that hangs."""
    return await call.write(PhoneCall.model_validate, handing.end, call.actor, call_id)


async def wrap_up(call: Call, call_id: int, body: WritingDown) -> PhoneCall:
    """Write down what came of a call, and be ready for the next."""
    said = Wrapping(**body.model_dump())
    return await call.write(PhoneCall.model_validate, acting.wrap_up, call.actor, call_id, said)


async def measured(call: Call, call_id: int, body: Measured) -> PhoneCall:
    """How well my tab hears a call."""
    return await call.write(PhoneCall.model_validate, acting.measured, call.actor, call_id, body.quality)


async def device_failed(call: Call, call_id: int, body: DeviceFailed) -> PhoneCall:
    """My tab cannot carry the sound: no microphone, or it was refused."""
    return await call.write(PhoneCall.model_validate, acting.device_left, call.actor, call_id, body.device, body.reason)


async def connected(call: Call, call_id: int, body: Device) -> PhoneCall:
    """My tab hears the other side of a browser's call."""
    return await call.write(PhoneCall.model_validate, phones.connected, call.actor, call_id, body.device)


async def say(call: Call, call_id: int, body: Said) -> None:
    """Hand something to the browser of another leg. Never stored; of a leg that is over by now nobody hears it."""
    found = await call.read(phones.legs_of, call.actor, call_id, body.to_leg)
    if found is None:
        return
    whisper = PhoneSaid(
        call_id=call_id,
        from_leg=found.own.id,
        to_leg=found.other.id,
        to_agent=found.other.agent_id,
        identity_id=found.identity_id,
        body=body.body,
    )
    call.house.bus.whisper(whisper)


async def set_phone(call: Call, body: MyPhone) -> Agent:
    """Say how calls reach me."""

    def show(value: AgentValue) -> Agent:
        return Agent.model_validate(value)

    plans = call.house.lines.plans()
    return await call.write(show, phones.set_device, call.actor, body.call_device, body.call_number, plans)
