"""What the stand-in of Twilio knows, and how it shows it: resources as the API documents them."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.utils import format_datetime
from enum import StrEnum
from typing import Any

from crm_core.words.clock import Moment, as_datetime
from crm_core.words.segments import count

API_VERSION = "2010-04-01"


class Answer(StrEnum):
    """How the next message to be created is answered, instead of as it should be."""

    SERVER_ERROR = "500 after the message was accepted"
    CUT = "the connection is cut after the message was accepted"
    CUT_BEFORE = "the connection is cut and nothing was accepted"
    SLOW_DOWN = "429"
    UNAUTHORISED = "401"
    SUSPENDED = "the account is suspended"
    FORBIDDEN_COUNTRY = "21408"


class Refusal(Exception):
    """A request that Twilio refuses: HTTP status and its own code."""

    def __init__(self, status: int, code: int, words: str) -> None:
        super().__init__(words)
        self.status, self.code, self.words = status, code, words


@dataclass(slots=True)
class Manner:
    """How the stand-in behaves until told otherwise."""

    steps: tuple[str, ...] = ("queued", "sent", "delivered")
    """Statuses that a message goes through, each reported to its StatusCallback."""
    pace: float = 0.0
    """Seconds between two reports."""
    twice: bool = False
    """Reports everything twice."""
    shuffled: bool = False
    """Reports in any order."""
    silent: bool = False
    """Reports nothing."""
    late_files: int = 0
    """How often a file is asked for in vain before it is there."""
    windows: bool = True
    """Hands free words only to a WhatsApp that wrote within a day, as far as the stand-in knows."""
    redirects: bool = True
    """Files are elsewhere, as at Twilio, and the API redirects there."""


@dataclass(frozen=True, slots=True)
class Media:
    sid: str
    type: str
    content: bytes = field(repr=False)


@dataclass(slots=True)
class Service:
    """A messaging service: numbers that send under one name."""

    sid: str
    numbers: list[str]
    inbound_url: str = ""
    use_inbound_webhook_on_number: bool = False


@dataclass(slots=True, kw_only=True)
class Message:
    """A message at Twilio, either way."""

    sid: str
    account_sid: str
    sender: str
    to: str
    body: str
    inbound: bool
    at: Moment
    media: tuple[Media, ...] = ()
    media_urls: tuple[str, ...] = ()
    """Of ours: where Twilio would fetch the files."""
    status: str = "queued"
    error_code: int | None = None
    service: str | None = None
    callback: str = ""
    content_sid: str = ""
    extra: dict[str, str] = field(default_factory=dict)
    """Parameters of the webhook besides the usual ones; `PersistentAction` of ours."""

    @property
    def uri(self) -> str:
        return f"/{API_VERSION}/Accounts/{self.account_sid}/Messages/{self.sid}"

    def resource(self) -> dict[str, Any]:
        """The Message resource."""
        when = rfc2822(self.at)
        failed = self.error_code is not None
        return {
            "account_sid": self.account_sid,
            "api_version": API_VERSION,
            "body": self.body,
            "date_created": when,
            "date_sent": None if self.status in ("queued", "accepted") else when,
            "date_updated": when,
            "direction": "inbound" if self.inbound else "outbound-api",
            "error_code": self.error_code,
            "error_message": "It failed" if failed else None,
            "from": self.sender or None,
            "messaging_service_sid": self.service,
            "num_media": str(len(self.media) or len(self.media_urls)),
            "num_segments": str(max(1, count(self.body).parts)),
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{self.uri}/Media.json"},
            "to": self.to,
            "uri": f"{self.uri}.json",
        }

    def webhook(self) -> dict[str, str]:
        """The parameters of the webhook for an inbound message."""
        return {
            "AccountSid": self.account_sid,
            "ApiVersion": API_VERSION,
            "MessageSid": self.sid,
            "SmsSid": self.sid,
            "SmsMessageSid": self.sid,
            "From": self.sender,
            "To": self.to,
            "Body": self.body,
            "NumMedia": str(len(self.media)),
            "NumSegments": str(max(1, count(self.body).parts)),
            "SmsStatus": "received",
            **({"MessagingServiceSid": self.service} if self.service else {}),
            **self.extra,
        }

    def receipt(self, status: str) -> dict[str, str]:
        """The parameters of a StatusCallback."""
        fields = {
            "AccountSid": self.account_sid,
            "ApiVersion": API_VERSION,
            "MessageSid": self.sid,
            "SmsSid": self.sid,
            "MessageStatus": status,
            "SmsStatus": status,
            "From": self.sender,
            "To": self.to,
        }
        failed = status in ("failed", "undelivered") and self.error_code is not None
        return {**fields, "ErrorCode": str(self.error_code)} if failed else fields


def rfc2822(at: Moment) -> str:
    """A date as the 2010 API writes it: whole seconds."""
    return format_datetime(as_datetime(at).replace(microsecond=0)).replace("-0000", "+0000")


def iso(at: Moment) -> str:
    """A date as the newer APIs write it."""
    return as_datetime(at).strftime("%Y-%m-%dT%H:%M:%SZ")
