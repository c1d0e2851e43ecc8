from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from channels.contract import AccountBroken, TryLater
from channels.email.mailbox import Mailbox, follow_folders
from channels.email.patience import Patience
from channels.email.settings import EmailSettings
from channels.email.tokens import AccessTokens
from crm_core.words.clock import DAY, HOUR, SECOND, Moment
from tests.channels.email.household import HASTY, Household, imap_settings, mail, running
from tests.peers.clock import VirtualClock
from tests.peers.dovecot import Dovecot
from tests.peers.imap_standin import ImapPeer
from tests.peers.proxy import Wire


@pytest.fixture
async def wire(server: ImapPeer) -> AsyncIterator[Wire]:
    """The wire to the mail server."""
    wire = Wire(server.port)
    yield wire
    await wire.close()


def mailboxes(
    house: Household, settings: dict[str, Any], patience: Patience = HASTY, since: Moment | None = None
) -> list[Mailbox]:
    known = EmailSettings(**settings)
    parts: dict[str, Any] = {"patience": patience, "tokens": AccessTokens(known, house.tools, limit=5), "since": since}
    return [Mailbox(folder, known, house.tools, **parts) for folder in known.folders]


def following(
    house: Household, settings: dict[str, Any], patience: Patience = HASTY, since: Moment | None = None
) -> Any:
    boxes = mailboxes(house, settings, patience, since)
    return running(lambda deliver: follow_folders(boxes, deliver, patience), house.deliver)


async def begun(house: Household, folder: str = "INBOX") -> None:
    """The mailbox was looked at for the first time."""
    await house.until(lambda: f"imap:{folder}" in house.cursors.places)


async def test_mail_that_comes_is_stored_once_and_what_was_there_before_is_not(
    server: ImapPeer, house: Household
) -> None:
    user = server.new_user()
    server.put(user, mail("before"))
    async with following(house, imap_settings(user, server.port)):
        await begun(house)
        server.put(user, mail("one"))
        await house.until(lambda: len(house.originals) == 1)
        server.put(user, mail("two"))
        await house.until(lambda: len(house.originals) == 2)
    assert house.subjects == ["one", "two"]
    assert len(house.arrivals) == 2
    assert house.bodies[0] == mail("one")
    event = next(iter(house.originals.values()))
    assert event.facts["folder"] == "INBOX"
    assert event.cursor is not None
    assert await house.cursors.get("imap:INBOX") == house.originals[house.arrivals[-1]].cursor[1]
    assert r"\Seen" not in server.flags(user, 2)


async def test_idle_tells_of_mail_long_before_it_is_looked_for(server: ImapPeer, house: Household) -> None:
    user = server.new_user()
    patient = Patience(poll=500, answer=5)
    async with following(house, imap_settings(user, server.port), patient):
        await begun(house)
        for number in range(3):
            server.put(user, mail(f"mail {number}"))
            await house.until(lambda count=number: len(house.originals) == count + 1)
    assert house.subjects == ["mail 0", "mail 1", "mail 2"]


async def test_days_of_old_mail_come_when_they_are_asked_for(
    server: ImapPeer, house: Household, clock: VirtualClock
) -> None:
    user = server.new_user()
    now = datetime.fromtimestamp(clock() / 1000, UTC)
    for days in (30, 6, 1):
        server.put(user, mail(f"{days} days old"), came=now - timedelta(days=days))
    async with following(house, imap_settings(user, server.port, history_days=7)):
        await house.until(lambda: len(house.originals) == 2)
    assert house.subjects == ["6 days old", "1 days old"]
    assert [event.at for event in house.originals.values()] == [clock() - 6 * DAY, clock() - DAY]


