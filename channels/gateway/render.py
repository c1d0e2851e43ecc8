"""A message in the words of one gateway. Pure."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from channels.contract import OutboundMessage, Refused
from channels.gateway.settings import GatewaySettings
from channels.gateway.shapes import filled_form, filled_json, filled_url, form_shape, json_shape
from crm_core.words.addresses import TEL
from crm_core.words.content import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent to the gateway."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)


def request(message: OutboundMessage, settings: GatewaySettings) -> Request:
    """The request that sends a message. Raises Refused for somebody who cannot be answered, or nothing to say."""
    if message.to.scheme != TEL:
        raise Refused("This sender has no number that could be answered.")
    text = text_of(message.content)
    if not text:
        raise Refused("An SMS needs words.")
    plain = settings.number_kind.isdecimal()
    words = {
        "to": message.to.value.removeprefix("+") if plain else message.to.value,
        "from": settings.sender.removeprefix("+") if plain else settings.sender,
        "text": text,
        "id": str(message.delivery),
        "secret": settings.auth_secret.get_secret_value(),
    }
    body, kind = _body(settings, words)
    return Request(
        method=settings.method,
        url=filled_url(settings.url, words),
        headers={**kind, **_headers(settings)},
        body=body,
    )


def _body(settings: GatewaySettings, words: Mapping[str, str]) -> tuple[bytes | None, Mapping[str, str]]:
    match settings.body_kind:
        case "json":
            data = filled_json(json_shape(settings.body), words)
            return json.dumps(data, ensure_ascii=False).encode(), {"Content-Type": "application/json; charset=utf-8"}
        case "form":
            pairs = urlencode(filled_form(form_shape(settings.body), words))
            return pairs.encode("ascii"), {"Content-Type": "application/x-www-form-urlencoded"}
        case "none":
            return None, {}


def _headers(settings: GatewaySettings) -> Mapping[str, str]:
    said = {name: value.strip() for name, _, value in (line.partition(":") for line in settings.headers)}
    secret = settings.auth_secret.get_secret_value()
    match settings.auth:
        case "basic":
            pair = b64encode(f"{settings.auth_name}:{secret}".encode()).decode("ascii")
            return {**said, "Authorization": f"Basic {pair}"}
        case "bearer":
            return {**said, "Authorization": f"Bearer {secret}"}
        case "header":
            return {**said, settings.auth_name: secret}
        case "none":
            return said


def text_of(content: Content) -> str:
    """The text as it goes out. A place is said as a `geo:` address, which phones open in their map."""
    if content.place is None:
        return content.text
    place = content.place
    spot = f"geo:{place.latitude:.6f},{place.longitude:.6f}"
    return "\n".join(part for part in (content.text, place.title, spot) if part)
