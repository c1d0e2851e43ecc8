"""The REST API of the stand-in, as Twilio's OpenAPI document describes it."""

from __future__ import annotations

import asyncio
import base64
import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from channels.simulators.twilio.cloud import Cloud
from channels.simulators.twilio.model import API_VERSION, Answer, Message, Refusal, Service, iso, rfc2822
from channels.simulators.twilio.telephony import Line
from crm_core.words.clock import DAY, Moment

_REFUSALS: Final[Mapping[Answer, tuple[int, int, str]]] = {
    Answer.SLOW_DOWN: (429, 20429, "Too Many Requests"),
    Answer.UNAUTHORISED: (401, 20003, "Authenticate"),
    Answer.SUSPENDED: (403, 20005, "Account not active"),
    Answer.FORBIDDEN_COUNTRY: (400, 21408, "Permission to send an SMS has not been enabled for the region"),
}
_ACCOUNT: Final = f"/{API_VERSION}/Accounts/{{account}}"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Api:
    """The handlers, over one cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def app(self) -> web.Application:
        """The API as an application of its own."""

        @web.middleware
        async def answering(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._answering(request, handler)

        app = web.Application(client_max_size=2**20, middlewares=[answering])
        add = app.router.add_route
        add("POST", f"{_ACCOUNT}/Messages.json", self.create)
        add("GET", f"{_ACCOUNT}/Messages.json", self.messages)
        add("GET", f"{_ACCOUNT}/Messages/{{sid}}/Media.json", self.media_list)
        add("GET", f"{_ACCOUNT}/Messages/{{message}}/Media/{{sid}}.json", self.media_resource)
        add("GET", f"{_ACCOUNT}/Messages/{{message}}/Media/{{sid}}", self.media)
        add("GET", f"{_ACCOUNT}/Messages/{{sid}}.json", self.message)
        add("GET", f"{_ACCOUNT}/IncomingPhoneNumbers.json", self.numbers)
        add("GET", f"{_ACCOUNT}.json", self.account)
        add("GET", "/v1/Services/{sid}", self.service)
        add("GET", "/v1/Services/{sid}/PhoneNumbers", self.service_numbers)
        add("GET", "/v1/Services/{sid}/ChannelSenders", self.service_senders)
        add("GET", "/store/{sid}", self.stored)
        return app

    async def _answering(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        cloud = self._cloud
        given = request.headers.get("Authorization", "")
        cloud.asked.append((request.method, request.path, bool(given)))
        wanted = base64.b64encode(f"{cloud.account_sid}:{cloud.auth_token}".encode()).decode()
        try:
            if not request.path.startswith("/store/"):
                if not hmac.compare_digest(given.encode(), f"Basic {wanted}".encode()):
                    raise Refusal(401, 20003, "Authenticate")
                if request.match_info.get("account", cloud.account_sid) != cloud.account_sid:
                    raise Refusal(404, 20404, "The requested resource was not found")
            return await handler(request)
        except Refusal as error:
            return refusal(error.status, error.code, error.words)

    # --- messages -------------------------------------------------------------------------------

    async def create(self, request: web.Request) -> web.StreamResponse:
        """POST Messages.json."""
        fields: dict[str, list[str]] = {}
        for name, value in parse_qsl(await request.text(), keep_blank_values=True):
            fields.setdefault(name, []).append(value)
        answer = self._cloud.answers.popleft() if self._cloud.answers else None
        if answer is not None and answer in _REFUSALS:
            raise Refusal(*_REFUSALS[answer])
        if answer is Answer.CUT_BEFORE:
            return await cut(request)
        message = self._cloud.accept(fields)
        if answer is Answer.SERVER_ERROR:
            raise Refusal(500, 20500, "Internal Server Error")
        if answer is Answer.CUT:
            return await cut(request)
        return web.json_response(message.resource(), status=201)

    async def messages(self, request: web.Request) -> web.StreamResponse:
        """GET Messages.json, the newest first."""
        asked = dict(parse_qsl(request.query_string, keep_blank_values=True))
        found = [m for m in reversed(self._cloud.messages) if _listed(m, asked)]
        size, page = int(asked.get("PageSize", "50")), int(asked.get("Page", "0"))
        part = found[page * size : (page + 1) * size]
        more = len(found) > (page + 1) * size
        here = f"/{API_VERSION}/Accounts/{self._cloud.account_sid}/Messages.json"

        def at(number: int) -> str:
            return f"{here}?{urlencode({**asked, 'PageSize': size, 'Page': number})}"

        return web.json_response(
            {
                "messages": [m.resource() for m in part],
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": max(0, page * size + len(part) - 1),
                "uri": at(page),
                "first_page_uri": at(0),
                "next_page_uri": at(page + 1) if more else None,
                "previous_page_uri": at(page - 1) if page else None,
            }
        )

    async def message(self, request: web.Request) -> web.StreamResponse:
        """GET Messages/{Sid}.json."""
        return web.json_response(self._message(request.match_info["sid"]).resource())

    def _message(self, sid: str) -> Message:
        found = next((m for m in self._cloud.messages if m.sid == sid), None)
        if found is None:
            raise Refusal(404, 20404, f"The requested resource {sid} was not found")
        return found

    # --- media ----------------------------------------------------------------------------------

    async def media_list(self, request: web.Request) -> web.StreamResponse:
        """GET Messages/{Sid}/Media.json."""
        message = self._message(request.match_info["sid"])
        listed = [self._media_resource(message, sid) for sid in (m.sid for m in message.media)]
        uri = f"{message.uri}/Media.json"
        return web.json_response(
            {
                "media_list": listed,
                "page": 0,
                "page_size": 50,
                "start": 0,
                "end": max(0, len(listed) - 1),
                "uri": uri,
                "first_page_uri": uri,
                "next_page_uri": None,
                "previous_page_uri": None,
            }
        )

    async def media_resource(self, request: web.Request) -> web.StreamResponse:
        """GET Messages/{Sid}/Media/{Sid}.json."""
        message = self._message(request.match_info["message"])
        return web.json_response(self._media_resource(message, request.match_info["sid"]))

    def _media_resource(self, message: Message, sid: str) -> dict[str, Any]:
        media = next((m for m in message.media if m.sid == sid), None)
        if media is None:
            raise Refusal(404, 20404, "The requested resource was not found")
        return {
            "account_sid": message.account_sid,
            "content_type": media.type,
            "date_created": rfc2822(message.at),
            "date_updated": rfc2822(message.at),
            "parent_sid": message.sid,
            "sid": sid,
            "uri": f"{message.uri}/Media/{sid}.json",
        }

    async def media(self, request: web.Request) -> web.StreamResponse:
        """GET Messages/{Sid}/Media/{Sid}: the file, or where it is."""
        if self._cloud.manner.late_files:
            self._cloud.manner.late_files -= 1
            raise Refusal(404, 20404, "The requested resource was not found")
        if self._cloud.manner.redirects or self._cloud.elsewhere:
            place = f"{self._cloud.elsewhere}/store/{request.match_info['sid']}"
            return web.Response(status=307, headers={"Location": place})
        return await self.stored(request)

    async def stored(self, request: web.Request) -> web.StreamResponse:
        """The file's bytes."""
        media = self._cloud.media(request.match_info["sid"])
        if media is None:
            raise Refusal(404, 20404, "The requested resource was not found")
        return web.Response(body=media.content, content_type=media.type)

    # --- the account ----------------------------------------------------------------------------

    async def account(self, request: web.Request) -> web.StreamResponse:
        """GET Accounts/{Sid}.json."""
        sid, when = self._cloud.account_sid, rfc2822(self._cloud.now())
        return web.json_response(
            {
                "auth_token": None,
                "date_created": when,
                "date_updated": when,
                "friendly_name": "The stand-in",
                "owner_account_sid": sid,
                "sid": sid,
                "status": self._cloud.account_status,
                "subresource_uris": {"messages": f"/{API_VERSION}/Accounts/{sid}/Messages.json"},
                "type": "Full",
                "uri": f"/{API_VERSION}/Accounts/{sid}.json",
            }
        )

    async def numbers(self, request: web.Request) -> web.StreamResponse:
        """GET IncomingPhoneNumbers.json."""
        wanted = request.query.get("PhoneNumber", "")
        listed = [
            self._number(number, url)
            for number, url in {**dict.fromkeys(self._cloud.lines, ""), **self._cloud.numbers}.items()
            if number.startswith("+") and wanted in number
        ]
        uri = f"/{API_VERSION}/Accounts/{self._cloud.account_sid}/IncomingPhoneNumbers.json"
        paging: dict[str, Any] = {"page": 0, "page_size": 50, "start": 0, "end": max(0, len(listed) - 1)}
        places = {"uri": uri, "first_page_uri": uri, "next_page_uri": None, "previous_page_uri": None}
        return web.json_response({"incoming_phone_numbers": listed, **paging, **places})

    def _number(self, number: str, url: str) -> dict[str, Any]:
        sid, when = self._number_sid(number), rfc2822(self._cloud.now())
        line = self._cloud.lines.get(number, Line(""))
        return {
            "account_sid": self._cloud.account_sid,
            "address_requirements": "none",
            "api_version": API_VERSION,
            "beta": False,
            "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
            "date_created": when,
            "date_updated": when,
            "friendly_name": number,
            "phone_number": number,
            "origin": "twilio",
            "sid": sid,
            "sms_method": "POST",
            "sms_url": url or None,
            "status": "in-use",
            "status_callback": line.status or None,
            "status_callback_method": "POST",
            "uri": f"/{API_VERSION}/Accounts/{self._cloud.account_sid}/IncomingPhoneNumbers/{sid}.json",
            "emergency_status": "Inactive",
            "emergency_address_status": "unregistered",
            "voice_fallback_method": "POST",
            "voice_fallback_url": line.fallback or None,
            "voice_method": "POST",
            "voice_receive_mode": "voice",
            "voice_url": line.url or None,
        }

    def _number_sid(self, number: str) -> str:
        return f"PN{int(''.join(c for c in number if c.isdecimal()) or '0'):032x}"

    # --- messaging services ---------------------------------------------------------------------

    def _service(self, request: web.Request) -> Service:
        found = self._cloud.services.get(request.match_info["sid"])
        if found is None:
            raise Refusal(404, 20404, "The requested resource was not found")
        return found

    async def service(self, request: web.Request) -> web.StreamResponse:
        """GET v1/Services/{Sid}."""
        found, when = self._service(request), iso(self._cloud.now())
        return web.json_response(
            {
                "sid": found.sid,
                "account_sid": self._cloud.account_sid,
                "friendly_name": "A service",
                "date_created": when,
                "date_updated": when,
                "inbound_request_url": found.inbound_url or None,
                "inbound_method": "POST",
                "use_inbound_webhook_on_number": found.use_inbound_webhook_on_number,
                "usecase": "undeclared",
                "url": f"https://messaging.twilio.com/v1/Services/{found.sid}",
                "links": {},
            }
        )

    async def service_numbers(self, request: web.Request) -> web.StreamResponse:
        """GET v1/Services/{Sid}/PhoneNumbers."""
        found = self._service(request)
        listed = [
            {**self._of(found), "sid": self._number_sid(n), "phone_number": n, "country_code": "US", "capabilities": []}
            for n in found.numbers
            if n.startswith("+")
        ]
        return _meta(request, "phone_numbers", listed)

    async def service_senders(self, request: web.Request) -> web.StreamResponse:
        """GET v1/Services/{Sid}/ChannelSenders."""
        found = self._service(request)
        listed = [
            {**self._of(found), "sid": f"XE{i:032x}", "sender": n, "sender_type": "WhatsApp", "country_code": "US"}
            for i, n in enumerate(found.numbers)
            if n.startswith("whatsapp:")
        ]
        return _meta(request, "senders", listed)

    def _of(self, service: Service) -> dict[str, Any]:
        when = iso(self._cloud.now())
        return {
            "account_sid": self._cloud.account_sid,
            "service_sid": service.sid,
            "messaging_service_sid": service.sid,
            "date_created": when,
            "date_updated": when,
            "url": f"https://messaging.twilio.com/v1/Services/{service.sid}",
        }


