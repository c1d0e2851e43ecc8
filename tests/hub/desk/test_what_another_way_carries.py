"""An agent sends by another way what failed by one: all of it that the way carries, and the rest is named."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from channels.contract import Capabilities, Refused, TemplateShape
from crm_core.contacts import actions as contacts
from crm_core.contacts.actions import NewAddress, NewContact
from crm_core.conversations import timeline
from crm_core.files.actions import NewFile, add
from crm_core.files.served import LAID_OUT
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.addresses import phone
from crm_core.words.content import DeliveryStatus, Recipient
from crm_core.words.errors import Invalid
from crm_core.words.values import AuthorKind, EntryValue, Pressable
from hub.desk import outbound
from hub.desk.contacts import attached
from hub.desk.outbound import Words
from tests.hub.desk.lanes import Lanes, Provider, open_lanes
from tests.hub.desk.scene import Scene
from tests.peers.clock import VirtualClock

LETTERS = Capabilities(subject=True, copies=True, html=True, can_start=True)
NOTICE = TemplateShape(id="HX1", name="order", text="Order {{1}} is {{2}}.")
TEXTS = Capabilities(can_start=True, templates=(NOTICE,))
BUTTONS = (Pressable(text="Yes"), Pressable(text="Opening hours", url="https://shop.example/hours"))


@dataclass
class Desk:
    """Two mailboxes and a line for texts; somebody wrote to the first, who has a phone, too."""

    scene: Scene
    lanes: Lanes
    providers: Mapping[str, Provider]
    asked: EntryValue
    phone_id: int

    async def fails(self, kind: str, words: Words) -> EntryValue:
        """A message of Sofia's by this kind that did not get there."""
        self.providers[kind].answers = [Refused("No.")]
        directory = self.lanes.accounts.directory()
        said = await self.lanes.db.write(outbound.reply, self.scene.sofia, self.asked.conversation_id, words, directory)
        await self.lanes.deliverer.step()
        entry = await self.lanes.db.read(timeline.value, said.id)
        assert entry.delivery is DeliveryStatus.FAILED
        return entry

    def way(self, kind: str) -> tuple[int, int]:
        """The contact by this kind."""
        assert self.asked.identity_id is not None
        return (self.phone_id if kind == "sms" else self.asked.identity_id, self.lanes.account_ids[kind])

    async def again(self, failed: EntryValue, kind: str) -> EntryValue:
        """Sofia sends it by this kind, twice pressed."""
        sofia, directory = self.scene.sofia, self.lanes.accounts.directory()
        first, second = [
            await self.lanes.db.write(outbound.retry_by, sofia, failed.id, self.way(kind), directory) for _ in range(2)
        ]
        assert first.id == second.id
        await self.lanes.deliverer.step()
        return second

    async def notices(self) -> list[str]:
        """What is said to have stayed behind."""
        lines = await self.lanes.db.read(timeline.page, self.scene.sofia, self.asked.conversation_id)
        return [str(e.notice.facts["what"]) for e in lines if e.notice and e.notice.code == "left_behind"]

    async def laid_out(self, html: str) -> int:
        """A laid-out form of Sofia's."""
        kept = await self.lanes.media.receive(_one(html.encode()), "message.html")
        new = NewFile(
            name=kept.name,
            type=LAID_OUT,
            size=kept.size,
            sha256=kept.sha256,
            stored_as=kept.stored_as,
            uploader_kind=AuthorKind.AGENT,
            uploader_id=self.scene.sofia.agent_id,
        )
        return (await self.lanes.db.write(add, new)).id


async def _one(content: bytes) -> AsyncIterator[bytes]:
    yield content


@pytest.fixture
async def desk(scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Desk]:
    providers = {
        "mail": Provider(capabilities=LETTERS),
        "post": Provider(capabilities=LETTERS),
        "chat": Provider(capabilities=Capabilities(can_start=True, buttons=3)),
        "sms": Provider(capabilities=TEXTS, reaches=frozenset({"tel"})),
    }
    async with open_lanes(db, clock, tmp_path, providers) as lanes:
        conversation_id = await lanes.write_in("mail", "olena@shop.example", "hi")
        (asked, *_) = await db.read(timeline.page, scene.sofia, conversation_id)

        def know(tx: Tx) -> int:
            assert asked.identity_id is not None
            contact_id = contacts.add(tx, NewContact(name="Olena"))
            contacts.attach(tx, contact_id, asked.identity_id)
            attached(tx, contact_id, asked.identity_id)
            return contacts.attach_address(tx, contact_id, NewAddress(phone("+380441234567")))

        yield Desk(scene, lanes, providers, asked, await db.write(know))


async def test_a_letter_goes_by_another_mailbox_with_its_copies_and_its_layout(desk: Desk) -> None:
    html = await desk.laid_out("<b>Here.</b>")
    words = Words(text="Here.", html_file=html, cc=("ann@shop.example",), bcc=("boss@house.example",))
    await desk.again(await desk.fails("mail", words), "post")
    (message,) = desk.providers["post"].got
    assert (message.content.text, message.content.html) == ("Here.", "<b>Here.</b>")
    assert message.content.cc == (Recipient("ann@shop.example"),)
    assert message.content.bcc == (Recipient("boss@house.example"),)
    assert await desk.notices() == []


async def test_a_letter_that_goes_as_a_text_says_whom_it_did_not_go_to(desk: Desk) -> None:
    failed = await desk.fails("mail", Words(text="Here.", cc=("ann@shop.example",), bcc=("boss@house.example",)))
    await desk.again(failed, "sms")
    (message,) = desk.providers["sms"].got
    assert (message.content.text, message.content.cc, message.content.html) == ("Here.", (), None)
    assert await desk.notices() == ["ann@shop.example, boss@house.example"]


async def test_what_was_forwarded_to_somebody_goes_to_nobody_else_instead(desk: Desk) -> None:
    failed = await desk.fails("mail", Words(text="Secret.", to=("lawyer@house.example",)))
    with pytest.raises(Invalid, match="no copies"):
        await desk.again(failed, "sms")
    await desk.again(failed, "post")
    (message,) = desk.providers["post"].got
    assert message.to.value == "lawyer@house.example"


async def test_an_approved_text_goes_by_mail_in_its_own_words(desk: Desk) -> None:
    words = Words(text="", template="HX1", variables={"1": "10482", "2": "on its way"}, way=desk.way("sms"))
    failed = await desk.fails("sms", words)
    await desk.again(failed, "sms")
    (same,) = desk.providers["sms"].got
    assert same.content.template is not None
    assert same.content.template.id == "HX1"
    other = await desk.fails("sms", words)
    await desk.again(other, "mail")
    (message,) = desk.providers["mail"].got
    assert (message.content.text, message.content.template) == ("Order 10482 is on its way.", None)


@pytest.mark.parametrize("carries", [0, 1, 2])
async def test_buttons_go_along_or_are_lines_of_the_text(desk: Desk, carries: int) -> None:
    failed = await desk.fails("chat", Words(text="Shall we send it?", buttons=BUTTONS, way=desk.way("chat")))
    desk.providers["sms"].capabilities = Capabilities(can_start=True, buttons=carries)
    await desk.again(failed, "sms")
    (message,) = desk.providers["sms"].got
    if carries == 2:
        assert (message.content.text, len(message.content.buttons)) == ("Shall we send it?", 2)
    else:
        lines = "Shall we send it?\n• Yes\n• Opening hours: https://shop.example/hours"
        assert (message.content.text, message.content.buttons) == (lines, ())
    assert await desk.notices() == []
