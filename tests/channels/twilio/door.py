"""The hub's way in, with a memory: the same name with other words is a conflict."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from twilio.request_validator import RequestValidator

from channels.contract import ChannelEvent, MessageArrived, ReachChanged, Stored, WebhookRequest
from channels.twilio.signature import signature
from crm_core.words.errors import Conflict

URL = "https://hub.example/in/pub-key"


class Door:
    """A `Deliver` that keeps messages by name, and signs requests of any kind with the account's token."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._said: dict[str, str] = {}
        self.messages: list[MessageArrived] = []
        self.reaches: list[ReachChanged] = []

    async def __call__(self, event: ChannelEvent, /) -> Stored:
        if isinstance(event, ReachChanged):
            self.reaches.append(event)
        if isinstance(event, MessageArrived):
            said = f"{event.content.text} {[f.id for f in event.content.files]}"
            if self._said.setdefault(event.external_id, said) != said:
                raise Conflict
            if all(known.external_id != event.external_id for known in self.messages):
                self.messages.append(event)
            else:
                return Stored(repeated=True)
        return Stored()

    def signed(self, body: bytes, *, kind: str = "application/x-www-form-urlencoded") -> WebhookRequest:
        """A body of any bytes, signed as a form, or (as JSON) over the address alone."""
        fields: dict[str, list[str]] = {}
        if kind.endswith("urlencoded"):
            for name, value in parse_qsl(body.decode(), keep_blank_values=True, errors="surrogateescape"):
                fields.setdefault(name, []).append(value)
        right = signature(URL, fields, self._token)
        return WebhookRequest(URL, {"Content-Type": kind, "X-Twilio-Signature": right}, body)

    def get(self, fields: dict[str, str]) -> WebhookRequest:
        """A webhook that Twilio was told to call by GET."""
        url = f"{URL}?{urlencode(fields)}"
        right: str = RequestValidator(self._token).compute_signature(url, {})
        return WebhookRequest(url, {"X-Twilio-Signature": right}, b"")
