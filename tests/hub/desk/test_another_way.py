"""What did not arrive goes another way once: mail for a visitor who left, the fallback for what failed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from channels.contract import Capabilities, DeliveryReported, MessageArrived, ReachChanged, Refused
from crm_core.contacts import actions as contacts
from crm_core.contacts import reach
from crm_core.contacts.actions import NewAddress, NewContact
from crm_core.conversations import timeline
from crm_core.files.actions import NewFile, add
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.addresses import Address, phone
from crm_core.words.clock import MINUTE
from crm_core.words.content import Button, Content, DeliveryStatus, ExternalId, ReachState, ThreadKey
from crm_core.words.values import AuthorKind, EntryKind, EntryValue, Pressable
from hub.desk import fallback, outbound
from hub.desk.outbound import Words
from hub.machinery.jobs import JobRunner
from tests.hub.desk.lanes import Lanes, Provider, open_lanes
from tests.hub.desk.scene import Scene
from tests.peers.clock import VirtualClock

CHAT = Capabilities(loses_visitors=True, receipts=True)
MAIL = Capabilities(subject=True, can_start=True, max_file_bytes=1_000)
HOURS = Button(text="Opening hours", url="https://shop.example/hours")


@dataclass
class Shop:
    """A web chat and a mailbox, and the jobs that look after what did not arrive."""

    scene: Scene
    lanes: Lanes
    providers: Mapping[str, Provider]
    jobs: JobRunner
    letters: int = 0

    async def visitor_says(self, text: str = "Hello?", *, email: str = "olena@shop.example") -> EntryValue:
        """A visitor of the chat writes, who left an address or none."""
        self.letters += 1
        event = MessageArrived(
            external_id=ExternalId(f"v{self.letters}"),
            thread=ThreadKey("v1"),
            sender=Address("visitor", "v1", "shop"),
            sender_facts={"email": email} if email else {},
            content=Content(text=text),
            sent_at=1,
        )
        entry = (await self.lanes.deliver("chat")(event)).entry
        assert entry is not None
        return entry

    async def uploads(self, files: Mapping[str, bytes]) -> tuple[int, ...]:
        """Files that an agent uploaded; their ids."""
        ids = []
        for name, content in files.items():
            stored = await self.lanes.media.receive(_once(content), name)
            new = NewFile(
                name=stored.name,
                type=stored.type,
                size=stored.size,
                sha256=stored.sha256,
                stored_as=stored.stored_as,
                uploader_kind=AuthorKind.AGENT,
                uploader_id=self.scene.sofia.agent_id,
            )
            ids.append((await self.lanes.db.write(add, new)).id)
        return tuple(ids)

    async def answer(
        self, entry: EntryValue, text: str, files: tuple[int, ...] = (), buttons: tuple[Pressable, ...] = ()
    ) -> EntryValue:
        """An agent answers, and the answer leaves."""
        directory = self.lanes.accounts.directory()
        words = Words(text=text, files=files, buttons=buttons)
        said = await self.lanes.db.write(outbound.reply, self.scene.sofia, entry.conversation_id, words, directory)
        await self.lanes.deliverer.step()
        return said

    async def time_passes(self, minutes: int) -> None:
        """All that is due then is done."""
        self.scene.clock.advance(minutes * MINUTE)
        await self.jobs.step()
        await self.lanes.deliverer.step()

    async def falls_back(self, kind: str, other: str) -> None:
        """An account's failed messages go by another one."""
        await self.lanes.behaves(kind, {"fallback_account_id": self.lanes.account_ids[other]})

    async def texts(self, kind: str, who: Address, text: str, **more: object) -> EntryValue:
        """Somebody writes by a kind of channel."""
        self.letters += 1
        event = MessageArrived(
            external_id=ExternalId(f"t{self.letters}"),
            thread=ThreadKey(f"thread of {who.value}"),
            sender=who,
            content=Content(text=text),
            sent_at=self.scene.clock(),
            **more,  # type: ignore[arg-type]
        )
        entry = (await self.lanes.deliver(kind)(event)).entry
        assert entry is not None
        return entry

    async def unusable(self, entry: EntryValue) -> list[str]:
        """The accounts that are said not to reach the person."""
        lines = await self.lanes.db.read(timeline.page, self.scene.sofia, entry.conversation_id)
        return [str(e.notice.facts["account"]) for e in lines if e.notice and e.notice.code == fallback.UNUSABLE]

    def by(self, kind: str) -> list[str]:
        """What the provider was given."""
        return [message.content.text for message in self.providers[kind].got]

    async def stands(self, entry: EntryValue) -> tuple[DeliveryStatus | None, str | None]:
        """What became of an entry, and why."""
        value = await self.lanes.db.read(timeline.value, entry.id)
        return value.delivery, value.delivery_reason


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


