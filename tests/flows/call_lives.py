"""What happens in the calls of a day: each of these is one call from its first ring to its end, with everybody."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from channels.simulators.twilio import Caller, How
from crm_core.calls.rules.call import leg_of, living
from crm_core.words.content import Medium
from crm_core.words.values import Activity, CallState, CallValue, KeptState, LegState, OfferValue
from tests.flows.call_town import SHOP, CallTown, Mate

HIDDEN: Final = "+266696687"
BESIDE: Final = 3
"""Lives that go on as long as there are others."""
OVER: Final = (CallState.WRAP_UP, CallState.ENDED)
Life = Callable[[CallTown, int], Awaitable[None]]


def theirs(number: int) -> str:
    """The telephone of a customer."""
    return f"+1202456{number:04}"


def outside(number: int) -> str:
    """A telephone that we call."""
    return f"+1202457{number:04}"


# --- pieces --------------------------------------------------------------------------------------------------------


async def at_the_menu(town: CallTown, number: str) -> tuple[Caller, CallValue]:
    """Somebody calls, hears the greeting and comes to the menu."""
    caller = town.cloud.caller(number, SHOP)
    call = await town.until("the call is known", lambda: town.call_of(caller))
    await town.until("the menu plays", lambda: (p := town.calls[call.id].prompt) is not None and p.code == "menu")
    await town.rest(town.rng.randint(1, 4))
    return caller, call


async def in_line(town: CallTown, number: str, key: str = "1") -> tuple[Caller, CallValue]:
    """Somebody stands in line."""
    caller, call = await at_the_menu(town, number)
    await caller.press(key)
    await town.until("the call is in line", lambda: town.calls[call.id].queued_at)
    return caller, call


async def taken(town: CallTown, call_id: int) -> Mate:
    """Whoever is asked takes the call after a few seconds, and speaks."""
    while True:
        offer = await town.until("somebody is asked", lambda: town.offer_of(call_id))
        await town.rest(town.rng.randint(1, 6))
        mate = town.mate(offer.agent_id)
        body = {"device": mate.tab}
        if await town.ask(mate, "POST", f"offers/{offer.id}/accept", body, late=True) is None:
            continue
        await they_speak(town, call_id, mate)
        return mate


async def they_speak(town: CallTown, call_id: int, mate: Mate) -> None:
    """Wait until an agent speaks with the contact."""
    await town.until("they speak", lambda: speaks(town, call_id, mate))


def speaks(town: CallTown, call_id: int, mate: Mate) -> bool:
    """Whether an agent is connected with the contact."""
    call = town.calls[call_id]
    own = leg_of(call, mate.id)
    return own is not None and own.state is LegState.CONNECTED and call.state is CallState.TALKING


async def hangs_up(town: CallTown, caller: Caller) -> None:
    """The caller hangs up; now and then the report of it is half a minute late, or never made."""
    habits, how = town.cloud.exchange.habits, town.rng.random()
    before = habits.late
    if how < 0.2:
        habits.late = 30_000
    elif how < 0.3:
        town.forgot[caller.sid], caller.call.callback = caller.call.callback, ""
    town.cloud.exchange.end(caller.call, "completed")
    habits.late = before


async def ends(town: CallTown, caller: Caller, call_id: int, mate: Mate) -> None:
    """One of them hangs up, and the agent writes it down, or lets the time for that run out."""
    if town.rng.random() < 0.5:
        await hangs_up(town, caller)
    else:
        await town.ask(mate, "POST", f"calls/{call_id}/hang-up")
    await town.until("the call is over", lambda: town.calls[call_id].state in OVER)
    await writes_down(town, call_id, mate)


async def writes_down(town: CallTown, call_id: int, mate: Mate) -> None:
    """Half of them say what came of it; for the others the time runs out."""
    await town.rest(town.rng.randint(1, 20))
    if town.rng.random() < 0.5:
        said = {"disposition_id": town.rng.choice(town.dispositions), "note": "Said so.", "done": True}
        await town.ask(mate, "POST", f"calls/{call_id}/wrap-up", said)


# --- calls that come in ----------------------------------------------------------------------------------------------


async def answered(town: CallTown, number: int, who: str = "") -> None:
    """The everyday call, held once in a while."""
    caller, call = await in_line(town, who or theirs(number))
    mate = await taken(town, call.id)
    await town.rest(town.rng.randint(5, 90))
    for on in (True, False) if town.rng.random() < 0.4 else ():
        await town.ask(mate, "POST", f"calls/{call.id}/hold", {"on": on})
        await town.rest(town.rng.randint(3, 30))
    await ends(town, caller, call.id, mate)


async def hidden(town: CallTown, number: int) -> None:
    """A caller who shows no number."""
    await answered(town, number, HIDDEN)


async def refreshed(town: CallTown, number: int) -> None:
    """The agent's tab is reloaded in the middle of the talk."""
    caller, call = await in_line(town, theirs(number))
    mate = await taken(town, call.id)
    await town.rest(town.rng.randint(5, 30))
    town.cloud.exchange.end(town.cloud.leg(mate.phone).call, "completed")
    await town.rest(town.rng.randint(2, 8))
    await town.ask(mate, "POST", f"calls/{call.id}/rejoin", {"device": mate.tab})
    await they_speak(town, call.id, mate)
    await town.rest(town.rng.randint(5, 30))
    await ends(town, caller, call.id, mate)


