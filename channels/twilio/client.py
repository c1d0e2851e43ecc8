"""Twilio's REST API, asked with Twilio's own library over the hub's guarded HTTP client."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException  # type: ignore[import-untyped]
from twilio.http import AsyncHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from channels.contract import AccountBroken, ChannelError, TryLater, Unclear
from channels.twilio.reasons import consequence
from channels.twilio.settings import API, TwilioCredentials
from crm_core.words.clock import Moment, as_datetime

PATIENCE: Final = aiohttp.ClientTimeout(total=25, connect=10)
"""Seconds; a send has to be told of before its lease runs out."""
_NAMES: Final[Mapping[str, str]] = {
    "To": "to",
    "From": "from_",
    "Body": "body",
    "MediaUrl": "media_url",
    "StatusCallback": "status_callback",
    "MessagingServiceSid": "messaging_service_sid",
    "ContentSid": "content_sid",
    "ContentVariables": "content_variables",
    "PersistentAction": "persistent_action",
}
_silent: Final = logging.getLogger("switchboard.twilio")
_silent.disabled = True
"""Twilio's library logs addresses and bodies; they are personal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A message as Twilio keeps it."""

    sid: str
    sender: str
    to: str
    body: str
    status: str
    inbound: bool
    error_code: int | None
    media: int
    created_at: Moment
    """Whole seconds, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Number:
    """A phone number of the account, and where its messages go."""

    number: str
    sms_url: str


@dataclass(frozen=True, slots=True)
class Service:
    """A messaging service: where its messages go, or that each number's own address counts."""

    inbound_url: str
    defers_to_numbers: bool


class GuardedHttp(AsyncHttpClient):  # type: ignore[misc]
    """The transport that Twilio's library is given: the hub's own session, towards the configured origin.

    A connection lost half-way is Unclear for what changes something, and TryLater for what only asks.
    """

    def __init__(self, http: aiohttp.ClientSession, origin: str) -> None:
        super().__init__(_silent, True, None)
        self._http = http
        self._origin = origin
        self.retry_after = ""
        """Of the last answer that carried one, in seconds."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
        allow_redirects: bool = False,
    ) -> Response:
        """One request. Raises TryLater when nothing was sent, Unclear when nobody knows."""
        try:
            async with self._http.request(
                method,
                placed(url, self._origin),
                params=_pairs(params),
                data=_pairs(data) if method.upper() != "GET" else None,
                headers={**(headers or {}), **authorization(auth)},
                timeout=PATIENCE,
                allow_redirects=False,
            ) as answer:
                self.retry_after = answer.headers.get("Retry-After", "")
                return Response(answer.status, await answer.text(errors="replace"), dict(answer.headers))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise TryLater("Twilio cannot be reached.", why="twilio_unreachable") from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            if method.upper() == "GET":
                raise TryLater("Twilio did not answer.", why="twilio_silent") from error
            raise Unclear("Twilio did not answer; the message may have gone out.") from error


def authorization(credentials: tuple[str, str] | None) -> dict[str, str]:
    """The header that signs in with a name and a password; none for nobody."""
    if credentials is None:
        return {}
    name, password = credentials
    return {"Authorization": aiohttp.encode_basic_auth(name, password)}


def placed(url: str, origin: str) -> str:
    """An address of Twilio's library at the configured origin: another region, edge, or a stand-in.

    `https://messaging.twilio.com` keeps its product's name under Twilio's own domain.
    """
    if origin == API:
        return url
    parts, wanted = urlsplit(url), urlsplit(origin)
    host = wanted.netloc
    if (wanted.hostname or "").endswith(".twilio.com"):
        host = ".".join([(parts.hostname or "").partition(".")[0], host.partition(".")[2]])
    return parts._replace(scheme=wanted.scheme, netloc=host).geturl()


def _pairs(params: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Parameters as pairs, since lists are said by repeating the name."""
    pairs: list[tuple[str, str]] = []
    for name, value in (params or {}).items():
        if value is None:
            continue
        for one in value if isinstance(value, list | tuple) else [value]:
            pairs.append((name, one if isinstance(one, str) else str(one)))
    return pairs


