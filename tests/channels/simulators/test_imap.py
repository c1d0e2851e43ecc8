"""The stand-in against the standard library's client, so that it speaks IMAP and not only our dialect."""

from __future__ import annotations

import asyncio
import imaplib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest

from channels.simulators.imap import ImapServer
from crm_core.words.clock import DAY

T = TypeVar("T")

USER, PASSWORD = "shop@fern.example", 'a "quoted" \\ secret'
NOW = 1_767_603_600_000
MAIL = b"From: Ann <ann@home.example>\r\nSubject: Order 7\r\n folded\r\nTo: shop@fern.example\r\n\r\nWhere is it?\r\n"


class Scene:
    """A server, its mailbox, and somebody's mail program, which runs in a thread of its own."""

    def __init__(self, port: int, server: ImapServer) -> None:
        self.port = port
        self.server = server
        self.shop = server.mailbox(USER, password=PASSWORD)

    async def program(self, does: Callable[[imaplib.IMAP4], T], *, folder: str = "INBOX") -> T:
        """What a program does that signed in and opened a folder."""

        def visited() -> T:
            with imaplib.IMAP4("127.0.0.1", self.port, timeout=20) as imap:
                imap.login(USER, PASSWORD)
                imap.select(folder)
                return does(imap)

        return await asyncio.to_thread(visited)


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    server = ImapServer(lambda: NOW)
    async with server.serving() as port:
        yield Scene(port, server)


async def test_a_mail_that_was_laid_there_is_found_and_read_in_parts() -> None:
    async with scene() as s:
        s.shop.inbox.add(MAIL)

        def reads(imap: imaplib.IMAP4) -> list[object]:
            found = [imap.search(None, "UNSEEN", "LARGER", "10")[1], imap.uid("SEARCH", "NOT", "SEEN")[1]]
            wanted = "(FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS (Subject)] BODY.PEEK[TEXT]<6.3>)"
            (subject, part, last) = imap.fetch("1", wanted)[1]
            whole = imap.uid("FETCH", "1:*", "(RFC822)")[1][0]
            return [*found, subject, part, last, whole, imap.search(None, "SEEN")[1]]

        unseen, by_uid, subject, part, last, whole, seen = await s.program(reads)
        assert (unseen, by_uid, seen) == ([b"1"], [b"1"], [b"1"])
        date = b'INTERNALDATE " 5-Jan-2026 09:00:00 +0000"'
        head = b"1 (FLAGS () RFC822.SIZE %d %b BODY[HEADER.FIELDS (SUBJECT)] {29}" % (len(MAIL), date)
        assert subject == (head, b"Subject: Order 7\r\n folded\r\n\r\n")
        assert part == (b" BODY[TEXT]<6> {3}", b"is ")
        assert last == b")"
        assert whole == (b"1 (UID 1 RFC822 {%d}" % len(MAIL), MAIL)
        assert s.shop.inbox.mails[0].flags == {r"\Seen"}


async def test_mail_is_laid_down_copied_moved_and_taken_away_by_a_program() -> None:
    async with scene() as s:

        def tidies(imap: imaplib.IMAP4) -> list[object]:
            imap.create('"Old orders"')
            imap.append("INBOX", r"(\Flagged)", None, MAIL)  # type: ignore[arg-type]
            imap.append("INBOX", "", None, MAIL + b"two")  # type: ignore[arg-type]
            imap.noop()
            told = [imap.uid("COPY", "1", '"Old orders"')[0], imap.uid("MOVE", "2", '"Old orders"')[0]]
            imap.store("1", "+FLAGS", r"(\Deleted)")
            return [*told, imap.expunge()[1], imap.status('"Old orders"', "(MESSAGES UIDNEXT)")[1], imap.list()[1]]

        copied, moved, expunged, status, listed = await s.program(tidies)
        old = s.shop.folders["Old orders"]
        assert (copied, moved) == ("OK", "OK")
        assert expunged == [b"2", b"1"], "the one that was moved, and the one that was taken away"
        assert status == [b'"Old orders" (MESSAGES 2 UIDNEXT 3)']
        assert listed == [b'() "/" "INBOX"', b'() "/" "Old orders"']
        assert s.shop.inbox.mails == []
        assert [(kept.raw, kept.flags) for kept in old.mails] == [(MAIL, {r"\Flagged"}), (MAIL + b"two", set())]


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ("ALL", b"1 2 3"),
        ("SINCE 4-Jan-2026", b"2 3"),
        ("BEFORE 4-Jan-2026", b"1"),
        ("ON 5-Jan-2026", b"3"),
        ("UID 3:*", b"3"),
        ("UID 9:*", b"3"),
        ("2:3 NOT SEEN", b"2"),
        ("OR SEEN (SINCE 4-Jan-2026 2)", b"2 3"),
        ("SMALLER 5", b""),
    ],
)
async def test_a_search_finds_what_meets_every_criterion(criteria: str, found: bytes) -> None:
    async with scene() as s:
        for days in (2, 1, 0):
            s.shop.inbox.add(MAIL, came_at=NOW - days * DAY)
        s.shop.inbox.mails[2].flags.add(r"\Seen")
        assert (await s.program(lambda imap: imap.search(None, criteria)))[1] == [found]


