"""An account open against the stand-in, for the tests of SMS and WhatsApp."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from twilio.request_validator import RequestValidator

from channels.conformance import Bench, Recorder
from channels.contract import (
    Account,
    ChannelEvent,
    DeliveryReported,
    Manifest,
    MessageArrived,
    OutboundMessage,
    ReachChanged,
    WebhookRequest,
)
from channels.simulators.twilio import TwilioCloud
from channels.twilio.messaging import TwilioMessaging
from crm_core.words.addresses import TEL, Address
from crm_core.words.content import Content, ThreadKey
from tests.channels.standins import message
from tests.peers.clock import VirtualClock

ACCOUNT = "AC" + "0" * 31 + "1"
TOKEN = "12345"
OURS = "+14155550111"
THEIRS = "+14155550100"
PUBLIC = "https://hub.example/in/pub-key"
KNOWN = {"account_sid": ACCOUNT, "auth_token": TOKEN}


def outbound(text: str = "Hello", *, delivery: int = 5, **more: Any) -> OutboundMessage:
    """A message of an agent's to THEIRS."""
    content = more.pop("content", None) or Content(text=text)
    known: dict[str, Any] = {
        "delivery": delivery,
        "entry": message(9, content.text, ours=True, at=more.pop("at", 1_767_603_600_000)),
        "thread": ThreadKey(f"{THEIRS}>{OURS}"),
        "to": Address(TEL, THEIRS),
        "content": content,
        **more,
    }
    return OutboundMessage(**known)


def webhook(fields: dict[str, str], *, path: str = "", query: str = "", token: str = TOKEN) -> WebhookRequest:
    """A form that Twilio signed for this account."""
    url = PUBLIC + (f"/{path}" if path else "") + (f"?{query}" if query else "")
    right: str = RequestValidator(token).compute_signature(url, fields)
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8", "X-Twilio-Signature": right}
    return WebhookRequest(url, headers, urlencode(fields).encode(), path)


def inbound(body: str = "Hello", *, sid: str = "SM" + "1" * 32, **more: str) -> dict[str, str]:
    """The parameters of a message from THEIRS."""
    return {
        "AccountSid": ACCOUNT,
        "MessageSid": sid,
        "From": THEIRS,
        "To": OURS,
        "Body": body,
        "NumMedia": "0",
        "SmsStatus": "received",
        **more,
    }


@dataclass
class World:
    """A channel of a manifest, open against a cloud, behind a door that the cloud can call."""

    cloud: TwilioCloud
    channel: TwilioMessaging
    clock: VirtualClock
    bench: Bench
    account: Account
    http: aiohttp.ClientSession
    recorder: Recorder = field(default_factory=Recorder)

    @property
    def events(self) -> list[ChannelEvent]:
        return self.recorder.events

    @property
    def arrived(self) -> Sequence[MessageArrived]:
        return [e for e in self.events if isinstance(e, MessageArrived)]

    @property
    def reports(self) -> Sequence[DeliveryReported]:
        return [e for e in self.events if isinstance(e, DeliveryReported)]

    @property
    def reaches(self) -> Sequence[ReachChanged]:
        """What was reported of itself, and what messages asked for."""
        asked = [
            ReachChanged(address=e.sender, state=e.reach, at=e.sent_at) for e in self.arrived if e.reach is not None
        ]
        return [*asked, *(e for e in self.events if isinstance(e, ReachChanged))]


@asynccontextmanager
async def world(manifest: Manifest, settings: dict[str, Any], *, sender: str = OURS) -> AsyncIterator[World]:
    """The cloud serves, the door is open, `sender` is a number of the account whose webhook is the door."""
    clock = VirtualClock()
    cloud = TwilioCloud(account_sid=ACCOUNT, auth_token=TOKEN, clock=clock)
    holder: list[World] = []

    async def take(request: web.Request) -> web.Response:
        it = holder[0]
        body, path = await request.read(), request.match_info.get("path", "")
        url = f"http://{request.host}{request.raw_path}"
        reply = await it.channel.receive(WebhookRequest(url, request.headers, body, path), it.recorder)
        return web.Response(text=reply.body, status=reply.status, content_type=reply.content_type)

    app = web.Application()
    app.router.add_post("/in/pub-key", take)
    app.router.add_post("/in/pub-key/{path}", take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    public = f"http://127.0.0.1:{runner.addresses[0][1]}/in/pub-key"
    try:
        async with cloud.serving() as origin, aiohttp.ClientSession() as http:
            known = {**KNOWN, "sender": sender, "api_origin": origin, **settings}
            account = Account(7, "pub-key", "An account", manifest.settings.model_validate(known), public)
            cloud.numbers.setdefault(sender, public)
            bench = Bench(clock)
            async with manifest.open(account, bench.tools(http)) as channel:
                assert isinstance(channel, TwilioMessaging)
                holder.append(World(cloud, channel, clock, bench, account, http))
                yield holder[0]
    finally:
        await runner.cleanup()
