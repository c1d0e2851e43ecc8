"""Twilio on this machine: the account, its API over HTTP, and everybody's phones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from channels.simulators.twilio.api import Api
from channels.simulators.twilio.callers import Caller
from channels.simulators.twilio.calls_api import CallsApi
from channels.simulators.twilio.cloud import Cloud
from channels.simulators.twilio.exchange import Exchange
from channels.simulators.twilio.model import Message
from channels.simulators.twilio.phones import Phone
from crm_core.words.clock import Clock


class TwilioCloud(Cloud):
    """One account at Twilio. It keeps everything and is the truth that tests compare with."""

    def __init__(self, *, account_sid: str, auth_token: str, clock: Clock, seed: int = 0) -> None:
        super().__init__(account_sid=account_sid, auth_token=auth_token, clock=clock, seed=seed)
        self._phones: dict[str, Phone] = {}
        self.exchange = Exchange(self)
        """Its telephone exchange: numbers, calls, rooms, recordings."""

    def phone(self, number: str, *, name: str = "") -> Phone:
        """The phone with this number (or `whatsapp:` address), always the same one."""
        found = self._phones.setdefault(number, Phone(self, number))
        found.name = name or found.name
        return found

    def ring(self, message: Message) -> None:
        """Hand the message to its phone, whether somebody looks at it or not."""
        self.phone(message.to).take(message)

    def caller(self, caller: str, called: str, *, name: str = "", extra: dict[str, str] | None = None) -> Caller:
        """Somebody calls a number of the account; `extra` are further parameters of the webhook."""
        return Caller(self.exchange, self.exchange.ring_in(caller, called, name=name, extra=extra))

    def leg(self, to: str) -> Caller:
        """The newest call to this number, or `client:…`, as whoever it rings. Raises LookupError."""
        found = [call for call in self.exchange.calls if call.called == to and not call.inbound]
        if not found:
            raise LookupError(f"nobody has called {to}")
        return Caller(self.exchange, found[-1])

    @asynccontextmanager
    async def serving(self, *, port: int = 0) -> AsyncIterator[str]:
        """Serve the API on this machine and make reports, until the block ends; the origin, `http://127.0.0.1:…`."""
        app = Api(self).app()
        CallsApi(self.exchange).mount(app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", port)
            await site.start()
            self.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
            async with asyncio.TaskGroup() as group:
                self.exchange.open(group)
                for telling in (self.report(), self.exchange.reporting()):
                    self.exchange.running(group.create_task(telling))
                yield self.origin
                self.exchange.close()
        finally:
            await runner.cleanup()