async def test_nobody_gets_in_with_another_password_or_none() -> None:
    async with scene() as s:
        s.server.mailbox("empty@fern.example")

        def knocks(user: str, password: str) -> None:
            with imaplib.IMAP4("127.0.0.1", s.port, timeout=20) as imap, pytest.raises(imaplib.IMAP4.error):
                imap.login(user, password)

        for user, password in ((USER, "wrong"), (USER, ""), ("empty@fern.example", ""), ("nobody@x.example", "x")):
            await asyncio.to_thread(knocks, user, password)


async def test_an_access_token_gets_in_and_another_is_told_why_not() -> None:
    async with scene() as s:
        s.shop.tokens.add("good")

        def signs_in(token: str) -> str:
            said = f"user={USER}\1auth=Bearer {token}\1\1".encode()
            with imaplib.IMAP4("127.0.0.1", s.port, timeout=20) as imap:
                try:
                    return imap.authenticate("XOAUTH2", lambda _challenge: said)[0]
                except imaplib.IMAP4.error as error:
                    return str(error)

        assert await asyncio.to_thread(signs_in, "good") == "OK"
        assert "AUTHENTICATIONFAILED" in await asyncio.to_thread(signs_in, "stale")


async def test_a_folder_opened_for_reading_stays_as_it_is() -> None:
    async with scene() as s:
        s.shop.inbox.add(MAIL)

        def tries(imap: imaplib.IMAP4) -> str:
            imap.select("INBOX", readonly=True)
            imap.fetch("1", "(BODY[])")
            imap.create("Other")
            assert imap.uid("MOVE", "1", "Other")[0] == "NO"
            return imap.store("1", "+FLAGS", r"(\Deleted)")[0]

        assert await s.program(tries) == "NO"
        assert s.shop.inbox.mails[0].flags == set()
        assert s.shop.folders["Other"].mails == []


async def test_who_idles_is_told_what_comes_and_what_goes() -> None:
    async with scene() as s:
        s.shop.inbox.add(MAIL)
        reader, writer = await asyncio.open_connection("127.0.0.1", s.port)

        async def hear(end: bytes) -> bytes:
            async with asyncio.timeout(20):
                while not (line := await reader.readuntil(b"\r\n")).startswith(end):
                    pass
            return line

        writer.write(
            b"1 LOGIN {17+}\r\n" + USER.encode() + b' "a \\"quoted\\" \\\\ secret"\r\n2 SELECT inbox\r\n3 IDLE\r\n'
        )
        await hear(b"+")
        s.shop.inbox.add(MAIL)
        assert await hear(b"* 2") == b"* 2 EXISTS\r\n"
        s.shop.inbox.remove({1})
        assert await hear(b"* 1") == b"* 1 EXPUNGE\r\n"
        writer.write(b"DONE\r\n4 LOGOUT\r\n")
        assert await hear(b"3") == b"3 OK Enough.\r\n"
        assert await hear(b"4") == b"4 OK Bye.\r\n"
        assert await reader.read() == b""
        writer.close()


NONSENSE = (
    b'1|1 NONSENSE|1 UID|1 UID NOOP|1 FETCH|1 FETCH 1 (ENVELOPE)|1 FETCH x (UID)|1 "|1 (|1 )|\x00\xff'
    b"|1 SEARCH|1 SEARCH SINCE then|1 SEARCH OR ALL|1 STORE 1 FLAGGED x|1 UID SEARCH UID"
)


@pytest.mark.parametrize("line", NONSENSE.split(b"|"))
async def test_what_is_no_command_is_answered_and_the_connection_goes_on(line: bytes) -> None:
    async with scene() as s:
        s.shop.inbox.add(MAIL)

        def types() -> bytes:
            with socket.create_connection(("127.0.0.1", s.port), timeout=20) as plug, plug.makefile("rwb") as wire:
                wire.write(f"a LOGIN {USER} ".encode() + b'"a \\"quoted\\" \\\\ secret"\r\nb SELECT INBOX\r\n')
                wire.write(line + b"\r\nz NOOP\r\n")
                wire.flush()
                heard = b""
                while not heard.endswith(b"z OK Nothing done.\r\n"):
                    heard += wire.readline()
                return heard

        assert b" BAD " in await asyncio.to_thread(types)


async def test_a_server_that_begins_further_on_goes_on_where_another_ended() -> None:
    first, second = ImapServer(lambda: NOW).mailbox(USER), ImapServer(lambda: NOW, first_uid=1_000).mailbox(USER)
    assert first.inbox.validity == second.inbox.validity
    assert [mailbox.inbox.add(MAIL).uid for mailbox in (first, second)] == [1, 1_000]


@pytest.mark.parametrize(("criteria", "answer"), [("NOT " * 9_000 + "SEEN", b"BAD"), ("LARGER " + "9" * 5_000, b"BYE")])
async def test_a_search_that_nobody_foresaw_ends_its_own_session_at_most(criteria: str, answer: bytes) -> None:
    async with scene() as s:
        reader, writer = await asyncio.open_connection("127.0.0.1", s.port)
        quoted = PASSWORD.replace("\\", "\\\\").replace('"', '\\"')
        writer.write(f'1 LOGIN {USER} "{quoted}"\r\n2 SELECT INBOX\r\n3 SEARCH {criteria}\r\n'.encode())
        async with asyncio.timeout(20):
            while not (line := await reader.readline()).startswith((b"3 ", b"* BYE")):
                assert line
        assert answer in line
        writer.close()
        assert await s.program(lambda imap: imap.noop()[0]) == "OK"
