"""The demo's accounts before their stand-ins: what Lena writes reaches the hub, and what is answered reaches her."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from channels.simulators.twilio import RealTime
from crm_core.accounts import queries
from crm_core.staff.actions import set_activity
from crm_core.words.clock import MINUTE, SECOND
from crm_core.words.errors import Invalid
from crm_core.words.values import Activity, Role
from hub.api.middleware import MIDDLEWARES
from hub.demo.devices import Customers
from hub.demo.line import NOBODYS_NUMBER, SHOP_NUMBER
from hub.demo.providers import LENA, LENA_NUMBER, SHOP_MAIL, SHOP_ORDERS, SHOP_SHORT_NUMBER, Providers, serving
from hub.demo.telephone import Telephone
from hub.keys import HOUSE
from tests.hub.chat.conftest import Hub
from tests.hub.whole.conftest import Clerk
from tests.peers.clock import VirtualClock


async def until(answer: Callable[[], Awaitable[Any]]) -> Any:
    """What is answered, once it is something."""
    async with asyncio.timeout(60):
        while not (found := await answer()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


async def conversation(boss: Clerk, channel: str) -> dict[str, Any]:
    """The one that came by this channel, once it is there."""

    async def there() -> dict[str, Any] | None:
        _, listed = await boss.ask("GET", "conversations?view=all")
        return next((c for c in listed["items"] if c["channel"] == channel), None)

    found: dict[str, Any] = await until(there)
    return found


async def answered(boss: Clerk, channel: str, text: str) -> dict[str, Any]:
    """Answer it; the conversation."""
    found = await conversation(boss, channel)
    status, said = await boss.ask("POST", f"conversations/{found['id']}/replies", {"text": text})
    assert status == 201, said
    return found


async def reaches(boss: Clerk, clock: VirtualClock, conversation_id: int, delivery: str) -> None:
    """Wait until the answer got that far."""

    async def stands() -> bool:
        clock.advance(100)
        _, page = await boss.ask("GET", f"conversations/{conversation_id}/entries")
        return any(e.get("delivery") == delivery for e in page["items"])

    await until(stands)


@asynccontextmanager
async def page(hub: Hub) -> AsyncIterator[tuple[Providers, TestClient[web.Request, web.Application]]]:
    """The customers' page, and what stands behind it."""
    async with serving(hub.house) as lena:
        app = web.Application(middlewares=MIDDLEWARES)
        app[HOUSE] = hub.house
        Customers(lena).mount(app)
        async with TestClient(TestServer(app)) as client:
            await until(partial(all_open, hub))
            yield lena, client


async def all_open(hub: Hub) -> bool:
    """Whether every account of the demo is open: who leaves before that meets accounts in the middle of connecting."""
    known = await hub.db.read(queries.accounts)
    return all(hub.house.accounts.by_id(account.id) is not None for account in known if not account.disabled)


async def test_a_mail_by_smtp_comes_in_by_imap_and_its_answer_lies_in_her_box(
    hub: Hub, hire: Any, clock: VirtualClock
) -> None:
    boss = await hire("Boss", Role.ADMINISTRATOR)
    async with serving(hub.house) as lena:
        # Sent before the hub has looked into the mailbox for the first time, or after: it comes in either case.
        await lena.box.write(SHOP_MAIL, "Price list", "Could you send me the price list?", port=lena.mail_port)
        found = await answered(boss, "email", "With pleasure.")
        await reaches(boss, clock, found["id"], "sent")
        letter = next(one for one in lena.box.kept if not one.mine)
        assert letter.text.startswith("With pleasure.")
        await lena.box.write(SHOP_MAIL, "Re: Price list", "Thank you!", port=lena.mail_port, answers=letter)

        async def thanks() -> bool:
            return (await conversation(boss, "email")).get("preview") == "Thank you!"

        await until(thanks)
        assert (await conversation(boss, "email"))["id"] == found["id"]


async def test_a_mail_to_the_second_address_comes_by_the_hubs_own_listener(
    hub: Hub, hire: Any, clock: VirtualClock
) -> None:
    boss = await hire("Boss", Role.ADMINISTRATOR)
    async with page(hub) as (lena, client):
        mail = {"to": SHOP_ORDERS, "subject": "Order 7", "text": "Two pots, please."}

        async def is_taken() -> bool:
            return (await client.post("/demo/customers/mail", json=mail)).status == 200

        # The listener may open a moment later than the page: until then it is refused in words.
        await until(is_taken)
        found = await answered(boss, "email", "They are on their way.")
        await reaches(boss, clock, found["id"], "sent")
        _, listed = await boss.ask("GET", "accounts")
        assert next(a["name"] for a in listed["items"] if a["id"] == found["account_id"]) == "Shop's orders"
        letter = next(one for one in lena.box.kept if not one.mine)
        assert (letter.text.startswith("They are on their way."), SHOP_ORDERS in letter.sender) == (True, True)


