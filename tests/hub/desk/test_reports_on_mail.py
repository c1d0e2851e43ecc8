"""Reports on mail of ours: anybody who has one can write a report, so each is believed of that mail alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from channels.contract import Capabilities, DeliveryReported, ReachChanged
from crm_core.contacts import reach
from crm_core.contacts.resolving import resolve
from crm_core.conversations import timeline
from crm_core.files.actions import NewFile, add, sweep_unused
from crm_core.store.database import Database
from crm_core.store.outbox import Delivery
from crm_core.store.transaction import Tx
from crm_core.words.addresses import email
from crm_core.words.clock import DAY, HOUR
from crm_core.words.content import DeliveryStatus, ExternalId, FileRef, ReachState
from crm_core.words.values import AuthorKind, EntryValue
from hub.desk import outbound
from hub.desk.outbound import Words
from tests.hub.desk.lanes import Lanes, Provider, open_lanes
from tests.hub.desk.scene import Scene
from tests.peers.clock import VirtualClock

OLENA, TARAS, EVE = "olena@shop.example", "taras@shop.example", "eve@evil.example"


@pytest.fixture
async def mail() -> Provider:
    return Provider(capabilities=Capabilities(subject=True, copies=True, can_start=True))


@pytest.fixture
async def lanes(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path, mail: Provider
) -> AsyncIterator[Lanes]:
    async with open_lanes(db, clock, tmp_path, {"mail": mail}, queue_id=scene.queue_id) as opened:
        yield opened


async def written(lanes: Lanes, scene: Scene, who: str, **more: Any) -> EntryValue:
    """Somebody wrote, and Sofia answers."""
    conversation = await lanes.write_in("mail", who, "hi")
    directory = lanes.accounts.directory()
    return await lanes.db.write(outbound.reply, scene.sofia, conversation, Words(text="Yes.", **more), directory)


async def number_of(lanes: Lanes, entry: EntryValue) -> int:
    """The delivery of an entry."""

    def ask(tx: Tx) -> int:
        return int(tx.scalar(select(Delivery.id).where(Delivery.entry_id == entry.id)) or 0)

    return await lanes.db.read(ask)


async def bounces(lanes: Lanes, entry: EntryValue, recipient: str, **more: Any) -> None:
    """A report on a mail of ours, and that its recipient's mailbox is gone."""
    number = await number_of(lanes, entry)
    about = {"at": 5, "reason": f"{recipient}: No.", "delivery": number, "conversation_id": entry.conversation_id}
    about |= {name: more.pop(name) for name in ("conversation_id",) if name in more}
    report = DeliveryReported(
        external_id=ExternalId(f"sent-{number}"),
        status=DeliveryStatus.FAILED,
        recipient=email(recipient),
        **{**about, **more},
    )
    await lanes.deliver("mail")(report)
    gone = ReachChanged(address=email(recipient), state=ReachState.BOUNCED, **about)  # type: ignore[arg-type]
    await lanes.deliver("mail")(gone)


async def stands(lanes: Lanes, entry: EntryValue) -> EntryValue:
    return await lanes.db.read(timeline.value, entry.id)


async def notices(lanes: Lanes, scene: Scene, entry: EntryValue) -> list[tuple[str, Any]]:
    page = await lanes.db.read(timeline.page, scene.sofia, entry.conversation_id)
    return [(e.notice.code, e.notice.facts) for e in page if e.notice is not None]


async def is_shut(lanes: Lanes, who: str) -> bool:
    """Whether mail to an address is held to come back."""
    identity = await lanes.db.write(resolve, email(who), "", {})
    way = await lanes.db.read(reach.way, identity.id, lanes.account_ids["mail"])
    return way is not None and way.state is ReachState.BOUNCED


async def test_a_bounce_of_the_mail_itself_fails_it_and_shuts_the_address(lanes: Lanes, scene: Scene) -> None:
    ours = await written(lanes, scene, OLENA)
    await lanes.deliverer.step()
    await bounces(lanes, ours, OLENA)
    assert (await stands(lanes, ours)).delivery is DeliveryStatus.FAILED
    assert await is_shut(lanes, OLENA)


async def test_a_token_of_one_conversation_proves_nothing_of_a_mail_of_another(lanes: Lanes, scene: Scene) -> None:
    hers = await written(lanes, scene, OLENA)
    theirs = await written(lanes, scene, EVE)
    await lanes.deliverer.step()
    await bounces(lanes, hers, OLENA, conversation_id=theirs.conversation_id)
    assert (await stands(lanes, hers)).delivery is DeliveryStatus.SENT
    assert not await is_shut(lanes, OLENA)


async def test_a_report_shuts_no_address_that_its_mail_never_went_to(lanes: Lanes, scene: Scene) -> None:
    theirs = await written(lanes, scene, EVE)
    await lanes.deliverer.step()
    await bounces(lanes, theirs, OLENA)
    assert (await stands(lanes, theirs)).delivery is DeliveryStatus.SENT
    assert not await is_shut(lanes, OLENA)


async def test_a_report_on_a_mail_that_waits_for_its_time_keeps_it_from_nobody(
    lanes: Lanes, scene: Scene, clock: VirtualClock, mail: Provider
) -> None:
    ours = await written(lanes, scene, OLENA, send_at=clock() + HOUR)
    await bounces(lanes, ours, OLENA)
    assert (await stands(lanes, ours)).delivery is DeliveryStatus.QUEUED
    assert not await is_shut(lanes, OLENA)
    clock.advance(HOUR)
    await lanes.deliverer.step()
    assert [m.content.text for m in mail.got] == ["Yes."]


async def test_a_copy_that_comes_back_is_told_once_and_the_mail_has_not_failed(lanes: Lanes, scene: Scene) -> None:
    ours = await written(lanes, scene, OLENA, cc=(TARAS,))
    await lanes.deliverer.step()
    for _ in range(2):
        await bounces(lanes, ours, TARAS)
    assert (await stands(lanes, ours)).delivery is DeliveryStatus.SENT
    told = [facts for code, facts in await notices(lanes, scene, ours) if code == "delivery_failed_for"]
    assert told == [{"address": TARAS, "reason": "No."}]
    assert await is_shut(lanes, TARAS)
    assert not await is_shut(lanes, OLENA)


async def test_the_report_itself_stays_with_the_mail_it_is_about(
    lanes: Lanes, scene: Scene, clock: VirtualClock
) -> None:
    ours = await written(lanes, scene, OLENA)
    await lanes.deliverer.step()
    report = await lanes.db.write(
        add,
        NewFile(
            name="delivery-report.eml",
            type="message/rfc822",
            size=3,
            sha256="0" * 64,
            stored_as="report",
            uploader_kind=AuthorKind.SYSTEM,
            uploader_id=lanes.account_ids["mail"],
        ),
    )
    for _ in range(2):
        await bounces(lanes, ours, OLENA, raw=FileRef(report.id))
    details = (await stands(lanes, ours)).details
    assert details is not None
    assert details.raw_file_id == report.id
    clock.advance(2 * DAY)
    assert "report" not in await lanes.db.write(sweep_unused)
