"""An SMS gateway on this machine, such as many countries have: JSON by HTTP out, signed reports in, phones in Python.

gateway = HttpGateway(key="k", secret="s", clock=clock)
gateway.reports = f"{hub}/in/{public_key}"      # receipts go below it, to /status
phone = gateway.phone("+48600100200")
async with gateway.serving() as origin:         # settings: settings_of(origin, …)
    phone.text("8808", "hello")
    async for message in phone.messages(): …
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from aiohttp import web

from channels.simulators.calling import Caller, Owed
from crm_core.words.addresses import phone as number_of
from crm_core.words.clock import Clock, as_datetime
from crm_core.words.errors import Invalid

SIGNATURE: Final = "X-Gateway-Signature"
_MOST_TEXT: Final = 1_000

Json = dict[str, Any]


def settings_of(origin: str, *, key: str, secret: str, sender: str) -> Json:
    """The settings of an account at this gateway, as an administrator copies them from its manual."""
    body = {"recipient": "{to}", "sender": "{from}", "message": "{text}", "reference": "{id}"}
    return {
        "sender": sender,
        "url": f"{origin}/v1/messages",
        "body": json.dumps(body),
        "auth": "bearer",
        "auth_secret": key,
        "answer_id": "data.messageId",
        "recognises_id": True,
        "max_text": _MOST_TEXT,
        "check": "hmac",
        "check_name": SIGNATURE,
        "check_secret": secret,
        "in_list": "data",
        "in_id": "messageId",
        "in_from": "source",
        "in_to": "destination",
        "in_text": "message",
        "in_time": "sentAt",
        "receipt_id": "messageId",
        "receipt_ref": "reference",
        "receipt_status": "state",
        "receipt_reason": "reason",
        "statuses": {"ACCEPTED": "sent", "DELIVERED": "delivered", "REJECTED": "failed"},
    }


class Trouble(Enum):
    """How the next message is answered, instead of as it should be."""

    UNAUTHORISED = "401, nothing sent"
    TOO_MANY = "429, nothing sent"
    REFUSED = "422, nothing sent"
    FAILS_AFTER = "500, sent all the same"
    CUT = "the connection is cut without an answer, sent all the same"
    CUT_BEFORE = "the connection is cut, nothing sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One message at the gateway, either way."""

    id: str
    sender: str
    to: str
    text: str
    reference: str = ""
    """Ours, of what the hub sends."""
    inbound: bool = False


class Handset:
    """One phone."""

    def __init__(self, gateway: HttpGateway, number: str) -> None:
        self._gateway = gateway
        self.number = number
        self.kept: list[Text] = []
        """What it sent and got, oldest first."""
        self.is_reached = True
        self._watchers: set[asyncio.Queue[Text]] = set()

    def text(self, to: str, words: str) -> Text:
        """Write to a number of the account."""
        message = self._gateway.take_in(self.number, to, words)
        self.keep(message)
        return message

    def keep(self, message: Text) -> None:
        """Let a message stand on the phone."""
        self.kept.append(message)
        for news in self._watchers:
            news.put_nowait(message)

    async def messages(self) -> AsyncIterator[Text]:
        """What comes to stand on the phone from now on, its owner's messages too."""
        news: asyncio.Queue[Text] = asyncio.Queue()
        self._watchers.add(news)
        try:
            while True:
                yield await news.get()
        finally:
            self._watchers.discard(news)


