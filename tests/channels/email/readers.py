"""Mails read as the hub has them read, to see what events they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from channels.contract import ChannelEvent, MessageArrived, Reads
from channels.email.channel import Reader, open_email
from channels.email.mail import ParsedMail
from channels.email.parse import parse
from channels.email.reading import Unreadable
from crm_core.words.addresses import MAILTO, Address
from tests.channels.email.household import HASTY, TOKEN, Household

ADA = Address(MAILTO, "ada@customer.example")
OURS = f"{TOKEN}.77@hub.example"


class HereReader:
    """Reads in this process: what these tests are about comes after it."""

    async def read(self, raw: bytes) -> ParsedMail:
        return parse(raw)


class LostReader:
    """Never reads anything."""

    def __init__(self, code: str) -> None:
        self._code = code

    async def read(self, raw: bytes) -> ParsedMail:
        raise Unreadable(self._code)


@asynccontextmanager
async def opened(house: Household, reader: Reader | None = None, **more: Any) -> AsyncIterator[Reads]:
    account = house.account(**{"address": "support@hub.example", "incoming": "none", **more})
    async with open_email(account, house.tools, patience=HASTY, reader=reader or HereReader()) as channel:
        assert isinstance(channel, Reads)
        yield channel


async def events(house: Household, raw: bytes, facts: dict[str, str] | None = None, **more: Any) -> list[ChannelEvent]:
    async with opened(house, **more) as channel:
        return list(await channel.read(house.original(raw, **(facts or {}))))


async def arrived(house: Household, raw: bytes, facts: dict[str, str] | None = None, **more: Any) -> MessageArrived:
    """The one message that a mail is."""
    told = await events(house, raw, facts, **more)
    assert len(told) == 1
    assert isinstance(told[0], MessageArrived)
    return told[0]
