"""A locked database and a full disk, felt at the doors: nothing is acknowledged that is not stored."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select

from crm_core.conversations.model import Conversation, Entry
from crm_core.store.transaction import Tx
from crm_core.words.values import Role
from tests.hub.whole.conftest import Clerk, Enter, Hub, Visitor

LOCKED_SECONDS = 10.0


def messages(tx: Tx) -> int:
    found: int = tx.scalar(select(func.count()).select_from(Entry).where(Entry.kind == "message"))
    return found


def conversation(tx: Tx) -> int:
    found: int = tx.scalar(select(Conversation.id))
    return found


@asynccontextmanager
async def locked(url: str) -> AsyncIterator[None]:
    """Somebody else, such as a backup, lets nobody write."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("COMMIT")
    else:
        plain = url.replace("postgresql+psycopg", "postgresql", 1)
        async with await psycopg.AsyncConnection.connect(plain) as other:
            await other.execute("LOCK TABLE entry, conversation, journal_head, session IN EXCLUSIVE MODE")
            yield


class Shop:
    """A visitor whom an agent is talking with."""

    def __init__(self, visitor: Visitor, agent: Clerk, conversation_id: int) -> None:
        self.visitor = visitor
        self.agent = agent
        self.conversation_id = conversation_id

    async def reply(self, key: str) -> tuple[int, Any]:
        body = {"text": f"words of {key}", "client_key": key}
        path = f"conversations/{self.conversation_id}/replies"
        return await self.agent.ask("POST", path, body, **{"Idempotency-Key": key})


@pytest.fixture
async def shop(hub: Hub, enter: Enter, hire: Any) -> Shop:
    visitor = await enter()
    await visitor.send("message-1", "hello")
    return Shop(visitor, await hire("Ada", Role.ADMINISTRATOR), await hub.db.read(conversation))


async def test_while_somebody_locks_the_database_for_ten_seconds_nothing_is_confirmed_and_nothing_is_lost(
    hub: Hub, shop: Shop
) -> None:
    # The lock is let go first, then the answers are waited for.
    async with asyncio.TaskGroup() as group, locked(hub.db.url):
        sending = group.create_task(shop.visitor.send("message-2", "anybody there?"))
        replying = group.create_task(shop.reply("reply-1"))
        await asyncio.sleep(LOCKED_SECONDS)
        assert await hub.db.read(messages) == 1
        told = [task.result() for task in (sending, replying) if task.done()]
        assert all(not confirms(answer) for answer in told), told
    confirmed = confirms(sending.result()) + confirms(replying.result())
    assert await hub.db.read(messages) == 1 + confirmed
    # Asked again, whatever the answer was, each of them is there once.
    assert confirms(await shop.visitor.send("message-2", "anybody there?"))
    assert confirms(await shop.reply("reply-1"))
    assert await hub.db.read(messages) == 3


def confirms(answer: Any) -> bool:
    """Whether a sender who was told this forgets their own copy."""
    if isinstance(answer, tuple):
        assert answer[0] in (201, 503), answer
        return bool(answer[0] == 201)
    assert answer["type"] == "ack" or answer["code"] == "unavailable", answer
    return bool(answer["type"] == "ack")


def limit_pages(tx: Tx, pages: int) -> None:
    tx.connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")


def pages(tx: Tx) -> int:
    found = tx.connection.exec_driver_sql("PRAGMA page_count").scalar()
    assert isinstance(found, int)
    return found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_on_a_full_disk_both_doors_refuse_before_they_confirm_and_take_it_when_there_is_room(
    hub: Hub, shop: Shop
) -> None:
    await hub.db.write(limit_pages, await hub.db.read(pages) + 1)
    confirmed, answers = 0, []
    for number in range(2, 9):
        answers.append(await shop.visitor.send(f"message-{number}", "x" * 10_000))
        answers.append(await shop.reply(f"reply-{number}"))
        confirmed = sum(confirms(answer) for answer in answers)
    assert confirmed < len(answers)
    refused = [answer for answer in answers if not confirms(answer)]
    assert any(isinstance(answer, tuple) and answer[1]["code"] == "store_full" for answer in refused)
    assert any(isinstance(answer, dict) and answer["after_ms"] for answer in refused)
    assert await hub.db.read(messages) == 1 + confirmed

    await hub.db.write(limit_pages, 1_000_000)
    for number in range(2, 9):
        assert confirms(await shop.visitor.send(f"message-{number}", "x" * 10_000))
        assert confirms(await shop.reply(f"reply-{number}"))
    assert await hub.db.read(messages) == 15
