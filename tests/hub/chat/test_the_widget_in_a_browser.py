"""The widget in a real Chromium on the demo shop's page, against a whole hub. Needs the built widget."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from playwright.async_api import Browser, Frame, Page, expect
from sqlalchemy import select

from crm_core.conversations.model import Conversation, Entry
from crm_core.store.transaction import Tx
from crm_core.words.permissions import Actor
from crm_core.words.values import Role
from hub.api.chat import STATIC
from hub.desk import outbound
from hub.desk.assignments import Target, assign
from hub.desk.outbound import Words
from tests.channels.webchat.naughty import NAUGHTY
from tests.hub.chat.conftest import Hub

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (STATIC / "chat.html").is_file(), reason="the widget is not built"),
]
SHOP_KEY = "page-key"
BOSS = Actor(1, "Boss", Role.ADMINISTRATOR)
PAGE = "<!doctype html><title>Shop</title><body><h1>Shop</h1><script src='{hub}/widget.js' data-key='{key}'></script>"


def texts(tx: Tx) -> list[str]:
    return [r.text for r in tx.all(select(Entry.text).where(Entry.kind == "message").order_by(Entry.id))]


class Shop:
    """A page of a shop on another origin than the hub's."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(dialog.message))

    async def chat(self) -> Frame:
        """Open the chat; the frame it runs in."""
        await self.page.wait_for_function("window.Switchboard")
        await self.page.evaluate("Switchboard.open()")
        for _ in range(200):
            for frame in self.page.frames:
                if "/widget/chat.html" in frame.url and await frame.query_selector("header h1"):
                    return frame
            await asyncio.sleep(0.05)
        raise AssertionError("the chat did not open")


@asynccontextmanager
async def site(hub: Hub) -> AsyncIterator[str]:
    """A web site of somebody else's: the origin of a page with the script tag in it."""

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text=PAGE.format(hub=hub.url, key=SHOP_KEY), content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", page)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def shop(hub: Hub, chromium: Browser) -> AsyncIterator[Shop]:
    async with site(hub) as origin:
        await hub.account(SHOP_KEY, allowed_origins=[origin])
        context = await chromium.new_context(locale="en-GB")
        context.set_default_timeout(60_000)
        page = await context.new_page()
        shop = Shop(page)
        await page.goto(f"{origin}/lamp")
        yield shop
        await context.close()


async def test_a_visitor_writes_is_answered_and_finds_it_again_after_a_reload(hub: Hub, shop: Shop) -> None:
    await hub.agent("Olena")
    chat = await shop.chat()
    await chat.fill(".composer textarea", "Is the lamp in stock?")
    await chat.press(".composer textarea", "Enter")
    await expect(chat.locator(".tick.sent")).to_have_count(1)
    agent = await hub.agent("Ben")
    conversation_id = await hub.db.read(lambda tx: tx.scalar(select(Conversation.id)))
    await hub.db.write(assign, BOSS, conversation_id, Target(agent_id=agent.agent_id, queue_id=None))
    await hub.db.write(outbound.note, agent, conversation_id, Words(text="asks for lamps"), ())
    await hub.db.write(outbound.reply, agent, conversation_id, Words(text="Yes, it is."))
    await expect(chat.locator(".theirs:not(.greeting) .words")).to_have_text(["Yes, it is."])
    await shop.page.reload()
    chat = await shop.chat()
    await expect(chat.locator("li:not(.greeting) .words")).to_have_text(["Is the lamp in stock?", "Yes, it is."])
    assert await hub.db.read(texts) == ["Is the lamp in stock?", "Yes, it is."]
    assert shop.complaints == []


async def test_what_is_written_without_a_connection_is_sent_once_it_is_back(hub: Hub, shop: Shop) -> None:
    await hub.agent("Olena")
    chat = await shop.chat()
    await expect(chat.locator("header small")).to_have_text("We are here now")
    for socket in tuple(hub.sockets):
        await socket.close()
    await shop.page.context.set_offline(True)
    for number in range(3):
        await chat.fill(".composer textarea", f"line {number}")
        await chat.press(".composer textarea", "Enter")
    await expect(chat.locator(".tick.sending")).to_have_count(3)
    await shop.page.context.set_offline(False)
    await expect(chat.locator(".tick.sent")).to_have_count(3, timeout=20_000)
    assert await hub.db.read(texts) == ["line 0", "line 1", "line 2"]


async def test_the_button_leaves_the_page_as_it_was(shop: Shop) -> None:
    await shop.page.wait_for_function("window.Switchboard")
    assert [f.url for f in shop.page.frames if "widget" in f.url] == []
    sizes = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    before = await shop.page.evaluate(sizes)
    await shop.chat()
    assert await shop.page.evaluate(sizes) == before


async def test_what_a_stranger_writes_is_never_run(hub: Hub, shop: Shop) -> None:
    await hub.agent("Olena")
    chat = await shop.chat()
    hostile = [text for text in NAUGHTY if "<" in text or ":" in text]
    for text in hostile:
        await chat.fill(".composer textarea", text)
        await chat.press(".composer textarea", "Enter")
    await expect(chat.locator(".mine .words")).to_have_count(len(hostile))
    assert await chat.locator(".words *:not(a)").count() == 0
    assert await chat.locator("a:not([href^='http'])").count() == 0
    assert shop.complaints == []


async def test_it_works_by_keyboard_alone(hub: Hub, shop: Shop) -> None:
    await hub.agent("Olena")
    await shop.page.wait_for_function("window.Switchboard")
    await shop.page.keyboard.press("Tab")
    await shop.page.keyboard.press("Enter")
    chat = await shop.chat()
    await expect(chat.locator("header small")).to_have_text("We are here now")
    await shop.page.keyboard.type("typed")
    await shop.page.keyboard.press("Enter")
    await expect(chat.locator(".tick.sent")).to_have_count(1)
    closed = shop.page.evaluate("new Promise(done => Switchboard.on('close', done))")
    await asyncio.gather(closed, shop.page.keyboard.press("Escape"))


async def test_a_page_that_is_not_allowed_can_not_frame_the_chat(hub: Hub, shop: Shop) -> None:
    async with site(hub) as origin:
        await shop.page.goto(origin)
        await shop.page.wait_for_function("window.Switchboard")
        async with shop.page.expect_event("console", lambda m: "frame-ancestors" in m.text):
            await shop.page.evaluate("Switchboard.open()")
    assert hub.sockets == set()


async def test_a_message_of_the_longest_length_goes_and_a_longer_one_stays_with_words_why(hub: Hub, shop: Shop) -> None:
    await hub.agent("Olena")
    chat = await shop.chat()
    box, sent = chat.locator(".composer textarea"), chat.locator(".tick.sent")
    # The last one counts as a person counts: each sign is two units of JavaScript and four bytes.
    for n, text in enumerate(("a" * 19_999, "b" * 20_000, "😀" * 20_000), start=1):
        await box.fill(text)
        await box.press("Enter")
        await expect(sent).to_have_count(n, timeout=60_000)
        await expect(box).to_have_value("")
    await box.fill("c" * 20_001)
    await box.press("Enter")
    await expect(chat.locator(".composer [role=alert]")).to_contain_text("20,000")
    await expect(box).to_have_value("c" * 20_001)
    await box.fill("c" * 20_000)
    await box.press("Enter")
    await expect(sent).to_have_count(4, timeout=60_000)
    assert [(text[0], len(text)) for text in await hub.db.read(texts)] == [
        ("a", 19_999),
        ("b", 20_000),
        ("😀", 20_000),
        ("c", 20_000),
    ]
    assert shop.complaints == []