def refusal(status: int, code: int, words: str) -> web.Response:
    """An error as Twilio writes it."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    headers = {"Retry-After": "7"} if status == 429 else {}
    return web.json_response(
        {"code": code, "message": words, "more_info": more, "status": status}, status=status, headers=headers
    )


async def cut(request: web.Request) -> web.StreamResponse:
    """Answer nothing: the connection is cut."""
    assert request.transport is not None
    request.transport.abort()
    await asyncio.sleep(0)
    return web.Response()


def _meta(request: web.Request, key: str, listed: Sequence[Mapping[str, Any]]) -> web.Response:
    here = f"https://messaging.twilio.com{request.path}"
    meta = {"page": 0, "page_size": 50, "first_page_url": here, "url": here, "key": key}
    return web.json_response({key: listed, "meta": {**meta, "next_page_url": None, "previous_page_url": None}})


def _listed(message: Message, asked: Mapping[str, str]) -> bool:
    if "To" in asked and message.to != asked["To"]:
        return False
    if "From" in asked and message.sender != asked["From"]:
        return False
    return all(holds(message.at, *span(asked[key])) for key, holds in BOUNDS.items() if key in asked)


BOUNDS: Final[Mapping[str, Callable[[Moment, Moment, Moment], bool]]] = {
    "DateSent": lambda at, first, last: first <= at < last,
    "DateSent<": lambda at, first, last: at < last,
    "DateSent>": lambda at, first, last: at >= first,
}


def span(raw: str) -> tuple[Moment, Moment]:
    """The first moment that a date names, and the first after it: a whole day, or a second."""
    when = datetime.fromisoformat(raw.replace("Z", "+00:00"))
    first = int(when.replace(tzinfo=when.tzinfo or UTC).timestamp() * 1_000)
    return first, first + (DAY if len(raw) == 10 else 1_000)