class HttpGateway:
    """One customer's account. It keeps everything and is the truth that tests compare with."""

    def __init__(self, *, key: str, secret: str, clock: Clock) -> None:
        self.key = key
        self.secret = secret
        self.reports = ""
        """Where messages are reported to; receipts go below it, to `/status`."""
        self.sent: dict[str, Text] = {}
        """What the hub sent, by its reference: the same reference again is the same message."""
        self.troubles: deque[Trouble | None] = deque()
        """One is taken for every message to be sent; none lets it go well."""
        self.caller = Caller()
        self._phones: dict[str, Handset] = {}
        self._clock = clock
        self._counted = 0
        self._run = clock()

    def phone(self, number: str) -> Handset:
        """The phone with this number (E.164), always the same one."""
        return self._phones.setdefault(number, Handset(self, number))

    def take_in(self, sender: str, to: str, words: str) -> Text:
        """A message from a phone: it is reported until the hub has it."""
        message = Text(id=self._next(), sender=sender, to=to, text=words, inbound=True)
        at = as_datetime(self._clock()).isoformat()
        record = {"messageId": message.id, "source": sender, "destination": to, "message": words, "sentAt": at}
        self._report("", record)
        return message

    @asynccontextmanager
    async def serving(self, *, port: int = 0) -> AsyncIterator[str]:
        """Serve on this machine and make reports until the block ends; the origin, `http://127.0.0.1:…`."""
        app = web.Application()
        app.router.add_post("/v1/messages", self._asked)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            async with asyncio.TaskGroup() as group:
                calling = group.create_task(self.caller.run())
                try:
                    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
                finally:
                    calling.cancel()
        finally:
            await runner.cleanup()

    async def _asked(self, request: web.Request) -> web.Response:
        trouble = self.troubles.popleft() if self.troubles else None
        right = hmac.compare_digest(request.headers.get("Authorization", ""), f"Bearer {self.key}")
        if not right or trouble is Trouble.UNAUTHORISED:
            return _error(401, "unknown key")
        if trouble is Trouble.TOO_MANY:
            return _error(429, "too many requests")
        if trouble is Trouble.CUT_BEFORE:
            return _cut(request)
        try:
            wanted = self._read(await request.json())
        except (ValueError, TypeError, Invalid) as error:
            return _error(422, str(error))
        if trouble is Trouble.REFUSED:
            return _error(422, "told to")
        message = self._send(wanted)
        if trouble is Trouble.CUT:
            return _cut(request)
        if trouble is Trouble.FAILS_AFTER:
            return _error(500, "told to")
        return web.json_response({"data": {"messageId": message.id, "reference": message.reference}}, status=202)

    def _read(self, said: Mapping[str, Any]) -> Text:
        """What shall be sent. Raises ValueError and Invalid for what no gateway takes."""
        texts = {name: said.get(name) for name in ("recipient", "sender", "message", "reference")}
        if not all(isinstance(text, str) and text for text in texts.values()):
            raise ValueError("a field is missing")
        to, text = str(texts["recipient"]), str(texts["message"])
        if number_of(to).value != to:
            raise ValueError("the recipient is no number")
        if len(text) > _MOST_TEXT:
            raise ValueError("the message is too long")
        return Text(id="", sender=str(texts["sender"]), to=to, text=text, reference=str(texts["reference"]))

    def _send(self, wanted: Text) -> Text:
        known = self.sent.get(wanted.reference)
        if known is not None:
            return known
        message = Text(
            id=self._next(), sender=wanted.sender, to=wanted.to, text=wanted.text, reference=wanted.reference
        )
        self.sent[message.reference] = message
        phone = self.phone(message.to)
        record = {"messageId": message.id, "reference": message.reference, "reason": ""}
        if phone.is_reached:
            phone.keep(message)
            for state in ("ACCEPTED", "DELIVERED"):
                self._report("/status", {**record, "state": state})
        else:
            self._report("/status", {**record, "state": "REJECTED", "reason": "The number is not in use."})
        return message

    def _report(self, below: str, record: Json) -> None:
        if not self.reports:
            return
        body = json.dumps({"data": [record]}, ensure_ascii=False).encode()
        right = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", SIGNATURE: f"sha256={right}"}
        self.caller.owe(Owed(f"{self.reports}{below}", body, headers))

    def _next(self) -> str:
        """An id that no run before has given: the hub remembers those."""
        self._counted += 1
        return f"{self._run:x}-{self._counted}"


def _error(status: int, words: str) -> web.Response:
    return web.json_response({"error": {"text": words}}, status=status)


def _cut(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response(status=500)
