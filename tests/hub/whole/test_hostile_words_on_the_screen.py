"""Markup in every field that a screen shows, in a real Chromium: it is read as words and nothing runs."""

from __future__ import annotations

from typing import Any, Final

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from crm_core.contacts.actions import ContactChange
from crm_core.conversations.model import Conversation
from crm_core.conversations.phrases import NewCanned, add_canned, add_disposition
from crm_core.staff.actions import set_activity
from crm_core.staff.sessions import open_session
from crm_core.store.transaction import Tx
from crm_core.words.clock import DAY
from crm_core.words.values import Activity, Role
from crm_core.work.queues import NewQueue, add_queue
from hub.api.chat import STATIC as WIDGET
from hub.api.pages import STATIC as CONSOLE
from hub.desk import assignments, contacts, conversations, outbound
from hub.desk.assignments import Target
from hub.desk.outbound import Words
from tests.flows.shop_visitor import CHAT
from tests.hub.whole.conftest import Clerk, Enter, Hub, Visitor
from tests.peers.complaints import Complaints
from tests.peers.console_client import actor_for

BUILT = (CONSOLE / "index.html").is_file() and (WIDGET / "chat.html").is_file()
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not BUILT, reason="the console is not built"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]

KEY: Final = "hostile-shop"
INERT: Final = "() => document.querySelectorAll('img[src=x], svg[onload], b.hostile, iframe[srcdoc]').length"


def hostile(field: str) -> str:
    """Markup that would run, marked with where it was put. Short enough for a tag."""
    return f"<img src=x onerror=ran()>{field}"


def longer(field: str) -> str:
    """For fields with room: every way out of an attribute or an element."""
    return f"{hostile(field)}\"'><b class=hostile></textarea></script><svg onload=ran()> javascript:ran() {{{{ran()}}}}"


class Stage:
    """A hub in which everything is called something hostile."""

    def __init__(self, hub: Hub, boss: Clerk, visitor: Visitor, conversation_id: int) -> None:
        self.hub = hub
        self.boss = boss
        self.visitor = visitor
        self.conversation_id = conversation_id

    async def link(self) -> str:
        def made(tx: Tx) -> str:
            return open_session(tx, self.boss.agent.id, "link", expires_at=tx.now + DAY)[1]

        return f"{self.hub.url}/sign-in/{await self.hub.db.write(made)}"


@pytest.fixture
async def stage(hub: Hub, enter: Enter, hire: Any) -> Stage:
    queue = await hub.db.write(add_queue, None, NewQueue(name=hostile("queue")))
    await hub.account(KEY, title=hostile("title"), greeting={"en": longer("greeting")})
    boss: Clerk = await hire(hostile("agent"), Role.ADMINISTRATOR, queue.id)
    hub.house.presence.came(boss.agent.id)
    await hub.db.write(set_activity, None, boss.agent.id, Activity.AVAILABLE)
    visitor = await enter(
        key=KEY, page=f"https://shop.example/?{hostile('page')}", profile={"name": hostile("visitor")}
    )
    status, file = await hub.upload(visitor.token, f"{hostile('file')}.txt", b"words", key=KEY)
    assert status == 201
    await visitor.send("message-1", longer("message"), files=[file["id"]])
    conversation_id = await hub.db.read(lambda tx: tx.scalar(select(Conversation.id)))
    await hub.db.write(furnish, boss, conversation_id)
    return Stage(hub, boss, visitor, conversation_id)


def furnish(tx: Tx, boss: Clerk, conversation_id: int) -> None:
    """Phrases, a contact, an answer, a note and tags, all hostile."""
    actor = actor_for(boss.agent)
    canned = NewCanned(shortcut="hostile", title=hostile("canned title"), text=longer("canned text"))
    add_canned(tx, None, canned)
    add_disposition(tx, None, hostile("disposition"))
    assignments.assign(tx, actor, conversation_id, Target(agent_id=boss.agent.id))
    outbound.reply(tx, actor, conversation_id, Words(text=longer("reply")))
    outbound.note(tx, actor, conversation_id, Words(text=longer("note")), ())
    conversations.set_tags(tx, actor, conversation_id, [hostile("tag")])
    contact = contacts.make_contact(tx, actor, conversation_id, hostile("contact"))
    change = ContactChange(
        version=contact.version,
        company=hostile("company"),
        title=hostile("role"),
        note=longer("remark"),
        tags=[hostile("label")],
        fields={hostile("field"): longer("value")},
    )
    contacts.change(tx, actor, contact.id, change)