@pytest.fixture
async def shop(scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Shop]:
    sms = Provider(reaches=frozenset({"tel"}))
    gateway = Provider(reaches=frozenset({"tel"}))
    bot = Provider(capabilities=Capabilities(), reaches=frozenset({"bot"}))
    providers = {
        **{"chat": Provider(capabilities=CHAT), "mail": Provider(capabilities=MAIL), "sms": sms},
        **{"post": Provider(capabilities=MAIL), "gateway": gateway, "bot": bot},
    }
    async with open_lanes(db, clock, tmp_path, providers) as lanes:
        jobs = JobRunner(db, {fallback.JOB: fallback.action(lanes.accounts.directory)})
        yield Shop(scene, lanes, providers, jobs)


async def test_what_a_visitor_who_left_did_not_see_goes_by_mail_after_ten_minutes_in_one_message(shop: Shop) -> None:
    asked = await shop.visitor_says()
    first, second = await shop.answer(asked, "We look."), await shop.answer(asked, "It is on its way.")
    await shop.time_passes(9)
    assert shop.by("mail") == []
    await shop.time_passes(1)
    assert shop.by("mail") == ["We look.\n\nIt is on its way.\n\nSofia"]
    (message,) = shop.providers["mail"].got
    assert message.to == Address("mailto", "olena@shop.example")
    assert not message.automatic
    reason = "Not received; sent to olena@shop.example instead."
    assert [await shop.stands(e) for e in (first, second)] == [(DeliveryStatus.FAILED, reason)] * 2
    await shop.time_passes(60)
    assert len(shop.by("mail")) == 1


async def test_what_a_visitor_saw_is_not_sent_again(shop: Shop) -> None:
    asked = await shop.visitor_says()
    said = await shop.answer(asked, "Here.")
    (delivery,) = [message.delivery for message in shop.providers["chat"].got]
    seen = DeliveryReported(
        external_id=ExternalId(f"sent-{delivery}"), status=DeliveryStatus.DELIVERED, at=shop.scene.clock()
    )
    await shop.lanes.deliver("chat")(seen)
    await shop.time_passes(11)
    assert shop.by("mail") == []
    assert (await shop.stands(said))[0] is DeliveryStatus.DELIVERED


async def test_a_visitor_who_left_no_address_is_lost_and_nothing_breaks(shop: Shop) -> None:
    said = await shop.answer(await shop.visitor_says(email=""), "Hello?")
    await shop.time_passes(11)
    assert shop.by("mail") == []
    assert (await shop.stands(said))[0] is DeliveryStatus.SENT


async def test_an_answer_to_the_mail_continues_the_chat(shop: Shop) -> None:
    asked = await shop.visitor_says()
    await shop.answer(asked, "Here.")
    await shop.time_passes(10)
    back = await shop.lanes.write_in("mail", "olena@shop.example", "Thank you", conversation_id=asked.conversation_id)
    assert back == asked.conversation_id


