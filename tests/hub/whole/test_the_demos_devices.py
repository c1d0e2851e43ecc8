"""The demo's accounts before their stand-ins: what Lena writes reaches the hub, and what is answered reaches her."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from crm_core.words.clock import MINUTE
from crm_core.words.values import Role
from hub.demo.providers import LENA, LENA_NUMBER, SHOP_MAIL, SHOP_SHORT_NUMBER, Providers, serving
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
        return {account["kind"]: account["id"] for account in listed["items"]}

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
