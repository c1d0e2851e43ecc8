from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from channels.conformance import MemoryFiles
from channels.sms import MANIFEST
from channels.twilio.media import may_ask, may_trust
from channels.twilio.settings import API
from crm_core.words.content import FileRef
from crm_core.words.errors import StoreUnavailable
from tests.channels.twilio.bench import OURS, THEIRS, TOKEN, inbound, webhook, world
from tests.channels.twilio.door import Door

PICTURE = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


async def test_files_are_fetched_with_credentials_that_stay_with_the_api() -> None:
    async with world(MANIFEST, {}) as it:
        await it.cloud.phone(THEIRS).text(OURS, "", media=[("image/png", PICTURE), ("text/vcard", b"BEGIN:VCARD")])
        (message,) = it.arrived
    assert [it.bench.files.contents[f.id] for f in message.content.files] == [PICTURE, b"BEGIN:VCARD"]
    assert [it.bench.files.names[f.id][-6:] for f in message.content.files] == ["-1.png", ".vcard"]
    assert {(path.startswith("/store/"), signed) for _, path, signed in it.cloud.asked} == {
        (True, False),
        (False, True),
    }


async def test_a_message_reported_many_times_has_the_same_files_each_time() -> None:
    async with world(MANIFEST, {}) as it:
        door = Door(TOKEN)
        sid, _ = await it.cloud.phone(THEIRS).text(OURS, "", media=[("image/png", PICTURE)])
        again = it.cloud.messages[0].webhook()
        await asyncio.gather(*(it.channel.receive(webhook(again), door) for _ in range(10)))
        await it.channel.reconcile(door)
    assert len(it.bench.files.contents) == 1
    assert [message.external_id for message in door.messages] == [sid]


async def test_a_message_with_files_is_the_same_one_after_a_restart() -> None:
    async with world(MANIFEST, {}) as it:
        door = Door(TOKEN)
        await it.cloud.phone(THEIRS).text(OURS, "", media=[("image/png", PICTURE)])
        await it.channel.receive(webhook(it.cloud.messages[0].webhook()), door)
        async with MANIFEST.open(it.account, it.bench.tools(it.http)) as restarted:
            await restarted.reconcile(door)  # type: ignore[attr-defined]
    assert len(it.bench.files.contents) == 1
    assert len(door.messages) == 1


async def test_however_many_files_are_claimed_only_those_with_an_address_are_fetched() -> None:
    async with world(MANIFEST, {}) as it:
        await it.channel.receive(webhook(inbound("x", NumMedia="999999")), it.recorder)
    assert it.arrived[0].content.files == ()
    assert it.arrived[0].content.problem is None


@asynccontextmanager
async def stranger() -> AsyncIterator[tuple[str, list[str]]]:
    """Another server, and the credentials that it was shown."""
    shown: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        shown.append(request.headers.get("Authorization", ""))
        return web.Response(body=b"caught")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", shown
    await runner.cleanup()


async def test_a_file_elsewhere_is_not_asked_for_and_the_message_stays() -> None:
    async with world(MANIFEST, {}) as it, stranger() as (origin, shown):
        for url in (f"{origin}/steal", "http://169.254.169.254/latest/meta-data", "https://attacker.example/steal"):
            fields = inbound("look", sid=f"MM{len(it.arrived)}", NumMedia="1", MediaUrl0=url)
            reply = await it.channel.receive(webhook(fields), it.recorder)
            assert reply.status == 200
    assert [m.content.problem for m in it.arrived] == ["media_missing"] * 3
    assert [m.content.text for m in it.arrived] == ["look"] * 3
    assert not shown


async def test_a_redirect_elsewhere_is_not_followed() -> None:
    async with world(MANIFEST, {}) as it, stranger() as (origin, shown):
        hop = f"{it.cloud.origin}/2010-04-01/Accounts/{it.cloud.account_sid}/Messages/m/Media/ME1"
        it.cloud.elsewhere = origin
        await it.channel.receive(webhook(inbound("look", NumMedia="1", MediaUrl0=hop)), it.recorder)
    assert it.arrived[0].content.problem == "media_missing"
    assert not shown


async def test_a_file_that_is_gone_or_too_large_is_said_to_be_missing() -> None:
    async with world(MANIFEST, {}) as it:
        it.cloud.manner.redirects = False
        gone = f"{it.cloud.origin}/2010-04-01/Accounts/{it.cloud.account_sid}/Messages/MM1/Media/ME1"
        await it.channel.receive(webhook(inbound("one", NumMedia="1", MediaUrl0=gone)), it.recorder)
        await it.cloud.phone(THEIRS).text(OURS, "two", media=[("video/mp4", b"\0" * (5 * 1024 * 1024 + 1))])
    assert [(m.content.text, m.content.problem) for m in it.arrived] == [
        ("one", "media_missing"),
        ("two", "media_missing"),
    ]


class FullDisk(MemoryFiles):
    async def keep(self, name: str, content: bytes | AsyncIterator[bytes], /, *, is_recording: bool = False) -> FileRef:
        raise StoreUnavailable


async def test_when_our_own_disk_fails_nothing_is_acknowledged() -> None:
    async with world(MANIFEST, {}) as it:
        it.bench.files = FullDisk()
        async with MANIFEST.open(it.account, it.bench.tools(it.http)) as channel:
            await it.cloud.phone(THEIRS).text(OURS, "x", media=[("image/png", PICTURE)])
            media = it.cloud.messages[0].extra["MediaUrl0"]
            with pytest.raises(StoreUnavailable):
                await channel.receive(  # type: ignore[attr-defined]
                    webhook(inbound("x", sid="MM9", NumMedia="1", MediaUrl0=media)), it.recorder
                )


@pytest.mark.parametrize(
    ("url", "trusted", "asked"),
    [
        ("https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1", True, True),
        ("http://api.twilio.com/x", False, False),
        ("https://api.twilio.com:444/x", False, False),
        ("https://api.twilio.com@evil.example/x", False, False),
        ("https://user@api.twilio.com/x", False, False),
        ("https://api.twilio.com.evil.example/x", False, False),
        ("https://eviltwilio.com/x", False, False),
        ("https://media.twiliocdn.com/x", False, True),
        ("https://mms.twiliocdn.com/x", False, True),
        ("https://s3-external-1.amazonaws.com/media.twiliocdn.com/x", False, True),
        ("https://s3-external-1.amazonaws.com/other-bucket/x", False, False),
        ("https://169.254.169.254/x", False, False),
        ("file:///etc/passwd", False, False),
        ("https://[::1", False, False),
        ("", False, False),
    ],
)
def test_only_twilios_hosts_are_asked_and_only_its_api_is_trusted(url: str, trusted: bool, asked: bool) -> None:
    assert may_ask(url, API) is asked
    if not url.startswith("https://[::1"):
        assert may_trust(url, API) is trusted


def test_a_stand_in_gets_no_credentials_of_twilios_own_hosts() -> None:
    assert not may_trust("https://api.twilio.com/x", "http://127.0.0.1:8000")
    assert may_trust("https://api.twilio.com/x", "https://api.dublin.ie1.twilio.com")


async def test_a_file_that_is_late_is_asked_for_once_more() -> None:
    async with world(MANIFEST, {}) as it:
        it.cloud.manner.late_files = 1
        await it.cloud.phone(THEIRS).text(OURS, "", media=[("image/png", PICTURE)])
    assert it.arrived[0].content.problem is None
    assert len(it.arrived[0].content.files) == 1