class TwilioApi:
    """What this account asks of Twilio. Every method raises only the six failures of a channel."""

    def __init__(self, http: aiohttp.ClientSession, settings: TwilioCredentials) -> None:
        name, password = settings.credentials
        self._origin = settings.api_origin
        self._http = GuardedHttp(http, settings.api_origin)
        self._client = Client(name, password, settings.account_sid, http_client=self._http)

    async def create(self, parameters: Mapping[str, str | Sequence[str]]) -> Record:
        """Send a message. `parameters` have the names of the API's documentation."""
        said = {_NAMES[name]: list(v) if not isinstance(v, str) else v for name, v in parameters.items()}
        async with self._failures():
            return _record(await self._client.messages.create_async(**said))

    async def messages(
        self, *, to: str | None = None, sender: str | None = None, since: Moment | None = None
    ) -> AsyncGenerator[Record, None]:
        """Messages, the newest first as far as Twilio keeps to it; `since` is the moment they were sent at earliest."""
        asked: dict[str, Any] = {"page_size": 200}
        if to is not None:
            asked["to"] = to
        if sender is not None:
            asked["from_"] = sender
        if since is not None:
            asked["date_sent_after"] = as_datetime(since)
        async with self._failures():
            found = await self._client.messages.stream_async(**asked)
            async for one in found:
                yield _record(one)

    async def media_urls(self, sid: str) -> list[tuple[str, str]]:
        """Address and claimed type of each file of a message."""
        async with self._failures():
            found = await self._client.messages(sid).media.list_async(limit=20)
        return [(f"{self._origin}{one.uri.removesuffix('.json')}", one.content_type or "") for one in found]

    async def status(self) -> str:
        """The account's status: `active`, `suspended` or `closed`."""
        async with self._failures():
            return str((await self._client.api.accounts(self._client.account_sid).fetch_async()).status)

    async def number(self, number: str) -> Number | None:
        """One of the account's numbers, in E.164; none when it has no such number."""
        async with self._failures():
            found = await self._client.incoming_phone_numbers.list_async(phone_number=number, limit=1)
        return Number(found[0].phone_number, found[0].sms_url or "") if found else None

    async def service(self, sid: str) -> Service | None:
        """A messaging service; none when the account has no such service."""
        try:
            async with self._failures(missing_breaks=False):
                found = await self._client.messaging.v1.services(sid).fetch_async()
        except LookupError:
            return None
        return Service(found.inbound_request_url or "", bool(found.use_inbound_webhook_on_number))

    async def numbers_of(self, service: str) -> list[str]:
        """The numbers that a messaging service sends from, and its senders on other ways such as `whatsapp:+1415…`."""
        known = self._client.messaging.v1.services(service)
        async with self._failures():
            numbers = await known.phone_numbers.list_async(limit=400)
            senders = await known.channel_senders.list_async(limit=400)
        return [*(str(one.phone_number) for one in numbers), *(str(one.sender) for one in senders)]

    @asynccontextmanager
    async def _failures(self, *, missing_breaks: bool = True) -> AsyncIterator[None]:
        try:
            yield
        except TwilioRestException as error:
            if error.status == 404 and not missing_breaks:
                raise LookupError from error
            raise self._consequence(error.status, error.code) from error
        except TwilioException as error:
            # A page of a list that could not be had comes with its answer beside the words.
            answer = error.args[1] if len(error.args) > 1 else None
            status = getattr(answer, "status_code", 500)
            if status == 404 and not missing_breaks:
                raise LookupError from error
            raise self._consequence(status, None, reading=True) from error
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise Unclear("Twilio answered in a shape that nobody knows.") from error

    def _consequence(self, status: int, code: object, *, reading: bool = False) -> ChannelError:
        known = code if isinstance(code, int) and code >= 1_000 else None
        failure = consequence(status, known, retry_after=self._http.retry_after)
        if reading and not isinstance(failure, AccountBroken | TryLater):
            return TryLater("Twilio could not list what was asked for.")
        return failure


def _record(one: Any) -> Record:
    code = one.error_code
    return Record(
        sid=str(one.sid),
        sender=str(one.from_ or ""),
        to=str(one.to or ""),
        body=str(one.body or ""),
        status=str(getattr(one.status, "value", one.status) or ""),
        inbound=str(getattr(one.direction, "value", one.direction)) == "inbound",
        error_code=int(code) if code else None,
        media=int(one.num_media or 0),
        created_at=moment_of(one.date_sent) or moment_of(one.date_created) or 0,
    )


def moment_of(date: datetime | None) -> Moment | None:
    """A date of the API as a moment; none for none."""
    if not isinstance(date, datetime):
        return None
    return int(date.replace(tzinfo=date.tzinfo or UTC).timestamp()) * 1_000