async def known_by_two_addresses(shop: Shop, conversation_id: int) -> EntryValue:
    """Whoever wrote is a contact with a phone, too; their first message."""
    (entry, *_) = await shop.lanes.db.read(timeline.page, shop.scene.sofia, conversation_id)

    def know(tx: Tx) -> None:
        assert entry.identity_id is not None
        contact_id = contacts.add(tx, NewContact(name="Olena"))
        contacts.attach(tx, contact_id, entry.identity_id)
        contacts.attach_address(tx, contact_id, NewAddress(phone("+380441234567")))

    await shop.lanes.db.write(know)
    return entry


async def test_a_failed_message_goes_by_the_fallback_once_and_not_in_circles(shop: Shop) -> None:
    await shop.falls_back("mail", "sms")
    await shop.falls_back("sms", "mail")
    conversation = await shop.lanes.write_in("mail", "olena@shop.example", "hi")
    entry = await known_by_two_addresses(shop, conversation)
    shop.providers["mail"].answers = [Refused("Their mailbox is full.")] * 5
    shop.providers["sms"].answers = [Refused("This number is closed.")] * 5
    failed = await shop.answer(entry, "Your order is here.")
    for _ in range(6):
        await shop.time_passes(20)
    lines = await shop.lanes.db.read(timeline.page, shop.scene.sofia, conversation)
    ours = [e for e in lines if e.kind is EntryKind.MESSAGE and e.author.kind != "contact"]
    assert [e.channel for e in ours] == ["mail", "sms"]
    assert {e.delivery for e in ours} == {DeliveryStatus.FAILED}
    assert ours[1].details is not None
    assert ours[1].details.instead_of_id == failed.id


async def test_what_went_by_the_fallback_says_where(shop: Shop) -> None:
    await shop.falls_back("mail", "sms")
    entry = await known_by_two_addresses(shop, await shop.lanes.write_in("mail", "olena@shop.example", "hi"))
    shop.providers["mail"].answers = [Refused("Their mailbox is full.")]
    failed = await shop.answer(entry, "Your order is here.")
    assert (await shop.stands(failed)) == (DeliveryStatus.FAILED, "Their mailbox is full.")
    await shop.time_passes(0)
    assert shop.by("sms") == ["Your order is here.\n\nSofia"]


async def test_the_files_of_what_failed_go_along(shop: Shop) -> None:
    await shop.falls_back("mail", "sms")
    shop.providers["sms"].capabilities = Capabilities(can_start=True, max_file_bytes=5, max_files=1)
    entry = await known_by_two_addresses(shop, await shop.lanes.write_in("mail", "olena@shop.example", "hi"))
    shop.providers["mail"].answers = [Refused("Their mailbox is full.")]
    files = await shop.uploads({"large.txt": b"123456", "one.txt": b"12345", "two.txt": b"1"})
    await shop.answer(entry, "", files)
    await shop.time_passes(0)
    (message,) = shop.providers["sms"].got
    assert [f.name for f in message.entry.files] == ["one.txt"]
    assert (message.content.text, len(message.content.files)) == ("Sofia", 1)


async def test_the_buttons_of_what_failed_go_along_where_they_are_carried(shop: Shop) -> None:
    assert (await asked_by_mail_in_vain(shop, carries=2))[1] == (Button(text="Yes"), HOURS)


@pytest.mark.parametrize("carries", [0, 1])
async def test_buttons_that_the_other_way_does_not_carry_are_lines_of_the_text(shop: Shop, carries: int) -> None:
    text, buttons = await asked_by_mail_in_vain(shop, carries=carries)
    assert text == "Shall we send it?\n• Yes\n• Opening hours: https://shop.example/hours\n\nSofia"
    assert buttons == ()


async def test_each_message_that_a_visitor_missed_has_its_buttons_below_it(shop: Shop) -> None:
    shop.providers["chat"].capabilities = replace(CHAT, buttons=2)
    asked = await shop.visitor_says()
    await shop.answer(asked, "Red?", buttons=(Pressable(text="Yes"), Pressable(text="No")))
    await shop.answer(asked, "It is on its way.")
    await shop.time_passes(10)
    assert shop.by("mail") == ["Red?\n• Yes\n• No\n\nIt is on its way.\n\nSofia"]


