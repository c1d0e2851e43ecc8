"""Originals are stored before anybody tries to understand them, and nothing that came is ever hidden."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from channels.contract import (
    Account,
    Channel,
    ChannelEvent,
    Deliver,
    MessageArrived,
    NotUnderstood,
    Original,
    OriginalArrived,
    Tools,
)
from crm_core.accounts import queries as accounts
from crm_core.accounts.model import Unread
from crm_core.conversations import timeline
from crm_core.conversations.model import Entry
from crm_core.files.actions import sweep_unused
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.addresses import email
from crm_core.words.clock import DAY, HOUR, MINUTE
from crm_core.words.content import Content, ExternalId, FileRef, ThreadKey
from crm_core.words.values import EntryValue
from hub.desk.reading import Reader
from hub.machinery.accounts import Open
from tests.hub.desk.lanes import Lanes, Provider, open_lanes
from tests.peers.clock import VirtualClock


def as_written(original: Original) -> list[ChannelEvent]:
    """An original of one line says that line; with files it says so in HTML too."""
    text = original.body.decode()
    if text.startswith("poison"):
        raise NotUnderstood("Not a message.")
    if text.startswith("stubborn"):
        raise ValueError("a fault of ours")
    html = f"<p>{text}</p>" if text.startswith("pretty") else None
    return [
        MessageArrived(
            external_id=ExternalId(text),
            thread=ThreadKey("t"),
            sender=email("olena@shop.example"),
            content=Content(text=text, html=html, subject="S"),
            sent_at=original.at,
            raw=original.file,
        )
    ]


async def fetched(lanes: Lanes, key: str, text: str, *, problem: str = "", kind: str = "mail") -> FileRef:
    """The source hands an original in, and says where it is now."""
    opened = lanes.accounts.by_id(lanes.account_ids[kind])
    assert opened is not None
    body = await lanes.accounts.files(opened).keep("mail.eml", text.encode())
    event = OriginalArrived(key=key, body=body, at=5, cursor=("imap", key), problem=problem)
    await lanes.deliver(kind)(event)
    return body


def entries(tx: Tx) -> list[EntryValue]:
    return [timeline.value(tx, r.id) for r in tx.all(select(Entry.id).order_by(Entry.id))]


def states(tx: Tx) -> list[str]:
    return [r.state for r in tx.all(select(Unread.state).order_by(Unread.id))]


def _waits_again(tx: Tx) -> None:
    tx.execute(update(Unread).values(state="waiting"))


@dataclass
class _Deaf(Provider):
    """A provider whose channel reads no originals."""

    @asynccontextmanager
    async def _open(self, _account: Account, _tools: Tools) -> AsyncIterator[Channel]:
        yield _DeafLine(self)


class _DeafLine:
    def __init__(self, provider: Provider) -> None:
        self.capabilities = provider.capabilities


@pytest.fixture
def mail() -> dict[str, Provider]:
    return {"mail": Provider(reads=as_written)}


async def test_an_original_is_stored_with_its_cursor_and_read_once(
    db: Database, clock: VirtualClock, tmp_path: Path, mail: dict[str, Provider]
) -> None:
    async with open_lanes(db, clock, tmp_path, mail) as lanes:
        await fetched(lanes, "1:7", "hello")
        assert await db.read(accounts.cursor, lanes.account_ids["mail"], "imap") == "1:7"
        assert await db.read(entries) == []
        await lanes.reader.step()
        await fetched(lanes, "1:7", "hello")
        assert await lanes.reader.step() == 0
        (entry,) = await db.read(entries)
        assert entry.text == "hello"
        assert await db.read(states) == ["read"]


async def test_the_same_mail_under_another_number_is_the_same_message(
    db: Database, clock: VirtualClock, tmp_path: Path, mail: dict[str, Provider]
) -> None:
    async with open_lanes(db, clock, tmp_path, mail) as lanes:
        await fetched(lanes, "1:7", "pretty")
        await lanes.reader.step()
        await fetched(lanes, "2:1", "pretty")
        await lanes.reader.step()
        (entry,) = await db.read(entries)
        assert entry.details is not None
        assert entry.details.html_file_id is not None
        assert await db.read(states) == ["read", "read"]


async def test_what_nobody_can_read_is_shown_with_its_original_and_the_mailbox_goes_on(
    db: Database, clock: VirtualClock, tmp_path: Path, mail: dict[str, Provider]
) -> None:
    async with open_lanes(db, clock, tmp_path, mail) as lanes:
        body = await fetched(lanes, "1", "poison")
        await fetched(lanes, "2", "hello")
        await lanes.reader.step()
        placeholder, entry = await db.read(entries)
        assert entry.text == "hello"
        assert placeholder.details is not None
        assert (placeholder.details.problem, placeholder.details.raw_file_id) == ("unreadable", body.id)
        assert await db.read(states) == ["quarantined", "read"]


async def test_a_fault_of_ours_is_tried_five_times_and_shown_then(
    db: Database, clock: VirtualClock, tmp_path: Path, mail: dict[str, Provider]
) -> None:
    async with open_lanes(db, clock, tmp_path, mail) as lanes:
        await fetched(lanes, "1", "stubborn")
        await fetched(lanes, "2", "hello")
        tried = 0
        for _ in range(10):
            tried += await lanes.reader.step()
            clock.advance(10 * MINUTE)
        assert tried == 6
        assert sorted(e.details.problem for e in await db.read(entries) if e.details) == ["", "unreadable"]
        assert await db.read(states) == ["quarantined", "read"]


async def test_a_fault_of_the_house_with_one_account_leaves_the_others_read(
    db: Database, clock: VirtualClock, tmp_path: Path, mail: dict[str, Provider]
) -> None:
    async with open_lanes(db, clock, tmp_path, {**mail, "other": Provider(reads=as_written)}) as lanes:
        await fetched(lanes, "1", "hello")
        await fetched(lanes, "1", "good morning", kind="other")
        faulty = lanes.account_ids["mail"]

        def delivering(opened: Open) -> Deliver:
            if opened.account.id == faulty:
                raise LookupError("nobody thought of this")
            return lanes.deliver("other")

        reader = Reader(db, lanes.media, lanes.accounts, delivering)
        assert await reader.step() == 1
        assert sorted(await db.read(states)) == ["read", "waiting"]
        assert await lanes.reader.step() == 1
        assert await db.read(states) == ["read", "read"]


async def test_what_is_too_large_is_never_read_and_is_shown_once(
    db: Database, clock: VirtualClock, tmp_path: Path, mail: dict[str, Provider]
) -> None:
    async with open_lanes(db, clock, tmp_path, mail) as lanes:
        await fetched(lanes, "1", "hello", problem="too_large")
        assert await db.read(states) == ["waiting"]
        assert await lanes.reader.step() == 1
        # Who died between showing it and putting it away shows it again.
        await db.write(_waits_again)
        assert await lanes.reader.step() == 1
        (entry,) = await db.read(entries)
        assert entry.details is not None
        assert (entry.text, entry.details.problem) == ("", "too_large")
        assert await db.read(states) == ["quarantined"]
        assert await lanes.reader.step() == 0


async def test_what_a_channel_that_reads_nothing_could_not_understand_is_shown(
    db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    async with open_lanes(db, clock, tmp_path, {"mail": _Deaf()}) as lanes:
        await fetched(lanes, "1", "hello", problem="not_understood")
        await fetched(lanes, "2", "hello")
        await lanes.reader.step()
        assert [e.details.problem for e in await db.read(entries) if e.details] == ["not_understood", "unreadable"]
        assert await db.read(states) == ["quarantined", "quarantined"]


async def test_an_original_that_stands_already_with_a_part_of_it_is_shown_and_the_mailbox_goes_on(
    db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    def half(original: Original) -> list[ChannelEvent]:
        """Its first message is good and takes the original along; its second says nothing."""
        (good,) = as_written(original)
        assert isinstance(good, MessageArrived)
        return [good] if good.content.text == "hello" else [good, replace(good, content=Content(), raw=None)]

    async with open_lanes(db, clock, tmp_path, {"mail": Provider(reads=half)}) as lanes:
        body = await fetched(lanes, "1", "two in one")
        await fetched(lanes, "2", "hello")
        for _ in range(10):
            await lanes.reader.step()
            clock.advance(10 * MINUTE)
        good, other, placeholder = await db.read(entries)
        assert (good.text, other.text) == ("two in one", "hello")
        assert (good.details and good.details.raw_file_id) == body.id
        assert placeholder.details is not None
        assert (placeholder.details.problem, placeholder.details.raw_file_id) == ("unreadable", None)
        assert await db.read(states) == ["quarantined", "read"]


async def test_an_original_that_waits_is_never_swept(
    db: Database, clock: VirtualClock, tmp_path: Path, mail: dict[str, Provider]
) -> None:
    async with open_lanes(db, clock, tmp_path, mail) as lanes:
        await fetched(lanes, "1", "hello")
        clock.advance(DAY + HOUR)
        assert await db.write(sweep_unused) == []
        await lanes.reader.step()
        clock.advance(DAY + HOUR)
        assert await db.write(sweep_unused) == []
        (entry,) = await db.read(entries)
        assert entry.details is not None
        assert entry.details.raw_file_id is not None
