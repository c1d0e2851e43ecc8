"""What a visitor sent, read strictly. Pure: every way to fail is a `FrameRefused` with a fixed code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

import msgspec

from channels.contract import CallArrived, MessageArrived, Visit
from channels.webchat.protocol import (
    MAX_FRAME,
    MAX_SIGNAL,
    MAX_TEXT,
    AnyClientFrame,
    Hello,
    Profile,
    Ring,
    Send,
    Signal,
)
from crm_core.words.addresses import email, phone
from crm_core.words.clock import Moment
from crm_core.words.content import Content, ExternalId, FileRef, ThreadKey
from crm_core.words.errors import Invalid
from crm_core.words.text import one_line, storable

NOT_UNDERSTOOD: Final = "not_understood"
TOO_LARGE: Final = "too_large"
EMPTY: Final = "empty"
CONFLICT: Final = "conflict"
NOT_FOUND: Final = "not_found"
TOO_MANY: Final = "too_many"
UNAVAILABLE: Final = "unavailable"
CODES: Final = frozenset({NOT_UNDERSTOOD, TOO_LARGE, EMPTY, CONFLICT, NOT_FOUND, TOO_MANY, UNAVAILABLE})
"""All that a widget is ever told of a failure. It has the words for each in five languages."""

_decoder: Final[msgspec.json.Decoder[AnyClientFrame]] = msgspec.json.Decoder(AnyClientFrame)


class FrameRefused(Exception):
    """A frame that is not taken; `code` is one of CODES. `client_message_id` names the message, where one was read."""

    def __init__(self, code: str, client_message_id: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.client_message_id = client_message_id


def frame(raw: str | bytes) -> AnyClientFrame:
    """The frame in a WebSocket message. Raises FrameRefused: binary, too large, no JSON, too deep, unknown."""
    if isinstance(raw, bytes):
        raise FrameRefused(NOT_UNDERSTOOD)
    if len(raw) > MAX_FRAME:
        raise FrameRefused(TOO_LARGE)
    found = _read(raw)
    if isinstance(found, Signal) and len(raw) > MAX_SIGNAL:
        raise FrameRefused(TOO_LARGE)
    return found


def _read(raw: str) -> AnyClientFrame:
    try:
        return _decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise FrameRefused(NOT_UNDERSTOOD) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return _with_surrogates(raw)


def _with_surrogates(raw: str) -> AnyClientFrame:
    """A frame whose text has half a surrogate pair, which JavaScript sends and strict JSON readers refuse."""
    try:
        loose = json.loads(raw, parse_constant=_no_constant)
        frame: AnyClientFrame = msgspec.convert(_storable(loose), AnyClientFrame)
        return frame
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise FrameRefused(NOT_UNDERSTOOD) from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _storable(loose: Any) -> Any:
    match loose:
        case str():
            return storable(loose)
        case dict():
            return {storable(key): _storable(value) for key, value in loose.items()}
        case list():
            return [_storable(value) for value in loose]
        case _:
            return loose


def arrived(send: Send, visit: Visit, facts: Mapping[str, str], now: Moment, *, region: str = "") -> MessageArrived:
    """The message as the hub takes it. Raises FrameRefused when it is empty or too long.

    The external id is made of the identity and the browser's id: another visitor's ids can never meet it, and a
    message sent again after the token was renewed is still the same one.
    """
    if len(send.text) > MAX_TEXT:
        raise FrameRefused(TOO_LARGE, send.client_message_id)
    content = Content(text=storable(send.text), files=tuple(FileRef(id) for id in dict.fromkeys(send.files)))
    if content.is_empty:
        raise FrameRefused(EMPTY, send.client_message_id)
    said = claimed(send.profile, region=region)
    return MessageArrived(
        external_id=external_id(visit, send.client_message_id),
        thread=ThreadKey(visit.address.value),
        sender=visit.address,
        content=content,
        sent_at=now,
        sender_name=said.pop("name", "") or visit.name,
        sender_facts={**facts, **said},
        client_key=send.client_message_id,
    )


def called(ring: Ring, visit: Visit, facts: Mapping[str, str], now: Moment, *, line: str) -> CallArrived:
    """A call as the hub stores it. The same key again is the same call."""
    return CallArrived(
        external_id=external_id(visit, ring.key),
        sender=visit.address,
        called=line,
        at=now,
        sender_name=visit.name,
        sender_facts={**facts, **({"consent": "yes"} if ring.consent else {})},
        thread=ThreadKey(visit.address.value),
    )


def external_id(visit: Visit, client_message_id: str) -> ExternalId:
    """The name of a visitor's message or call within the account."""
    return ExternalId(f"{visit.identity_id}:{client_message_id}")


def claimed(profile: Profile | None, *, region: str = "") -> dict[str, str]:
    """What a form says, cleaned; what is no e-mail address or number at all is left out.

    Keys: `name`, `claimed_email`, `claimed_phone`. They are hints for the agent and match no contact. `region`
    (ISO 3166 alpha-2) is whose number it is when no country is said.
    """
    if profile is None:
        return {}
    said = {"name": one_line(profile.name, most=120)}
    with suppress(Invalid):
        said["claimed_email"] = email(profile.email).value if profile.email else ""
    try:
        said["claimed_phone"] = phone(profile.phone, region=region or None).value if profile.phone else ""
    except Invalid:
        said["claimed_phone"] = one_line(profile.phone, most=40)
    return {key: value for key, value in said.items() if value}


def facts(hello: Hello, browser: str) -> dict[str, str]:
    """What is known of the visitor's surroundings: `page`, `referrer`, `language`, `browser`."""
    seen = {
        "page": web_address(hello.page),
        "referrer": web_address(hello.referrer),
        "language": one_line(hello.language, most=35),
        "browser": one_line(browser, most=300),
    }
    return {key: value for key, value in seen.items() if value}


def web_address(raw: str) -> str:
    """An http(s) address, at most 2 000 characters, or nothing: `javascript:` is never shown as a place to go."""
    flat = one_line(raw, most=2_000)
    try:
        parts = urlsplit(flat)
    except ValueError:
        return ""
    return flat if parts.scheme in {"http", "https"} and parts.netloc else ""