async def test_viber_takes_an_answer_and_tells_when_she_has_seen_it(hub: Hub, hire: Any, clock: VirtualClock) -> None:
    boss = await hire("Boss", Role.ADMINISTRATOR)
    async with serving(hub.house) as lena:
        lena.viber.write("Чи є монстера?")
        assert (await conversation(boss, "viber"))["who"] == LENA
        found = await answered(boss, "viber", "Так, є.")
        await reaches(boss, clock, found["id"], "delivered")
        shown = lena.viber.screen[-1]
        assert (shown.text, shown.mine) == ("Так, є.", False)
        lena.viber.read(shown.token)
        await reaches(boss, clock, found["id"], "read")


async def test_the_gateway_carries_texts_both_ways_and_meets_the_same_number(
    hub: Hub, hire: Any, clock: VirtualClock
) -> None:
    boss = await hire("Boss", Role.ADMINISTRATOR)
    async with serving(hub.house) as lena:
        lena.handset.text(SHOP_SHORT_NUMBER, "I am at the back door.")
        found = await answered(boss, "gateway", "I am coming!")
        await reaches(boss, clock, found["id"], "delivered")
        assert [text.text for text in lena.handset.kept] == ["I am at the back door.", "I am coming!"]
        assert found["who"].replace(" ", "") == LENA_NUMBER


async def test_the_accounts_are_set_anew_at_every_start_and_new_mail_is_told_from_old(
    hub: Hub, hire: Any, clock: VirtualClock
) -> None:
    boss = await hire("Boss", Role.ADMINISTRATOR)

    async def ways(_: Providers) -> dict[str, int]:
        _, listed = await boss.ask("GET", "accounts")
        return {account["name"]: account["id"] for account in listed["items"]}

    async with serving(hub.house) as lena:
        before = await ways(lena)
        lena.viber.write("Hello?")
        await lena.box.write(SHOP_MAIL, "One", "The first.", port=lena.mail_port)
        first = await conversation(boss, "email")
        await conversation(boss, "viber")
    clock.advance(MINUTE)
    async with serving(hub.house) as lena:
        assert await ways(lena) == before
        await lena.box.write(SHOP_MAIL, "Two", "The second.", port=lena.mail_port)

        async def second() -> bool:
            clock.advance(100)
            _, listed = await boss.ask("GET", "conversations?view=all")
            return "The second." in {c["preview"] for c in listed["items"]}

        await until(second)
        _, page = await boss.ask("GET", f"conversations/{first['id']}/entries")
        assert [e["text"] for e in page["items"] if e["kind"] == "message"].count("The first.") == 1


async def test_after_a_restart_her_viber_chat_is_answered(hub: Hub, hire: Any, clock: VirtualClock) -> None:
    boss = await hire("Boss", Role.ADMINISTRATOR)
    async with serving(hub.house) as lena:
        lena.viber.write("Hello?")
        await conversation(boss, "viber")
    clock.advance(MINUTE)
    async with serving(hub.house) as lena:
        found = await answered(boss, "viber", "Here we are.")
        await reaches(boss, clock, found["id"], "delivered")
        assert [shown.text for shown in lena.viber.screen] == ["Here we are."]


async def test_a_button_that_is_not_there_is_refused_in_words(hub: Hub) -> None:
    async with page(hub) as (_, client):
        for device in ("telegram", "viber"):
            answer = await client.post(f"/demo/customers/{device}", json={"press": "Nowhere"})
            assert answer.status == 404
            assert (await answer.json())["detail"] == "There is no such button."


async def test_who_lets_the_viber_bot_in_again_says_nothing_by_it(hub: Hub) -> None:
    async with page(hub) as (lena, client):
        for is_blocked in (True, False):
            answer = await client.post("/demo/customers/viber", json={"blocked": is_blocked})
            assert (answer.status, lena.viber.is_subscribed) == (200, not is_blocked)
        assert lena.viber.screen == []


@asynccontextmanager
async def telephone(hub: Hub) -> AsyncIterator[Telephone]:
    """Lena's, on a line where a minute of talking takes a second."""
    async with serving(hub.house) as lena:
        lena.cloud.exchange.passing = RealTime(60)

        await until(partial(all_open, hub))
        yield lena.telephone


async def hears(lena: Telephone, words: str) -> None:
    """Wait until this was written on her screen, or is what sounds now."""

    async def heard() -> bool:
        call = lena.seen()["call"]
        return any(words in line.text for line in lena.lines) or (call is not None and call["hears"] == words)

    await until(heard)


async def at_work(hub: Hub, clerk: Clerk) -> None:
    hub.house.presence.came(clerk.agent.id)
    await hub.db.write(set_activity, None, clerk.agent.id, Activity.AVAILABLE)


async def record(boss: Clerk, **wanted: Any) -> dict[str, Any]:
    """The newest call, once it is like this."""

    async def there() -> dict[str, Any] | None:
        _, listed = await boss.ask("GET", "calls")
        newest: dict[str, Any] = next(iter(listed["items"]), {})
        return newest if newest and all(newest[name] == value for name, value in wanted.items()) else None

    found: dict[str, Any] = await until(there)
    return found


