"""The phone by Twilio from end to end: callers at the stand-in, agents at their consoles, whatever a day brings."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect

from channels.simulators.twilio import Caller, How
from crm_core.calls import queries
from crm_core.staff.sessions import open_session
from crm_core.store.transaction import Tx
from crm_core.words.clock import HOUR, SECOND
from crm_core.words.values import CallOutcome
from tests.flows.call_judge import Truth, faults
from tests.flows.call_street import Street, all_there, nothing_open, open_street, soon, until
from tests.flows.conftest import People
from tests.flows.desk_agent import DeskAgent
from tests.peers.complaints import Complaints

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(400)]

CALL = 40_000
"""Milliseconds until a call is at an agent."""
MUSIC = re.compile("♪")


class PhoneAgent(DeskAgent):
    """An agent at the console, who talks on the phone."""

    def bar(self) -> Locator:
        """The softphone."""
        return self.page.locator("section[data-call]")

    def wrap_up(self) -> Locator:
        """Where a call is written down."""
        return self.page.locator("section[data-wrap-up]")

    async def answers(self) -> None:
        """Take the call that rings."""
        await self.page.get_by_role("button", name="Answer").first.click(timeout=CALL)

    async def talks(self) -> None:
        """Wait until the softphone says so."""
        await expect(self.bar()).to_contain_text("Talking", timeout=CALL)

    async def does(self, what: str) -> None:
        """Press a button of the softphone."""
        await self.bar().get_by_role("button", name=what, exact=True).click()

    async def writes_down(self, what: str) -> None:
        """Say what came of the call, and be ready for the next."""
        await self.wrap_up().get_by_role("combobox").select_option(label=what)
        await self.wrap_up().get_by_role("button", name="Done", exact=True).click()
        await expect(self.wrap_up()).to_have_count(0)

    async def plays(self, conversation_id: int, name: str) -> None:
        """Hear something recorded in the timeline of a conversation."""
        await self.page.evaluate(f"location.hash = '#/all/{conversation_id}'")
        sound = self.timeline().get_by_label(name, exact=True).first
        await expect(sound).to_be_visible(timeout=CALL)
        heard = await sound.evaluate(_PLAYED)
        assert heard > 0


_PLAYED = """
async (audio) => {
  audio.muted = true;
  await audio.play();
  while (audio.currentTime === 0) await new Promise((on) => setTimeout(on, 50));
  audio.pause();
  return audio.duration;
}
"""


@pytest.mark.parametrize(
    "kind", ["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgresql, pytest.mark.slow])]
)
async def test_a_caller_is_answered_held_handed_on_and_written_down_and_others_are_called_back(
    kind: str, make_database: Callable[[str], str], tmp_path: Path, chromium: Browser, complaints: Complaints
) -> None:
    async with open_street(make_database(kind), tmp_path, ("Anna", "Ben")) as street:
        people = People(chromium, complaints)
        try:
            anna, ben = [await comes_to_work(street, people, name) for name in ("Anna", "Ben")]
            await a_call_is_handed_on(street, anna, ben)
            await a_message_is_heard(street, anna, ben)
            await who_is_called_back_keeps_the_place(street, anna, ben)
        finally:
            for context in people.known.values():
                await context.close()
        await until(lambda: street.db.read(nothing_open))
        await until(lambda: street.db.read(all_there))
        assert await faults(street.db, Truth(calls=street.cloud.exchange.calls, slack=2 * SECOND)) == []


async def comes_to_work(street: Street, people: People, name: str) -> PhoneAgent:
    """An agent opens the console."""
    mate = next(one for one in street.mates.values() if one.name == name)

    def invite(tx: Tx) -> str:
        return open_session(tx, mate.id, "link", expires_at=tx.now + HOUR)[1]

    context = await people.arrive(name.lower(), width=1440, height=900)
    agent = PhoneAgent(await context.new_page(), name)
    await agent.sign_in(f"{street.hub.url}/sign-in/{await street.db.write(invite)}")
    await agent.is_in("Available")
    return agent


async def whoever_is_rung(anna: PhoneAgent, ben: PhoneAgent, what: str) -> tuple[PhoneAgent, PhoneAgent]:
    """Wait until one of the two is asked to `what`; that one first."""
    async with asyncio.timeout(CALL / 1_000):
        while True:
            for rung, other in ((anna, ben), (ben, anna)):
                if await rung.page.get_by_role("button", name=what).count():
                    return rung, other
            await asyncio.sleep(0.2)


async def a_call_is_handed_on(street: Street, anna: PhoneAgent, ben: PhoneAgent) -> None:
    """In, menu, line, answer, hold, a colleague is asked and has the call, the caller hangs up."""
    caller, call_id = await street.comes(1)
    first, second = await whoever_is_rung(anna, ben, "Answer")
    await first.answers()
    await first.talks()
    await second.is_not_rung()
    await hears(caller, agent_of(street, first))
    await first.does("Hold")
    await hears(caller, MUSIC)
    await first.does("Take off hold")
    await hears(caller, agent_of(street, first))
    await first.does("Transfer")
    dialog = first.page.get_by_role("dialog")
    await dialog.get_by_role("radio", name=second.name).check()
    await dialog.get_by_role("button", name="Speak first").click()
    await second.answers()
    await expect(first.bar().get_by_role("button", name="Hand over")).to_be_visible(timeout=CALL)
    await hears(caller, MUSIC)
    await first.does("Hand over")
    await expect(first.bar()).to_have_count(0)
    await hears(caller, agent_of(street, second))
    await asyncio.sleep(2)
    await caller.hang_up()
    await second.writes_down("Solved")
    await first.writes_down("Sale")
    call = await street.db.read(queries.whole, call_id)
    assert [(one.kind, one.result) for one in call.transfers] == [("attended", "done")]
    await second.plays(call.conversation_id, "Recording")


async def a_message_is_heard(street: Street, anna: PhoneAgent, ben: PhoneAgent) -> None:
    """A caller leaves a message; whoever is asked takes it, hears it in the timeline, and is done with it."""
    caller, call_id = await street.comes(2, "3")
    await until(lambda: soon("beep" in caller.heard))
    await asyncio.sleep(2)
    await caller.press("#")
    call = await street.becomes(call_id, CallOutcome.VOICEMAIL)
    agent, _ = await whoever_is_rung(anna, ben, "Accept")
    await agent.page.get_by_role("button", name="Accept").first.click()
    await agent.plays(call.conversation_id, "Voice message")
    await agent.close("Solved")


async def who_is_called_back_keeps_the_place(street: Street, anna: PhoneAgent, ben: PhoneAgent) -> None:
    """With one agent left who talks, somebody asks to be called back, and is before who came later."""
    await ben.become("Training")
    talker, _ = await street.comes(3)
    await anna.answers()
    await anna.talks()
    first, first_id = await street.comes(4)
    street.cloud.exchange.dials[first.call.caller] = How.IGNORES
    await hears(first, MUSIC)
    await first.press("*")
    await until(lambda: soon(first.is_over))
    later, later_id = await street.comes(5)
    await hears(later, MUSIC)
    await talker.hang_up()
    await anna.writes_down("Solved")
    await anna.page.get_by_role("button", name="Call back", exact=False).first.click(timeout=CALL)
    called = await until(lambda: soon(called_at(street, first.call.caller)))
    await called.answer()
    await anna.talks()
    await hears(called, agent_of(street, anna))
    await hears(later, MUSIC)
    await called.hang_up()
    await anna.writes_down("Sale")
    await anna.answers()
    await anna.talks()
    await later.hang_up()
    await anna.writes_down("Solved")
    asked, waited = [await street.db.read(queries.whole, one) for one in (first_id, later_id)]
    assert (asked.outcome, waited.outcome) == (CallOutcome.CALLBACK, CallOutcome.ANSWERED)


def called_at(street: Street, number: str) -> Caller | None:
    """The call to a number that rings there."""
    calls = [one for one in street.cloud.exchange.calls if one.called == number and one.status == "ringing"]
    return Caller(street.cloud.exchange, calls[-1]) if calls else None


def agent_of(street: Street, agent: PhoneAgent) -> re.Pattern[str]:
    """What a caller hears who hears this agent."""
    mate = next(one for one in street.mates.values() if one.name == agent.name)
    return re.compile(f"client:agent_{mate.id}_")


async def hears(caller: Caller, what: re.Pattern[str]) -> None:
    """Wait until that is all that a caller hears."""
    await until(lambda: soon(bool(heard := caller.hears()) and all(what.match(one) for one in heard)))
