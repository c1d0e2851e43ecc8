"""Mail that pretends to be one of ours, mail that machines write, and mail that says what became of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from channels.contract import Capabilities, DeliveryReported, MessageArrived
from crm_core.conversations import timeline
from crm_core.conversations.queries import row as conversation_row
from crm_core.store.database import Database
from crm_core.words.addresses import email
from crm_core.words.clock import DAY, HOUR
from crm_core.words.content import Content, DeliveryStatus, ExternalId, Recipient, ThreadKey
from crm_core.words.values import AuthorKind, ConversationStatus, Direction, EntryKind, EntryValue
from hub.desk import conversations, outbound
from hub.desk.outbound import Words
from tests.hub.desk.lanes import Lanes, Provider, open_lanes
from tests.hub.desk.scene import Scene
from tests.peers.clock import VirtualClock

ANNA = "anna@example.com"
"""The address with which Anna signs in."""
MAIL = Capabilities(subject=True, copies=True, can_start=True)


@pytest.fixture
async def mail() -> Provider:
    return Provider(capabilities=MAIL)


@pytest.fixture
async def lanes(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path, mail: Provider
) -> AsyncIterator[Lanes]:
    async with open_lanes(db, clock, tmp_path, {"mail": mail}, queue_id=scene.queue_id) as opened:
        yield opened


async def comes(lanes: Lanes, who: str, text: str, **more: Any) -> EntryValue:
    """A mail from somebody."""
    known: dict[str, Any] = {
        "external_id": ExternalId(f"{who}|{text}"),
        "thread": ThreadKey("mail"),
        "sender": email(who),
        "content": Content(text=text, subject="Order"),
        "sent_at": 1,
        "known_as": ExternalId(f"<{text}@x>"),
    }
    entry = (await lanes.deliver("mail")(MessageArrived(**{**known, **more}))).entry
    assert entry is not None
    return entry


async def answered(lanes: Lanes, scene: Scene, entry: EntryValue) -> EntryValue:
    """Sofia answers, and the answer leaves."""
    directory = lanes.accounts.directory()
    said = await lanes.db.write(outbound.reply, scene.sofia, entry.conversation_id, Words(text="Yes."), directory)
    await lanes.deliverer.step()
    return said


async def lines(lanes: Lanes, scene: Scene, conversation_id: int) -> list[EntryValue]:
    return await lanes.db.read(timeline.page, scene.sofia, conversation_id)


async def test_an_agents_address_in_from_is_a_strangers_and_joins_nothing(lanes: Lanes, scene: Scene) -> None:
    hers = await comes(lanes, "olena@shop.example", "one")
    ours = await answered(lanes, scene, hers)
    masked = await comes(
        lanes,
        ANNA,
        "Give her the money back.",
        sender_name="Anna",
        conversation_id=hers.conversation_id,
        references=(ExternalId("<one@x>"),),
        unverified=True,
    )
    assert masked.conversation_id != hers.conversation_id
    assert (masked.author.kind, masked.direction) == (AuthorKind.CONTACT, Direction.IN)
    assert masked.author.id != scene.anna.agent_id
    assert masked.details is not None
    assert masked.details.unverified
    assert [e.id for e in await lines(lanes, scene, hers.conversation_id) if e.kind is EntryKind.MESSAGE] == [
        hers.id,
        ours.id,
    ]


async def test_mail_under_an_agents_address_is_passed_on_to_nobody(lanes: Lanes, scene: Scene, mail: Provider) -> None:
    hers = await comes(lanes, "olena@shop.example", "one")
    to_her = Content(text="Pay here", subject="Re: Order", to=(Recipient("olena@shop.example"),))
    await comes(lanes, ANNA, "Pay here", content=to_her, conversation_id=hers.conversation_id)
    assert await lanes.deliverer.step() == 0
    assert mail.got == []


GREETS = {"greeting": {"en": "We have your words."}}


async def machines_words(lanes: Lanes, scene: Scene, conversation_id: int) -> int:
    """How often the hub itself wrote to them."""
    found = await lines(lanes, scene, conversation_id)
    return sum(1 for e in found if e.author.kind is AuthorKind.SYSTEM and e.kind is EntryKind.MESSAGE)


async def test_a_machine_is_never_answered_by_ours(lanes: Lanes, scene: Scene, mail: Provider) -> None:
    await lanes.behaves("mail", GREETS)
    entry = await comes(lanes, "news@list.example", "Buy now", automatic=True)
    assert await machines_words(lanes, scene, entry.conversation_id) == 0
    person = await comes(lanes, "olena@shop.example", "one")
    assert await machines_words(lanes, scene, person.conversation_id) == 1
    await lanes.deliverer.step()
    assert [m.automatic for m in mail.got] == [True]


async def test_two_machines_that_do_not_say_so_hear_each_other_once_a_day(
    lanes: Lanes, scene: Scene, clock: VirtualClock, mail: Provider
) -> None:
    await lanes.behaves("mail", GREETS)
    for number in range(48):
        entry = await comes(lanes, "robot@far.example", f"I got your words {number}")
        assert await machines_words(lanes, scene, entry.conversation_id) <= 1
        await lanes.db.write(conversations.close, scene.sofia, entry.conversation_id, None)
        clock.advance(HOUR)
    await lanes.deliverer.step()
    assert 1 <= len(mail.got) <= 48 * HOUR // DAY


async def test_a_bounce_stands_at_the_message_that_bounced_and_wakes_nobody(
    lanes: Lanes, scene: Scene, mail: Provider
) -> None:
    hers = await comes(lanes, "olena@shop.example", "one")
    ours = await answered(lanes, scene, hers)
    await lanes.db.write(conversations.close, scene.sofia, hers.conversation_id, None)
    name = ExternalId(f"sent-{mail.got[-1].delivery}")
    delayed = DeliveryReported(
        external_id=name, status=DeliveryStatus.SENT, at=2, reason="Their server has not taken it yet."
    )
    await lanes.deliver("mail")(delayed)
    assert (await lanes.db.read(timeline.value, ours.id)).delivery is DeliveryStatus.SENT
    bounced = DeliveryReported(external_id=name, status=DeliveryStatus.FAILED, at=3, reason="There is no such mailbox.")
    for _ in range(3):
        await lanes.deliver("mail")(bounced)
    stands = await lanes.db.read(timeline.value, ours.id)
    assert (stands.delivery, stands.delivery_reason) == (DeliveryStatus.FAILED, "There is no such mailbox.")
    row = await lanes.db.read(conversation_row, hers.conversation_id)
    assert (row.status, row.work_state) == (ConversationStatus.CLOSED, None)
    found = await lines(lanes, scene, hers.conversation_id)
    assert [e.kind for e in found].count(EntryKind.MESSAGE) == 2
    codes = [e.notice.code for e in found if e.notice is not None]
    assert codes.count("delivery_delayed") == 1
