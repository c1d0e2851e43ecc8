from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from channels.contract import AccountBroken, TryLater
from channels.email.imap_answers import folder_name, listed_mail
from channels.email.mailbox import Mailbox, follow_folders
from channels.email.patience import Patience
from channels.email.settings import EmailSettings
from channels.email.tokens import AccessTokens
from channels.email.uid_sets import MOST_KEPT, as_text, from_text
from crm_core.words.clock import DAY
from tests.channels.email.household import HASTY, Household, imap_settings, mail, running
from tests.peers.clock import VirtualClock
from tests.peers.lying_imap import LyingImap

QUICK = Patience(connect=0.5, answer=0.3, poll=0.05, pause=0.01, tries=3)


@pytest.fixture
async def server() -> AsyncIterator[LyingImap]:
    """A server of no great manners."""
    server = LyingImap()
    yield server
    await server.close()


async def boxes(house: Household, server: LyingImap, patience: Patience, **more: Any) -> list[Mailbox]:
    known = EmailSettings(**imap_settings("support@hub.example", await server.open(), **more))
    tokens = AccessTokens(known, house.tools, limit=5)
    return [Mailbox("INBOX", known, house.tools, patience=patience, tokens=tokens)]


async def following(house: Household, server: LyingImap, patience: Patience = HASTY) -> Any:
    found = await boxes(house, server, patience)
    return running(lambda deliver: follow_folders(found, deliver, patience), house.deliver)


async def test_a_server_without_idle_is_looked_at_again_and_again(house: Household, server: LyingImap) -> None:
    async with await following(house, server):
        await house.until(lambda: "NOOP" in server.commands)
        server.mails[4] = mail("polled")
        await house.until(lambda: bool(house.originals))
        looks = server.commands.count("NOOP")
        await house.until(lambda: server.commands.count("NOOP") > looks + 2)
    assert house.subjects == ["polled"]
    assert sum("BODY.PEEK" in command for command in server.commands) == 1
    assert not any("IDLE" in command for command in server.commands)


async def test_mail_whose_numbers_come_out_of_order_is_found_in_the_night(
    house: Household, server: LyingImap, clock: VirtualClock
) -> None:
    server.mails = {10: mail("there before")}
    async with await following(house, server):
        await house.until(lambda: "NOOP" in server.commands)
        server.mails[30] = mail("thirty")
        await house.until(lambda: len(house.originals) == 1)
        server.mails[20] = mail("twenty, late")
        looks = server.commands.count("NOOP")
        await house.until(lambda: server.commands.count("NOOP") > looks + 3)
        assert len(house.originals) == 1
        clock.advance(DAY)
        await house.until(lambda: len(house.originals) == 2)
    assert house.subjects == ["thirty", "twenty, late"]
    assert len(house.arrivals) == 2
    assert await house.cursors.get("imap:INBOX") == "1:30"


async def test_what_came_out_of_order_while_we_were_away_is_found_at_the_start(
    house: Household, server: LyingImap
) -> None:
    server.mails = {10: mail("there before")}
    async with await following(house, server):
        await house.until(lambda: "NOOP" in server.commands)
        server.mails[30] = mail("thirty")
        await house.until(lambda: len(house.originals) == 1)
        await house.until(lambda: "30" in house.cursors.places["imap-seen:INBOX"])
    server.mails[20] = mail("twenty, late")
    async with await following(house, server):
        await house.until(lambda: len(house.originals) == 2)
    assert house.subjects == ["thirty", "twenty, late"]
    assert len(house.arrivals) == 2


async def test_a_mail_without_end_is_left_and_its_header_taken(house: Household, server: LyingImap) -> None:
    async with await following(house, server, Patience(connect=5, answer=5, poll=0.05, pause=0.01)):
        await house.until(lambda: "NOOP" in server.commands)
        server.endless.add(5)
        server.mails |= {5: mail("endless"), 6: mail("next")}
        await house.until(lambda: len(house.originals) == 2)
    assert house.subjects == ["endless", "next"]
    assert house.problems == ["not_fetched", ""]


async def test_a_mail_that_claims_to_be_huge_comes_as_its_header(house: Household, server: LyingImap) -> None:
    async with await following(house, server):
        await house.until(lambda: "NOOP" in server.commands)
        server.claimed_sizes[5] = 10**15
        server.mails |= {5: mail("said to be huge")}
        await house.until(lambda: len(house.originals) == 1)
    assert house.problems == ["too_large"]


