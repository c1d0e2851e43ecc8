"""Telling the other side that an agent types, where their channel shows it. Losing one is no failure."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from channels.contract import ShowsTyping
from crm_core.contacts import reach
from crm_core.conversations.queries import row
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.content import ThreadKey
from crm_core.words.values import AuthorKind, EntryKind
from hub.bus.whispers import Typing, Whisper
from hub.machinery.accounts import Accounts

WAITING: Final = 100
"""Conversations in which somebody types that may wait to be told; more are left out."""
SECONDS: Final = 5.0

log = structlog.get_logger(__name__)


class TypingTeller:
    """One per process: hears what is whispered and tells the channel of the conversation's last words."""

    def __init__(self, db: Database, accounts: Accounts) -> None:
        self._db = db
        self._accounts = accounts
        self._news: asyncio.Queue[Typing] = asyncio.Queue(WAITING)

    def heard(self, whisper: Whisper) -> None:
        """An agent types, or stopped."""
        is_reply = isinstance(whisper, Typing) and whisper.by is AuthorKind.AGENT and whisper.kind is EntryKind.MESSAGE
        if is_reply and not self._news.full():
            assert isinstance(whisper, Typing)
            self._news.put_nowait(whisper)

    async def run(self) -> None:
        """Tell, one after the other, until cancelled."""
        while True:
            typing = await self._news.get()
            try:
                async with asyncio.timeout(SECONDS):
                    await self._tell(typing)
            except Exception as error:
                log.info("nobody was told that an agent types", why=type(error).__name__)

    async def _tell(self, typing: Typing) -> None:
        account_id, thread = await self._db.read(_where, typing.conversation_id)
        opened = self._accounts.by_id(account_id)
        if opened is not None and isinstance(opened.channel, ShowsTyping) and thread:
            await opened.channel.show_typing(thread, on=typing.on)


def _where(tx: Tx, conversation_id: int) -> tuple[int, ThreadKey]:
    found = row(tx, conversation_id)
    way = reach.way(tx, found.identity_id, found.account_id)
    return found.account_id, ThreadKey(way.thread if way is not None else found.thread)