async def gone_in_the_menu(town: CallTown, number: int) -> None:
    """Somebody hangs up while the menu plays."""
    caller, _ = await at_the_menu(town, theirs(number))
    await hangs_up(town, caller)


async def gone_in_line(town: CallTown, number: int) -> None:
    """Somebody waits for repairs, and gives up."""
    caller, _ = await in_line(town, theirs(number), "2")
    await town.rest(town.rng.randint(5, 120))
    await hangs_up(town, caller)


async def gone_while_it_rings(town: CallTown, number: int) -> None:
    """Somebody hangs up while an agent is asked."""
    caller, call = await in_line(town, theirs(number))
    await town.until("somebody is asked", lambda: town.offer_of(call.id))
    await town.rest(town.rng.randint(1, 8))
    await hangs_up(town, caller)


async def missed_by_one(town: CallTown, number: int) -> None:
    """Whoever is asked first does nothing; somebody else takes it."""
    caller, call = await in_line(town, theirs(number))
    first = await town.until("somebody is asked", lambda: town.offer_of(call.id))
    await town.until("the offer has run out", lambda: first.id not in town.offers)
    mate = await taken(town, call.id)
    await town.rest(town.rng.randint(5, 60))
    await ends(town, caller, call.id, mate)


async def voicemail(town: CallTown, number: int) -> None:
    """Somebody leaves a message."""
    caller, call = await at_the_menu(town, theirs(number))
    await caller.press("3")
    await town.until("the tone was heard", lambda: "beep" in caller.heard)
    await town.rest(town.rng.randint(3, 30))
    await (caller.press("#") if town.rng.random() < 0.5 else hangs_up(town, caller))
    await town.until("the message is there", lambda: any(r.file_id for r in town.calls[call.id].recordings))


async def called_back(town: CallTown, number: int) -> None:
    """Somebody asks to be called back, and is."""
    town.cloud.exchange.dials[theirs(number)] = How.IGNORES
    caller, call = await in_line(town, theirs(number), town.rng.choice(("1", "1", "2")))
    await caller.press("*")
    await town.until("the caller has heard goodbye", lambda: caller.is_over)
    mate = await takes_up(town, call.id)
    back = await town.until("they are called", lambda: _back(town, call.id))
    await rings_out(town, theirs(number), back.id, mate)


async def takes_up(town: CallTown, call_id: int) -> Mate:
    """Whoever is asked to call somebody back does so after a few seconds."""
    while True:
        asked = await town.until("somebody is asked to call back", lambda: town.offer_of(call_id, "callback"))
        await town.rest(town.rng.randint(1, 8))
        mate = town.mate(asked.agent_id)
        if await town.ask(mate, "POST", f"offers/{asked.id}/accept", {"device": mate.tab}, late=True) is not None:
            return mate


def _back(town: CallTown, call_id: int) -> CallValue | None:
    return next((one for one in town.calls.values() if one.callback_of == call_id), None)


# --- calls that go out -----------------------------------------------------------------------------------------------


async def rings_out(town: CallTown, number: str, call_id: int, mate: Mate) -> None:
    """Whoever is called lets it ring, answers, and talks."""
    await town.until("it rings there", lambda: _rings(town, number))
    other = town.cloud.leg(number)
    await town.rest(town.rng.randint(3, 15))
    await other.answer()
    await they_speak(town, call_id, mate)
    await town.rest(town.rng.randint(5, 90))
    await ends(town, other, call_id, mate)


def _rings(town: CallTown, number: str) -> bool:
    return any(call.called == number and call.status == "ringing" for call in town.cloud.exchange.calls)


async def called(town: CallTown, number: int, how: How = How.IGNORES) -> tuple[CallValue, Mate]:
    """An agent with nothing to do calls somebody."""
    town.cloud.exchange.dials[outside(number)] = how
    while True:
        mate = await town.until("an agent is free", lambda: town.spare("Plants"))
        body = {"number": outside(number), "device": mate.tab}
        made = await town.ask(mate, "POST", "calls", body, late=True)
        town.taken.discard(mate.id)
        if made is not None:
            return await town.known(made["id"]), mate
        await town.rest(2)


async def outbound(town: CallTown, number: int) -> None:
    """An agent calls somebody who answers."""
    call, mate = await called(town, number)
    await rings_out(town, outside(number), call.id, mate)


async def busy(town: CallTown, number: int) -> None:
    """An agent calls somebody whose line is busy."""
    call, _ = await called(town, number, How.DECLINES)
    await town.until("the call is over", lambda: town.calls[call.id].state is CallState.ENDED)


