"""A channel of the bench's own: signed JSON by webhook. Found as a third party's is, in the bench's child only."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import msgspec
from pydantic import BaseModel, SecretStr

from channels.contract import (
    Account,
    Capabilities,
    Channel,
    Deliver,
    Manifest,
    MessageArrived,
    NotGenuine,
    Tools,
    WebhookReply,
    WebhookRequest,
)
from crm_core.words.clock import Moment
from crm_core.words.content import Content, ExternalId, Medium, ThreadKey
from hub.bench.desk import People

KIND: Final = "bench"
SIGNATURE: Final = "X-Signature"


class Settings(BaseModel):
    """What an account of this channel is told."""

    secret: SecretStr


class Payload(msgspec.Struct):
    """One message as the pretended provider writes it."""

    id: str
    sender: int
    text: str
    sent_at: Moment


_decoder: Final = msgspec.json.Decoder(Payload)


def signature(secret: bytes, body: bytes) -> str:
    """HMAC-SHA256 of the raw body, in hexadecimal digits."""
    return hmac.new(secret, body, hashlib.sha256).hexdigest()


def payload(message: MessageArrived) -> bytes:
    """A message as the body of a webhook."""
    return json.dumps(
        {
            "id": message.external_id,
            "sender": int(message.sender.value.rpartition("-")[2]),
            "text": message.content.text,
            "sent_at": message.sent_at,
        }
    ).encode()


class Webhooks:
    """An open account."""

    def __init__(self, account: Account) -> None:
        settings = account.settings
        assert isinstance(settings, Settings)
        self._secret = settings.secret.get_secret_value().encode()

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    async def receive(self, request: WebhookRequest, deliver: Deliver, /) -> WebhookReply:
        """Check the signature, hand the message in, and answer. Raises NotGenuine."""
        given = request.headers.get(SIGNATURE, "")
        if not hmac.compare_digest(given.encode(), signature(self._secret, request.body).encode()):
            raise NotGenuine
        said = _decoder.decode(request.body)
        sender = People.address(said.sender)
        await deliver(
            MessageArrived(
                external_id=ExternalId(said.id),
                thread=ThreadKey(sender.value),
                sender=sender,
                sender_name=f"Visitor {said.sender}",
                content=Content(text=said.text),
                sent_at=said.sent_at,
            )
        )
        return WebhookReply()


@asynccontextmanager
async def _open(account: Account, _tools: Tools) -> AsyncIterator[Channel]:
    yield Webhooks(account)


MANIFEST: Final = Manifest(title="Bench", medium=Medium.CHAT, settings=Settings, open=_open)
