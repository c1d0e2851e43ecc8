"""An account of calls open against the stand-in of Twilio, with a desk that keeps them in memory. Time is held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from twilio.request_validator import RequestValidator

from channels.conformance import Bench
from channels.contract import Account, WebhookRequest
from channels.simulators.twilio import Caller, HeldTime, Line, TwilioCloud
from channels.voice import MANIFEST
from channels.voice.channel import TwilioVoice
from crm_core.calls.rules.call import Call, CallPlan
from crm_core.words.errors import HubError
from tests.channels.calling import LINE, CallDesk
from tests.peers.clock import VirtualClock

ACCOUNT = "AC" + "0" * 31 + "1"
TOKEN = "12345"
OURS = "+12025550111"
THEIRS = "+12025550100"
OTHER = "+12024561414"
PUBLIC = "https://hub.example/in/pub-key"
MUSIC = "https://sounds.example/music.mp3"
GLANCE = 3
"""Seconds between two glances."""
KEY = {"api_sid": "SK" + "a" * 32, "api_secret": "hush" * 8}
KNOWN = {"account_sid": ACCOUNT, "auth_token": TOKEN, "number": OURS, "music": MUSIC}


def webhook(fields: dict[str, str], *, path: str = "", query: str = "", token: str = TOKEN) -> WebhookRequest:
    """A form that Twilio signed for this account."""
    url = PUBLIC + (f"/{path}" if path else "") + (f"?{query}" if query else "")
    right: str = RequestValidator(token).compute_signature(url, fields)
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8", "X-Twilio-Signature": right}
    return WebhookRequest(url, headers, urlencode(fields).encode(), path)


def ringing(sid: str = "CA" + "1" * 32, **more: str) -> dict[str, str]:
    """The parameters of a call from THEIRS."""
    return {
        "AccountSid": ACCOUNT,
        "CallSid": sid,
        "From": THEIRS,
        "To": OURS,
        "CallStatus": "ringing",
        "Direction": "inbound",
        **more,
    }


@dataclass
class Town:
    """A channel, open against a cloud, behind a door that the cloud can call, with a desk behind it."""

    cloud: TwilioCloud
    channel: TwilioVoice
    clock: VirtualClock
    desk: CallDesk
    bench: Bench
    account: Account
    http: aiohttp.ClientSession
    closed: bool = False
    """The hub's door answers nothing but 503."""
    slow: float = 0.0
    """Seconds that the door takes before it answers."""

    async def calls(self, caller: str = THEIRS, **more: Any) -> Caller:
        """Somebody calls in, and everything that follows at once has happened."""
        found = self.cloud.caller(caller, OURS, **more)
        await self.settle()
        return found

    async def settle(self) -> None:
        """Let everything happen that does not wait for time or people."""
        while True:
            await self.cloud.exchange.quiet()
            before = len(self.desk.events), sum(call.version for call in self.desk.calls.values())
            await self.desk.settle(self.channel)
            await self.cloud.exchange.quiet()
            if (len(self.desk.events), sum(call.version for call in self.desk.calls.values())) == before:
                return

    async def wait(self, seconds: float) -> None:
        """Let time pass, second by second, with the desk arranging what changes."""
        for _ in range(int(seconds)):
            await self.cloud.exchange.pass_time(1_000)
            await self.settle()

    async def live(self, seconds: float) -> None:
        """Let time pass in a house that stands: with its deadlines, and with the glances of an open account."""
        for second in range(int(seconds)):
            await self.wait(1)
            if second % GLANCE == 0:
                await self.channel.glance(self.desk)
            self.desk.pass_time()
            await self.settle()

    async def does(self, doing: Any) -> None:
        """Somebody does something with their phone, and everything that follows."""
        await doing
        await self.settle()

    async def talks(self, plan: CallPlan | None = None) -> tuple[Caller, Caller, Call]:
        """A caller who talks with agent 7: the caller, the agent's softphone, the call."""
        caller = await self.calls()
        call = self.desk.call(caller.sid)
        self.desk.accept(call.id)
        await self.settle()
        return caller, self.cloud.leg("client:agent_7_tab1"), self.desk.calls[call.id]

    async def restart(self, *, arranged: bool = True) -> None:
        """The hub forgets whatever its process knew. Without `arranged` only the account is opened anew."""
        tools = replace(self.bench.tools(self.http), calls=self.desk)
        self.channel = TwilioVoice(self.account, self.account.settings, tools)  # type: ignore[arg-type]
        for call_id in self.desk.calls if arranged else ():
            self.desk.stir(call_id)


@asynccontextmanager
async def town(settings: dict[str, Any] | None = None, *, plan: CallPlan = LINE) -> AsyncIterator[Town]:
    """The cloud serves, the door is open, and OURS is a number whose calls come to it."""
    clock = VirtualClock()
    cloud = TwilioCloud(account_sid=ACCOUNT, auth_token=TOKEN, clock=clock)
    cloud.exchange.passing = HeldTime(clock, clock.advance)
    desk = CallDesk(clock, plan=plan)
    holder: list[Town] = []

    async def take(request: web.Request) -> web.Response:
        it = holder[0]
        body, path = await request.read(), request.match_info.get("path", "")
        if it.slow:
            await asyncio.sleep(it.slow)
        if it.closed:
            return web.Response(status=503)
        url = f"http://{request.host}{request.raw_path}"
        try:
            reply = await it.channel.receive(WebhookRequest(url, request.headers, body, path), it.desk)
        except HubError as error:
            return web.Response(status=error.status)
        return web.Response(text=reply.body, status=reply.status, content_type=reply.content_type)

    app = web.Application()
    app.router.add_post("/in/pub-key", take)
    app.router.add_post("/in/pub-key/{path}", take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    public = f"http://127.0.0.1:{runner.addresses[0][1]}/in/pub-key"
    cloud.lines[OURS] = Line(public, fallback=f"{public}/fallback", status=f"{public}/status")
    try:
        async with cloud.serving() as origin, aiohttp.ClientSession() as http:
            known = {**KNOWN, "api_origin": origin, **(settings or {})}
            account = Account(7, "pub-key", "An account", MANIFEST.settings.model_validate(known), public)
            bench = Bench(clock)
            async with MANIFEST.open(account, replace(bench.tools(http), calls=desk)) as channel:
                assert isinstance(channel, TwilioVoice)
                holder.append(Town(cloud, channel, clock, desk, bench, account, http))
                yield holder[0]
    finally:
        await runner.cleanup()
