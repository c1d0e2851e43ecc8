"""What was written may leave only while its way stands open: asked again at the moment it goes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from channels.contract import Capabilities, ReachChanged, TemplateShape
from crm_core.contacts import actions as contacts
from crm_core.contacts.actions import NewAddress, NewContact
from crm_core.conversations import timeline
from crm_core.conversations.model import Conversation
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.addresses import Address, email, phone
from crm_core.words.clock import DAY, HOUR
from crm_core.words.content import DeliveryStatus, ReachState
from crm_core.words.values import AuthorKind, EntryValue
from hub.desk import conversations, fallback, outbound, surveys
from hub.desk.outbound import Words
from hub.machinery.jobs import JobRunner
from tests.hub.desk.lanes import Lanes, Provider, open_lanes
from tests.hub.desk.scene import Scene
from tests.peers.clock import VirtualClock

WINDOW = Capabilities(can_start=True, window_hours=24, templates=(TemplateShape(id="T", name="Ready", text="Ready"),))


@dataclass
class Desk:
    """A mailbox, a channel with a window, and a line of SMS."""

    scene: Scene
    db: Database
    lanes: Lanes
    providers: dict[str, Provider]
    jobs: JobRunner

    async def said(self, conversation_id: int, **words: object) -> EntryValue:
        """Sofia writes what the rules of the way allow now."""
        directory = self.lanes.accounts.directory()
        wanted = Words(**{"text": "Your order is here.", **words})  # type: ignore[arg-type]
        return await self.db.write(outbound.reply, self.scene.sofia, conversation_id, wanted, directory)

    async def wishes(self, kind: str, state: ReachState, who: Address) -> None:
        """Somebody says by a channel whether they may be written to."""
        await self.lanes.deliver(kind)(ReachChanged(address=who, state=state, at=self.scene.clock()))

    async def stands(self, entry: EntryValue) -> tuple[DeliveryStatus | None, str | None]:
        value = await self.db.read(timeline.value, entry.id)
        return value.delivery, value.delivery_reason

    async def later(self, hours: int) -> None:
        """All that is due then is done."""
        self.scene.clock.advance(hours * HOUR)
        await self.lanes.deliverer.step()
        await self.jobs.step()
        await self.lanes.deliverer.step()


@pytest.fixture
async def desk(scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Desk]:
    providers = {
        "mail": Provider(capabilities=Capabilities(subject=True, can_start=True)),
        "app": Provider(capabilities=WINDOW),
        "sms": Provider(reaches=frozenset({"tel"})),
    }
    async with open_lanes(db, clock, tmp_path, providers) as lanes:
        asking = surveys.Surveys(b"k" * 32, clock, "http://hub.example")
        actions = {
            fallback.JOB: fallback.action(lanes.accounts.directory),
            surveys.JOB: asking.action(lanes.accounts.directory),
        }
        yield Desk(scene, db, lanes, providers, JobRunner(db, actions))


async def known_by_phone(desk: Desk, conversation_id: int) -> None:
    """Whoever writes there is a contact with a phone."""

    def know(tx: Tx) -> None:
        row = tx.first(select(Conversation.identity_id).where(Conversation.id == conversation_id))
        assert row is not None
        contact_id = contacts.add(tx, NewContact(name="Olena"))
        contacts.attach(tx, contact_id, row.identity_id)
        contacts.attach_address(tx, contact_id, NewAddress(phone("+380441234567")))

    await desk.db.write(know)


async def falls_back(desk: Desk, kind: str, other: str) -> None:
    await desk.lanes.behaves(kind, {"fallback_account_id": desk.lanes.account_ids[other]})


async def test_who_asks_for_silence_does_not_get_what_was_to_leave_later_nor_by_another_way(desk: Desk) -> None:
    conversation = await desk.lanes.write_in("mail", "a@x.example", "hi")
    await known_by_phone(desk, conversation)
    await falls_back(desk, "mail", "sms")
    entry = await desk.said(conversation, send_at=desk.scene.clock() + HOUR)
    await desk.wishes("mail", ReachState.OPTED_OUT, email("a@x.example"))
    await desk.later(1)
    assert await desk.stands(entry) == (DeliveryStatus.FAILED, "They asked not to be written to by this way.")
    assert (desk.providers["mail"].got, desk.providers["sms"].got) == ([], [])


async def test_who_has_blocked_us_meanwhile_is_written_to_by_the_fallback(desk: Desk) -> None:
    conversation = await desk.lanes.write_in("mail", "a@x.example", "hi")
    await known_by_phone(desk, conversation)
    await falls_back(desk, "mail", "sms")
    entry = await desk.said(conversation)
    await desk.wishes("mail", ReachState.BLOCKED, email("a@x.example"))
    await desk.later(0)
    assert await desk.stands(entry) == (DeliveryStatus.FAILED, "They have blocked us there.")
    assert [m.content.text for m in desk.providers["sms"].got] == ["Your order is here.\n\nSofia"]


async def test_the_fallback_is_no_way_to_whom_it_may_not_write(desk: Desk) -> None:
    conversation = await desk.lanes.write_in("mail", "a@x.example", "hi")
    await known_by_phone(desk, conversation)
    await falls_back(desk, "mail", "sms")
    await desk.wishes("sms", ReachState.OPTED_OUT, phone("+380441234567"))
    await desk.said(conversation)
    await desk.wishes("mail", ReachState.BLOCKED, email("a@x.example"))
    await desk.later(0)
    assert (desk.providers["mail"].got, desk.providers["sms"].got) == ([], [])


async def test_after_the_window_only_a_template_leaves(desk: Desk) -> None:
    conversation = await desk.lanes.write_in("app", "a@x.example", "hi")
    at = desk.scene.clock() + 25 * HOUR
    free = await desk.said(conversation, send_at=at)
    ready = await desk.said(conversation, text="", template="T", send_at=at)
    soon = await desk.said(conversation, text="Soon.")
    await desk.later(0)
    assert (await desk.stands(soon))[0] is DeliveryStatus.SENT
    await desk.later(25)
    too_late = "They wrote too long ago: only an approved template may be sent now."
    assert await desk.stands(free) == (DeliveryStatus.FAILED, too_late)
    assert (await desk.stands(ready))[0] is DeliveryStatus.SENT


@pytest.mark.parametrize("stops", [True, False])
async def test_nobody_is_asked_how_it_went_who_asked_for_silence(desk: Desk, *, stops: bool) -> None:
    await desk.lanes.behaves("mail", {"survey": True})
    conversation = await desk.lanes.write_in("mail", "a@x.example", "hi")
    await desk.said(conversation)
    await desk.later(0)
    if stops:
        await desk.wishes("mail", ReachState.OPTED_OUT, email("a@x.example"))
    await desk.db.write(conversations.close, desk.scene.sofia, conversation)
    await desk.later(0)
    page = await desk.db.read(timeline.page, desk.scene.sofia, conversation)
    asked = [e for e in page if e.author.kind is AuthorKind.SYSTEM and e.delivery is not None]
    assert len(asked) == (0 if stops else 1)


async def test_the_window_of_a_survey_is_asked_too(desk: Desk) -> None:
    await desk.lanes.behaves("app", {"survey": True})
    conversation = await desk.lanes.write_in("app", "a@x.example", "hi")
    await desk.said(conversation)
    await desk.later(0)
    desk.scene.clock.advance(2 * DAY)
    await desk.db.write(conversations.close, desk.scene.sofia, conversation)
    await desk.later(0)
    page = await desk.db.read(timeline.page, desk.scene.sofia, conversation)
    assert [e.delivery for e in page if e.delivery is not None] == [DeliveryStatus.SENT]
