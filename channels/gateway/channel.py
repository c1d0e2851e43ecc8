"""An open gateway account."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import structlog

from channels.contract import (
    Account,
    AccountBroken,
    Capabilities,
    Channel,
    Deliver,
    Finding,
    Forbidden,
    MessageArrived,
    NoSuchHost,
    NotUnderstood,
    OutboundMessage,
    Problem,
    Refused,
    Sent,
    Tools,
    TryLater,
    Unclear,
    WebhookReply,
    WebhookRequest,
)
from channels.gateway import parse, render
from channels.gateway.settings import GatewaySettings
from crm_core.words.content import ExternalId
from crm_core.words.errors import Conflict, Invalid
from crm_core.words.texting import asks_help, wish

PATIENCE: Final = aiohttp.ClientTimeout(total=25, connect=10)
"""Seconds; a send has to be told of before its lease runs out."""
MOST_ANSWER: Final = 64 * 1024
"""Bytes of an answer that are read."""

log = structlog.get_logger(__name__)


class Gateway:
    """Sends by one HTTP request a message and takes reports at its address."""

    def __init__(self, account: Account, settings: GatewaySettings, tools: Tools) -> None:
        self._account = account
        self._settings = settings
        self._tools = tools

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            max_text=self._settings.max_text,
            segments=True,
            receipts=bool(self._settings.receipt_status),
            dedupes_sends=self._settings.recognises_id,
            can_start=True,
        )

    async def send(self, message: OutboundMessage, /) -> Sent:
        """Ask the gateway to send it; its own id for it, or ours when it gives none."""
        asked = render.request(message, self._settings)
        try:
            async with self._tools.http.request(
                asked.method,
                asked.url,
                data=asked.body,
                headers=asked.headers,
                timeout=PATIENCE,
                allow_redirects=False,
            ) as answer:
                body = await answer.content.read(MOST_ANSWER)
                self._judge(answer.status, answer.headers.get("Retry-After", ""), body)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise TryLater("The gateway cannot be reached.") from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise Unclear("The gateway did not answer; the message may have gone out.") from error
        named = parse.answered_id(body, self._settings)
        return Sent((ExternalId(named or f"ref:{message.delivery}"),))

    def _judge(self, status: int, retry_after: str, body: bytes) -> None:
        """Raises what an answer leads to, unless it is a success."""
        if status in self._settings.success:
            error = parse.answered_error(body, self._settings)
            if error:
                raise Refused(f"The gateway refused it: {error}")
            return
        if status in (401, 403):
            raise AccountBroken("The gateway does not accept these credentials.")
        if status == 429:
            seconds = int(retry_after) if retry_after.isdecimal() and len(retry_after) < 6 else None
            raise TryLater("The gateway asks for patience.", after_ms=None if seconds is None else seconds * 1_000)
        if status >= 500:
            raise Unclear("The gateway failed after it got the message; it may have gone out.")
        raise Refused(f"The gateway refused it (HTTP {status}).")

    async def receive(self, request: WebhookRequest, deliver: Deliver, /) -> WebhookReply:
        """Take messages at the account's address, and receipts below it at `/status`."""
        path = parse.genuine_path(request, self._settings)
        if path not in ("", parse.RECEIPTS):
            raise NotUnderstood("The gateway called an address of ours that means nothing.")
        strange: NotUnderstood | None = None
        for record in parse.records(parse.data_of(request), self._settings):
            try:
                if path == parse.RECEIPTS:
                    await self._report(record, deliver)
                else:
                    await self._take(record, deliver)
            except NotUnderstood as error:
                # One that nobody understands must not keep the others out.
                strange = error
        if strange is not None:
            raise strange
        return WebhookReply(self._settings.reply)

    async def _take(self, record: object, deliver: Deliver) -> None:
        message = parse.arrived(record, self._settings, self._tools.now(), region=self._account.region)
        text = message.content.text
        helps = self._settings.help_text.replace("{name}", self._account.name)
        asks = asks_help(text, carrier_words=False)
        message = replace(message, reach=wish(text, carrier_words=False), help=helps if asks else None)
        try:
            await deliver(message)
        except Conflict:
            log.error("a message came again with other words", account=self._account.id, message=message.external_id)
        except Invalid:
            await self._take_what_fits(message, record, deliver)

    async def _take_what_fits(self, message: MessageArrived, record: object, deliver: Deliver) -> None:
        """Hand a message in that is too long to be stored whole, its record beside it."""
        log.warning("a message does not fit", account=self._account.id, message=message.external_id)
        body = json.dumps(record, ensure_ascii=False).encode("utf-8", "replace")
        try:
            await deliver(replace(message, raw=await self._tools.files.keep("record.json", body)))
        except Conflict:
            log.error("a message came again with other words", account=self._account.id, message=message.external_id)
        except Invalid as error:
            raise NotUnderstood(str(error)) from error

    async def _report(self, record: object, deliver: Deliver) -> None:
        report = parse.receipt(record, self._settings, self._tools.now())
        if report is None:
            log.info("a receipt that means nothing here", account=self._account.id)
            return
        await deliver(report)


@asynccontextmanager
async def open_gateway(account: Account, tools: Tools) -> AsyncIterator[Channel]:
    """Open the account; there is no connection to keep."""
    assert isinstance(account.settings, GatewaySettings), "the registry hands each channel its own settings"
    yield Gateway(account, account.settings, tools)


async def examine_gateway(account: Account, tools: Tools) -> Sequence[Finding]:
    """Whether the gateway's host can be reached. Nothing is sent, so the password is not tried."""
    assert isinstance(account.settings, GatewaySettings), "the registry hands each channel its own settings"
    parts = urlsplit(account.settings.url)
    try:
        await tools.peers.addresses(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        async with tools.http.head(
            f"{parts.scheme}://{parts.netloc}/", timeout=PATIENCE, allow_redirects=False
        ) as answer:
            answer.release()
    except NoSuchHost:
        return [Finding(step="server", problem=Problem.NAME)]
    except Forbidden:
        return [Finding(step="server", problem=Problem.FORBIDDEN)]
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError):
        return [Finding(step="server", problem=Problem.TLS)]
    except (aiohttp.ClientConnectorError, TimeoutError):
        return [Finding(step="server", problem=Problem.UNREACHABLE)]
    except (aiohttp.ClientError, OSError):
        return [Finding(step="server", problem=Problem.PROTOCOL)]
    untried = Finding.told("credentials", None, "Send a message to try the password.", why="untried")
    return [Finding(step="server"), untried]