async def asked_by_mail_in_vain(shop: Shop, *, carries: int) -> tuple[str, tuple[Button, ...]]:
    """What goes by a fallback that carries so many buttons, of a question with two of them."""
    await shop.falls_back("mail", "sms")
    shop.providers["mail"].capabilities = replace(MAIL, buttons=2)
    shop.providers["sms"].capabilities = Capabilities(can_start=True, buttons=carries)
    entry = await known_by_two_addresses(shop, await shop.lanes.write_in("mail", "olena@shop.example", "hi"))
    shop.providers["mail"].answers = [Refused("Their mailbox is full.")]
    buttons = (Pressable(text="Yes"), Pressable(text=HOURS.text, url=HOURS.url))
    await shop.answer(entry, "Shall we send it?", buttons=buttons)
    await shop.time_passes(0)
    (message,) = shop.providers["sms"].got
    return message.content.text, message.content.buttons


async def test_without_a_fallback_a_failed_message_stays_the_agents_to_decide(shop: Shop) -> None:
    conversation = await shop.lanes.write_in("mail", "olena@shop.example", "hi")
    entry = await known_by_two_addresses(shop, conversation)
    shop.providers["mail"].answers = [Refused("Their mailbox is full.")]
    failed = await shop.answer(entry, "Your order is here.")
    await shop.time_passes(20)
    assert (shop.by("mail"), shop.by("sms")) == ([], [])
    assert (await shop.stands(failed)) == (DeliveryStatus.FAILED, "Their mailbox is full.")


async def test_a_text_that_failed_goes_to_the_same_number_by_another_provider(shop: Shop) -> None:
    await shop.falls_back("sms", "gateway")
    asked = await shop.texts("sms", phone("+380441234567"), "hi")
    shop.providers["sms"].answers = [Refused("The network is down.")]
    await shop.answer(asked, "Your order is here.")
    await shop.time_passes(0)
    (message,) = shop.providers["gateway"].got
    assert (message.to, message.content.text) == (phone("+380441234567"), "Your order is here.\n\nSofia")
    assert await shop.unusable(asked) == []


@pytest.mark.parametrize(("told", "by_another"), [(ReachState.OPTED_OUT, 0), (ReachState.BLOCKED, 1)])
async def test_a_refusal_that_tells_of_its_recipient_closes_the_way_and_who_said_stop_is_left_in_peace(
    shop: Shop, told: ReachState, by_another: int
) -> None:
    await shop.falls_back("sms", "gateway")
    asked = await shop.texts("sms", phone("+380441234567"), "hi")
    shop.providers["sms"].answers = [Refused("They opted out of messages from this number.", reach=told)]
    await shop.answer(asked, "Your order is here.")
    await shop.time_passes(0)
    (way,) = await shop.lanes.db.read(reach.of_identities, [asked.identity_id or 0])
    assert (way.state, len(shop.providers["gateway"].got)) == (told, by_another)


async def test_a_receipt_that_tells_of_a_stop_sends_nothing_by_the_fallback(shop: Shop) -> None:
    await shop.falls_back("sms", "gateway")
    number = phone("+380441234567")
    said = await shop.answer(await shop.texts("sms", number, "hi"), "Your order is here.")
    owed, now, failed = shop.providers["sms"].got[-1].delivery, shop.scene.clock(), DeliveryStatus.FAILED
    deliver = shop.lanes.deliver("sms")
    await deliver(DeliveryReported(external_id=ExternalId("x"), status=failed, at=now, reason="STOP", delivery=owed))
    await deliver(ReachChanged(address=number, state=ReachState.OPTED_OUT, at=now, reason="STOP"))
    await shop.time_passes(0)
    assert (await shop.lanes.db.read(timeline.value, said.id)).delivery is failed
    assert shop.providers["gateway"].got == []


