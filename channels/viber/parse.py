"""What Viber reports, as events. Pure: files are named by their links, and fetched by whoever asked.

Shapes: Viber's REST API for bots, chapter "Callbacks". `message_token` is the message's name for both sides, a
number of 64 bits; here it is text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from channels.contract import ChannelEvent, DeliveryReported, MessageArrived, NotUnderstood, ReachChanged
from crm_core.words.addresses import VIBER, Address
from crm_core.words.clock import Moment
from crm_core.words.content import Content, DeliveryStatus, ExternalId, Place, ReachState, ThreadKey
from crm_core.words.text import storable

NOT_UNDERSTOOD: Final = "not_understood"
"""`Content.problem` of a message of a kind that this channel has not heard of."""

_END_OF_TIME: Final = 2**43
"""Milliseconds since 1970, far away."""
_SAYS_NOTHING: Final = frozenset({"webhook", "client_status", "action"})
_FILES: Final = {"picture": "photo.jpg", "video": "video.mp4", "file": "file", "sticker": "sticker.png"}
_RECEIPTS: Final = {
    "delivered": DeliveryStatus.DELIVERED,
    "seen": DeliveryStatus.READ,
    "failed": DeliveryStatus.FAILED,
}


@dataclass(frozen=True, slots=True)
class Link:
    """A file that waits at Viber, for an hour at least."""

    url: str
    name: str


@dataclass(frozen=True, slots=True)
class Said:
    """What one callback says. `file` belongs to the event."""

    event: ChannelEvent | None = None
    file: Link | None = None


def callback(raw: bytes, scope: str) -> Said:
    """What a callback says. `scope` is the bot's: people have other ids for other bots. Raises NotUnderstood."""
    try:
        told = json.loads(raw)
        kind = told["event"]
        at = _moment(told)
        token = ExternalId(str(told.get("message_token", "")))
        if kind == "message":
            return _arrived(told, token, at, scope)
        if kind in _RECEIPTS:
            reason = _words(told, "desc") or None
            return Said(DeliveryReported(external_id=token, status=_RECEIPTS[kind], at=at, reason=reason))
        if kind == "conversation_started":
            return _opened(told, token, at, scope)
        if kind in ("subscribed", "unsubscribed"):
            return _reach(told, at, scope)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise NotUnderstood("This is no callback of Viber's.") from error
    if kind in _SAYS_NOTHING:
        return Said()
    raise NotUnderstood("This kind of callback is not known.")


def explain(raw: bytes) -> Mapping[str, Any]:
    """What one stored callback says, for `hub parse viber`."""
    try:
        said = callback(raw, "")
    except NotUnderstood as error:
        return {"problem": str(error)}
    event = {"event": type(said.event).__name__, **asdict(said.event)} if said.event is not None else {}
    return {"says": event, "file": asdict(said.file) if said.file is not None else None}


def _arrived(told: Mapping[str, Any], token: ExternalId, at: Moment, scope: str) -> Said:
    sender, message = told["sender"], told["message"]
    content, file = _content(message)
    event = MessageArrived(
        external_id=token,
        thread=ThreadKey(sender["id"]),
        sender=Address(VIBER, sender["id"], scope),
        content=content,
        sent_at=at,
        sender_name=_words(sender, "name"),
        sender_facts=_facts(sender),
        # Whoever writes to a bot is subscribed to it, once more after leaving; no other callback says so.
        reach=ReachState.OK,
    )
    return Said(event, file)


def _content(message: Mapping[str, Any]) -> tuple[Content, Link | None]:
    kind, text, media = message["type"], _words(message, "text"), _words(message, "media")
    if kind == "contact":
        contact = message["contact"]
        text = " ".join(["👤", _words(contact, "name"), _words(contact, "phone_number")])
    elif kind == "location":
        return Content(text=text, place=_place(message["location"])), None
    elif kind == "url":
        text = "\n".join(part for part in (text, media) if part and part != text) or media
    if kind in _FILES and media:
        return Content(text=text), Link(media, _words(message, "file_name") or _FILES[kind])
    known = kind in ("text", "contact", "url") and bool(text.strip())
    return Content(text=text or media, problem=None if known else NOT_UNDERSTOOD), None


def _place(spot: Mapping[str, Any]) -> Place:
    place = Place(latitude=float(spot["lat"]), longitude=float(spot["lon"]))
    if not (-90 <= place.latitude <= 90 and -180 <= place.longitude <= 180):
        raise ValueError("This is nowhere on the earth.")
    return place


def _moment(told: Mapping[str, Any]) -> Moment:
    at = int(told["timestamp"])
    if not 0 < at < _END_OF_TIME:
        raise ValueError("This is no time.")
    return at


def _opened(told: Mapping[str, Any], token: ExternalId, at: Moment, scope: str) -> Said:
    """Somebody opened the chat. Only who came by a link of ours says something by it: who they are."""
    context, user = _words(told, "context"), told["user"]
    if not context:
        return Said()
    event = MessageArrived(
        external_id=token,
        thread=ThreadKey(user["id"]),
        sender=Address(VIBER, user["id"], scope),
        content=Content(text="👋"),
        sent_at=at,
        sender_name=_words(user, "name"),
        sender_facts=_facts(user),
        invitation=context,
    )
    return Said(event)


def _reach(told: Mapping[str, Any], at: Moment, scope: str) -> Said:
    if told["event"] == "subscribed":
        return Said(ReachChanged(address=Address(VIBER, told["user"]["id"], scope), state=ReachState.OK, at=at))
    address = Address(VIBER, told["user_id"], scope)
    return Said(ReachChanged(address=address, state=ReachState.OPTED_OUT, at=at, reason="They left the bot."))


def _facts(user: Mapping[str, Any]) -> dict[str, str]:
    facts = {"language": _words(user, "language"), "country": _words(user, "country")}
    return {key: value for key, value in facts.items() if value}


def _words(value: Mapping[str, Any], key: str) -> str:
    found = value.get(key)
    return storable(found) if isinstance(found, str) else ""