async def test_mail_that_came_before_the_first_connection_is_ours_from_when_the_account_was_added(
    server: ImapPeer, house: Household, clock: VirtualClock
) -> None:
    user = server.new_user()
    added = clock() - 5 * HOUR
    moments = {"before": added - HOUR, "at once": added, "later": added + 2 * HOUR}
    for subject, at in moments.items():
        server.put(user, mail(subject), came=datetime.fromtimestamp(at / 1000, UTC))
    async with following(house, imap_settings(user, server.port), since=added + SECOND // 2):
        await house.until(lambda: len(house.originals) == 2)
        server.put(user, mail("now"))
        await house.until(lambda: "now" in house.subjects)
    assert house.subjects == ["at once", "later", "now"]


async def test_it_goes_on_where_it_was_after_a_restart(server: ImapPeer, house: Household) -> None:
    user = server.new_user()
    settings = imap_settings(user, server.port)
    async with following(house, settings):
        await begun(house)
    server.put(user, mail("while we were down"))
    server.skip_to(user, 5_000)
    server.put(user, mail("behind a gap"))
    for _ in range(2):
        async with following(house, settings):
            await house.until(lambda: len(house.originals) == 2)
    assert house.subjects == ["while we were down", "behind a gap"]
    assert len(house.arrivals) == 2


async def test_a_connection_cut_within_a_mail_loses_nothing_and_doubles_nothing(
    server: ImapPeer, house: Household, wire: Wire
) -> None:
    user = server.new_user()
    settings = imap_settings(user, await wire.open())
    async with following(house, settings):
        await begun(house)
        wire.cut_after, wire.cuts_left = 20_000, 1
        wire.cut()
        server.put(user, mail("large", "0123456789abcdef\r\n" * 3_000))
        await house.until(lambda: bool(house.originals))
        assert wire.cuts_left == 0
        server.put(user, mail("after"))
        await house.until(lambda: len(house.originals) == 2)
    assert house.subjects == ["large", "after"]
    assert house.bodies[0] == mail("large", "0123456789abcdef\r\n" * 3_000)
    assert len(house.arrivals) == 2


async def test_a_mail_that_cannot_be_fetched_is_tried_thrice_and_the_next_one_comes(
    server: ImapPeer, house: Household, wire: Wire
) -> None:
    user = server.new_user()
    settings = imap_settings(user, await wire.open())
    async with following(house, settings):
        await begun(house)
        wire.cut_after = 20_000
        wire.cut()
        server.put(user, mail("poison", "0123456789abcdef\r\n" * 3_000))
        server.put(user, mail("next"))
        await house.until(lambda: len(house.originals) == 2)
    assert house.subjects == ["poison", "next"]
    assert house.problems == ["not_fetched", ""]
    assert wire.heard.count(b"UID FETCH 1 (UID BODY.PEEK[])") == 2
    assert wire.heard.count(b"UID FETCH 1 (UID BODY.PEEK[HEADER]") == 1


async def test_a_mailbox_that_was_numbered_anew_is_read_again_from_where_we_began(
    server: ImapPeer, house: Household, clock: VirtualClock
) -> None:
    user = server.new_user()
    now = datetime.fromtimestamp(clock() / 1000, UTC)
    settings = imap_settings(user, server.port)
    server.put(user, mail("long before us"), came=now - timedelta(days=90))
    async with following(house, settings):
        await begun(house)
        server.put(user, mail("ours"), came=now)
        await house.until(lambda: len(house.originals) == 1)
    server.renumber(user, validity=777)
    server.put(user, mail("since"), came=now)
    async with following(house, settings):
        await house.until(lambda: "since" in house.subjects)
    # The second `ours` has the same content, and so the same name once it is read.
    assert house.subjects == ["ours", "ours", "since"]
    assert [key.split(":")[1] == "777" for key in house.arrivals] == [False, True, True]


async def test_mail_that_others_delete_in_the_meantime_stops_nobody(server: ImapPeer, house: Household) -> None:
    user = server.new_user()
    settings = imap_settings(user, server.port)
    async with following(house, settings):
        await begun(house)
    for number in range(1, 5):
        server.put(user, mail(f"mail {number}"))
    server.remove(user, 2)
    server.remove(user, 4)
    async with following(house, settings):
        await house.until(lambda: len(house.originals) == 2)
        server.put(user, mail("mail 5"))
        await house.until(lambda: len(house.originals) == 3)
    assert house.subjects == ["mail 1", "mail 3", "mail 5"]


async def test_a_server_that_falls_silent_is_noticed_and_another_connection_made(
    server: ImapPeer, house: Household, wire: Wire
) -> None:
    user = server.new_user()
    settings = imap_settings(user, await wire.open())
    hasty = Patience(connect=30, answer=2, poll=0.3, pause=0.01, tries=100)
    async with following(house, settings, hasty):
        await begun(house)
        wire.is_silent = True
        before = wire.connections
        await house.until(lambda: wire.connections > before)
        wire.is_silent = False
        server.put(user, mail("after the silence"))
        await house.until(lambda: bool(house.originals))
    assert house.subjects == ["after the silence"]


async def test_a_server_that_stays_away_is_told_to_the_hub(house: Household, wire: Wire) -> None:
    settings = imap_settings("support@hub.example", await wire.open())
    wire.refuses = True
    with pytest.raises(TryLater):
        await follow_folders(mailboxes(house, settings), house.deliver, HASTY)
    assert wire.connections == HASTY.tries


async def test_a_wrong_password_needs_a_person(server: ImapPeer, house: Household) -> None:
    settings = imap_settings(server.new_user(), server.port, password="wrong")
    with pytest.raises(AccountBroken, match="password"):
        await follow_folders(mailboxes(house, settings), house.deliver, HASTY)


async def test_a_folder_that_is_not_there_needs_a_person(server: ImapPeer, house: Household) -> None:
    settings = imap_settings(server.new_user(), server.port, folders=["INBOX", "Nowhere"])
    with pytest.raises(AccountBroken, match="Nowhere"):
        await follow_folders(mailboxes(house, settings), house.deliver, HASTY)


async def test_while_the_store_is_away_a_mail_is_fetched_once_and_waits(
    server: ImapPeer, house: Household, wire: Wire
) -> None:
    user = server.new_user()
    async with following(house, imap_settings(user, await wire.open())):
        await begun(house)
        house.failing = True
        server.put(user, mail("patient"))
        await house.until(lambda: wire.connections >= 3)
        house.failing = False
        await house.until(lambda: bool(house.originals))
    assert house.subjects == ["patient"]
    assert wire.heard.count(b"BODY.PEEK[]") == 1


async def test_fetched_mail_is_marked_as_read_where_that_is_wished(server: ImapPeer, house: Household) -> None:
    user = server.new_user()
    async with following(house, imap_settings(user, server.port, after="seen")):
        await begun(house)
        server.put(user, mail("read"))
        await house.until(lambda: r"\Seen" in server.flags(user, 1))
    assert house.subjects == ["read"]


async def test_fetched_mail_is_moved_where_that_is_wished(server: ImapPeer, house: Household) -> None:
    user = server.new_user()
    server.make_folder(user, '"Erledigt &APw-ber"')
    async with following(house, imap_settings(user, server.port, after="move", move_to="Erledigt über")):
        await begun(house)
        server.put(user, mail("moved"))
        await house.until(lambda: server.count(user, '"Erledigt &APw-ber"') == 1)
    assert house.subjects == ["moved"]
    assert server.count(user) == 0


async def test_a_mail_that_was_handed_in_when_the_hub_went_is_put_away_afterwards(
    server: ImapPeer, house: Household
) -> None:
    user = server.new_user()
    server.make_folder(user, "Done")
    server.put(user, mail("before us"))
    kept = imap_settings(user, server.port)
    moved = {**kept, "after": "move", "move_to": "Done"}
    async with following(house, moved):
        await begun(house)
    server.put(user, mail("handed in"))
    # A hub that is ended between the two has moved its place, and noted nothing of the mail.
    seen = await house.cursors.get("imap-seen:INBOX")
    async with following(house, kept):
        await house.until(lambda: len(house.originals) == 1)
    assert seen is not None
    await house.cursors.set("imap-seen:INBOX", seen)
    async with following(house, moved):
        await house.until(lambda: server.count(user, "Done") == 1)
        server.put(user, mail("another"))
        await house.until(lambda: server.count(user, "Done") == 2)
    assert house.subjects == ["handed in", "another"]
    assert server.count(user) == 1


async def test_several_folders_are_followed_side_by_side(server: ImapPeer, house: Household) -> None:
    user = server.new_user()
    server.make_folder(user, "Returns")
    async with following(house, imap_settings(user, server.port, folders=["INBOX", "Returns"])):
        await begun(house)
        await begun(house, "Returns")
        server.put(user, mail("a return"), folder="Returns")
        server.put(user, mail("an order"))
        await house.until(lambda: len(house.originals) == 2)
    assert {event.facts["folder"] for event in house.originals.values()} == {"INBOX", "Returns"}


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_connection_is_encrypted_and_its_certificate_is_checked(
    dovecot: Dovecot, house: Household, security: str
) -> None:
    user = dovecot.new_user()
    port = dovecot.tls_port if security == "tls" else dovecot.port
    settings = imap_settings(user, port, imap_host="localhost", imap_security=security)
    with pytest.raises(TryLater, match="certificate"):
        await follow_folders(mailboxes(house, settings), house.deliver, HASTY)
    async with following(house, {**settings, "certificates": dovecot.authority}):
        await begun(house)
        dovecot.put(user, mail("sealed"))
        await house.until(lambda: bool(house.originals))
    assert house.subjects == ["sealed"]


async def test_a_server_that_does_not_encrypt_gets_no_password(house: Household, server: ImapPeer, wire: Wire) -> None:
    settings = imap_settings(server.new_user(), await wire.open(), imap_security="tls")
    with pytest.raises(TryLater, match="encrypt"):
        await follow_folders(mailboxes(house, settings), house.deliver, HASTY)
    assert b"secret" not in wire.heard


class Provider:
    """The sign-in of a provider, and what Dovecot asks it."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.refresh = "refresh-1"
        self.access = "access-1"
        self.asked = 0

    async def token(self, request: web.Request) -> web.Response:
        self.asked += 1
        form = await request.post()
        if form["refresh_token"] != self.refresh or form["client_secret"] != "hush":
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"access_token": self.access, "expires_in": 3600})

    async def introspect(self, request: web.Request) -> web.Response:
        good = request.headers.get("Authorization", "").endswith(self.access)
        return web.json_response({"email": self.user, "active": "true" if good else "false"})


async def test_xoauth2_fetches_a_token_and_a_new_one_when_it_is_refused(dovecot: Dovecot, house: Household) -> None:
    user = dovecot.new_user()
    provider = Provider(user)
    app = web.Application()
    app.router.add_post("/token", provider.token)
    app.router.add_get("/", provider.introspect)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", dovecot.introspection_port).start()
    settings = imap_settings(
        user,
        dovecot.port,
        auth="xoauth2",
        oauth_url=f"http://127.0.0.1:{dovecot.introspection_port}/token",
        oauth_client_id="me",
        oauth_client_secret="hush",
        oauth_refresh_token="refresh-1",
    )
    try:
        boxes = mailboxes(house, settings)
        async with running(lambda deliver: follow_folders(boxes, deliver, HASTY), house.deliver):
            await begun(house)
            assert provider.asked == 1
        provider.access = "changed"
        async with running(lambda deliver: follow_folders(boxes, deliver, HASTY), house.deliver):
            dovecot.put(user, mail("signed in"))
            await house.until(lambda: bool(house.originals))
        assert provider.asked == 2
        provider.refresh, provider.access = "withdrawn", "other"
        with pytest.raises(AccountBroken, match="grant"):
            await follow_folders(boxes, house.deliver, HASTY)
    finally:
        await runner.cleanup()


async def test_mail_beyond_the_limit_comes_as_its_header(house: Household, server: ImapPeer) -> None:
    user = server.new_user()
    async with following(house, imap_settings(user, server.port)):
        await begun(house)
        server.put(user, mail("huge", ("x" * 998 + "\r\n") * 27_000))
        await house.until(lambda: bool(house.originals))
        server.put(user, mail("small"))
        await house.until(lambda: len(house.originals) == 2)
    assert house.subjects == ["huge", "small"]
    assert house.problems == ["too_large", ""]
    assert len(house.bodies[0]) < 1_000