async def test_a_mail_that_failed_goes_to_the_same_address_from_another_mailbox(shop: Shop) -> None:
    await shop.falls_back("mail", "post")
    asked = await shop.texts("mail", Address("mailto", "olena@shop.example"), "hi")
    shop.providers["mail"].answers = [Refused("We are on a list of spammers.")]
    await shop.answer(asked, "Your order is here.")
    await shop.time_passes(0)
    (message,) = shop.providers["post"].got
    assert message.to == Address("mailto", "olena@shop.example")


async def two_ways(shop: Shop) -> EntryValue:
    """Olena wrote to the bot once, and now writes by mail; she is one contact."""
    await shop.falls_back("mail", "bot")
    by_bot = await shop.texts("bot", Address("bot", "77", "shop"), "hello")
    by_mail = await shop.texts("mail", Address("mailto", "olena@shop.example"), "hi")

    def know(tx: Tx) -> None:
        contact_id = contacts.add(tx, NewContact(name="Olena"))
        for entry in (by_bot, by_mail):
            assert entry.identity_id is not None
            contacts.attach(tx, contact_id, entry.identity_id)

    await shop.lanes.db.write(know)
    return by_mail


async def test_a_way_by_which_they_wrote_is_a_fallback_though_nobody_can_begin_there(shop: Shop) -> None:
    asked = await two_ways(shop)
    shop.providers["mail"].answers = [Refused("Their mailbox is full.")]
    await shop.answer(asked, "Your order is here.")
    await shop.time_passes(0)
    (message,) = shop.providers["bot"].got
    assert (message.thread, message.to) == ("thread of 77", Address("bot", "77", "shop"))
    assert await shop.unusable(asked) == []


async def test_a_way_by_which_they_said_stop_is_no_fallback_and_somebody_is_told(shop: Shop) -> None:
    asked = await two_ways(shop)
    await shop.texts("bot", Address("bot", "77", "shop"), "STOP", reach=ReachState.OPTED_OUT)
    shop.providers["mail"].answers = [Refused("Their mailbox is full.")]
    await shop.answer(asked, "Your order is here.")
    await shop.time_passes(0)
    assert shop.by("bot") == []
    assert await shop.unusable(asked) == ["bot"]


async def test_of_a_fallback_that_cannot_reach_them_somebody_is_told_once(shop: Shop) -> None:
    await shop.falls_back("mail", "bot")
    asked = await shop.texts("mail", Address("mailto", "olena@shop.example"), "hi")
    shop.providers["mail"].answers = [Refused("Their mailbox is full.")] * 2
    for text in ("Your order is here.", "Really."):
        failed = await shop.answer(asked, text)
        await shop.time_passes(0)
        assert (await shop.stands(failed)) == (DeliveryStatus.FAILED, "Their mailbox is full.")
    assert shop.by("bot") == []
    assert await shop.unusable(asked) == ["bot"]


async def test_what_went_to_a_page_that_nobody_looks_at_instead_is_not_tried_in_circles(shop: Shop) -> None:
    await shop.falls_back("mail", "chat")
    by_chat = await shop.visitor_says(email="")
    by_mail = await shop.texts("mail", Address("mailto", "olena@shop.example"), "hi")

    def know(tx: Tx) -> None:
        contact_id = contacts.add(tx, NewContact(name="Olena"))
        for entry in (by_chat, by_mail):
            assert entry.identity_id is not None
            contacts.attach(tx, contact_id, entry.identity_id)

    await shop.lanes.db.write(know)
    shop.providers["mail"].answers = [Refused("Their mailbox is full.")] * 3
    await shop.answer(by_mail, "Your order is here.")
    for _ in range(3):
        await shop.time_passes(20)
    assert shop.by("chat") == ["Your order is here.\n\nSofia"]
    assert (len(shop.providers["mail"].answers), shop.by("mail"), shop.by("post")) == (2, [], [])
