"""An open Telegram bot: how it writes, and the two ways in which it hears."""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from aiogram.methods import DeleteWebhook, GetMe, SendChatAction, SetWebhook

from channels.contract import (
    Account,
    AccountBroken,
    Capabilities,
    Channel,
    ChannelError,
    Deliver,
    NotGenuine,
    NotUnderstood,
    OutboundMessage,
    Refused,
    Sent,
    Tools,
    WebhookReply,
    WebhookRequest,
)
from channels.telegram.client import ANSWER, Api, Elsewhere
from channels.telegram.intake import Intake
from channels.telegram.parse import TAKEN, body, update
from channels.telegram.polling import Poller
from channels.telegram.render import MAX_BUTTONS, MAX_FILE, requests, where, where_to
from channels.telegram.sending import PATIENCE, Sender, Sleep
from channels.telegram.settings import TelegramSettings
from crm_core.words.content import ThreadKey
from crm_core.words.errors import Invalid, NotFound

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105
_MAX_FILES: Final = 10
_NAME: Final = re.compile(r"[A-Za-z0-9_]{3,64}")
_CAPABILITIES: Final = Capabilities(
    max_file_bytes=MAX_FILE,
    max_files=_MAX_FILES,
    html=True,
    buttons=MAX_BUTTONS,
    typing=True,
    # Parts wait for their turn for PATIENCE at most; then one more may go, as a file where a picture is not taken.
    send_seconds=PATIENCE / 1000 + 3 * ANSWER,
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the channel waits. Tests have less patience."""

    sleep: Sleep = asyncio.sleep
    answer: float = ANSWER
    """Seconds until a request counts as unanswered."""
    poll: int = 25
    """Seconds for which Telegram holds a poll open."""


class Telegram:
    """What both ways of hearing have in common."""

    def __init__(self, account: Account, tools: Tools, pace: Pace) -> None:
        settings = account.settings
        assert isinstance(settings, TelegramSettings), "the registry hands each channel its own settings"
        self._account = account
        self._settings = settings
        self._tools = tools
        self._pace = pace
        self._api = Api(tools.http, settings.bot_token.get_secret_value(), settings.api_url, answer=pace.answer)
        self._intake = Intake(self._api, tools.files)
        self._sender = Sender(self._api, tools.now, pace.sleep)
        self._capabilities = _CAPABILITIES

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    async def introduce(self) -> None:
        """Ask how the bot is called, for links that lead to it. Without an answer there are no such links."""
        try:
            me = await self._api.ask(GetMe())
        except ChannelError as error:
            log.warning("a bot's name could not be asked for", account=self._account.id, why=str(error))
            return
        name = str(me.get("username", "")) if isinstance(me, dict) else ""
        if _NAME.fullmatch(name):
            self._capabilities = replace(_CAPABILITIES, invitation=f"https://t.me/{name}?start={{token}}")

    async def send(self, message: OutboundMessage, /) -> Sent:
        """Send a message in as many parts as it needs; the first part's id comes first."""
        try:
            files = [await self._tools.files.read(file) for file in message.content.files]
        except NotFound as error:
            raise Refused("A file of this message is gone.") from error
        return Sent(await self._sender.send(where_to(message), requests(message, files), message.sent))

    async def show_typing(self, thread: ThreadKey, /, *, on: bool) -> None:
        """Show that somebody types, for the five seconds that Telegram shows it; there is no way to stop it."""
        if not on:
            return
        try:
            await self._api.ask(SendChatAction(action="typing", **where(thread).fields))
        except ChannelError as error:
            log.debug("typing could not be shown", why=str(error))


class TelegramWebhook(Telegram):
    """A bot that Telegram calls."""

    async def point(self) -> None:
        """Tell Telegram where we are; telling it again changes nothing. Raises AccountBroken, TryLater."""
        if not self._account.public_url:
            raise AccountBroken("The hub does not know its own public address, so Telegram cannot call it.")
        try:
            await self._api.ask(
                SetWebhook(
                    url=self._account.public_url,
                    secret_token=self._settings.webhook_secret.get_secret_value(),
                    allowed_updates=list(TAKEN),
                    # One after the other: two quick messages of one person stay in their order.
                    max_connections=1,
                )
            )
        except Refused as error:
            raise AccountBroken(f"Telegram does not take this hub's address for webhooks. {error}") from error

    async def receive(self, request: WebhookRequest, deliver: Deliver, /) -> WebhookReply:
        """Take one update. Raises NotGenuine without the secret, NotUnderstood, StoreUnavailable, TryLater."""
        self._check(request.headers)
        raw = body(request.body)
        said = update(raw, self._tools.now())
        try:
            await self._intake.take(said, raw, deliver)
        except (Invalid, NotFound) as error:
            # Told again it would be refused again, and hold up all that comes after it.
            raise NotUnderstood(str(error)) from error
        return WebhookReply()

    def _check(self, headers: Mapping[str, str]) -> None:
        shown = next((value for name, value in headers.items() if name.lower() == SECRET_HEADER.lower()), "")
        secret = self._settings.webhook_secret.get_secret_value()
        if not secret or not hmac.compare_digest(shown.encode("utf-8", "replace"), secret.encode()):
            raise NotGenuine("The webhook does not show this bot's secret.")


class TelegramPolling(Telegram):
    """A bot that asks Telegram."""

    async def unpoint(self) -> None:
        """Take a webhook away, which would hinder polling; what waits there stays. Raises AccountBroken, TryLater."""
        await self._api.ask(DeleteWebhook(drop_pending_updates=False))

    async def listen(self, deliver: Deliver, /) -> None:
        """Ask for updates until cancelled. Raises TryLater when Telegram is away for long, AccountBroken."""
        poller = Poller(self._api, self._intake, self._tools, self._pace.sleep, hold=self._pace.poll)
        try:
            await poller.run(deliver)
        except Elsewhere:
            # It may also be a webhook that somebody has set since we opened.
            await self.unpoint()
            raise


@asynccontextmanager
async def open_telegram(account: Account, tools: Tools, /, *, pace: Pace | None = None) -> AsyncIterator[Channel]:
    """Open the account and choose its way of hearing. Raises AccountBroken, TryLater."""
    settings: Any = account.settings
    if settings.mode == "webhook":
        called = TelegramWebhook(account, tools, pace or Pace())
        await called.point()
        await called.introduce()
        yield called
    else:
        asking = TelegramPolling(account, tools, pace or Pace())
        await asking.unpoint()
        await asking.introduce()
        yield asking
