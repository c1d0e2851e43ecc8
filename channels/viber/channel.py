"""An open Viber bot."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

import aiohttp
import structlog

from channels.contract import (
    Account,
    AccountBroken,
    Capabilities,
    Channel,
    ChannelError,
    Deliver,
    MessageArrived,
    NotGenuine,
    OutboundMessage,
    Refused,
    Sent,
    Tools,
    TryLater,
    Unclear,
    WebhookReply,
    WebhookRequest,
)
from channels.viber.client import Api
from channels.viber.parse import Link, callback
from channels.viber.render import MAX_BUTTONS, MAX_FILE, MAX_TEXT, requests
from channels.viber.settings import ViberSettings
from crm_core.words.content import Content, ExternalId
from crm_core.words.errors import Conflict, TooLarge

SIGNATURE: Final = "x-viber-content-signature"
FILE_MISSING: Final = "file_missing"
"""`Content.problem`: Viber did not hand the file out."""
_POINTED_FOR: Final = 24 * 3600.0
"""Seconds after which Viber is told again where we are."""
_EVENTS: Final = ("delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started")
_CAPABILITIES: Final = Capabilities(
    max_text=MAX_TEXT, max_file_bytes=MAX_FILE, max_files=10, buttons=MAX_BUTTONS, receipts=True
)

log = structlog.get_logger(__name__)


class Viber:
    """One bot."""

    def __init__(
        self, account: Account, tools: Tools, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        settings = account.settings
        assert isinstance(settings, ViberSettings), "the registry hands each channel its own settings"
        self._account = account
        self._settings = settings
        self._tools = tools
        self._sleep = sleep
        self._key = settings.auth_token.get_secret_value()
        self._api = Api(tools.http, self._key, settings.api_url)

    @property
    def capabilities(self) -> Capabilities:
        return _CAPABILITIES

    async def send(self, message: OutboundMessage, /) -> Sent:
        """Send a message in as many parts as it needs."""
        sent: list[ExternalId] = [*message.sent]
        parts = requests(message, self._settings.sender_name, self._tools.files.link)
        for part in parts[len(sent) :]:
            try:
                answer = await self._api.post("send_message", part)
            except ChannelError as error:
                if len(sent) == len(message.sent):
                    raise
                said = f"Only the first {len(sent)} of {len(parts)} parts reached Viber. {error}"
                raise Unclear(said, sent=sent) from error
            sent.append(ExternalId(str(answer.get("message_token"))))
        return Sent(tuple(sent))

    async def receive(self, request: WebhookRequest, deliver: Deliver, /) -> WebhookReply:
        """Take one callback. Raises NotGenuine without Viber's signature, NotUnderstood, StoreUnavailable, TryLater."""
        shown = next((value for name, value in request.headers.items() if name.lower() == SIGNATURE), "")
        signed = hmac.new(self._key.encode(), request.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(shown.lower().encode("utf-8", "replace"), signed.encode()):
            raise NotGenuine("The callback is not signed with this bot's key.")
        said = callback(request.body, self._account.public_key)
        event = said.event
        if isinstance(event, MessageArrived) and said.file is not None:
            event = replace(event, content=await self._with_file(event.content, said.file))
        if event is not None:
            try:
                await deliver(event)
            except Conflict:
                # Told again, and its file fetched again under another name: it is stored.
                log.warning("a message was told again in other words")
        return WebhookReply()

    async def listen(self, deliver: Deliver, /) -> None:
        """Keep Viber told where we are. It calls us before it answers, so the account must be open by then."""
        if not self._settings.calls(self._account.public_url):
            raise AccountBroken("Viber calls only https addresses; set the hub's public address.")
        while True:
            try:
                await self._api.post("set_webhook", {"url": self._account.public_url, "event_types": list(_EVENTS)})
            except Unclear as error:
                raise TryLater("Viber did not answer.") from error
            except Refused as error:
                raise TryLater(f"Viber could not reach this hub. {error}", after_ms=60_000) from error
            await self._sleep(_POINTED_FOR)

    async def _with_file(self, content: Content, file: Link) -> Content:
        """The content with its file. Raises TryLater while Viber's files are away."""
        try:
            return replace(content, files=(await self._tools.files.keep(file.name, self._fetched(file.url)),))
        except (Refused, TooLarge):
            words = "\n".join(part for part in (content.text, f"📎 {file.name}") if part)
            return replace(content, text=words, problem=FILE_MISSING)

    async def _fetched(self, url: str) -> AsyncIterator[bytes]:
        try:
            async with self._tools.http.get(url, timeout=aiohttp.ClientTimeout(total=60)) as reply:
                if reply.status != 200:
                    raise Refused if reply.status < 500 else TryLater
                async for chunk in reply.content.iter_chunked(65_536):
                    yield chunk
        except (aiohttp.ClientError, TimeoutError) as error:
            raise TryLater("A file could not be fetched from Viber.") from error
        except ValueError as error:
            raise Refused("This is no address of a file.") from error


@asynccontextmanager
async def open_viber(account: Account, tools: Tools) -> AsyncIterator[Channel]:
    """Open the account; nothing is asked of Viber yet (`Viber.listen`)."""
    yield Viber(account, tools)
