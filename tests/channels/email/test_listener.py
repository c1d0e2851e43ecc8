from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from channels.contract import AccountBroken, TryLater
from channels.email.listener import Door, door_open, is_open_here
from channels.email.settings import EmailSettings
from tests.channels.email.household import TOKEN, Household, mail
from tests.peers.children import free_port

RAW = mail("by the front door").decode()


def settings(port: int, address: str = "support@hub.example", protocol: str = "smtp") -> EmailSettings:
    return EmailSettings.model_validate(
        {
            "address": address,
            "aliases": ["help@hub.example"] if address.startswith("support") else [],
            "incoming": "listener",
            "listener_port": port,
            "listener_protocol": protocol,
        }
    )


def door(house: Household, known: EmailSettings) -> Door:
    return Door(known.own, house.deliver, house.files, house.clock)


@asynccontextmanager
async def opened(house: Household, protocol: str = "smtp") -> AsyncIterator[int]:
    """A mailbox with a door of its own; the port."""
    known = settings(free_port(), protocol=protocol)
    async with door_open(known, door(house, known)) as porch:
        yield porch.port


class Caller:
    """A mail server that delivers, command by command."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def hears(self) -> str:
        """One answer, all its lines."""
        lines = []
        while True:
            line = (await self._reader.readline()).decode()
            lines.append(line)
            if not line or line[3:4] != "-":
                return "".join(lines)

    async def says(self, line: str) -> str:
        """Say a command and hear the answer."""
        await self.writes(line.encode() + b"\r\n")
        return await self.hears()

    async def writes(self, raw: bytes) -> None:
        self._writer.write(raw)
        await self._writer.drain()

    async def introduces(self, *recipients: str, greeting: str = "EHLO", sender: str = "ada@customer.example") -> None:
        """All that comes before the mail."""
        assert (await self.says(f"{greeting} mx.example")).startswith("250")
        assert (await self.says(f"MAIL FROM:<{sender}>")).startswith("250")
        for recipient in recipients or ("support@hub.example",):
            assert (await self.says(f"RCPT TO:<{recipient}>")).startswith("250")
        assert (await self.says("DATA")).startswith("354")


@asynccontextmanager
async def calling(port: int) -> AsyncIterator[Caller]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    caller = Caller(reader, writer)
    try:
        async with asyncio.timeout(30):
            assert (await caller.hears()).startswith("220")
            yield caller
    finally:
        writer.transport.abort()


async def test_mail_is_stored_before_it_is_acknowledged(house: Household) -> None:
    async with opened(house) as port, calling(port) as caller:
        await caller.introduces(f"support+{TOKEN}@hub.example")
        answer = await caller.says(RAW + "\r\n.")
    assert answer.startswith("250")
    assert house.bodies == [RAW.encode() + b"\r\n"]
    event = next(iter(house.originals.values()))
    assert event.facts == {"return_path": "ada@customer.example", "recipients": f"support+{TOKEN}@hub.example"}
    assert event.at == house.clock()


async def test_nothing_is_acknowledged_while_the_store_is_away(house: Household) -> None:
    house.failing = True
    async with opened(house) as port, calling(port) as caller:
        await caller.introduces()
        assert (await caller.says(RAW + "\r\n.")).startswith("451")
        house.failing = False
        assert (await caller.says("MAIL FROM:<ada@customer.example>")).startswith("250")
        assert (await caller.says("RCPT TO:<help@hub.example>")).startswith("250")
        assert (await caller.says("DATA")).startswith("354")
        assert (await caller.says(RAW + "\r\n.")).startswith("250")
    assert len(house.originals) == 1


async def test_a_mail_that_is_delivered_again_is_the_same_original(house: Household) -> None:
    async with opened(house) as port:
        for _ in range(2):
            async with calling(port) as caller:
                await caller.introduces()
                assert (await caller.says(RAW + "\r\n.")).startswith("250")
    assert len(house.arrivals) == 2
    assert len(house.originals) == 1


@pytest.mark.parametrize(
    "recipient",
    ["somebody@elsewhere.example", "support@hub.example.evil.example", "unknown@hub.example", "support%x@hub.example"],
)
async def test_nothing_is_relayed(house: Household, recipient: str) -> None:
    async with opened(house) as port, calling(port) as caller:
        await caller.says("EHLO mx.example")
        await caller.says("MAIL FROM:<ada@customer.example>")
        assert (await caller.says(f"RCPT TO:<{recipient}>")).startswith("550")
        assert (await caller.says("DATA")).startswith("503")
    assert not house.originals


SMUGGLED = "MAIL FROM:<ceo@bank.example>\r\nRCPT TO:<support@hub.example>\r\nDATA\r\nSubject: smuggled\r\n\r\nPay!"


@pytest.mark.parametrize(
    "end",
    ["\n.\n", "\n.\r\n", "\r.\r\n", "\r.\r", "\r\n.\n", "\r\n.\r", "\r\n\0.\r\n", "\n\r\n.\n\r\n", "\r\r\n.\r\r\n"],
)
async def test_a_mail_within_a_mail_stays_within_it_or_is_refused(house: Household, end: str) -> None:
    async with opened(house) as port, calling(port) as caller:
        await caller.introduces()
        answer = await caller.says(f"{RAW}{end}{SMUGGLED}\r\n.")
        is_taken = answer.startswith("250")
        assert is_taken or answer.startswith("554")
        assert (await caller.says("NOOP")).startswith("250")
    assert is_taken is (end == "\r\n\0.\r\n")
    assert len(house.originals) == int(is_taken)


async def test_the_report_of_a_mail_system_comes_from_nobody(house: Household) -> None:
    async with opened(house) as port, calling(port) as caller:
        await caller.introduces(sender="")
        assert (await caller.says(RAW + "\r\n.")).startswith("250")
    assert next(iter(house.originals.values())).facts["return_path"] == ""


async def test_mail_beyond_the_limit_is_refused_and_the_connection_goes_on(house: Household) -> None:
    async with opened(house) as port, calling(port) as caller:
        await caller.says("EHLO mx.example")
        assert (await caller.says(f"MAIL FROM:<a@b.example> SIZE={26 * 2**20}")).startswith("552")
        await caller.introduces()
        line = b"x" * 998 + b"\r\n"
        for _ in range(27):
            await caller.writes(line * 1_024)
        assert (await caller.says(".")).startswith("552")
        assert (await caller.says("NOOP")).startswith("250")
    assert not house.originals


@pytest.mark.parametrize(
    "command",
    [
        "VRFY support@hub.example",
        "EXPN all",
        "AUTH PLAIN AGEAYg==",
        "RCPT TO:<" + "(" * 400 + ">",
        "\xff\xfe",
        "HELP",
        "DATA",
    ],
)
async def test_no_command_tells_anything_or_breaks_the_session(house: Household, command: str) -> None:
    async with opened(house) as port, calling(port) as caller:
        await caller.says("EHLO mx.example")
        answer = await caller.says(command)
        assert answer[:1] in "245"
        assert "Error: (" not in answer
        await caller.introduces()
        assert (await caller.says(RAW + "\r\n.")).startswith("250")


async def test_lmtp_answers_for_every_recipient(house: Household) -> None:
    async with opened(house, "lmtp") as port, calling(port) as caller:
        assert (await caller.says("EHLO mx.example")).startswith("500")
        await caller.introduces("support@hub.example", "help@hub.example", greeting="LHLO")
        assert (await caller.says(RAW + "\r\n.")).startswith("250")
        assert (await caller.hears()).startswith("250")
        house.failing = True
        for line in ("MAIL FROM:<a@b.example>", "RCPT TO:<support@hub.example>", "RCPT TO:<help@hub.example>", "DATA"):
            await caller.says(line)
        answers = [await caller.says(RAW + "\r\n."), await caller.hears()]
        assert [answer[:3] for answer in answers] == ["451", "451"]
        for line in ("MAIL FROM:<a@b.example>", "RCPT TO:<support@hub.example>", "RCPT TO:<help@hub.example>", "DATA"):
            await caller.says(line)
        answers = [await caller.says(RAW + "\nbare\r\n."), await caller.hears()]
        assert [answer[:3] for answer in answers] == ["554", "554"]
        assert (await caller.says("NOOP")).startswith("250")
    assert len(house.originals) == 1


async def take(port: int, recipients: Sequence[str]) -> str:
    async with calling(port) as caller:
        await caller.introduces(*recipients)
        return await caller.says(RAW + "\r\n.")


async def test_mailboxes_share_a_port_and_each_gets_its_own(house: Household) -> None:
    port = free_port()
    sales = Household(house.clock, house.tools.http)
    ours, theirs = settings(port), settings(port, "sales@hub.example")
    async with door_open(ours, door(house, ours)):
        async with door_open(theirs, door(sales, theirs)):
            assert (await take(port, ["sales@hub.example"])).startswith("250")
            assert (len(house.originals), len(sales.originals)) == (0, 1)
            assert (await take(port, ["support@hub.example", "sales@hub.example"])).startswith("250")
            assert (len(house.originals), len(sales.originals)) == (1, 1)
        async with calling(port) as caller:
            await caller.says("EHLO mx.example")
            await caller.says("MAIL FROM:<a@b.example>")
            assert (await caller.says("RCPT TO:<sales@hub.example>")).startswith("550")
        assert is_open_here(ours)
        with pytest.raises(AccountBroken, match="SMTP"):
            async with door_open(settings(port, protocol="lmtp"), door(house, ours)):
                pass
    assert not is_open_here(ours)


async def test_a_port_that_is_taken_is_tried_again_later(house: Household) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    known = settings(server.sockets[0].getsockname()[1])
    try:
        with pytest.raises(TryLater, match="not free"):
            async with door_open(known, door(house, known)):
                pass
    finally:
        server.close()
    assert not is_open_here(known)


async def test_who_hangs_up_within_a_mail_has_delivered_nothing(house: Household) -> None:
    async with opened(house) as port:
        async with calling(port) as caller:
            await caller.introduces()
            await caller.writes(RAW.encode())
        assert (await take(port, ["support@hub.example"])).startswith("250")
    assert len(house.arrivals) == 1