async def test_ten_thousand_lines_at_once_are_only_lines(house: Household, server: LyingImap) -> None:
    async with await following(house, server):
        await house.until(lambda: "NOOP" in server.commands)
        server.chatter = b"* 1 EXPUNGE\r\n" * 10_000 + rb"* 1 FETCH (FLAGS (\Seen))" + b"\r\n"
        looks = server.commands.count("NOOP")
        await house.until(lambda: server.commands.count("NOOP") > looks + 2)
        server.mails[3] = mail("after the noise")
        await house.until(lambda: bool(house.originals))
    assert server.connections == 1


async def test_a_server_that_always_speaks_of_news_is_not_asked_without_end(
    house: Household, server: LyingImap
) -> None:
    server.after_search = b"* 1 EXISTS\r\n"
    async with await following(house, server, Patience(poll=500, answer=2)):
        await house.until(lambda: "SEARCH" in "".join(server.commands))
        await house.until(lambda: sum("SEARCH UID" in command for command in server.commands) == 3)
        searches = len(server.commands)
        await house.idle(0.3)
    assert len(server.commands) == searches


@pytest.mark.parametrize(
    "greeting",
    [
        None,
        b"220 smtp.example ESMTP\r\n",
        b"* BYE go away\r\n",
        b"\xff" * 5_000,
        b"HTTP/1.1 400 Bad\r\n\r\n",
        b"* OK\r\n* X" * 9,
    ],
)
async def test_what_is_no_mailbox_is_tried_again_later(
    house: Household, server: LyingImap, greeting: bytes | None
) -> None:
    server.greeting = greeting
    server.capabilities = "NONE" if greeting and greeting.startswith(b"* OK") else server.capabilities
    with pytest.raises(TryLater):
        await follow_folders(await boxes(house, server, QUICK), house.deliver, QUICK)
    assert server.connections == QUICK.tries


async def test_a_server_that_is_busy_is_no_wrong_password(house: Household, server: LyingImap) -> None:
    server.answers_sign_in = b"NO [UNAVAILABLE] Temporary failure"
    with pytest.raises(TryLater, match="patience"):
        await follow_folders(await boxes(house, server, QUICK), house.deliver, QUICK)
    server.answers_sign_in = b"NO [AUTHENTICATIONFAILED]"
    with pytest.raises(AccountBroken, match="password"):
        await follow_folders(await boxes(house, server, QUICK), house.deliver, QUICK)


async def test_a_server_that_takes_no_plain_password_is_not_told_it(house: Household, server: LyingImap) -> None:
    server.capabilities = "IMAP4rev1 LOGINDISABLED STARTTLS"
    with pytest.raises(AccountBroken, match="no password"):
        await follow_folders(await boxes(house, server, QUICK), house.deliver, QUICK)
    assert not any("LOGIN " in command or "AUTHENTICATE" in command for command in server.commands)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("INBOX", '"INBOX"'),
        ("Sent & done", '"Sent &- done"'),
        ("Вхідні", '"&BBIERQRWBDQEPQRW-"'),
        ("~peter/mail/台北/日本語", '"~peter/mail/&U,BTFw-/&ZeVnLIqe-"'),
        ('a"b\\c', '"a\\"b\\\\c"'),
    ],
)
def test_folders_are_written_as_imap_writes_them(name: str, written: str) -> None:
    assert folder_name(name) == written


@pytest.mark.parametrize(
    ("line", "came"),
    [
        (b'1 FETCH (UID 5 RFC822.SIZE 9 INTERNALDATE " 5-Jan-2026 09:00:00 +0000")', 1_767_603_600_000),
        (b'1 FETCH (INTERNALDATE "05-Jan-2026 11:00:00 +0200" UID 5 RFC822.SIZE 9)', 1_767_603_600_000),
        (b'1 FETCH (UID 5 RFC822.SIZE 9 INTERNALDATE "31-Feb-2026 09:00:00 +0000")', None),
        (b"1 FETCH (UID 5 RFC822.SIZE 9)", None),
    ],
)
def test_the_time_a_mail_came_is_read_where_there_is_one(line: bytes, came: int | None) -> None:
    listed = listed_mail(line)
    assert listed is not None
    assert (listed.uid, listed.size, listed.came_at) == (5, 9, came)


@pytest.mark.parametrize("uids", [set(), {1}, {1, 2, 3}, {5, 7, 8, 9, 20}, set(range(1, 4_000, 2))])
def test_a_set_of_uids_survives_being_text(uids: set[int]) -> None:
    assert from_text(as_text(uids)) == set(sorted(uids)[-MOST_KEPT:])


@pytest.mark.parametrize("text", ["x", "1,,2", "-1", "1:x", "1 2"])
def test_text_that_is_no_set_of_uids_is_an_empty_one(text: str) -> None:
    assert from_text(text) == set()
