"""The whole channel against the demo's mail provider: a post office and its mailboxes, as accounts are set to them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from channels.contract import AccountBroken, Listens, Problem, Sends
from channels.email.channel import open_email
from channels.email.examine import examine
from channels.simulators.imap import ImapServer
from channels.simulators.mail import Box, PostOffice
from crm_core.words.addresses import MAILTO, Address
from crm_core.words.clock import system_clock
from tests.channels.email.household import HASTY, Household, imap_settings, outgoing, running

SHOP, PASSWORD = "shop@fern.example", "secret"


@dataclass
class Provider:
    """The provider, Lena who has a box there, and what a shop's account is set to."""

    imap: ImapServer
    post: PostOffice
    lena: Box
    smtp_port: int
    settings: dict[str, Any]

    async def write(self, subject: str, *, to: str = SHOP) -> None:
        await self.lena.write(to, subject, "Where is it?", port=self.smtp_port)


@asynccontextmanager
async def provider() -> AsyncIterator[Provider]:
    imap = ImapServer(system_clock)
    imap.mailbox(SHOP, password=PASSWORD)
    post = PostOffice(imap)
    async with imap.serving() as imap_port, post.serving() as smtp_port:
        outgoing_by = {"smtp_host": "127.0.0.1", "smtp_port": smtp_port, "smtp_security": "none"}
        settings = imap_settings(SHOP, imap_port, password=PASSWORD, **outgoing_by)
        yield Provider(imap, post, post.box("lena@home.example", name="Lena"), smtp_port, settings)


@asynccontextmanager
async def listening(house: Household, settings: dict[str, Any]) -> AsyncIterator[Any]:
    """The channel, open and looking into its mailbox."""
    async with open_email(house.account(**settings), house.tools, patience=HASTY) as channel:
        assert isinstance(channel, Listens)
        async with running(channel.listen, house.deliver):
            await house.until(lambda: "imap:INBOX" in house.cursors.places)
            yield channel


async def test_a_mail_by_smtp_is_fetched_by_imap_once_with_what_the_server_wrote_on_it(house: Household) -> None:
    async with provider() as p, listening(house, p.settings):
        await p.write("Order 7")
        await p.write("By another address", to="shop+offer@fern.example")
        await house.until(lambda: len(house.originals) == 2)
    assert len(house.arrivals) == 2
    assert house.bodies[0].startswith(b"Return-Path: <lena@home.example>\r\nDelivered-To: shop@fern.example\r\n")
    assert b"Subject: Order 7\r\n" in house.bodies[0]


async def test_it_goes_on_after_every_connection_was_cut(house: Household) -> None:
    async with provider() as p, listening(house, p.settings):
        await p.write("before")
        await house.until(lambda: len(house.originals) == 1)
        p.imap.cut()
        await p.write("after")
        await house.until(lambda: len(house.originals) == 2)
        assert p.imap.connections == 2
    assert len(house.arrivals) == 2


async def test_an_answer_lies_in_the_customers_box_and_hers_in_the_mailbox(house: Household) -> None:
    async with provider() as p, listening(house, p.settings) as channel:
        assert isinstance(channel, Sends)
        await channel.send(outgoing("It is on its way.", to=Address(MAILTO, p.lena.address)))
        (letter,) = p.lena.kept
        assert letter.text.startswith("It is on its way.")
        await p.lena.write(SHOP, "Re: Your order", "Thank you!", port=p.smtp_port, answers=letter)
        await house.until(lambda: bool(house.originals))
    assert f"References: {letter.message_id}".encode() in house.bodies[0]


async def test_settings_for_it_are_found_to_work_and_a_wrong_password_is_not(house: Household) -> None:
    async with provider() as p:
        good = await examine(house.account(**p.settings), house.tools, patience=HASTY)
        assert [(found.step, found.problem) for found in good] == [("imap", None), ("folder", None), ("smtp", None)]
        bad = await examine(house.account(**{**p.settings, "password": "wrong"}), house.tools, patience=HASTY)
        problems = {found.step: found.problem for found in bad}
        assert (problems["imap"], problems["smtp"]) == (Problem.PASSWORD, Problem.PASSWORD)


async def test_the_post_office_lets_nobody_in_with_another_password(house: Household) -> None:
    async with provider() as p:
        account = house.account(**{**p.settings, "incoming": "none", "password": "wrong"})
        async with open_email(account, house.tools, patience=HASTY) as channel:
            assert isinstance(channel, Sends)
            with pytest.raises(AccountBroken, match="password"):
                await channel.send(outgoing("hello"))
        assert p.lena.kept == []