async def no_answer(town: CallTown, number: int) -> None:
    """An agent calls somebody who does not answer."""
    call, _ = await called(town, number)
    await town.until("the call is over", lambda: town.calls[call.id].state is CallState.ENDED)


# --- calls that are handed on ----------------------------------------------------------------------------------------


async def handed_on(town: CallTown, number: int) -> None:
    """A call is handed to a colleague without a word."""
    caller, call, mate, other = await _two(town, number)
    await town.ask(mate, "POST", f"calls/{call.id}/transfer", {"agent_id": other.id})
    await comes_in(town, call.id, other)
    await they_speak(town, call.id, other)
    town.taken.discard(other.id)
    await town.rest(town.rng.randint(5, 40))
    await ends(town, caller, call.id, other)


async def asked_first(town: CallTown, number: int) -> None:
    """A colleague is asked first, and has the call then; or the agent goes back to the caller."""
    caller, call, mate, other = await _two(town, number)
    body = {"agent_id": other.id, "attended": True}
    await town.ask(mate, "POST", f"calls/{call.id}/transfer", body)
    await comes_in(town, call.id, other)
    await town.until("the other is there", lambda: _is_there(town, call.id, other))
    town.taken.discard(other.id)
    await town.rest(town.rng.randint(5, 20))
    last = town.rng.choice(("complete", "cancel"))
    await town.ask(mate, "POST", f"calls/{call.id}/transfer/{last}")
    mate = other if last == "complete" else mate
    await they_speak(town, call.id, mate)
    await town.rest(town.rng.randint(5, 40))
    await ends(town, caller, call.id, mate)


async def to_another_queue(town: CallTown, number: int) -> None:
    """A call goes back into the line."""
    caller, call = await in_line(town, theirs(number))
    mate = await taken(town, call.id)
    await town.rest(town.rng.randint(5, 30))
    await town.ask(mate, "POST", f"calls/{call.id}/transfer", {"queue_id": town.queues["Plants"]})
    other = await taken(town, call.id)
    await town.rest(town.rng.randint(5, 40))
    await ends(town, caller, call.id, other)


async def _two(town: CallTown, number: int) -> tuple[Caller, CallValue, Mate, Mate]:
    caller, call = await in_line(town, theirs(number))
    mate = await taken(town, call.id)
    await town.rest(town.rng.randint(5, 30))
    other = await town.until("a colleague is free", lambda: town.spare("Plants"))
    return caller, call, mate, other


async def comes_in(town: CallTown, call_id: int, other: Mate) -> None:
    """A colleague who is asked in says yes, before they are asked for another call."""
    await town.ask(other, "POST", f"calls/{call_id}/answer", {"device": other.tab})


def _is_there(town: CallTown, call_id: int, other: Mate) -> bool:
    return any(leg.agent_id == other.id and leg.state is LegState.CONNECTED for leg in living(town.calls[call_id]))


# --- beside the calls ------------------------------------------------------------------------------------------------


async def all_day(town: CallTown, number: int) -> None:
    """Who repairs is on the phone with one customer for as long as anybody calls."""
    caller, call = await in_line(town, theirs(number), "2")
    mate = await taken(town, call.id)
    while town.is_day:
        await town.rest(60)
    await town.rest(180)
    await ends(town, caller, call.id, mate)


async def letters(town: CallTown) -> None:
    """What missed calls leave to be done: whoever is asked has a look and closes it, while anybody calls."""
    while town.lives > BESIDE:
        offer = await town.until("something to read", lambda: _letter(town) or town.lives <= BESIDE)
        if offer is True:
            return
        mate = town.mate(offer.agent_id)
        if await town.ask(mate, "POST", f"offers/{offer.id}/accept", late=True) is not None:
            await town.ask(mate, "POST", f"conversations/{offer.conversation_id}/close", late=True)


async def they_return(town: CallTown) -> None:
    """Whoever missed an offer, often of somebody who had gone already, says half a minute later that they are here."""
    while town.lives > BESIDE:
        await town.rest(30)
        for mate in town.mates:
            if town.agents[mate.id].activity is Activity.NOT_RESPONDING:
                await town.ask(mate, "PUT", f"agents/{mate.id}/activity", {"activity": "available"})


async def looks(town: CallTown) -> None:
    """The channel looks at the stand-in's lists every five minutes."""
    while town.lives > BESIDE:
        await town.rest(300)
        await town.reconcile()


def _letter(town: CallTown) -> OfferValue | None:
    return next((offer for offer in town.offers.values() if offer.medium is not Medium.CALL), None)


async def recordings_are_there(town: CallTown) -> None:
    """What is still on its way from the provider arrives."""
    for _ in range(200):
        await town.settle()
        found = [r for call in town.calls.values() for r in call.recordings]
        if all(one.state is KeptState.STORED for one in found):
            return
        await asyncio.sleep(0.05)