class Reader:
    """Looks at screens and keeps what could be read on them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.read = ""

    async def look(self) -> None:
        await self.page.wait_for_timeout(300)
        for frame in self.page.frames:
            assert await frame.evaluate(INERT) == 0, self.page.url
            self.read += await frame.evaluate("() => document.body.innerText")

    def missing(self, *fields: str) -> list[str]:
        """Fields that were never shown as the words they are."""
        return [field for field in fields if hostile(field) not in self.read]


def watched(context: BrowserContext, page: Page) -> Complaints:
    """Whatever would be heard of a script that ran, or was kept from running."""
    complaints = Complaints()
    complaints.follow(context, "hostile")
    page.on("dialog", lambda dialog: complaints.heard.append(dialog.message))
    return complaints


async def test_the_console_shows_hostile_words_as_words(stage: Stage, chromium: Browser) -> None:
    context = await chromium.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
    page = await context.new_page()
    complaints = watched(context, page)
    reader = Reader(page)
    await page.goto(await stage.link())
    await page.get_by_role("banner").wait_for()
    for place in ("mine", "queue", "all", f"mine/{stage.conversation_id}"):
        await page.goto(f"{stage.hub.url}/console/#/{place}")
        await reader.look()
    await expect(page.get_by_role("heading", name=hostile("contact"), level=1)).to_be_visible()
    await page.get_by_role("button", name="Close", exact=True).first.click()
    await reader.look()
    await page.keyboard.press("Escape")
    for keys in ("Control+k", "onerror"):
        await (page.keyboard.press(keys) if "+" in keys else page.keyboard.type(keys))
        await reader.look()
    await page.keyboard.press("Escape")
    for tab in ("me", "sessions", "tokens", "live", "canned", "agents", "queues", "dispositions", "channels"):
        await page.goto(f"{stage.hub.url}/console/#/settings/{tab}")
        await page.get_by_role("main").first.wait_for()
        await reader.look()
    assert complaints.heard == []
    fields = ("agent", "queue", "message", "file", "reply", "note", "tag", "contact", "company", "role", "remark")
    assert reader.missing(*fields, "label", "field", "value", "canned title", "disposition") == []
    await context.close()


async def test_the_widget_shows_hostile_words_as_words(stage: Stage, chromium: Browser) -> None:
    await stage.hub.agent("Olena")
    context = await chromium.new_context(locale="en-GB")
    page = await context.new_page()
    complaints = watched(context, page)
    address = f"{stage.hub.url}/shop"
    body = f"<!doctype html><title>Shop</title><script src='/widget.js' data-key='{KEY}'></script>"
    await page.route(address, lambda route: route.fulfill(body=body, content_type="text/html"))
    await page.goto(address)
    await page.wait_for_function("window.Switchboard")
    await page.evaluate("Switchboard.open()")
    chat = page.frame(url=CHAT) or await page.wait_for_event(
        "framenavigated", lambda frame: bool(CHAT.search(frame.url))
    )
    await expect(chat.locator("header h1")).to_have_text(hostile("title"))
    await chat.locator(".composer textarea").fill(longer("mine"))
    await chat.locator(".composer textarea").press("Enter")
    await expect(chat.locator(".tick.sent")).to_have_count(1)
    newest = await stage.hub.db.read(lambda tx: tx.scalar(select(Conversation.id).order_by(Conversation.id.desc())))
    await stage.hub.db.write(answer, stage.boss, newest)
    await expect(chat.get_by_text(hostile("answer")).first).to_be_visible()
    reader = Reader(page)
    await reader.look()
    assert complaints.heard == []
    assert reader.missing("title", "greeting", "mine", "answer", "agent") == []
    await context.close()


def answer(tx: Tx, boss: Clerk, conversation_id: int) -> None:
    actor = actor_for(boss.agent)
    assignments.assign(tx, actor, conversation_id, Target(agent_id=boss.agent.id))
    outbound.reply(tx, actor, conversation_id, Words(text=longer("answer")))