async def kept(boss: Clerk) -> dict[str, Any]:
    """The newest call, once its sound is with the hub."""

    async def there() -> dict[str, Any] | None:
        newest = await record(boss)
        return newest if [one["state"] for one in newest["recordings"]] == ["stored"] else None

    found: dict[str, Any] = await until(there)
    return found


async def test_she_calls_chooses_waits_and_talks_and_the_recording_stays_with_the_hub(
    hub: Hub, hire: Any, clock: VirtualClock
) -> None:
    boss, anna = await hire("Boss", Role.ADMINISTRATOR), await hire("Anna", Role.AGENT, hub.queue_id)
    await at_work(hub, anna)
    async with telephone(hub) as lena:
        lena.dial(SHOP_NUMBER)
        await hears(lena, "Welcome to Fern and Clay")
        await hears(lena, "This call is recorded.")
        await hears(lena, "press 1")
        await lena.press("1")
        await hears(lena, "music")

        async def offered() -> list[dict[str, Any]]:
            _, listed = await anna.ask("GET", "offers")
            return list(listed["items"])

        offer = (await until(offered))[0]
        status, said = await anna.ask("POST", f"offers/{offer['id']}/accept", {"device": "tab1"})
        assert status == 200, said
        await hears(lena, "people")
        lena.speak("Do you have an olive tree?")
        await record(boss, state="talking")
        clock.advance(MINUTE)
        await lena.act({"hang_up": True})
        assert lena.lines[-1].text.endswith("· recorded")
        ended = await kept(boss)
        assert (ended["outcome"], ended["number"], ended["ended_by"]) == ("answered", LENA_NUMBER, "contact")


async def test_she_is_told_her_place_behind_others_and_asks_to_be_called_back(
    hub: Hub, hire: Any, clock: VirtualClock
) -> None:
    boss, anna = await hire("Boss", Role.ADMINISTRATOR), await hire("Anna", Role.AGENT, hub.queue_id)
    await at_work(hub, anna)
    async with telephone(hub) as lena:
        await lena.act({"others": True})

        async def in_line() -> bool:
            return all(one.caller.hears() and one.caller.call.hears.startswith("♪") for one in lena.crowd.others)

        await until(in_line)
        lena.dial(SHOP_NUMBER)
        await hears(lena, "press 1")
        await lena.press("1")
        await hears(lena, "music")
        clock.advance(11 * SECOND)
        await hears(lena, "You are number 2 in line.")
        await lena.press("*")
        await hears(lena, "We will call you back.")
        assert (await record(boss, outcome="callback"))["number"] == LENA_NUMBER


async def test_she_leaves_a_message_from_a_hidden_number_when_nobody_is_there(
    hub: Hub, hire: Any, clock: VirtualClock
) -> None:
    boss = await hire("Boss", Role.ADMINISTRATOR)
    async with telephone(hub) as lena:
        lena.dial(SHOP_NUMBER, hidden=True)
        await hears(lena, "press 3")
        await lena.press("3")
        await hears(lena, "silence")
        lena.speak("Please keep the olive tree for me.")
        clock.advance(3 * SECOND)
        await lena.press("#")
        ended = await kept(boss)
        assert (ended["outcome"], ended["number"], ended["recordings"][0]["is_voicemail"]) == ("voicemail", "", True)


async def test_an_agent_calls_her_and_she_declines_does_not_answer_and_answers(hub: Hub, hire: Any) -> None:
    boss, anna = await hire("Boss", Role.ADMINISTRATOR), await hire("Anna", Role.AGENT, hub.queue_id)
    await at_work(hub, anna)
    async with telephone(hub) as lena:

        async def rings() -> None:
            status, said = await anna.ask("POST", "calls", {"number": LENA_NUMBER, "device": "tab1"})
            assert status == 201, said

            async def bell() -> bool:
                call = lena.seen()["call"]
                return call is not None and (call["state"], call["number"]) == ("ringing", SHOP_NUMBER)

            await until(bell)

        async def written_down(outcome: str) -> None:
            ended = await record(boss, outcome=outcome)
            await anna.ask("POST", f"calls/{ended['id']}/wrap-up", {"done": True})
            await record(boss, state="ended")

        await rings()
        await lena.act({"decline": True})
        await written_down("busy")
        await rings()
        await written_down("no_answer")

        async def missed() -> bool:
            # The record may know before the telephone has stopped ringing.
            return lena.lines[-1].text == "Missed call"

        await until(missed)
        await rings()
        await lena.act({"answer": True})
        await hears(lena, "people")
        await lena.act({"hang_up": True})
        assert (await record(boss, outcome="answered"))["direction"] == "out"


async def test_a_number_that_nobody_has_says_so_and_reaches_nobody(hub: Hub, hire: Any) -> None:
    boss = await hire("Boss", Role.ADMINISTRATOR)
    async with telephone(hub) as lena:
        await lena.act({"dial": NOBODYS_NUMBER})
        assert [line.kind for line in lena.lines] == ["note", "heard", "note"]
        with pytest.raises(Invalid):
            await lena.act({"press": "1"})
        _, listed = await boss.ask("GET", "calls")
        assert listed["items"] == []
